//! What is on and what comes next: the handle of the task that owns the queue and the player.
//!
//! The task's state is one; what it does is told in a file for each subject: `task` (play, pause, skip), `order` (changes
//! of the queue), `rendition`, `output` (the player, its volume and device), `heard` (what the player says of a song),
//! `keep` (what comes back after a restart).

mod current;
mod heard;
mod keep;
mod order;
mod output;
mod rendition;
mod task;

pub(crate) use keep::end_left_listens;

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use melody_model::{Rendition, SongId, SongView};
use melody_player::{Event as PlayerEvent, RequestId, SinkKind, Source};
use tokio::sync::{mpsc, oneshot};

use crate::{
    Error, ErrorReport, NowPlaying, Place, QueueItem, QueuePage, SoundDevices, catalogue,
    context::{Account, Context},
};

/// How long the output may take to play out and to close.
const CLOSE_PATIENCE: Duration = Duration::from_secs(10);
/// The most songs of the queue in one answer.
const PAGE_MOST: usize = 500;

/// One song of the queue.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    Song(SongId),
    /// Nothing is known under this id: it is told in its turn.
    Unknown(Box<(String, ErrorReport)>),
}

/// Our ids of songs as a face names them, in its order.
pub(crate) async fn asked(account: &Account, ids: &[String]) -> Result<Vec<Asked>, Error> {
    let mut songs = Vec::with_capacity(ids.len());
    for (id, known) in ids.iter().zip(account.library.resolve_all(ids.to_vec()).await?) {
        let song = match known {
            Some(song) => Ok(song),
            None => catalogue::resolve(account, id).await,
        };
        songs.push(match song {
            Ok(song) => Asked::Song(song),
            Err(e) => Asked::Unknown(Box::new((id.clone(), e.report()))),
        });
    }
    Ok(songs)
}

/// What is to be played.
#[derive(Debug)]
pub(crate) struct Programme {
    pub(crate) songs: Vec<Asked>,
    /// The index of the song that begins.
    pub(crate) start: usize,
    pub(crate) rendition: Rendition,
    /// Where that song begins.
    pub(crate) from: Duration,
    /// How much of each song is heard; all of it when absent.
    pub(crate) limit: Option<Duration>,
    /// When the command was accepted.
    pub(crate) accepted: Instant,
}

/// How playback is started.
#[derive(Debug)]
pub(crate) struct PlaybackOptions {
    pub(crate) sink: SinkKind,
    /// 0 to 1.
    pub(crate) volume: f32,
    /// The id of the chosen sound device.
    pub(crate) device: Option<String>,
    /// Whether the queue comes back after a restart.
    pub(crate) keep_queue: bool,
}

/// Handle of the playback service; clones speak to the same task.
#[derive(Clone, Debug)]
pub(crate) struct Playback {
    inbox: mpsc::UnboundedSender<Message>,
}

/// A way to ask what is queued that keeps nobody alive.
#[derive(Clone, Debug)]
pub(crate) struct QueueWatch(mpsc::WeakUnboundedSender<Message>);

impl QueueWatch {
    /// The songs of the queue, and the one that is on; none once playback has ended.
    pub(crate) async fn songs(&self) -> HashSet<SongId> {
        let Some(inbox) = self.0.upgrade() else { return HashSet::new() };
        let (answer, answered) = oneshot::channel();
        // A task that has ended has no queue.
        let _ = inbox.send(Message::Queued(answer));
        answered.await.unwrap_or_default()
    }
}

type Answer<T> = oneshot::Sender<T>;

#[derive(Debug)]
enum Message {
    Play(Programme),
    Pause,
    Resume,
    Toggle,
    Stop,
    Next,
    Previous,
    Seek(Duration),
    SetVolume(f32),
    Enqueue(Vec<Asked>, Place),
    Move {
        item: u64,
        to: usize,
    },
    Remove(u64),
    Jump(u64),
    Clear,
    ChooseRendition(Rendition, Answer<Result<(), Error>>),
    /// The other rendition of the song in this place of the queue is there, or will not be.
    RenditionOpened {
        item: u64,
        choice: u64,
        rendition: Rendition,
        opened: Box<Result<(SongView, Source), Error>>,
        done: Answer<Result<(), Error>>,
    },
    ChooseDevice(Option<String>, Answer<Result<(), Error>>),
    SoundDevices(Answer<(SinkKind, Option<String>)>),
    Look(Answer<Glance>),
    List {
        offset: usize,
        limit: usize,
        answer: Answer<Listing>,
    },
    Queued(Answer<HashSet<SongId>>),
    FollowAccount(Answer<()>),
    /// It is known which song it is.
    Found {
        request: RequestId,
        song: Box<SongView>,
    },
    /// A song's bytes are there, or will not be.
    Loaded {
        request: RequestId,
        loaded: Box<Result<(Rendition, Source), Error>>,
    },
    Player(PlayerEvent),
    Close(Answer<Result<(), Error>>),
}

/// How things stand, before the library is asked for the song.
#[derive(Debug)]
struct Glance {
    account: Arc<Account>,
    item: Option<(u64, SongId)>,
    /// Without its item yet.
    now: NowPlaying,
}

/// A part of the queue, before the library is asked for the songs.
#[derive(Debug)]
struct Listing {
    account: Arc<Account>,
    items: Vec<(u64, SongId)>,
    /// Without its items yet.
    page: QueuePage,
}

impl Playback {
    pub(crate) fn start(context: Arc<Context>, options: PlaybackOptions) -> Self {
        let (inbox, messages) = mpsc::unbounded_channel();
        task::spawn(context, options, inbox.downgrade(), messages);
        Self { inbox }
    }

    pub(crate) fn queue(&self) -> QueueWatch {
        QueueWatch(self.inbox.downgrade())
    }

    fn send(&self, message: Message) {
        // The task ends with the last handle, or once it was closed; then there is nothing left to command.
        let _ = self.inbox.send(message);
    }

    async fn ask<T>(&self, message: impl FnOnce(Answer<T>) -> Message) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        self.send(message(answer));
        answered.await.map_err(|_| Error::internal("playback has ended"))
    }

    pub(crate) fn play(&self, programme: Programme) {
        self.send(Message::Play(programme));
    }

    pub(crate) fn pause(&self) {
        self.send(Message::Pause);
    }

    /// Goes on, or begins the queue where it was left.
    pub(crate) fn resume(&self) {
        self.send(Message::Resume);
    }

    /// Pauses what sounds, else resumes.
    pub(crate) fn toggle(&self) {
        self.send(Message::Toggle);
    }

    /// Ends the song that is on. The queue stays where it is.
    pub(crate) fn stop(&self) {
        self.send(Message::Stop);
    }

    pub(crate) fn next(&self) {
        self.send(Message::Next);
    }

    pub(crate) fn previous(&self) {
        self.send(Message::Previous);
    }

    pub(crate) fn seek(&self, to: Duration) {
        self.send(Message::Seek(to));
    }

    pub(crate) fn set_volume(&self, volume: f32) {
        self.send(Message::SetVolume(volume));
    }

    /// Puts songs into the queue; what is on stays on, and nothing begins by itself.
    pub(crate) fn enqueue(&self, songs: Vec<Asked>, place: Place) {
        self.send(Message::Enqueue(songs, place));
    }

    /// Takes an item to an index of the queue. One that is gone meanwhile is passed over, here and below.
    pub(crate) fn move_item(&self, item: u64, to: usize) {
        self.send(Message::Move { item, to });
    }

    /// Takes an item out of the queue. If it is on, the next song takes its place, paused if it was.
    pub(crate) fn remove_item(&self, item: u64) {
        self.send(Message::Remove(item));
    }

    /// Plays an item from its beginning.
    pub(crate) fn jump(&self, item: u64) {
        self.send(Message::Jump(item));
    }

    pub(crate) fn clear(&self) {
        self.send(Message::Clear);
    }

    /// The song that is on goes on at the same place in another rendition, and later songs are heard in it where they
    /// have it. Fails, with the song going on as it was, when that rendition cannot be had: `Error::NoAudio`.
    pub(crate) async fn choose_rendition(&self, rendition: Rendition) -> Result<(), Error> {
        self.ask(|done| Message::ChooseRendition(rendition, done)).await?
    }

    pub(crate) async fn now_playing(&self) -> Result<NowPlaying, Error> {
        let Glance { account, item, mut now } = self.ask(Message::Look).await?;
        now.item = named(&account, item.into_iter().collect()).await?.pop();
        // What the file says counts more than what the service does.
        let told = now.item.as_ref().and_then(|item| item.song.song.content.duration_s);
        now.duration_s = now.duration_s.or(told.map(f64::from));
        Ok(now)
    }

    /// A part of the queue. `Error::Invalid` for a limit that is not 1 to 500.
    pub(crate) async fn queue_list(&self, offset: usize, limit: usize) -> Result<QueuePage, Error> {
        if !(1..=PAGE_MOST).contains(&limit) {
            return Err(Error::Invalid(format!("The limit must be between 1 and {PAGE_MOST}.")));
        }
        let Listing { account, items, page } =
            self.ask(|answer| Message::List { offset, limit, answer }).await?;
        Ok(QueuePage { items: named(&account, items).await?, ..page })
    }

    /// The outputs of this machine. None where the sound goes to no device.
    pub(crate) async fn sound_devices(&self) -> Result<SoundDevices, Error> {
        let (sink, chosen) = self.ask(Message::SoundDevices).await?;
        let devices = tokio::task::spawn_blocking(move || output::devices(&sink)).await;
        Ok(SoundDevices { devices: devices.map_err(Error::internal)??, chosen })
    }

    /// Plays on another device from now on, without losing the place; `None` for the system's default. One that is
    /// not there is waited for on the default.
    /// Fails when the choice cannot be kept.
    pub(crate) async fn choose_sound_device(&self, id: Option<String>) -> Result<(), Error> {
        self.ask(|done| Message::ChooseDevice(id, done)).await?
    }

    /// After somebody signed in or out, or another service was chosen: its queue takes the place of this one. A guest who
    /// signs in goes on listening; who signs out leaves no queue behind.
    pub(crate) async fn follow_account(&self) -> Result<(), Error> {
        self.ask(Message::FollowAccount).await
    }

    /// Plays out, closes the output, completes a recording. `Error::Player` when that fails.
    pub(crate) async fn close(&self) -> Result<(), Error> {
        let (done, closed) = oneshot::channel();
        self.send(Message::Close(done));
        match tokio::time::timeout(CLOSE_PATIENCE, closed).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Ok(()),
            Err(_) => Err(Error::internal("the sound output does not close")),
        }
    }
}

/// Items with what is known of their songs. One of which nothing is known is left out.
async fn named(account: &Account, items: Vec<(u64, SongId)>) -> Result<Vec<QueueItem>, Error> {
    let songs = account.library.songs_or_none(items.iter().map(|(_, song)| *song).collect()).await?;
    let known =
        items.into_iter().zip(songs).filter_map(|((item, _), song)| Some(QueueItem { item, song: song? }));
    Ok(known.collect())
}
