//! What became of the library at each switch of backend.

use melody_core::{Switch, Switches};

use super::{
    colour::Tone,
    output::{Output, cell},
    table::Column,
};
use crate::exit::Halt;

const COLUMNS: &[Column] = &[
    Column::new("When").tone(Tone::Faint),
    Column::new("From"),
    Column::new("To").tone(Tone::Strong),
    Column::new("Saved").right(),
    Column::new("Found").right(),
    Column::new("Saved again").right(),
    Column::new("Told again").right(),
    Column::new("Unknown there").right(),
    Column::new("Done").tone(Tone::Faint),
];

pub fn switches(out: &Output, found: &Switches) -> Result<(), Halt> {
    let rows: Vec<Vec<String>> = found.switches.iter().map(row).collect();
    out.rows(COLUMNS, &rows)?;
    let unknown: Vec<String> = found
        .switches
        .first()
        .into_iter()
        .flat_map(|latest| &latest.unmatched)
        .map(|song| format!("{} – {}", cell(&song.title), cell(&song.artist)))
        .collect();
    out.note(&match (found.switches.len(), unknown.is_empty()) {
        (0, _) => "The service has never changed its backend while you used it.".to_owned(),
        (_, true) => "Every song that was saved before is saved after.".to_owned(),
        (_, false) => {
            format!("The service does not know these any more. They are kept here: {}.", unknown.join(", "))
        }
    });
    Ok(())
}

fn row(switch: &Switch) -> Vec<String> {
    let moment = |at: jiff::Timestamp| at.strftime("%Y-%m-%d %H:%M").to_string();
    vec![
        moment(switch.at),
        switch.from.clone(),
        switch.to.clone(),
        switch.songs_before.to_string(),
        switch.matched.to_string(),
        switch.refilled.to_string(),
        switch.replayed.to_string(),
        switch.unmatched.len().to_string(),
        switch.finished_at.map_or_else(|| "not yet".to_owned(), moment),
    ]
}
