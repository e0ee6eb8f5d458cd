//! What is on the screen, read from the display's own memory: nobody is asked, so looking costs the program nothing.

use std::{collections::HashSet, fs::File, os::unix::fs::FileExt, path::Path};

/// So many lines of an area are passed over for each that is looked at.
const EACH: u32 = 4;

/// Numbers in the head of such a file, by their place.
const HEAD: u64 = 0;
const BITS_OF_A_PIXEL: u64 = 11;
const BYTES_OF_A_LINE: u64 = 12;
const COLOURS: u64 = 19;
const BYTES_OF_A_COLOUR: u64 = 12;

/// A part of the screen, in pixels from its top left, where a window without a manager is.
#[derive(Clone, Copy)]
pub struct Area {
    pub left: u32,
    pub top: u32,
    pub width: u32,
    pub height: u32,
}

/// The memory of an Xvfb that keeps it in a file.
pub struct Screen {
    file: File,
    begin: u64,
    line: u64,
}

impl Screen {
    /// Reads the head of the file, as `XWDFile.h` has it: numbers of 32 bits, the highest byte first.
    pub fn open(path: &Path) -> Self {
        let file = File::open(path).unwrap();
        let number = |place: u64| {
            let mut bytes = [0; 4];
            file.read_exact_at(&mut bytes, place * 4).unwrap();
            u64::from(u32::from_be_bytes(bytes))
        };
        assert_eq!(number(BITS_OF_A_PIXEL), 32);
        let (begin, line) = (number(HEAD) + number(COLOURS) * BYTES_OF_A_COLOUR, number(BYTES_OF_A_LINE));
        Self { file, begin, line }
    }

    /// The pixels of an area's lines, or of some of them.
    pub fn pixels(&self, area: Area) -> Vec<u32> {
        let mut bytes = vec![0; area.width as usize * 4];
        let mut pixels = Vec::new();
        for y in (area.top..area.top + area.height).step_by(EACH as usize) {
            let place = self.begin + u64::from(y) * self.line + u64::from(area.left) * 4;
            self.file.read_exact_at(&mut bytes, place).unwrap();
            pixels.extend(bytes.as_chunks::<4>().0.iter().map(|&pixel| u32::from_ne_bytes(pixel)));
        }
        pixels
    }

    /// How many colours an area has.
    pub fn colours(&self, area: Area) -> usize {
        let mut pixels = self.pixels(area);
        pixels.dedup();
        pixels.into_iter().collect::<HashSet<_>>().len()
    }
}
