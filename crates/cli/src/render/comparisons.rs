//! Comparisons that were kept.

use jiff::tz::TimeZone;
use melody_core::{Comparison, ComparisonList, ComparisonRun, Exchange};

use super::colour::Tone;
use super::output::{self, Output, Reader, cell};
use super::table::Column;
use super::{parity, text};
use crate::exit::Halt;

const COLUMNS: &[Column] = &[
    Column::new("When").tone(Tone::Faint),
    Column::new("Blue").shrinks_to(12),
    Column::new("Green").shrinks_to(12),
    Column::new("Cases").right(),
    Column::new("Breaking").right().tone(Tone::Strong),
    Column::new("Degrading").right(),
    Column::new("Cosmetic").right(),
    Column::new("ID").tone(Tone::Faint),
];

pub fn list(out: &Output, list: &ComparisonList) -> Result<(), Halt> {
    let rows: Vec<Vec<String>> = list.comparisons.iter().map(|run| row(out, run)).collect();
    out.rows(COLUMNS, &rows)?;
    out.note(&match rows.len() as u64 {
        0 => "No comparison was kept. The window keeps those that are made there.".to_owned(),
        count => format!("{}.", text::counted(count, "comparison")),
    });
    Ok(())
}

fn row(out: &Output, run: &ComparisonRun) -> Vec<String> {
    let (summary, backends) = (&run.summary, &run.backends);
    let when = if out.reader == Reader::Pipe {
        backends.began.to_string()
    } else {
        backends.began.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
    };
    vec![
        when,
        cell(&backends.blue.address),
        cell(&backends.green.address),
        summary.cases.to_string(),
        summary.breaking.to_string(),
        summary.degrading.to_string(),
        summary.cosmetic.to_string(),
        run.id.to_string(),
    ]
}

pub fn show(out: &Output, one: &Comparison) -> Result<(), Halt> {
    parity::findings(out, &one.findings)?;
    out.note(&format!(
        "{} breaking, {} degrading, {} cosmetic.",
        one.run.summary.breaking, one.run.summary.degrading, one.run.summary.cosmetic
    ));
    Ok(())
}

pub fn exchange(out: &Output, exchange: &Exchange) -> Result<(), Halt> {
    for (name, side) in [("Blue", &exchange.blue), ("Green", &exchange.green)] {
        output::line(&format!("{} {}", out.theme.paint(Tone::Strong, name), cell(&side.status)))?;
        output::line(&out.theme.paint(Tone::Faint, &cell(&side.curl)))?;
        side.body.lines().try_for_each(|line| output::line(&text::clean(line)))?;
        output::line("")?;
    }
    Ok(())
}
