//! What the values of flags may be, and what is said of those that may not.

use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use melody_model::Rendition;

/// A word of the command line that no `Debug` shows.
#[derive(Clone)]
pub struct Secret(pub String);

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// Where the sound of `play` goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    Device,
    Null,
    File(PathBuf),
}

/// A parser that takes one of a model type's words and lists them in the help.
pub fn words<T>(all: &'static [T], word: fn(T) -> &'static str) -> impl TypedValueParser<Value = T>
where
    T: Copy + FromStr<Err = String> + Send + Sync + 'static,
{
    PossibleValuesParser::new(all.iter().copied().map(word)).try_map(|typed| typed.parse::<T>())
}

pub fn rendition() -> impl TypedValueParser<Value = Rendition> {
    words(&[Rendition::Original, Rendition::Instrumental], Rendition::as_str)
}

pub fn id(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("an ID cannot be empty; lists and searches show the IDs of songs".to_owned());
    }
    Ok(text.to_owned())
}

pub fn limit<const MAX: u32>(text: &str) -> Result<u32, String> {
    match text.trim().parse() {
        Ok(limit) if (1..=MAX).contains(&limit) => Ok(limit),
        _ => Err(format!("it must be a number from 1 to {MAX}")),
    }
}

pub fn offset(text: &str) -> Result<u64, String> {
    // SQLite counts in signed 64 bits; nothing beyond that can be asked for.
    match text.trim().parse::<u64>() {
        Ok(offset) if i64::try_from(offset).is_ok() => Ok(offset),
        _ => Err("it must be a whole number, 0 or more".to_owned()),
    }
}

/// More than any song has; it keeps arithmetic on durations from overflowing.
const LONGEST_S: f64 = 1e9;

/// A hundred years, for the same reason.
pub const LONGEST_TTL_S: u64 = 3_155_760_000;

pub fn seconds_from(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(seconds) if (0.0..=LONGEST_S).contains(&seconds) => Ok(seconds),
        _ => Err("it must be a number of seconds, 0 or more".to_owned()),
    }
}

pub fn seconds_for(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= LONGEST_S => Ok(seconds),
        _ => Err("it must be a number of seconds, more than 0".to_owned()),
    }
}

pub fn output(text: &str) -> Result<Output, String> {
    match text {
        "device" => Ok(Output::Device),
        "null" => Ok(Output::Null),
        file if file.to_ascii_lowercase().ends_with(".wav") => {
            let path = PathBuf::from(file);
            match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
                    Err(format!("there is no folder {}; make it first", folder.display()))
                }
                _ => Ok(Output::File(path)),
            }
        }
        _ => Err("it must be device, null or a file name ending in .wav".to_owned()),
    }
}
