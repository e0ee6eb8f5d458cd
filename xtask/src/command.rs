//! A command line that can be shown, repeated and run.

use std::{
    env, fmt,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
};

use crate::failure::Failure;

/// One program with its arguments and what it finds in its environment.
#[derive(Clone)]
pub struct Line {
    program: String,
    args: Vec<String>,
    env: Vec<(String, String)>,
}

impl Line {
    pub fn new(program: &str, args: &[&str]) -> Self {
        Self {
            program: program.to_owned(),
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            env: Vec::new(),
        }
    }

    /// Cargo, the same one that started us.
    pub fn cargo(args: &[&str]) -> Self {
        Self::new("cargo", args)
    }

    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.push((name.to_owned(), value.into()));
        self
    }

    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Program and arguments, one after the other.
    pub fn words(&self) -> Vec<String> {
        [std::slice::from_ref(&self.program), &self.args].concat()
    }

    /// The command, ready to start at the top of the repository.
    pub fn start(&self) -> Command {
        let program = match (self.program.as_str(), env::var("CARGO")) {
            ("cargo", Ok(cargo)) => cargo,
            (program, _) => program.to_owned(),
        };
        let mut command = Command::new(program);
        command.args(&self.args).envs(self.env.iter().map(|(k, v)| (k, v))).current_dir(root());
        command
    }

    fn failed(&self, status: ExitStatus) -> Failure {
        Failure::Command { command: self.to_string(), status: status.to_string() }
    }

    /// Runs it with our own output; anything but success is a failure.
    pub fn run(&self) -> Result<(), Failure> {
        let status = self
            .start()
            .stdin(Stdio::inherit())
            .status()
            .map_err(|source| Failure::Start { command: self.to_string(), source })?;
        if status.success() { Ok(()) } else { Err(self.failed(status)) }
    }

    /// Runs it unseen: what it printed, and whether it succeeded.
    pub fn output(&self) -> Result<(String, bool), Failure> {
        let output = self
            .start()
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .map_err(|source| Failure::Start { command: self.to_string(), source })?;
        Ok((String::from_utf8_lossy(&output.stdout).into_owned(), output.status.success()))
    }

    /// Runs it with its messages shown and its answer kept.
    pub fn answer(&self) -> Result<String, Failure> {
        let output = self
            .start()
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .map_err(|source| Failure::Start { command: self.to_string(), source })?;
        if !output.status.success() {
            return Err(self.failed(output.status));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.env {
            write!(f, "{name}={value} ")?;
        }
        f.write_str(&self.program)?;
        for arg in &self.args {
            if arg.contains(char::is_whitespace) { write!(f, " '{arg}'")? } else { write!(f, " {arg}")? }
        }
        Ok(())
    }
}

/// The top of the repository.
pub fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or(here.clone(), PathBuf::from)
}

/// Where cargo puts a program of ours: `profile` is `debug` or `release`. We were built there ourselves.
pub fn built(profile: &str, program: &str) -> PathBuf {
    let ours = env::current_exe().unwrap_or_default();
    let target = ours.parent().and_then(Path::parent).map_or_else(|| root().join("target"), PathBuf::from);
    target.join(profile).join(format!("{program}{}", env::consts::EXE_SUFFIX))
}

/// Whether a program of this name can be started from here.
pub fn on_path(program: &str) -> bool {
    env::var_os("PATH")
        .is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_shown_as_it_would_be_typed() {
        let line = Line::cargo(&["test", "-p", "x", "a name"]).env("A", "b");
        assert_eq!(line.to_string(), "A=b cargo test -p x 'a name'");
    }

    #[test]
    fn a_program_that_says_no_is_named() {
        let failure = Line::new("false", &[]).run().unwrap_err();
        assert!(failure.to_string().starts_with("`false` ended with"), "{failure}");
        let failure = Line::new("no-such-program-here", &[]).run().unwrap_err();
        assert!(failure.to_string().contains("could not be started"), "{failure}");
    }
}
