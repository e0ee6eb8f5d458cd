//! How each figure of the window is measured, beside an empty window in the same run.

use std::fs;

use super::{Figure, Row, answer::Answer};
use crate::{
    command::{Line, built},
    failure::Failure,
    ui,
};

/// What is built for the figures, the window's and the others, so that all are of one build.
pub const PACKAGES: &[&str] = &[
    "--package",
    "melody-studio",
    "--package",
    "melody-cli",
    "--package",
    "melody-core",
    "--package",
    "melody-library",
];

#[cfg(target_os = "linux")]
pub const ALL: &[Figure] = &[
    Figure { what: "Size of the window's program", measure: program },
    Figure { what: "Size of the first screen", measure: script },
    Figure { what: "Start of the window", measure: start },
    Figure { what: "The window at rest", measure: rest },
    Figure { what: "Typing in the search box", measure: typing },
    Figure { what: "Scrolling through 100,000 songs", measure: scrolling },
    Figure { what: "The window after ten minutes of playing", measure: playing },
];
#[cfg(not(target_os = "linux"))]
pub const ALL: &[Figure] = &[
    Figure { what: "Size of the window's program", measure: program },
    Figure { what: "Size of the first screen", measure: script },
];

/// The measuring program of the window, or its build alone.
pub fn bench(what: &[&str]) -> Line {
    Line::cargo(&[&["bench", "--quiet"], PACKAGES, &["--bench", "window"], what].concat())
}

fn measured(figure: &str) -> Result<Answer, Failure> {
    Answer::of(figure, &bench(&["--", figure]))
}

fn program() -> Result<Vec<Row>, Failure> {
    let size = |program: &str| {
        let path = built("release", program);
        let found = fs::metadata(&path).map_err(|source| Failure::File { path, source })?;
        Ok(found.len() as f64 / 1e6)
    };
    Ok(vec![Row {
        what: "the window's program, stripped".into(),
        measured: size("melody-studio")?,
        bound: 25.0,
        unit: "MB",
        how: format!(
            "with the screen in it; an empty window's took {:.1} MB beside it",
            size("examples/empty-window")?
        ),
    }])
}

fn script() -> Result<Vec<Row>, Failure> {
    let line = ui::npm(&["run", "--silent", "size"]);
    // It says its figures before it fails over its own limit, which is ours.
    let (text, _) = line.output()?;
    let Some((bytes, screen)) = heaviest(&text) else {
        return Err(Failure::Answer { command: line.to_string(), detail: text });
    };
    Ok(vec![Row {
        what: "JavaScript of the first screen, gzip".into(),
        measured: bytes / 1e3,
        bound: 100.0,
        unit: "kB",
        how: format!("the entry and the heaviest screen that can be the first: {screen}"),
    }])
}

/// Of lines such as `with src/screens/Home.svelte: 76043 bytes, gzip`, the greatest figure and its screen.
fn heaviest(text: &str) -> Option<(f64, &str)> {
    text.lines()
        .filter_map(|line| line.strip_prefix("with ")?.strip_suffix(" bytes, gzip")?.rsplit_once(": "))
        .filter_map(|(screen, bytes)| Some((bytes.parse().ok()?, screen.rsplit('/').next()?)))
        .max_by(|a: &(f64, _), b| a.0.total_cmp(&b.0))
}

fn start() -> Result<Vec<Row>, Failure> {
    let answer = measured("start")?;
    let (ours, empty) = (answer.number("/ours_ms")?, answer.number("/empty_ms")?);
    Ok(vec![Row {
        what: "the window, from start to usable, beside an empty window".into(),
        measured: ours / empty,
        bound: 1.3,
        unit: "×",
        how: format!(
            "{ours:.0} ms until Home is seen with its covers, {empty:.0} ms until an empty window's line of text is; read from the display's memory; medians of {}, in turn",
            answer.number("/runs")?
        ),
    }])
}

fn rest() -> Result<Vec<Row>, Failure> {
    let answer = measured("rest")?;
    let (ours, empty) = (answer.number("/ours_mb")?, answer.number("/empty_mb")?);
    Ok(vec![
        Row {
            what: "memory of all its processes, beside an empty window".into(),
            measured: ours / empty,
            bound: 1.3,
            unit: "×",
            how: format!("{ours:.0} MB signed in, with Home shown; {empty:.0} MB of the empty one; PSS"),
        },
        Row {
            what: "processor while the window only stands there".into(),
            measured: answer.number("/ours_cpu_percent")?,
            bound: 1.0,
            unit: "%",
            how: format!(
                "of one core, all processes, over {} s; an empty window took {:.2} % beside it",
                answer.number("/idle_s")?,
                answer.number("/empty_cpu_percent")?
            ),
        },
    ])
}

fn typing() -> Result<Vec<Row>, Failure> {
    let answer = measured("typing")?;
    Ok(vec![Row {
        what: "a key in the search box: pressed to painted, p95".into(),
        measured: answer.number("/ours_p95_ms")?,
        bound: 50.0,
        unit: "ms",
        how: format!(
            "{} keys pressed through X while it searches, until the letter is in the display's memory; median {:.1} ms; a bare field in an empty window took {:.1} ms, p95 {:.1} ms",
            answer.number("/keys")?,
            answer.number("/ours_ms")?,
            answer.number("/empty_ms")?,
            answer.number("/empty_p95_ms")?
        ),
    }])
}

fn scrolling() -> Result<Vec<Row>, Failure> {
    let answer = measured("scrolling")?;
    Ok(vec![
        Row {
            what: "a frame while a library of 100,000 songs scrolls, p95".into(),
            measured: answer.number("/ours_p95_ms")?,
            bound: 16.0,
            unit: "ms",
            how: format!(
                "from its beginning until the page has drawn it, two rows further each of {}; median {:.1} ms, and {:.1} ms from frame to frame (p95); a bare list in an empty window took {:.1} ms, and {:.1} ms",
                answer.number("/frames")?,
                answer.number("/ours_ms")?,
                answer.number("/ours_apart_ms")?,
                answer.number("/empty_p95_ms")?,
                answer.number("/empty_apart_ms")?
            ),
        },
        Row {
            what: "rows in the document meanwhile".into(),
            measured: answer.number("/rows")?,
            bound: 60.0,
            unit: "",
            how: "the most of any frame".into(),
        },
    ])
}

fn playing() -> Result<Vec<Row>, Failure> {
    let answer = measured("playing")?;
    let (ours, empty) = (answer.number("/ours_mb")?, answer.number("/empty_mb")?);
    Ok(vec![Row {
        what: "the same memory after ten minutes of playing".into(),
        measured: ours / empty,
        bound: 1.3,
        unit: "×",
        how: format!(
            "{ours:.0} MB after {} minutes to a sound server, {empty:.0} MB of the empty window; playing took {:.1} % of a core",
            answer.number("/minutes")?,
            answer.number("/ours_cpu_percent")?
        ),
    }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_screen_is_found() {
        let said = "entry with its imports: 70 bytes, gzip\nwith src/screens/Home.svelte: 99 bytes, gzip\n\
                    with src/screens/Song.svelte: 100 bytes, gzip\nnothing\n";
        assert_eq!(heaviest(said), Some((100.0, "Song.svelte")));
        assert_eq!(heaviest("entry with its imports: 70 bytes, gzip\n"), None);
    }
}
