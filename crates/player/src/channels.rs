//! Any number of channels to two.

use symphonia::core::audio::{Channels, Position};

/// −3 dB: a centre or a surround speaker is heard half from either side.
const HALF_POWER: f32 = std::f32::consts::FRAC_1_SQRT_2;

/// How a file's channels become left and right.
pub(crate) enum Mix {
    Mono,
    Stereo,
    /// For each channel its share on the left and on the right.
    Down(Vec<[f32; 2]>),
}

impl Mix {
    pub fn new(channels: &Channels) -> Self {
        match channels.count() {
            1 => Self::Mono,
            2 => Self::Stereo,
            count => {
                let mut shares: Vec<[f32; 2]> = match channels {
                    Channels::Positioned(positions) => positions.iter().map(share).collect(),
                    _ => (0..count)
                        .map(|channel| if channel % 2 == 0 { [1.0, 0.0] } else { [0.0, 1.0] })
                        .collect(),
                };
                // All channels at full must not clip.
                let loudest = (0..2)
                    .map(|side| shares.iter().map(|share| share[side]).sum::<f32>())
                    .fold(1.0, f32::max);
                for share in &mut shares {
                    *share = share.map(|part| part / loudest);
                }
                Self::Down(shares)
            }
        }
    }

    /// How many channels it takes.
    pub fn channels(&self) -> usize {
        match self {
            Self::Mono => 1,
            Self::Stereo => 2,
            Self::Down(shares) => shares.len(),
        }
    }

    /// Appends `samples` (interleaved) to `out` as stereo. What is not a number becomes silence.
    pub fn apply(&self, samples: &[f32], out: &mut Vec<f32>) {
        let sound = |sample: f32| if sample.is_finite() { sample } else { 0.0 };
        match self {
            Self::Mono => out.extend(samples.iter().flat_map(|&sample| [sound(sample); 2])),
            Self::Stereo => out.extend(samples.iter().map(|&sample| sound(sample))),
            Self::Down(shares) => {
                for frame in samples.chunks_exact(shares.len()) {
                    let side = |side: usize| {
                        frame.iter().zip(shares).map(|(&s, share)| sound(s) * share[side]).sum::<f32>()
                    };
                    out.extend([side(0), side(1)]);
                }
            }
        }
    }
}

fn share(position: Position) -> [f32; 2] {
    let left = Position::FRONT_LEFT | Position::FRONT_LEFT_CENTER | Position::FRONT_LEFT_WIDE;
    let right = Position::FRONT_RIGHT | Position::FRONT_RIGHT_CENTER | Position::FRONT_RIGHT_WIDE;
    let far_left =
        Position::REAR_LEFT | Position::SIDE_LEFT | Position::TOP_FRONT_LEFT | Position::TOP_REAR_LEFT;
    let far_right =
        Position::REAR_RIGHT | Position::SIDE_RIGHT | Position::TOP_FRONT_RIGHT | Position::TOP_REAR_RIGHT;
    if left.contains(position) {
        [1.0, 0.0]
    } else if right.contains(position) {
        [0.0, 1.0]
    } else if far_left.contains(position) {
        [HALF_POWER, 0.0]
    } else if far_right.contains(position) {
        [0.0, HALF_POWER]
    } else if (Position::LFE1 | Position::LFE2).contains(position) {
        // A subwoofer's channel is an extra; small speakers only rattle with it.
        [0.0, 0.0]
    } else {
        [HALF_POWER, HALF_POWER]
    }
}
