//! `melody logout --forget`: what would be lost is said first, and a person is asked.

use std::io::{self, BufRead, IsTerminal, Write};

use melody_core::{Command, Core, Losses, Reply};

use crate::exit::{self, Halt, NEGATIVE};
use crate::render::output::Output;
use crate::render::text;
use crate::run;

/// Signs out and forgets; on a terminal only after a yes.
pub async fn forget(core: &Core, yes: bool, out: &Output) -> Result<(), Halt> {
    if !out.is_json() {
        if let Reply::Losses(losses) = core.dispatch(Command::Losses).await? {
            out.note(&format!("This takes off this machine for good: {}.", in_words(&losses)));
        }
        if !yes && io::stdin().is_terminal() && !agreed().await? {
            out.note("Nothing was forgotten, and nobody was signed out.");
            return Err(Halt::Told(NEGATIVE));
        }
    }
    run::print(out, &core.dispatch(Command::Logout { forget: true }).await?)
}

/// The answer of whoever sits there; anything but a yes is a no.
async fn agreed() -> Result<bool, Halt> {
    {
        let mut stderr = io::stderr().lock();
        let _ = stderr.write_all(b"Forget it? [y/N] ").and_then(|()| stderr.flush());
    }
    // On a thread that a signal need not wait for.
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    let line = read.await.map_err(|_| Halt::Interrupted(exit::CTRL_C))??;
    Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// What is lost, as the middle of a sentence.
pub fn in_words(losses: &Losses) -> String {
    let mut parts = Vec::new();
    let mut tell = |count: u64, what: &str, more: &str| {
        if count > 0 {
            parts.push(format!("{}{more}", text::counted(count, what)));
        }
    };
    tell(losses.pending, "change", " that the service has not heard of");
    tell(losses.downloads, "download", &format!(" ({})", text::bytes(losses.download_bytes)));
    tell(losses.playlists, "playlist", "");
    tell(losses.listens, "listen", " of your history");
    match parts.pop() {
        None => "nothing that the service does not have".to_owned(),
        Some(last) if parts.is_empty() => last,
        Some(last) => format!("{} and {last}", parts.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_is_one_phrase() {
        let losses =
            Losses { pending: 1, downloads: 2, download_bytes: 3_440_000, playlists: 0, listens: 12 };
        assert_eq!(
            in_words(&losses),
            "1 change that the service has not heard of, 2 downloads (3.4 MB) and 12 listens of your history"
        );
        let nothing = Losses { pending: 0, downloads: 0, download_bytes: 0, playlists: 0, listens: 0 };
        assert_eq!(in_words(&nothing), "nothing that the service does not have");
        assert_eq!(in_words(&Losses { playlists: 1, ..nothing }), "1 playlist");
    }
}
