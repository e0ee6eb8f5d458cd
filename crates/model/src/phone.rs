//! Phone numbers: read once, checked once, and never shown whole again.

use std::fmt;

use thiserror::Error;

/// A country code and a national number. `Debug` and `Display` show its last digits only, four at most.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PhoneNumber {
    country: String,
    national: String,
}

/// Why a text is no phone number. The sentences never repeat the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PhoneError {
    #[error("The country code must be a plus and one to three digits, such as +91.")]
    Country,
    #[error("A mobile number in India has ten digits and begins with 6, 7, 8 or 9.")]
    Indian,
    #[error("The phone number must have 4 to 14 digits, without the country code.")]
    National,
}

impl PhoneNumber {
    /// Reads a country code (`+91`, `91`) and national digits; blanks, hyphens, dots and brackets are
    /// dropped, digits of Indian scripts read, a trunk `0` and a repeated country code forgiven.
    pub fn parse(country: &str, national: &str) -> Result<Self, PhoneError> {
        let country = country.trim();
        let code = digits(country.strip_prefix('+').unwrap_or(country)).ok_or(PhoneError::Country)?;
        if !(1..=3).contains(&code.len()) || code.starts_with('0') {
            return Err(PhoneError::Country);
        }
        let national = national.trim();
        let (international, rest) = match national.strip_prefix('+') {
            Some(rest) => (true, rest),
            None => (false, national),
        };
        let mut number = digits(rest).ok_or(PhoneError::National)?;
        if international {
            number = number.strip_prefix(&code).ok_or(PhoneError::Country)?.to_owned();
        }
        if let Some(rest) = number.strip_prefix('0') {
            number = rest.to_owned();
        }
        if code == "91" {
            if number.len() != 10 || !number.starts_with(['6', '7', '8', '9']) {
                return Err(PhoneError::Indian);
            }
        } else if !(4..=14).contains(&number.len()) || code.len() + number.len() > 15 {
            // E.164 allows fifteen digits in all.
            return Err(PhoneError::National);
        }
        Ok(Self { country: format!("+{code}"), national: number })
    }

    /// The country code with its plus: `+91`.
    pub fn country(&self) -> &str {
        &self.country
    }

    /// The national digits, as the service wants them.
    pub fn national(&self) -> &str {
        &self.national
    }

    /// The whole number, for the account's identity. Not for people, not for logs.
    pub fn e164(&self) -> String {
        format!("{}{}", self.country, self.national)
    }

    /// What people see: `+91 ••••••3210`. Of a short number at most half.
    pub fn masked(&self) -> String {
        let all = self.national.len();
        let hidden = all - (all / 2).min(4);
        format!("{} {}{}", self.country, "•".repeat(hidden), &self.national[hidden..])
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber({})", self.masked())
    }
}

/// ASCII digits of a text that holds digits and separators only; `None` for anything else.
fn digits(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            ' ' | '\u{a0}' | '-' | '\u{2011}' | '.' | '(' | ')' => {}
            _ => out.push(digit(c)?),
        }
    }
    Some(out)
}

/// The ASCII digit of a digit in ASCII or in a script of India, whose blocks each have their ten in a row.
pub fn digit(c: char) -> Option<char> {
    const ZEROS: [char; 10] = ['0', '०', '০', '੦', '૦', '୦', '௦', '౦', '೦', '൦'];
    ZEROS.iter().find_map(|&zero| char::from_digit(u32::from(c).checked_sub(u32::from(zero))?, 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_that_people_type_are_read() {
        for (country, national) in [
            ("+91", "9876543210"),
            ("91", "98765 43210"),
            ("+91", "+91 98765-43210"),
            ("+91", "09876543210"),
            ("+91", "९८७६५४३२१०"),
        ] {
            let phone = PhoneNumber::parse(country, national).unwrap();
            assert_eq!(phone.e164(), "+919876543210", "{country} {national}");
        }
        assert_eq!(PhoneNumber::parse("+1", "(415) 555-0100").unwrap().e164(), "+14155550100");
    }

    #[test]
    fn wrong_ones_say_which_part_is_wrong() {
        assert_eq!(PhoneNumber::parse("+91", "12345"), Err(PhoneError::Indian));
        assert_eq!(PhoneNumber::parse("+91", "1876543210"), Err(PhoneError::Indian));
        assert_eq!(PhoneNumber::parse("", "9876543210"), Err(PhoneError::Country));
        assert_eq!(PhoneNumber::parse("India", "9876543210"), Err(PhoneError::Country));
        assert_eq!(PhoneNumber::parse("+44", "phone"), Err(PhoneError::National));
        assert_eq!(PhoneNumber::parse("+44", "+91 9876543210"), Err(PhoneError::Country));
    }

    #[test]
    fn nothing_shows_the_whole_number() {
        let phone = PhoneNumber::parse("+91", "9876543210").unwrap();
        assert_eq!(phone.masked(), "+91 ••••••3210");
        assert!(!format!("{phone} {phone:?}").contains("987654"));
        assert_eq!(PhoneNumber::parse("+44", "12345").unwrap().masked(), "+44 •••45");
    }
}
