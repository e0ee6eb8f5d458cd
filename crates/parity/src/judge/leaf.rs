//! Two single values: the same, the same in another form, or different, and how.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use melody_api::Dialect;
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use super::{Kind, Row, diff::Context};
use crate::ids::{self, IdForm, Match};

/// What two values are to each other.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    Same,
    /// The same by a rule of normalising, by its name.
    Hidden(&'static str),
    /// Different as the table of shapes says.
    Expected(Row),
    Differs(Kind, String),
}

use Verdict::{Differs, Expected, Hidden, Same};

/// Parts of a second that both dialects keep.
const MILLISECOND: i128 = 1_000_000;
/// Numbers that differ by less, in parts of the larger, were rounded.
const ROUNDED: f64 = 0.02;
/// So near each other two accounts that one run made come to be, or two runs that follow each other.
const NEAR_S: i64 = 600;

pub(crate) fn compare(blue: &Value, green: &Value, path: &str, context: &mut Context<'_>) -> Verdict {
    if context.is_form_only(path) {
        let alike = std::mem::discriminant(blue) == std::mem::discriminant(green);
        return match (blue == green, alike) {
            (true, _) => Same,
            (false, true) => Hidden("form only"),
            (false, false) => Differs(Kind::Type, "It is of another kind.".into()),
        };
    }
    match (blue, green) {
        (Value::String(a), Value::String(b)) if a != b && is_secret(path) && a.is_empty() == b.is_empty() => {
            Hidden("secrets")
        }
        (Value::Number(a), Value::Number(b)) if context.grew_alike(path, a, b) => {
            Hidden("since the run began")
        }
        (Value::Number(a), Value::Number(b)) => numbers(a, b),
        (Value::String(a), Value::String(b)) => texts(a, b, path, context),
        (a, b) if a == b => Same,
        (Value::Bool(_), Value::Bool(_)) => Differs(Kind::Value, String::new()),
        _ => Differs(Kind::Type, format!("It is {} in place of {}.", word(green), word(blue))),
    }
}

/// Tokens are nobody's to compare; that there is one is.
fn is_secret(path: &str) -> bool {
    matches!(path.rsplit('/').next(), Some("access_token" | "refresh_token" | "token"))
}

/// What a value is, for people.
pub(crate) fn word(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a yes or no",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn numbers(blue: &serde_json::Number, green: &serde_json::Number) -> Verdict {
    if blue == green {
        return Same;
    }
    let (a, b) = (blue.as_f64().unwrap_or(f64::NAN), green.as_f64().unwrap_or(f64::NAN));
    if a == b {
        return Hidden("number form");
    }
    let fraction = a.fract() != 0.0 || b.fract() != 0.0;
    let rounded = [0, 1, 2, 3].iter().any(|digits| {
        let scale = 10f64.powi(*digits);
        (a * scale).round() == b * scale || (a * scale).floor() == b * scale
    });
    if fraction && ((a - b).abs() <= a.abs().max(b.abs()) * ROUNDED || rounded && (a - b).abs() <= 1.0) {
        return Differs(Kind::Precision, "It is rounded.".into());
    }
    // Down to tens or hundreds.
    let coarse = |step: f64| b == (a / step).floor() * step || b == (a / step).round() * step;
    if b != 0.0 && !fraction && (coarse(10.0) || coarse(100.0)) && a % 10.0 != 0.0 {
        return Differs(Kind::Precision, "It is rounded.".into());
    }
    Differs(Kind::Value, String::new())
}

fn texts(blue: &str, green: &str, path: &str, context: &mut Context<'_>) -> Verdict {
    if is_id_field(path) && (ids::form(blue).is_some() || ids::form(green).is_some()) {
        return id(blue, green, context);
    }
    if blue == green {
        return Same;
    }
    if let (Some(a), Some(b)) = (Moment::read(blue), Moment::read(green)) {
        return moments(&a, &b, path, context);
    }
    let (a, b) = (context.without_origin(blue, true), context.without_origin(green, false));
    if a == b {
        return Hidden("own address");
    }
    if let Some(verdict) = with_ids(&a, &b, context) {
        return verdict;
    }
    if let Some(how) = encoding(blue, green) {
        return Differs(Kind::Encoding, how.into());
    }
    Differs(Kind::Value, String::new())
}

fn is_id_field(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    (name == "id" || name.ends_with("_id")) && !path.contains("/external_ids/")
}

fn id(blue: &str, green: &str, context: &mut Context<'_>) -> Verdict {
    if let Match::Conflict(known) = context.pair(blue, green) {
        return Differs(Kind::Id, format!("It was met before as the other's {known}."));
    }
    let green_form = ids::form(green);
    if context.crossed {
        let (old, new) = match context.dialects.0 {
            Dialect::Blue => (ids::form(blue), green_form),
            Dialect::Green => (green_form, ids::form(blue)),
        };
        return match (old, new) {
            (Some(IdForm::ObjectId | IdForm::Prefixed), Some(IdForm::Uuid)) => Expected(Row::Ids),
            _ => Differs(Kind::Id, "Its form is not the one in the table of shapes.".into()),
        };
    }
    match (ids::form(blue) == green_form, blue == green) {
        (_, true) => Same,
        (true, false) => Hidden("ids"),
        (false, false) => Differs(Kind::Id, "It is of another form.".into()),
    }
}

/// Texts that are the same but for ids in them, addresses above all; what a signature adds is not compared.
fn with_ids(blue: &str, green: &str, context: &mut Context<'_>) -> Option<Verdict> {
    let address = blue.starts_with('/') || blue.starts_with("http");
    let (blue, signed_blue) = if address { without_query(blue) } else { (blue, false) };
    let (green, signed_green) = if address { without_query(green) } else { (green, false) };
    if signed_blue != signed_green {
        return None;
    }
    let (a, b) = (words(blue), words(green));
    if a.len() != b.len() {
        return None;
    }
    let mut met = Vec::new();
    for (a, b) in a.iter().zip(&b) {
        if a == b {
            continue;
        }
        ids::form(a)?;
        ids::form(b)?;
        met.push((*a, *b));
    }
    for (a, b) in &met {
        if let Match::Conflict(known) = context.check(a, b) {
            return Some(Differs(
                Kind::Id,
                format!("It holds an id that was met before as the other's {known}."),
            ));
        }
    }
    Some(match (met.is_empty(), context.crossed) {
        (false, true) => Expected(Row::Ids),
        (false, false) => Hidden("ids"),
        (true, _) => Hidden("signature"),
    })
}

fn without_query(address: &str) -> (&str, bool) {
    match address.split_once('?') {
        Some((path, _)) => (path, true),
        None => (address, false),
    }
}

/// A text in its words and what lies between them.
fn words(text: &str) -> Vec<&str> {
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut out = Vec::new();
    let mut begun = 0;
    let mut last = None;
    for (at, c) in text.char_indices() {
        if last.is_some_and(|last| last != inside(c)) {
            out.push(&text[begun..at]);
            begun = at;
        }
        last = Some(inside(c));
    }
    out.push(&text[begun..]);
    out
}

/// How letters were spoilt, if they were.
fn encoding(blue: &str, green: &str) -> Option<&'static str> {
    if blue.nfc().eq(green.nfc()) {
        return Some("The letters are in another normalisation form.");
    }
    let as_latin: String = blue.bytes().map(char::from).collect();
    let as_windows = green.chars().map(latin_byte).collect::<Option<Vec<u8>>>();
    if green == as_latin || as_windows.is_some_and(|bytes| bytes == blue.as_bytes()) {
        return Some("The letters were read as Latin-1.");
    }
    let lossy = |mark: char| {
        !blue.is_ascii() && green.contains(mark) && {
            let kept = |c: char| c.is_ascii() && c != mark;
            blue.chars().filter(|c| kept(*c)).eq(green.chars().filter(|c| kept(*c)))
        }
    };
    if lossy('?') || lossy('\u{fffd}') {
        return Some("Letters were lost.");
    }
    if serde_json::from_str::<String>(&format!("\"{}\"", green.replace('"', "\\\"")))
        .is_ok_and(|held| held == blue)
    {
        return Some("The letters are escaped once more.");
    }
    let unescaped =
        [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'")]
            .iter()
            .fold(green.to_owned(), |text, (escape, sign)| text.replace(escape, sign));
    if unescaped != green && unescaped == blue {
        return Some("The letters are escaped for HTML.");
    }
    let plain: String = blue.nfkd().filter(char::is_ascii).collect();
    (!blue.is_ascii() && green == plain).then_some("Letters were lost.")
}

/// The byte that Windows-1252 has for a letter.
fn latin_byte(c: char) -> Option<u8> {
    const HIGH: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";
    match u32::from(c) {
        n @ 0..=0xff => u8::try_from(n).ok(),
        _ => HIGH.chars().position(|high| high == c).and_then(|at| u8::try_from(0x80 + at).ok()),
    }
}

/// A point in time and how it was written.
#[derive(Clone, Debug, PartialEq)]
struct Moment {
    at: Timestamp,
    form: MomentForm,
    /// Digits after the second.
    digits: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MomentForm {
    Z,
    Offset,
    Naive,
}

impl Moment {
    fn read(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() < 19 || bytes[4] != b'-' || bytes[13] != b':' || !matches!(bytes[10], b'T' | b' ') {
            return None;
        }
        let digits = text[19..]
            .strip_prefix('.')
            .map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
        if let Ok(at) = text.parse() {
            let form = if text.ends_with(['Z', 'z']) { MomentForm::Z } else { MomentForm::Offset };
            return Some(Self { at, form, digits });
        }
        let at = text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
        Some(Self { at, form: MomentForm::Naive, digits })
    }
}

fn moments(blue: &Moment, green: &Moment, path: &str, context: &Context<'_>) -> Verdict {
    let rounded = || Differs(Kind::Precision, "Parts of the second are lost.".into());
    let coarser = green.digits < blue.digits.min(3);
    let apart = green.at.as_nanosecond() - blue.at.as_nanosecond();
    let same =
        blue.at.as_nanosecond().div_euclid(MILLISECOND) == green.at.as_nanosecond().div_euclid(MILLISECOND);
    let whole_minute = |at: Timestamp| at.as_nanosecond().rem_euclid(60_000_000_000) == 0;
    if !same && whole_minute(green.at) && !whole_minute(blue.at) && apart.abs() < 60_000_000_000 {
        return rounded();
    }
    if !same {
        let seconds = (apart / 1_000_000_000) as i64;
        let made_now = blue.at >= context.began && green.at >= context.began;
        if made_now || (context.is_near(path) && seconds.abs() <= NEAR_S) {
            return if coarser { rounded() } else { Hidden("made in this run") };
        }
        if seconds == 0 {
            return rounded();
        }
        let half_hours = seconds % 1800 == 0 && seconds.abs() <= 14 * 3600;
        return Differs(
            Kind::Value,
            if half_hours {
                format!("It is off by {}: a naive time read as local.", hours(seconds))
            } else {
                String::new()
            },
        );
    }
    if coarser {
        return rounded();
    }
    if blue.form == green.form {
        return if apart == 0 { Same } else { Hidden("parts of a millisecond") };
    }
    let (old, new) = match context.dialects.0 {
        Dialect::Blue => (blue.form, green.form),
        Dialect::Green => (green.form, blue.form),
    };
    match (context.crossed, old, new) {
        (true, MomentForm::Z, MomentForm::Offset | MomentForm::Naive) => Expected(Row::Timestamps),
        _ => Differs(Kind::Type, "The moment is written in another form.".into()),
    }
}

fn hours(seconds: i64) -> String {
    let minutes = seconds.abs() / 60;
    format!("{} h {:02} min", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn verdict(blue: Value, green: Value, path: &str) -> Verdict {
        compare(&blue, &green, path, &mut Context::of_a_test())
    }

    #[test]
    fn forms_are_no_differences() {
        for (blue, green, path, is) in [
            (json!(1), json!(1.0), "/n", Hidden("number form")),
            (
                json!("2024-01-15T10:30:00.123Z"),
                json!("2024-01-15T10:30:00.123456+00:00"),
                "/created_at",
                Expected(Row::Timestamps),
            ),
            (
                json!("2024-01-15T10:30:00.123Z"),
                json!("2024-01-15T16:00:00.123456+05:30"),
                "/created_at",
                Expected(Row::Timestamps),
            ),
            (
                json!("2024-01-15T10:30:00.123Z"),
                json!("2024-01-15T10:30:00.123456"),
                "/created_at",
                Expected(Row::Timestamps),
            ),
            (
                json!("64f0c2a1b3d4e5f60718293a"),
                json!("3f1e9a50-7e9f-4a43-9c2f-000000000001"),
                "/id",
                Expected(Row::Ids),
            ),
            (
                json!("/media/64f0c2a1b3d4e5f60718293a.png"),
                json!("/media/3f1e9a50-7e9f-4a43-9c2f-000000000001.png"),
                "/u",
                Expected(Row::Ids),
            ),
            (json!("/a/b?sig=1"), json!("/a/b?sig=2"), "/u", Hidden("signature")),
        ] {
            assert_eq!(verdict(blue.clone(), green.clone(), path), is, "{blue} {green}");
        }
    }

    #[test]
    fn differences_are_named() {
        for (blue, green, kind) in [
            (json!(187), json!("187"), Kind::Type),
            (json!(187), json!(188), Kind::Value),
            (json!(0.567), json!(0.57), Kind::Precision),
            (json!(0.72), json!(1), Kind::Precision),
            (json!(187), json!(180), Kind::Precision),
            (json!("2024-01-15T10:30:07.123Z"), json!("2024-01-15T10:30:00.000000+00:00"), Kind::Precision),
            (json!("2024-01-15T10:30:00.123Z"), json!("2024-01-15T10:30:00+00:00"), Kind::Precision),
            (json!("2024-01-15T10:30:00.123Z"), json!("2024-01-15T16:00:00.123456"), Kind::Value),
            (json!("दिल"), json!("à¤¦à¤¿à¤²"), Kind::Encoding),
            (json!("दिल se"), json!("??? se"), Kind::Encoding),
            (json!("é"), json!("e\u{301}"), Kind::Encoding),
            (json!("Tom & Jo"), json!("Tom &amp; Jo"), Kind::Encoding),
            (json!("a"), json!("b"), Kind::Value),
            (json!(true), json!(false), Kind::Value),
        ] {
            match verdict(blue.clone(), green.clone(), "/x") {
                Differs(found, _) => assert_eq!(found, kind, "{blue} {green}"),
                other => panic!("{blue} {green}: {other:?}"),
            }
        }
        let Differs(_, why) =
            verdict(json!("2024-01-15T10:30:00.123Z"), json!("2024-01-15T16:00:00.123456"), "/created_at")
        else {
            panic!("five and a half hours are a difference");
        };
        assert!(why.contains("5 h 30 min"), "{why}");
    }
}
