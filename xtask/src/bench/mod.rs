//! The figures that are promised: each measured several times, set beside its bound, written down.

mod answer;
mod drill;
mod figures;
mod machine;
mod table;
pub mod window;

use std::fs;

use crate::{command::root, failure::Failure};

/// One promise and what came of it.
pub struct Row {
    pub what: String,
    pub measured: f64,
    /// Infinite for a figure that is only shown.
    pub bound: f64,
    pub unit: &'static str,
    /// How it was measured, and what the same machine needed for nearly nothing at the same time.
    pub how: String,
}

impl Row {
    pub fn kept(&self) -> bool {
        self.measured <= self.bound
    }
}

/// A group of figures that one measurement brings.
pub struct Figure {
    pub what: &'static str,
    pub measure: fn() -> Result<Vec<Row>, Failure>,
}

/// Measures everything and writes `docs/benchmarks.md`. Fails, after writing, when a bound is not kept, or when a figure
/// could not be had: that costs this one.
pub fn run() -> Result<(), Failure> {
    let (mut rows, mut missing) = (Vec::new(), Vec::new());
    for figure in figures::ALL.iter().chain(drill::ALL).chain(window::ALL) {
        println!("      {} …", figure.what);
        match (figure.measure)() {
            Ok(found) => {
                for row in found {
                    println!("      {}", table::line(&row));
                    rows.push(row);
                }
            }
            Err(failure) => {
                println!("      not measured: {failure}");
                missing.push(figure.what);
            }
        }
    }
    let path = root().join("docs").join("benchmarks.md");
    let file = |source| Failure::File { path: path.clone(), source };
    let text = fs::read_to_string(&path).map_err(file)?;
    let Some(text) = table::replaced(&text, &table::section(&machine::described(), &rows)) else {
        return Err(Failure::Rule(format!("{} has lost its markers.", path.display())));
    };
    fs::write(&path, text).map_err(file)?;
    println!("      written to docs/benchmarks.md");
    let over: Vec<&str> = rows.iter().filter(|row| !row.kept()).map(|row| row.what.as_str()).collect();
    match (over.is_empty(), missing.is_empty()) {
        (true, true) => Ok(()),
        (false, _) => Err(Failure::OverBound(over.join(", "))),
        (true, false) => Err(Failure::Unmeasured(missing.join(", "))),
    }
}
