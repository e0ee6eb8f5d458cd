//! `tour`: the whole way through, with a demo service in this process: sign in, find, save, lose the
//! network, hear a song all the same.

use std::path::{Path, PathBuf};
use std::time::Duration;

use melody_core::{
    Code, Command, Core, CoreOptions, DownloadState, Event, FoundSongs, ListRequest, OtpRequest, PlayRequest,
    PlaybackEvent, PlayedRow, Reply, SearchRequest, SecretsKind, SinkKind,
};
use melody_model::{Rendition, SongView};
use melody_server::Server;
use serde::Serialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::broadcast::error::RecvError;

use crate::args::{Global, TourArgs};
use crate::exit::{Halt, NOTHING_PLAYED};
use crate::render::colour::Tone;
use crate::render::output::{self, Output};
use crate::render::{song, text};
use crate::values::Output as Sound;
use crate::{run, serve};

/// An Indian mobile number that nobody has: the demo's.
const PHONE: (&str, &str) = ("+91", "9876543210");
/// What is looked for, in Hindi script and in Latin.
const HINDI: &str = "दिल";
const LATIN: &str = "monsoon";
/// How long the message with the code may be on its way.
const SMS_PATIENCE: Duration = Duration::from_secs(10);
/// How long the song may play beyond what was asked for.
const SOUND_PATIENCE: Duration = Duration::from_secs(20);

/// The document: what was done, in order.
#[derive(Debug, Serialize)]
struct Report {
    ok: bool,
    steps: Vec<Step>,
    /// `device`, or the file that holds what a device would have got.
    sound: Option<String>,
}

#[derive(Debug, Serialize)]
struct Step {
    step: &'static str,
    message: String,
    result: Value,
}

/// The story as it is told.
struct Story<'a> {
    out: &'a Output,
    steps: Vec<Step>,
}

pub async fn tour(args: TourArgs, global: &Global, out: &Output) -> Result<(), Halt> {
    let mut story = Story { out, steps: Vec::new() };
    let temporary = TempDir::with_prefix("melody-tour-").map_err(|error| {
        Halt::local(Code::StorageReadOnly, format!("The tour needs a temporary folder: {error}."))
    })?;
    // A folder of its own even inside a named profile: the demo's service and its listener are gone in a minute, and
    // must not take the place of real ones.
    let folder = global.profile.as_deref().unwrap_or(temporary.path());
    let profile = folder.join("tour");

    story.headline("Melody Studio, in a minute")?;
    let options = melody_server::Options { data: args.data.clone(), ..melody_server::Options::default() };
    let server = melody_server::start(options).await.map_err(|error| serve::refused(&error, 0))?;
    let address = server.base_url();
    story.tell(
        "service",
        "A demo service starts on this machine, with songs made for it.",
        json!({ "service": address }),
    )?;
    story.aside(&address)?;

    let core = open(&profile, Some(address), SinkKind::Null).await?;
    sign_in(&core, &server, &mut story).await?;
    let hindi = search(&core, HINDI, false).await?;
    story.found(&format!("Search for {HINDI}, in Hindi script."), "search_hindi", &hindi)?;
    let latin = search(&core, LATIN, false).await?;
    story.found(&format!("Search for {LATIN}, in Latin script."), "search_latin", &latin)?;
    let (Some(first), Some(second)) = (hindi.songs.first(), latin.songs.first()) else {
        return Err(Halt::local(Code::ResourceNotFound, "The demo service has not the songs of the tour."));
    };
    keep(&core, [first, second], &mut story).await?;

    server.shutdown().await;
    story.tell("offline", "The network goes: the demo service is shut down.", Value::Null)?;
    without_network(&core, &mut story).await?;
    core.close().await?;

    let sound = hear(&profile, first, args.length, &mut story).await?;
    story.end(sound)
}

/// Tokens of a demo are not worth an entry in the keyring, which would outlive them.
async fn open(profile: &Path, server: Option<String>, sink: SinkKind) -> Result<Core, Halt> {
    let options = CoreOptions {
        profile: profile.to_owned(),
        server,
        allow_http: Vec::new(),
        secrets: SecretsKind::File,
        sink,
        keep_queue: false,
    };
    Ok(Core::open(options).await?)
}

async fn sign_in(core: &Core, server: &Server, story: &mut Story<'_>) -> Result<(), Halt> {
    let mut messages = server.otps();
    let (country, national) = PHONE;
    let request = OtpRequest { phone: national.into(), country: country.to_owned() };
    core.dispatch(Command::RequestOtp(request)).await?;
    let Ok(Ok(sms)) = tokio::time::timeout(SMS_PATIENCE, messages.recv()).await else {
        return Err(Halt::local(Code::OtpExpired, "The demo service sent no code."));
    };
    let reply = core.dispatch(Command::VerifyOtp { otp: sms.otp.clone().into() }).await?;
    story.tell("sign_in", "Sign in with a phone number; the code comes by SMS.", as_json(&reply)?)?;
    story.toast(&format!("SMS to {}", sms.phone), &format!("{} is your Melody Studio code.", sms.otp))?;
    if let Reply::SignedIn(who) = &reply {
        story.aside(&format!("Signed in as {}.", who.user.phone_masked))?;
    }
    Ok(())
}

async fn search(core: &Core, words: &str, offline: bool) -> Result<FoundSongs, Halt> {
    let request = SearchRequest { query: words.to_owned(), limit: 5, offline, ..SearchRequest::default() };
    match core.dispatch(Command::Search(request)).await? {
        Reply::Songs(found) => Ok(found),
        _ => Err(unexpected("search")),
    }
}

async fn keep(core: &Core, songs: [&SongView; 2], story: &mut Story<'_>) -> Result<(), Halt> {
    let ids = songs.map(|view| view.song.id.to_string());
    let reply = core.dispatch(Command::LibraryAdd { ids: ids.to_vec() }).await?;
    story.tell("add", "Save one song of each.", as_json(&reply)?)?;
    for view in songs {
        story.row(song::SAVED, &song::name(view))?;
    }
    let [id, _] = ids;
    let reply = core.dispatch(Command::Download { ids: vec![id], rendition: Rendition::Original }).await?;
    let Reply::Downloads(list) = &reply else { return Err(unexpected("download")) };
    if let Some(error) = list.downloads.iter().find_map(|row| row.error.clone()) {
        return Err(Halt::Failed(error));
    }
    story.tell("download", "Download the first one, for the train.", as_json(&reply)?)?;
    for row in list.downloads.iter().filter(|row| row.state == DownloadState::Done) {
        story.row(song::DOWNLOADED, &format!("{}, {}", song::name(songs[0]), text::bytes(row.bytes)))?;
    }
    Ok(())
}

async fn without_network(core: &Core, story: &mut Story<'_>) -> Result<(), Halt> {
    let list = ListRequest { limit: 20, ..ListRequest::default() };
    let reply = core.dispatch(Command::LibraryList(list)).await?;
    let Reply::Entries(list) = &reply else { return Err(unexpected("library list")) };
    story.tell("library", "The library is still there.", as_json(&reply)?)?;
    for entry in &list.entries {
        let mark = if entry.downloaded { song::DOWNLOADED } else { song::SAVED };
        story.row(mark, &song::name(&entry.song))?;
    }
    let found = search(core, HINDI, true).await?;
    story.found("So is the search, on this machine now.", "search_offline", &found)
}

/// Plays the downloaded song from the disk: to the device, and where there is none, to a file.
async fn hear(profile: &Path, view: &SongView, length: f64, story: &mut Story<'_>) -> Result<String, Halt> {
    story.say("Play from the disk.")?;
    let id = view.song.id.to_string();
    let device = match run::sink(&Sound::Device) {
        Ok(sink) => Some(play(profile, sink, &id, length).await?),
        Err(_) => None,
    };
    let (row, place) = match device {
        Some(row) if !no_device(&row) => (row, None),
        _ => {
            let file = wav()?;
            (play(profile, SinkKind::Recorder(file.clone()), &id, length).await?, Some(file))
        }
    };
    if let Some(error) = row.error {
        return Err(Halt::Failed(error));
    }
    if row.seconds <= 0.0 {
        return Err(Halt::Told(NOTHING_PLAYED));
    }
    let format = row.format.clone().unwrap_or_default();
    let message = match &place {
        None => format!("{} of it was heard ({format}).", text::clock(row.seconds.round())),
        Some(file) => {
            format!(
                "There is no sound device here, so {} of it ({format}) went to {}",
                text::clock(row.seconds.round()),
                file.display()
            )
        }
    };
    story.row("▶", &song::name(view))?;
    story.aside(&message)?;
    story.note("play", message, as_json(&row)?);
    Ok(place.map_or_else(|| "device".to_owned(), |file| file.display().to_string()))
}

fn no_device(row: &PlayedRow) -> bool {
    row.error.as_ref().is_some_and(|error| error.code == Code::NoDevice)
}

/// One song in a core of its own: the profile is opened anew, with nothing there to ask.
async fn play(profile: &Path, sink: SinkKind, id: &str, length: f64) -> Result<PlayedRow, Halt> {
    let core = open(profile, None, sink).await?;
    let mut events = core.events();
    let request = PlayRequest { ids: vec![id.to_owned()], for_s: Some(length), ..PlayRequest::default() };
    core.dispatch(Command::Play(request)).await?;
    let mut heard = None;
    let listening = async {
        loop {
            match events.recv().await {
                Ok(Event::Playback(PlaybackEvent::Finished(row))) => heard = Some(row),
                Ok(Event::Playback(PlaybackEvent::QueueEnded)) | Err(RecvError::Closed) => break,
                Ok(_) | Err(RecvError::Lagged(_)) => {}
            }
        }
    };
    let patience = Duration::from_secs_f64(length) + SOUND_PATIENCE;
    let ended = tokio::time::timeout(patience, listening).await;
    core.close().await?;
    match (heard, ended) {
        (Some(row), _) => Ok(row),
        (None, _) => Err(Halt::local(Code::NoDevice, "The sound device took the song and did not play it.")),
    }
}

/// Where the sound goes without a device: a new file, which stays.
fn wav() -> Result<PathBuf, Halt> {
    let unwritable = |error: &dyn std::fmt::Display| {
        Halt::local(
            Code::StorageReadOnly,
            format!("The sound cannot be written to the temporary folder: {error}."),
        )
    };
    let file = tempfile::Builder::new()
        .prefix("melody-tour-")
        .suffix(".wav")
        .tempfile()
        .map_err(|error| unwritable(&error))?;
    file.into_temp_path().keep().map_err(|error| unwritable(&error))
}

fn as_json(reply: &impl Serialize) -> Result<Value, Halt> {
    serde_json::to_value(reply).map_err(|error| Halt::from(std::io::Error::other(error)))
}

fn unexpected(command: &str) -> Halt {
    Halt::local(Code::ProcessingError, format!("The answer to “{command}” was of another kind."))
}

impl Story<'_> {
    fn headline(&self, words: &str) -> Result<(), Halt> {
        self.line(&self.out.theme.paint(Tone::Accent, words))
    }

    /// A step: its sentence now, its result in the document.
    fn tell(&mut self, step: &'static str, message: &str, result: Value) -> Result<(), Halt> {
        self.say(message)?;
        self.note(step, message.to_owned(), result);
        Ok(())
    }

    fn note(&mut self, step: &'static str, message: String, result: Value) {
        self.steps.push(Step { step, message, result });
    }

    fn say(&self, sentence: &str) -> Result<(), Halt> {
        let place = self.steps.len() + 1;
        self.line("")?;
        self.line(&format!("{:>2}  {}", place, self.out.theme.paint(Tone::Strong, sentence)))
    }

    fn found(&mut self, sentence: &str, step: &'static str, found: &FoundSongs) -> Result<(), Halt> {
        self.tell(step, sentence, as_json(found)?)?;
        for view in &found.songs {
            let length = view.song.content.duration_s.map(|s| text::clock(f64::from(s))).unwrap_or_default();
            self.line(&format!(
                "      {}  {}",
                song::name(view),
                self.out.theme.paint(Tone::Faint, &length)
            ))?;
        }
        Ok(())
    }

    fn row(&self, mark: &str, words: &str) -> Result<(), Halt> {
        self.line(&format!("    {} {words}", self.out.theme.paint(Tone::Accent, mark)))
    }

    fn aside(&self, words: &str) -> Result<(), Halt> {
        self.line(&format!("      {}", self.out.theme.paint(Tone::Faint, words)))
    }

    /// A message as a phone would show it.
    fn toast(&self, from: &str, words: &str) -> Result<(), Halt> {
        let wide = text::width(from).max(text::width(words));
        let edge = "─".repeat(wide + 2);
        let side = self.out.theme.paint(Tone::Accent, "│");
        self.line(&format!("      {}", self.out.theme.paint(Tone::Accent, &format!("╭{edge}╮"))))?;
        for (tone, line) in [(Tone::Faint, from), (Tone::Plain, words)] {
            let line = self.out.theme.paint(tone, &text::column(line, wide, false));
            self.line(&format!("      {side} {line} {side}"))?;
        }
        self.line(&format!("      {}", self.out.theme.paint(Tone::Accent, &format!("╰{edge}╯"))))
    }

    fn end(self, sound: String) -> Result<(), Halt> {
        if self.out.is_json() {
            return output::document(&Report { ok: true, steps: self.steps, sound: Some(sound) });
        }
        self.line("")?;
        self.line(&format!(
            "{} Signed in, found, saved, downloaded, and heard without a network.",
            self.out.theme.paint(Tone::Accent, "✓")
        ))?;
        self.out.note("  Your turn: melody serve, then melody --server ADDRESS login --phone NUMBER");
        Ok(())
    }

    fn line(&self, line: &str) -> Result<(), Halt> {
        if self.out.is_json() { Ok(()) } else { output::line(line) }
    }
}
