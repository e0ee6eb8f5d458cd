//! M3U8: a line for each song, what is known of it in comments before. UTF-8, as the 8 says.

use std::path::{Path, PathBuf};

use super::file::{Listed, ListedSong, one_line};
use crate::Error;

/// The comment in which we keep what the format has no place for. Other programs pass over it.
const OURS: &str = "#MELODY:";
const URN: &str = "urn:uuid:";

pub(super) fn write(list: &Listed) -> Result<String, Error> {
    let mut text = format!("#EXTM3U\n#PLAYLIST:{}\n", one_line(&list.name));
    for song in &list.songs {
        let seconds = song.duration_s.map_or(-1, i64::from);
        let (artist, title) = (one_line(&song.artist), one_line(&song.title));
        let shown = if artist.is_empty() { title } else { format!("{artist} - {title}") };
        let all = serde_json::to_string(song).map_err(Error::internal)?;
        let place = match (&song.file, &song.id) {
            (Some(file), _) => one_line(&file.to_string_lossy()),
            (None, Some(id)) => format!("{URN}{id}"),
            (None, None) => "unknown".to_owned(),
        };
        let lines = [format!("#EXTINF:{seconds},{shown}"), format!("{OURS}{all}"), place];
        for line in lines {
            text.push_str(&line);
            text.push('\n');
        }
    }
    Ok(text)
}

/// Reads what there is: a plain list of files is one too, each named as its file.
pub(super) fn read(text: &str) -> Listed {
    let mut list = Listed::default();
    let (mut shown, mut ours, mut album) = (None, None, None);
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(name) = line.strip_prefix("#PLAYLIST:") {
            name.trim().clone_into(&mut list.name);
        } else if let Some(info) = line.strip_prefix("#EXTINF:") {
            shown = Some(told(info));
        } else if let Some(name) = line.strip_prefix("#EXTALB:") {
            album = Some(name.trim().to_owned());
        } else if let Some(all) = line.strip_prefix(OURS) {
            ours = serde_json::from_str::<ListedSong>(all).ok();
        } else if !line.starts_with('#') {
            let mut song = ours.take().or(shown.take()).unwrap_or_else(|| named_as_its_file(line));
            song.album = song.album.or(album.take());
            song.id = song.id.or(line.strip_prefix(URN).map(str::to_owned));
            list.songs.push(song);
            (shown, ours, album) = (None, None, None);
        }
    }
    list
}

/// `217,Artist - Title`; what stands between number and comma is for others.
fn told(info: &str) -> ListedSong {
    let (length, name) = info.split_once(',').unwrap_or(("", info));
    let seconds = length.split_whitespace().next().and_then(|number| number.parse::<f64>().ok());
    let (artist, title) = name.split_once(" - ").unwrap_or(("", name));
    ListedSong {
        title: title.trim().to_owned(),
        artist: artist.trim().to_owned(),
        duration_s: seconds.filter(|seconds| *seconds > 0.0).map(|seconds| seconds.round() as u32),
        ..ListedSong::default()
    }
}

fn named_as_its_file(place: &str) -> ListedSong {
    // A list written elsewhere may part folders in the other way.
    let file = place.rsplit(['/', '\\']).next().unwrap_or(place);
    let stem = Path::new(file).file_stem().map_or(file.into(), |stem| stem.to_string_lossy());
    ListedSong { file: Some(PathBuf::from(place)), ..told(&format!(",{stem}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_other_programs_are_read() {
        let text = "#EXTM3U\r\n#EXTINF:262 tvg-id=\"x\",Arijit Singh - Tum Hi Ho\r\n#EXTALB:Aashiqui 2\r\nC:\\Music\\a.mp3\r\n\
                    #EXTINF:-1,Sannata\r\nhttp://radio.example/1\r\n\r\nsub/Kishore - Pal Pal.flac\r\n";
        let songs = read(text).songs;
        assert_eq!((songs[0].artist.as_str(), songs[0].title.as_str()), ("Arijit Singh", "Tum Hi Ho"));
        assert_eq!((songs[0].duration_s, songs[0].album.as_deref()), (Some(262), Some("Aashiqui 2")));
        assert_eq!((songs[1].title.as_str(), songs[1].duration_s), ("Sannata", None));
        assert_eq!((songs[2].artist.as_str(), songs[2].title.as_str()), ("Kishore", "Pal Pal"));
    }
}
