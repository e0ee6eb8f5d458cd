//! What the system's libraries print on stderr is not for whoever asked for JSON.

use crate::bench::{Bench, said};

#[cfg(target_os = "linux")]
#[test]
fn a_sound_library_without_a_home_prints_nothing_between() {
    let bench = Bench::new();
    let id = bench.id_of("Tone");
    let homeless = |args: &[&str]| {
        let mut melody = bench.melody(args);
        for name in ["XDG_RUNTIME_DIR", "PULSE_SERVER", "PULSE_RUNTIME_PATH", "DBUS_SESSION_BUS_ADDRESS"] {
            melody.env_remove(name);
        }
        said(melody.env("HOME", "/proc/1/nowhere").output().unwrap())
    };
    // For a person it may be of use.
    assert!(!homeless(&["doctor"]).err.is_empty());
    assert_eq!(homeless(&["doctor", "--json"]).err, "");
    let refused = homeless(&["play", &id, "--json"]);
    assert_eq!((refused.exit, refused.code().as_str()), (7, "NO_DEVICE"));
    assert_eq!(refused.err.lines().count(), 1, "{refused:?}");
}
