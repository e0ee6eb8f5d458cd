//! Which id of the one backend is which of the other: learnt from content, held to both ways.

use std::collections::HashMap;

use uuid::Uuid;

/// What a pair of ids is to what is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    /// As known, or nothing was known of either.
    Agrees,
    /// One of the two is known to be something else; what it was paired with.
    Conflict(String),
}

/// Pairs of ids, one to one.
#[derive(Clone, Debug, Default)]
pub(crate) struct IdMap {
    green_of: HashMap<String, String>,
    blue_of: HashMap<String, String>,
}

impl IdMap {
    /// Whether the two may be one thing; nothing is learnt.
    pub fn check(&self, blue: &str, green: &str) -> Match {
        match (self.green_of.get(blue), self.blue_of.get(green)) {
            (Some(known), _) if known != green => Match::Conflict(known.clone()),
            (_, Some(known)) if known != blue => Match::Conflict(known.clone()),
            _ => Match::Agrees,
        }
    }

    /// The same, and what agrees is remembered.
    pub fn learn(&mut self, blue: &str, green: &str) -> Match {
        let found = self.check(blue, green);
        if found == Match::Agrees {
            self.green_of.insert(blue.to_owned(), green.to_owned());
            self.blue_of.insert(green.to_owned(), blue.to_owned());
        }
        found
    }

    /// Whether exactly this pair is known.
    pub fn knows(&self, blue: &str, green: &str) -> bool {
        self.green_of.get(blue).is_some_and(|known| known == green)
    }
}

/// The forms in which ids come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdForm {
    ObjectId,
    Prefixed,
    Uuid,
}

/// The form of what looks like an id of the service; words of people do not.
pub(crate) fn form(text: &str) -> Option<IdForm> {
    if text.len() == 24 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Some(IdForm::ObjectId);
    }
    if Uuid::try_parse(text).is_ok() && text.len() == 36 {
        return Some(IdForm::Uuid);
    }
    let (prefix, rest) = text.split_once('_')?;
    let known = matches!(
        prefix,
        "track"
            | "song"
            | "library"
            | "otp"
            | "user"
            | "job"
            | "conv"
            | "conversion"
            | "notif"
            | "notification"
    );
    let word =
        !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    (known && word && rest.bytes().any(|b| b.is_ascii_digit())).then_some(IdForm::Prefixed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_id_is_one_thing_both_ways() {
        let mut ids = IdMap::default();
        assert_eq!(ids.learn("b1", "g1"), Match::Agrees);
        assert_eq!(ids.learn("b1", "g1"), Match::Agrees);
        assert_eq!(ids.learn("b1", "g2"), Match::Conflict("g1".into()));
        assert_eq!(ids.learn("b2", "g1"), Match::Conflict("b1".into()));
        assert_eq!(ids.check("b3", "g3"), Match::Agrees);
        assert!(ids.knows("b1", "g1") && !ids.knows("b3", "g3"));
        assert_eq!(ids.green_of.len(), 1);
    }

    #[test]
    fn forms_are_told_apart_and_words_are_none() {
        for (text, is) in [
            ("64f0c2a1b3d4e5f60718293a", Some(IdForm::ObjectId)),
            ("library_64f0c2a1b3d4e5f60718293a", Some(IdForm::Prefixed)),
            ("3f1e9a50-7e9f-4a43-9c2f-000000000001", Some(IdForm::Uuid)),
            ("user_name", None),
            ("Monsoon Letters", None),
            ("", None),
        ] {
            assert_eq!(form(text), is, "{text}");
        }
    }

    proptest! {
        /// Whatever is learnt in whatever order, no id ever has two partners.
        #[test]
        fn the_map_stays_one_to_one(pairs in prop::collection::vec((0u8..12, 0u8..12), 0..60)) {
            let mut ids = IdMap::default();
            for (blue, green) in pairs {
                ids.learn(&format!("b{blue}"), &format!("g{green}"));
            }
            for (blue, green) in &ids.green_of {
                prop_assert_eq!(ids.blue_of.get(green), Some(blue));
            }
            prop_assert_eq!(ids.green_of.len(), ids.blue_of.len());
        }
    }
}
