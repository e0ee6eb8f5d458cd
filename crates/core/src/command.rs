//! Everything that a face can ask of the core: one table of commands, and what each brings back.

use melody_model::Rendition;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use ts_rs::{Config, TS};

use crate::{
    ChangedEntries, DownloadList, EntryList, FoundSongs, Health, ListRequest, OneSong, OtpRequest, OtpSent,
    Overview, PlayRequest, Preferences, SearchRequest, SignedIn, SignedOut, SyncStatus, TrendingRequest,
    TrendingSongs,
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
        }
    };
}

commands! {
    /// All that a screen needs to begin with. Asks nothing of the network.
    Overview => Overview,
    RequestOtp(OtpRequest) => OtpSent,
    VerifyOtp { #[ts(type = "string")] otp: SecretString } => SignedIn,
    Whoami => SignedIn,
    Logout { forget: bool } => SignedOut,
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
    Download { ids: Vec<String>, rendition: Rendition } => DownloadList,
    Play(PlayRequest) => Done,
    Pause => Done,
    Resume => Done,
    Stop => Done,
    Next => Done,
    Previous => Done,
    Seek { to_s: f64 } => Done,
    /// 0 to 1.
    SetVolume { volume: f32 } => Done,
    SetPreferences(Preferences) => Done,
    /// A look at everything that must work.
    Health => Health,
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
    Downloads(DownloadList),
    Health(Health),
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
