//! From the file's rate to the output's: band-limited, without the resampler's delay, and of exactly the right length.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Indexing, Resampler as _};

use crate::{Error, Result};

/// Frames for the resampler at once: enough for a steep filter (flat to 20 kHz from 44.1 kHz), 23 ms of delay at most.
const CHUNK: usize = 1_024;

/// Stereo in, stereo out. Rates that are the same pass bit for bit.
pub(crate) struct Resampler {
    engine: Option<Engine>,
}

struct Engine {
    fft: Fft<f32>,
    /// Input that does not fill a chunk yet, interleaved.
    rest: Vec<f32>,
    made: Vec<f32>,
    /// Frames of the resampler's own delay that are still to be dropped.
    delay: usize,
    taken: u64,
    given: u64,
    from: u64,
    to: u64,
}

impl Resampler {
    pub fn new(from: u32, to: u32) -> Result<Self> {
        if from == to {
            return Ok(Self { engine: None });
        }
        let fft = Fft::new(from as usize, to as usize, CHUNK, 2, FixedSync::Input).map_err(|e| broken(&e))?;
        let made = vec![0.0; fft.output_frames_max() * 2];
        let delay = fft.output_delay();
        let (from, to) = (u64::from(from), u64::from(to));
        Ok(Self { engine: Some(Engine { fft, rest: Vec::new(), made, delay, taken: 0, given: 0, from, to }) })
    }

    /// Appends to `out` what can be made of `frames` (both interleaved stereo).
    pub fn push(&mut self, frames: &[f32], out: &mut Vec<f32>) -> Result<()> {
        match &mut self.engine {
            None => out.extend_from_slice(frames),
            Some(engine) => {
                engine.taken += frames.len() as u64 / 2;
                engine.rest.extend_from_slice(frames);
                let mut used = 0;
                while engine.rest.len() - used >= engine.fft.input_frames_next() * 2 {
                    used += engine.chunk(used, None, out)? * 2;
                }
                engine.rest.drain(..used);
            }
        }
        Ok(())
    }

    /// Appends what is still inside: afterwards as much has come out, to the frame, as went in.
    pub fn finish(&mut self, out: &mut Vec<f32>) -> Result<()> {
        let Some(engine) = &mut self.engine else { return Ok(()) };
        let due = (engine.taken * engine.to + engine.from / 2) / engine.from;
        let mut partial = engine.rest.len() / 2;
        while engine.given < due {
            let before = out.len();
            engine.chunk(0, Some(partial), out)?;
            engine.rest.clear();
            partial = 0;
            let surplus = engine.given.saturating_sub(due);
            out.truncate((out.len() - surplus as usize * 2).max(before));
            engine.given -= surplus;
        }
        Ok(())
    }
}

impl Engine {
    /// Runs one chunk from `rest`, `used` samples in; returns the frames consumed.
    fn chunk(&mut self, used: usize, partial: Option<usize>, out: &mut Vec<f32>) -> Result<usize> {
        let input = &self.rest[used..];
        let input = InterleavedSlice::new(input, 2, input.len() / 2).map_err(|e| broken(&e))?;
        let room = self.made.len() / 2;
        let mut made = InterleavedSlice::new_mut(&mut self.made, 2, room).map_err(|e| broken(&e))?;
        let indexing = Indexing { partial_len: partial, ..Indexing::new() };
        let (read, written) =
            self.fft.process_into_buffer(&input, &mut made, Some(&indexing)).map_err(|e| broken(&e))?;
        let skip = self.delay.min(written);
        self.delay -= skip;
        out.extend_from_slice(&self.made[skip * 2..written * 2]);
        self.given += (written - skip) as u64;
        Ok(read)
    }
}

fn broken(error: &dyn std::fmt::Display) -> Error {
    Error::bad(format!("its sample rate can't be converted ({error})"))
}
