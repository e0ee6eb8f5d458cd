//! What was listened to.

use jiff::tz::TimeZone;
use melody_core::HistoryPage;
use melody_model::{ListenView, Rendition};

use super::colour::Tone;
use super::output::{Output, Reader, cell};
use super::table::Column;
use super::text;
use crate::exit::Halt;

const COLUMNS: &[Column] = &[
    Column::new("When").tone(Tone::Faint),
    Column::new("Title").tone(Tone::Strong).shrinks_to(10),
    Column::new("Artist").shrinks_to(8),
    Column::new("Take").tone(Tone::Faint).shown_from(100),
    Column::new("Heard").right(),
    Column::new("Play").tone(Tone::Faint),
    Column::new("ID").tone(Tone::Faint),
];

pub fn list(out: &Output, page: &HistoryPage) -> Result<(), Halt> {
    let rows: Vec<Vec<String>> = page.listens.iter().map(|listen| row(out, listen)).collect();
    out.rows(COLUMNS, &rows)?;
    let shown = page.listens.len() as u64;
    out.note(&match page.total {
        0 => "Nothing was listened to yet.".to_owned(),
        total if shown < total => format!("{shown} of {}.", text::counted(total, "listen")),
        total => format!("{}.", text::counted(total, "listen")),
    });
    Ok(())
}

fn row(out: &Output, listen: &ListenView) -> Vec<String> {
    let content = &listen.song.song.content;
    let when = if out.reader == Reader::Pipe {
        listen.began_at.to_string()
    } else {
        listen.began_at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
    };
    let take = match listen.rendition {
        Rendition::Original => "",
        Rendition::Instrumental => "instrumental",
    };
    vec![
        when,
        cell(&content.title),
        cell(&content.artist),
        take.to_owned(),
        text::clock(listen.seconds),
        if listen.counted { "yes" } else { "" }.to_owned(),
        listen.song.song.id.to_string(),
    ]
}
