//! How each figure of the terminal, the player and the library is measured.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{Figure, Row, answer::Answer};
use crate::{
    command::{Line, built},
    failure::Failure,
};

pub const ALL: &[Figure] = &[
    Figure { what: "Start of the program", measure: help },
    Figure { what: "From the play command to the first sample", measure: first_sample },
    Figure { what: "Memory while playing", measure: memory },
    Figure { what: "A library of a million songs", measure: library },
    Figure { what: "First sync of a hundred thousand songs", measure: first_fill },
    Figure { what: "Comparing two backends", measure: comparison },
];

fn help() -> Result<Vec<Row>, Failure> {
    const SPAWNS: usize = 50;
    let melody = built("release", "melody");
    let ours = median_start(&melody, &["--help"], SPAWNS)?;
    let nothing = median_start(Path::new("true"), &[], SPAWNS)?;
    Ok(vec![Row {
        what: "`melody --help`, start to end".into(),
        measured: ours,
        bound: 10.0,
        unit: "ms",
        how: format!("median of {SPAWNS}; `true`, which does nothing, took {nothing:.1} ms beside it"),
    }])
}

/// Milliseconds from start to end of a program, the median of `times`.
fn median_start(program: &Path, args: &[&str], times: usize) -> Result<f64, Failure> {
    let mut took = Vec::with_capacity(times);
    for _ in 0..times {
        let at = Instant::now();
        let status = Command::new(program)
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map_err(|source| Failure::Start { command: program.display().to_string(), source })?;
        took.push(at.elapsed().as_secs_f64() * 1000.0);
        if !status.success() {
            return Err(Failure::Command {
                command: program.display().to_string(),
                status: status.to_string(),
            });
        }
    }
    Ok(median(took))
}

fn first_sample() -> Result<Vec<Row>, Failure> {
    let answer = answer_of("play_latency", &[])?;
    let runs = answer.number("/runs")?;
    Ok(vec![
        Row {
            what: "play a song on the disk: command to first sample at the sink".into(),
            measured: answer.number("/disk_ms")?,
            bound: 30.0,
            unit: "ms",
            how: format!(
                "median of {runs} in a running core; slowest {:.1} ms",
                answer.number("/disk_worst_ms")?
            ),
        },
        Row {
            what: "the same over loopback HTTP".into(),
            measured: answer.number("/http_ms")?,
            bound: 80.0,
            unit: "ms",
            how: format!(
                "median of {runs}, each song for the first time; slowest {:.1} ms; a bare GET of the whole file took {:.1} ms beside it",
                answer.number("/http_worst_ms")?,
                answer.number("/get_ms")?
            ),
        },
    ])
}

fn library() -> Result<Vec<Row>, Failure> {
    let folder = Folder::new()?;
    let path = |path: &Path| path.display().to_string();
    let answer = answer_of("search_bench", &[SONGS, &path(&folder.0)])?;
    let opened = answer_of("open_profile", &[&path(&folder.0.join("bench.db"))])?;
    Ok([search(&answer)?, pages(&answer)?, opening(&answer, &opened)?].into_iter().flatten().collect())
}

/// The pages of the saved songs, and what of them is not one of many.
fn pages(answer: &Answer) -> Result<Vec<Row>, Failure> {
    let lists = answer.value["lists"].as_object().into_iter().flatten();
    let slowest = |figure: &str| {
        lists
            .clone()
            .filter_map(|(list, figures)| Some((list, figures[figure].as_f64()?)))
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .ok_or_else(|| answer.lacks("lists"))
    };
    let (list, p99) = slowest("p99_ms")?;
    let (first_list, first) = slowest("first_ms")?;
    let (deep_list, deep) = slowest("first_deep_ms")?;
    Ok(vec![Row {
        what: "a page of 100 at any depth of 100,000 saved songs, p99".into(),
        measured: answer.number("/pages/p99_ms")?,
        bound: 1.0,
        unit: "ms",
        how: format!(
            "every order, each way, and four filters; median {:.2} ms; the slowest list: {list}, {p99:.2} ms. Once after \
             each change a list is put in order: at most {deep:.1} ms ({deep_list}), with a filter before its first page \
             ({first_list}, {first:.1} ms)",
            answer.number("/pages/p50_ms")?
        ),
    }])
}

fn opening(answer: &Answer, opened: &Answer) -> Result<Vec<Row>, Failure> {
    Ok(vec![
        Row {
            what: "opening a profile with 1,000,000 songs, 100,000 of them saved".into(),
            measured: opened.number("/open_ms")?,
            bound: 50.0,
            unit: "ms",
            how: format!(
                "median of {}; with the first page of the saved songs {:.1} ms; the database alone {:.1} ms",
                opened.number("/runs")?,
                opened.number("/first_page_ms")?,
                answer.number("/open/p50_ms")?
            ),
        },
        Row {
            what: "the database, for each song".into(),
            measured: answer.number("/bytes_per_song")?,
            bound: f64::INFINITY,
            unit: "bytes",
            how: "with both search indexes, ids, and one song in ten saved".into(),
        },
    ])
}

/// A first sync from the real service on loopback.
fn first_fill() -> Result<Vec<Row>, Failure> {
    let answer = answer_of("first_fill", &["100000", LIMITED_FOR])?;
    Ok(vec![
        Row {
            what: "first sync of 100,000 songs, limits lifted".into(),
            measured: answer.number("/fill_s")?,
            bound: 15.0,
            unit: "s",
            how: format!(
                "from the service on loopback, {} requests, while somebody searches",
                answer.number("/fill_requests")?
            ),
        },
        Row {
            what: "local search meanwhile, p99".into(),
            measured: answer.number("/search/p99_ms")?,
            bound: 20.0,
            unit: "ms",
            how: format!(
                "{} searches in five scripts; median {:.1} ms, slowest {:.1} ms",
                answer.number("/search/count")?,
                answer.number("/search/p50_ms")?,
                answer.number("/search/max_ms")?
            ),
        },
        Row {
            what: "requests of a sync in which nothing changed".into(),
            measured: answer.number("/nothing_new/requests")?,
            bound: 3.0,
            unit: "requests",
            how: format!("right after that first one; {:.0} ms", answer.number("/nothing_new/ms")?),
        },
        Row {
            what: "of the service's limit, what a first sync leaves unused".into(),
            measured: 100.0 * (1.0 - answer.number("/limited/share")?),
            bound: 1.0,
            unit: "%",
            how: format!(
                "{} library calls of the {} that the service allowed in {:.0} s, limits on",
                answer.number("/limited/requests")?,
                answer.number("/limited/allowed")?,
                answer.number("/limited/seconds")?
            ),
        },
        Row {
            what: "times that it was refused meanwhile (429)".into(),
            measured: answer.number("/limited/refused")?,
            bound: 1.0,
            unit: "times",
            how: "the same run".into(),
        },
    ])
}

/// The suite, and two whole libraries, on two backends that differ in their dialect alone.
fn comparison() -> Result<Vec<Row>, Failure> {
    let suite = answer_of("compare", &["suite"])?;
    let libraries = answer_of("compare", &["libraries", ENTRIES])?;
    let found = suite.number("/findings")? + libraries.number("/findings")?;
    if found > 0.0 {
        return Err(Failure::Rule(format!("Two backends that do the same have {found} findings.")));
    }
    Ok(vec![
        Row {
            what: "comparing two backends, the built-in suite without `slow`".into(),
            measured: suite.number("/seconds")?,
            bound: 20.0,
            unit: "s",
            how: format!(
                "{} cases, {} calls compared, limits lifted, over loopback; with the timing of calls",
                suite.number("/cases")?,
                suite.number("/calls")?
            ),
        },
        Row {
            what: "comparing two libraries of 100,000 entries, song by song".into(),
            measured: libraries.number("/seconds")?,
            bound: 10.0,
            unit: "s",
            how: "from two services on loopback, with the sign-in".into(),
        },
        Row {
            what: "peak memory of that".into(),
            measured: libraries.number("/peak_mb")?,
            bound: 200.0,
            unit: "MB",
            how: "VmHWM; the services are processes of their own".into(),
        },
    ])
}

/// Saved songs in each of the libraries that are compared.
const ENTRIES: &str = "100000";

/// Seconds under the real limits: two minutes of them begin.
const LIMITED_FOR: &str = "75";

fn search(answer: &Answer) -> Result<Vec<Row>, Failure> {
    let kinds = answer.value["kinds"].as_object().into_iter().flatten();
    let two_letters = kinds
        .filter(|(kind, _)| kind.starts_with("two letters"))
        .filter_map(|(kind, figures)| Some((kind, figures["p99_ms"].as_f64()?)))
        .max_by(|a, b| a.1.total_cmp(&b.1));
    let Some((hardest, p99)) = two_letters else {
        return Err(answer.lacks("kinds of two letters"));
    };
    let scripts = answer.value["scripts"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let in_scripts =
        scripts.filter_map(|script| Some((script, answer.value["kinds"][script]["p99_ms"].as_f64()?)));
    let Some((script, in_script)) = in_scripts.max_by(|a, b| a.1.total_cmp(&b.1)) else {
        return Err(answer.lacks("scripts"));
    };
    Ok(vec![
        Row {
            what: "local search over 1,000,000 songs, p99".into(),
            measured: answer.number("/all/p99_ms")?,
            bound: 10.0,
            unit: "ms",
            how: format!(
                "all kinds of queries in six scripts; median {:.2} ms, slowest {:.1} ms",
                answer.number("/all/p50_ms")?,
                answer.number("/all/max_ms")?
            ),
        },
        Row {
            what: "the same for two letters, p99".into(),
            measured: p99,
            bound: 10.0,
            unit: "ms",
            how: format!("the hardest kind: {hardest}"),
        },
        Row {
            what: "the same in the slowest script, p99".into(),
            measured: in_script,
            bound: 10.0,
            unit: "ms",
            how: format!("words cut after one to six letters; {script}"),
        },
    ])
}

/// How many songs local search is promised for.
const SONGS: &str = "1000000";

/// Runs an example, built before, and reads what it prints.
fn answer_of(example: &str, args: &[&str]) -> Result<Answer, Failure> {
    let program = built("release", &format!("examples/{example}"));
    Answer::of(example, &Line::new(&program.display().to_string(), args))
}

/// A whole song, streamed, to the sink that keeps real time: the highest resident set of the process.
fn memory() -> Result<Vec<Row>, Failure> {
    let profile = Folder::new()?;
    let melody = built("release", "melody");
    let mut serve = Command::new(&melody);
    serve.args(["serve", "--json", "--port", "0", "--otp", "123456", "--limits", "off"]);
    serve.arg("--data").arg(profile.0.join("service"));
    let mut serve = Running(started(&mut serve)?);
    let first = first_line(&mut serve.0);
    let address = serde_json::from_str::<Value>(&first)
        .ok()
        .and_then(|line| line["listening"].as_str().map(str::to_owned))
        .ok_or_else(|| Failure::Answer { command: "melody serve".into(), detail: first })?;
    let ours = |args: &[&str]| {
        let mut command = Command::new(&melody);
        command.args(["--json", "--server", &address, "--profile"]).arg(profile.0.join("profile")).args(args);
        command.env("MELODY_SECRETS", "file");
        command
    };
    let found = started(&mut ours(&["trending", "--limit", "1"]))?.wait_with_output();
    let found = found.map_err(|source| Failure::Start { command: "melody trending".into(), source })?;
    let id = serde_json::from_slice::<Value>(&found.stdout)
        .ok()
        .and_then(|found| found["songs"][0]["id"].as_str().map(str::to_owned))
        .ok_or_else(|| Failure::Answer { command: "melody trending".into(), detail: "no song".into() })?;
    let peak = peak_megabytes(Running(started(&mut ours(&["play", &id, "--to", "null"]))?))?;
    Ok(vec![Row {
        what: "peak memory of `melody play`".into(),
        measured: peak,
        bound: 40.0,
        unit: "MB",
        how: "VmHWM over a whole song, streamed over loopback HTTP, in real time".into(),
    }])
}

/// The highest resident set of a process until it ends well, in units of 10⁶ bytes.
fn peak_megabytes(mut process: Running) -> Result<f64, Failure> {
    let status_file = format!("/proc/{}/status", process.0.id());
    let mut peak: f64 = 0.0;
    loop {
        if let Ok(text) = fs::read_to_string(&status_file)
            && let Some(kibibytes) = high_water_mark(&text)
        {
            peak = peak.max(kibibytes * 1024.0 / 1e6);
        }
        let ended = process
            .0
            .try_wait()
            .map_err(|source| Failure::Start { command: "melody play".into(), source })?;
        match ended {
            Some(status) if status.success() => return Ok(peak),
            Some(status) => {
                return Err(Failure::Command { command: "melody play".into(), status: status.to_string() });
            }
            None => thread::sleep(Duration::from_millis(20)),
        }
    }
}

fn high_water_mark(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

fn started(command: &mut Command) -> Result<Child, Failure> {
    let shown = format!("{command:?}");
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|source| Failure::Start { command: shown, source })
}

fn first_line(process: &mut Child) -> String {
    let mut line = String::new();
    if let Some(out) = process.stdout.take() {
        // An error leaves the line empty, which is reported as such.
        let _ = BufReader::new(out).read_line(&mut line);
    }
    line
}

/// A process that ends with us.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A folder that goes with us.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("melody-bench-{}", std::process::id()));
        fs::create_dir_all(&path).map_err(|source| Failure::File { path: path.clone(), source })?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays is in the system's folder for such things.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_does_not_mind_an_outlier() {
        assert_eq!(median(vec![3.0, 900.0, 2.0]), 3.0);
    }

    #[test]
    fn the_high_water_mark_is_read_from_the_status() {
        assert_eq!(high_water_mark("Name:\tx\nVmHWM:\t   20480 kB\nVmRSS:\t 5 kB\n"), Some(20_480.0));
        assert_eq!(high_water_mark("Name:\tx\n"), None);
    }
}
