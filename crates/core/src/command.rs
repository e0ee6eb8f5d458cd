//! Everything that a face can ask of the core: one table of commands, and what each brings back.

use melody_model::{ConversionStatus, Rendition};
use melody_parity::Exchange;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use ts_rs::{Config, TS, TypeVisitor};

use crate::{
    ChangedEntries, ChangedPlaylist, CompareRequest, Comparison, ComparisonList, ComparisonRun,
    ConversionPage, DownloadList, EntryList, ExportedPlaylist, FoundSongs, Health, HistoryPage,
    ImportedPlaylist, ListRequest, Losses, NotificationPage, NowPlaying, OfflineStatus, OneConversion,
    OneSong, OneUser, OtpRequest, OtpSent, Overview, Place, PlayRequest, PlaylistFormat, PlaylistList,
    Preferences, QueuePage, SearchRequest, ShownPlaylist, SignedIn, SignedOut, SoundDevices, StreamCache,
    Switches, SyncStatus, TakenBack, TrendingRequest, TrendingSongs, UnreadNotifications, UserChange,
    Verification, VerifiedDownloads,
};

macro_rules! commands {
    ($(
        $(#[$doc:meta])*
        $name:ident
        $(($body:ty))?
        $({ $($(#[$field_meta:meta])* $field:ident: $type:ty),+ $(,)? })?
        => $reply:ident
    ),+ $(,)?) => {
        /// One request of a face. Ids in texts may be ours, the server's or a library entry's.
        #[derive(Debug, Deserialize, TS)]
        #[serde(tag = "command", rename_all = "snake_case")]
        pub enum Command {
            $($(#[$doc])* $name $(($body))? $({ $($(#[$field_meta])* $field: $type),+ })?,)+
        }

        impl Command {
            /// Each command's name on the wire and the TypeScript name of its reply.
            pub fn replies(config: &Config) -> Vec<(String, String)> {
                vec![$((snake_case(stringify!($name)), <$reply as TS>::name(config)),)+]
            }

            /// Shows every type of a reply.
            pub fn visit_replies(visitor: &mut impl TypeVisitor) {
                $(visitor.visit::<$reply>();)+
            }
        }
    };
}

commands! {
    /// All that a screen needs to begin with. Asks nothing of the network.
    Overview => Overview,
    RequestOtp(OtpRequest) => OtpSent,
    VerifyOtp { #[ts(type = "string")] otp: SecretString } => SignedIn,
    Whoami => SignedIn,
    /// Forgetting works for an account that has signed out already too, where it is the only one here.
    Logout { forget: bool } => SignedOut,
    /// What signing out and forgetting would take off this machine for good. Changes nothing.
    Losses => Losses,
    /// Another service takes the place of this one, with its own accounts and libraries.
    UseService { address: String } => Done,
    Search(SearchRequest) => FoundSongs,
    Trending(TrendingRequest) => TrendingSongs,
    Song { id: String } => OneSong,
    LibraryList(ListRequest) => EntryList,
    LibraryAdd { ids: Vec<String> } => ChangedEntries,
    LibraryRemove { ids: Vec<String> } => ChangedEntries,
    LibrarySync => SyncStatus,
    LibraryStatus => SyncStatus,
    /// Sends again what the service refused.
    LibraryRetry => SyncStatus,
    /// Gives up a change that the service refused.
    LibraryDiscard { op: String } => SyncStatus,
    /// Compares with the service's library, and changes nothing.
    LibraryVerify => Verification,
    /// What became of the library at each switch from one backend to another. Asks nothing of the network.
    LibrarySwitches => Switches,
    /// Asks for songs and waits until they are there. What cannot come now stays queued.
    Download { ids: Vec<String>, rendition: Rendition } => DownloadList,
    /// The same for every saved song.
    DownloadSaved { rendition: Rendition } => DownloadList,
    /// The same for every song of a playlist.
    DownloadPlaylist { playlist: String, rendition: Rendition } => DownloadList,
    /// Every download: there, on its way, or given up.
    Downloads => DownloadList,
    /// Goes on with what waits, and brings back what that was. A window does it by itself.
    DownloadsContinue => DownloadList,
    /// Puts off what waits or is under way: of these songs, or all of it. Brings back every download.
    DownloadsPause { #[serde(default)] #[ts(optional)] ids: Option<Vec<String>> } => DownloadList,
    /// Takes up again what was put off, and does not wait for it.
    DownloadsResume { #[serde(default)] #[ts(optional)] ids: Option<Vec<String>> } => DownloadList,
    /// Takes the files off this machine: of one rendition, or both. Brings back what it was.
    DownloadsRemove { ids: Vec<String>, #[serde(default)] #[ts(optional)] rendition: Option<Rendition> }
        => DownloadList,
    /// Decodes every download; the damaged are marked as failed.
    DownloadsVerify => VerifiedDownloads,
    /// Playlists are this machine's alone. One is named by its id or its name.
    PlaylistList => PlaylistList,
    /// A part of a playlist, `limit` from 1 to 500; all of it when `limit` is absent.
    PlaylistShow {
        playlist: String,
        #[serde(default)] #[ts(optional)] limit: Option<u32>,
        #[serde(default)] #[ts(as = "Option<u64>", optional)] offset: u64,
    } => ShownPlaylist,
    PlaylistCreate {
        name: String,
        #[serde(default)] #[ts(as = "Option<Vec<String>>", optional)] ids: Vec<String>,
    } => ChangedPlaylist,
    PlaylistRename { playlist: String, name: String } => ChangedPlaylist,
    PlaylistDelete { playlist: String } => ChangedPlaylist,
    /// At the end, whether they are in it already or not.
    PlaylistAdd { playlist: String, ids: Vec<String> } => ChangedPlaylist,
    /// `item` is its id, or its place, from 1; here and below.
    PlaylistRemove { playlist: String, item: String } => ChangedPlaylist,
    /// To a place, from 0; past the end is the end.
    PlaylistMove { playlist: String, item: String, to: u64 } => ChangedPlaylist,
    /// Takes the last change of a playlist back, and with each further call the one before.
    PlaylistUndo => TakenBack,
    PlaylistExport { playlist: String, format: PlaylistFormat } => ExportedPlaylist,
    /// Makes a playlist of a file's content; `name` is for a file that has none.
    PlaylistImport { text: String, #[serde(default)] #[ts(optional)] name: Option<String> } => ImportedPlaylist,
    /// What was listened to, the latest first; `limit` is 1 to 500.
    History { limit: u32, offset: u64 } => HistoryPage,
    /// Has an instrumental made of a saved song; with `wait` answers when that is over, else when it has begun.
    Convert { id: String, #[serde(default)] #[ts(as = "Option<bool>", optional)] wait: bool } => OneConversion,
    /// What became of them, the newest first; `limit` is 1 to 100.
    Conversions {
        limit: u32,
        offset: u64,
        #[serde(default)] #[ts(optional)] status: Option<ConversionStatus>,
    } => ConversionPage,
    /// What the service has to say, the newest first; `limit` is 1 to 100.
    Notifications {
        limit: u32,
        offset: u64,
        #[serde(default)] #[ts(as = "Option<bool>", optional)] unread_only: bool,
    } => NotificationPage,
    /// Marks some as read; all of them when none is named.
    NotificationsRead {
        #[serde(default)] #[ts(as = "Option<Vec<String>>", optional)] ids: Vec<String>,
    } => UnreadNotifications,
    /// The account as the service keeps it.
    Profile => OneUser,
    ProfileChange(UserChange) => OneUser,
    /// Gives the account a picture: the bytes of a PNG, JPEG or WebP, 5 MB at most.
    ProfileAvatar { picture: Vec<u8> } => OneUser,
    Play(PlayRequest) => Done,
    Pause => Done,
    /// Goes on, or begins the queue where it was left.
    Resume => Done,
    /// Pauses what sounds, else resumes.
    Toggle => Done,
    Stop => Done,
    Next => Done,
    Previous => Done,
    Seek { to_s: f64 } => Done,
    /// 0 to 1.
    SetVolume { volume: f32 } => Done,
    /// The song that is on goes on at the same place in another rendition, and later songs are heard in it where they
    /// have it. Refused, with the song going on as it was, when it has none.
    ChooseRendition { rendition: Rendition } => Done,
    NowPlaying => NowPlaying,
    /// A part of the queue, by place; `limit` is 1 to 500.
    QueueList { offset: usize, limit: usize } => QueuePage,
    /// What is on stays on, and nothing begins by itself.
    Enqueue { ids: Vec<String>, place: Place } => Done,
    /// An item that is gone meanwhile is passed over, here and below.
    MoveInQueue { item: u64, to: usize } => Done,
    /// If it is on, the next song takes its place, paused if it was.
    RemoveFromQueue { item: u64 } => Done,
    /// Plays an item from its beginning.
    JumpInQueue { item: u64 } => Done,
    ClearQueue => Done,
    SoundDevices => SoundDevices,
    /// Absent: the system's own choice.
    ChooseSoundDevice { #[serde(default)] #[ts(optional)] id: Option<String> } => Done,
    SetPreferences(Preferences) => Done,
    /// What streamed songs take on this machine.
    StreamCache => StreamCache,
    /// Lets nothing leave this machine, or everything again. It is kept, and holds for every program on the profile.
    WorkOffline { on: bool } => OfflineStatus,
    OfflineStatus => OfflineStatus,
    /// A look at everything that must work.
    Health => Health,
    /// Compares two backends, for QA. Answers when that is over; how far it is, events tell. One at a time.
    Compare(CompareRequest) => ComparisonRun,
    /// Ends the comparison that is under way after its case. What was found until then is kept.
    CompareEnd => Done,
    /// The comparisons that were kept, and how far the one under way is.
    Comparisons => ComparisonList,
    /// All that one found.
    Comparison { id: String } => Comparison,
    /// A call with findings as it went on both sides; `exchange` is a finding's.
    ComparisonExchange { id: String, exchange: usize } => Exchange,
    ComparisonRemove { id: String } => Done,
}

/// What `Command` brings back.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Reply {
    Overview(Box<Overview>),
    OtpSent(OtpSent),
    SignedIn(SignedIn),
    SignedOut(SignedOut),
    Songs(FoundSongs),
    Trending(TrendingSongs),
    Song(Box<OneSong>),
    Entries(EntryList),
    Changed(ChangedEntries),
    Sync(SyncStatus),
    Verified(Verification),
    Switches(Switches),
    Downloads(DownloadList),
    VerifiedDownloads(VerifiedDownloads),
    Playlists(PlaylistList),
    Playlist(ShownPlaylist),
    PlaylistChanged(ChangedPlaylist),
    TakenBack(TakenBack),
    Exported(ExportedPlaylist),
    Imported(ImportedPlaylist),
    History(HistoryPage),
    Conversion(Box<OneConversion>),
    Conversions(ConversionPage),
    Notifications(NotificationPage),
    Unread(UnreadNotifications),
    User(Box<OneUser>),
    NowPlaying(Box<NowPlaying>),
    Queue(QueuePage),
    SoundDevices(SoundDevices),
    Losses(Losses),
    StreamCache(StreamCache),
    Health(Health),
    Compared(Box<ComparisonRun>),
    Comparisons(ComparisonList),
    Comparison(Box<Comparison>),
    Exchange(Box<Exchange>),
    Offline(OfflineStatus),
    Done(Done),
}

/// It was done; what came of it is told as events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, TS)]
pub struct Done {}

/// As serde renames the variants.
fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}
