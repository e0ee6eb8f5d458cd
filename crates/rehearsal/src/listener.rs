//! A listener of the day: the real core, headless, that plays, saves, removes and goes offline, and beside it a list of
//! what was meant, which the core never sees.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use melody_core::{
    Code, Command, Core, CoreOptions, Event, OtpRequest, PlayRequest, Reply, SecretsKind, SinkKind,
    SyncState, SyncStatus, TrendingRequest,
};
use melody_model::{Rendition, SongContent};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use tokio::sync::broadcast::error::RecvError;

use crate::ear::Ear;
use crate::judge::{Meant, Name};
use crate::{COUNTRY, Error, OTP, Options};

/// How long a client may take to agree with the service. A removal that follows an addition which may still arrive is
/// held back for a minute of that.
const PATIENCE: Duration = Duration::from_secs(90);
/// A song is removed no sooner after it was saved, for the same reason: sooner, every day would wait that minute.
const KEPT_FOR: Duration = Duration::from_mins(1);
/// How long the first song may take to begin, with everybody else's beside it.
const FIRST_SOUND: Duration = Duration::from_secs(30);
/// The most that one answer of what is trending has.
const TRENDING: u32 = 50;
const LANGUAGES: [&str; 6] = ["hi", "en", "ta", "te", "bn", "pa"];
/// The queue is the one song that is on the disk, again and again: longer than any day.
const PLAYED: usize = 500;

/// Who it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Who {
    /// From 1.
    pub client: u32,
    pub account: u32,
    /// 0 or 1 where two devices share an account: each changes every second song. `None` where one has it alone.
    pub device: Option<usize>,
}

impl Who {
    /// Every fourth is a second device of the one before.
    pub fn all(clients: u32) -> Vec<Self> {
        let one = |client: u32| {
            let second = client.is_multiple_of(4);
            let first = (client + 1).is_multiple_of(4) && client < clients;
            let account = client - u32::from(second);
            Self { client, account, device: (first || second).then_some(usize::from(second)) }
        };
        (1..=clients).map(one).collect()
    }

    /// The national digits of the account.
    pub fn phone(self) -> String {
        format!("98{:08}", self.account)
    }
}

/// One of them.
#[derive(Debug)]
pub(crate) struct Listener {
    pub who: Who,
    /// By the last word that was given.
    pub meant: Meant,
    pub queued: u64,
    pub sign_ins: u32,
    /// Why it does not agree with the service, if it was asked to and does not.
    pub unsettled: Option<String>,
    core: Core,
    /// Songs to choose from: our ids, and what they are by. Of a shared account, this device's half.
    songs: Vec<(String, Name)>,
    /// When songs were saved, of those that were since the day began.
    saved_at: BTreeMap<Name, Instant>,
    offline: bool,
    /// A sign-in was asked for and has not come about.
    signed_out: bool,
    random: StdRng,
    hearing: Arc<Hearing>,
}

/// What is heard, and since when the clock runs.
#[derive(Debug)]
struct Hearing {
    began: Instant,
    ear: Mutex<Ear>,
}

impl Hearing {
    /// Waits for a while until something is heard. What is silent from then on is counted; and from before, if nothing
    /// came.
    async fn first_sound(&self) {
        let until = Instant::now() + FIRST_SOUND;
        while Instant::now() < until && !self.ear().begin() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn ear(&self) -> MutexGuard<'_, Ear> {
        self.ear.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener {
    /// Signs in, saves some songs, keeps one on the disk and plays it from there.
    pub async fn begin(who: Who, folder: &Path, service: &str, options: &Options) -> Result<Self, Error> {
        let failed = |source| Error::Client { client: who.client, source };
        let core = Core::open(CoreOptions {
            profile: folder.join(format!("client-{}", who.client)),
            server: Some(service.to_owned()),
            allow_http: Vec::new(),
            secrets: SecretsKind::File,
            sink: SinkKind::Null,
            keep_queue: false,
        })
        .await
        .map_err(failed)?;
        let seed = options.seed.wrapping_mul(1_000_003).wrapping_add(u64::from(who.client));
        let mut this = Self {
            who,
            meant: Meant::new(),
            queued: 0,
            sign_ins: 0,
            unsettled: None,
            core,
            songs: Vec::new(),
            saved_at: BTreeMap::new(),
            offline: false,
            signed_out: false,
            random: StdRng::seed_from_u64(seed),
            hearing: Arc::new(Hearing { began: Instant::now(), ear: Mutex::default() }),
        };
        this.prove().await.map_err(failed)?;
        let known = this.known(options.songs as usize * 3).await.map_err(failed)?;
        let to_keep: Vec<String> = known.iter().take(1).map(|(id, _)| id.clone()).collect();
        let own = |(at, song)| who.device.is_none_or(|device| at % 2 == device).then_some(song);
        this.songs = known.into_iter().enumerate().filter_map(own).collect();
        this.songs.shuffle(&mut this.random);
        let first: Vec<(String, Name)> = this.songs.iter().take(options.songs as usize).cloned().collect();
        let ids = first.iter().map(|(id, _)| id.clone()).collect();
        this.core.dispatch(Command::LibraryAdd { ids }).await.map_err(failed)?;
        this.meant.extend(first.into_iter().map(|(_, name)| (name, true)));
        let rendition = Rendition::Original;
        this.core.dispatch(Command::Download { ids: to_keep.clone(), rendition }).await.map_err(failed)?;
        let ids = to_keep.iter().cycle().take(PLAYED).cloned().collect();
        listen(&this.core, this.hearing.clone());
        this.core
            .dispatch(Command::Play(PlayRequest { ids, ..PlayRequest::default() }))
            .await
            .map_err(failed)?;
        this.hearing.first_sound().await;
        Ok(this)
    }

    /// What there is to choose from, the same songs in the same order for everybody.
    async fn known(&self, wanted: usize) -> Result<Vec<(String, Name)>, melody_core::Error> {
        let mut known = Vec::new();
        for language in LANGUAGES {
            if known.len() >= wanted {
                break;
            }
            let language = Some(language.to_owned());
            let request = TrendingRequest { language, limit: TRENDING, ..TrendingRequest::default() };
            if let Reply::Trending(found) = self.core.dispatch(Command::Trending(request)).await? {
                known.extend(
                    found.songs.into_iter().map(|view| (view.song.id.to_string(), name(view.song.content))),
                );
            }
        }
        // Two songs that are the same by all that is judged by could not be told apart at the end.
        let mut seen = BTreeSet::new();
        known.retain(|(_, name): &(String, Name)| seen.insert(name.clone()));
        Ok(known)
    }

    /// Lives until it is over.
    pub async fn live(&mut self, over: &AtomicBool) -> Result<(), Error> {
        while !over.load(Ordering::Relaxed) {
            self.act().await.map_err(|source| Error::Client { client: self.who.client, source })?;
            let pause = self.random.random_range(100..300);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        Ok(())
    }

    async fn act(&mut self) -> Result<(), melody_core::Error> {
        match self.random.random_range(0..20) {
            0..8 => self.save_one().await,
            // Another device that has not heard of a removal when the backend changes saves the song again, by design.
            8..12 if self.who.device.is_none() => self.remove_one().await,
            12..14 => self.work_offline(!self.offline).await,
            14..17 => self.sync().await.map(drop),
            _ => self.core.dispatch(Command::Next).await.map(drop),
        }
    }

    async fn save_one(&mut self) -> Result<(), melody_core::Error> {
        let at = self.random.random_range(0..self.songs.len().max(1));
        let Some((id, name)) = self.songs.get(at).cloned() else { return Ok(()) };
        if self.meant.insert(name.clone(), true) != Some(true) {
            self.saved_at.insert(name, Instant::now());
        }
        self.change(Command::LibraryAdd { ids: vec![id] }).await
    }

    /// Removes a song that has been saved for a while.
    async fn remove_one(&mut self) -> Result<(), melody_core::Error> {
        let old = |name: &Name| self.saved_at.get(name).is_none_or(|at| at.elapsed() > KEPT_FOR);
        let saved = |name: &Name| self.meant.get(name) == Some(&true);
        let candidates: Vec<&(String, Name)> =
            self.songs.iter().filter(|(_, name)| saved(name) && old(name)).collect();
        let at = self.random.random_range(0..candidates.len().max(1));
        let Some((id, name)) = candidates.get(at).copied().cloned() else { return Ok(()) };
        self.meant.insert(name, false);
        self.change(Command::LibraryRemove { ids: vec![id] }).await
    }

    async fn change(&mut self, command: Command) -> Result<(), melody_core::Error> {
        let Reply::Changed(changed) = self.core.dispatch(command).await? else { return Ok(()) };
        self.queued += changed.entries.iter().filter(|entry| entry.pending).count() as u64;
        if changed.state == SyncState::SignInNeeded {
            self.sign_in_again().await;
        }
        Ok(())
    }

    async fn work_offline(&mut self, on: bool) -> Result<(), melody_core::Error> {
        self.offline = on;
        self.core.dispatch(Command::WorkOffline { on }).await.map(drop)
    }

    /// Syncs. Says what keeps it from agreeing with the service, if anything does; signs in where that is it.
    async fn sync(&mut self) -> Result<Option<String>, melody_core::Error> {
        let told = match self.core.dispatch(Command::LibrarySync).await {
            Ok(Reply::Sync(status)) => status,
            Ok(_) => return Ok(None),
            // A service that is away is what is rehearsed.
            Err(error) => {
                if matches!(error.code(), Code::AuthRequired | Code::InvalidToken) {
                    self.sign_in_again().await;
                }
                return Ok(Some(error.to_string()));
            }
        };
        if told.state == SyncState::SignInNeeded {
            self.sign_in_again().await;
        }
        Ok(not_agreed(&told))
    }

    async fn sign_in_again(&mut self) {
        self.sign_ins += u32::from(!self.signed_out);
        // While the service is away it is asked for again with the next change.
        self.signed_out = self.prove().await.is_err();
    }

    async fn prove(&self) -> Result<(), melody_core::Error> {
        let request = OtpRequest { phone: self.who.phone().into(), country: COUNTRY.to_owned() };
        self.core.dispatch(Command::RequestOtp(request)).await?;
        self.core.dispatch(Command::VerifyOtp { otp: OTP.into() }).await.map(drop)
    }

    /// Syncs until nothing waits, and once more. What it did not come to is told in [`Self::unsettled`].
    pub async fn settle(&mut self) -> Result<(), Error> {
        let failed = |source| Error::Client { client: self.who.client, source };
        if self.offline {
            self.offline = false;
            self.core.dispatch(Command::WorkOffline { on: false }).await.map_err(failed)?;
        }
        self.unsettled = None;
        let until = Instant::now() + PATIENCE;
        let mut pause = Duration::from_millis(100);
        let mut calm = 0;
        loop {
            let why_not =
                self.sync().await.map_err(|source| Error::Client { client: self.who.client, source })?;
            match why_not {
                None if calm > 0 => return Ok(()),
                // The first full reading after a switch may queue what the backend lacks.
                None => calm += 1,
                Some(why) if Instant::now() > until => {
                    self.unsettled = Some(why);
                    return Ok(());
                }
                Some(_) => {
                    calm = 0;
                    tokio::time::sleep(pause).await;
                    pause = (pause * 3 / 2).min(Duration::from_secs(2));
                }
            }
        }
    }

    /// A device of a shared account removes some songs, at a time when the other hears of it before the next switch.
    pub async fn remove_in_calm(&mut self) -> Result<(), Error> {
        if self.who.device.is_some() {
            for _ in 0..2 {
                self.remove_one()
                    .await
                    .map_err(|source| Error::Client { client: self.who.client, source })?;
            }
        }
        Ok(())
    }

    /// How much was told again after switches, and what is kept here that the last backend does not know.
    pub async fn switches(&self) -> Result<(u64, BTreeSet<Name>), Error> {
        let found = self.core.dispatch(Command::LibrarySwitches).await;
        let found = found.map_err(|source| Error::Client { client: self.who.client, source })?;
        let Reply::Switches(found) = found else { return Ok((0, BTreeSet::new())) };
        let replayed = found.switches.iter().map(|switch| switch.refilled + switch.replayed).sum();
        let unknown = found.switches.into_iter().take(1).flat_map(|latest| latest.unmatched);
        let by_id = |id: &str| self.songs.iter().find(|(known, _)| known == id).map(|(_, name)| name.clone());
        Ok((replayed, unknown.filter_map(|song| by_id(&song.song_id.to_string())).collect()))
    }

    /// Seconds without sound since the day began.
    pub fn silent_s(&self) -> f64 {
        self.hearing.ear().silence(self.hearing.began.elapsed()).as_secs_f64()
    }

    pub async fn end(self) -> Result<(), Error> {
        self.core.close().await.map_err(|source| Error::Client { client: self.who.client, source })
    }
}

/// Why that is not the state of somebody who has told all and heard all.
fn not_agreed(status: &SyncStatus) -> Option<String> {
    if let Some(parked) = status.parked.first() {
        return Some(format!("{}: {}", parked.what, parked.reason));
    }
    match status.state {
        SyncState::Idle if status.pending == 0 => None,
        state => Some(format!("{} changes wait; sync is {state:?}.", status.pending)),
    }
}

fn name(song: SongContent) -> Name {
    Name { title: song.title, artist: song.artist, album: song.album, duration_s: song.duration_s }
}

/// Counts the seconds between what was heard last and what is heard next, until the core is gone.
fn listen(core: &Core, hearing: Arc<Hearing>) {
    let mut events = core.events();
    tokio::spawn(async move {
        loop {
            match events.recv().await {
                Ok(Event::Playback(event)) => {
                    let now = hearing.began.elapsed();
                    hearing.ear().hears(&event, now);
                }
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fourth_is_a_second_device_and_the_halves_meet() {
        let all = Who::all(8);
        let accounts: Vec<u32> = all.iter().map(|who| who.account).collect();
        assert_eq!(accounts, [1, 2, 3, 3, 5, 6, 7, 7]);
        let devices: Vec<Option<usize>> = all.iter().map(|who| who.device).collect();
        assert_eq!(devices, [None, None, Some(0), Some(1), None, None, Some(0), Some(1)]);
        // A last one without its second has its account alone.
        assert_eq!(Who::all(3)[2].device, None);
        assert_eq!(all[2].phone(), "9800000003");
    }
}
