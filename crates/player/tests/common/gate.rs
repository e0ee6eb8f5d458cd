//! A reader that gives out its bytes only as far as the test lets it: a slow network, by hand.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Condvar, Mutex};

#[derive(Default)]
struct State {
    open_to: usize,
    cancelled: bool,
    fail: Option<io::ErrorKind>,
    blocked: bool,
}

/// The test's hand on the gate.
#[derive(Clone, Default)]
pub struct Gate(Arc<(Mutex<State>, Condvar)>);

impl Gate {
    /// Lets bytes up to `to` through.
    pub fn open_to(&self, to: usize) {
        self.change(|state| {
            state.open_to = to;
            // A read that stands there goes on, and stands there again only when it has taken these.
            state.blocked = false;
        });
    }

    /// Ends a blocked read, and every later one, with an error.
    pub fn cancel(&self) {
        self.change(|state| state.cancelled = true);
    }

    /// Reads beyond the gate fail instead of waiting.
    pub fn fail_with(&self, kind: io::ErrorKind) {
        self.change(|state| state.fail = Some(kind));
    }

    pub fn cancelled(&self) -> bool {
        self.0.0.lock().unwrap().cancelled
    }

    /// Waits until a read stands before the gate.
    pub fn wait_until_blocked(&self) {
        let state = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(state, |state| !state.blocked).unwrap());
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.0.lock().unwrap());
        self.0.1.notify_all();
    }
}

pub struct Gated {
    bytes: Vec<u8>,
    at: usize,
    gate: Gate,
}

impl Gated {
    pub fn new(bytes: Vec<u8>, gate: &Gate) -> Self {
        Self { bytes, at: 0, gate: gate.clone() }
    }
}

impl Read for Gated {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut state = self.gate.0.0.lock().unwrap();
        loop {
            if state.cancelled {
                return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "cancelled"));
            }
            let end = state.open_to.min(self.bytes.len());
            let rest = self.bytes.get(self.at..end).unwrap_or_default();
            if !rest.is_empty() || self.at >= self.bytes.len() {
                let count = rest.len().min(buf.len());
                buf[..count].copy_from_slice(&rest[..count]);
                self.at += count;
                return Ok(count);
            }
            if let Some(kind) = state.fail {
                return Err(io::Error::new(kind, "the connection broke"));
            }
            state.blocked = true;
            self.gate.0.1.notify_all();
            state = self.gate.0.1.wait(state).unwrap();
            state.blocked = false;
        }
    }
}

impl Seek for Gated {
    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        let at = match pos {
            SeekFrom::Start(at) => at as i64,
            SeekFrom::Current(offset) => self.at as i64 + offset,
            SeekFrom::End(offset) => self.bytes.len() as i64 + offset,
        };
        self.at = usize::try_from(at).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(at as u64)
    }
}
