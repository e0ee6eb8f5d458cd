//! Other people's words, made fit for an error: one line, short, and without anything secret.

use secrecy::{ExposeSecret, SecretString};

/// As much of a line as a sentence can carry.
const LONGEST: usize = 160;

/// The first line that says something, cleaned: no control characters, no secret of this call, nothing that looks
/// like a token or a phone number, no query of an address.
pub(crate) fn first_line(text: &str, secrets: &[SecretString]) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let mut line = line.to_owned();
    for secret in secrets {
        let secret = secret.expose_secret();
        if !secret.is_empty() {
            line = line.replace(secret, "…");
        }
    }
    let words: Vec<String> = line.split_whitespace().map(word).collect();
    let mut clean: String = without_numbers(&words.join(" ")).chars().filter(|c| !c.is_control()).collect();
    if clean.chars().count() > LONGEST {
        clean = clean.chars().take(LONGEST).collect();
        clean.push('…');
    }
    clean
}

/// A word without an address's query, and not a token. A JWT has three parts and no dot ends a sentence in it.
fn word(word: &str) -> String {
    let word = match word.split_once('?') {
        Some((before, after)) if before.contains('/') && after.contains('=') => format!("{before}?…"),
        _ => word.to_owned(),
    };
    let core = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let jwt = core.starts_with("eyJ") || (core.len() > 60 && core.split('.').count() == 3);
    if jwt { word.replace(core, "…") } else { word }
}

/// Digits in the length of a phone number, with the separators that people put between them, or of a one-time
/// password become dots. Parts of
/// ids, which touch a letter, stay.
fn without_numbers(text: &str) -> String {
    const PHONE: usize = 8;
    const OTP: usize = 6;
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let in_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '-');
        let mut digits = 0;
        let mut end = at;
        for (i, c) in chars.iter().enumerate().skip(at) {
            if c.is_ascii_digit() {
                digits += 1;
                end = i + 1;
            } else if !(matches!(c, ' ' | '-') && digits > 0 || *c == '+' && i == at) {
                break;
            }
        }
        let alone = !in_word && chars.get(end).is_none_or(|c| !c.is_alphanumeric());
        if alone && (digits >= PHONE || (digits == OTP && end - at == OTP)) {
            out.push('…');
            at = end;
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_goes_and_the_rest_stays() {
        let secrets = [SecretString::from("123456"), SecretString::from("tok-abc")];
        for (said, shown) in [
            ("Invalid phone number", "Invalid phone number"),
            ("\n  <!DOCTYPE html>\n<html>", "<!DOCTYPE html>"),
            ("Invalid OTP 123456.", "Invalid OTP …."),
            ("Bearer tok-abc is no good", "Bearer … is no good"),
            ("Bearer eyJhbGciOi.eyJzdWIi.c2ln expired", "Bearer … expired"),
            ("We sent 483920 to you, in 300 s", "We sent … to you, in 300 s"),
            ("No user 9876543210 here", "No user … here"),
            ("No user +91 98765-43210", "No user …"),
            ("see https://h/ws?token=abc now", "see https://h/ws?… now"),
            (
                "song 3f1e9a50-7e9f-4a43-9c2f-000000000001 not found",
                "song 3f1e9a50-7e9f-4a43-9c2f-000000000001 not found",
            ),
            ("Song 64f0c2a1b3d4e5f60718293a is gone", "Song 64f0c2a1b3d4e5f60718293a is gone"),
            ("", ""),
        ] {
            assert_eq!(first_line(said, &secrets), shown, "{said}");
        }
        assert!(first_line(&"x ".repeat(1000), &[]).chars().count() <= LONGEST + 1);
    }
}
