//! The app without a face: session, search, library, downloads, playback, behind one set of commands.
//!
//! A command goes down through [`Core::dispatch`]; facts come back up as [`Event`]s.

mod cache;
mod catalogue;
mod code;
mod command;
mod comparisons;
mod context;
mod conversions;
mod covers;
mod doctor;
mod downloads;
mod error;
mod event;
mod forgotten;
mod losses;
mod message;
mod notifications;
mod now_playing;
mod offline;
mod panics;
mod playback;
mod playlists;
mod profile;
mod queue;
mod remote;
mod reply;
mod request;
mod rescued;
mod rounds;
mod saved;
mod secrets;
mod session;
mod sources;
mod storage;
mod stream;
mod sync;
mod thumbnail;
mod tokens;
mod user;

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use melody_api::ServiceAddress;
pub use melody_parity::Exchange;
pub use melody_player::SinkKind;
use tokio::sync::broadcast;

pub use code::{Code, ErrorReport};
pub use command::*;
pub use comparisons::{Comparison, ComparisonList, ComparisonProgress, ComparisonRun, account_for_both};
pub use conversions::{ConversionPage, ConversionView, OneConversion};
pub use covers::Cover;
pub use doctor::Check;
pub use error::Error;
pub use event::{Event, PlaybackEvent, PlayedRow};
pub use message::MessageKey;
pub use notifications::{NotificationPage, UnreadNotifications};
pub use now_playing::{NowPlaying, PlaybackStatus, QueueItem, QueuePage};
pub use panics::log_panics;
pub use playlists::PlaylistFormat;
pub use reply::*;
pub use request::*;
pub use rescued::Rescued;
pub use secrets::SecretsKind;
pub use session::read_otp;
pub use user::{OneUser, UserChange, UserPreferences, UserTotals, UserView};

use crate::{
    catalogue::Catalogue,
    comparisons::Comparisons,
    context::{Context, Service},
    conversions::Conversions,
    covers::Covers,
    downloads::Downloads,
    notifications::Notifications,
    playback::{Playback, PlaybackOptions, Programme},
    playlists::Playlists,
    profile::{Profile, Settings},
    saved::Saved,
    secrets::Secrets,
    session::Session,
    sync::Sync,
    user::Users,
};

/// Where the service is when nobody says otherwise.
pub const DEFAULT_SERVICE: &str = "https://api.melodystudio.com";

/// How a core is opened.
#[derive(Clone, Debug)]
pub struct CoreOptions {
    /// The installation's folder; made when it is missing.
    pub profile: PathBuf,
    /// The service's address; the remembered one when absent.
    pub server: Option<String>,
    /// Hosts that may be reached over plain http, beside the remembered ones.
    pub allow_http: Vec<String>,
    pub secrets: SecretsKind,
    pub sink: SinkKind,
    /// Whether the queue is kept and comes back after a restart: for a window, not for one command of a terminal.
    pub keep_queue: bool,
}

/// The app. Clones share it.
#[derive(Clone, Debug)]
pub struct Core {
    context: Arc<Context>,
    session: Session,
    catalogue: Catalogue,
    covers: Covers,
    saved: Saved,
    sync: Sync,
    downloads: Downloads,
    playlists: Playlists,
    conversions: Conversions,
    notifications: Notifications,
    users: Users,
    comparisons: Comparisons,
    playback: Playback,
}

impl Core {
    /// Opens the profile and the library of whoever is signed in. Asks nothing of the network.
    pub async fn open(options: CoreOptions) -> Result<Self, Error> {
        // Waiting for another process, the disk or a migration is not for a thread that others wait for.
        let asked = options.clone();
        let opened = tokio::task::spawn_blocking(move || open_profile(asked));
        let (context, settings) = opened.await.map_err(Error::internal)??;
        let context = Arc::new(context);
        context.follow(&context.account());
        let sync = Sync::new(context.clone());
        let playback = Playback::start(
            context.clone(),
            PlaybackOptions {
                sink: options.sink,
                volume: settings.volume.unwrap_or(1.0),
                device: settings.sound_device,
                keep_queue: options.keep_queue,
            },
        );
        context.watch_queue(playback.queue());
        Ok(Self {
            session: Session::new(context.clone()),
            catalogue: Catalogue::new(context.clone()),
            covers: Covers::new(context.clone()),
            saved: Saved::new(context.clone(), sync.clone()),
            downloads: Downloads::new(context.clone()),
            playlists: Playlists::new(context.clone()),
            conversions: Conversions::new(context.clone(), sync.clone()),
            notifications: Notifications::new(context.clone()),
            users: Users::new(context.clone()),
            comparisons: Comparisons::new(context.clone()),
            playback,
            sync,
            context,
        })
    }

    /// Everything that happens from now on.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.context.events()
    }

    /// Does what a face asks.
    pub async fn dispatch(&self, command: Command) -> Result<Reply, Error> {
        let reply = self.run(command).await?;
        self.context.remember_service().await;
        Ok(reply)
    }

    async fn run(&self, command: Command) -> Result<Reply, Error> {
        let reply = match command {
            Command::Overview => Reply::Overview(Box::new(self.overview().await?)),
            Command::RequestOtp(request) => Reply::OtpSent(self.session.request_otp(request).await?),
            Command::VerifyOtp { otp } => {
                let signed_in = self.session.verify_otp(&otp).await?;
                self.playback.follow_account().await?;
                self.sync.fill_if_never(FIRST_FILL).await;
                Reply::SignedIn(signed_in)
            }
            Command::Whoami => Reply::SignedIn(self.session.whoami()?),
            Command::Logout { forget } => {
                self.playback.stop();
                // Out is out, also when what was to be forgotten could not all be removed.
                let signed_out = self.session.logout(forget).await;
                self.playback.follow_account().await?;
                Reply::SignedOut(signed_out?)
            }
            Command::Losses => Reply::Losses(losses::before(&self.context).await?),
            Command::UseService { address } => {
                self.context.use_service(address).await?;
                self.playback.follow_account().await?;
                DONE
            }
            Command::Search(request) => Reply::Songs(self.catalogue.search(request).await?),
            Command::Trending(request) => Reply::Trending(self.catalogue.trending(request).await?),
            Command::Song { id } => Reply::Song(Box::new(self.catalogue.song(&id).await?)),
            Command::LibraryList(request) => Reply::Entries(self.saved.list(request).await?),
            Command::LibraryAdd { ids } => Reply::Changed(self.saved.add(&ids).await?),
            Command::LibraryRemove { ids } => Reply::Changed(self.saved.remove(&ids).await?),
            Command::LibrarySync => Reply::Sync(self.sync.run().await?),
            Command::LibraryStatus => Reply::Sync(self.sync.status().await?),
            Command::LibraryRetry => Reply::Sync(self.sync.retry().await?),
            Command::LibraryDiscard { op } => Reply::Sync(self.sync.discard(&op).await?),
            Command::LibraryVerify => Reply::Verified(self.sync.verify().await?),
            Command::LibrarySwitches => Reply::Switches(self.sync.switches().await?),
            Command::Download { ids, rendition } => {
                Reply::Downloads(self.downloads.fetch(&ids, rendition).await?)
            }
            Command::DownloadSaved { rendition } => {
                Reply::Downloads(self.downloads.fetch_saved(rendition).await?)
            }
            Command::DownloadPlaylist { playlist, rendition } => {
                let shown = self.playlists.show(&playlist, None, 0).await?;
                let songs = shown.items.into_iter().map(|item| item.song.song.id).collect();
                Reply::Downloads(self.downloads.fetch_missing(songs, rendition).await?)
            }
            Command::Downloads => Reply::Downloads(self.downloads.list().await?),
            Command::DownloadsContinue => Reply::Downloads(self.downloads.fetch_queued().await?),
            Command::DownloadsPause { ids } => Reply::Downloads(self.downloads.pause(ids.as_deref()).await?),
            Command::DownloadsResume { ids } => {
                Reply::Downloads(self.downloads.resume(ids.as_deref()).await?)
            }
            Command::DownloadsRemove { ids, rendition } => {
                Reply::Downloads(self.downloads.remove(&ids, rendition).await?)
            }
            Command::DownloadsVerify => Reply::VerifiedDownloads(self.downloads.verify().await?),
            Command::PlaylistList => Reply::Playlists(self.playlists.list().await?),
            Command::PlaylistShow { playlist, limit, offset } => {
                Reply::Playlist(self.playlists.show(&playlist, limit, offset).await?)
            }
            Command::PlaylistCreate { name, ids } => {
                Reply::PlaylistChanged(self.playlists.create(&name, &ids).await?)
            }
            Command::PlaylistRename { playlist, name } => {
                Reply::PlaylistChanged(self.playlists.rename(&playlist, &name).await?)
            }
            Command::PlaylistDelete { playlist } => {
                Reply::PlaylistChanged(self.playlists.delete(&playlist).await?)
            }
            Command::PlaylistAdd { playlist, ids } => {
                Reply::PlaylistChanged(self.playlists.add(&playlist, &ids).await?)
            }
            Command::PlaylistRemove { playlist, item } => {
                Reply::PlaylistChanged(self.playlists.remove(&playlist, &item).await?)
            }
            Command::PlaylistMove { playlist, item, to } => {
                Reply::PlaylistChanged(self.playlists.move_item(&playlist, &item, to).await?)
            }
            Command::PlaylistUndo => Reply::TakenBack(self.playlists.undo().await?),
            Command::PlaylistExport { playlist, format } => {
                Reply::Exported(self.playlists.export(&playlist, format).await?)
            }
            Command::PlaylistImport { text, name } => {
                Reply::Imported(self.playlists.import(&text, name).await?)
            }
            Command::History { limit, offset } => {
                catalogue::check_limit(limit, HISTORY_MOST)?;
                let account = self.context.account();
                playback::end_left_listens(&account).await;
                let page = account.library.history(limit, offset).await?;
                Reply::History(HistoryPage { listens: page.listens, total: page.total })
            }
            Command::Convert { id, wait } => {
                Reply::Conversion(Box::new(self.conversions.convert(&id, wait).await?))
            }
            Command::Conversions { limit, offset, status } => {
                Reply::Conversions(self.conversions.list(limit, offset, status).await?)
            }
            Command::Notifications { limit, offset, unread_only } => {
                Reply::Notifications(self.notifications.list(limit, offset, unread_only).await?)
            }
            Command::NotificationsRead { ids } => Reply::Unread(self.notifications.read(&ids).await?),
            Command::Profile => Reply::User(Box::new(self.users.show().await?)),
            Command::ProfileChange(change) => Reply::User(Box::new(self.users.change(change).await?)),
            Command::ProfileAvatar { picture } => {
                Reply::User(Box::new(self.users.set_avatar(picture).await?))
            }
            Command::Play(request) => {
                self.play(request).await?;
                DONE
            }
            Command::Pause => self.done(Playback::pause),
            Command::Resume => self.done(Playback::resume),
            Command::Toggle => self.done(Playback::toggle),
            Command::Stop => self.done(Playback::stop),
            Command::Next => self.done(Playback::next),
            Command::Previous => self.done(Playback::previous),
            Command::Seek { to_s } => {
                let to = seconds(to_s)?;
                self.done(|playback| playback.seek(to))
            }
            Command::ChooseRendition { rendition } => {
                self.playback.choose_rendition(rendition).await?;
                DONE
            }
            Command::NowPlaying => Reply::NowPlaying(Box::new(self.playback.now_playing().await?)),
            Command::QueueList { offset, limit } => {
                Reply::Queue(self.playback.queue_list(offset, limit).await?)
            }
            Command::Enqueue { ids, place } => {
                let songs = playback::asked(&self.context.account(), &ids).await?;
                self.done(|playback| playback.enqueue(songs, place))
            }
            Command::MoveInQueue { item, to } => self.done(|playback| playback.move_item(item, to)),
            Command::RemoveFromQueue { item } => self.done(|playback| playback.remove_item(item)),
            Command::JumpInQueue { item } => self.done(|playback| playback.jump(item)),
            Command::ClearQueue => self.done(Playback::clear),
            Command::SoundDevices => Reply::SoundDevices(self.playback.sound_devices().await?),
            Command::ChooseSoundDevice { id } => {
                self.playback.choose_sound_device(id).await?;
                DONE
            }
            Command::SetPreferences(preferences) => {
                self.context.set_preferences(preferences).await?;
                cache::trim(&self.context, &self.context.account()).await?;
                DONE
            }
            Command::StreamCache => Reply::StreamCache(cache::status(&self.context).await?),
            Command::WorkOffline { on } => Reply::Offline(self.work_offline(on).await?),
            Command::OfflineStatus => Reply::Offline(OfflineStatus { offline: self.context.is_offline()? }),
            Command::Health => Reply::Health(Health { checks: self.doctor().await }),
            Command::Compare(request) => Reply::Compared(Box::new(self.comparisons.compare(request).await?)),
            Command::CompareEnd => {
                self.comparisons.end();
                DONE
            }
            Command::Comparisons => Reply::Comparisons(self.comparisons.list().await?),
            Command::Comparison { id } => Reply::Comparison(Box::new(self.comparisons.show(&id).await?)),
            Command::ComparisonExchange { id, exchange } => {
                Reply::Exchange(Box::new(self.comparisons.exchange(&id, exchange).await?))
            }
            Command::ComparisonRemove { id } => {
                self.comparisons.remove(&id).await?;
                DONE
            }
            Command::SetVolume { volume } => {
                if !(0.0..=1.0).contains(&volume) {
                    return Err(Error::Invalid("The volume is between 0 and 1.".into()));
                }
                self.done(|playback| playback.set_volume(volume))
            }
        };
        Ok(reply)
    }

    async fn overview(&self) -> Result<Overview, Error> {
        let account = self.context.account();
        let settings = self.context.profile.settings()?;
        Ok(Overview {
            session: account.signed_in(),
            service: self.service(),
            now_playing: self.playback.now_playing().await?,
            sync: if account.record.is_some() { self.sync.status().await? } else { SyncStatus::default() },
            preferences: settings.preferences,
            offline: settings.offline,
            rescued: self.rescued(),
        })
    }

    /// Shuts the gate, or opens it. What is under way stops as well: a download goes on when it is open again, and of a
    /// song that was loading is heard what has come.
    async fn work_offline(&self, on: bool) -> Result<OfflineStatus, Error> {
        self.context.update_settings(move |settings| settings.offline = on).await?;
        if on {
            self.downloads.stop();
        }
        let status = OfflineStatus { offline: on };
        self.context.tell(Event::OfflineChanged(status));
        Ok(status)
    }

    fn done(&self, act: impl FnOnce(&Playback)) -> Reply {
        act(&self.playback);
        DONE
    }

    async fn play(&self, request: PlayRequest) -> Result<(), Error> {
        let accepted = Instant::now();
        let from = seconds(request.from_s)?;
        let limit = request.for_s.map(seconds).transpose()?;
        let start = request.start;
        if start > 0 && start >= request.ids.len() {
            return Err(Error::Invalid("The song that begins is one of those given.".into()));
        }
        let songs = playback::asked(&self.context.account(), &request.ids).await?;
        self.playback.play(Programme { songs, start, rendition: request.rendition, from, limit, accepted });
        Ok(())
    }

    /// Lets sync run and downloads go on by themselves, for as long as this is polled.
    pub async fn work_in_rounds(&self) {
        tokio::join!(rounds::go(self), self.downloads.in_rounds());
    }

    /// The service in use.
    pub fn service(&self) -> ServiceInfo {
        let Service { given, address, .. } = &self.context.account().service;
        ServiceInfo { address: given.clone(), identity: address.identity() }
    }

    /// What became of a damaged library when this opened it, if it was.
    pub fn rescued(&self) -> Option<Rescued> {
        self.context.account().library.rescue().map(Rescued::from)
    }

    pub fn is_signed_in(&self) -> bool {
        self.context.account().record.is_some()
    }

    /// A song's cover, from the disk or from where the service says it is, at least `side` pixels in its shorter
    /// direction if it has that many.
    pub async fn cover(&self, song: melody_model::SongId, side: u32) -> Result<Cover, Error> {
        self.covers.cover(song, side).await
    }

    /// The page of a comparison that was kept, on the disk.
    pub fn comparison_page(&self, id: &str) -> Result<PathBuf, Error> {
        self.comparisons.page(id)
    }

    /// Looks at everything that must work.
    pub async fn doctor(&self) -> Vec<Check> {
        doctor::examine(&self.context).await
    }

    /// Plays out, completes a recording, and lets the output go. Fails when a recording could not be completed.
    pub async fn close(self) -> Result<(), Error> {
        let closed = self.playback.close().await;
        self.context.cache.settle().await;
        closed
    }
}

/// Opens the profile for the service that is asked for, and the account that is signed in there.
fn open_profile(options: CoreOptions) -> Result<(Context, Settings), Error> {
    let profile = Profile::open(&options.profile)?;
    forgotten::sweep(profile.root());
    let settings = profile.settings()?;
    let mut allowed = settings.allow_http.clone();
    allowed.extend(options.allow_http);
    allowed.sort();
    allowed.dedup();
    let remembered = settings.service.clone();
    let address = options.server.or(remembered.clone()).unwrap_or_else(|| DEFAULT_SERVICE.to_owned());
    let service = Service::parse(address, allowed)?;
    // Another service takes the place of the remembered one only after it has answered as the service does: a slip
    // of the pen must not sign anybody out. A switch of prefix is the same service.
    let same = |known: &String| {
        ServiceAddress::parse(known, &service.allow_http)
            .is_ok_and(|known| known.identity() == service.address.identity())
    };
    if remembered.as_ref().is_none_or(same) {
        profile.update_settings(|settings| {
            settings.service = Some(service.given.clone());
            settings.allow_http.clone_from(&service.allow_http);
        })?;
    }
    let secrets = Arc::new(Secrets::new(options.secrets, profile.secrets_path()));
    Ok((Context::open(profile, secrets, service)?, settings))
}

const DONE: Reply = Reply::Done(Done {});

/// The most listens in one answer.
const HISTORY_MOST: u32 = 500;

/// How long a sign-in waits for the library to come, before it goes on without all of it.
const FIRST_FILL: Duration = Duration::from_secs(10);

fn seconds(value: f64) -> Result<Duration, Error> {
    Duration::try_from_secs_f64(value)
        .map_err(|_| Error::Invalid("A time is a number of seconds, 0 or more.".into()))
}
