//! The player's handle: commands down, events up, and the place where playback stands.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::ring::Gauge;
use crate::stage::{Input, Stage};
use crate::{Error, Event, Position, RequestId, Result, Sink, SinkKind, Source};

/// How to play a song.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlayOptions {
    /// Where to begin.
    pub from: Duration,
    /// Begin paused: the song is opened and decoded ahead, and sounds on `resume`.
    pub paused: bool,
    /// End after this much was heard, as if the song were over.
    pub stop_after: Option<Duration>,
}

/// What can be asked of the player.
#[derive(Debug)]
pub(crate) enum Command {
    Play { request: RequestId, source: Box<Source>, options: PlayOptions, asked: Instant },
    ChangeTake { request: RequestId, source: Box<Source> },
    Pause,
    Resume,
    Stop,
    Seek(Duration),
    Volume(f32),
    Device(Option<String>),
    Shutdown,
}

/// A handle to the player; clones are cheap and mean the same player. No method blocks. The last clone to go shuts it down.
#[derive(Clone, Debug)]
pub struct Player {
    handle: Arc<Handle>,
}

#[derive(Debug)]
struct Handle {
    inputs: Sender<Input>,
    place: Arc<Mutex<Option<Place>>>,
}

impl Player {
    /// Starts a player with one of our outputs. `Error::Output` when a recording can't be created.
    /// A sound device is opened at the first `play`; its absence is that song's `Failed`.
    pub fn new(sink: SinkKind) -> Result<(Self, Receiver<Event>)> {
        Self::with_sink(sink.build()?)
    }

    /// Starts a player with any output.
    pub fn with_sink(sink: Box<dyn Sink>) -> Result<(Self, Receiver<Event>)> {
        let (inputs, inbox) = mpsc::channel();
        let (events, outbox) = mpsc::channel();
        let place = Arc::new(Mutex::new(None));
        let stage = Stage::new(sink, inputs.clone(), events, Arc::clone(&place));
        thread::Builder::new()
            .name("player".into())
            .spawn(move || stage.run(&inbox))
            .map_err(|error| Error::output(&error))?;
        Ok((Self { handle: Arc::new(Handle { inputs, place }) }, outbox))
    }

    /// Plays a song now, instead of whatever plays. Answered by `Opened`, `Started` … or `Failed`, all with this `request`.
    pub fn play(&self, request: RequestId, source: Source, options: PlayOptions) {
        self.send(Command::Play { request, source: Box::new(source), options, asked: Instant::now() });
    }

    /// Goes on with another take of the song that is on, from the very frame at which this one is left, paused if it is
    /// paused. This one sounds until the other can. Answered by `Changed`, after which all that is told of the song has
    /// this `request`; or by `Failed` with it, and the present take goes on. A song that ends or is left before, or
    /// another change of take, leaves it without an answer.
    pub fn change_take(&self, request: RequestId, source: Source) {
        self.send(Command::ChangeTake { request, source: Box::new(source) });
    }

    /// Pauses, with a 5 ms fade.
    pub fn pause(&self) {
        self.send(Command::Pause);
    }

    /// Goes on after a pause, or after the device was lost.
    pub fn resume(&self) {
        self.send(Command::Resume);
    }

    /// Stops and forgets the song.
    pub fn stop(&self) {
        self.send(Command::Stop);
    }

    /// Jumps to a place in the song, at most to its end. Answered by `Seeked` or `SeekFailed`.
    pub fn seek(&self, to: Duration) {
        self.send(Command::Seek(to));
    }

    /// Sets the volume, 0 to 1, on a perceptual curve: a sample is multiplied by the volume's cube, so half is −18 dB
    /// and each step of a slider sounds alike. At 1 samples pass untouched.
    pub fn set_volume(&self, volume: f32) {
        self.send(Command::Volume(volume));
    }

    /// Plays on another device from now on, where the output has several: at once, without losing the place, if one is
    /// open. `None` is the system's default, and so is an id that is not there. Answered by `Playing`, when it was
    /// playing, or by `DeviceLost`, when no device can be opened.
    pub fn choose_device(&self, id: Option<String>) {
        self.send(Command::Device(id));
    }

    /// Where playback stands; `None` when no song is loaded.
    pub fn position(&self) -> Option<Position> {
        self.handle.place.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(Place::position)
    }

    /// Ends the player: plays out what was handed to the device, completes a recording, sends `Event::Closed`, closes the events.
    pub fn shutdown(&self) {
        self.send(Command::Shutdown);
    }

    fn send(&self, command: Command) {
        self.handle.send(command);
    }
}

impl Handle {
    fn send(&self, command: Command) {
        // After a shutdown there is nobody to ask; `Event::Closed` has said so.
        let _ = self.inputs.send(Input::Command(command));
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.send(Command::Shutdown);
    }
}

/// What the position is computed from. Shared between handle and thread; the output never touches it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub request: RequestId,
    pub duration: Option<Duration>,
    /// The place of the ring's first frame.
    pub base: Duration,
    /// Frames heard of the ring, and their rate.
    pub ring: Option<(Arc<Gauge>, u32)>,
    /// How much of the ring counts as heard although the output has yet to pass it over.
    pub ahead: Duration,
}

impl Place {
    pub fn position(&self) -> Position {
        let heard = self.ring.as_ref().map_or(Duration::ZERO, |(gauge, rate)| time(gauge.heard(), *rate));
        Position { request: self.request, at: self.base + heard.max(self.ahead), duration: self.duration }
    }
}

/// How long `frames` take at `rate`.
pub(crate) fn time(frames: u64, rate: u32) -> Duration {
    let rate = u64::from(rate.max(1));
    Duration::from_secs(frames / rate) + Duration::from_nanos(frames % rate * 1_000_000_000 / rate)
}

/// How many frames pass in `time` at `rate`, rounded.
pub(crate) fn frames(time: Duration, rate: u32) -> u64 {
    let nanos = time.as_nanos() * u128::from(rate);
    u64::try_from((nanos + 500_000_000) / 1_000_000_000).unwrap_or(u64::MAX)
}
