//! What came of a rehearsal, for people: a row for each client, then what a number alone does not say.

use melody_rehearsal::{Client, Report, Step, Summary};

use super::{
    colour::Tone,
    output::{Output, cell},
    table::Column,
    text,
};
use crate::exit::Halt;

const CLIENTS: &[Column] = &[
    Column::new("Account").right().tone(Tone::Faint),
    Column::new("Silent").right(),
    Column::new("Queued").right(),
    Column::new("Told again").right(),
    Column::new("Lost").right().tone(Tone::Strong),
    Column::new("Doubled").right().tone(Tone::Strong),
    Column::new("Unknown there").right(),
    Column::new("Sign-ins").right(),
    Column::new("Client").right(),
];

pub fn report(out: &Output, report: &Report) -> Result<(), Halt> {
    let rows: Vec<Vec<String>> = report.clients.iter().map(row).collect();
    out.rows(CLIENTS, &rows)?;
    for remark in report.remarks() {
        out.note(&cell(&remark));
    }
    let Summary { clients, queued, lost, doubled, unsettled, .. } = report.summary;
    let changes = text::counted(queued, "change");
    out.note(&if report.is_clean() {
        format!("{clients} clients, {changes} had to wait: nothing lost, nothing doubled.")
    } else {
        format!("{clients} clients, {changes} had to wait: {lost} lost, {doubled} doubled, {unsettled} not settled.")
    });
    Ok(())
}

/// A step that is over, as a line.
pub fn step(step: &Step) -> String {
    let note = step.note.as_deref().map(|note| format!("  {note}")).unwrap_or_default();
    format!("{}: {}  {:.1} s{note}", step.leg, step.step, step.seconds)
}

fn row(one: &Client) -> Vec<String> {
    vec![
        one.account.to_string(),
        format!("{:.1} s", one.silent_s),
        one.queued.to_string(),
        one.replayed.to_string(),
        one.lost.len().to_string(),
        one.doubled.len().to_string(),
        one.unmatched.len().to_string(),
        one.sign_ins.to_string(),
        one.client.to_string(),
    ]
}
