//! Naming by the first bytes: what can't be played, so that the error says more than "unknown".

use crate::{Error, Result};

/// How many bytes to look at.
pub(crate) const LOOK: usize = 512;

/// What the first bytes promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Mp4,
    /// Another container that can be played.
    Known,
    /// Perhaps audio without a header of its own.
    Unknown,
}

/// Beginnings that mean a format which can't be played: offset, bytes, name.
const FOREIGN: &[(usize, &[u8], &str)] = &[
    (0, &[0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11], "WMA"),
    (0, b"#!AMR", "AMR"),
    (0, b"MThd", "MIDI"),
    (0, b"MAC ", "Monkey's Audio"),
    (0, b"wvpk", "WavPack"),
    (0, b"TTA1", "True Audio"),
    (0, b"MPCK", "Musepack"),
    (0, b"MP+", "Musepack"),
    (0, b".RMF", "RealAudio"),
    (0, b".ra\xfd", "RealAudio"),
    (0, b"DSD ", "DSD"),
    (0, b"FRM8", "DSD"),
    (0, b"caff", "CAF"),
    (0, b"FLV\x01", "FLV"),
    (0, b"\x0b\x77", "AC-3"),
    (0, b"%PDF", "PDF"),
    (0, b"\x89PNG", "a picture"),
    (0, b"\xff\xd8\xff", "a picture"),
    (0, b"GIF8", "a picture"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (28, b"Speex   ", "Speex"),
    (8, b"AIFF", "AIFF"),
    (8, b"AIFC", "AIFF"),
    (8, b"AVI ", "AVI"),
    (8, b"WEBP", "a picture"),
];

/// Names what can be named. `Unsupported` for a format that can't be played, `BadAudio` for nothing at all.
pub(crate) fn sniff(head: &[u8]) -> Result<Kind> {
    if head.is_empty() {
        return Err(Error::bad("the file is empty"));
    }
    let has = |at: usize, magic: &[u8]| head.get(at..).is_some_and(|rest| rest.starts_with(magic));
    if let Some((_, _, name)) = FOREIGN.iter().find(|(at, magic, _)| has(*at, magic)) {
        return Err(Error::unsupported(*name));
    }
    if let Some(name) = text(head) {
        return Err(Error::unsupported(name));
    }
    let known: [&[u8]; 5] = [b"fLaC", b"OggS", b"RIFF", b"ID3", b"\x1a\x45\xdf\xa3"];
    Ok(if has(4, b"ftyp") {
        Kind::Mp4
    } else if known.iter().any(|magic| has(0, magic)) {
        Kind::Known
    } else {
        Kind::Unknown
    })
}

/// The length of an ID3v2 tag at the beginning, in bytes: its header, and what that announces in words of seven bits.
pub(crate) fn tag_len(head: &[u8]) -> u64 {
    match head {
        [b'I', b'D', b'3', _, _, _, size @ ..] if size.len() >= 4 => {
            10 + size[..4].iter().fold(0, |len, byte| len << 7 | u64::from(byte & 0x7f))
        }
        _ => 0,
    }
}

/// What a server sends instead of a song.
fn text(head: &[u8]) -> Option<&'static str> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let begins = |word: &[u8]| head.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    if begins(b"<!doctype html") || begins(b"<html") || begins(b"<head") || begins(b"<!--") {
        return Some("a web page");
    }
    if begins(b"<?xml") || begins(b"<error") {
        return Some("XML");
    }
    if begins(b"{\"") || begins(b"[{") || begins(b"{\n") || begins(b"{}") {
        return Some("JSON");
    }
    if begins(b"#EXTM3U") {
        return Some("a playlist");
    }
    let plain = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace() || *byte >= 0x80;
    (head.iter().all(plain)
        && std::str::from_utf8(head.get(..head.len().min(64))?).is_ok()
        && !head.is_empty())
    .then_some("text")
}

/// Whether a file name's ending stands for something that can be played, so that the file must be damaged.
pub(crate) fn is_ours(extension: &str) -> bool {
    const OURS: &[&str] = &[
        "mp3", "m4a", "mp4", "m4b", "aac", "flac", "ogg", "oga", "opus", "wav", "wave", "webm", "mka", "weba",
    ];
    OURS.iter().any(|ours| ours.eq_ignore_ascii_case(extension))
}
