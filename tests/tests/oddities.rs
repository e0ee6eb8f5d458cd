//! Services that differ in every way that the contract lists: `melody` does the same on each.
#![allow(clippy::unwrap_used, reason = "a test ends where a bench or an answer is not as it must be")]

use melody_e2e::{
    fake::{Dialect, Fake, Outage, Quirk, Song},
    media,
    melody::{Melody, OTP, text},
    process::Ended,
    settled::{fake, settled},
    signal::compare,
};
use serde_json::Value;

fn songs() -> Vec<Song> {
    let sound = media::wav(2.0);
    ["दिल की बात", "Monsoon Letters", "வானம்"]
        .map(|title| Song::new(title, "wav", Some(sound.clone())))
        .to_vec()
}

/// The main job from sign-in to sign-out. Panics name what differs.
fn main_job(fake: &Fake) {
    let melody = Melody::on(&fake.address());
    let signed_in = melody.login();
    let dialect = if fake.world().dialect == Dialect::Blue { "blue" } else { "green" };
    assert_eq!(signed_in["dialect"], dialect, "{signed_in}");
    assert_eq!(signed_in["user"]["name"], "Meher", "{signed_in}");

    let found = melody.json(&["search", "दिल"]);
    assert_eq!(found["songs"].as_array().unwrap().len(), 1, "{found}");
    let song = &found["songs"][0];
    assert_eq!(song["title"], "दिल की बात");
    assert_eq!(song["duration_s"], 2, "{song}");
    assert_eq!(song["release_year"], 1999, "{song}");
    assert_eq!(song["popularity"], 50, "{song}");
    assert_eq!(song["genre"], serde_json::json!(["Filmi", "Pop"]), "{song}");
    assert_eq!(song["external_ids"]["spotify"], "spotify-0", "{song}");
    assert!(song["album"].is_null(), "{song}");
    let malformed = fake.world().is(Quirk::MalformedItem);
    assert_eq!(found["skipped"], u8::from(malformed), "{found}");

    let id = text(&song["id"]);
    let full = melody.json(&["song", &id]);
    assert_eq!(full["song"]["lyrics"], "la la la", "{full}");
    assert_eq!(full["song"]["metadata"]["bpm"].as_f64(), Some(96.0), "{full}");

    let added = melody.json(&["library", "add", &id]);
    assert_eq!(added["entries"][0]["pending"], false, "{added}");
    melody.json(&["library", "sync"]);
    let list = melody.json(&["library", "list"]);
    assert_eq!(list["total"], 1, "{list}");
    assert_eq!(list["entries"][0]["song"]["id"], song["id"], "a song has become two: {list}");

    let file = melody.home().join("heard.wav");
    let played = melody.json(&["play", &id, "--to", file.to_str().unwrap()]);
    assert!(played["played"][0]["error"].is_null(), "{played}");
    let (heard, ..) = media::wav_floats(&file);
    assert_eq!(heard.len(), 2 * 2 * 48_000);

    let removed = melody.json(&["library", "remove", &id]);
    assert!(removed["entries"].is_array(), "{removed}");
    melody.json(&["library", "sync"]);
    assert_eq!(melody.json(&["library", "list"])["total"], 0);
    assert!(fake.world().library.is_empty(), "the service still has it");
    let status = melody.json(&["library", "status"]);
    assert_eq!((&status["pending"], status["parked"].as_array().unwrap().len()), (&0.into(), 0), "{status}");

    melody.json(&["logout"]);
    melody.fails(&["whoami"], 3, "AUTH_REQUIRED");
}

fn with(dialect: Dialect, quirks: &[Quirk]) -> Fake {
    println!("{dialect:?} with {quirks:?}");
    let fake = Fake::start(dialect, quirks, songs());
    main_job(&fake);
    fake
}

#[test]
fn as_the_contract_has_it() {
    with(Dialect::Green, &[]);
    with(Dialect::Blue, &[]);
}

#[test]
fn field_names_in_either_case() {
    for quirk in [Quirk::OtherCase, Quirk::MixedCase] {
        with(Dialect::Green, &[quirk]);
        with(Dialect::Blue, &[quirk]);
    }
}

#[test]
fn values_in_other_types() {
    with(Dialect::Green, &[Quirk::ColumnsAsStrings]);
    with(Dialect::Blue, &[Quirk::NumbersAsStrings, Quirk::GenreAsString]);
    with(Dialect::Green, &[Quirk::NumbersAsFloats, Quirk::PlainRenditions]);
    with(Dialect::Green, &[Quirk::ColumnsAsStrings, Quirk::NumbersAsStrings, Quirk::OtherCase]);
}

#[test]
fn what_is_empty_null_absent_or_unknown() {
    with(Dialect::Green, &[Quirk::Nulls, Quirk::UnknownFields]);
    with(Dialect::Blue, &[Quirk::Absent, Quirk::UnknownFields]);
}

#[test]
fn one_malformed_item_costs_that_item() {
    with(Dialect::Green, &[Quirk::MalformedItem]);
    with(Dialect::Blue, &[Quirk::MalformedItem]);
}

#[test]
fn moments_in_every_form() {
    let saved_at = |quirks: &[Quirk]| {
        let fake = with(Dialect::Green, quirks);
        fake.world().library.push(1);
        let melody = Melody::on(&fake.address());
        melody.login();
        melody.json(&["library", "sync"]);
        text(&melody.json(&["library", "list"])["entries"][0]["added_at"])
    };
    assert!(saved_at(&[]).starts_with("2024-03-01T10:01:00"));
    assert!(saved_at(&[Quirk::NaiveTimes]).starts_with("2024-03-01T10:01:00"), "naive means UTC");
    assert!(saved_at(&[Quirk::OffsetTimes]).starts_with("2024-03-01T10:01:00"), "the offset counts");
}

#[test]
fn addresses_relative_full_below_a_prefix_and_elsewhere() {
    with(Dialect::Green, &[Quirk::FullAddresses]);
    with(Dialect::Green, &[Quirk::BelowAPrefix]);
    with(Dialect::Green, &[Quirk::BelowAPrefix, Quirk::NoVersion, Quirk::HealthBelowSystem]);
}

#[test]
fn nothing_that_tells_the_version() {
    with(Dialect::Green, &[Quirk::NoVersion]);
    with(Dialect::Blue, &[Quirk::NoVersion]);
    with(Dialect::Green, &[Quirk::HealthBelowSystem]);
}

#[test]
fn answers_in_other_wrappings() {
    with(Dialect::Green, &[Quirk::BareTrack, Quirk::NoPagination]);
    with(Dialect::Blue, &[Quirk::BareTrack, Quirk::NoRanges]);
}

#[test]
fn what_is_gone_already_is_removed() {
    with(Dialect::Blue, &[Quirk::GoneAlready]);
    with(Dialect::Green, &[Quirk::GoneAlready]);
    with(Dialect::Green, &[Quirk::GoneAlready, Quirk::CatchAll]);
}

#[test]
fn what_another_device_saved_first_can_be_removed_here() {
    for (dialect, quirks) in [
        (Dialect::Blue, &[Quirk::SavedAlready][..]),
        (Dialect::Green, &[Quirk::SavedAlready]),
        (Dialect::Green, &[Quirk::SavedAlready, Quirk::CatchAll]),
        (Dialect::Blue, &[Quirk::SavedAlreadyIsInvalid]),
        (Dialect::Green, &[Quirk::SavedAlreadyIsInvalid]),
        (Dialect::Green, &[Quirk::SavedAlreadyIsInvalid, Quirk::CatchAll]),
    ] {
        let fake = with(dialect, quirks);
        let melody = Melody::on(&fake.address());
        melody.login();
        let id = melody.ids("दिल", 1).remove(0);
        // Meanwhile, elsewhere.
        fake.world().library.push(0);
        let added = melody.json(&["library", "add", &id]);
        assert_eq!(added["entries"][0]["pending"], false, "{added}");
        let before = fake.world().seen.len();
        let removed = melody.json(&["library", "remove", &id]);
        assert!(removed["entries"].is_array(), "{removed}");
        melody.json(&["library", "sync"]);
        let world = fake.world();
        let path = format!("/api/v1/library/songs/{}", world.entry_id(0));
        let told = world.seen[before..].iter().filter(|seen| seen.method == "DELETE");
        assert_eq!(told.map(|seen| seen.path.clone()).collect::<Vec<_>>(), [path], "{dialect:?}, {quirks:?}");
        assert!(world.library.is_empty(), "{dialect:?}, {quirks:?}: the service still has it");
        drop(world);
        let status = melody.json(&["library", "status"]);
        assert_eq!((&status["pending"], &status["parked"]), (&0.into(), &serde_json::json!([])), "{status}");
        assert_eq!(melody.json(&["library", "list"])["total"], 0);
    }
}

#[test]
fn a_removal_whose_answer_proves_nothing_is_settled_by_looking() {
    // Carried out, and told in words of its own.
    with(Dialect::Green, &[Quirk::OddRemovals]);
    with(Dialect::Blue, &[Quirk::OddRemovals]);
    // Not carried out: somebody on the way says yes to everything.
    let fake = fake();
    let (melody, ids) = settled(&fake);
    fake.world().outage = Some(Outage {
        status: 200,
        content_type: "application/json",
        body: r#"{"status":"up"}"#.to_owned(),
        retry_after: None,
        on: "/7a1d9e4c-0000-4000-8000-000000000000",
    });
    assert!(fake.world().entry_id(0).ends_with("7a1d9e4c-0000-4000-8000-000000000000"));
    let removed = melody.json(&["library", "remove", &ids[0]]);
    assert_eq!(removed["entries"][0]["pending"], true, "{removed}");
    let told = melody.fails(&["library", "sync"], 4, "NOT_THE_SERVICE");
    assert!(told.retryable && told.message.contains("/library/songs/"), "{told:?}");
    let status = melody.json(&["library", "status"]);
    assert_eq!((&status["pending"], &status["parked"]), (&1.into(), &serde_json::json!([])), "{status}");
    fake.world().outage = None;
    melody.json(&["library", "sync"]);
    assert!(fake.world().library.is_empty(), "the service still has it");
    assert_eq!(melody.json(&["library", "status"])["pending"], 0);
}

#[test]
fn ids_in_the_form_of_the_other_backend() {
    for quirks in [&[Quirk::OtherIds][..], &[Quirk::OtherIds, Quirk::NoVersion]] {
        with(Dialect::Green, quirks);
        with(Dialect::Blue, quirks);
    }
}

#[test]
fn a_refusal_inside_a_500_is_read_as_what_it_is() {
    let fake = with(Dialect::Green, &[Quirk::CatchAll]);
    let melody = Melody::on(&fake.address());
    let told = melody.fails(
        &["login", "--phone", "9999999999", "--country", "+91", "--otp", "123456"],
        5,
        "VALIDATION_ERROR",
    );
    assert!(!told.retryable, "{told:?}");
    melody.fails(&["song", "3f2b8c1e-0000-4000-8000-0000000000ff"], 5, "RESOURCE_NOT_FOUND");
}

#[test]
fn tokens_that_end_after_every_call() {
    for quirks in [&[Quirk::ShortTokens][..], &[Quirk::ShortTokens, Quirk::NoRotation]] {
        let fake = with(Dialect::Green, quirks);
        assert!(fake.world().refreshes > 0, "nothing was refreshed");
    }
}

#[test]
fn an_address_that_has_expired_is_asked_for_again() {
    let fake = with(Dialect::Green, &[Quirk::AddressesExpire]);
    assert!(fake.world().count("GET", ".wav") > 0);
}

#[test]
fn sound_that_is_nowhere_is_told_with_what_answered() {
    for (status, content_type, body, exit, code) in [
        (404, "text/html", "<!doctype html>\n<title>Not here</title>", 7, "NO_AUDIO"),
        (403, "application/xml", "<Error>AccessDenied</Error>", 7, "NO_AUDIO"),
        (410, "text/plain", "", 7, "NO_AUDIO"),
        (200, "text/html", "<!doctype html>\n<title>Sign in to the Wi-Fi</title>", 4, "NOT_THE_SERVICE"),
    ] {
        let elsewhere = Fake::start(Dialect::Green, &[], songs());
        let mut songs = songs();
        songs[0].elsewhere = Some(elsewhere.sound(0));
        let fake = Fake::start(Dialect::Green, &[], songs);
        let melody = Melody::on(&fake.address());
        let (gone, good) = (melody.ids("दिल", 1).remove(0), melody.ids("Monsoon", 1).remove(0));
        let body = body.to_owned();
        elsewhere.world().outage = Some(Outage { status, content_type, body, retry_after: None, on: "" });

        let file = melody.home().join("heard.wav");
        let told = melody.run(&["play", &gone, "--to", file.to_str().unwrap()]);
        let told = failure_beside_a_document(&told, exit, code);
        for word in [&*elsewhere.address(), &status.to_string()] {
            assert!(told.contains(word), "{word} is not told: {told}");
        }
        assert!(!told.contains("not Melody Studio"), "{told}");
        // Asked for anew once, and not again and again.
        assert_eq!(fake.world().seen.iter().filter(|seen| seen.path.contains("/music/track/")).count(), 1);
        assert_eq!(elsewhere.world().count("GET", ".wav"), 2);

        failure_beside_a_document(&melody.run(&["download", &gone]), exit, code);
        assert_eq!(melody.json(&["song", &gone])["song"]["downloaded"], false, "a page counts as a song");
        // The queue goes on.
        let played = melody.json(&["play", &gone, &good, "--to", file.to_str().unwrap()]);
        assert_eq!(
            (&played["played"][0]["error"]["code"], &played["played"][1]["error"]),
            (&code.into(), &Value::Null)
        );
    }
}

/// The sentence of a command that prints its document and fails.
fn failure_beside_a_document(ended: &Ended, exit: i32, code: &str) -> String {
    assert_eq!(ended.exit, Some(exit), "{ended:?}");
    let told: Value = serde_json::from_str(&ended.stderr).unwrap();
    assert_eq!(told["error"]["code"], code, "{ended:?}");
    text(&told["error"]["message"])
}

#[test]
fn an_m4a_of_unknown_length_is_heard_and_kept() {
    let wav = media::wav(3.0);
    let aac = ["-c:a", "aac", "-b:a", "160k"];
    for how in [&aac[..], &["-c:a", "aac", "-b:a", "160k", "-movflags", "+faststart"]] {
        let sound = media::encoded(&wav, "m4a", how);
        for quirks in [&[Quirk::NoLength][..], &[]] {
            let fake =
                Fake::start(Dialect::Green, quirks, vec![Song::new("Geet", "m4a", Some(sound.clone()))]);
            let expected = media::decoded(&fake.sound(0));
            let melody = Melody::on(&fake.address());
            let id = melody.ids("Geet", 1).remove(0);
            let heard = |name: &str| {
                let file = melody.home().join(name);
                let played = melody.json(&["play", &id, "--to", file.to_str().unwrap()]);
                assert!(played["played"][0]["error"].is_null(), "{quirks:?}: {played}");
                let (heard, ..) = media::wav_floats(&file);
                let found = compare(&heard, &expected);
                assert!(
                    found.correlation > 0.999 && heard.len().abs_diff(expected.len()) <= 4_096,
                    "{found:?}"
                );
            };
            heard("streamed.wav");
            let row = melody.json(&["download", &id])["downloads"][0].clone();
            assert_eq!(
                (&row["state"], &row["bytes"], &row["total"]),
                (&"done".into(), &sound.len().into(), &sound.len().into())
            );
            drop(fake);
            heard("kept.wav");
        }
    }
}

#[test]
fn a_saved_songs_own_instrumental_is_the_one_that_is_heard() {
    for dialect in [Dialect::Green, Dialect::Blue] {
        let sounds = [1.0, 2.0, 3.0].map(|seconds| Some(media::wav(seconds)));
        let mut songs: Vec<Song> = ["Geet", "Its own", "Another"]
            .into_iter()
            .zip(sounds)
            .map(|(title, sound)| Song::new(title, "wav", sound))
            .collect();
        songs[0].instrumental_of_entry = Some(1);
        songs[0].instrumental = Some(2);
        let fake = Fake::start(dialect, &[], songs);
        let seconds = |melody: &Melody, rendition: &str| {
            let id = melody.ids("Geet", 1).remove(0);
            let file = melody.home().join("heard.wav");
            let to = file.to_str().unwrap();
            let played = melody.json(&["play", &id, "--rendition", rendition, "--to", to]);
            assert!(played["played"][0]["error"].is_null(), "{played}");
            media::wav_floats(&file).0.len() / 96_000
        };
        let guest = Melody::on(&fake.address());
        assert_eq!(seconds(&guest, "instrumental"), 3, "not saved, it has the song's");

        fake.world().library.push(0);
        let melody = Melody::on(&fake.address());
        melody.login();
        assert_eq!(seconds(&melody, "instrumental"), 2, "saved, it has the entry's");
        assert_eq!(seconds(&melody, "original"), 1);
        // A later answer about the song alone names the song's, and does not win.
        let id = melody.ids("Geet", 1).remove(0);
        melody.json(&["song", &id]);
        melody.json(&["trending"]);
        assert_eq!(
            seconds(&melody, "instrumental"),
            2,
            "{dialect:?}: forgotten after the song was asked for"
        );
        let row = melody.json(&["download", &id, "--rendition", "instrumental"])["downloads"][0].clone();
        assert_eq!(row["bytes"], media::wav(2.0).len(), "{row}");
    }
}

#[test]
fn what_a_guest_calls_a_song_stays_its_name() {
    let fake = Fake::start(Dialect::Green, &[], songs());
    let melody = Melody::on(&fake.address());
    let as_guest = melody.ids("दिल", 1).remove(0);
    melody.login();
    assert_eq!(melody.ids("दिल", 1), std::slice::from_ref(&as_guest), "a sign-in has renamed the song");
    melody.json(&["logout"]);

    // Another account has met the song before, under a name of its own; the guest's is good there too.
    let phone = ["--phone", "9876500000", "--country", "+91", "--otp", OTP];
    let other = Melody::on(&fake.address());
    let login = || other.json(&[&["login"][..], &phone].concat());
    login();
    let own = other.ids("दिल", 1).remove(0);
    other.json(&["library", "add", &own]);
    other.json(&["logout"]);
    let as_guest = other.ids("दिल", 1).remove(0);
    assert_ne!(as_guest, own, "a guest looks into an account");
    login();
    let listed = other.json(&["library", "list"]);
    assert_eq!(
        (&listed["total"], &listed["entries"][0]["song"]["id"]),
        (&1.into(), &Value::from(own.as_str()))
    );
    assert_eq!(other.json(&["song", &as_guest])["song"]["id"], own, "the guest's name leads elsewhere");
    let again = other.json(&["library", "add", &as_guest]);
    assert_eq!(again["entries"][0]["song"]["id"], own, "{again}");
    assert_eq!(other.json(&["library", "list"])["total"], 1, "one song has become two");
    other.json(&["library", "remove", &as_guest]);
    assert_eq!(other.json(&["library", "list"])["total"], 0);
}

#[test]
fn the_token_goes_to_the_service_and_nowhere_else() {
    let other = Fake::start(Dialect::Green, &[], songs());
    let mut songs = songs();
    songs[0].elsewhere = Some(other.sound(0));
    let fake = Fake::start(Dialect::Green, &[], songs);
    main_job(&fake);
    let world = other.world();
    assert!(!world.seen.is_empty(), "the sound was not fetched from elsewhere");
    for seen in &world.seen {
        assert_eq!(seen.authorization, None, "a token left for another origin: {seen:?}");
        assert!(!seen.query.contains("token"), "{seen:?}");
    }
}

#[test]
fn pages_are_counted_by_offset_and_never_asked_for_with_zero() {
    let many = (0..230).map(|n| Song::new(&format!("Geet {n:03}"), "wav", None)).collect();
    let fake = Fake::start(Dialect::Green, &[Quirk::MalformedItem], many);
    fake.world().library = (0..230).collect();
    let melody = Melody::on(&fake.address());
    melody.login();
    melody.json(&["library", "sync"]);
    assert_eq!(melody.json(&["library", "list"])["total"], 230);
    for seen in &fake.world().seen {
        assert!(!seen.query.split('&').any(|part| part == "limit=0"), "{seen:?}");
    }
}
