//! An output drawn from by the test's own hand: time passes when the test says so.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use melody_player::{Error, Report, Result, Sink, Tap, Trouble};

use super::PATIENCE;

#[derive(Default)]
struct Inside {
    tap: Option<Tap>,
    report: Option<Report>,
    openings: usize,
    rates: Vec<u32>,
    missing: bool,
    chosen: Vec<Option<String>>,
}

/// The test's end.
#[derive(Clone, Default)]
pub struct Hand(Arc<Mutex<Inside>>);

/// The player's end.
pub struct HandSink(Hand);

impl Hand {
    pub fn sink(&self) -> Box<dyn Sink> {
        Box::new(HandSink(self.clone()))
    }

    /// The rates of the next openings; 48 kHz after that.
    pub fn next_rates(&self, rates: &[u32]) {
        self.0.lock().unwrap().rates = rates.iter().rev().copied().collect();
    }

    pub fn set_missing(&self, missing: bool) {
        self.0.lock().unwrap().missing = missing;
    }

    /// The devices that were chosen, in order.
    pub fn chosen(&self) -> Vec<Option<String>> {
        self.0.lock().unwrap().chosen.clone()
    }

    pub fn openings(&self) -> usize {
        self.0.lock().unwrap().openings
    }

    /// Draws once, like a device that wants `frames`; returns what sounded.
    pub fn draw(&self, frames: usize) -> Vec<f32> {
        let mut block = vec![f32::NAN; frames * 2];
        let mut inside = self.0.lock().unwrap();
        let got = inside.tap.as_mut().map_or(0, |tap| {
            let got = tap.draw(&mut block);
            tap.wake();
            got
        });
        assert!(block[..got * 2].iter().all(|sample| sample.is_finite()));
        block.truncate(got * 2);
        block
    }

    /// Draws until `frames` have sounded, waiting for the decoder where it must.
    pub fn hear(&self, frames: usize) -> Vec<f32> {
        let mut heard = Vec::new();
        let since = Instant::now();
        while heard.len() < frames * 2 {
            let part = self.draw((frames - heard.len() / 2).min(4_800));
            if part.is_empty() {
                assert!(since.elapsed() < PATIENCE, "only {} of {frames} frames came", heard.len() / 2);
                thread::sleep(Duration::from_millis(1));
            }
            heard.extend(part);
        }
        heard
    }

    /// The device is pulled out.
    pub fn lose(&self) {
        let report = self.0.lock().unwrap().report.clone().unwrap();
        report(Trouble::Lost("unplugged".into()));
        // A dying device may complain more than once.
        report(Trouble::Lost("unplugged".into()));
    }
}

impl Sink for HandSink {
    fn open(&mut self, tap: Tap, report: Report) -> Result<u32> {
        let mut inside = self.0.0.lock().unwrap();
        if inside.missing {
            return Err(Error::NoDevice { message: "nothing is plugged in".into() });
        }
        inside.openings += 1;
        inside.tap = Some(tap);
        inside.report = Some(report);
        Ok(inside.rates.pop().unwrap_or(48_000))
    }

    fn settle(&mut self) -> Result<()> {
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        self.0.0.lock().unwrap().tap = None;
        Ok(())
    }

    fn choose(&mut self, device: Option<String>) {
        self.0.0.lock().unwrap().chosen.push(device);
    }
}
