//! What sync does next: a state machine without I/O, without async and without a clock of its own.
//!
//! One [`Engine`] is one run: whoever holds the right to sync makes it from what the database knows ([`Memory`]), does
//! what [`Engine::next`] says, and tells it what came of that ([`Engine::answered`], [`Engine::told`]). The same inputs
//! give the same run.

mod deciding;
mod engine;
mod outbox;
mod pace;
mod passes;
mod reading;
mod words;

pub use engine::Engine;
pub use pace::{Allowance, Limits};
pub use reading::Filled;
pub use words::{
    Answer, Call, Change, Concluded, Dialect, Doubt, Failure, Goal, Memory, Met, Pending, Plays, RequestId,
    State, Step, Stopped, Told, Trouble, Unmatched, What,
};

use jiff::SignedDuration;

/// How long a request may still arrive after it was sent and its answer was lost. Nothing is concluded to be "not
/// taken" before that, and what must not be overtaken by it waits. (No source names a figure: proxies give up on a
/// request after 60 s by default.)
pub const SETTLE: SignedDuration = SignedDuration::from_secs(60);
