//! The command line: the same words as the terminal's.

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use clap::{Parser, error::ErrorKind};

/// What a bad command line ends with.
const USAGE: u8 = 2;

/// Melody Studio in a window: find a song, hear it, keep it.
#[derive(Clone, Debug, PartialEq, Eq, Parser)]
#[command(name = "melody-studio", version)]
pub struct Options {
    /// The folder of settings, library and downloads, instead of the usual one
    #[arg(long, value_name = "DIR")]
    pub profile: Option<PathBuf>,
    /// The service's address; the profile remembers it
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// Allow plain http to this host, for staging (may be repeated)
    #[arg(long, value_name = "HOST")]
    pub allow_http: Vec<String>,
}

/// The options, or the exit of a program that has said all it had to say.
pub fn of_command_line() -> Result<Options, ExitCode> {
    read(std::env::args_os()).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // A reader that has gone (`| head`) is no failure.
            let _ = error.print();
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("error: {}\nhint: melody-studio --help", sentence(&error));
            ExitCode::from(USAGE)
        }
    })
}

fn read(words: impl IntoIterator<Item = OsString>) -> Result<Options, clap::Error> {
    // Starters of some desktops pass files or addresses along that nobody asked for; those are refused like any slip.
    Options::try_parse_from(words)
}

/// What clap found, as one sentence.
fn sentence(error: &clap::Error) -> String {
    let rendered = error.render().to_string();
    let first = rendered.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = first.trim_start_matches("error:").split_whitespace().collect();
    let mut letters = words.join(" ");
    if let Some(letter) = letters.get_mut(..1) {
        letter.make_ascii_uppercase();
    }
    if !letters.ends_with('.') {
        letters.push('.');
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_words(words: &[&str]) -> Result<Options, clap::Error> {
        read(["melody-studio"].iter().chain(words).map(Into::into))
    }

    #[test]
    fn the_terminals_words_are_understood() {
        let read = read_words(&[
            "--profile",
            "p",
            "--server",
            "http://a:1",
            "--allow-http",
            "a",
            "--allow-http",
            "b",
        ]);
        let expected = Options {
            profile: Some("p".into()),
            server: Some("http://a:1".into()),
            allow_http: vec!["a".into(), "b".into()],
        };
        assert_eq!(read.unwrap(), expected);
    }

    #[test]
    fn a_slip_is_answered_in_a_sentence() {
        let slip = read_words(&["--profil", "p"]).unwrap_err();
        assert_eq!(sentence(&slip), "Unexpected argument '--profil' found.");
    }
}
