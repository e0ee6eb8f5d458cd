//! Columns that line up in any script, and the same rows as plain data when nobody looks.

use super::colour::{Theme, Tone};
use super::text;

/// How one column behaves.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub heading: &'static str,
    pub tone: Tone,
    pub right: bool,
    /// The least columns it can be squeezed to; `None` keeps it whole.
    pub least: Option<usize>,
    /// Left out on terminals narrower than this.
    pub shown_from: usize,
}

impl Column {
    pub const fn new(heading: &'static str) -> Self {
        Self { heading, tone: Tone::Plain, right: false, least: None, shown_from: 0 }
    }

    pub const fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    pub const fn right(mut self) -> Self {
        self.right = true;
        self
    }

    pub const fn shrinks_to(mut self, least: usize) -> Self {
        self.least = Some(least);
        self
    }

    pub const fn shown_from(mut self, columns: usize) -> Self {
        self.shown_from = columns;
        self
    }
}

/// Blank columns between two of them.
const GAP: usize = 2;

/// The rows as lines of at most `columns`, under a faint line of headings.
pub fn lines(table: &[Column], rows: &[Vec<String>], theme: Theme, columns: usize) -> Vec<String> {
    let shown: Vec<usize> =
        (0..table.len()).filter(|&at| columns >= table[at].shown_from && used(rows, at)).collect();
    let widths = widths(table, rows, &shown, columns);
    let line = |cells: &dyn Fn(usize) -> (String, Tone)| {
        let mut line = String::new();
        for (place, (&at, &wide)) in shown.iter().zip(&widths).enumerate() {
            let (cell, tone) = cells(at);
            let last = place + 1 == shown.len();
            let cell = if last && !table[at].right {
                text::fit(&cell, wide)
            } else {
                text::column(&cell, wide, table[at].right)
            };
            line.push_str(&theme.paint(tone, &cell));
            if !last {
                line.push_str(&" ".repeat(GAP));
            }
        }
        line
    };
    let headings = line(&|at| (table[at].heading.to_owned(), Tone::Faint));
    let body = rows.iter().map(|row| line(&|at| (row[at].clone(), table[at].tone)));
    std::iter::once(headings).chain(body).collect()
}

/// A column that is empty all the way down is not worth its width.
fn used(rows: &[Vec<String>], at: usize) -> bool {
    rows.iter().any(|row| !row[at].is_empty())
}

/// Each shown column as wide as its widest cell, then the flexible ones squeezed, the widest first.
fn widths(table: &[Column], rows: &[Vec<String>], shown: &[usize], columns: usize) -> Vec<usize> {
    let mut widths: Vec<usize> = shown
        .iter()
        .map(|&at| {
            let widest = rows.iter().map(|row| text::width(&row[at])).max().unwrap_or(0);
            widest.max(text::width(table[at].heading))
        })
        .collect();
    let gaps = GAP * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > columns {
        let squeezable = (0..widths.len())
            .filter(|&place| table[shown[place]].least.is_some_and(|least| widths[place] > least))
            .max_by_key(|&place| widths[place]);
        match squeezable {
            Some(place) => widths[place] -= 1,
            None => break,
        }
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::colour::Depth;

    const PLAIN: Theme = Theme { depth: Depth::None };
    const TABLE: &[Column] = &[
        Column::new("title").shrinks_to(6),
        Column::new("album").shown_from(60).shrinks_to(4),
        Column::new("length").right(),
        Column::new("id"),
    ];

    fn rows() -> Vec<Vec<String>> {
        [
            ["दिल की बात", "सावन", "3:05", "0001"],
            ["காதல் கண்மணி", "", "0:45", "0002"],
            ["A very long title that goes on and on", "B", "12:00", "0003"],
            ["日本の歌", "", "4:00", "0004"],
        ]
        .map(|row| row.map(str::to_owned).to_vec())
        .to_vec()
    }

    #[test]
    fn columns_begin_at_the_same_place_in_every_script() {
        let lines = lines(TABLE, &rows(), PLAIN, 50);
        let before_id = |line: &str| text::width(&line[..line.len() - 4]);
        let places: Vec<_> = lines[1..].iter().map(|line| before_id(line)).collect();
        assert!(places.iter().all(|&place| place == places[0]), "{lines:#?}");
        assert!(lines.iter().all(|line| text::width(line) <= 50), "{lines:#?}");
        assert!(lines[3].contains('…'), "{lines:#?}");
        assert!(lines[3].ends_with("12:00  0003"), "{lines:#?}");
    }

    #[test]
    fn a_narrow_terminal_loses_columns_a_wide_one_has_them() {
        assert!(!lines(TABLE, &rows(), PLAIN, 59)[0].contains("album"));
        assert!(lines(TABLE, &rows(), PLAIN, 60)[0].contains("album"));
    }

    #[test]
    fn what_cannot_shrink_stays_whole() {
        let lines = lines(TABLE, &rows(), PLAIN, 10);
        assert!(lines[1].ends_with("3:05  0001"), "{lines:#?}");
    }
}
