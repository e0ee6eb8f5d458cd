//! Two recordings of one sound: where one lies in the other, how alike they are, whether anything is missing.

/// Sound as the sinks get it: 48 kHz, two channels, interleaved.
pub const RATE: usize = 48_000;
const CHANNELS: usize = 2;

/// The left channel is enough to place a sound; both are compared.
fn left(sound: &[f32]) -> Vec<f32> {
    sound.iter().step_by(CHANNELS).copied().collect()
}

/// How a heard sound compares with the one that was meant.
#[derive(Debug)]
pub struct Likeness {
    /// Of the whole, both channels: 1 is the same up to loudness.
    pub correlation: f64,
    /// The least alike stretch that is not silence: when, in seconds, and its correlation.
    pub worst: (f64, f64),
    /// Frames of `heard` before the sound begins.
    pub lead: usize,
    /// Frames of the sound that `heard` holds.
    pub frames: usize,
    /// By how many frames the sound is late a second after the worst stretch: silence was put in (above 0)
    /// or something left out (below 0). Looked for only where something is wrong.
    pub moved: Option<isize>,
}

/// Finds `meant` in `heard` and compares them from there, all of it and stretch by stretch.
/// A gap, a repeat or a skip moves everything after it, and shows as stretches that are alike no more.
pub fn compare(heard: &[f32], meant: &[f32]) -> Likeness {
    let lead = place(&left(heard), &left(meant));
    let heard = &heard[lead * CHANNELS..];
    let samples = heard.len().min(meant.len());
    let (heard, meant) = (&heard[..samples], &meant[..samples]);
    let stretch = RATE / 20 * CHANNELS;
    let loud = energy(meant) / samples as f64 / 1_000.0;
    let worst = heard
        .chunks_exact(stretch)
        .zip(meant.chunks_exact(stretch))
        .enumerate()
        .filter(|(_, (_, meant))| energy(meant) / stretch as f64 > loud)
        .map(|(index, (heard, meant))| (index as f64 / 20.0, correlation(heard, meant)))
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .expect("the sound that is meant is silent");
    let moved =
        (worst.1 < 0.9).then(|| moved(heard, meant, (worst.0 * RATE as f64) as usize + RATE)).flatten();
    Likeness { correlation: correlation(heard, meant), worst, lead, frames: samples / CHANNELS, moved }
}

/// How much later than in `meant` the sound at frame `from` is in `heard`, if that is within a quarter of a second.
fn moved(heard: &[f32], meant: &[f32], from: usize) -> Option<isize> {
    const FAR: usize = RATE / 4;
    const SLICE: usize = 8_192;
    let (heard, meant) = (left(heard), left(meant));
    let slice = meant.get(from..from + SLICE)?;
    (from.checked_sub(FAR)?..from + FAR)
        .filter_map(|at| Some((at, correlation(heard.get(at..at + SLICE)?, slice))))
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .filter(|(_, likeness)| *likeness > 0.9)
        .map(|(at, _)| at as isize - from as isize)
}

fn energy(sound: &[f32]) -> f64 {
    sound.iter().map(|&sample| f64::from(sample).powi(2)).sum()
}

/// The cosine of two stretches: 1 for the same shape, about 0 for different sounds.
pub fn correlation(a: &[f32], b: &[f32]) -> f64 {
    let product: f64 = a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
    let size = (energy(a) * energy(b)).sqrt();
    if size > 0.0 { product / size } else { 0.0 }
}

/// The offset of `meant` in `heard` at which they agree best: near where both become audible.
fn place(heard: &[f32], meant: &[f32]) -> usize {
    const NEAR: usize = 4_800;
    const SLICE: usize = 16_384;
    let begins = |sound: &[f32]| sound.iter().position(|sample| sample.abs() > 1e-3);
    let (Some(in_heard), Some(in_meant)) = (begins(heard), begins(meant)) else {
        panic!("one of the two sounds is silent");
    };
    let from = in_meant;
    let slice = &meant[from..(from + SLICE).min(meant.len())];
    let about = in_heard as isize;
    let best = (about - NEAR as isize..=about + NEAR as isize)
        .filter_map(|at| usize::try_from(at).ok())
        .filter(|&at| at >= from && at + slice.len() <= heard.len())
        .map(|at| (at, correlation(&heard[at..at + slice.len()], slice)))
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .expect("the heard sound is too short");
    best.0 - from
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sound that is nowhere like itself elsewhere.
    fn noise(frames: usize) -> Vec<f32> {
        let mut state = 1_u32;
        (0..frames * CHANNELS)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 23) as f32 - 1.0
            })
            .collect()
    }

    #[test]
    fn a_sound_is_found_after_silence() {
        let meant = noise(RATE);
        let heard = [vec![0.0; 3_000 * CHANNELS], meant.clone(), vec![0.0; 200]].concat();
        let found = compare(&heard, &meant);
        assert_eq!((found.lead, found.frames), (3_000, RATE));
        assert!(found.correlation > 0.999_9 && found.worst.1 > 0.999, "{found:?}");
    }

    #[test]
    fn a_gap_of_five_milliseconds_is_seen() {
        let meant = noise(3 * RATE);
        let (first, second) = meant.split_at(RATE);
        let heard = [first, &vec![0.0; 240 * CHANNELS], second].concat();
        let found = compare(&heard, &meant);
        assert!(found.worst.1 < 0.5 && found.correlation < 0.9, "{found:?}");
        assert_eq!(found.moved, Some(240), "{found:?}");
    }
}
