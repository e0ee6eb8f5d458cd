//! What every service of the core shares: the profile, the account that is on, the way to tell of things.

use std::{
    collections::HashSet,
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock},
    time::Duration,
};

use melody_api::{Client, ClientOptions, Dialect, Gate, SearchSlot, ServiceAddress};
use melody_library::{Changes, GenerationId, Library};
use melody_model::SongId;
use melody_sync::Limits;
use tokio::sync::{broadcast, watch};

use crate::{
    Error, Event, Preferences, SignedIn,
    cache::{self, Cache},
    playback::QueueWatch,
    profile::{AccountRecord, GUEST, Profile, Settings},
    secrets::Secrets,
    storage::{FileLock, create_folder},
    tokens::AccountTokens,
};

/// Events that a slow face may be behind by before it misses some.
const EVENT_BACKLOG: usize = 1024;
/// How long a sync waits for another process that is at it.
pub(crate) const SYNC_LOCK_WAIT: Duration = Duration::from_millis(500);
/// How many answers in a row must agree before a guest's library believes in another backend.
const AGREEING: u32 = 2;
pub(crate) const LIBRARY_FILE: &str = "library.db";
/// Below an account's folder: whoever holds it runs sync.
pub(crate) const SYNC_LOCK: &str = "sync.lock";

#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) profile: Profile,
    pub(crate) secrets: Arc<Secrets>,
    installation: uuid::Uuid,
    account: RwLock<Arc<Account>>,
    events: broadcast::Sender<Event>,
    pub(crate) cache: Cache,
    /// Playback's, once that has begun.
    queue: OnceLock<QueueWatch>,
    /// What was last written down of the service: its identity, and the dialect that it spoke.
    remembered: Mutex<Option<(String, Option<Dialect>)>>,
}

/// A service, and how a person named it: remembered once it has answered as the service does.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) address: ServiceAddress,
    pub(crate) given: String,
    /// Hosts that may be reached over plain http.
    pub(crate) allow_http: Vec<String>,
}

impl Service {
    pub(crate) fn parse(given: String, allow_http: Vec<String>) -> Result<Self, Error> {
        Ok(Self { address: ServiceAddress::parse(&given, &allow_http)?, given, allow_http })
    }
}

/// One account on the service, or the guest: its folder, its library, its way to the service.
#[derive(Debug)]
pub(crate) struct Account {
    /// `None` for the guest.
    pub(crate) record: Option<AccountRecord>,
    pub(crate) folder: PathBuf,
    pub(crate) library: Library,
    pub(crate) client: Client,
    /// The one search box that a face has: typing on ends the search before.
    pub(crate) search: SearchSlot,
    pub(crate) service: Service,
    /// The pace at which the service may be asked; it outlives a sync.
    pub(crate) limits: Mutex<Limits>,
    /// Whether it is being signed out: what is under way for it ends.
    leaving: watch::Sender<bool>,
}

impl Context {
    /// Opens the account that the settings name for this service, else the guest's.
    pub(crate) fn open(profile: Profile, secrets: Arc<Secrets>, service: Service) -> Result<Self, Error> {
        let settings = profile.settings()?;
        let account = open_remembered(&profile, &secrets, service, &settings)?;
        Ok(Self {
            profile,
            secrets,
            installation: settings.installation,
            account: RwLock::new(Arc::new(account)),
            events: broadcast::Sender::new(EVENT_BACKLOG),
            cache: Cache::new(),
            queue: OnceLock::new(),
            remembered: Mutex::default(),
        })
    }

    pub(crate) fn account(&self) -> Arc<Account> {
        self.account.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The account, if somebody is signed in.
    pub(crate) fn signed_in(&self) -> Result<Arc<Account>, Error> {
        let account = self.account();
        if account.record.is_some() { Ok(account) } else { Err(Error::SignInNeeded) }
    }

    /// Another account's folder, library and client, without switching to it yet.
    pub(crate) async fn open_account(&self, record: Option<AccountRecord>) -> Result<Account, Error> {
        let (profile, secrets) = (self.profile.clone(), self.secrets.clone());
        let (service, installation) = (self.account().service.clone(), self.installation);
        // A migration may take its time: not on a thread that others wait for.
        tokio::task::spawn_blocking(move || open_account(&profile, &secrets, service, installation, record))
            .await
            .map_err(Error::internal)?
    }

    /// Another service takes the place of this one, with whoever is signed in there.
    pub(crate) async fn use_service(&self, given: String) -> Result<(), Error> {
        let (profile, secrets) = (self.profile.clone(), self.secrets.clone());
        let opened = tokio::task::spawn_blocking(move || {
            let settings = profile.settings()?;
            let service = Service::parse(given, settings.allow_http.clone())?;
            open_remembered(&profile, &secrets, service, &settings)
        });
        let account = opened.await.map_err(Error::internal)??;
        // Back where one is signed in, the library is there without the service. Anywhere else a slip of the pen would
        // take one away from it, to a place where nobody is.
        if account.record.is_none() {
            is_there(&account).await?;
        }
        self.switch_to(account);
        self.tell(Event::ServiceChanged);
        Ok(())
    }

    pub(crate) fn switch_to(&self, account: Account) {
        let signed_in = account.record.is_some();
        self.follow(&account);
        *self.account.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(account);
        self.tell(Event::SessionChanged { signed_in });
    }

    /// Tells of every change of an account's library, until it is closed.
    pub(crate) fn follow(&self, account: &Account) {
        let (mut changes, events) = (account.library.changes(), self.events.clone());
        tokio::spawn(async move {
            loop {
                let (rows, playlists, history) = match changes.recv().await {
                    Ok(Changes { songs, entries, downloads, outbox, playlists, history }) => {
                        let rows = !(songs.is_empty() && entries.is_empty() && downloads.is_empty());
                        (rows || outbox, !playlists.is_empty(), history)
                    }
                    Err(broadcast::error::RecvError::Lagged(_)) => (true, true, true),
                    Err(broadcast::error::RecvError::Closed) => return,
                };
                let told = [
                    (rows, Event::LibraryChanged),
                    (playlists, Event::PlaylistsChanged),
                    (history, Event::HistoryChanged),
                ];
                for (_, event) in told.into_iter().filter(|(changed, _)| *changed) {
                    let _ = events.send(event);
                }
            }
        });
    }

    /// Keeps the service's address, and which dialect it speaks, once it has answered as the service does.
    pub(crate) async fn remember_service(&self) {
        let account = self.account();
        let seen = *account.client.observations().borrow();
        let identity = account.service.address.identity();
        {
            let news = Some((identity.clone(), seen.dialect));
            let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
            if seen.agreeing == 0 || *remembered == news {
                return;
            }
            *remembered = news;
        }
        let dialect = seen.dialect.map(|dialect| dialect.as_str().to_owned());
        let Service { given: address, allow_http, .. } = account.service.clone();
        let updated = self
            .update_settings(move |settings| {
                settings.service = Some(address.clone());
                settings.allow_http.clone_from(&allow_http);
                if let Some(record) = settings.accounts.get_mut(&identity) {
                    record.dialect.clone_from(&dialect);
                }
            })
            .await;
        // On a full or read-only disk there is nothing to remember it in, and the answer is no worse for it.
        if let Err(e) = updated {
            tracing::warn!(code = %e.code(), "the service's address could not be remembered");
        }
    }

    /// Changes the settings on a thread that may wait for another process and for the disk.
    pub(crate) async fn update_settings(
        &self,
        change: impl Fn(&mut Settings) + Send + 'static,
    ) -> Result<Settings, Error> {
        let profile = self.profile.clone();
        tokio::task::spawn_blocking(move || profile.update_settings(change)).await.map_err(Error::internal)?
    }

    pub(crate) async fn set_preferences(&self, preferences: Preferences) -> Result<(), Error> {
        self.update_settings(move |settings| settings.preferences = preferences).await?;
        self.tell(Event::PreferencesChanged(preferences));
        Ok(())
    }

    /// Whether the listener works offline.
    pub(crate) fn is_offline(&self) -> Result<bool, Error> {
        self.profile.is_offline()
    }

    /// Lets others ask what is queued.
    pub(crate) fn watch_queue(&self, queue: QueueWatch) {
        // There is one playback for each context.
        let _ = self.queue.set(queue);
    }

    /// The songs that play or are queued in this process.
    pub(crate) async fn queued(&self) -> HashSet<SongId> {
        match self.queue.get() {
            Some(queue) => queue.songs().await,
            None => HashSet::new(),
        }
    }

    pub(crate) fn tell(&self, event: Event) {
        // Nobody listening is no failure: a terminal command that only asks has no use for events.
        let _ = self.events.send(event);
    }

    pub(crate) fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }
}

impl Account {
    /// The generation of the ids that came with the latest answer.
    ///
    /// One answer makes no other generation the current one: while both backends answer in turn, a sync would plan with
    /// one's ids and send to the other. That is for the sync to say; where nobody is signed in there is none, and
    /// several answers say it.
    pub(crate) async fn generation(&self) -> Result<GenerationId, Error> {
        let mut seen = *self.client.observations().borrow();
        if seen.dialect.is_none() {
            // Nothing has told yet. If this does not either: the backend that this client is built for.
            seen.dialect = self.client.version().await.ok().and_then(|version| version.dialect);
        }
        let dialect = seen.dialect.unwrap_or(Dialect::Green).as_str();
        let agreed = self.record.is_none() && seen.agreeing >= AGREEING;
        if agreed || self.library.current_generation().await?.is_none() {
            return Ok(self.library.generation(dialect).await?);
        }
        Ok(self.library.generation_of(dialect).await?)
    }

    /// The right to run sync, which one process has at a time; `None` while another holds on to it.
    pub(crate) async fn lock_sync(&self) -> Result<Option<FileLock>, Error> {
        FileLock::acquire(&self.folder.join(SYNC_LOCK), SYNC_LOCK_WAIT).await
    }

    /// Ends what is under way for this account, and lets nothing new begin; `false` takes that back.
    pub(crate) fn leave(&self, leaving: bool) {
        self.leaving.send_replace(leaving);
    }

    /// Does something that may take long, unless the account is signed out meanwhile.
    pub(crate) fn unless_left<T>(
        &self,
        work: impl Future<Output = Result<T, Error>>,
    ) -> impl Future<Output = Result<T, Error>> {
        let mut leaving = self.leaving.subscribe();
        let work = Box::pin(work);
        async move {
            tokio::select! {
                biased;
                _ = leaving.wait_for(|leaving| *leaving) => Err(Error::SignInNeeded),
                done = work => done,
            }
        }
    }

    /// Who is signed in, as a face shows it.
    pub(crate) fn signed_in(&self) -> Option<SignedIn> {
        let record = self.record.as_ref()?;
        Some(SignedIn {
            user: record.user.clone(),
            service: self.service.address.identity(),
            dialect: self.client.dialect().map(|dialect| dialect.as_str().to_owned()),
        })
    }
}

/// Whether the service is at its address: it answers, if only that it is busy or being looked after.
async fn is_there(account: &Account) -> Result<(), Error> {
    use melody_api::Error as Api;
    match account.client.health().await {
        Err(Api::NotTheService(mut e)) => {
            // Not the page that was looked at, but what was typed.
            e.address = account.service.address.identity();
            Err(Api::NotTheService(e).into())
        }
        Err(e @ (Api::Unreachable(_) | Api::Offline)) => Err(e.into()),
        _ => Ok(()),
    }
}

/// Opens the account that the settings name for a service, else the guest's.
fn open_remembered(
    profile: &Profile,
    secrets: &Arc<Secrets>,
    service: Service,
    settings: &Settings,
) -> Result<Account, Error> {
    let record = settings.accounts.get(&service.address.identity()).cloned();
    open_account(profile, secrets, service, settings.installation, record)
}

fn open_account(
    profile: &Profile,
    secrets: &Arc<Secrets>,
    service: Service,
    installation: uuid::Uuid,
    record: Option<AccountRecord>,
) -> Result<Account, Error> {
    let identity = service.address.identity();
    let name = record.as_ref().map_or(GUEST, |record| record.account.as_str());
    let folder = profile.account_folder(&identity, name);
    if !folder.is_dir() {
        create_folder(&folder)?;
    }
    cache::sweep_parts(&folder);
    let library = Library::open(&folder.join(LIBRARY_FILE))?;
    let tokens = AccountTokens {
        secrets: secrets.clone(),
        name: record.as_ref().map(|_| format!("{installation}/{}", folder_name(&folder))),
        // Beside the folder: it is held also while that is on its way out.
        lock: folder.with_file_name("refresh.lock"),
    };
    let mut options = ClientOptions::new(Arc::new(tokens));
    options.gate = gate(profile);
    options.dialect =
        record.as_ref().and_then(|record| record.dialect.as_deref()).and_then(|d| d.parse::<Dialect>().ok());
    let client = Client::new(service.address.clone(), options);
    let search = client.search_slot();
    let limits = Mutex::new(Limits::new(installation.as_u64_pair().1));
    Ok(Account {
        record,
        folder,
        library,
        client,
        search,
        service,
        limits,
        leaving: watch::Sender::new(false),
    })
}

/// Whether requests may leave, as the settings say at that moment. While they cannot be read nothing leaves.
pub(crate) fn gate(profile: &Profile) -> Gate {
    let profile = profile.clone();
    Arc::new(move || profile.is_offline().is_ok_and(|offline| !offline))
}

/// `service hash/account`, the part of the folder's path that stays when a profile is moved.
fn folder_name(folder: &std::path::Path) -> String {
    let parts: Vec<_> = folder.iter().rev().take(2).map(|part| part.to_string_lossy()).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join("/")
}
