//! XSPF, the XML format of playlists: our ids are its identifiers, addresses are files of this machine.

use std::{fmt::Write as _, path::PathBuf};

use quick_xml::{
    Reader, Writer,
    escape::resolve_xml_entity,
    events::{BytesDecl, BytesText, Event},
};

use super::file::{Listed, ListedSong, one_line};
use crate::Error;

const NAMESPACE: &str = "http://xspf.org/ns/0/";
const OURS: &str = "urn:uuid:";
/// Then the service's id.
const SERVERS: &str = "urn:melody:server:";
/// Then a catalogue, a colon, and the id there.
const ELSEWHERE: &str = "urn:melody:external:";

pub(super) fn write(list: &Listed) -> Result<String, Error> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    written(&mut xml, list).map_err(Error::internal)?;
    let mut text = String::from_utf8(xml.into_inner()).map_err(Error::internal)?;
    text.push('\n');
    Ok(text)
}

fn written(xml: &mut Writer<Vec<u8>>, list: &Listed) -> std::io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let playlist = xml.create_element("playlist").with_attributes([("version", "1"), ("xmlns", NAMESPACE)]);
    playlist.write_inner_content(|xml| {
        element(xml, "title", &one_line(&list.name))?;
        xml.create_element("trackList").write_inner_content(|xml| {
            for song in &list.songs {
                xml.create_element("track").write_inner_content(|xml| track(xml, song))?;
            }
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(())
}

fn track(xml: &mut Writer<Vec<u8>>, song: &ListedSong) -> std::io::Result<()> {
    if let Some(file) = &song.file {
        element(xml, "location", &format!("file://{}", escaped(&file.to_string_lossy())))?;
    }
    if let Some(id) = &song.id {
        element(xml, "identifier", &format!("{OURS}{}", escaped(id)))?;
    }
    if let Some(id) = &song.server_id {
        element(xml, "identifier", &format!("{SERVERS}{}", escaped(id)))?;
    }
    for (catalogue, id) in &song.external_ids {
        element(xml, "identifier", &format!("{ELSEWHERE}{}:{}", escaped(catalogue), escaped(id)))?;
    }
    element(xml, "title", &one_line(&song.title))?;
    if !song.artist.is_empty() {
        element(xml, "creator", &one_line(&song.artist))?;
    }
    if let Some(album) = &song.album {
        element(xml, "album", &one_line(album))?;
    }
    if let Some(seconds) = song.duration_s {
        element(xml, "duration", &(u64::from(seconds) * 1000).to_string())?;
    }
    Ok(())
}

fn element(xml: &mut Writer<Vec<u8>>, name: &str, text: &str) -> std::io::Result<()> {
    xml.create_element(name).write_text_content(BytesText::new(text)).map(drop)
}

/// Percent-escapes for what an address may not hold; a path's slashes and a word's letters stay.
fn escaped(text: &str) -> String {
    let mut address = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                address.push(char::from(byte));
            }
            b'\\' if cfg!(windows) => address.push('/'),
            _ => {
                let _ = write!(address, "%{byte:02X}");
            }
        }
    }
    address
}

fn unescaped(address: &str) -> String {
    let mut bytes = Vec::with_capacity(address.len());
    let mut rest = address.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let value = (byte == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(value.unwrap_or(byte));
        rest = if value.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

pub(super) fn read(text: &str) -> Result<Listed, Error> {
    let mut xml = Reader::from_str(text);
    let mut list = Listed::default();
    let mut path: Vec<String> = Vec::new();
    let mut content = String::new();
    let mut song: Option<ListedSong> = None;
    let broken = |e: &dyn std::fmt::Display| Error::Invalid(format!("This file is no XSPF playlist: {e}."));
    loop {
        match xml.read_event().map_err(|e| broken(&e))? {
            Event::Start(start) => {
                path.push(start.local_name().as_ref().to_owned());
                if path.len() == 1 && path[0] != "playlist" {
                    return Err(broken(&"it does not begin with a playlist"));
                }
                content.clear();
                if is(&path, &["playlist", "trackList", "track"]) {
                    song = Some(ListedSong::default());
                }
            }
            Event::Text(text) => content += &text.xml10_content(),
            Event::CData(text) => content += &text.xml10_content(),
            Event::GeneralRef(reference) => {
                let name = reference.xml10_content();
                match reference.resolve_char_ref().map_err(|e| broken(&e))? {
                    Some(c) => content.push(c),
                    // Of others' own entities nothing is expanded.
                    None => content += resolve_xml_entity(&name).unwrap_or_default(),
                }
            }
            Event::End(_) => {
                let text = content.trim();
                if is(&path, &["playlist", "title"]) {
                    text.clone_into(&mut list.name);
                } else if is(&path, &["playlist", "trackList", "track"]) {
                    list.songs.extend(song.take());
                } else if let (Some(song), [_, _, _, name]) = (&mut song, path.as_slice()) {
                    tell(song, name, text);
                }
                path.pop();
                content.clear();
            }
            Event::Eof if path.is_empty() => return Ok(list),
            Event::Eof => return Err(broken(&"it ends in its midst")),
            _ => {}
        }
    }
}

fn is(path: &[String], names: &[&str]) -> bool {
    path.iter().map(String::as_str).eq(names.iter().copied())
}

/// Takes in one element of a track.
fn tell(song: &mut ListedSong, name: &str, text: &str) {
    match name {
        "title" => text.clone_into(&mut song.title),
        "creator" => text.clone_into(&mut song.artist),
        "album" => song.album = Some(text.to_owned()),
        "duration" => song.duration_s = text.parse::<u64>().ok().map(|ms| ((ms + 500) / 1000) as u32),
        "location" => {
            song.file =
                song.file.take().or(text.strip_prefix("file://").map(|path| PathBuf::from(unescaped(path))));
        }
        "identifier" => {
            if let Some(id) = text.strip_prefix(OURS) {
                song.id = Some(unescaped(id));
            } else if let Some(id) = text.strip_prefix(SERVERS) {
                song.server_id = Some(unescaped(id));
            } else if let Some((catalogue, id)) =
                text.strip_prefix(ELSEWHERE).and_then(|it| it.split_once(':'))
            {
                song.external_ids.insert(unescaped(catalogue), unescaped(id));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // All of it is test.

    use super::*;

    #[test]
    fn lists_of_other_programs_are_read_and_their_entities_are_not_expanded() {
        let text = r#"<?xml version="1.0"?><!DOCTYPE playlist [<!ENTITY big "boom">]>
            <playlist version="1" xmlns="http://xspf.org/ns/0/"><title>A &amp; B</title><trackList>
            <track><title><![CDATA[Tum <Hi> Ho]]></title><creator>Arijit&#32;Singh&big;</creator>
            <annotation>x</annotation><extension application="y"><title>no</title></extension>
            <duration>262400</duration></track></trackList></playlist>"#;
        let list = read(text).unwrap();
        assert_eq!(list.name, "A & B");
        let song = &list.songs[0];
        assert_eq!((song.artist.as_str(), song.duration_s), ("Arijit Singh", Some(262)));
        assert_eq!(song.title, "Tum <Hi> Ho");
    }
}
