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
    context::Context,
    queue::Queue,
    sources::{self, Located},
};

/// Going back within this time goes to the song before; later, to this song's beginning.
const RESTART_AFTER: Duration = Duration::from_secs(3);
/// A listen counts after so much of a song, or half of it if that is less (the design's figures).
const COUNTS_AFTER: Duration = Duration::from_secs(30);
/// How long the output may take to play out and to close.
const CLOSE_PATIENCE: Duration = Duration::from_secs(10);

/// What is to be played, with every id known.
#[derive(Debug)]
pub(crate) struct Programme {
    pub(crate) songs: Vec<SongId>,
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
    /// A song's bytes are there, or will not be.
    Loaded {
        request: RequestId,
        loaded: Box<Result<(Located, Source), Error>>,
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
            inbox: inbox.clone(),
            player: None,
            queue: Queue::default(),
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
        // The task ends only with the core itself; then there is nobody left to command.
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
    /// When it was asked for, or its turn came.
    accepted: Instant,
    from: Duration,
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
    inbox: mpsc::UnboundedSender<Message>,
    /// Opened with the first song: a search never wakes the sound card.
    player: Option<Player>,
    queue: Queue,
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
                Message::Pause => self.with_player(Player::pause),
                Message::Resume => self.with_player(Player::resume),
                Message::Stop => self.stop(),
                Message::Next => self.skip(Queue::advance),
                Message::Previous => self.previous(),
                Message::Seek(to) => self.with_player(|player| player.seek(to)),
                Message::SetVolume(volume) => self.set_volume(volume),
                Message::Loaded { request, loaded } => self.loaded(request, *loaded),
                Message::Player(event) => {
                    if self.player_says(event).await {
                        return;
                    }
                }
                Message::Close(done) => {
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
        self.last_request += 1;
        let request = RequestId(self.last_request);
        let Some(id) = self.queue.current() else {
            self.tell_if_over();
            return;
        };
        self.current = Some(Current {
            request,
            id,
            accepted,
            from,
            handed_over: None,
            song: None,
            duration: None,
            position: from,
            first_sample: None,
            format: None,
        });
        let (context, inbox, rendition) = (self.context.clone(), self.inbox.clone(), self.rendition);
        tokio::spawn(async move {
            let loaded = Box::new(sources::open(&context, id, rendition).await);
            let _ = inbox.send(Message::Loaded { request, loaded });
        });
    }

    fn loaded(&mut self, request: RequestId, loaded: Result<(Located, Source), Error>) {
        // An answer for a song that is no longer on is dropped where it arrives.
        if self.current.as_ref().is_none_or(|current| current.request != request) {
            return;
        }
        let opened = loaded.and_then(|(located, source)| Ok((located, source, self.open_player()?)));
        let Some(current) = &mut self.current else { return };
        match opened {
            Ok((located, source, player)) => {
                current.duration =
                    located.song.song.content.duration_s.map(|s| Duration::from_secs(u64::from(s)));
                current.song = Some(located.song.clone());
                current.handed_over = Some(Instant::now());
                let options = PlayOptions { from: current.from, paused: false, stop_after: self.limit };
                player.play(request, source, options);
                self.tell(PlaybackEvent::Loading {
                    song: Box::new(located.song),
                    index: self.queue.index(),
                    queue_len: self.queue.len(),
                });
            }
            Err(e) => {
                if let Some(current) = self.current.take() {
                    self.finished(current, Duration::ZERO, Some(e.report()));
                }
            }
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
                    if inbox.send(Message::Player(event)).is_err() {
                        return;
                    }
                }
            })
            .map_err(Error::internal)?;
        self.player = Some(player.clone());
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
            PlayerEvent::Started { request: of, format, duration, first_sample } if of == request => {
                let waited =
                    current.handed_over.map_or(Duration::ZERO, |at| at.duration_since(current.accepted));
                current.first_sample = Some(waited + first_sample);
                current.format = Some(format.name.clone());
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
        if let Err(e) =
            self.context.account().library.record_play(song.id, heard.as_secs() as u32, completed).await
        {
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

    fn skip(&mut self, step: impl FnOnce(&mut Queue) -> Option<SongId>) {
        self.leave_current();
        step(&mut self.queue);
        self.load(Instant::now(), Duration::ZERO);
    }

    fn previous(&mut self) {
        match &self.current {
            Some(current) if current.position > RESTART_AFTER => {
                self.with_player(|player| player.seek(Duration::ZERO));
            }
            _ => self.skip(Queue::step_back),
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
