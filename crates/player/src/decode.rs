//! Decoding: packets to stereo frames at the file's own rate, from the first frame of music to the last.

use std::io;
use std::time::Duration;

use symphonia::core::codecs::audio::AudioDecoder;
use symphonia::core::errors::Error as Broken;
use symphonia::core::formats::{FormatReader, SeekMode, SeekTo};
use symphonia::core::packet::Packet;
use symphonia::core::units::{Time, TimeBase};

use crate::channels::Mix;
use crate::engine::{frames, time};
use crate::source::Trouble;
use crate::{Error, Result};

/// Packets in a row that may be damaged before the file is given up; a scratch is shorter.
const MOST_BAD: u32 = 50;
/// Decoders need a run-up after a seek before they are exact: this part of a second.
const RUN_UP: u32 = 10;
/// What a file may lack of its announced length before it counts as cut off.
const TOLERANCE: Duration = Duration::from_millis(500);

/// Whether there is more to decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum More {
    Yes,
    No,
}

/// A song being decoded. Places are counted in frames of the file's rate; 0 is the first frame of music.
pub(crate) struct Decode {
    pub reader: Box<dyn FormatReader>,
    pub decoder: Box<dyn AudioDecoder>,
    pub track: u32,
    pub clock: TimeBase,
    pub rate: u32,
    pub seekable: bool,
    pub trouble: Trouble,
    /// Frames of filling before the music that the demuxer does not know of.
    pub priming: u64,
    /// Where the music ends, when filling follows.
    pub end: Option<u64>,
    /// How long the file says it is, when it can be trusted.
    pub announced: Option<u64>,
    pub mix: Option<Mix>,
    /// Frames before this are not wanted. At the very beginning the decoders' own cuts are right: everything is.
    pub wanted: i64,
    /// Where the next packet begins.
    pub next: i64,
    pub bad: u32,
    /// Whether anything has been decoded at all.
    pub any: bool,
    pub over: bool,
    pub samples: Vec<f32>,
}

impl Decode {
    /// Appends the next frames to `out`, as interleaved stereo.
    pub fn next(&mut self, out: &mut Vec<f32>) -> Result<More> {
        while !self.over {
            let before = out.len();
            match self.reader.next_packet() {
                Ok(Some(packet)) if packet.track_id == self.track => self.decode(&packet, out)?,
                Ok(Some(_)) => {}
                Ok(None) => return self.ended(),
                Err(error) => match self.judge(error)? {
                    More::Yes => {}
                    More::No => return self.ended(),
                },
            }
            if out.len() > before {
                return Ok(if self.over { More::No } else { More::Yes });
            }
        }
        Ok(More::No)
    }

    fn decode(&mut self, packet: &Packet, out: &mut Vec<f32>) -> Result<()> {
        let begin = self.place(packet.pts.get()).saturating_sub(self.priming as i64);
        self.next = begin.saturating_add(self.place(packet.dur.get() as i64));
        let channels = match self.decoder.decode(packet) {
            Ok(decoded) if decoded.spec().rate() != self.rate => {
                return Err(Error::bad("it changes its format on the way"));
            }
            Ok(decoded) => {
                decoded.copy_to_vec_interleaved(&mut self.samples);
                let channels = decoded.spec().channels();
                if self.mix.as_ref().is_none_or(|mix| mix.channels() != channels.count()) {
                    self.mix = Some(Mix::new(channels));
                }
                channels.count()
            }
            Err(error) => {
                if self.judge(error)? == More::No {
                    self.spoilt("the audio in it breaks off")?;
                }
                return Ok(());
            }
        };
        let (Some(mix), count) = (&self.mix, (self.samples.len() / channels) as i64) else { return Ok(()) };
        self.bad = 0;
        if count == 0 {
            return Ok(());
        }
        // What the demuxer knows to be priming has been cut off by the decoder already.
        let begin = begin.saturating_add(self.place(packet.trim_start.get() as i64));
        self.next = begin.saturating_add(count);
        let from = self.wanted.saturating_sub(begin).clamp(0, count);
        let to = self.end.map_or(count, |end| (end as i64).saturating_sub(begin).clamp(from, count));
        mix.apply(&self.samples[from as usize * channels..to as usize * channels], out);
        self.any |= to > from;
        self.over = self.end.is_some_and(|end| self.next >= end as i64);
        Ok(())
    }

    /// What an error means: an end (`No`), something to skip (`Yes`), or that it is over.
    fn judge(&mut self, error: Broken) -> Result<More> {
        if let Some(trouble) = self.trouble.take() {
            return Err(trouble);
        }
        match error {
            Broken::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(More::No),
            // What the source itself reports was noted above: this is a place in the file that cannot be.
            Broken::IoError(error) => Err(Error::bad(error.to_string())),
            Broken::Unsupported(what) => Err(Error::unsupported(what)),
            Broken::ResetRequired => Err(Error::bad("it changes its format on the way")),
            Broken::DecodeError(what) | Broken::LimitError(what) => self.spoilt(what),
            other => self.spoilt(&other.to_string()),
        }
    }

    fn spoilt(&mut self, what: &str) -> Result<More> {
        self.bad += 1;
        tracing::debug!(what, "a damaged packet is skipped");
        if self.bad > MOST_BAD { Err(Error::bad(what)) } else { Ok(More::Yes) }
    }

    fn ended(&mut self) -> Result<More> {
        self.over = true;
        if let Some(trouble) = self.trouble.take() {
            return Err(trouble);
        }
        let reached = time(self.next.max(0) as u64, self.rate);
        if let Some(announced) = self.announced.map(|all| time(all, self.rate))
            && reached + TOLERANCE < announced
        {
            let (reached, announced) = (reached.as_secs_f64(), announced.as_secs_f64());
            return Err(Error::bad(format!("the file ends after {reached:.1} s of {announced:.1} s")));
        }
        if self.any { Ok(More::No) } else { Err(Error::bad("there is no sound in it")) }
    }

    /// Goes to a place; the next frame is exactly there. `NotSeekable` when it lies behind in a stream.
    pub fn seek(&mut self, to: Duration) -> Result<Duration> {
        let target = frames(to, self.rate) as i64;
        let ahead = target >= self.next && !self.over;
        if !self.seekable {
            if !ahead {
                return Err(Error::NotSeekable);
            }
        } else if let Err(error) = self.jump(target)
            && !ahead
        {
            return Err(error);
        }
        self.wanted = target;
        // Beyond the end there is nothing to hear, which is not the file's fault.
        self.any = true;
        Ok(to)
    }

    fn jump(&mut self, target: i64) -> Result<()> {
        let run_up = i64::from(self.rate / RUN_UP);
        let place = (target + self.priming as i64 - run_up).max(0);
        let time = Time::try_from_secs_f64(place as f64 / f64::from(self.rate)).unwrap_or(Time::ZERO);
        match self.reader.seek(SeekMode::Accurate, SeekTo::Time { time, track_id: Some(self.track) }) {
            Ok(_) => self.over = false,
            Err(Broken::SeekError(_)) if target > self.next => self.over = true,
            Err(error) => return Err(self.trouble.take().unwrap_or_else(|| Error::bad(error.to_string()))),
        }
        self.decoder.reset();
        self.bad = 0;
        Ok(())
    }

    /// Ticks of the track's clock as frames.
    fn place(&self, ticks: i64) -> i64 {
        let (numer, denom) = (i128::from(self.clock.numer.get()), i128::from(self.clock.denom.get()));
        let all = i128::from(ticks) * numer * i128::from(self.rate);
        i64::try_from((all + denom / 2).div_euclid(denom)).unwrap_or(i64::MAX)
    }
}
