//! The player's thread: what is asked of it, what happens to the output, and which song is on.

mod song;
mod take;

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use self::song::Song;
use self::take::Take;
use crate::engine::{Command, Place, PlayOptions};
use crate::ring::RingReader;
use crate::tap::TapControl;
use crate::worker::{Found, Go, Worker};
use crate::{Error, Event, RequestId, Result, Sink, Source, Trouble};

/// How often the output's counters are looked at while sound is heard. The output itself may not call.
const TICK: Duration = Duration::from_millis(10);

/// What the thread wakes up for.
#[derive(Debug)]
pub(crate) enum Input {
    Command(Command),
    /// From the decode thread of the song with this number.
    Found(u64, Found),
    /// From the output in its n-th opening.
    Trouble(u64, Trouble),
}

/// The thread's whole state.
pub(crate) struct Stage {
    sink: Box<dyn Sink>,
    tap: TapControl,
    inputs: Sender<Input>,
    events: Sender<Event>,
    place: Arc<Mutex<Option<Place>>>,
    /// The rate of the open output.
    rate: Option<u32>,
    openings: u64,
    songs: u64,
    song: Option<Song>,
    /// Another take of the song, on its way.
    take: Option<Take>,
    quiet_since: Instant,
}

impl Stage {
    pub fn new(
        sink: Box<dyn Sink>,
        inputs: Sender<Input>,
        events: Sender<Event>,
        place: Arc<Mutex<Option<Place>>>,
    ) -> Self {
        Self {
            sink,
            tap: TapControl::new(),
            inputs,
            events,
            place,
            rate: None,
            openings: 0,
            songs: 0,
            song: None,
            take: None,
            quiet_since: Instant::now(),
        }
    }

    /// Runs until `Command::Shutdown`.
    pub fn run(mut self, inbox: &Receiver<Input>) {
        loop {
            let input = match self.next_look() {
                Some(wait) => match inbox.recv_timeout(wait) {
                    Ok(input) => Some(input),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => break,
                },
                None => match inbox.recv() {
                    Ok(input) => Some(input),
                    Err(_) => break,
                },
            };
            match input {
                Some(Input::Command(Command::Shutdown)) => break,
                Some(Input::Command(command)) => self.obey(command),
                Some(Input::Found(number, found)) => self.learn(number, found),
                Some(Input::Trouble(opening, trouble)) => self.suffer(opening, trouble),
                None => {}
            }
            self.look();
        }
        self.dismiss();
        let error = self.sink.close().err();
        self.tell(Event::Closed { error });
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Play { request, source, options, asked } => self.play(request, *source, options, asked),
            Command::ChangeTake { request, source } => self.change_take(request, *source),
            Command::Pause => self.pause(),
            Command::Resume => self.resume(),
            Command::Stop => self.dismiss(),
            Command::Seek(to) => self.seek(to),
            Command::Volume(volume) => {
                self.tap.set_gain(if volume.is_nan() { 0.0 } else { volume.clamp(0.0, 1.0) }.powi(3));
            }
            Command::Device(id) => self.change_device(id),
            Command::Shutdown => {}
        }
    }

    fn play(&mut self, request: RequestId, source: Source, options: PlayOptions, asked: Instant) {
        self.dismiss();
        // The song is opened while the device is.
        let (number, worker) = match self.employ(source) {
            Ok(employed) => employed,
            Err(error) => return self.tell(Event::Failed { request, error, heard: Duration::ZERO }),
        };
        let mut song = Song::new(number, request, worker, asked, options);
        let opened = self.open();
        self.tap.set_paused(options.paused);
        match opened {
            Ok(rate) => song.go(options.from, rate),
            Err(error) => {
                song.worker.stop();
                return self.tell(Event::Failed { request, error, heard: Duration::ZERO });
            }
        }
        self.song = Some(song);
        self.place_song();
    }

    /// A thread that decodes a source, and the number under which it reports.
    fn employ(&mut self, source: Source) -> Result<(u64, Worker)> {
        self.songs += 1;
        let (inputs, number) = (self.inputs.clone(), self.songs);
        let worker = Worker::spawn(source, move |found| {
            // Without a player nobody wants to know.
            let _ = inputs.send(Input::Found(number, found));
        })?;
        Ok((number, worker))
    }

    fn pause(&mut self) {
        if let Some(song) = &mut self.song
            && !song.paused
        {
            song.paused = true;
            song.buffering = false;
            self.tap.set_paused(true);
            let request = song.request;
            self.tell(Event::Paused { request });
        }
    }

    fn resume(&mut self) {
        let Some(song) = &self.song else { return };
        if !song.paused {
            return;
        }
        let (request, at, old_rate, lost) =
            (song.request, song.at(), song.ring.as_ref().map(|(_, rate)| *rate), self.rate.is_none());
        let opened = if lost { self.open() } else { Ok(old_rate.unwrap_or_default()) };
        match opened {
            Err(Error::NoDevice { message }) => return self.tell(Event::DeviceLost { message }),
            Err(error) => return self.fail(error),
            Ok(rate) => {
                let Some(song) = &mut self.song else { return };
                if lost && (song.orphaned || old_rate.is_some_and(|old| old != rate)) {
                    // The old ring would sound too low or too high.
                    self.tap.clear();
                    song.go(at, rate);
                }
                song.paused = false;
                if !song.started {
                    song.asked = Instant::now();
                }
            }
        }
        self.tap.set_paused(false);
        self.tell(Event::Playing { request });
    }

    /// The song is moved as by a loss of the device and a `resume` on the other one.
    fn change_device(&mut self, id: Option<String>) {
        self.sink.choose(id);
        if self.rate.is_none() {
            return;
        }
        let sounded = self.sounds();
        self.close();
        if let Some(song) = self.song.as_mut().filter(|_| sounded) {
            song.paused = true;
            self.tap.set_paused(true);
            self.resume();
        }
    }

    fn seek(&mut self, to: Duration) {
        let rate = self.rate;
        if let Some(song) = &mut self.song {
            let Some(rate) = rate.or(song.ring.as_ref().map(|(_, rate)| *rate)) else { return };
            let end = song.opened.as_ref().and_then(|(_, duration)| *duration);
            song.go(end.map_or(to, |end| to.min(end)), rate);
        }
    }

    /// Ends the present song, if any, by order.
    fn dismiss(&mut self) {
        if let Some(song) = self.leave() {
            self.tell(Event::Stopped { request: song.request, heard: song.heard() });
        }
    }

    fn fail(&mut self, error: Error) {
        if let Some(song) = self.leave() {
            self.tell(Event::Failed { request: song.request, error, heard: song.heard() });
        }
    }

    fn leave(&mut self) -> Option<Song> {
        let song = self.song.take()?;
        self.drop_take();
        song.worker.stop();
        self.tap.clear();
        self.quiet_since = Instant::now();
        self.place_song();
        Some(song)
    }

    fn learn(&mut self, number: u64, found: Found) {
        let Some(song) = self.song.as_mut().filter(|song| song.number == number) else {
            // Of a take that is on its way, or a late word from a song that has left.
            return self.learn_of_take(number, found);
        };
        let request = song.request;
        match found {
            Found::Opened { format, duration, seekable } => {
                song.opened = Some((format.clone(), duration));
                self.tell(Event::Opened { request, format, duration, seekable });
                self.place_song();
            }
            Found::Ring { go, at, reader } => self.change_ring(go, at, reader),
            Found::Finished(done) => {
                let silent = song.ring.as_ref().is_none_or(|(gauge, _)| gauge.drained());
                match done {
                    // Nothing left to hear before the bad news, not even after a pause.
                    Err(error) if silent => self.fail(error),
                    done => song.finished = Some(done),
                }
            }
            Found::Refused(error) => {
                song.followed = song.goes;
                self.tell(Event::SeekFailed { request, error });
            }
        }
    }

    fn change_ring(&mut self, go: Go, at: Duration, reader: RingReader) {
        let Some(song) = &mut self.song else { return };
        let request = song.request;
        song.change_ring(go, at, Arc::clone(reader.gauge()));
        let sought = go.number > 1 && go.number == song.goes;
        self.tap.put(reader, at > Duration::ZERO);
        self.place_song();
        if sought {
            self.tell(Event::Seeked { request, at });
        }
    }

    fn suffer(&mut self, opening: u64, trouble: Trouble) {
        if opening != self.openings || self.rate.is_none() {
            return;
        }
        self.close();
        match trouble {
            Trouble::Failed(error) => self.fail(error),
            Trouble::Lost(message) => {
                self.tell(Event::DeviceLost { message });
                self.pause();
            }
        }
    }

    /// Opens the output unless it is open; returns its rate.
    fn open(&mut self) -> Result<u32> {
        if let Some(rate) = self.rate {
            return Ok(rate);
        }
        let tap = self
            .tap
            .lend()
            .ok_or_else(|| Error::NoDevice { message: "the last one does not let go".into() })?;
        self.openings += 1;
        let (inputs, opening) = (self.inputs.clone(), self.openings);
        let opened = self.sink.open(
            tap,
            Arc::new(move |trouble| {
                let _ = inputs.send(Input::Trouble(opening, trouble));
            }),
        );
        match &opened {
            Ok(rate) => self.rate = Some(*rate),
            // The tap fell with the attempt.
            Err(_) => _ = self.tap.recall(),
        }
        opened
    }

    fn close(&mut self) {
        self.rate = None;
        if let Err(error) = self.sink.close() {
            tracing::warn!(%error, "the output did not close well");
        }
        if !self.tap.recall() {
            tracing::warn!("the output did not hand back its tap");
            self.tap.renew();
            if let Some(song) = &mut self.song {
                song.orphaned = true;
            }
        }
    }

    fn sounds(&self) -> bool {
        self.song.as_ref().is_some_and(|song| !song.paused)
    }

    /// When to look at the output's counters again, if nothing else happens.
    fn next_look(&self) -> Option<Duration> {
        if self.sounds() {
            return Some(TICK);
        }
        let idle = self.sink.idle_after().filter(|_| self.rate.is_some())?;
        Some(idle.saturating_sub(self.quiet_since.elapsed()))
    }

    /// Looks at what the output has done meanwhile.
    fn look(&mut self) {
        self.tap.tick();
        self.watch_take();
        if self.sounds() {
            self.quiet_since = Instant::now();
            self.watch_song();
        } else if self.rate.is_some()
            && self.sink.idle_after().is_some_and(|idle| self.quiet_since.elapsed() >= idle)
        {
            self.close();
        }
    }

    fn watch_song(&mut self) {
        let Some(song) = &mut self.song else { return };
        let told = song.watch();
        let over = song.over();
        for event in told {
            self.tell(event);
        }
        if over {
            self.finish();
        }
    }

    /// The last frame has been taken.
    fn finish(&mut self) {
        let settled = self.sink.settle();
        let Some(mut song) = self.leave() else { return };
        let (request, heard) = (song.request, song.heard());
        let done = song.finished.take().unwrap_or(Ok(()));
        let done = if song.began_past_its_end() { done.and(Err(Error::PastEnd)) } else { done };
        self.tell(match done.and(settled) {
            Err(error) => Event::Failed { request, error, heard },
            Ok(()) => Event::Ended { request, heard },
        });
    }

    fn place_song(&self) {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = self.song.as_ref().map(Song::place);
    }

    fn tell(&self, event: Event) {
        // Nobody listening is no reason to stop the music.
        let _ = self.events.send(event);
    }
}
