//! The end of a file of Ogg or ADTS: whether its last page or frame is all there. The demuxers drop one that is not,
//! without a word.

use std::sync::{Arc, Mutex, PoisonError};

/// A page's header without its table, the longest table, and as much sound as that can announce.
const LONGEST_PAGE: usize = 27 + 255 + 255 * 255;
/// How a page begins: its magic word, and its version.
const PAGE: &[u8] = b"OggS\0";
/// Frames that follow each other exactly, and so are not the work of chance.
const CHAIN: usize = 3;

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

    /// Whether an Ogg file ends within a page. To be asked when all has been read.
    pub fn ends_within_page(&self) -> bool {
        ends_within_page(&self.0.lock().unwrap_or_else(PoisonError::into_inner).bytes)
    }

    /// Whether a file of ADTS ends within a frame. To be asked when all has been read.
    pub fn ends_within_frame(&self) -> bool {
        ends_within_frame(&self.0.lock().unwrap_or_else(PoisonError::into_inner).bytes)
    }
}

/// A page that is announced longer than it is, the beginning of a page's header, or a last page whose last packet is to be
/// continued. Not the lack of the mark that says "last page": whoever dumps a stream cuts between two pages and never
/// sets it, and to call a song damaged that was heard to its end is worse than to miss a cut at exactly such a place.
fn ends_within_page(bytes: &[u8]) -> bool {
    let Some(start) = bytes.windows(PAGE.len()).rposition(|word| word == PAGE) else { return false };
    let page = &bytes[start..];
    let Some(segments) = page.get(26) else { return true };
    let Some(table) = page.get(27..27 + usize::from(*segments)) else { return true };
    let len = 27 + table.len() + table.iter().map(|len| usize::from(*len)).sum::<usize>();
    let Some(rest) = page.get(len..) else { return true };
    // What else follows the last page, a tag or padding, is no matter.
    table.last() == Some(&255) || (!rest.is_empty() && PAGE.starts_with(rest))
}

/// A frame that is announced longer than it is, or the beginning of its header.
fn ends_within_frame(bytes: &[u8]) -> bool {
    let is_chain = |start: &usize| {
        let mut at = *start;
        (0..CHAIN).all(|_| {
            frame_len(&bytes[at..]).is_some_and(|len| {
                at += len;
                at <= bytes.len()
            })
        })
    };
    let Some(mut at) = (0..bytes.len()).find(is_chain) else { return false };
    while let Some(len) = frame_len(&bytes[at..]) {
        at += len;
        if at > bytes.len() {
            return true;
        }
    }
    let rest = &bytes[at..];
    rest.len() < 6 && rest.first() == Some(&0xff) && rest.get(1).is_none_or(|byte| byte & 0xf6 == 0xf0)
}

/// The length that a frame of ADTS announces at its beginning.
fn frame_len(bytes: &[u8]) -> Option<usize> {
    let [0xff, kind, _, high, middle, low, ..] = bytes else { return None };
    let len = usize::from(high & 3) << 11 | usize::from(*middle) << 3 | usize::from(low >> 5);
    (kind & 0xf6 == 0xf0 && len >= 7).then_some(len)
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
            assert!(ends_within_page(&whole[..end]), "{end} of {}", whole.len());
        }
        assert!(!ends_within_page(&whole) && !ends_within_page(&whole[..first]));
        assert!(!ends_within_page(&[&whole[..], b"TAG and more"].concat()));
        assert!(!ends_within_page(b"") && !ends_within_page(b"no page at all"));
    }

    #[test]
    fn a_packet_that_never_ends_breaks_off() {
        assert!(ends_within_page(&page(&[10, 255])));
    }

    #[test]
    fn what_was_read_elsewhere_is_forgotten_and_the_rest_does_not_grow() {
        let tail = Tail::default();
        let pages = page(&[255; 255]).repeat(8);
        tail.note(0, &page(&[1])[..10]);
        assert!(tail.ends_within_page());
        for (index, piece) in pages.chunks(1_000).enumerate() {
            tail.note(5_000 + index as u64 * 1_000, piece);
        }
        assert!(tail.0.lock().unwrap().bytes.len() <= 3 * LONGEST_PAGE + 1_000);
        tail.note(5_000 + pages.len() as u64, &page(&[9]));
        assert!(!tail.ends_within_page());
    }

    #[test]
    fn a_frame_is_whole_or_not() {
        let frame = |len: u16| {
            let [high, low] = (len << 5).to_be_bytes();
            let head = [0xff, 0xf1, 0x50, 0x80 | (len >> 11) as u8, high, low, 0xfc];
            [&head[..], &vec![9; usize::from(len) - 7]].concat()
        };
        let before = [&[7, 0xff, 0xf1, 0, 0][..], &frame(40), &frame(9), &frame(300)].concat();
        let whole = [before.clone(), frame(2_500)].concat();
        for end in before.len() + 1..whole.len() {
            assert!(ends_within_frame(&whole[..end]), "{end} of {}", whole.len());
        }
        assert!(!ends_within_frame(&whole) && !ends_within_frame(&before));
        assert!(!ends_within_frame(&[&whole[..], b"TAG and more"].concat()));
        assert!(!ends_within_frame(b"") && !ends_within_frame(&[0xff; 100]));
    }
}
