//! The nouns of Melody Studio. No I/O, no async, no opinion about where a thing is kept.

mod conversion;
mod entry;
mod ids;
mod listen;
mod notification;
mod page;
mod phone;
mod playlist;
mod song;
mod user;

pub use conversion::{ConversionStatus, RemoteConversion};
pub use entry::{EntryView, RemoteEntry};
pub use ids::{EntryId, GenerationId, ListenId, OperationId, PlaylistId, PlaylistItemId, ServerId, SongId};
pub use listen::ListenView;
pub use notification::Notification;
pub use page::{EntryOrder, EntrySort, RemotePage, SearchType, Source, Timeframe};
pub use phone::{PhoneError, PhoneNumber, digit};
pub use playlist::{PlaylistItemView, PlaylistView};
pub use song::{AudioFile, AudioFiles, RemoteSong, Rendition, Song, SongContent, SongDetails, SongView};
pub use user::{User, UserStats};

/// A JSON object as the service wrote it.
pub type JsonMap = serde_json::Map<String, serde_json::Value>;
