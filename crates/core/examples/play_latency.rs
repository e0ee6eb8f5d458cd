//! How long a listener waits in a running core, from the accepted play command to the first sample handed to
//! the sink: streamed over loopback HTTP, then from the disk. Prints one JSON document.

use std::{error::Error, time::Instant};

use melody_core::{
    Command, Core, CoreOptions, Event, OtpRequest, PlayRequest, PlaybackEvent, PlayedRow, Reply, SecretsKind,
    SinkKind, TrendingRequest,
};
use melody_model::{Rendition, SongView};
use melody_server::Options;
use secrecy::SecretString;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

const OTP: &str = "424242";
/// Seconds heard of each song: more than the player gathers before the first sample. What follows it is not measured.
const HEARD: f64 = 0.5;

#[tokio::main]
async fn main() -> Outcome<()> {
    let server = melody_server::start(Options { otp: Some(OTP.into()), ..Options::default() }).await?;
    let profile = tempfile::tempdir()?;
    let core = Core::open(CoreOptions {
        profile: profile.path().join("profile"),
        server: Some(server.base_url()),
        allow_http: Vec::new(),
        secrets: SecretsKind::File,
        sink: SinkKind::Null,
        keep_queue: false,
    })
    .await?;
    core.dispatch(Command::RequestOtp(OtpRequest { phone: "9876543210".into(), country: "+91".into() }))
        .await?;
    core.dispatch(Command::VerifyOtp { otp: SecretString::from(OTP) }).await?;
    let Reply::Trending(trending) =
        core.dispatch(Command::Trending(TrendingRequest { limit: 20, ..TrendingRequest::default() })).await?
    else {
        return Err("trending brought something else".into());
    };
    let songs = trending.songs;

    // The demo's sound is made when it is first asked for; that is no part of what is measured.
    for song in &songs {
        get(&server.base_url(), song).await?;
    }
    let mut bare = Vec::new();
    for song in &songs {
        bare.push(get(&server.base_url(), song).await?);
    }
    let streamed = play_each(&core, &songs).await?;
    let ids = songs.iter().map(|song| song.song.id.to_string()).collect();
    core.dispatch(Command::Download { ids, rendition: Rendition::Original }).await?;
    let from_disk = play_each(&core, &songs).await?;
    core.close().await?;

    println!(
        "{}",
        json!({
            "runs": songs.len(),
            "disk_ms": median(from_disk.clone()),
            "disk_worst_ms": worst(&from_disk),
            "http_ms": median(streamed.clone()),
            "http_worst_ms": worst(&streamed),
            "get_ms": median(bare),
        })
    );
    Ok(())
}

/// Milliseconds for a song's whole sound over a fresh connection, with nothing of ours in between.
async fn get(base: &str, song: &SongView) -> Outcome<f64> {
    let url = &song.song.content.audio_files[&Rendition::Original].url;
    let path = url.strip_prefix(base).unwrap_or(url);
    let host = base.strip_prefix("http://").ok_or("the server speaks no plain http")?;
    let begun = Instant::now();
    let mut connection = TcpStream::connect(host).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await?;
    if !answer.starts_with(b"HTTP/1.1 200") {
        return Err(format!("no sound at {path}").into());
    }
    Ok(begun.elapsed().as_secs_f64() * 1e3)
}

/// Milliseconds to the first sample of each song, each by a command of its own.
async fn play_each(core: &Core, songs: &[SongView]) -> Outcome<Vec<f64>> {
    let mut all = Vec::new();
    for song in songs {
        let row = play(core, song).await?;
        let waited = row.first_sample_ms.ok_or_else(|| format!("{} was not heard: {row:?}", row.song_id))?;
        all.push(waited);
    }
    Ok(all)
}

async fn play(core: &Core, song: &SongView) -> Outcome<PlayedRow> {
    let mut events = core.events();
    let request =
        PlayRequest { ids: vec![song.song.id.to_string()], for_s: Some(HEARD), ..PlayRequest::default() };
    core.dispatch(Command::Play(request)).await?;
    let mut played = None;
    loop {
        match events.recv().await? {
            Event::Playback(PlaybackEvent::Finished(row)) => played = Some(row),
            Event::Playback(PlaybackEvent::QueueEnded) => return played.ok_or("nothing was played".into()),
            _ => {}
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn worst(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}
