//! Which bytes of a file have been written, in whatever order.

use std::ops::Range;

/// Ranges that are written: in order, and none touches the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Coverage {
    written: Vec<Range<u64>>,
}

impl Coverage {
    pub(super) fn add(&mut self, mut new: Range<u64>) {
        if new.is_empty() {
            return;
        }
        self.written.retain(|old| {
            let apart = old.end < new.start || new.end < old.start;
            if !apart {
                new = old.start.min(new.start)..old.end.max(new.end);
            }
            apart
        });
        let at = self.written.partition_point(|old| old.start < new.start);
        self.written.insert(at, new);
    }

    /// Whether every byte up to `length` is there.
    pub(super) fn is_whole(&self, length: u64) -> bool {
        matches!(self.written.first(), Some(Range { start: 0, end }) if *end >= length)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_whole_when_every_byte_was_written(
            writes in prop::collection::vec((0..60_u64, 0..30_u64), 0..20),
            length in 1..60_u64,
        ) {
            let mut coverage = Coverage::default();
            let mut bytes = [false; 90];
            for (start, count) in writes {
                coverage.add(start..start + count);
                bytes[start as usize..(start + count) as usize].fill(true);
                prop_assert!(coverage.written.windows(2).all(|pair| pair[0].end < pair[1].start));
                let all = bytes[..length as usize].iter().all(|written| *written);
                prop_assert_eq!(coverage.is_whole(length), all);
            }
        }
    }
}
