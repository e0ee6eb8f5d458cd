//! Steps: say what is done and why, do it, and sum up with times; when one fails, say how to repeat it.

use std::{
    env,
    io::{IsTerminal, stdout},
    process::ExitCode,
    time::{Duration, Instant},
};

use crate::{command::Line, failure::Failure};

enum Work {
    Command(Line),
    Call(Box<dyn FnOnce() -> Result<(), Failure>>),
}

struct Step {
    what: String,
    why: String,
    /// What a person types to do this step alone.
    repeat: String,
    work: Work,
}

/// A chore: named steps in order. The first that fails ends it.
pub struct Plan {
    name: &'static str,
    steps: Vec<Step>,
}

impl Plan {
    pub fn new(name: &'static str) -> Self {
        Self { name, steps: Vec::new() }
    }

    /// Adds a step that is one command.
    pub fn command(mut self, what: impl Into<String>, why: impl Into<String>, line: Line) -> Self {
        let repeat = line.to_string();
        self.steps.push(Step { what: what.into(), why: why.into(), repeat, work: Work::Command(line) });
        self
    }

    /// Adds a step that is done here.
    pub fn call(
        mut self,
        what: impl Into<String>,
        why: impl Into<String>,
        repeat: impl Into<String>,
        work: impl FnOnce() -> Result<(), Failure> + 'static,
    ) -> Self {
        let work = Work::Call(Box::new(work));
        self.steps.push(Step { what: what.into(), why: why.into(), repeat: repeat.into(), work });
        self
    }

    /// Runs the steps. The exit code is for `main`.
    pub fn run(self) -> ExitCode {
        let paint = Paint::of_stdout();
        let total = self.steps.len();
        let begun = Instant::now();
        let mut rows: Vec<(String, Duration)> = Vec::new();
        for (index, step) in self.steps.into_iter().enumerate() {
            let number = format!("[{}/{total}]", index + 1);
            println!("\n{} {}", paint.accent(&number), paint.strong(&step.what));
            println!("{}", paint.soft(&format!("      {}", step.why)));
            let at = Instant::now();
            let outcome = match step.work {
                Work::Command(line) => {
                    println!("{}", paint.soft(&format!("      $ {line}")));
                    line.run()
                }
                Work::Call(work) => work(),
            };
            rows.push((step.what, at.elapsed()));
            if let Err(failure) = outcome {
                summary(&paint, self.name, &rows, false, begun.elapsed());
                println!("{failure}");
                println!("To repeat this step alone: {}", paint.strong(&step.repeat));
                return ExitCode::FAILURE;
            }
        }
        summary(&paint, self.name, &rows, true, begun.elapsed());
        ExitCode::SUCCESS
    }
}

fn summary(paint: &Paint, name: &str, rows: &[(String, Duration)], well: bool, total: Duration) {
    println!("\n{}", paint.strong(&format!("cargo xtask {name}")));
    for (index, (what, took)) in rows.iter().enumerate() {
        let mark = if well || index + 1 < rows.len() { paint.good("ok    ") } else { paint.bad("failed") };
        println!("  {mark} {} {what}", seconds(*took));
    }
    let end = if well { "All well" } else { "Stopped" };
    println!("  {end} after {}.\n", seconds(total).trim_start());
}

/// `  3.4 s` or ` 2 min 05 s`, right-aligned.
fn seconds(took: Duration) -> String {
    let text = if took.as_secs() < 100 {
        format!("{:.1} s", took.as_secs_f64())
    } else {
        format!("{} min {:02} s", took.as_secs() / 60, took.as_secs() % 60)
    };
    format!("{text:>12}")
}

/// Colours, when somebody looks.
pub struct Paint {
    on: bool,
}

impl Paint {
    pub fn of_stdout() -> Self {
        Self { on: stdout().is_terminal() && env::var_os("NO_COLOR").is_none() }
    }

    fn wrap(&self, code: &str, text: &str) -> String {
        if self.on { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub fn strong(&self, text: &str) -> String {
        self.wrap("1", text)
    }

    pub fn soft(&self, text: &str) -> String {
        self.wrap("2", text)
    }

    pub fn accent(&self, text: &str) -> String {
        self.wrap("38;5;214", text)
    }

    pub fn good(&self, text: &str) -> String {
        self.wrap("32", text)
    }

    pub fn bad(&self, text: &str) -> String {
        self.wrap("31", text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_at_a_glance() {
        assert_eq!(seconds(Duration::from_millis(3_440)).trim(), "3.4 s");
        assert_eq!(seconds(Duration::from_secs(125)).trim(), "2 min 05 s");
    }

    #[test]
    fn nothing_runs_after_a_failed_step() {
        let plan = Plan::new("sample")
            .call("a rule", "it is broken", "nothing", || Err(Failure::Rule("broken".into())))
            .call("the next", "must not run", "nothing", || unreachable!("ran after a failure"));
        assert_eq!(format!("{:?}", plan.run()), format!("{:?}", ExitCode::FAILURE));
    }
}
