//! The machine, as far as figures depend on it. Never its name.

use std::{env, fs, thread};

use crate::command::Line;

/// One sentence: processor, cores, memory, system, compiler.
pub fn described() -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let processor =
        value_of(&read("/proc/cpuinfo"), "model name", ':').unwrap_or_else(|| env::consts::ARCH.into());
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let memory = value_of(&read("/proc/meminfo"), "MemTotal", ':').and_then(|text| gibibytes(&text));
    let memory = memory.map_or(String::new(), |memory| format!(", {memory:.0} GiB"));
    let system =
        value_of(&read("/etc/os-release"), "PRETTY_NAME", '=').unwrap_or_else(|| env::consts::OS.into());
    let rustc = Line::new("rustc", &["--version"]).output().map(|(text, _)| text).unwrap_or_default();
    let rustc = rustc.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
    format!("Machine: {processor}, {cores} cores{memory}; {system}; {rustc}.")
}

/// The first `name<separator> value` of a text, without quotes.
fn value_of(text: &str, name: &str, separator: char) -> Option<String> {
    text.lines()
        .filter_map(|line| line.split_once(separator))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim().trim_matches('"').to_owned())
}

fn gibibytes(text: &str) -> Option<f64> {
    let kibibytes: f64 = text.strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes / 1024.0 / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_in_their_files() {
        assert_eq!(value_of("model name\t: A CPU @ 2 GHz\n", "model name", ':').unwrap(), "A CPU @ 2 GHz");
        assert_eq!(value_of("A=1\nPRETTY_NAME=\"Debian 12\"\n", "PRETTY_NAME", '=').unwrap(), "Debian 12");
        assert_eq!(gibibytes("8388608 kB").unwrap().round() as u64, 8);
    }
}
