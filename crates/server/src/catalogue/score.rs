//! The score of a song: sections sized to its length, and every part's notes in seconds.

use super::melody::{Motif, Register, Tone};
use super::rng::{Rng, hash};
use super::style::{Kit, Metre, Style};
use super::syllables::{self, Onset, Syllable, Vowel};
use super::theory::{Key, choose, voicing};
use super::voice::Singer;
use super::{DemoSong, Error, arrange};

/// A note of the accompaniment.
#[derive(Debug, Clone, Copy)]
pub struct Note {
    /// Seconds from the start.
    pub at: f32,
    /// Seconds until it is let go.
    pub len: f32,
    /// MIDI number; 69 is 440 Hz.
    pub pitch: f32,
    /// 0 to 1.
    pub velocity: f32,
    /// −1 is left, 1 is right.
    pub pan: f32,
}

/// A note of the lead.
#[derive(Debug, Clone, Copy)]
pub struct Sung {
    /// Seconds from the start.
    pub at: f32,
    /// Seconds.
    pub len: f32,
    /// MIDI number.
    pub pitch: f32,
    /// 0 to 1.
    pub velocity: f32,
    /// The syllable it opens, or none when it carries on the one before.
    pub syllable: Option<Syllable>,
    /// Semitones from which it is approached, 0 for none.
    pub grace: f32,
    /// Semitones it is shaken by, 0 for none.
    pub shake: f32,
    /// Whether a breath is taken before it.
    pub breath: bool,
}

/// What a bar is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Intro,
    Verse,
    Chorus,
    Outro,
    /// The last bar: one chord that rings.
    End,
}

/// One bar: its purpose, its chord, and whether a section ends with it.
#[derive(Debug, Clone, Copy)]
pub struct Bar {
    pub section: Section,
    pub chord: [i32; 3],
    pub closes: bool,
}

/// All parts of a song.
#[derive(Debug)]
pub struct Score {
    pub key: Key,
    pub style: Style,
    pub singer: Singer,
    pub beat_s: f32,
    pub lead: Vec<Sung>,
    /// A second voice under the choruses.
    pub second: Vec<Sung>,
    pub pads: Vec<Note>,
    pub plucked: Vec<Note>,
    pub fills: Vec<Note>,
    pub bass: Vec<Note>,
    pub drone: Vec<Note>,
    pub drums: Vec<super::rhythm::Hit>,
}

/// Bars and steps in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Grid {
    pub metre: Metre,
    pub step_s: f32,
    pub swing: f32,
    pub start_s: f32,
}

impl Grid {
    /// When a step of a bar sounds; steps may run past the bar.
    pub fn at(&self, bar: usize, step: usize) -> f32 {
        let late = if step % 2 == 1 { self.swing } else { 0.0 };
        self.start_s + ((bar * self.metre.steps() + step) as f32 + late) * self.step_s
    }

    /// Seconds of a bar.
    pub fn bar_s(&self) -> f32 {
        self.metre.steps() as f32 * self.step_s
    }
}

/// Writes the score of a song.
pub fn write(song: &DemoSong) -> Result<Score, Error> {
    let key = Key::parse(&song.metadata.key)
        .ok_or_else(|| Error::Recipe(format!("no such key: {}", song.metadata.key)))?;
    let style = Style::of(song);
    let singer = Singer::of(&song.artist);
    let mut rng = Rng::new(song.seed, hash("score"));
    let beat_s = 60.0 / f32::from(song.metadata.bpm.clamp(40, 220));
    let grid = Grid { metre: style.metre, step_s: beat_s / 4.0, swing: style.swing, start_s: 0.06 };
    let duration = song.duration_s as f32;

    // A phrase of two bars, or of one where two would be too long for one breath.
    let phrase_bars = if grid.bar_s() > 3.1 { 1 } else { 2 };
    // The last chord is struck when at least this much is left for it to ring.
    let ring_s = 2.5;
    let full = ((duration - grid.start_s - ring_s) / grid.bar_s()).max(0.0) as usize;
    let bars = plan(key, full + 1, phrase_bars, &mut rng);

    let mut lead = Vec::new();
    let mut second = Vec::new();
    let mut fills = Vec::new();
    let mut writer = LeadWriter {
        key,
        style,
        grid,
        home: singer.home(key.tonic),
        verses: syllables::lines(song.lyrics.as_deref(), &mut rng),
        next_line: 0,
    };
    let motifs = [(); 4].map(|()| Motif::new(grid.metre, phrase_bars, grid.step_s, &mut rng));
    let length = key.mode.melody.len() as i32;
    // Registers in sevenths of the scale, so that five-note scales keep the same compass.
    let seventh = |steps: i32| steps * length / 7;
    let verse = Register { low: seventh(-2), high: seventh(6), start: seventh(2) };
    let chorus = Register { low: seventh(1), high: seventh(9), start: seventh(5) };

    let mut phrase_of_section = 0;
    let mut previous = Section::Intro;
    let mut bar = 0;
    while bar < bars.len() {
        let section = bars[bar].section;
        phrase_of_section = if section == previous { phrase_of_section } else { 0 };
        previous = section;
        let span = bars[bar..].iter().take(phrase_bars).take_while(|b| b.section == section).count();
        let chords: Vec<_> = bars[bar..bar + span].iter().map(|b| b.chord).collect();
        let closes = bars[bar + span - 1].closes;
        let second_look = phrase_of_section % 4 == 2;
        let (motif, register) = match section {
            Section::Verse => (&motifs[usize::from(second_look)], verse),
            _ => (&motifs[2 + usize::from(second_look)], chorus),
        };
        let register = if phrase_of_section % 2 == 1 {
            Register { start: key.nearest_in(&chords[0], register.start + 1, true), ..register }
        } else {
            Register { start: key.nearest_in(&chords[0], register.start, false), ..register }
        };
        match section {
            Section::Verse | Section::Chorus => {
                let home = closes && chords.last().is_some_and(|chord| chord.contains(&key.tonic));
                let tones = motif.phrase(key, grid.metre, &chords, register, home);
                let loud = if section == Section::Chorus { 0.95 } else { 0.8 };
                let sung = writer.sing(bar, &tones, loud, &mut rng);
                if section == Section::Chorus {
                    second.extend(writer.thirds(&sung, &tones));
                }
                lead.extend(sung);
                fills.extend(arrange::answer(&grid, bar + span - 1, &bars, &style, &mut rng));
            }
            Section::Intro | Section::Outro if span == phrase_bars => {
                let tones = motif.phrase(key, grid.metre, &chords, register, section == Section::Outro);
                fills.extend(arrange::hook(&grid, bar, &tones, key));
            }
            Section::Intro | Section::Outro | Section::End => {}
        }
        phrase_of_section += 1;
        bar += span;
    }

    let mut voicings = Vec::with_capacity(bars.len());
    for bar in &bars {
        voicings.push(voicing(&bar.chord, voicings.last().copied()));
    }
    Ok(Score {
        key,
        style,
        singer,
        beat_s,
        lead,
        second,
        pads: arrange::pads(&grid, &bars, &voicings, duration),
        plucked: arrange::plucked(&grid, &bars, &voicings, &style, &mut rng),
        fills,
        bass: arrange::bass(&grid, &bars, &style, duration, &mut rng),
        drone: arrange::drone(&grid, &style, key, duration),
        drums: super::rhythm::play(&grid, &bars, &style, &mut rng),
    })
}

/// Intro, verse, chorus, verse, chorus, outro, as many bars of each as there is room for.
fn plan(key: Key, bars: usize, phrase_bars: usize, rng: &mut Rng) -> Vec<Bar> {
    let bars = bars.max(3);
    let edges = if bars >= 22 { 2 } else { 1 };
    let phrases = bars.saturating_sub(edges * 2 + 1) / phrase_bars;
    let body = phrases * phrase_bars;
    let intro = bars - body - edges - 1;
    let mut sizes = if phrases >= 4 { vec![phrases / 4; 4] } else { vec![phrases / 2; 2] };
    let sections = sizes.len();
    let left = phrases - sizes.iter().sum::<usize>();
    // What is left over goes to the last chorus first, then to the first verse.
    for extra in [sections - 1, 0, 1].into_iter().take(left) {
        sizes[extra] += 1;
    }
    let verse = choose(key.mode.verse, rng);
    let chorus = choose(key.mode.chorus, rng);

    let mut plan = Vec::with_capacity(bars);
    let mut add = |section: Section, count: usize, progression: [u8; 4], comes_home: bool| {
        for bar in 0..count {
            let closes = bar + 1 == count;
            let degree = if closes && comes_home { 1 } else { progression[bar % 4] };
            plan.push(Bar { section, chord: key.triad(degree), closes });
        }
    };
    add(Section::Intro, intro, verse, false);
    for (index, phrases) in sizes.into_iter().enumerate() {
        let (section, progression) =
            if index % 2 == 0 { (Section::Verse, verse) } else { (Section::Chorus, chorus) };
        add(section, phrases * phrase_bars, progression, section == Section::Chorus);
    }
    add(Section::Outro, edges, [chorus[0], chorus[2], chorus[1], chorus[3]], false);
    add(Section::End, 1, [1; 4], true);
    plan
}

struct LeadWriter {
    key: Key,
    style: Style,
    grid: Grid,
    /// MIDI number of the singer's tonic.
    home: i32,
    verses: Vec<Vec<Syllable>>,
    next_line: usize,
}

impl LeadWriter {
    fn sing(&mut self, bar: usize, tones: &[Tone], loud: f32, rng: &mut Rng) -> Vec<Sung> {
        let line = &self.verses[self.next_line % self.verses.len()];
        self.next_line += 1;
        let south = self.style.kit == Kit::Mridangam;
        let count = tones.len();
        // With more notes than syllables the short ones carry on the vowel before.
        let mut spare = count.saturating_sub(line.len());
        let mut words = line.iter().copied();
        let mut sung: Vec<Sung> = Vec::with_capacity(count);
        for (index, tone) in tones.iter().enumerate() {
            let last = index + 1 == count;
            let joined = index > 0 && !last && spare > 0 && tone.len <= 2;
            let syllable = if joined {
                spare -= 1;
                None
            } else {
                Some(words.next().unwrap_or(Syllable { onset: Onset::Open, vowel: Vowel::A }))
            };
            let pitch = (self.home + self.key.sung(tone.step)) as f32;
            let long = tone.len >= 4;
            let neighbour = (self.key.sung(tone.step + 1) - self.key.sung(tone.step)) as f32;
            let ornament = self.style.ornaments && rng.chance(if long { 0.5 } else { 0.12 });
            let at = self.grid.at(bar, tone.at) + rng.between(-0.004, 0.016);
            sung.push(Sung {
                at,
                len: self.grid.at(bar, tone.at + tone.len) - at,
                pitch,
                velocity: loud * rng.between(0.9, 1.0) * if tone.at % 4 == 0 { 1.0 } else { 0.92 },
                syllable,
                grace: if ornament && index > 0 { rng.pick(&[neighbour, neighbour, -2.0]) } else { 0.0 },
                shake: if ornament && long && south { neighbour.min(2.0) * 0.7 } else { 0.0 },
                breath: index == 0,
            });
        }
        sung
    }

    /// The same words a third lower, softer.
    fn thirds(&self, sung: &[Sung], tones: &[Tone]) -> Vec<Sung> {
        sung.iter()
            .zip(tones)
            .map(|(note, tone)| Sung {
                at: note.at + 0.011,
                pitch: (self.home + self.key.sung(tone.step - 2)) as f32,
                velocity: note.velocity * 0.8,
                grace: 0.0,
                shake: 0.0,
                breath: false,
                ..*note
            })
            .collect()
    }
}
