//! A real server, a real profile in a temporary folder, and a core on both.
// Each test file uses its own part of this; a test that cannot go on may end.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::path::PathBuf;

use melody_core::{
    Command, Core, CoreOptions, DownloadRow, Error, Event, OtpRequest, PlayRequest, PlaybackEvent, PlayedRow,
    Reply, SearchRequest, SecretsKind, SinkKind,
};
use melody_model::{EntryView, Rendition, SongView};
use melody_server::{AudioSource, CatalogueChoice, Dialect, ExtraAudio, ExtraSong, Options, Server};
use secrecy::SecretString;
use tempfile::TempDir;

pub const OTP: &str = "424242";
pub const PHONE: &str = "9876543210";

pub struct Bench {
    pub server: Server,
    pub profile: TempDir,
}

impl Bench {
    pub async fn new(dialect: Dialect) -> Self {
        Self::with(Options { dialect, ..Options::default() }).await
    }

    pub async fn with(options: Options) -> Self {
        let options = Options { otp: Some(OTP.into()), ..options };
        Self { server: melody_server::start(options).await.unwrap(), profile: TempDir::new().unwrap() }
    }

    /// A core on this profile; its sound goes nowhere, in real time.
    pub async fn core(&self) -> Core {
        self.core_to(SinkKind::Null).await
    }

    pub async fn core_to(&self, sink: SinkKind) -> Core {
        Core::open(CoreOptions { sink, ..self.options() }).await.unwrap()
    }

    /// A core as a window opens it: its queue comes back.
    pub async fn window(&self) -> Core {
        self.window_to(SinkKind::Null).await
    }

    pub async fn window_to(&self, sink: SinkKind) -> Core {
        Core::open(CoreOptions { sink, keep_queue: true, ..self.options() }).await.unwrap()
    }

    pub fn options(&self) -> CoreOptions {
        CoreOptions {
            profile: self.profile.path().join("profile"),
            server: Some(self.server.base_url()),
            allow_http: Vec::new(),
            secrets: SecretsKind::File,
            sink: SinkKind::Null,
            keep_queue: false,
        }
    }

    pub async fn signed_in(&self) -> Core {
        let core = self.core().await;
        sign_in(&core).await.unwrap();
        core
    }

    pub fn wav(&self) -> PathBuf {
        self.profile.path().join("out.wav")
    }
}

pub async fn sign_in(core: &Core) -> Result<Reply, Error> {
    sign_in_as(core, PHONE).await
}

pub async fn sign_in_as(core: &Core, phone: &str) -> Result<Reply, Error> {
    core.dispatch(Command::RequestOtp(OtpRequest { phone: phone.into(), country: "+91".into() })).await?;
    core.dispatch(Command::VerifyOtp { otp: SecretString::from(OTP) }).await
}

pub async fn search(core: &Core, query: &str) -> Result<Vec<SongView>, Error> {
    let request = SearchRequest { query: query.into(), limit: 50, ..SearchRequest::default() };
    match core.dispatch(Command::Search(request)).await? {
        Reply::Songs(found) => Ok(found.songs),
        other => panic!("{other:?}"),
    }
}

/// The ids of so many songs.
pub async fn some_ids(core: &Core, count: usize) -> Vec<String> {
    let request = melody_core::TrendingRequest { limit: 50, ..Default::default() };
    let Reply::Trending(trending) = core.dispatch(Command::Trending(request)).await.unwrap() else {
        panic!()
    };
    let ids: Vec<_> = trending.songs.iter().take(count).map(|song| song.song.id.to_string()).collect();
    assert_eq!(ids.len(), count);
    ids
}

/// The first song that a search finds.
pub async fn one(core: &Core, query: &str) -> SongView {
    search(core, query).await.unwrap().into_iter().next().unwrap()
}

pub async fn add(core: &Core, ids: &[String]) -> Result<Vec<EntryView>, Error> {
    match core.dispatch(Command::LibraryAdd { ids: ids.to_vec() }).await? {
        Reply::Changed(changed) => Ok(changed.entries),
        other => panic!("{other:?}"),
    }
}

pub async fn remove(core: &Core, ids: &[String]) -> Result<Vec<EntryView>, Error> {
    match core.dispatch(Command::LibraryRemove { ids: ids.to_vec() }).await? {
        Reply::Changed(changed) => Ok(changed.entries),
        other => panic!("{other:?}"),
    }
}

pub async fn list(core: &Core) -> Result<Vec<EntryView>, Error> {
    let request = melody_core::ListRequest { limit: 100, ..Default::default() };
    match core.dispatch(Command::LibraryList(request)).await? {
        Reply::Entries(list) => Ok(list.entries),
        other => panic!("{other:?}"),
    }
}

/// The folder of the account that is signed in: the one with a database that is not the guest's.
pub fn account_folder(bench: &Bench) -> PathBuf {
    let services = std::fs::read_dir(bench.profile.path().join("profile")).unwrap();
    let accounts = services.filter_map(|service| std::fs::read_dir(service.unwrap().path()).ok()).flatten();
    let mut folders = accounts.map(|account| account.unwrap().path());
    folders.find(|path| path.join("library.db").is_file() && !path.ends_with("guest")).unwrap()
}

pub async fn download(core: &Core, id: &str) -> DownloadRow {
    let command = Command::Download { ids: vec![id.to_owned()], rendition: Rendition::Original };
    let Reply::Downloads(list) = core.dispatch(command).await.unwrap() else { panic!() };
    list.downloads.into_iter().next().unwrap()
}

/// The queries of all reading of the service's library.
pub fn pages_read(bench: &Bench) -> Vec<String> {
    let asked = bench.server.request_log().into_iter();
    let pages = asked.filter(|call| call.method == "GET" && call.path.ends_with("/library/songs"));
    pages.map(|call| call.query.unwrap_or_default()).collect()
}

/// Plays to the end of the queue and returns how each song went, with every playback event.
pub async fn play(core: &Core, request: PlayRequest) -> (Vec<PlayedRow>, Vec<PlaybackEvent>) {
    let mut events = core.events();
    core.dispatch(Command::Play(request)).await.unwrap();
    let (mut rows, mut seen) = (Vec::new(), Vec::new());
    loop {
        let Event::Playback(event) = events.recv().await.unwrap() else { continue };
        seen.push(event.clone());
        match event {
            PlaybackEvent::Finished(row) => rows.push(row),
            PlaybackEvent::QueueEnded => return (rows, seen),
            _ => {}
        }
    }
}

/// A WAV of so many seconds of a 440 Hz tone, mono, 48 kHz.
pub fn tone(seconds: u32) -> Vec<u8> {
    tone_of(440.0, seconds)
}

pub fn tone_of(hz: f64, seconds: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    for n in 0..seconds * 48_000 {
        let sample = (f64::from(n) * hz * std::f64::consts::TAU / 48_000.0).sin() * 12_000.0;
        writer.write_sample(sample as i16).unwrap();
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

/// A song with an original, or with no sound at all.
pub fn extra(title: &str, audio: Option<Vec<u8>>) -> ExtraSong {
    ExtraSong {
        title: title.into(),
        artist: "Bench".into(),
        language: "en".into(),
        duration_s: 2,
        audio: audio.map(|bytes| wav_audio("original", bytes)).into_iter().collect(),
        ..ExtraSong::default()
    }
}

pub fn wav_audio(rendition: &str, bytes: Vec<u8>) -> ExtraAudio {
    ExtraAudio { rendition: rendition.into(), format: "wav".into(), source: AudioSource::Bytes(bytes.into()) }
}

/// A service that has these songs and no others.
pub fn small(extra_songs: Vec<ExtraSong>) -> Options {
    Options { catalogue: CatalogueChoice::Synthetic(0), extra_songs, ..Options::default() }
}
