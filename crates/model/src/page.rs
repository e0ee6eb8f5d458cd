//! Pages of answers, and the words by which they are asked for.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One page of an answer, read tolerantly.
#[derive(Clone, Debug, PartialEq)]
pub struct RemotePage<T> {
    pub items: Vec<T>,
    /// Items of the page that could not be read; they are counted, never guessed.
    pub skipped: usize,
    /// How many there are over all pages, when the service said so.
    pub total: Option<u64>,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),+ $(,)? } default $default:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($variant),+ }

        impl Default for $name {
            fn default() -> Self {
                Self::$default
            }
        }

        impl $name {
            /// Every value, in the order in which help texts list them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word used on the wire and on the command line.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(format!("“{text}” is not one of {}.", [$($word),+].join(", "))),
                }
            }
        }
    };
}

words! {
    /// What a search looks at: title, artist and album, or one of them; a track's is its title.
    SearchType { All = "all", Track = "track", Artist = "artist", Album = "album" } default All
}
words! {
    /// Where the service takes search results from.
    Source { Spotify = "spotify", Youtube = "youtube", Lastfm = "lastfm", All = "all" } default All
}
words! {
    /// The span over which trending counts.
    Timeframe { Daily = "daily", Weekly = "weekly", Monthly = "monthly" } default Weekly
}
words! {
    /// What the library is sorted by.
    EntrySort { Added = "added", Title = "title", Artist = "artist", Plays = "plays" } default Added
}
words! {
    /// Which end comes first.
    EntryOrder { Asc = "asc", Desc = "desc" } default Desc
}
