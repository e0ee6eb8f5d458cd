//! The table of figures, and its place in docs/benchmarks.md.

use super::Row;

const BEGIN: &str = "<!-- bench: begin -->";
const END: &str = "<!-- bench: end -->";

/// One row for the terminal.
pub fn line(row: &Row) -> String {
    let verdict = if row.kept() { "kept" } else { "OVER" };
    format!("{verdict}  {} of at most {} {}: {}", number(row.measured), number(row.bound), row.unit, row.what)
}

/// Everything between the markers.
pub fn section(machine: &str, rows: &[Row]) -> String {
    let mut text =
        format!("{machine}\n\n| what | measured | bound | | how |\n| --- | ---: | ---: | --- | --- |\n");
    for row in rows {
        let verdict = if row.kept() { "kept" } else { "**over**" };
        let (measured, bound, unit) = (number(row.measured), number(row.bound), row.unit);
        text +=
            &["|", &row.what, "|", &measured, unit, "|", &bound, unit, "|", verdict, "|", &row.how, "|\n"]
                .join(" ");
    }
    text
}

/// `text` with what stands between the markers replaced; none without both markers.
pub fn replaced(text: &str, section: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{section}\n{END}{after}"))
}

/// As many places as tell: `0.42`, `1.27`, `7.3`, `36`. A figure that is only shown has no bound.
fn number(value: f64) -> String {
    if value.is_infinite() {
        "any".into()
    } else if value >= 10.0 {
        format!("{value:.0}")
    } else if value >= 2.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(measured: f64) -> Row {
        Row { what: "help".into(), measured, bound: 10.0, unit: "ms", how: "median of 50".into() }
    }

    #[test]
    fn a_bound_that_is_met_exactly_is_kept() {
        assert!(row(10.0).kept());
        assert!(!row(10.01).kept());
    }

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let text = format!("# Figures\n{BEGIN}\nold\n{END}\nNotes.\n");
        let new = replaced(&text, &section("A machine.", &[row(4.2), row(12.0)])).unwrap();
        assert!(new.starts_with("# Figures\n") && new.ends_with("\nNotes.\n") && !new.contains("old"));
        assert!(new.contains("| help | 4.2 ms | 10 ms | kept | median of 50 |"), "{new}");
        assert!(new.contains("| help | 12 ms | 10 ms | **over** | median of 50 |"), "{new}");
        assert_eq!(replaced(&new, &section("A machine.", &[row(4.2), row(12.0)])).unwrap(), new);
    }

    #[test]
    fn a_text_without_markers_is_left_alone() {
        assert_eq!(replaced("# Figures\n", "x"), None);
    }
}
