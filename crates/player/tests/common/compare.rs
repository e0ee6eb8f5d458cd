//! Is what was heard what should be heard? Correlation, delay and gaps of interleaved stereo.

/// The correlation of two stretches, 1 for the same shape at any loudness. 0 when one of them is silent.
pub fn correlation(a: &[f32], b: &[f32]) -> f64 {
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (&a, &b) in a.iter().zip(b) {
        let (a, b) = (f64::from(a), f64::from(b));
        ab += a * b;
        aa += a * a;
        bb += b * b;
    }
    if aa * bb == 0.0 { 0.0 } else { ab / (aa * bb).sqrt() }
}

/// How many frames `heard` lags behind `wanted`, looked for within ±`most` frames, by the best correlation.
pub fn lag(heard: &[f32], wanted: &[f32], most: i64) -> (i64, f64) {
    (-most..=most)
        .map(|lag| {
            let (h, w) = if lag >= 0 {
                (heard.get(lag as usize * 2..).unwrap_or_default(), wanted)
            } else {
                (heard, wanted.get(-lag as usize * 2..).unwrap_or_default())
            };
            (lag, correlation(h, w))
        })
        .fold((0, f64::MIN), |best, found| if found.1 > best.1 { found } else { best })
}

/// The worst correlation over pieces of `piece` frames: a gap, a repetition or a slip anywhere pulls it down.
/// Every piece of `wanted` must exist in `heard`.
pub fn worst_piece(heard: &[f32], wanted: &[f32], piece: usize) -> f64 {
    wanted
        .chunks_exact(piece * 2)
        .enumerate()
        .map(|(n, wanted)| {
            heard.get(n * piece * 2..(n + 1) * piece * 2).map_or(0.0, |heard| correlation(heard, wanted))
        })
        .fold(1.0, f64::min)
}

/// The first frame that sounds.
pub fn onset(heard: &[f32]) -> Option<usize> {
    heard.chunks_exact(2).position(|frame| frame.iter().any(|sample| sample.abs() > 1e-4))
}

/// How far `heard` is from `wanted` in dB: the wanted power over the power of the difference.
pub fn snr(heard: &[f32], wanted: &[f32]) -> f64 {
    let (mut power, mut noise) = (0.0, 0.0);
    for (&h, &w) in heard.iter().zip(wanted) {
        power += f64::from(w).powi(2);
        noise += (f64::from(h) - f64::from(w)).powi(2);
    }
    10.0 * (power / noise.max(f64::MIN_POSITIVE)).log10()
}
