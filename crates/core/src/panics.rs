//! What becomes of a panic: a line in the log, and none on the terminal.

use std::panic::{self, PanicHookInfo};
use std::thread;

/// Sends panics to the log instead of stderr, for the whole process. Whoever has to go on after one contains it and says
/// so in an error of its own; a program calls this first, and tells the end of its own main thread itself.
pub fn log_panics() {
    panic::set_hook(Box::new(note));
}

/// Where, and by whom. A message that was put together may hold anything, a token too, and is left out: the place tells
/// enough. One that stands in the code is kept.
fn note(info: &PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string);
    let thread = thread::current();
    let said = info.payload().downcast_ref::<&'static str>();
    tracing::error!(target: "melody_core::panics", place, thread = thread.name(), said, "something broke inside");
}
