//! Drum patterns: the cycles of each kit, thinner in verses, fuller in choruses, with a turn before each new section.

use super::rng::Rng;
use super::score::{Bar, Grid, Section};
use super::style::{Kit, Metre, Style};

/// A drum sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drum {
    /// Right head, rim: rings at the tonic.
    Na,
    /// Right head, open.
    Tin,
    /// Right head, closed.
    Te,
    /// Left head, open, bending up.
    Ge,
    /// Left head, flat hand.
    Ka,
    /// Deep bass drum stroke.
    Deep,
    /// Thin cane on the treble head.
    Cane,
    Kick,
    Snare,
    Rim,
    Hat,
    Shaker,
    Bell,
}

/// One stroke.
#[derive(Debug, Clone, Copy)]
pub struct Hit {
    /// Seconds from the start.
    pub at: f32,
    pub drum: Drum,
    /// 0 to 1.
    pub velocity: f32,
}

/// One sound over a bar: `X` strong, `x` medium, `-` soft, `.` nothing; a character is a sixteenth.
type Layer = (Drum, &'static str);

fn verse(kit: Kit, metre: Metre) -> &'static [Layer] {
    match (kit, metre) {
        (Kit::Tabla, Metre::Four) => &[
            (Drum::Ge, "X.x.........X..."),
            (Drum::Na, "X...x...x.....x."),
            (Drum::Tin, "......x.....x..."),
            (Drum::Ka, "..........x....-"),
        ],
        (Kit::Tabla, Metre::Six) => {
            &[(Drum::Ge, "X.......-..."), (Drum::Na, "X.-...X....."), (Drum::Tin, "....x...x.-.")]
        }
        (Kit::Mridangam, Metre::Four) => {
            &[(Drum::Ge, "X.......x....-.."), (Drum::Na, "..x.x.....x.x..."), (Drum::Te, "......--......-.")]
        }
        (Kit::Mridangam, Metre::Six) => &[(Drum::Ge, "X.....x....."), (Drum::Na, "..x.x...x.x.")],
        (Kit::Dhol, Metre::Four) => &[(Drum::Deep, "X.....x.x......."), (Drum::Cane, "x..xx..xx..xx..x")],
        (Kit::Dhol, Metre::Six) => &[(Drum::Deep, "X.....x....."), (Drum::Cane, "x.xx.xx.xx.x")],
        (Kit::Soft, Metre::Four) => &[
            (Drum::Kick, "X.........x....."),
            (Drum::Rim, "....x.......x..."),
            (Drum::Hat, "x.-.x.-.x.-.x.-."),
        ],
        (Kit::Soft, Metre::Six) => {
            &[(Drum::Kick, "X..........."), (Drum::Rim, "......x....."), (Drum::Hat, "x.-.-.x.-.-.")]
        }
        (Kit::Bells, Metre::Four) => &[(Drum::Shaker, "x.-.x.-.x.-.x.-."), (Drum::Bell, "x...............")],
        (Kit::Bells, Metre::Six) => &[(Drum::Shaker, "x.-.-.x.-.-."), (Drum::Bell, "x...........")],
    }
}

fn chorus(kit: Kit, metre: Metre) -> &'static [Layer] {
    match (kit, metre) {
        (Kit::Tabla, Metre::Four) => &[
            (Drum::Ge, "X..x..x...X..x.."),
            (Drum::Na, "X...X.-.X.-.X..."),
            (Drum::Te, "..--..--..-...--"),
            (Drum::Bell, "x.......x......."),
        ],
        (Kit::Tabla, Metre::Six) => &[
            (Drum::Ge, "X.x.....x.x."),
            (Drum::Na, "X.x...X.-..."),
            (Drum::Tin, "....X...X.x."),
            (Drum::Te, "...-.-...-.-"),
            (Drum::Bell, "x.....x....."),
        ],
        (Kit::Mridangam, Metre::Four) => &[
            (Drum::Ge, "X..x..x.X..x..x."),
            (Drum::Na, "..X.X..x..X.X..x"),
            (Drum::Te, "-.....-.-....-.-"),
            (Drum::Bell, "x...x...x...x..."),
        ],
        (Kit::Mridangam, Metre::Six) => &[
            (Drum::Ge, "X...x.X...x."),
            (Drum::Na, "..X.x...X.x."),
            (Drum::Te, "-.-..--.-..-"),
            (Drum::Bell, "x.....x....."),
        ],
        (Kit::Dhol, Metre::Four) => &[
            (Drum::Deep, "X..x..X.X....x.."),
            (Drum::Cane, "X..xX..xX..xX.xx"),
            (Drum::Snare, "....-.......-..."),
            (Drum::Bell, "x...x...x...x..."),
        ],
        (Kit::Dhol, Metre::Six) => &[(Drum::Deep, "X..x..X....."), (Drum::Cane, "X.xX.xX.xX.x")],
        (Kit::Soft, Metre::Four) => &[
            (Drum::Kick, "X.....x...X....."),
            (Drum::Snare, "....X.......X..-"),
            (Drum::Hat, "x.x.x.x.x.x.x.xx"),
            (Drum::Shaker, "--x---x---x---x-"),
        ],
        (Kit::Soft, Metre::Six) => {
            &[(Drum::Kick, "X.........x."), (Drum::Snare, "......X....."), (Drum::Hat, "x.x.x.x.x.x.")]
        }
        (Kit::Bells, Metre::Four) => &[
            (Drum::Shaker, "X.x.X.x.X.x.X.x."),
            (Drum::Bell, "x.......-......."),
            (Drum::Kick, "x.........-....."),
        ],
        (Kit::Bells, Metre::Six) => {
            &[(Drum::Shaker, "X.x.x.X.x.x."), (Drum::Bell, "x.....-....."), (Drum::Kick, "x...........")]
        }
    }
}

fn turn(kit: Kit) -> &'static [Layer] {
    match kit {
        Kit::Tabla | Kit::Mridangam => {
            &[(Drum::Na, "x.xxX.xX"), (Drum::Ge, "..x...xX"), (Drum::Te, ".-..-...")]
        }
        Kit::Dhol => &[(Drum::Cane, "xxXxxXxX"), (Drum::Deep, "..X..X.X")],
        Kit::Soft => &[(Drum::Snare, "..-.x.xX"), (Drum::Kick, "x.x.....")],
        Kit::Bells => &[(Drum::Shaker, "x-x-xxXX")],
    }
}

/// All strokes of the song.
pub fn play(grid: &Grid, bars: &[Bar], style: &Style, rng: &mut Rng) -> Vec<Hit> {
    let steps = style.metre.steps();
    let mut hits = Vec::new();
    let mut add = |bar: usize, from: usize, layers: &[Layer], loud: f32, until: usize, rng: &mut Rng| {
        for &(drum, pattern) in layers {
            for (step, mark) in pattern.chars().enumerate().take_while(|&(step, _)| from + step < until) {
                let velocity = match mark {
                    'X' => 1.0,
                    'x' => 0.7,
                    '-' => 0.38,
                    _ => continue,
                };
                hits.push(Hit {
                    at: (grid.at(bar, from + step) + rng.between(-0.005, 0.005)).max(0.0),
                    drum,
                    velocity: velocity * loud * rng.between(0.88, 1.0),
                });
            }
        }
    };
    for (index, bar) in bars.iter().enumerate() {
        let next = bars.get(index + 1).map(|next| next.section);
        let turns = bar.closes && matches!(next, Some(Section::Verse | Section::Chorus | Section::Outro));
        let until = if turns { steps - 8 } else { steps };
        match bar.section {
            Section::Intro if index == 0 => {}
            Section::Intro => add(index, 0, verse(style.kit, style.metre), 0.7, until, rng),
            Section::Verse => add(index, 0, verse(style.kit, style.metre), 0.85, until, rng),
            Section::Chorus => add(index, 0, chorus(style.kit, style.metre), 1.0, until, rng),
            Section::Outro => add(index, 0, verse(style.kit, style.metre), 0.75, steps, rng),
            Section::End => {
                let last: &[Layer] = match style.kit {
                    Kit::Dhol => &[(Drum::Deep, "X"), (Drum::Bell, "x")],
                    Kit::Soft => &[(Drum::Kick, "X"), (Drum::Bell, "x")],
                    Kit::Bells => &[(Drum::Bell, "x")],
                    Kit::Tabla | Kit::Mridangam => &[(Drum::Ge, "X"), (Drum::Na, "X"), (Drum::Bell, "x")],
                };
                add(index, 0, last, 0.9, steps, rng);
            }
        }
        if turns {
            add(index, steps - 8, turn(style.kit), 0.9, steps, rng);
        }
    }
    hits
}
