//! What the MP4 demuxer leaves out: the edit list and iTunes' gapless note, which say how much of an AAC track is filling.

use std::ops::Range;

use crate::source::Media;

/// More than any song's index needs; less than would hurt.
const LARGEST_INDEX: u64 = 8 << 20;
/// Boxes to look at on the top level before giving up: two for each part of a file in parts, which are a second or more.
const MOST_BOXES: usize = 4_096;

/// The part of the decoded frames that is music.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Music {
    /// Frames of priming before it.
    pub start: u64,
    /// Its length in frames, when known.
    pub len: Option<u64>,
}

/// What a file's index tells about its sound track.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Index {
    pub music: Option<Music>,
    /// The four letters of the sample format ("mp4a", "ac-3").
    pub codec: Option<[u8; 4]>,
}

/// Reads the index, wherever it is. A stream that only runs forward is read up to its music at most.
/// Where the file is cut off within its music, `media` gets the length that it should have: the demuxer refuses such a file
/// otherwise, or the last part of one in parts.
pub(crate) fn read_index(media: &mut Media) -> Option<Index> {
    let mut at = 0_u64;
    let mut index = None;
    let mut in_parts = false;
    for _ in 0..MOST_BOXES {
        let mut header = [0; 16];
        let found = read_at(media, at, &mut header).and_then(|count| box_header(&header[..count]));
        let Some((kind, header_len, len)) = found else { break };
        let len = if len == 0 { media.len().map_or(0, |all| all.saturating_sub(at)) } else { len };
        let Some(end) = at.checked_add(len.max(header_len as u64)) else { break };
        match &kind {
            b"moov" if len <= LARGEST_INDEX => {
                let mut moov = vec![0; usize::try_from(len).unwrap_or_default()];
                let count = read_at(media, at, &mut moov).unwrap_or_default();
                index = moov.get(header_len..count).map(parse_index);
            }
            b"mdat" if index.is_some() || !media.seekable() => {
                media.pretend_len(end);
                if !in_parts {
                    break;
                }
            }
            b"moof" if media.seekable() => in_parts = true,
            b"moof" => break,
            _ => {}
        }
        at = end;
    }
    index
}

fn read_at(media: &mut Media, at: u64, buf: &mut [u8]) -> Option<usize> {
    if media.seekable() {
        let mut done = 0;
        while done < buf.len() {
            match media.read_inner(at + done as u64, &mut buf[done..]).ok()? {
                0 => break,
                count => done += count,
            }
        }
        return Some(done);
    }
    let end = at.checked_add(buf.len() as u64).filter(|end| *end <= LARGEST_INDEX)?;
    let head = media.peek(usize::try_from(end).ok()?).ok()?;
    let part = head.get(usize::try_from(at).ok()?..)?;
    buf[..part.len()].copy_from_slice(part);
    Some(part.len())
}

/// Kind, length of the header, length of the whole box (0: to the end).
fn box_header(bytes: &[u8]) -> Option<([u8; 4], usize, u64)> {
    let kind = bytes.get(4..8)?.try_into().ok()?;
    match be32(bytes, 0)? {
        1 => Some((kind, 16, be64(bytes, 8)?)),
        len => Some((kind, 8, u64::from(len))),
    }
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn be64(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

/// The contents of the boxes in `bytes`, with their kinds.
fn boxes(bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (kind, header, len) = box_header(rest)?;
        let len = if len == 0 { rest.len() } else { usize::try_from(len).ok()? };
        let body = rest.get(Range { start: header, end: len })?;
        rest = &rest[len..];
        Some((kind, body))
    })
}

fn child<'a>(bytes: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    path.iter()
        .try_fold(bytes, |bytes, kind| boxes(bytes).find(|(found, _)| found == *kind).map(|(_, body)| body))
}

fn parse_index(moov: &[u8]) -> Index {
    let Some(track) = boxes(moov).filter(|(kind, _)| kind == b"trak").map(|(_, track)| track).find(|track| {
        child(track, &[b"mdia", b"hdlr"]).is_some_and(|hdlr| hdlr.get(8..12) == Some(b"soun".as_slice()))
    }) else {
        return Index::default();
    };
    let codec = child(track, &[b"mdia", b"minf", b"stbl", b"stsd"])
        .and_then(|stsd| stsd.get(12..16))
        .and_then(|codec| codec.try_into().ok());
    Index { music: itunes_note(moov).or_else(|| edit_list(moov, track)), codec }
}

/// `iTunSMPB`: hexadecimal words, of which the second is the priming, the third the padding, the fourth the music's length.
fn itunes_note(moov: &[u8]) -> Option<Music> {
    let udta = child(moov, &[b"udta", b"meta"])?;
    // `meta` is a full box: version and flags come first.
    let ilst = child(udta.get(4..)?, &[b"ilst"])?;
    boxes(ilst).filter(|(kind, _)| kind == b"----").find_map(|(_, note)| {
        let name = child(note, &[b"name"])?.get(4..)?;
        if name != b"iTunSMPB" {
            return None;
        }
        let text = std::str::from_utf8(child(note, &[b"data"])?.get(8..)?).ok()?;
        let words: Vec<u64> =
            text.split_whitespace().map_while(|word| u64::from_str_radix(word, 16).ok()).collect();
        Some(Music { start: *words.get(1)?, len: words.get(3).copied().filter(|len| *len > 0) })
    })
}

/// The first real edit: it begins after the priming and is as long as the music, but only to a tick of the movie's coarse clock.
/// The sample table knows the end to the frame, so where both agree it is believed.
fn edit_list(moov: &[u8], track: &[u8]) -> Option<Music> {
    let movie_clock = clock(child(moov, &[b"mvhd"])?)?;
    let track_clock = clock(child(track, &[b"mdia", b"mdhd"])?)?;
    let elst = child(track, &[b"edts", b"elst"])?;
    let wide = elst.first()? == &1;
    let count = be32(elst, 4)? as usize;
    let size = if wide { 20 } else { 12 };
    let (duration, start) = elst.get(8..)?.chunks_exact(size).take(count).find_map(|edit| {
        let (duration, start) = if wide {
            (be64(edit, 0)?, be64(edit, 8)?.cast_signed())
        } else {
            (u64::from(be32(edit, 0)?), i64::from(be32(edit, 4)?.cast_signed()))
        };
        Some((duration, u64::try_from(start).ok()?))
    })?;
    let coarse =
        u64::try_from(u128::from(duration) * u128::from(track_clock) / u128::from(movie_clock)).ok()?;
    let tick = u64::from(track_clock / movie_clock) + 1;
    let exact = sample_total(track)?.saturating_sub(start);
    let len = if coarse == 0 || exact.abs_diff(coarse) <= tick { exact } else { coarse.min(exact) };
    Some(Music { start, len: (len > 0).then_some(len) })
}

/// Ticks a second, of an `mvhd` or `mdhd`.
fn clock(header: &[u8]) -> Option<u32> {
    let at = if header.first()? == &1 { 20 } else { 12 };
    be32(header, at).filter(|clock| *clock > 0)
}

/// All samples of the track together, in its ticks.
fn sample_total(track: &[u8]) -> Option<u64> {
    let stts = child(track, &[b"mdia", b"minf", b"stbl", b"stts"])?;
    let mut total = 0_u64;
    for run in stts.get(8..)?.chunks_exact(8).take(be32(stts, 4)? as usize) {
        total = total.checked_add(u64::from(be32(run, 0)?).checked_mul(u64::from(be32(run, 4)?))?)?;
    }
    Some(total)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn make(kind: [u8; 4], parts: &[&[u8]]) -> Vec<u8> {
        let body = parts.concat();
        [&(body.len() as u32 + 8).to_be_bytes()[..], &kind, &body].concat()
    }

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    /// An index with a movie clock of 1000, a track clock of 44100 and the given edits and samples.
    fn index(edits: &[u32], samples: &[u32], extra: &[u8]) -> Vec<u8> {
        let mvhd = make(*b"mvhd", &[&words(&[0, 0, 0, 1_000, 0])]);
        let mdhd = make(*b"mdhd", &[&words(&[0, 0, 0, 44_100, 0])]);
        let hdlr = make(*b"hdlr", &[&words(&[0, 0]), b"soun"]);
        let stsd = make(*b"stsd", &[&words(&[0, 1]), &make(*b"mp4a", &[])]);
        let stts = make(*b"stts", &[&words(&[0, samples.len() as u32 / 2]), &words(samples)]);
        let stbl = make(*b"stbl", &[&stsd, &stts]);
        let mdia = make(*b"mdia", &[&mdhd, &hdlr, &make(*b"minf", &[&stbl])]);
        let elst = make(*b"elst", &[&words(&[0, edits.len() as u32 / 3]), &words(edits)]);
        [mvhd, make(*b"trak", &[&make(*b"edts", &[&elst]), &mdia]), extra.to_vec()].concat()
    }

    #[test]
    fn an_edit_list_is_believed_as_far_as_it_is_exact() {
        let nothing = 0xffff_ffff;
        // 100 packets and a short one; the movie's clock rounds to a thousandth.
        let found = parse_index(&index(&[2_310, 1_024, 1 << 16], &[100, 1_024, 1, 500], &[]));
        assert_eq!(found.music, Some(Music { start: 1_024, len: Some(101_876) }));
        assert_eq!(found.codec, Some(*b"mp4a"));
        // A real cut is shorter than the samples; silence before it is left out.
        let found = parse_index(&index(&[500, nothing, 1 << 16, 1_000, 2_112, 1 << 16], &[100, 1_024], &[]));
        assert_eq!(found.music, Some(Music { start: 2_112, len: Some(44_100) }));
    }

    #[test]
    fn the_note_of_itunes_goes_before_the_edit_list() {
        let data =
            make(*b"data", &[&words(&[1, 0]), b" 00000000 00000840 000001CA 00000000000186A0 00000000"]);
        let name = make(*b"name", &[&words(&[0]), b"iTunSMPB"]);
        let ilst = make(*b"ilst", &[&make(*b"----", &[&make(*b"mean", &[&words(&[0])]), &name, &data])]);
        let udta = make(*b"udta", &[&make(*b"meta", &[&words(&[0]), &ilst])]);
        let found = parse_index(&index(&[2_310, 1_024, 1 << 16], &[100, 1_024], &udta));
        assert_eq!(found.music, Some(Music { start: 0x840, len: Some(100_000) }));
    }

    #[test]
    fn any_cut_of_an_index_is_survived() {
        let whole = index(&[2_310, 1_024, 1 << 16], &[100, 1_024, 1, 500], &[]);
        for end in 0..whole.len() {
            parse_index(&whole[..end]);
        }
    }
}
