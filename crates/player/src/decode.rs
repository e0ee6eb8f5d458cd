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
use crate::tail::Tail;
use crate::{Error, Result, format};

/// Packets in a row that may be damaged before the file is given up; a scratch is shorter.
const MOST_BAD: u32 = 50;
/// Decoders need a run-up after a seek before they are exact: this part of a second.
const RUN_UP: u32 = 10;
/// What a file may lack of its announced length before it counts as cut off.
const TOLERANCE: Duration = Duration::from_millis(500);
/// What may be missing in a song's midst, all in all, before it counts as damaged.
const MOST_LOST: Duration = Duration::from_secs(2);
/// Clocks of containers are as coarse as a millisecond: what is shorter than this part of a second is no gap.
const GAP: u32 = 100;
/// The longest header of an ADTS frame.
const ADTS_HEADER: u64 = 9;

/// Whether there is more to decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum More {
    Yes,
    No,
}

/// How the end of a file shows whether it is cut off, beside the length that it may announce.
pub(crate) enum Pieces {
    /// It does not. In MP3 it could, but many files were trimmed by the byte and lack nothing else.
    Loose,
    /// Each piece says its size: an end within one is a cut.
    Measured,
    /// Ogg's pages, which the demuxer measures without telling.
    Pages(Tail),
    /// The frames of ADTS. Of one whose header is cut off the demuxer does not tell.
    Frames(Tail),
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
    pub pieces: Pieces,
    /// How long the file says it is, when it can be trusted.
    pub announced: Option<u64>,
    pub mix: Option<Mix>,
    /// Frames before this are not wanted. At the very beginning the decoders' own cuts are right: everything is.
    pub wanted: i64,
    /// Where the next packet begins.
    pub next: i64,
    pub bad: u32,
    /// Frames that are missing in between.
    pub lost: i64,
    /// How many bytes should be frames of ADTS, which has no clock that would show what was skipped; and how many were.
    pub adts: Option<u64>,
    pub adts_used: u64,
    /// Whether the next packet follows the one before.
    pub follows: bool,
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
                Ok(None) => return self.ended(false),
                Err(error) => match self.judge(error)? {
                    More::Yes => {}
                    More::No => return self.ended(true),
                },
            }
            if out.len() > before && !self.over {
                return Ok(More::Yes);
            }
        }
        self.verdict()
    }

    fn decode(&mut self, packet: &Packet, out: &mut Vec<f32>) -> Result<()> {
        let begin = self.place(packet.pts.get()).saturating_sub(self.priming as i64);
        let gap = begin.saturating_sub(self.next);
        if self.follows && gap > i64::from(self.rate / GAP) {
            self.lost = self.lost.saturating_add(gap);
        }
        let length = self.place(packet.dur.get() as i64);
        self.next = begin.saturating_add(length);
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
                self.skip(error)?;
                self.lost = self.lost.saturating_add(length);
                return Ok(());
            }
        };
        let (Some(mix), count) = (&self.mix, (self.samples.len() / channels) as i64) else { return Ok(()) };
        self.bad = 0;
        if count == 0 {
            // The first of a song only primes the decoder; a later one should have been heard.
            self.lost = self.lost.saturating_add(if self.follows { length } else { 0 });
            return Ok(());
        }
        self.follows = true;
        self.adts_used += packet.data.len() as u64 + ADTS_HEADER;
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

    /// What a demuxer's error means: an end (`No`), something to skip (`Yes`), or that it is over.
    fn judge(&mut self, error: Broken) -> Result<More> {
        if let Some(trouble) = self.trouble.take() {
            return Err(trouble);
        }
        match error {
            Broken::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(More::No),
            // What the source itself reports was noted above: this is a place in the file that cannot be.
            error @ Broken::IoError(_) => Err(format::broken(&error)),
            error => self.skip(error).map(|()| More::Yes),
        }
    }

    /// Goes on after a damaged packet, unless that is of no use.
    fn skip(&mut self, error: Broken) -> Result<()> {
        match error {
            Broken::ResetRequired => Err(Error::bad("it changes its format on the way")),
            // What could be decoded so far can't be of an unknown kind now.
            Broken::Unsupported(what) if !self.any => Err(Error::unsupported(what)),
            Broken::Unsupported(what) | Broken::DecodeError(what) | Broken::LimitError(what) => {
                self.spoilt(what)
            }
            // A decoder's end of the bytes is that of its packet.
            other => self.spoilt(&other.to_string()),
        }
    }

    fn spoilt(&mut self, what: &str) -> Result<()> {
        self.bad += 1;
        tracing::debug!(what, "a damaged packet is skipped");
        if self.bad > MOST_BAD { Err(Error::bad(what)) } else { Ok(()) }
    }

    /// The bytes are at their end; `amid` when the demuxer would have needed more.
    fn ended(&mut self, amid: bool) -> Result<More> {
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
        let broken = match &self.pieces {
            Pieces::Loose => false,
            Pieces::Measured => amid,
            Pieces::Pages(tail) => amid && tail.ends_within_page(),
            Pieces::Frames(tail) => amid || tail.ends_within_frame(),
        };
        if broken && self.any {
            return Err(Error::bad(format!("the file breaks off after {:.1} s", reached.as_secs_f64())));
        }
        self.verdict()
    }

    /// How it went, at the end of the music.
    fn verdict(&self) -> Result<More> {
        let lost = time(self.lost() as u64, self.rate);
        if lost > MOST_LOST {
            return Err(Error::bad(format!("{:.1} s of it can't be decoded", lost.as_secs_f64())));
        }
        if self.any { Ok(More::No) } else { Err(Error::bad("there is no sound in it")) }
    }

    /// Frames that were lost on the way.
    fn lost(&self) -> i64 {
        match self.adts {
            // As many as the skipped bytes would have made, at the rate of the others.
            Some(all) => {
                let skipped = all.saturating_sub(self.adts_used) as f64;
                (skipped * self.next.max(0) as f64 / self.adts_used.max(1) as f64) as i64
            }
            None => self.lost.max(0),
        }
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
            Err(error) => return Err(self.trouble.take().unwrap_or_else(|| format::broken(&error))),
        }
        self.decoder.reset();
        self.bad = 0;
        self.follows = false;
        // What was skipped is no longer what was lost.
        self.adts = None;
        Ok(())
    }

    /// Ticks of the track's clock as frames.
    fn place(&self, ticks: i64) -> i64 {
        let (numer, denom) = (i128::from(self.clock.numer.get()), i128::from(self.clock.denom.get()));
        let all = i128::from(ticks) * numer * i128::from(self.rate);
        i64::try_from((all + denom / 2).div_euclid(denom)).unwrap_or(i64::MAX)
    }
}
