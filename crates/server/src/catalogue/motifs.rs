//! What a cover shows: arches, hills, lattice, water, kolam, records, petals, windows and kites, drawn from a seed.

use std::f32::consts::{PI, TAU};

use tiny_skia::{Path, PathBuilder};

use super::covers::{Canvas, INK, Palette, blend, polygon, rectangle};
use super::rng::Rng;

/// Draws one motif over the washed ground.
pub type Motif = fn(&mut Canvas, &Palette, &mut Rng);

/// All of them.
pub const ALL: [Motif; 9] = [arches, hills, lattice, water, kolam, records, petals, windows, kites];

/// A pointed arch with its feet on `base`.
fn arch(centre: f32, half: f32, top: f32, base: f32) -> Option<Path> {
    let spring = top + half * 1.15;
    let mut path = PathBuilder::new();
    path.move_to(centre - half, base);
    path.line_to(centre - half, spring);
    path.cubic_to(centre - half, spring - half * 0.62, centre - half * 0.34, top + half * 0.34, centre, top);
    path.cubic_to(
        centre + half * 0.34,
        top + half * 0.34,
        centre + half,
        spring - half * 0.62,
        centre + half,
        spring,
    );
    path.line_to(centre + half, base);
    path.close();
    path.finish()
}

fn arches(canvas: &mut Canvas, palette: &Palette, rng: &mut Rng) {
    let layers = 4 + rng.below(2);
    let far = blend(palette.ground[1], palette.light, 0.55);
    let (outer, inner) = rng.pick(&[(0, 2), (1, 2), (2, 0), (2, 1)]);
    for layer in 0..layers {
        let part = layer as f32 / (layers - 1) as f32;
        let half = 0.42 - 0.27 * part;
        let top = 0.08 + 0.24 * part;
        let rgb = if layer + 1 == layers {
            far
        } else {
            blend(palette.body[outer], palette.body[inner], part * 1.2)
        };
        canvas.fill(arch(0.5, half, top, 1.0), rgb, 1.0);
        canvas.stroke(arch(0.5, half - 0.018, top + 0.024, 1.01), 0.0035, palette.line, 0.55);
    }
    let y = rng.between(0.56, 0.68);
    let radius = rng.between(0.07, 0.1);
    canvas.glow(0.5, y, 0.26, palette.light, 0.55);
    canvas.disc(0.5, y, radius, palette.light, 1.0);
    // Two hills in the doorway, one behind the other.
    let foot = 0.15;
    for (from, crest, low, rgb) in [(-1.0, 0.1, 0.79, palette.body[1]), (-0.2, 1.0, 0.82, palette.body[0])] {
        let mut hill = PathBuilder::new();
        let lift = rng.between(0.0, 0.03);
        hill.move_to(0.5 + from * foot, 0.9);
        hill.quad_to(0.5 + (from + crest) * 0.5 * foot, low - lift, 0.5 + crest * foot, low + 0.05);
        hill.line_to(0.5 + foot, 0.9);
        hill.close();
        canvas.fill(hill.finish(), rgb, 1.0);
    }
    // A floor of tiles that runs to the door.
    canvas.fill(rectangle(0.0, 0.9, 1.0, 0.1), blend(palette.body[1], INK, 0.35), 1.0);
    for tile in 0..15_u8 {
        let x = f32::from(tile) / 14.0;
        let mut line = PathBuilder::new();
        line.move_to(0.5 + (x - 0.5) * 0.7, 0.9);
        line.line_to(0.5 + (x - 0.5) * 1.9, 1.0);
        canvas.stroke(line.finish(), 0.003, palette.line, 0.4);
    }
    for side in [0.045, 0.955] {
        for dot in 0..7_u8 {
            canvas.disc(side, 0.1 + f32::from(dot) * 0.11, 0.009, palette.light, 0.9);
        }
    }
}

/// A soft line of hills across the picture, filled to its foot.
fn ridge(canvas: &mut Canvas, rng: &mut Rng, height: f32, swing: f32, rgb: u32) {
    let (a, b) = (rng.between(0.0, TAU), rng.between(0.0, TAU));
    let (fast, slow) = (rng.between(7.0, 10.0), rng.between(2.5, 4.0));
    let points = (0..=64_u8).map(|index| {
        let x = f32::from(index) / 64.0;
        (x, height - swing * (0.65 * (slow * x + a).sin() + 0.35 * (fast * x + b).sin()))
    });
    canvas.fill(polygon(points.chain([(1.0, 1.0), (0.0, 1.0)])), rgb, 1.0);
}

fn hills(canvas: &mut Canvas, palette: &Palette, rng: &mut Rng) {
    let (x, y) = (rng.between(0.28, 0.72), rng.between(0.3, 0.44));
    let radius = rng.between(0.15, 0.21);
    canvas.glow(x, y, radius * 2.6, palette.light, 0.5);
    for ring in (1..4_u8).rev() {
        canvas.ring(
            x,
            y,
            radius + 0.045 * f32::from(ring),
            0.004,
            palette.light,
            0.75 - 0.18 * f32::from(ring),
        );
    }
    canvas.disc(x, y, radius, palette.light, 1.0);
    let far = blend(palette.ground[1], palette.body[2], 0.75);
    for layer in 0..5_u8 {
        let part = f32::from(layer) / 4.0;
        let rgb = if part < 0.5 {
            blend(far, palette.body[1], part * 2.0)
        } else {
            blend(palette.body[1], palette.body[0], part * 2.0 - 1.0)
        };
        ridge(canvas, rng, 0.5 + 0.115 * f32::from(layer), 0.055, rgb);
    }
    // A few birds, far off, away from the sun.
    let side = if x > 0.5 { 0.16 } else { 0.66 };
    for _ in 0..3 {
        let (bx, by) = (side + rng.between(0.0, 0.18), rng.between(0.14, 0.27));
        let wing = rng.between(0.014, 0.022);
        let mut bird = PathBuilder::new();
        bird.move_to(bx - wing, by);
        bird.quad_to(bx - wing * 0.4, by - wing * 0.7, bx, by);
        bird.quad_to(bx + wing * 0.4, by - wing * 0.7, bx + wing, by);
        canvas.stroke(bird.finish(), 0.005, palette.line, 0.9);
    }
}

/// A star with `points` tips.
fn star(x: f32, y: f32, points: u8, outer: f32, inner: f32, turn: f32) -> Option<Path> {
    polygon((0..points * 2).map(|index| {
        let radius = if index % 2 == 0 { outer } else { inner };
        let angle = turn + PI * f32::from(index) / f32::from(points);
        (x + radius * angle.cos(), y + radius * angle.sin())
    }))
}

fn lattice(canvas: &mut Canvas, palette: &Palette, rng: &mut Rng) {
    // The light stands behind a carved screen: the openings nearest to it are brightest.
    let (sx, sy) = (rng.between(0.35, 0.65), rng.between(0.35, 0.6));
    canvas.fill(rectangle(0.0, 0.0, 1.0, 1.0), palette.body[0], 0.92);
    let count = 5 + rng.below(2) as u8;
    let cell = 0.9 / f32::from(count);
    for row in 0..count {
        for column in 0..count {
            let (x, y) = (0.05 + (f32::from(column) + 0.5) * cell, 0.05 + (f32::from(row) + 0.5) * cell);
            let near = (1.0 - ((x - sx).hypot(y - sy) / 0.62)).clamp(0.0, 1.0);
            let glowing = blend(palette.body[2], palette.light, near);
            let rgb = blend(blend(palette.body[0], palette.body[1], 0.9), glowing, near * 1.5);
            canvas.fill(star(x, y, 8, cell * 0.47, cell * 0.33, PI / 8.0), rgb, 1.0);
            canvas.fill(star(x, y, 8, cell * 0.2, cell * 0.13, 0.0), palette.body[0], 0.95);
            canvas.disc(x, y, cell * 0.055, blend(rgb, palette.line, 0.5), 1.0);
            if row > 0 && column > 0 {
                let (cx, cy) = (x - cell / 2.0, y - cell / 2.0);
                canvas.fill(star(cx, cy, 4, cell * 0.19, cell * 0.085, 0.0), rgb, 0.95);
            }
        }
    }
    canvas.stroke(rectangle(0.03, 0.03, 0.94, 0.94), 0.006, palette.light, 0.85);
}

fn water(canvas: &mut Canvas, palette: &Palette, rng: &mut Rng) {
    let (x, y, radius) = (rng.between(0.3, 0.7), rng.between(0.24, 0.32), rng.between(0.11, 0.15));
    canvas.glow(x, y, radius * 3.0, palette.light, 0.4);
    canvas.disc(x, y, radius, palette.light, 1.0);
    let wide = rng.pick(&[0.125_f32, 0.1, 0.1667]);
    let rows = 9_u8;
    let step = wide * 0.36;
    let start = 1.06 - step * f32::from(rows) - wide * 0.2;
    for row in 0..=rows {
        let part = f32::from(row) / f32::from(rows);
        let shift = if row % 2 == 0 { 0.0 } else { wide / 2.0 };
        let mut at = -wide + shift;
        let cy = start + step * f32::from(row) + wide * 0.5;
        while at < 1.0 + wide {
            // The column under the moon carries its light.
            let lit = (1.0 - ((at - x).abs() / (0.1 + 0.16 * part))).clamp(0.0, 1.0) * 0.6;
            let base = blend(palette.body[1], palette.body[0], part);
            canvas.disc(at, cy, wide * 0.5, blend(base, palette.light, lit), 1.0);
            for ring in 1..4_u8 {
                let inner = wide * (0.5 - 0.115 * f32::from(ring));
                canvas.ring(at, cy, inner, wide * 0.03, blend(palette.line, palette.light, lit), 0.65);
            }
            canvas.ring(at, cy, wide * 0.485, wide * 0.03, palette.body[0], 0.7);
            at += wide;
        }
    }
    // One boat.
    let bx = if x > 0.5 { rng.between(0.16, 0.3) } else { rng.between(0.68, 0.82) };
    let by = start + 0.012;
    let mut hull = PathBuilder::new();
    hull.move_to(bx - 0.085, by - 0.03);
    hull.quad_to(bx, by + 0.065, bx + 0.085, by - 0.03);
    hull.quad_to(bx, by + 0.01, bx - 0.085, by - 0.03);
    hull.close();
    canvas.fill(hull.finish(), blend(palette.body[0], INK, 0.6), 1.0);
    let sail = [(bx + 0.004, by - 0.015), (bx + 0.004, by - 0.17), (bx + 0.075, by - 0.035)];
    canvas.fill(polygon(sail), palette.line, 0.95);
    let sail = [(bx - 0.006, by - 0.015), (bx - 0.006, by - 0.14), (bx - 0.05, by - 0.035)];
    canvas.fill(polygon(sail), palette.body[2], 0.95);
}

fn kolam(canvas: &mut Canvas, palette: &Palette, rng: &mut Rng) {
    // Dots in a figure, and one line that loops round each of them.
    let reach = 2 + rng.below(3) as i32;
    let figure = rng.below(3);
    let every = rng.pick(&[2, 2, 3]);
    let gap = 0.78 / (reach * 2 + 1) as f32;
    canvas.glow(0.5, 0.5, 0.6, palette.light, 0.2);
    let inside = |column: i32, row: i32| {
        let (across, down) = (column.abs(), row.abs());
        match figure {
            0 => across + down <= reach,
            1 => across.max(down) <= reach && across + down <= reach + 1 + reach / 2,
            _ => across.max(down) <= reach && (across.min(down) <= reach / 3 || across.max(down) < reach),
        }
    };
    let place = |value: i32| 0.5 + value as f32 * gap;
    let round = gap * 0.5;
    for row in -reach..=reach {
        for column in -reach..=reach {
            if !inside(column, row) {
                continue;
            }
            let (x, y) = (place(column), place(row));
            if (row + column).rem_euclid(every) == 0 {
                canvas.disc(x, y, round * 0.82, palette.body[2], 0.28);
            }
            // Towards a neighbour the line crosses over, towards the outside it turns back.
            for (dx, dy) in [(1, 0), (0, 1), (-1, 0), (0, -1)] {
                let (fx, fy) = (dx as f32, dy as f32);
                let (px, py) = (-fy, fx);
                let open = inside(column + dx, row + dy);
                let far = if open { round } else { round * 0.86 };
                let mut line = PathBuilder::new();
                let corner = round * 0.5;
                line.move_to(x + (fx + px) * corner, y + (fy + py) * corner);
                if open {
                    line.quad_to(
                        x + (fx * 0.8 + px * 0.3) * round,
                        y + (fy * 0.8 + py * 0.3) * round,
                        x + fx * far,
                        y + fy * far,
                    );
                    line.quad_to(
                        x + (fx * 0.8 - px * 0.3) * round,
                        y + (fy * 0.8 - py * 0.3) * round,
                        x + (fx - px) * corner,
                        y + (fy - py) * corner,
                    );
                } else {
                    line.cubic_to(
                        x + (fx * 0.95 + px * 0.42) * far,
                        y + (fy * 0.95 + py * 0.42) * far,
                        x + (fx * 0.95 - px * 0.42) * far,
                        y + (fy * 0.95 - py * 0.42) * far,
                        x + (fx - px) * corner,
                        y + (fy - py) * corner,
                    );
                }
                canvas.stroke(line.finish(), gap * 0.075, palette.line, 0.96);
            }
            let centre = row == 0 && column == 0;
            canvas.disc(x, y, gap * if centre { 0.16 } else { 0.1 }, palette.light, 1.0);
        }
    }
    for (x, y) in [(0.09, 0.09), (0.91, 0.09), (0.09, 0.91), (0.91, 0.91)] {
        canvas.fill(star(x, y, 8, 0.045, 0.02, PI / 8.0), palette.light, 0.9);
    }
}

fn records(canvas: &mut Canvas, palette: &Palette, rng: &mut Rng) {
    let (x, y) = rng.pick(&[(0.5, 1.0), (0.0, 1.0), (1.0, 1.0), (0.5, 0.58)]);
    let large = if y < 0.9 { 0.38 } else { rng.between(0.74, 0.84) };
    let (sx, sy) = (if x > 0.5 { 0.24 } else { 0.76 }, 0.2);
    canvas.glow(sx, sy, 0.3, palette.light, 0.45);
    canvas.disc(sx, sy, rng.between(0.08, 0.11), palette.light, 1.0);
    canvas.disc(x, y, large, blend(palette.body[0], INK, 0.55), 1.0);
    let grooves = 16_u8;
    for groove in 0..grooves {
        let part = f32::from(groove) / f32::from(grooves);
        let radius = large * (0.97 - 0.5 * part);
        let rgb = if groove % 5 == 0 { palette.light } else { palette.line };
        canvas.ring(x, y, radius, large * 0.005, rgb, if groove % 5 == 0 { 0.7 } else { 0.25 });
    }
    // Light that lies across the grooves.
    let turn = rng.between(0.6, 1.0);
    for side in [0.0, PI] {
        let wedge = [(0.0, 0.0), (-0.12, 1.0), (0.12, 1.0)].map(|(off, reach): (f32, f32)| {
            let angle = -turn + side + off;
            (x + angle.cos() * reach * large * 0.97, y + angle.sin() * reach * large * 0.97)
        });
        canvas.fill(polygon(wedge), palette.line, 0.1);
    }
    canvas.disc(x, y, large * 0.42, palette.body[2], 1.0);
    canvas.disc(x, y, large * 0.3, palette.light, 1.0);
    canvas.disc(x, y, large * 0.19, palette.body[1], 1.0);
    canvas.disc(x, y, large * 0.045, palette.line, 1.0);
}

fn petals(canvas: &mut Canvas, palette: &Palette, rng: &mut Rng) {
    let (x, y) = rng.pick(&[(0.5, 0.5), (0.5, 0.5), (0.5, 0.98), (0.0, 0.0)]);
    let large = if (x, y) == (0.5, 0.5) { 0.43 } else { 0.8 };
    let count = rng.pick(&[10_u8, 12, 16]);
    canvas.glow(x, y, large * 1.3, palette.light, 0.3);
    let rings = [
        (1.0, palette.body[1], 0.5),
        (0.84, palette.body[0], 0.0),
        (0.64, palette.body[2], 0.5),
        (0.45, palette.light, 0.0),
        (0.27, palette.body[0], 0.5),
    ];
    for (part, rgb, offset) in rings {
        let reach = large * part;
        let half = PI / f32::from(count) * 1.02;
        for index in 0..count {
            let angle = TAU * (f32::from(index) + offset) / f32::from(count);
            let at = |turn: f32, radius: f32| {
                (x + (angle + turn).cos() * radius, y + (angle + turn).sin() * radius)
            };
            let petal = || {
                let (tip, left, right) = (at(0.0, reach), at(-half, reach * 0.72), at(half, reach * 0.72));
                let mut path = PathBuilder::new();
                path.move_to(x, y);
                path.quad_to(left.0, left.1, tip.0, tip.1);
                path.quad_to(right.0, right.1, x, y);
                path.close();
                path.finish()
            };
            canvas.fill(petal(), rgb, 1.0);
            canvas.stroke(petal(), 0.003, palette.line, 0.5);
            let (dot_x, dot_y) = at(0.0, reach * 0.84);
            canvas.disc(dot_x, dot_y, large * 0.012, palette.line, 0.85);
        }
    }
    canvas.disc(x, y, large * 0.09, palette.light, 1.0);
    canvas.ring(x, y, large * 0.09, 0.005, palette.line, 0.9);
    canvas.ring(x, y, large * 1.06, 0.004, palette.light, 0.6);
}

fn windows(canvas: &mut Canvas, palette: &Palette, rng: &mut Rng) {
    let (x, y) = (rng.between(0.2, 0.8), rng.between(0.16, 0.26));
    canvas.glow(x, y, 0.28, palette.light, 0.45);
    canvas.disc(x, y, rng.between(0.065, 0.09), palette.light, 1.0);
    for layer in 0..3_u8 {
        let rgb = [blend(palette.ground[1], palette.body[1], 0.55), palette.body[1], palette.body[0]]
            [usize::from(layer)];
        let mut left = -rng.between(0.0, 0.08);
        while left < 1.0 {
            let wide = rng.pick(&[0.14_f32, 0.18, 0.22]);
            let top = 0.36 + 0.14 * f32::from(layer) + rng.between(0.0, 0.14);
            canvas.fill(rectangle(left, top, wide - 0.008, 1.0 - top), rgb, 1.0);
            let middle = left + wide / 2.0 - 0.004;
            match rng.below(4) {
                0 => canvas.fill(arch(middle, wide * 0.36, top - wide * 0.5, top + 0.01), rgb, 1.0),
                1 => canvas.disc(middle, top, wide * 0.34, rgb, 1.0),
                _ => {}
            }
            if layer > 0 {
                lamps(canvas, palette, rng, left, top, wide, layer == 2);
            }
            left += wide;
        }
    }
}

/// The lit and dark windows of a house.
fn lamps(canvas: &mut Canvas, palette: &Palette, rng: &mut Rng, left: f32, top: f32, wide: f32, near: bool) {
    let columns = (wide / 0.052) as u8;
    let gap = wide / f32::from(columns);
    let mut y = top + 0.045;
    while y < 0.97 {
        for column in 0..columns {
            let x = left + gap * (f32::from(column) + 0.5) - 0.004;
            let lit = rng.chance(if near { 0.42 } else { 0.3 });
            let (rgb, opacity) = if lit { (palette.light, 0.95) } else { (palette.line, 0.12) };
            canvas.fill(arch(x, 0.0125, y, y + 0.042), rgb, opacity);
        }
        y += 0.078;
    }
}

fn kites(canvas: &mut Canvas, palette: &Palette, rng: &mut Rng) {
    let (sx, sy) = (rng.between(0.25, 0.75), rng.between(0.7, 0.84));
    canvas.glow(sx, sy, 0.5, palette.light, 0.5);
    canvas.disc(sx, sy, 0.17, palette.light, 0.95);
    ridge(canvas, rng, 0.88, 0.03, palette.body[0]);
    let places = [(0.3, 0.3, 0.17), (0.7, 0.22, 0.11), (0.76, 0.52, 0.08), (0.16, 0.62, 0.055)];
    let mirrored = rng.chance(0.5);
    let colours = [palette.body[2], palette.body[0], palette.body[1], palette.line];
    let first = rng.below(3);
    for (index, (x, y, size)) in places.into_iter().enumerate() {
        let x = if mirrored { 1.0 - x } else { x } + rng.between(-0.07, 0.07);
        let y = y + rng.between(-0.06, 0.06);
        let lean = rng.between(-0.4, 0.4);
        let at = |right: f32, up: f32| {
            let (sin, cos) = lean.sin_cos();
            (x + size * (right * cos + up * sin), y + size * (right * sin - up * cos))
        };
        let mut string = PathBuilder::new();
        let (foot_x, foot_y) = at(0.0, -1.0);
        string.move_to(foot_x, foot_y);
        string.cubic_to(foot_x + 0.02, foot_y + 0.2, 0.5, 0.8, 0.5, 1.02);
        canvas.stroke(string.finish(), 0.0028, palette.line, 0.6);
        let rgb = colours[(index + first) % 4];
        let other = colours[(index + first + 1) % 4];
        canvas.fill(polygon([at(0.0, 1.0), at(0.82, 0.1), at(0.0, -1.0), at(-0.82, 0.1)]), rgb, 1.0);
        canvas.fill(polygon([at(0.0, 1.0), at(0.82, 0.1), at(0.0, 0.1)]), other, 1.0);
        canvas.fill(polygon([at(0.0, -1.0), at(-0.82, 0.1), at(0.0, 0.1)]), other, 1.0);
        let (hub_x, hub_y) = at(0.0, 0.1);
        canvas.disc(hub_x, hub_y, size * 0.2, palette.light, 1.0);
        canvas.fill(polygon([at(0.0, -0.92), at(0.2, -1.3), at(-0.2, -1.3)]), palette.light, 1.0);
    }
}
