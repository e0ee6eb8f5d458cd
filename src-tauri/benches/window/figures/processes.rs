//! A program with everything that it started: what it takes of the memory and of the processor, and whether it is gone.

use std::{collections::HashSet, fs, path::Path};

/// `USER_HZ`: the kernel counts time so for whoever asks, whatever its own clock does.
const TICKS_A_SECOND: f64 = 100.0;
/// Places in `/proc/PID/stat` after the name.
const PARENT: usize = 1;
const TIMES: std::ops::Range<usize> = 11..15;

/// A process and all that came of it.
pub struct Tree {
    pids: Vec<u32>,
}

impl Tree {
    /// As it is now.
    pub fn of(root: u32) -> Self {
        let parents: Vec<(u32, u32)> = fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter_map(|pid| Some((pid, stat(pid)?.get(PARENT)?.parse().ok()?)))
            .collect();
        let mut found = HashSet::from([root]);
        let mut before = 0;
        while found.len() > before {
            before = found.len();
            found.extend(
                parents
                    .iter()
                    .filter(|(_, parent)| found.contains(parent))
                    .map(|(pid, _)| *pid)
                    .collect::<Vec<_>>(),
            );
        }
        Self { pids: found.into_iter().collect() }
    }

    pub fn count(&self) -> usize {
        self.pids.len()
    }

    /// Memory, in units of 10⁶ bytes; what several processes share is divided among them.
    pub fn megabytes(&self) -> f64 {
        let kibibytes: f64 = self.pids.iter().filter_map(|pid| share(*pid)).sum();
        kibibytes * 1024.0 / 1e6
    }

    /// Seconds of the processor until now, with those of children that have ended.
    pub fn seconds(&self) -> f64 {
        let ticks: f64 = self
            .pids
            .iter()
            .filter_map(|pid| stat(*pid))
            .map(|stat| stat[TIMES].iter().filter_map(|time| time.parse::<f64>().ok()).sum::<f64>())
            .sum();
        ticks / TICKS_A_SECOND
    }

    pub fn is_gone(&self) -> bool {
        // What has ended and was not fetched yet has no program any more.
        self.pids.iter().all(|pid| fs::read_link(format!("/proc/{pid}/exe")).is_err())
    }
}

/// The fields after the name, which may hold anything.
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).ok()?;
    Some(text.rsplit_once(')')?.1.split_whitespace().map(str::to_owned).collect())
}

/// Kibibytes of a process; none when it has ended.
fn share(pid: u32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
