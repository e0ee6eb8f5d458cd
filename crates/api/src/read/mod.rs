//! Tolerant, never lossy reading of whatever either backend answers.

pub(crate) mod entry;
pub(crate) mod envelope;
pub(crate) mod page;
pub(crate) mod song;
pub(crate) mod time;
pub(crate) mod user;
pub(crate) mod value;
