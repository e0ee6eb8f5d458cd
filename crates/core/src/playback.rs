//! The queue and the player: what is on, what comes next, and what is told of it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use melody_model::{Rendition, SongId, SongView};
use melody_player::{Event as PlayerEvent, PlayOptions, Player, RequestId, SinkKind, Source};
use tokio::sync::{mpsc, oneshot};

use crate::{
    Code, Error, ErrorReport, Event, PlaybackEvent, PlayedRow,
    context::{Account, Context},
    queue::Queue,
    sources,
};

/// Going back within this time goes to the song before; later, to this song's beginning.
const RESTART_AFTER: Duration = Duration::from_secs(3);
/// A listen counts after so much of a song, or half of it if that is less (the design's figures).
const COUNTS_AFTER: Duration = Duration::from_secs(30);
/// How long the output may take to play out and to close.
const CLOSE_PATIENCE: Duration = Duration::from_secs(10);

/// One song of the queue.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    Song(SongId),
    /// Nothing is known under this id: it is told in its turn.
    Unknown {
        id: String,
        error: ErrorReport,
    },
}

/// What is to be played.
#[derive(Debug)]
pub(crate) struct Programme {
    pub(crate) songs: Vec<Asked>,
    pub(crate) rendition: Rendition,
    /// Where the first song begins.
    pub(crate) from: Duration,
    /// How much of each song is heard; all of it when absent.
    pub(crate) limit: Option<Duration>,
    /// When the command was accepted.
    pub(crate) accepted: Instant,
}

/// Handle of the playback service; clones speak to the same task.
#[derive(Clone, Debug)]
pub(crate) struct Playback {
    inbox: mpsc::UnboundedSender<Message>,
}

#[derive(Debug)]
enum Message {
    Play(Programme),
    Pause,
    Resume,
    Stop,
    Next,
    Previous,
    Seek(Duration),
    SetVolume(f32),
    /// It is known which song it is.
    Found {
        request: RequestId,
        song: Box<SongView>,
    },
    /// A song's bytes are there, or will not be.
    Loaded {
        request: RequestId,
        loaded: Box<Result<Source, Error>>,
    },
    Player(PlayerEvent),
    Close(oneshot::Sender<Result<(), Error>>),
}

impl Playback {
    pub(crate) fn start(context: Arc<Context>, sink: SinkKind, volume: f32) -> Self {
        let (inbox, messages) = mpsc::unbounded_channel();
        let state = State {
            context,
            sink,
            volume,
            inbox: inbox.downgrade(),
            player: None,
            queue: Queue::new(Vec::new()),
            rendition: Rendition::Original,
            limit: None,
            last_request: 0,
            current: None,
            leaving: Vec::new(),
            closing: None,
        };
        tokio::spawn(state.run(messages));
        Self { inbox }
    }

    fn send(&self, message: Message) {
        // The task ends with the last handle, or once it was closed; then there is nothing left to command.
        let _ = self.inbox.send(message);
    }

    pub(crate) fn play(&self, programme: Programme) {
        self.send(Message::Play(programme));
    }

    pub(crate) fn pause(&self) {
        self.send(Message::Pause);
    }

    pub(crate) fn resume(&self) {
        self.send(Message::Resume);
    }

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

/// The song that is on.
struct Current {
    request: RequestId,
    id: SongId,
    /// Whose library it is from, and whose listen it is, even when somebody else signs in meanwhile.
    account: Arc<Account>,
    /// When it was asked for, or its turn came.
    accepted: Instant,
    from: Duration,
    /// Whether it was paused before it could begin.
    paused: bool,
    /// When `player.play` was called.
    handed_over: Option<Instant>,
    song: Option<SongView>,
    duration: Option<Duration>,
    position: Duration,
    first_sample: Option<Duration>,
    format: Option<String>,
}

struct State {
    context: Arc<Context>,
    sink: SinkKind,
    volume: f32,
    /// Weak: the task ends when the last handle is gone.
    inbox: mpsc::WeakUnboundedSender<Message>,
    /// Opened with the first song: a search never wakes the sound card.
    player: Option<Player>,
    queue: Queue<Asked>,
    rendition: Rendition,
    limit: Option<Duration>,
    last_request: u64,
    current: Option<Current>,
    /// Songs that the listener left and of which the player has yet to say how much was heard.
    leaving: Vec<Current>,
    closing: Option<oneshot::Sender<Result<(), Error>>>,
}

impl State {
    async fn run(mut self, mut messages: mpsc::UnboundedReceiver<Message>) {
        while let Some(message) = messages.recv().await {
            match message {
                Message::Play(programme) => self.play(programme),
                Message::Pause => self.pause(true),
                Message::Resume => self.pause(false),
                Message::Stop => self.stop(),
                Message::Next => self.skip(Queue::advance),
                Message::Previous => self.previous(),
                Message::Seek(to) => self.seek(to),
                Message::SetVolume(volume) => self.set_volume(volume),
                Message::Found { request, song } => self.found(request, *song),
                Message::Loaded { request, loaded } => self.loaded(request, *loaded),
                Message::Player(event) => {
                    if self.player_says(event).await {
                        return;
                    }
                }
                Message::Close(done) => {
                    self.keep_volume().await;
                    let Some(player) = &self.player else {
                        let _ = done.send(Ok(()));
                        return;
                    };
                    player.shutdown();
                    self.closing = Some(done);
                }
            }
        }
    }

    fn with_player(&self, act: impl FnOnce(&Player)) {
        if let Some(player) = &self.player {
            act(player);
        }
    }

    fn tell(&self, event: PlaybackEvent) {
        self.context.tell(Event::Playback(event));
    }

    fn play(&mut self, programme: Programme) {
        self.leave_current();
        self.queue = Queue::new(programme.songs);
        self.rendition = programme.rendition;
        self.limit = programme.limit;
        self.load(programme.accepted, programme.from);
    }

    /// Begins to fetch the queue's current song, or says that the queue is over.
    fn load(&mut self, accepted: Instant, from: Duration) {
        let id = loop {
            match self.queue.current() {
                None => return self.tell_if_over(),
                Some(Asked::Song(id)) => break id,
                Some(Asked::Unknown { id, error }) => {
                    self.tell(PlaybackEvent::Finished(PlayedRow {
                        song_id: id,
                        seconds: 0.0,
                        first_sample_ms: None,
                        format: None,
                        error: Some(error),
                    }));
                    self.queue.advance();
                }
            }
        };
        self.last_request += 1;
        let request = RequestId(self.last_request);
        let account = self.context.account();
        self.current = Some(Current {
            request,
            id,
            account: account.clone(),
            accepted,
            from,
            paused: false,
            handed_over: None,
            song: None,
            duration: None,
            position: from,
            first_sample: None,
            format: None,
        });
        let (inbox, rendition) = (self.inbox.clone(), self.rendition);
        tokio::spawn(async move {
            let send = |message| inbox.upgrade().map(|inbox| inbox.send(message));
            let loaded = async {
                let song = account.library.song(id).await?.ok_or_else(|| Error::unknown(id))?;
                send(Message::Found { request, song: Box::new(song.clone()) });
                sources::open(&account, &song, rendition).await
            };
            let loaded = Box::new(loaded.await);
            send(Message::Loaded { request, loaded });
        });
    }

    /// The song that is on, if it is still the one that was asked about: an answer for another is dropped where it
    /// arrives.
    fn current_if(&mut self, request: RequestId) -> Option<&mut Current> {
        self.current.as_mut().filter(|current| current.request == request)
    }

    fn found(&mut self, request: RequestId, song: SongView) {
        let Some(current) = self.current_if(request) else { return };
        current.duration = song.song.content.duration_s.map(|s| Duration::from_secs(u64::from(s)));
        current.song = Some(song.clone());
        self.tell(PlaybackEvent::Loading {
            song: Box::new(song),
            index: self.queue.index(),
            queue_len: self.queue.len(),
        });
    }

    fn loaded(&mut self, request: RequestId, loaded: Result<Source, Error>) {
        if self.current_if(request).is_none() {
            return;
        }
        let opened = loaded.and_then(|source| Ok((source, self.open_player()?)));
        let limit = self.limit;
        match opened {
            Ok((source, player)) => {
                let Some(current) = self.current_if(request) else { return };
                current.handed_over = Some(Instant::now());
                let options = PlayOptions { from: current.from, paused: current.paused, stop_after: limit };
                player.play(request, source, options);
            }
            Err(e) => {
                if let Some(current) = self.current.take() {
                    self.finished(current, Duration::ZERO, Some(e.report()));
                }
            }
        }
    }

    fn pause(&mut self, paused: bool) {
        match &mut self.current {
            // Not there yet: it will begin as it was wished.
            Some(current) if current.handed_over.is_none() => {
                current.paused = paused;
                let song_id = current.id;
                self.tell(if paused {
                    PlaybackEvent::Paused { song_id }
                } else {
                    PlaybackEvent::Playing { song_id }
                });
            }
            _ if paused => self.with_player(Player::pause),
            _ => self.with_player(Player::resume),
        }
    }

    fn seek(&mut self, to: Duration) {
        match &mut self.current {
            Some(current) if current.handed_over.is_none() => {
                current.from = to;
                current.position = to;
                let event = current.position_event();
                self.tell(event);
            }
            _ => self.with_player(|player| player.seek(to)),
        }
    }

    fn open_player(&mut self) -> Result<Player, Error> {
        if let Some(player) = &self.player {
            return Ok(player.clone());
        }
        let (player, events) = Player::new(self.sink.clone())?;
        player.set_volume(self.volume);
        let inbox = self.inbox.clone();
        std::thread::Builder::new()
            .name("player-events".into())
            .spawn(move || {
                for event in events {
                    if inbox.upgrade().is_none_or(|inbox| inbox.send(Message::Player(event)).is_err()) {
                        return;
                    }
                }
            })
            .map_err(Error::internal)?;
        self.player = Some(player.clone());
        self.tell(PlaybackEvent::VolumeChanged { volume: self.volume });
        Ok(player)
    }

    /// True when that was the player's last word.
    async fn player_says(&mut self, event: PlayerEvent) -> bool {
        match event {
            PlayerEvent::Closed { error } => {
                self.player = None;
                if let Some(done) = self.closing.take() {
                    let _ = done.send(error.map_or(Ok(()), |e| Err(Error::Player(e))));
                    return true;
                }
            }
            PlayerEvent::DeviceLost { message } => self.tell(PlaybackEvent::DeviceLost { message }),
            PlayerEvent::Ended { request, heard } | PlayerEvent::Stopped { request, heard } => {
                self.song_over(request, heard, None).await;
            }
            PlayerEvent::Failed { request, error, heard } => {
                self.song_over(request, heard, Some(Error::Player(error).report())).await;
            }
            other => self.progress(other),
        }
        false
    }

    /// What the player tells of the song that is on.
    fn progress(&mut self, event: PlayerEvent) {
        let Some(current) = &mut self.current else { return };
        let (request, id) = (current.request, current.id);
        let told = match event {
            PlayerEvent::Opened { request: of, format, duration, .. } if of == request => {
                current.format = Some(format.name);
                current.duration = duration.or(current.duration);
                return;
            }
            PlayerEvent::Started { request: of, format, duration, first_sample } if of == request => {
                let waited =
                    current.handed_over.map_or(Duration::ZERO, |at| at.duration_since(current.accepted));
                current.first_sample = Some(waited + first_sample);
                current.duration = duration.or(current.duration);
                let Some(song) = current.song.clone() else { return };
                PlaybackEvent::Started {
                    song: Box::new(song),
                    index: self.queue.index(),
                    queue_len: self.queue.len(),
                    rendition: self.rendition,
                    duration_s: current.duration.map(|d| d.as_secs_f64()),
                    format: format.name,
                }
            }
            PlayerEvent::Position(position) if position.request == request => {
                current.position = position.at;
                current.position_event()
            }
            PlayerEvent::Seeked { request: of, at } if of == request => {
                current.position = at;
                current.position_event()
            }
            PlayerEvent::Buffering { request: of } if of == request => {
                PlaybackEvent::Buffering { song_id: id }
            }
            PlayerEvent::Playing { request: of } if of == request => PlaybackEvent::Playing { song_id: id },
            PlayerEvent::Paused { request: of } if of == request => PlaybackEvent::Paused { song_id: id },
            _ => return,
        };
        self.tell(told);
    }

    /// The player is done with a song: its end, a stop, or a failure.
    async fn song_over(&mut self, request: RequestId, heard: Duration, error: Option<ErrorReport>) {
        if let Some(at) = self.leaving.iter().position(|left| left.request == request) {
            let left = self.leaving.remove(at);
            self.count(&left, heard, error.is_some()).await;
            self.tell(PlaybackEvent::Finished(left.row(heard, error)));
            self.tell_if_over();
        } else if let Some(current) = self.current.take_if(|current| current.request == request) {
            self.count(&current, heard, error.is_some()).await;
            self.finished(current, heard, error);
        }
    }

    /// Keeps a listen that was long enough.
    async fn count(&self, song: &Current, heard: Duration, failed: bool) {
        let half_heard = song.duration.is_some_and(|length| heard * 2 >= length);
        if heard.is_zero() || !(heard >= COUNTS_AFTER || half_heard) {
            return;
        }
        // The last position told may be a moment old.
        let completed =
            !failed && song.duration.is_some_and(|length| song.position + Duration::from_secs(1) >= length);
        if let Err(e) = song.account.library.record_play(song.id, heard.as_secs() as u32, completed).await {
            tracing::warn!(code = e.code(), "a listen could not be kept");
        }
    }

    /// Reports a song's row and moves on.
    fn finished(&mut self, song: Current, heard: Duration, error: Option<ErrorReport>) {
        let fatal = error.as_ref().is_some_and(|e| {
            // Without an output no further song can be heard either.
            matches!(e.code, Code::NoDevice | Code::StorageFull | Code::StorageReadOnly)
        });
        self.tell(PlaybackEvent::Finished(song.row(heard, error)));
        if fatal {
            self.queue.end();
        } else {
            self.queue.advance();
        }
        self.load(Instant::now(), Duration::ZERO);
    }

    fn tell_if_over(&self) {
        if self.current.is_none() && self.leaving.is_empty() && self.queue.current().is_none() {
            self.tell(PlaybackEvent::QueueEnded);
        }
    }

    /// Ends the song that is on because the listener wants another, or none.
    fn leave_current(&mut self) {
        let Some(current) = self.current.take() else { return };
        match &self.player {
            Some(player) if current.handed_over.is_some() => {
                player.stop();
                self.leaving.push(current);
            }
            _ => self.tell(PlaybackEvent::Finished(current.row(Duration::ZERO, None))),
        }
    }

    fn stop(&mut self) {
        self.leave_current();
        self.queue.end();
        self.load(Instant::now(), Duration::ZERO);
    }

    fn skip(&mut self, step: impl FnOnce(&mut Queue<Asked>) -> Option<Asked>) {
        self.leave_current();
        step(&mut self.queue);
        self.load(Instant::now(), Duration::ZERO);
    }

    fn previous(&mut self) {
        match &self.current {
            Some(current) if current.position > RESTART_AFTER => {
                self.seek(Duration::ZERO);
            }
            _ => self.skip(Queue::step_back),
        }
    }

    /// At the end only: a listener who drags the volume is no reason to write a file fifty times.
    async fn keep_volume(&self) {
        let volume = self.volume;
        if let Err(e) = self.context.update_settings(move |settings| settings.volume = Some(volume)).await {
            tracing::warn!(code = %e.code(), "the volume could not be kept");
        }
    }

    fn set_volume(&mut self, volume: f32) {
        self.volume = volume;
        self.with_player(|player| player.set_volume(volume));
        self.tell(PlaybackEvent::VolumeChanged { volume });
    }
}

impl Current {
    fn row(self, heard: Duration, error: Option<ErrorReport>) -> PlayedRow {
        PlayedRow {
            song_id: self.id.to_string(),
            seconds: heard.as_secs_f64(),
            first_sample_ms: self.first_sample.map(|d| d.as_secs_f64() * 1000.0),
            format: self.format,
            error,
        }
    }

    fn position_event(&self) -> PlaybackEvent {
        PlaybackEvent::Position {
            song_id: self.id,
            at_s: self.position.as_secs_f64(),
            duration_s: self.duration.map(|d| d.as_secs_f64()),
        }
    }
}
