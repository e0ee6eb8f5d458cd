//! What a measuring program printed: one JSON document.

use serde_json::Value;

use crate::{command::Line, failure::Failure};

/// The document, and whose it is.
pub struct Answer {
    program: String,
    pub value: Value,
}

impl Answer {
    /// Runs a program and reads what it prints.
    pub fn of(program: &str, line: &Line) -> Result<Self, Failure> {
        let text = line.answer()?;
        let program = program.to_owned();
        match serde_json::from_str(&text) {
            Ok(value) => Ok(Self { program, value }),
            Err(error) => Err(Failure::Answer { command: program, detail: error.to_string() }),
        }
    }

    pub fn number(&self, pointer: &str) -> Result<f64, Failure> {
        self.value.pointer(pointer).and_then(Value::as_f64).ok_or_else(|| self.lacks(pointer))
    }

    pub fn lacks(&self, what: &str) -> Failure {
        Failure::Answer { command: self.program.clone(), detail: format!("no {what} in {}", self.value) }
    }
}
