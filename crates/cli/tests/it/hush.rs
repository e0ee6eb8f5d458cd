//! What the system's libraries print on stderr is not for whoever asked for JSON.

use crate::bench::{Bench, said};

#[test]
fn a_sound_library_without_a_home_prints_nothing_between() {
    let bench = Bench::new();
    let homeless = |args: &[&str]| {
        let mut melody = bench.melody(args);
        for name in ["XDG_RUNTIME_DIR", "PULSE_SERVER", "PULSE_RUNTIME_PATH", "DBUS_SESSION_BUS_ADDRESS"] {
            melody.env_remove(name);
        }
        said(melody.env("HOME", "/proc/1/nowhere").output().unwrap())
    };
    if homeless(&["doctor"]).err.is_empty() {
        println!("nothing is proven here: this machine's sound libraries are silent");
    }
    assert_eq!(homeless(&["doctor", "--json"]).err, "");
    let id = bench.id_of("Tone");
    let played = homeless(&["play", &id, "--for", "0.1", "--json"]);
    assert!(played.err.lines().count() <= 1 && played.err.matches("\"code\"").count() <= 1, "{played:?}");
}
