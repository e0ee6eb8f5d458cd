//! Covers: small abstract prints in the colours of a record shop at dusk. Songs of one album share motif and palette.

#![allow(clippy::unreadable_literal, reason = "colours are read as six digits together")]

use tiny_skia::{
    Color, FillRule, GradientStop, LineCap, LineJoin, LinearGradient, Paint, Path, PathBuilder, Pixmap,
    Point, RadialGradient, Rect, Shader, SpreadMode, Stroke, Transform,
};

use super::rng::{Rng, hash};
use super::{DemoSong, Error, motifs};

/// The colours of one print, as 0xRRGGBB.
#[derive(Debug, Clone, Copy)]
pub struct Palette {
    /// The ground, from top to bottom.
    pub ground: [u32; 2],
    /// The warm light: suns, moons, lamps.
    pub light: u32,
    /// Three colours of the same family, from near to far.
    pub body: [u32; 3],
    /// Fine lines and small things.
    pub line: u32,
}

/// The house's darkest brown.
pub const INK: u32 = 0x211c17;

const PALETTES: [Palette; 8] = [
    Palette {
        ground: [0x211c17, 0x4a2c1d],
        light: 0xf2a516,
        body: [0x0f8a8a, 0x0b5e63, 0xc4572b],
        line: 0xfaf7f2,
    },
    Palette {
        ground: [0x0b3f45, 0x0f8a8a],
        light: 0xfaf0d8,
        body: [0x211c17, 0x123a3c, 0xf2a516],
        line: 0xf2a516,
    },
    Palette {
        ground: [0xf2a516, 0xe07b2e],
        light: 0xfaf7f2,
        body: [0x7a2e1d, 0xb54a24, 0x211c17],
        line: 0x211c17,
    },
    Palette {
        ground: [0xfaf7f2, 0xf3e3c4],
        light: 0xe58a1f,
        body: [0x0f8a8a, 0x2f5d50, 0x8c3b22],
        line: 0x211c17,
    },
    Palette {
        ground: [0x3a1d2e, 0x8a3b3f],
        light: 0xf6c667,
        body: [0x211c17, 0x5a2438, 0xd9733d],
        line: 0xfaf0e0,
    },
    Palette {
        ground: [0x1d2740, 0x31496b],
        light: 0xf2a516,
        body: [0x14202f, 0x0f6f78, 0xe9d8b4],
        line: 0xf3e3c4,
    },
    Palette {
        ground: [0xe9d3a7, 0xd99a5b],
        light: 0xc8452a,
        body: [0x3b2a22, 0x0b5e63, 0x7d4a2a],
        line: 0x3b2a22,
    },
    Palette {
        ground: [0x24382f, 0x4f6b4a],
        light: 0xf4b942,
        body: [0x17241f, 0x0f5f5c, 0xd8c79a],
        line: 0xfaf0d8,
    },
];

/// The cover of a song, `size` pixels a side.
pub fn draw(song: &DemoSong, size: u32) -> Result<Vec<u8>, Error> {
    let mut album = Rng::new(hash(&song.album), hash("sleeve 94"));
    let palette = album.pick(&PALETTES);
    let motif = album.pick(&motifs::ALL);
    let mut rng = Rng::new(song.seed, hash("cover"));
    let mut canvas = Canvas::new(size)?;
    let [top, bottom] = palette.ground;
    canvas.wash(top, bottom);
    motif(&mut canvas, &palette, &mut rng);
    canvas.vignette();
    canvas.pixmap.encode_png().map_err(|error| Error::Draw(error.to_string()))
}

/// A square of side 1, drawn at any size; y grows downwards.
#[derive(Debug)]
pub struct Canvas {
    pixmap: Pixmap,
    scale: Transform,
}

/// A colour with an opacity from 0 to 1.
fn colour(rgb: u32, opacity: f32) -> Color {
    let [_, red, green, blue] = rgb.to_be_bytes();
    let mut colour = Color::from_rgba8(red, green, blue, 255);
    colour.set_alpha(opacity);
    colour
}

/// A colour between two.
pub fn blend(from: u32, to: u32, part: f32) -> u32 {
    let mixed = |shift: u32| {
        let (a, b) = ((from >> shift & 0xff) as f32, (to >> shift & 0xff) as f32);
        ((a + (b - a) * part.clamp(0.0, 1.0)) as u32) << shift
    };
    mixed(16) | mixed(8) | mixed(0)
}

impl Canvas {
    fn new(size: u32) -> Result<Self, Error> {
        let pixmap = Pixmap::new(size, size)
            .ok_or_else(|| Error::Draw(format!("no picture is {size} pixels wide")))?;
        Ok(Self { pixmap, scale: Transform::from_scale(size as f32, size as f32) })
    }

    fn shade(&mut self, path: &Path, shader: Shader<'_>) {
        let paint = Paint { shader, ..Paint::default() };
        self.pixmap.fill_path(path, &paint, FillRule::EvenOdd, self.scale, None);
    }

    /// Fills a path with one colour.
    pub fn fill(&mut self, path: Option<Path>, rgb: u32, opacity: f32) {
        if let Some(path) = path {
            self.shade(&path, Shader::SolidColor(colour(rgb, opacity)));
        }
    }

    /// Fills a path with a colour that changes from `top` to `bottom` between two heights.
    pub fn fade(&mut self, path: Option<Path>, [from, to]: [f32; 2], [top, bottom]: [u32; 2]) {
        let shader = LinearGradient::new(
            Point::from_xy(0.0, from),
            Point::from_xy(0.0, to),
            vec![GradientStop::new(0.0, colour(top, 1.0)), GradientStop::new(1.0, colour(bottom, 1.0))],
            SpreadMode::Pad,
            Transform::identity(),
        );
        if let (Some(path), Some(shader)) = (path, shader) {
            self.shade(&path, shader);
        }
    }

    /// Draws along a path.
    pub fn stroke(&mut self, path: Option<Path>, width: f32, rgb: u32, opacity: f32) {
        let Some(path) = path else { return };
        let paint = Paint { shader: Shader::SolidColor(colour(rgb, opacity)), ..Paint::default() };
        let stroke =
            Stroke { width, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() };
        self.pixmap.stroke_path(&path, &paint, &stroke, self.scale, None);
    }

    /// A disc.
    pub fn disc(&mut self, x: f32, y: f32, radius: f32, rgb: u32, opacity: f32) {
        self.fill(PathBuilder::from_circle(x, y, radius), rgb, opacity);
    }

    /// A ring.
    pub fn ring(&mut self, x: f32, y: f32, radius: f32, width: f32, rgb: u32, opacity: f32) {
        self.stroke(PathBuilder::from_circle(x, y, radius), width, rgb, opacity);
    }

    /// A soft light that fades outwards.
    pub fn glow(&mut self, x: f32, y: f32, radius: f32, rgb: u32, opacity: f32) {
        let centre = Point::from_xy(x, y);
        let shader = RadialGradient::new(
            centre,
            0.0,
            centre,
            radius,
            vec![GradientStop::new(0.0, colour(rgb, opacity)), GradientStop::new(1.0, colour(rgb, 0.0))],
            SpreadMode::Pad,
            Transform::identity(),
        );
        if let (Some(path), Some(shader)) = (PathBuilder::from_circle(x, y, radius), shader) {
            self.shade(&path, shader);
        }
    }

    fn wash(&mut self, top: u32, bottom: u32) {
        self.fade(rectangle(0.0, 0.0, 1.0, 1.0), [0.0, 1.0], [top, bottom]);
    }

    /// A little darker at the edges, as old sleeves are.
    fn vignette(&mut self) {
        let centre = Point::from_xy(0.5, 0.46);
        let shader = RadialGradient::new(
            centre,
            0.0,
            centre,
            0.8,
            vec![GradientStop::new(0.6, colour(INK, 0.0)), GradientStop::new(1.0, colour(INK, 0.22))],
            SpreadMode::Pad,
            Transform::identity(),
        );
        if let (Some(path), Some(shader)) = (rectangle(0.0, 0.0, 1.0, 1.0), shader) {
            self.shade(&path, shader);
        }
    }
}

/// A rectangle from its left top corner.
pub fn rectangle(x: f32, y: f32, width: f32, height: f32) -> Option<Path> {
    Rect::from_xywh(x, y, width, height).map(PathBuilder::from_rect)
}

/// A closed shape through points.
pub fn polygon(points: impl IntoIterator<Item = (f32, f32)>) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for (index, (x, y)) in points.into_iter().enumerate() {
        if index == 0 {
            builder.move_to(x, y);
        } else {
            builder.line_to(x, y);
        }
    }
    builder.close();
    builder.finish()
}
