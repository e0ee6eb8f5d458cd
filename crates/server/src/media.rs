//! Sound and covers: made or read once, kept, and served whole or in ranges.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path as FilePath, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::sync::{OnceCell, Semaphore, watch};

use crate::Error;
use crate::app::App;
use crate::catalogue::{self, Rendition};
use crate::db::hex;
use crate::errors::ApiError;
use crate::options::{AudioSource, Dialect, ExtraAudio, ExtraSong};
use crate::range::{Asked, asked};
use crate::scratch::Scratch;
use crate::songs::{self, Origin, Song};

/// Pixels a side.
const COVER_SIZE: u32 = 512;
/// Bytes read and sent at once.
const CHUNK: u64 = 32 * 1024;

/// A file that a song has.
#[derive(Debug, Clone)]
pub(crate) struct File {
    /// `original` or `instrumental`.
    pub rendition: String,
    /// Its extension.
    pub format: String,
}

impl File {
    /// As we render them.
    fn flac(rendition: &str) -> Self {
        Self { rendition: rendition.to_owned(), format: "flac".to_owned() }
    }
}

/// Something to be served: where its bytes are and what they are called.
#[derive(Debug)]
struct Asset {
    bytes: Stored,
    size: u64,
    etag: String,
    mime: &'static str,
}

#[derive(Debug)]
enum Stored {
    Memory(Bytes),
    File(PathBuf),
}

type Slot = Arc<OnceCell<Arc<Asset>>>;

/// What one server can serve besides JSON.
pub(crate) struct Media {
    dir: PathBuf,
    /// Removed with the server.
    _temporary: Option<Scratch>,
    /// By blue id.
    extra: HashMap<String, Vec<ExtraAudio>>,
    slots: Mutex<HashMap<String, Slot>>,
    /// A render keeps a core busy for a second.
    cores: Arc<Semaphore>,
    secret: [u8; 32],
    /// Bytes after which every sound response waits.
    pub hold: watch::Sender<Option<u64>>,
}

impl fmt::Debug for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Media").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl Media {
    pub fn open(data: Option<&FilePath>, extra: &[ExtraSong]) -> Result<Self, Error> {
        let (dir, temporary) = if let Some(data) = data {
            (data.join("media"), None)
        } else {
            let temporary = Scratch::new()?;
            (temporary.path().to_owned(), Some(temporary))
        };
        std::fs::create_dir_all(&dir)?;
        Ok(Self {
            dir,
            _temporary: temporary,
            extra: extra.iter().map(|song| (songs::extra_ids(song).blue, song.audio.clone())).collect(),
            slots: Mutex::default(),
            cores: Arc::new(Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from))),
            secret: rand::random(),
            hold: watch::channel(None).0,
        })
    }

    /// What sound there is of a song.
    pub fn files(&self, song: &Song) -> Vec<File> {
        if song.origin == Origin::Extra {
            let audio = self.extra.get(&song.ids.blue).map(Vec::as_slice).unwrap_or_default();
            return audio
                .iter()
                .map(|audio| File { rendition: audio.rendition.clone(), format: audio.format.clone() })
                .collect();
        }
        if song.demo.has_instrumental {
            vec![File::flac("original"), File::flac("instrumental")]
        } else {
            vec![File::flac("original")]
        }
    }

    pub fn has_instrumental(&self, song: &Song) -> bool {
        self.files(song).iter().any(|file| file.rendition == "instrumental")
    }

    /// The size in bytes, once it is known: a song that nobody asked for was not made yet.
    pub fn known_size(&self, song: &Song, file: &File) -> Option<u64> {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.get(&sound_name(song, file)).and_then(|slot| slot.get()).map(|asset| asset.size)
    }

    fn slot(&self, name: &str) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.entry(name.to_owned()).or_default().clone()
    }

    fn extra_audio(&self, song: &Song, file: &File) -> Option<ExtraAudio> {
        let audio = self.extra.get(&song.ids.blue)?;
        audio.iter().find(|a| a.rendition == file.rendition && a.format == file.format).cloned()
    }

    fn signature(&self, path: &str, expires_s: i64) -> String {
        let mut hash = Sha256::new();
        hash.update(self.secret);
        hash.update(path);
        hash.update(expires_s.to_string());
        hex(&hash.finalize()[..16])
    }
}

fn sound_name(song: &Song, file: &File) -> String {
    format!("{}-{}.{}", song.ids.blue, file.rendition, file.format)
}

/// The path of a song's sound, with the id of the dialect that names it.
pub(crate) fn audio_path(song: &Song, dialect: Dialect, file: &File) -> String {
    format!("/media/audio/{}/{}.{}", song.ids.of_dialect(dialect), file.rendition, file.format)
}

/// The path with a signature that expires, where addresses are signed.
pub(crate) fn signed(app: &App, path: &str) -> String {
    match app.options.signed_media_ttl {
        Some(ttl) => {
            let expires = app.clock.now_s() + ttl.as_secs().cast_signed();
            format!("{path}?expires={expires}&sig={}", app.media.signature(path, expires))
        }
        None => path.to_owned(),
    }
}

fn check_signature(app: &App, uri: &Uri) -> Result<(), ApiError> {
    if app.options.signed_media_ttl.is_none() {
        return Ok(());
    }
    let part = |name: &str| {
        let parts = uri.query().unwrap_or_default().split('&');
        parts.filter_map(|part| part.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let refused = || ApiError::new(StatusCode::FORBIDDEN, "STORAGE_ERROR", "The address has expired");
    let expires: i64 = part("expires").and_then(|text| text.parse().ok()).ok_or_else(refused)?;
    let good = part("sig") == Some(app.media.signature(uri.path(), expires).as_str());
    if good && app.clock.now_s() < expires { Ok(()) } else { Err(refused()) }
}

pub(crate) async fn sound(
    State(app): State<Arc<App>>,
    Path((id, name)): Path<(String, String)>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    check_signature(&app, &uri)?;
    let nothing = || ApiError::not_found("Audio");
    let song = app.db.call(move |db| Ok(songs::find_any(db, &id)?)).await?.ok_or_else(nothing)?;
    let (rendition, format) = name.rsplit_once('.').ok_or_else(nothing)?;
    let file = app
        .media
        .files(&song)
        .into_iter()
        .find(|file| file.rendition == rendition && file.format == format)
        .ok_or_else(nothing)?;
    let asset = sound_asset(&app, song, file).await?;
    serve(&app, &asset, &method, &headers, app.options.ranges, true).await
}

/// The sound of one file of a song.
async fn sound_asset(app: &Arc<App>, song: Song, file: File) -> Result<Arc<Asset>, ApiError> {
    let extra = app.media.extra_audio(&song, &file);
    let mime = mime(&file.format);
    asset(app, sound_name(&song, &file), move |path| match extra.map(|extra| extra.source) {
        Some(AudioSource::Bytes(bytes)) => Ok(Asset::in_memory(bytes, mime)),
        Some(AudioSource::File(path)) => Asset::of_file(path, mime),
        None => {
            let rendition =
                if file.rendition == "instrumental" { Rendition::Instrumental } else { Rendition::Original };
            kept(path, mime, || catalogue::render(&song.demo, rendition))
        }
    })
    .await
}

/// Makes the take without the lead from the song's score, unless it is there.
pub(crate) async fn make_instrumental(app: &Arc<App>, song: &Song) -> Result<(), ApiError> {
    let there = app.media.files(song).into_iter().find(|file| file.rendition == "instrumental");
    let file = there.unwrap_or_else(|| File::flac("instrumental"));
    sound_asset(app, song.clone(), file).await.map(|_| ())
}

pub(crate) async fn cover(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let nothing = || ApiError::not_found("Cover");
    let id = name.strip_suffix(".png").ok_or_else(nothing)?.to_owned();
    let song = app.db.call(move |db| Ok(songs::find_any(db, &id)?)).await?.ok_or_else(nothing)?;
    let asset = asset(&app, format!("{}-cover.png", song.ids.blue), move |path| {
        kept(path, "image/png", || catalogue::cover_png(&song.demo, COVER_SIZE))
    })
    .await?;
    serve(&app, &asset, &method, &headers, false, false).await
}

/// The asset of this name, made by the first who asks; the others wait for it.
async fn asset(
    app: &Arc<App>,
    name: String,
    make: impl FnOnce(PathBuf) -> Result<Asset, Error> + Send + 'static,
) -> Result<Arc<Asset>, ApiError> {
    let slot = app.media.slot(&name);
    if let Some(asset) = slot.get() {
        return Ok(asset.clone());
    }
    let path = app.media.dir.join(name);
    let cores = app.media.cores.clone();
    // In a task of its own: whoever hangs up does not throw the work away.
    let work = tokio::spawn(async move {
        slot.get_or_try_init(|| async {
            let permit = cores.acquire_owned().await;
            let made = tokio::task::spawn_blocking(move || {
                let _permit = permit;
                make(path)
            })
            .await
            .map_err(|error| ApiError::internal("PROCESSING_ERROR", &error))?;
            made.map(Arc::new).map_err(|error| ApiError::internal("STORAGE_ERROR", &error))
        })
        .await
        .cloned()
    });
    work.await.map_err(|error| ApiError::internal("PROCESSING_ERROR", &error))?
}

/// A file that is made once and stays in the media folder.
fn kept(
    path: PathBuf,
    mime: &'static str,
    make: impl FnOnce() -> Result<Vec<u8>, catalogue::Error>,
) -> Result<Asset, Error> {
    if !path.exists() {
        // Under another name until it is whole: a kill half way must not leave half a song.
        let partial = path.with_extension("part");
        std::fs::write(&partial, make()?)?;
        std::fs::rename(&partial, &path)?;
    }
    Asset::of_file(path, mime)
}

impl Asset {
    fn in_memory(bytes: Bytes, mime: &'static str) -> Self {
        Self { size: bytes.len() as u64, etag: etag(&bytes), bytes: Stored::Memory(bytes), mime }
    }

    fn of_file(path: PathBuf, mime: &'static str) -> Result<Self, Error> {
        let bytes = std::fs::read(&path)?;
        Ok(Self { size: bytes.len() as u64, etag: etag(&bytes), bytes: Stored::File(path), mime })
    }

    async fn open(&self, at: u64) -> std::io::Result<Reader> {
        Ok(match &self.bytes {
            Stored::Memory(bytes) => Reader::Memory(bytes.slice(at as usize..)),
            Stored::File(path) => {
                let mut file = tokio::fs::File::open(path).await?;
                file.seek(std::io::SeekFrom::Start(at)).await?;
                Reader::File(file)
            }
        })
    }
}

/// FNV-1a: quick, and enough to tell versions of a file apart.
fn etag(bytes: &[u8]) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    format!("\"{hash:016x}-{:x}\"", bytes.len())
}

fn mime(format: &str) -> &'static str {
    match format {
        "flac" => "audio/flac",
        "mp3" => "audio/mpeg",
        "m4a" | "mp4" => "audio/mp4",
        "ogg" | "opus" => "audio/ogg",
        "wav" => "audio/wav",
        "aac" => "audio/aac",
        _ => "application/octet-stream",
    }
}

async fn serve(
    app: &Arc<App>,
    asset: &Arc<Asset>,
    method: &Method,
    headers: &HeaderMap,
    ranges: bool,
    paced: bool,
) -> Result<Response, ApiError> {
    let refuse = |error: &dyn fmt::Display| ApiError::internal("STORAGE_ERROR", error);
    let etag = HeaderValue::from_str(&asset.etag).map_err(|error| refuse(&error))?;
    let mut answer = Response::builder()
        .header(header::ETAG, etag)
        .header(header::CACHE_CONTROL, "public, max-age=3600")
        .header(header::ACCEPT_RANGES, if ranges { "bytes" } else { "none" });
    let wanted = match asked(headers, &asset.etag, asset.size, ranges) {
        Asked::NotModified => {
            return answer.status(StatusCode::NOT_MODIFIED).body(Body::empty()).map_err(|e| refuse(&e));
        }
        Asked::Unsatisfiable => {
            return answer
                .status(StatusCode::RANGE_NOT_SATISFIABLE)
                .header(header::CONTENT_RANGE, format!("bytes */{}", asset.size))
                .body(Body::empty())
                .map_err(|e| refuse(&e));
        }
        Asked::Whole => 0..asset.size,
        Asked::Part(part) => {
            let range = format!("bytes {}-{}/{}", part.start, part.end - 1, asset.size);
            answer = answer.status(StatusCode::PARTIAL_CONTENT).header(header::CONTENT_RANGE, range);
            part
        }
    };
    answer = answer
        .header(header::CONTENT_TYPE, asset.mime)
        .header(header::CONTENT_LENGTH, wanted.end - wanted.start);
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        let reader = asset.open(wanted.start).await.map_err(|error| refuse(&error))?;
        let pace = Pace {
            throttle: app.options.throttle.filter(|_| paced),
            hold: paced.then(|| app.media.hold.subscribe()),
        };
        body(reader, wanted.end - wanted.start, pace)
    };
    answer.body(body).map_err(|error| refuse(&error))
}

enum Reader {
    Memory(Bytes),
    File(tokio::fs::File),
}

impl Reader {
    async fn next(&mut self, most: u64) -> std::io::Result<Bytes> {
        match self {
            Self::Memory(bytes) => Ok(bytes.split_to(bytes.len().min(most as usize))),
            Self::File(file) => {
                let mut chunk = Vec::with_capacity(most as usize);
                file.take(most).read_to_end(&mut chunk).await?;
                Ok(chunk.into())
            }
        }
    }
}

/// What slows a sound response down.
struct Pace {
    throttle: Option<u64>,
    hold: Option<watch::Receiver<Option<u64>>>,
}

impl Pace {
    /// How many of the next `most` bytes may go after `sent`; waits while none may.
    async fn allows(&mut self, sent: u64, most: u64) -> u64 {
        let most = match self.throttle {
            // Twenty chunks a second, so that it flows.
            Some(rate) => most.min((rate / 20).max(1)),
            None => most,
        };
        let Some(hold) = &mut self.hold else { return most };
        // The sender lives in the server; without it there is nobody left to hold.
        match hold.wait_for(|until| until.is_none_or(|until| until > sent)).await.map(|until| *until) {
            Ok(Some(until)) => most.min(until - sent),
            _ => most,
        }
    }
}

fn body(reader: Reader, length: u64, pace: Pace) -> Body {
    Body::from_stream(stream::unfold((reader, pace, 0_u64), move |(mut reader, mut pace, sent)| async move {
        if sent == length {
            return None;
        }
        let most = pace.allows(sent, CHUNK.min(length - sent)).await;
        let chunk = reader.next(most).await;
        let got = chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        if let Some(rate) = pace.throttle {
            tokio::time::sleep(Duration::from_secs_f64(got as f64 / rate.max(1) as f64)).await;
        }
        let chunk = match chunk {
            Ok(chunk) if chunk.is_empty() => Err(std::io::ErrorKind::UnexpectedEof.into()),
            other => other,
        };
        Some((chunk, (reader, pace, sent + got)))
    }))
}
