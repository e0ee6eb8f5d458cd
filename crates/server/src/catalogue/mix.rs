//! The mix: every part at its level, in one room, as loud as the other songs; the lead can be left out without touching the rest.

use super::dsp::{Biquad, RATE, Room, Stereo, ease, gain};
use super::rng::{Rng, hash};
use super::score::{self, Score};
use super::style::{Kit, Pad, Pluck};
use super::{DemoSong, Error, Rendition, drums, strings, tones, voice};

/// The highest sample: −1 dBFS.
const CEILING: f32 = 0.891;
/// Loudness of every song before its peaks are held, in LUFS.
const LOUDNESS: f32 = -14.5;

/// Both halves of a song, mastered together.
#[derive(Debug)]
pub struct Mix {
    band: Stereo,
    lead: Stereo,
    /// The master's gain, frame by frame: the same for both renditions.
    gain: Vec<f32>,
}

impl Mix {
    /// Plays the score of a song.
    pub fn of(song: &DemoSong) -> Result<Self, Error> {
        let score = score::write(song)?;
        let frames = song.duration_s as usize * RATE as usize;
        let mut rng = Rng::new(song.seed, hash("play"));
        let mut band = play_band(&score, &mut rng, frames);
        let mut lead = play_lead(&score, &mut rng, frames);
        for bus in [&mut band, &mut lead] {
            bus.filter(Biquad::high_pass(28.0, 0.7));
        }
        let gain = master(&band, &lead);
        Ok(Self { band, lead, gain })
    }

    /// The samples of a rendition: left and right in turn, 16 bits in each.
    pub fn samples(&self, rendition: Rendition) -> Vec<i32> {
        let sung = if rendition == Rendition::Original { 1.0 } else { 0.0 };
        let mut samples = Vec::with_capacity(self.gain.len() * 2);
        for (frame, gain) in self.gain.iter().enumerate() {
            for (band, lead) in [
                (self.band.left[frame], self.lead.left[frame]),
                (self.band.right[frame], self.lead.right[frame]),
            ] {
                let value = (band + lead * sung) * gain * 32_767.0;
                samples.push((value.round() as i32).clamp(-32_768, 32_767));
            }
        }
        samples
    }
}

fn play_band(score: &Score, rng: &mut Rng, frames: usize) -> Stereo {
    let style = &score.style;
    let mut band = Stereo::new(frames);
    let mut send = Stereo::new(frames);
    let mut mix = |stem: Stereo, db: f32, room: f32| {
        let rms = stem.active_rms();
        if rms > 1e-7 {
            let level = gain(db) / rms;
            band.add_all(&stem, level);
            send.add_all(&stem, level * room);
        }
    };

    let mut stem = Stereo::new(frames);
    tones::pad(style.pad, &score.pads, rng, &mut stem);
    let pad_db = match style.pad {
        Pad::Strings => -26.0,
        Pad::Harmonium => -26.5,
        Pad::Keys => -24.0,
    };
    mix(stem, pad_db, 0.35);

    let mut stem = Stereo::new(frames);
    strings::play(style.pluck, &score.plucked, rng, &mut stem);
    mix(stem, -22.5, 0.25);

    let mut stem = Stereo::new(frames);
    if style.pluck == Pluck::Tumbi || style.kit == Kit::Soft && style.pad == Pad::Keys {
        strings::play(Pluck::Santoor, &score.fills, rng, &mut stem);
    } else {
        tones::flute(&score.fills, rng, &mut stem);
    }
    mix(stem, -23.0, 0.5);

    let mut stem = Stereo::new(frames);
    tones::bass(&score.bass, &mut stem);
    mix(stem, -20.5 + 1.5 * style.energy, 0.02);

    let mut stem = Stereo::new(frames);
    strings::tanpura(&score.drone, rng, &mut stem);
    mix(stem, -30.0, 0.2);

    let mut stem = Stereo::new(frames);
    drums::play(&score.drums, score.key.tonic, rng, &mut stem);
    let drums_db = if style.kit == Kit::Bells { -29.0 } else { -23.5 + 4.0 * style.energy };
    mix(stem, drums_db, 0.12);

    let seconds = if style.kit == Kit::Soft { 1.5 } else { 1.9 };
    Room::new(seconds).answer(&send, &mut band, 0.55);
    band
}

fn play_lead(score: &Score, rng: &mut Rng, frames: usize) -> Stereo {
    let dry = voice::choir(&score.lead, &score.second, &score.singer, rng, frames);
    let rms = dry.active_rms();
    if rms < 1e-7 {
        return dry;
    }
    let mut lead = Stereo::new(frames);
    lead.add_all(&dry, gain(-15.8) / rms);
    let mut send = Stereo::new(frames);
    send.add_all(&lead, 0.22);
    // An echo a dotted quaver later, alternating sides.
    let delay = (score.beat_s * 0.75 * RATE) as usize;
    for frame in delay..frames {
        send.left[frame] += lead.right[frame - delay] * 0.10;
    }
    for frame in delay * 2..frames {
        send.right[frame] += lead.left[frame - delay * 2] * 0.06;
    }
    Room::new(1.7).answer(&send, &mut lead, 0.55);
    lead
}

/// The gain of every frame: one loudness for all songs, fades at both ends, and peaks held below the ceiling.
///
/// It is found on the louder of the two renditions, so that it serves both and their difference is the lead alone.
fn master(band: &Stereo, lead: &Stereo) -> Vec<f32> {
    let frames = band.left.len();
    let level = gain((LOUDNESS - loudness(band, lead)).min(40.0));
    let fade_in = RATE * 0.03;
    let fade_out = (RATE * 2.4).min(frames as f32 / 4.0);
    let wanted: Vec<f32> = (0..frames)
        .map(|frame| level * ease(frame as f32 / fade_in) * ease((frames - 1 - frame) as f32 / fade_out))
        .collect();
    let mut held: Vec<f32> = (0..frames)
        .map(|frame| {
            let peak = [(&band.left, &lead.left), (&band.right, &lead.right)]
                .map(|(band, lead)| band[frame].abs().max((band[frame] + lead[frame]).abs()))
                .into_iter()
                .fold(0.0, f32::max);
            (CEILING / (peak * wanted[frame]).max(CEILING)).min(1.0)
        })
        .collect();
    // Down quickly before a peak, up slowly after it; neither pass ever raises a value.
    let (before, after) = (gain(600.0 / RATE), gain(28.0 / RATE));
    for frame in (0..frames.saturating_sub(1)).rev() {
        held[frame] = held[frame].min(held[frame + 1] * before);
    }
    for frame in 1..frames {
        held[frame] = held[frame].min(held[frame - 1] * after);
    }
    held.iter().zip(wanted).map(|(held, wanted)| held * wanted).collect()
}

/// Loudness as ITU-R BS.1770 means it: weighted for the ear, over 400 ms blocks, quiet ones left out.
fn loudness(band: &Stereo, lead: &Stereo) -> f32 {
    let weigh = |band: &[f32], lead: &[f32]| -> Vec<f32> {
        let mut shelf = Biquad::high_shelf(1500.0, 4.0);
        let mut cut = Biquad::high_pass(38.0, 0.5);
        band.iter().zip(lead).map(|(band, lead)| cut.run(shelf.run(band + lead)).powi(2)).collect()
    };
    let left = weigh(&band.left, &lead.left);
    let right = weigh(&band.right, &lead.right);
    let block = (RATE * 0.4) as usize;
    let powers: Vec<f32> = left
        .chunks(block)
        .zip(right.chunks(block))
        .map(|(left, right)| (left.iter().sum::<f32>() + right.iter().sum::<f32>()) / left.len() as f32)
        .collect();
    let mean_above = |floor: f32| {
        let loud: Vec<f32> = powers.iter().copied().filter(|&power| power > floor).collect();
        loud.iter().sum::<f32>() / loud.len().max(1) as f32
    };
    let ungated = mean_above(1e-7);
    let power = mean_above(ungated * 0.1);
    -0.691 + 10.0 * power.max(1e-12).log10()
}
