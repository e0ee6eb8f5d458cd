//! The end of an Ogg file: whether its last page is all there. The demuxer drops a page that is not, without a word.

use std::sync::{Arc, Mutex, PoisonError};

/// A page's header without its table, the longest table, and as much sound as that can announce.
const LONGEST_PAGE: usize = 27 + 255 + 255 * 255;
/// How a page begins: its magic word, and its version.
const PAGE: &[u8] = b"OggS\0";

/// The last bytes that a demuxer has read; clones look at the same.
#[derive(Clone, Default)]
pub(crate) struct Tail(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    /// Bytes that were read one after the other, up to `end`.
    bytes: Vec<u8>,
    end: u64,
}

impl Tail {
    /// Notes what was read at a place.
    pub fn note(&self, at: u64, bytes: &[u8]) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.end != at {
            seen.bytes.clear();
        }
        seen.bytes.extend_from_slice(bytes);
        seen.end = at + bytes.len() as u64;
        // The last page and the one before, but not a copy for every read.
        if let Some(surplus) = seen.bytes.len().checked_sub(2 * LONGEST_PAGE)
            && surplus > LONGEST_PAGE
        {
            seen.bytes.drain(..surplus);
        }
    }

    /// Whether the file ends within a page. To be asked when all has been read.
    pub fn breaks_off(&self) -> bool {
        breaks_off(&self.0.lock().unwrap_or_else(PoisonError::into_inner).bytes)
    }
}

/// A page that is announced longer than it is, the beginning of a page's header, or a last page whose last packet is to be
/// continued. Not the lack of the mark that says "last page": whoever dumps a stream cuts between two pages and never
/// sets it, and to call a song damaged that was heard to its end is worse than to miss a cut at exactly such a place.
fn breaks_off(bytes: &[u8]) -> bool {
    let Some(start) = bytes.windows(PAGE.len()).rposition(|word| word == PAGE) else { return false };
    let page = &bytes[start..];
    let Some(segments) = page.get(26) else { return true };
    let Some(table) = page.get(27..27 + usize::from(*segments)) else { return true };
    let len = 27 + table.len() + table.iter().map(|len| usize::from(*len)).sum::<usize>();
    let Some(rest) = page.get(len..) else { return true };
    // What else follows the last page, a tag or padding, is no matter.
    table.last() == Some(&255) || (!rest.is_empty() && PAGE.starts_with(rest))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn page(table: &[u8]) -> Vec<u8> {
        let body = vec![7; table.iter().map(|len| usize::from(*len)).sum()];
        [PAGE, &[0; 21], &[table.len() as u8], table, &body].concat()
    }

    #[test]
    fn a_page_is_whole_or_not() {
        let whole = [page(&[255, 3]), page(&[200, 255, 10])].concat();
        let first = page(&[255, 3]).len();
        for end in first + 1..whole.len() {
            assert!(breaks_off(&whole[..end]), "{end} of {}", whole.len());
        }
        assert!(!breaks_off(&whole) && !breaks_off(&whole[..first]));
        assert!(!breaks_off(&[&whole[..], b"TAG and more"].concat()));
        assert!(!breaks_off(b"") && !breaks_off(b"no page at all"));
    }

    #[test]
    fn a_packet_that_never_ends_breaks_off() {
        assert!(breaks_off(&page(&[10, 255])));
    }

    #[test]
    fn what_was_read_elsewhere_is_forgotten_and_the_rest_does_not_grow() {
        let tail = Tail::default();
        let pages = page(&[255; 255]).repeat(8);
        tail.note(0, &page(&[1])[..10]);
        assert!(tail.breaks_off());
        for (index, piece) in pages.chunks(1_000).enumerate() {
            tail.note(5_000 + index as u64 * 1_000, piece);
        }
        assert!(tail.0.lock().unwrap().bytes.len() <= 3 * LONGEST_PAGE + 1_000);
        tail.note(5_000 + pages.len() as u64, &page(&[9]));
        assert!(!tail.breaks_off());
    }
}
