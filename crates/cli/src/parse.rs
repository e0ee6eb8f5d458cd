//! From the words of the command line to a command, or to the sentence that says what is wrong with them.

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use clap::Parser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use melody_core::{Code, ErrorReport};

use crate::args::{Cli, Command, LibraryCommand};
use crate::exit;

/// The command, or the exit of a program that has said all it had to say.
pub fn command_line() -> Result<Cli, ExitCode> {
    let words: Vec<OsString> = std::env::args_os().collect();
    let json = asks_for_json(&words);
    match Cli::try_parse_from(words) {
        Ok(cli) => Ok(with_json_for_progress(cli)),
        Err(error) => Err(refuse(&error, json)),
    }
}

/// `--json` anywhere before a `--`: known even when the rest makes no sense.
fn asks_for_json(words: &[OsString]) -> bool {
    words
        .iter()
        .take_while(|word| *word != OsStr::new("--"))
        .any(|word| word == "--json" || word == "--progress")
}

/// `--progress` is for programs: its lines are JSON with or without `--json`.
fn with_json_for_progress(mut cli: Cli) -> Cli {
    let progress = match &cli.command {
        Command::Download(args) => args.progress,
        Command::Play(args) => args.progress,
        Command::Library(LibraryCommand::Sync { progress }) => *progress,
        _ => return cli,
    };
    cli.global.json |= progress.progress;
    cli
}

fn refuse(error: &clap::Error, json: bool) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // A reader that has gone (`| head`) is no failure.
            let _ = error.print();
            ExitCode::SUCCESS
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if !json => {
            // Nothing was asked: what can be asked is the best answer. It goes to stderr.
            let _ = error.print();
            ExitCode::from(2)
        }
        _ => {
            let report = ErrorReport::local(Code::Usage, sentence(error));
            exit::tell(&report, json, Some(&hint(error)), false);
            ExitCode::from(melody_host::exit_code(&report))
        }
    }
}

/// What clap found, as one sentence.
fn sentence(error: &clap::Error) -> String {
    if matches!(
        error.kind(),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    ) {
        return "A command is missing.".to_owned();
    }
    let rendered = error.render().to_string();
    let first = rendered.split("\n\n").next().unwrap_or_default();
    let first = first.strip_prefix("error:").unwrap_or(first);
    let words: Vec<&str> = first.split_whitespace().collect();
    let mut letters = words.join(" ");
    if let Some(letter) = letters.get_mut(..1) {
        letter.make_ascii_uppercase();
    }
    if !letters.ends_with('.') {
        letters.push('.');
    }
    letters
}

/// What clap thinks was meant, else where to read on.
fn hint(error: &clap::Error) -> String {
    // clap puts its best guess last.
    let suggested =
        [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue]
            .into_iter()
            .find_map(|kind| match error.get(kind) {
                Some(ContextValue::String(word)) => Some(word.clone()),
                Some(ContextValue::Strings(words)) => words.last().cloned(),
                _ => None,
            });
    let usage = match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => {
            let words = usage.to_string();
            words
                .trim()
                .strip_prefix("Usage:")
                .map(|line| line.trim().to_owned())
                .filter(|line| !line.contains('\n'))
        }
        _ => None,
    };
    match (suggested, usage) {
        (Some(word), _) => format!("Did you mean {word}?"),
        (None, Some(usage)) => usage,
        (None, None) => "melody --help lists the commands; each has its own --help with examples.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::Output;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(std::iter::once("melody").chain(line.split_whitespace()))
    }

    fn refusal(line: &str) -> String {
        sentence(&parse(line).unwrap_err())
    }

    #[test]
    fn global_flags_stand_before_or_after_the_command() {
        for line in [
            "--json --profile /p library list",
            "library list --json --profile /p",
            "library --json list --profile=/p",
        ] {
            let cli = parse(line).unwrap();
            assert!(cli.global.json, "{line}");
            assert_eq!(cli.global.profile.as_deref(), Some(std::path::Path::new("/p")), "{line}");
        }
        let cli = parse("whoami --allow-http a --allow-http b").unwrap();
        assert_eq!(cli.global.allow_http, ["a", "b"]);
    }

    #[test]
    fn figures_out_of_range_get_a_sentence() {
        for line in [
            "search x --limit 0",
            "search x --limit 51",
            "search x --limit -5",
            "search x --limit many",
            "trending --limit 51",
            "library list --limit 101",
            "library list --limit 0",
            "search x --offset -1",
            "search x --offset 9223372036854775808",
            "play a --from -1",
            "play a --from NaN",
            "play a --from inf",
            "play a --for 0",
            "play a --for nan",
            "play a --for 1e300",
            "serve --port 70000",
            "serve --otp-ttl 0",
            "play a --to song.mp3",
            "search x --type song",
            "library list --sort year",
            "play a --rendition loud",
        ] {
            let sentence = refusal(line);
            assert!(sentence.ends_with('.') && !sentence.contains('\n'), "{line}: {sentence}");
        }
        assert_eq!(
            refusal("search x --limit 51"),
            "Invalid value '51' for '--limit <N>': it must be a number from 1 to 50."
        );
        for line in [
            "search x --limit 1",
            "search x --limit 50",
            "library list --limit 100",
            "play a --from 0 --for 0.1",
        ] {
            parse(line).unwrap();
        }
    }

    #[test]
    fn every_refusal_is_one_sentence() {
        for line in ["", "serach x", "play", "login", "library", "search", "whoami --jsn", "completions tcsh"]
        {
            let sentence = refusal(line);
            assert!(
                sentence.ends_with('.') && !sentence.contains('\n') && !sentence.contains("error:"),
                "{line}: {sentence}"
            );
        }
        assert_eq!(hint(&parse("serach x").unwrap_err()), "Did you mean search?");
    }

    #[test]
    fn sound_goes_where_it_is_told() {
        let to = |line: &str| match parse(line).unwrap().command {
            Command::Play(args) => args.to,
            _ => unreachable!(),
        };
        assert_eq!(to("play a"), Output::Device);
        assert_eq!(to("play a --to null"), Output::Null);
        assert_eq!(to("play a --to Y.WAV"), Output::File("Y.WAV".into()));
    }

    #[test]
    fn progress_is_for_programs() {
        let cli = with_json_for_progress(parse("play a --progress").unwrap());
        assert!(cli.global.json);
        assert!(asks_for_json(&["melody".into(), "x".into(), "--json".into()]));
        assert!(!asks_for_json(&["melody".into(), "search".into(), "--".into(), "--json".into()]));
    }

    #[test]
    fn secrets_of_the_command_line_are_not_shown() {
        let cli = parse("login --phone 9876543210 --otp 123456").unwrap();
        let shown = format!("{cli:?}");
        assert!(!shown.contains("9876543210") && !shown.contains("123456"), "{shown}");
    }
}
