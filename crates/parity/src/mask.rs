//! Nothing secret leaves: tokens, one-time passwords and phone numbers become dots in whatever is shown or written.

use std::collections::BTreeSet;

use serde_json::Value;

/// What stands in place of a secret.
const DOTS: &str = "••••••";
/// Shorter ones would turn ordinary text into dots.
const SHORTEST: usize = 4;
/// Fields whose value is a secret wherever they come.
const FIELDS: &[&str] = &[
    "access_token",
    "accesstoken",
    "refresh_token",
    "refreshtoken",
    "token",
    "otp",
    "phone_number",
    "phonenumber",
    "phone",
    "authorization",
];

/// All that is known to be secret in this run.
#[derive(Clone, Default)]
pub(crate) struct Mask {
    words: BTreeSet<String>,
}

impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mask({} words)", self.words.len())
    }
}

impl Mask {
    /// From now on these letters are shown to nobody.
    pub fn hide(&mut self, word: &str) {
        if word.chars().count() >= SHORTEST {
            self.words.insert(word.to_owned());
        }
    }

    /// Learns what an answer calls a token.
    pub fn learn(&mut self, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value {
                        Value::String(text) if is_token(name) => self.hide(text),
                        other => self.learn(other),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.learn(item)),
            _ => {}
        }
    }

    /// A text without what is secret.
    pub fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        // The longest first: one secret may begin another.
        let mut words: Vec<&String> = self.words.iter().collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        for word in words {
            text = replaced(&text, word);
        }
        text
    }

    /// A value without what is secret.
    pub fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Number(number) => {
                let text = number.to_string();
                if self.words.contains(&text) { DOTS.into() } else { value.clone() }
            }
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(fields) => Value::Object(
                fields
                    .iter()
                    .map(|(name, value)| {
                        let secret = FIELDS.contains(&name.to_ascii_lowercase().as_str()) && !value.is_null();
                        let shown =
                            if secret && !value.is_object() { DOTS.into() } else { self.value(value) };
                        (self.text(name), shown)
                    })
                    .collect(),
            ),
            other => other.clone(),
        }
    }
}

fn is_token(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "");
    matches!(name.as_str(), "accesstoken" | "refreshtoken" | "token")
}

/// A word of digits only where it stands alone: the digits of a time or of an id are nobody's.
fn replaced(text: &str, word: &str) -> String {
    if !word.bytes().all(|b| b.is_ascii_digit()) {
        return text.replace(word, DOTS);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let (before, found) = rest.split_at(at);
        let after = &found[word.len()..];
        let last = before.chars().next_back().or_else(|| out.chars().next_back());
        let fraction = last == Some('.');
        let inside = last.is_some_and(|c| c.is_ascii_alphanumeric()) && word.len() < 8;
        let runs_on = after.starts_with(|c: char| c.is_ascii_alphanumeric()) && word.len() < 8;
        out.push_str(before);
        out.push_str(if fraction || inside || runs_on { word } else { DOTS });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_become_dots_wherever_they_stand() {
        let mut mask = Mask::default();
        mask.hide("9876543210");
        mask.hide("123456");
        mask.learn(&json!({ "data": { "tokens": { "accessToken": "tok-abc-def" } } }));
        for (said, shown) in [
            ("call 9876543210 now", "call •••••• now"),
            ("+919876543210", "+91••••••"),
            ("the code 123456.", "the code ••••••."),
            ("2024-01-15T10:30:00.123456", "2024-01-15T10:30:00.123456"),
            ("64f0c2a1b123456c3d4e5f60", "64f0c2a1b123456c3d4e5f60"),
            ("Bearer tok-abc-def", "Bearer ••••••"),
        ] {
            assert_eq!(mask.text(said), shown, "{said}");
        }
        let shown = mask
            .value(&json!({ "refresh_token": "never-seen", "n": 9_876_543_210_u64, "otp": 1 }))
            .to_string();
        assert!(
            !shown.contains("never-seen") && !shown.contains("9876543210") && !shown.contains(":1"),
            "{shown}"
        );
        assert_eq!(format!("{mask:?}"), "Mask(3 words)");
    }
}
