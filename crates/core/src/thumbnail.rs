//! A picture as small as it is shown.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, ImageReader, Limits, codecs::jpeg::JpegEncoder};

/// Sides that pictures are kept in, in pixels. What is larger is shown as it came.
const STEPS: [u32; 4] = [64, 128, 256, 512];
/// What a picture may take while it is made smaller: some 4,000 × 4,000 pixels. Bytes.
const MEMORY: u64 = 64 << 20;
/// Above it nobody sees a difference in a picture of this size.
const JPEG_QUALITY: u8 = 88;

/// The side in which a picture is kept that is shown with this one; none where that would be no gain.
pub(crate) fn step(side: u32) -> Option<u32> {
    STEPS.into_iter().find(|step| *step >= side)
}

/// The picture, its shorter side made this small; none if it is that small already, or is of a kind that is not
/// decoded here (it is for the screen to try).
pub(crate) fn of(bytes: &[u8], side: u32) -> Option<Vec<u8>> {
    let reader = || ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok();
    let (width, height) = reader()?.into_dimensions().ok()?;
    let shorter = width.min(height);
    if shorter <= side {
        return None;
    }
    let mut reader = reader()?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    let scaled = |length: u32| (u64::from(length) * u64::from(side)).div_ceil(u64::from(shorter)) as u32;
    encode(&reader.decode().ok()?.thumbnail_exact(scaled(width), scaled(height)))
}

/// JPEG, unless something is to be seen through it.
fn encode(picture: &DynamicImage) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    if is_seen_through(picture) {
        picture.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).ok()?;
    } else {
        let encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
        picture.to_rgb8().write_with_encoder(encoder).ok()?;
    }
    Some(bytes)
}

fn is_seen_through(picture: &DynamicImage) -> bool {
    picture.color().has_alpha() && picture.to_rgba8().pixels().any(|pixel| pixel.0[3] < u8::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    fn png(picture: impl Into<DynamicImage>) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.into().write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_picture_is_kept_no_larger_than_it_is_shown() {
        assert_eq!(
            [step(40), step(64), step(65), step(232), step(464), step(513)],
            [Some(64), Some(64), Some(128), Some(256), Some(512), None]
        );
    }

    #[test]
    fn it_keeps_its_form_and_its_colours() {
        // Left red, right blue, twice as wide as it is high.
        let wide = RgbImage::from_fn(600, 300, |x, _| Rgb(if x < 300 { [250, 0, 0] } else { [0, 0, 250] }));
        let small = image::load_from_memory(&of(&png(wide), 64).unwrap()).unwrap();
        assert_eq!((small.width(), small.height()), (128, 64));
        let small = small.to_rgb8();
        let (left, right) = (small.get_pixel(20, 32).0, small.get_pixel(108, 32).0);
        assert!(left[0] > 230 && left[2] < 20 && right[2] > 230 && right[0] < 20, "{left:?} {right:?}");
    }

    #[test]
    fn what_is_clear_stays_clear() {
        let clear = RgbaImage::from_pixel(300, 300, Rgba([9, 9, 9, 0]));
        let small = image::load_from_memory(&of(&png(clear), 128).unwrap()).unwrap().to_rgba8();
        assert_eq!((small.width(), small.get_pixel(5, 5).0[3]), (128, 0));
    }

    #[test]
    fn what_is_small_or_unknown_or_too_large_is_left_alone() {
        assert_eq!(of(&png(RgbImage::new(100, 64)), 64), None);
        assert_eq!(of(b"\x89PNG\r\n and no more", 64), None);
        // A head that promises 60,000 by 60,000 pixels, in a file of some bytes.
        let mut bomb = png(RgbImage::new(1, 1));
        bomb[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
        assert_eq!(of(&bomb, 64), None);
    }
}
