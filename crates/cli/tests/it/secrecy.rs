//! What must never be written down: codes, numbers, tokens.

use std::fs;
use std::path::Path;

use crate::bench::{Bench, OTP, PHONE};

/// Every file below, with its bytes.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
    found
}

fn holds(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

#[test]
fn no_file_but_the_secrets_holds_a_secret_and_nothing_is_said_aloud() {
    let bench = Bench::new();
    let mut said = String::new();
    for args in [
        &["login", "--phone", PHONE, "--otp", "135791"][..],
        &["login", "--phone", PHONE, "--otp", OTP, "-v"],
        &["whoami", "-v"],
        &["search", "tone", "-v"],
        &["library", "sync", "-v"],
    ] {
        let run = bench.run(args);
        said += &run.out;
        said += &run.err;
    }
    let secrets = fs::read_to_string(bench.profile().join("secrets.json")).unwrap();
    let tokens: Vec<&str> =
        secrets.split(['"', '\\']).filter(|part| part.len() >= 20 && !part.contains('/')).collect();
    assert!(tokens.len() >= 2, "the tokens are not where they are looked for");
    let log = bench.profile().join("melody.log");
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("INVALID_OTP") && log.contains("command=\"search\""), "{log}");
    assert!(said.contains("command=\"search\""), "-v tells a person too: {said}");

    let words: Vec<&str> = [OTP, "135791", PHONE, "98765"].into_iter().chain(tokens).collect();
    for (path, bytes) in files(&bench.profile()) {
        if !path.ends_with("secrets.json") {
            for word in &words {
                assert!(!holds(&bytes, word), "{path} holds a secret of {} letters", word.len());
            }
        }
    }
    assert!(words.iter().all(|word| !said.contains(word)), "{said}");
}

#[cfg(unix)]
#[test]
fn the_profile_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    bench.sign_in();
    for (name, mode) in [("", 0o700), ("melody.log", 0o600), ("secrets.json", 0o600)] {
        let found = fs::metadata(bench.profile().join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{name}: {found:o}");
    }
}
