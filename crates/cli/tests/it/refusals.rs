//! Bad input and bad days: the code, the exit and a sentence of each.

use std::time::Duration;

use melody_server::{Dialect, Fault, FaultKind, Options};

use crate::bench::{Bench, OTP, PHONE, program, said, song, tone, typed};

fn refused(bench: &Bench, args: &[&str], exit: i32, code: &str) {
    assert_eq!(bench.refusal(args), (exit, code.to_owned()), "{args:?}");
}

#[test]
fn mistakes_on_the_command_line_are_usage() {
    let bench = Bench::new();
    let commands: [&[&str]; 18] = [
        &[],
        &["serach", "x"],
        &["search"],
        &["search", ""],
        &["search", "x", "--limit", "0"],
        &["search", "x", "--limit", "51"],
        &["search", "x", "--limit", "-3"],
        &["search", "x", "--type", "song"],
        &["library"],
        &["library", "list", "--limit", "101"],
        &["play", "x", "--from", "NaN"],
        &["play", "x", "--for", "-1"],
        &["play", "x", "--to", "song.mp3"],
        &["play", "x", "--to", "no-such-folder/song.wav"],
        &["whoami", "--jsno"],
        &["download"],
        &["download", "x", "--all"],
        &["download", "--all", "--playlist", "x"],
    ];
    for args in commands {
        refused(&bench, args, 2, "USAGE");
    }
}

#[test]
fn a_person_gets_a_sentence_and_a_hint() {
    let said = Bench::new().run(&["serach", "x"]);
    assert_eq!((said.exit, said.out.as_str()), (2, ""));
    assert_eq!(said.err, "error: Unrecognized subcommand 'serach'.\nhint: Did you mean search?\n");
}

#[test]
fn addresses_that_cannot_be_used() {
    let mut bench = Bench::new();
    bench.address = "http://music.example.com".to_owned();
    refused(&bench, &["trending"], 2, "INSECURE_ADDRESS");
    for wrong in ["not an address", "ftp://music.example.com", "https://"] {
        bench.address = wrong.to_owned();
        let (exit, code) = bench.refusal(&["trending"]);
        assert_eq!(exit, 2, "{wrong}: {code}");
    }
}

#[test]
fn a_path_where_no_service_is() {
    for dialect in [Dialect::Blue, Dialect::Green] {
        let mut bench = Bench::with(Options { dialect, ..Options::default() });
        bench.address = format!("{}/somewhere/else", bench.address);
        for args in [&["search", "tone"][..], &["trending"], &["login", "--phone", PHONE, "--otp", OTP]] {
            refused(&bench, args, 4, "NOT_THE_SERVICE");
            let said = bench.run(&[args, &["--json"]].concat());
            assert!(said.err.contains("/somewhere/else"), "the address is not named: {said:?}");
        }
    }
}

#[test]
fn numbers_and_codes_that_are_wrong() {
    let bench = Bench::with(Options { limits: false, ..Options::default() });
    refused(&bench, &["login", "--phone", "12345", "--otp", OTP], 2, "VALIDATION_ERROR");
    refused(&bench, &["login", "--phone", PHONE, "--country", "India", "--otp", OTP], 2, "VALIDATION_ERROR");
    refused(&bench, &["login", "--phone", PHONE, "--otp", "12"], 2, "VALIDATION_ERROR");
    refused(&bench, &["login", "--phone", PHONE, "--otp", "000000"], 5, "INVALID_OTP");
    for nothing in ["", "\n", "   \n"] {
        let said = typed(bench.melody(&["login", "--phone", PHONE, "--json"]), nothing);
        assert_eq!((said.exit, said.code().as_str()), (2, "VALIDATION_ERROR"), "{said:?}");
        assert!(said.err.contains("No code was given"), "{said:?}");
    }
    refused(&bench, &["whoami"], 3, "AUTH_REQUIRED");
}

#[test]
fn an_expired_code_and_too_many_messages() {
    let bench = Bench::with(Options { otp_ttl: Duration::ZERO, ..Options::default() });
    for _ in 0..3 {
        refused(&bench, &["login", "--phone", PHONE, "--otp", OTP], 5, "OTP_EXPIRED");
    }
    refused(&bench, &["login", "--phone", PHONE, "--otp", OTP], 5, "RATE_LIMIT_EXCEEDED");
}

#[test]
fn nobody_is_signed_in() {
    let bench = Bench::new();
    for args in
        [&["whoami"][..], &["logout"], &["library", "list"], &["library", "sync"], &["library", "status"]]
    {
        refused(&bench, args, 3, "AUTH_REQUIRED");
    }
}

#[test]
fn ids_that_lead_nowhere() {
    let bench = Bench::new();
    let unknown = "3f1e9a50-7e9f-4a43-9c2f-000000000001";
    refused(&bench, &["song", unknown], 5, "RESOURCE_NOT_FOUND");
    let said = bench.run(&["play", unknown, "--to", "null", "--json"]);
    assert_eq!((said.exit, said.code().as_str()), (5, "RESOURCE_NOT_FOUND"));
    assert_eq!(said.document()["played"][0]["error"]["code"], "RESOURCE_NOT_FOUND");
}

#[test]
fn a_service_that_is_not_well() {
    let mut bench = Bench::with(Options { limits: false, ..Options::default() });
    let search = |kind| vec![Fault::new("GET /music/search", kind)];
    for (faults, code) in [
        (vec![Fault::new("GET /music/search", FaultKind::Html).status(200)], "NOT_THE_SERVICE"),
        (search(FaultKind::Html), "UNREACHABLE"),
        (vec![Fault::new("GET /music/search", FaultKind::Html).status(404)], "NOT_THE_SERVICE"),
        (search(FaultKind::DropBefore), "UNREACHABLE"),
    ] {
        bench.server().set_faults(faults).unwrap();
        refused(&bench, &["search", "tone"], 4, code);
    }
    bench.server().set_faults(Vec::new()).unwrap();
    bench.server().set_maintenance(true);
    refused(&bench, &["search", "tone"], 4, "MAINTENANCE");
    bench.server().set_maintenance(false);
    bench.json(&["search", "tone"]);
    bench.unplug();
    refused(&bench, &["search", "tone"], 4, "UNREACHABLE");
}

#[test]
fn songs_that_cannot_be_heard() {
    let mut cut = tone(2);
    cut.truncate(30);
    let words = song("Words", "en", Some(b"this is no sound at all, whatever its name says".repeat(50)));
    let noise = song("Noise", "en", Some([0x55, 0x00, 0x13, 0x37].repeat(700)));
    let extra_songs = vec![song("Cut", "en", Some(cut)), words, noise];
    let bench = Bench::with(Options { extra_songs, ..Options::default() });
    let file = bench.path("x.wav");
    let wav = file.to_str().unwrap();
    for (title, expected) in [
        ("Silence", "NO_AUDIO"),
        ("Cut", "BAD_AUDIO"),
        ("Words", "UNSUPPORTED_FORMAT"),
        ("Noise", "BAD_AUDIO"),
    ] {
        let id = bench.id_of(title);
        let said = bench.run(&["play", &id, "--to", wav, "--json"]);
        let code = said.code();
        assert_eq!((said.exit, code.as_str()), (7, expected), "{title}: {said:?}");
        assert_eq!(said.document()["played"][0]["error"]["code"], code.as_str());
        assert!(!file.exists(), "{title}: an empty recording was left");
        // Whoever keeps it for the train hears the same of it.
        let kept = bench.run(&["download", &id, "--json"]);
        assert_eq!((kept.exit, kept.code()), (7, code), "{title}");
        assert_eq!(
            kept.document()["downloads"][0]["error"]["message"],
            said.document()["played"][0]["error"]["message"]
        );
    }
    // The queue goes on, and that something played is what counts.
    let queue = [bench.id_of("Silence"), bench.id_of("Tone")];
    let said = bench.run(&["play", &queue[0], &queue[1], "--to", wav, "--json"]);
    assert_eq!((said.exit, said.err.as_str()), (0, ""));
    let played = &said.document()["played"];
    assert_eq!(
        (&played[0]["error"]["code"], &played[1]["error"]),
        (&"NO_AUDIO".into(), &serde_json::Value::Null)
    );
}

#[test]
fn a_download_that_fails_says_so_in_its_row() {
    let bench = Bench::new();
    bench.sign_in();
    let ids = [bench.id_of("Silence"), bench.id_of("Tone")];
    let said = bench.run(&["download", &ids[0], &ids[1], "--json"]);
    assert_eq!((said.exit, said.code().as_str()), (7, "NO_AUDIO"));
    let downloads = &said.document()["downloads"];
    assert_eq!((&downloads[0]["state"], &downloads[1]["state"]), (&"failed".into(), &"done".into()));
}

#[test]
fn a_profile_that_cannot_be_one() {
    let bench = Bench::new();
    std::fs::write(bench.profile(), "a file where the folder should be").unwrap();
    let (exit, code) = bench.refusal(&["whoami"]);
    assert!(exit == 6 && code.starts_with("STORAGE_"), "{exit} {code}");
    let mut command = program();
    command.args(["whoami", "--json"]).env("MELODY_SECRETS", "nowhere").arg("--profile").arg(bench.path("p"));
    let refused = said(command.output().unwrap());
    assert_eq!((refused.exit, refused.code().as_str()), (2, "USAGE"));
}

#[test]
fn data_that_can_have_no_folder() {
    let bench = Bench::new();
    let file = bench.path("a file");
    std::fs::write(&file, "where the folder should be").unwrap();
    let data = file.to_str().unwrap();
    for command in ["serve", "tour"] {
        let mut melody = program();
        let refused = said(melody.args([command, "--json", "--data", data]).output().unwrap());
        assert_eq!((refused.exit, refused.code().as_str()), (6, "STORAGE_DAMAGED"), "{refused:?}");
        assert!(refused.err.contains(data), "the folder is not named: {refused:?}");
    }
}

#[test]
fn a_group_of_commands_alone_is_helped_on() {
    let said = Bench::new().run(&["library"]);
    assert_eq!((said.exit, said.out.as_str()), (2, ""));
    assert!(!said.err.contains("error:") && said.err.contains("Usage: melody library"), "{said:?}");
    for command in ["list", "add", "remove", "sync", "verify", "retry", "discard", "status"] {
        assert!(said.err.contains(&format!("  {command} ")), "{command} is not there: {said:?}");
    }
    let said = Bench::new().run(&["downloads"]);
    assert!(said.exit == 2 && said.err.contains("Usage: melody downloads"), "{said:?}");
}
