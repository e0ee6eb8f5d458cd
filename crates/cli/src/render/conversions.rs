//! Conversions: how one stands, and what became of all of them.

use melody_core::{ConversionPage, ConversionView};
use melody_model::ConversionStatus;

use super::colour::Tone;
use super::output::{self, Output, Reader, cell};
use super::table::Column;
use super::text;
use crate::exit::Halt;

const COLUMNS: &[Column] = &[
    Column::new("Title").tone(Tone::Strong).shrinks_to(10),
    Column::new("Artist").shrinks_to(8),
    Column::new("Status"),
    Column::new("Done").right(),
    Column::new("Left").right(),
    Column::new("Song").tone(Tone::Faint).shown_from(120),
    Column::new("ID").tone(Tone::Faint),
];

pub fn list(out: &Output, page: &ConversionPage) -> Result<(), Halt> {
    let rows: Vec<Vec<String>> = page.conversions.iter().map(row).collect();
    out.rows(COLUMNS, &rows)?;
    let shown = page.conversions.len() as u64;
    out.note(&match page.total {
        0 => "You have asked for no instrumental yet. melody convert ID makes one.".to_owned(),
        total if shown < total => format!("{shown} of {}.", text::counted(total, "conversion")),
        total => format!("{}.", text::counted(total, "conversion")),
    });
    Ok(())
}

pub fn one(out: &Output, conversion: &ConversionView) -> Result<(), Halt> {
    if out.reader == Reader::Pipe {
        return out.rows(COLUMNS, &[row(conversion)]);
    }
    let title = conversion.song.as_ref().map(|song| cell(&song.song.content.title)).unwrap_or_default();
    output::line(&match conversion.status {
        ConversionStatus::Completed => {
            format!("“{title}” has an instrumental: melody play ID --rendition instrumental")
        }
        status if status.is_over() => format!("“{title}”: {}.", status.as_str()),
        _ => {
            let left = conversion.seconds_left;
            let left = left.map(|left| format!(", about {} left", text::clock(left as f64)));
            format!("The instrumental of “{title}” is on its way{}.", left.unwrap_or_default())
        }
    })
}

fn row(conversion: &ConversionView) -> Vec<String> {
    let song = conversion.song.as_ref().map(|song| &song.song);
    vec![
        song.map(|song| cell(&song.content.title)).unwrap_or_default(),
        song.map(|song| cell(&song.content.artist)).unwrap_or_default(),
        match &conversion.error {
            Some(error) => format!("{}: {}", conversion.status.as_str(), cell(error)),
            None => conversion.status.as_str().to_owned(),
        },
        format!("{}%", conversion.progress),
        conversion.seconds_left.map(|left| text::clock(left as f64)).unwrap_or_default(),
        song.map(|song| song.id.to_string()).unwrap_or_default(),
        conversion.id.as_ref().map(|id| cell(id.as_str())).unwrap_or_default(),
    ]
}
