//! The task: what is asked of it, in the order of asking, and the way of a song from the queue to the player.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use melody_model::{Rendition, SongId, SongView};
use melody_player::{PlayOptions, Player, RequestId, SinkKind, Source};
use tokio::sync::mpsc;

use super::{
    Answer, Asked, Message, PlaybackOptions, Programme,
    current::{Current, Loading},
    keep::{Keeper, end_left_listens},
    rendition::Coming,
};
use crate::{
    Error, Event, PlaybackEvent, PlayedRow,
    context::{Account, Context},
    queue::{Item, Queue},
    sources,
};

/// Going back within this time goes to the song before; later, to this song's beginning.
const RESTART_AFTER: Duration = Duration::from_secs(3);

pub(super) struct State {
    pub(super) context: Arc<Context>,
    /// Whose queue it is.
    pub(super) account: Arc<Account>,
    pub(super) sink: SinkKind,
    pub(super) device: Option<String>,
    pub(super) volume: f32,
    /// Weak: the task ends when the last handle is gone.
    pub(super) inbox: mpsc::WeakUnboundedSender<Message>,
    /// Opened with the first song: a search never wakes the sound card.
    pub(super) player: Option<Player>,
    pub(super) queue: Queue<Asked>,
    pub(super) rendition: Rendition,
    /// Whether a song without that rendition is heard in the original: so when it was chosen while listening, not when
    /// it was asked for with the songs.
    pub(super) lenient: bool,
    /// Counts the choices of a rendition: only the last one matters.
    pub(super) choices: u64,
    pub(super) coming: Vec<Coming>,
    pub(super) limit: Option<Duration>,
    last_request: u64,
    pub(super) current: Option<Current>,
    /// Where the queue's song goes on when nothing is loaded, as after a restart; `None` when it was stopped.
    pub(super) at_rest: Option<Duration>,
    /// Songs that the listener left and of which the player has yet to say how much was heard.
    pub(super) leaving: Vec<Current>,
    /// Nothing more is to be played; it is told when the last song has left.
    ending: bool,
    pub(super) closing: Option<Answer<Result<(), Error>>>,
    pub(super) keeper: Keeper,
}

pub(super) fn spawn(
    context: Arc<Context>,
    options: PlaybackOptions,
    inbox: mpsc::WeakUnboundedSender<Message>,
    messages: mpsc::UnboundedReceiver<Message>,
) {
    let state = State {
        account: context.account(),
        keeper: Keeper::start(context.clone(), options.keep_queue),
        context,
        sink: options.sink,
        device: options.device,
        volume: options.volume,
        inbox,
        player: None,
        queue: Queue::default(),
        rendition: Rendition::default(),
        lenient: false,
        choices: 0,
        coming: Vec::new(),
        limit: None,
        last_request: 0,
        current: None,
        at_rest: None,
        leaving: Vec::new(),
        ending: false,
        closing: None,
    };
    tokio::spawn(state.run(messages));
}

impl State {
    async fn run(mut self, mut messages: mpsc::UnboundedReceiver<Message>) {
        end_left_listens(&self.account).await;
        self.restore().await;
        while let Some(message) = messages.recv().await {
            match message {
                Message::Play(programme) => self.play(programme),
                Message::Pause => self.pause(),
                Message::Resume => self.resume(),
                Message::Toggle => self.toggle(),
                Message::Stop => self.stop(),
                Message::Next => self.skip(Queue::advance),
                Message::Previous => self.previous(),
                Message::Seek(to) => self.seek(to),
                Message::SetVolume(volume) => self.set_volume(volume),
                Message::Enqueue(songs, place) => self.enqueue(songs, place),
                Message::Move { item, to } => self.move_item(item, to),
                Message::Remove(item) => self.remove(item),
                Message::Jump(item) => self.jump(item),
                Message::Clear => self.clear(),
                Message::ChooseRendition(rendition, done) => self.choose_rendition(rendition, done),
                Message::RenditionOpened { item, choice, rendition, opened, done } => {
                    self.rendition_opened(item, choice, rendition, *opened, done);
                }
                Message::ChooseDevice(id, done) => self.choose_device(id, done),
                // An asker who went away has nothing to hear, here and below.
                Message::SoundDevices(answer) => {
                    let _ = answer.send((self.sink.clone(), self.device.clone()));
                }
                Message::Look(answer) => {
                    let _ = answer.send(self.look());
                }
                Message::List { offset, limit, answer } => {
                    let _ = answer.send(self.list(offset, limit));
                }
                Message::Queued(answer) => {
                    let _ = answer.send(self.queued());
                }
                Message::FollowAccount(done) => {
                    self.follow_account().await;
                    let _ = done.send(());
                }
                Message::Found { request, song } => self.found(request, *song),
                Message::Loaded { request, loaded } => self.loaded(request, *loaded),
                Message::Player(event) => {
                    if self.player_says(event).await {
                        return;
                    }
                }
                Message::Close(done) => {
                    self.keep();
                    self.keeper.settle().await;
                    self.leave_current();
                    let Some(player) = &self.player else {
                        let _ = done.send(Ok(()));
                        return;
                    };
                    player.shutdown();
                    self.closing = Some(done);
                }
            }
        }
        self.keep();
        self.keeper.settle().await;
    }

    pub(super) fn with_player(&self, act: impl FnOnce(&Player)) {
        if let Some(player) = &self.player {
            act(player);
        }
    }

    pub(super) fn tell(&self, event: PlaybackEvent) {
        self.context.tell(Event::Playback(event));
    }

    pub(super) fn next_request(&mut self) -> RequestId {
        self.last_request += 1;
        RequestId(self.last_request)
    }

    fn play(&mut self, programme: Programme) {
        self.leave_current();
        self.queue.replace(programme.songs, programme.start);
        self.keeper.forget_order();
        self.rendition = programme.rendition;
        self.lenient = false;
        self.choices += 1;
        self.limit = programme.limit;
        self.load(programme.accepted, programme.from);
    }

    /// Begins to fetch the queue's current song, or says that the queue is over.
    pub(super) fn load(&mut self, accepted: Instant, from: Duration) {
        self.at_rest = None;
        let id = loop {
            match self.queue.current() {
                None => {
                    self.queue_changed();
                    return self.rest();
                }
                Some(Item { song: Asked::Song(id), .. }) => break *id,
                Some(Item { song: Asked::Unknown(unknown), .. }) => {
                    let (song_id, error) = unknown.as_ref().clone();
                    self.tell(PlaybackEvent::Finished(PlayedRow {
                        song_id,
                        seconds: 0.0,
                        first_sample_ms: None,
                        format: None,
                        error: Some(error),
                    }));
                    self.queue.advance();
                }
            }
        };
        self.ending = false;
        let request = self.next_request();
        let account = self.account.clone();
        let rendition = self.rendition;
        self.current = Some(Current::new(request, id, account.clone(), rendition, accepted, from));
        self.queue_changed();
        let (context, inbox, lenient) = (self.context.clone(), self.inbox.clone(), self.lenient);
        let loading = tokio::spawn(async move {
            let send = |message| inbox.upgrade().map(|inbox| inbox.send(message));
            let loaded = async {
                let song = account.library.song(id).await?.ok_or_else(|| Error::unknown(id))?;
                send(Message::Found { request, song: Box::new(song.clone()) });
                open(&context, &account, &song, rendition, lenient).await
            };
            send(Message::Loaded { request, loaded: Box::new(loaded.await) });
        });
        if let Some(current) = &mut self.current {
            current.loading = Some(Loading(loading.abort_handle()));
        }
    }

    pub(super) fn current_if(&mut self, request: RequestId) -> Option<&mut Current> {
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

    fn loaded(&mut self, request: RequestId, loaded: Result<(Rendition, Source), Error>) {
        if self.current_if(request).is_none() {
            return;
        }
        let handed_over = loaded.and_then(|(rendition, source)| {
            if let Some(current) = &mut self.current {
                current.rendition = rendition;
            }
            self.hand_over(source)
        });
        if let Err(e) = handed_over
            && let Some(current) = self.current.take()
        {
            self.finished(current, Duration::ZERO, Some(e.report()));
        }
    }

    /// Gives the song that is on to the player.
    pub(super) fn hand_over(&mut self, source: Source) -> Result<(), Error> {
        let player = self.open_player()?;
        let limit = self.limit;
        if let Some(current) = &mut self.current {
            current.handed_over = Some(Instant::now());
            let options = PlayOptions { from: current.from, paused: current.paused, stop_after: limit };
            player.play(current.request, source, options);
        }
        Ok(())
    }

    fn pause(&mut self) {
        let Some(current) = &mut self.current else { return };
        current.paused = true;
        if current.handed_over.is_none() {
            // Not there yet: it will begin as it is wished.
            let song_id = current.id;
            self.tell(PlaybackEvent::Paused { song_id });
        } else {
            self.with_player(Player::pause);
        }
        self.keep();
    }

    fn resume(&mut self) {
        let Some(current) = &mut self.current else { return self.begin() };
        current.paused = false;
        if current.handed_over.is_none() {
            let song_id = current.id;
            self.tell(PlaybackEvent::Playing { song_id });
        } else {
            self.with_player(Player::resume);
        }
    }

    fn toggle(&mut self) {
        if self.current.as_ref().is_some_and(|current| !current.paused) {
            self.pause();
        } else {
            self.resume();
        }
    }

    /// Begins the queue where it was left; one that is over, anew.
    fn begin(&mut self) {
        if self.queue.is_empty() {
            return;
        }
        if self.queue.is_over() {
            self.queue.rewind();
        }
        let from = self.at_rest.unwrap_or_default();
        self.load(Instant::now(), from);
    }

    fn seek(&mut self, to: Duration) {
        match &mut self.current {
            Some(current) if current.handed_over.is_none() => {
                current.from = to;
                current.position = to;
                let event = current.position_event();
                self.tell(event);
            }
            Some(current) => {
                current.sought = Some(to);
                self.with_player(|player| player.seek(to));
            }
            None => {
                if self.at_rest.is_some()
                    && let Some(song_id) = self.song_at_rest()
                {
                    self.at_rest = Some(to);
                    self.tell(PlaybackEvent::Position { song_id, at_s: to.as_secs_f64(), duration_s: None });
                    self.keep();
                }
            }
        }
    }

    /// The queue's song, whether it is loaded or not.
    pub(super) fn song_at_rest(&self) -> Option<SongId> {
        match self.queue.current()?.song {
            Asked::Song(id) => Some(id),
            Asked::Unknown(_) => None,
        }
    }

    /// Nothing is to be played until the listener asks again.
    pub(super) fn rest(&mut self) {
        self.ending = true;
        self.tell_if_over();
    }

    pub(super) fn tell_if_over(&mut self) {
        if self.ending && self.leaving.is_empty() {
            self.ending = false;
            self.tell(PlaybackEvent::QueueEnded);
        }
    }

    /// Ends the song that is on because the listener wants another, or none.
    pub(super) fn leave_current(&mut self) {
        self.settle_coming();
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
        self.at_rest = None;
        self.keep();
        self.rest();
    }

    pub(super) fn skip(&mut self, step: impl FnOnce(&mut Queue<Asked>)) {
        self.leave_current();
        step(&mut self.queue);
        self.load(Instant::now(), Duration::ZERO);
    }

    fn previous(&mut self) {
        if self.position() > RESTART_AFTER {
            self.seek(Duration::ZERO);
        } else {
            self.skip(Queue::step_back);
        }
    }

    /// How far into the queue's song.
    pub(super) fn position(&self) -> Duration {
        let Some(current) = &self.current else { return self.at_rest.unwrap_or_default() };
        if let Some(sought) = current.sought {
            return sought;
        }
        let heard = self.player.as_ref().and_then(Player::position);
        heard.filter(|heard| heard.request == current.request).map_or(current.position, |heard| heard.at)
    }
}

/// Opens a song in a rendition, or, if so wished, in the original where it has no other.
async fn open(
    context: &Arc<Context>,
    account: &Arc<Account>,
    song: &SongView,
    rendition: Rendition,
    lenient: bool,
) -> Result<(Rendition, Source), Error> {
    match sources::open(context, account, song, rendition).await {
        Err(Error::NoAudio { .. }) if lenient && rendition != Rendition::Original => {
            Ok((Rendition::Original, sources::open(context, account, song, Rendition::Original).await?))
        }
        opened => Ok((rendition, opened?)),
    }
}
