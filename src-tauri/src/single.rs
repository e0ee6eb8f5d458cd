//! One window for each profile: the name under which a second start finds the first.

use std::{fmt::Write, path::Path};

use sha2::{Digest, Sha256};

/// The app's identifier for this profile. Two windows on two profiles do not know each other.
pub fn identifier(profile: &Path) -> String {
    // The same folder by another way is the same profile; one that is not there yet has no other way.
    let place = profile.canonicalize().or_else(|_| std::path::absolute(profile));
    let place = place.unwrap_or_else(|_| profile.to_owned());
    let hash = Sha256::digest(place.as_os_str().as_encoded_bytes());
    // A part of a bus name must not begin with a digit.
    hash.iter().take(8).fold("com.melodystudio.desktop.p".to_owned(), |mut name, byte| {
        let _ = write!(name, "{byte:02x}");
        name
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_profile_has_one_name_by_whatever_way() {
        let folder = tempfile::tempdir().unwrap();
        let profile = folder.path().join("profile");
        fs::create_dir_all(profile.join("sub")).unwrap();
        let name = identifier(&profile);
        assert_eq!(name, identifier(&profile.join("sub").join("..")));
        assert_ne!(name, identifier(&profile.join("sub")));
        assert!(name.split('.').all(|part| part.starts_with(|c: char| c.is_ascii_lowercase())), "{name}");
    }
}
