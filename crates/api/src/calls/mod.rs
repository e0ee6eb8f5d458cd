//! What can be asked of the service, by subject.

mod conversions;
mod library;
mod music;
mod notifications;
mod search_slot;
mod sign_in;
mod system;
mod user;

pub use conversions::ConversionsRequest;
pub use library::{AddedEntry, LibraryRequest, PlayCount, Removal};
pub use music::SearchRequest;
pub use notifications::NotificationsRequest;
pub use search_slot::SearchSlot;
pub use sign_in::{OtpTicket, SignedIn};
pub use system::{Health, Version};
pub use user::ProfileUpdate;
