//! Where the answer goes: one JSON document, aligned text on a terminal, or bare data in a pipe.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use super::colour::Theme;
use super::table::{self, Column};
use super::text;
use crate::args::Global;
use crate::exit::{self, Halt};

/// Who reads stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// A program that asked for JSON.
    Json,
    /// A person at a terminal of so many columns.
    Person(usize),
    /// Another program, behind a pipe or a file.
    Pipe,
}

/// The two streams of one run of the program.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    pub reader: Reader,
    pub theme: Theme,
}

/// When the terminal does not say how wide it is.
const USUAL_WIDTH: usize = 80;

impl Output {
    pub fn new(global: &Global) -> Self {
        let reader = if global.json {
            Reader::Json
        } else if io::stdout().is_terminal() {
            Reader::Person(terminal_width())
        } else {
            Reader::Pipe
        };
        Self { reader, theme: Theme::of_stdout() }
    }

    pub fn is_json(&self) -> bool {
        self.reader == Reader::Json
    }

    /// Rows, each with its ID last: columns for a person; for a pipe, tabs, the ID first, nothing cut.
    pub fn rows(&self, columns: &[Column], rows: &[Vec<String>]) -> Result<(), Halt> {
        let mut page = String::new();
        match self.reader {
            Reader::Person(width) if !rows.is_empty() => {
                for line in table::lines(columns, rows, self.theme, width) {
                    page.push_str(&line);
                    page.push('\n');
                }
            }
            Reader::Person(_) => {}
            Reader::Pipe | Reader::Json => {
                for row in rows {
                    let id_first = row.last().into_iter().chain(row.iter().take(row.len().saturating_sub(1)));
                    page.push_str(&id_first.map(String::as_str).collect::<Vec<_>>().join("\t"));
                    page.push('\n');
                }
            }
        }
        write(&page)
    }

    /// A remark for a person, beside the answer; a program that reads JSON is spared it.
    pub fn note(&self, note: &str) {
        if !self.is_json() {
            exit::eprint_quietly(note);
        }
    }
}

/// Columns of the terminal that stdout or stderr is.
pub fn terminal_width() -> usize {
    match crossterm::terminal::size() {
        Ok((columns, _)) if columns > 0 => usize::from(columns),
        _ => USUAL_WIDTH,
    }
}

/// The one document of a command that was asked for JSON.
pub fn document(document: &impl Serialize) -> Result<(), Halt> {
    let mut line = serde_json::to_string(document).map_err(|error| Halt::from(io::Error::other(error)))?;
    line.push('\n');
    write(&line)
}

/// A line of the answer.
pub fn line(line: &str) -> Result<(), Halt> {
    write(&format!("{line}\n"))
}

fn write(text: &str) -> Result<(), Halt> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// A text of the service as one cell.
pub fn cell(text: &str) -> String {
    text::clean(text)
}
