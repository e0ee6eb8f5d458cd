//! What came of a day, for programs and for a ticket.

use std::fmt::Write;

use serde::Serialize;

use crate::judge::{Doubled, Lost, Name};
use crate::step::Step;

/// The whole of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The same seed lets the listeners do the same things in the same order.
    pub seed: u64,
    pub forgetful: bool,
    pub summary: Summary,
    pub clients: Vec<Client>,
    pub steps: Vec<Step>,
}

/// Over all clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    pub clients: usize,
    pub silent_s: f64,
    pub queued: u64,
    pub replayed: u64,
    pub lost: usize,
    pub doubled: usize,
    pub unmatched: usize,
    pub sign_ins: u32,
    /// How many did not come to agree with the service in time.
    pub unsettled: usize,
}

/// What became of one client.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Client {
    /// From 1.
    pub client: u32,
    /// Whose it is, from 1: two devices of one listener share it.
    pub account: u32,
    /// Seconds without sound, of songs that are on the disk.
    pub silent_s: f64,
    /// Changes that the service did not hear of at once.
    pub queued: u64,
    /// Changes that a backend was told again after a switch.
    pub replayed: u64,
    pub lost: Vec<Lost>,
    pub doubled: Vec<Doubled>,
    /// Saved songs that the last backend does not know: kept by the client, and shown.
    pub unmatched: Vec<Name>,
    pub sign_ins: u32,
    /// Why it did not come to agree with the service in time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsettled: Option<String>,
}

impl Report {
    pub(crate) fn new(seed: u64, forgetful: bool, clients: Vec<Client>, steps: Vec<Step>) -> Self {
        let summary = Summary {
            clients: clients.len(),
            silent_s: tenths(clients.iter().map(|one| one.silent_s).sum()),
            queued: clients.iter().map(|one| one.queued).sum(),
            replayed: clients.iter().map(|one| one.replayed).sum(),
            lost: clients.iter().map(|one| one.lost.len()).sum(),
            doubled: clients.iter().map(|one| one.doubled.len()).sum(),
            unmatched: clients.iter().map(|one| one.unmatched.len()).sum(),
            sign_ins: clients.iter().map(|one| one.sign_ins).sum(),
            unsettled: clients.iter().filter(|one| one.unsettled.is_some()).count(),
        };
        Self { seed, forgetful, summary, clients, steps }
    }

    /// Whether nothing was lost or doubled, and everybody came to agree with the service.
    pub fn is_clean(&self) -> bool {
        let Summary { lost, doubled, unsettled, .. } = self.summary;
        lost == 0 && doubled == 0 && unsettled == 0
    }

    /// As Markdown, for a ticket.
    pub fn markdown(&self) -> String {
        let mut text = format!("# The day of the switch, rehearsed (seed {})\n\n", self.seed);
        text.push_str(
            "| client | account | silent s | queued | replayed | lost | doubled | unmatched | sign-ins |\n\
             | --: | --: | --: | --: | --: | --: | --: | --: | --: |\n",
        );
        for one in &self.clients {
            // Writing to a String does not fail.
            let _ = writeln!(
                text,
                "| {} | {} | {:.1} | {} | {} | {} | {} | {} | {} |",
                one.client,
                one.account,
                one.silent_s,
                one.queued,
                one.replayed,
                one.lost.len(),
                one.doubled.len(),
                one.unmatched.len(),
                one.sign_ins
            );
        }
        for told in self.remarks() {
            let _ = write!(text, "\n- {told}");
        }
        text.push_str("\n\n| leg | step | seconds | |\n| --- | --- | --: | --- |\n");
        for step in &self.steps {
            let note = step.note.as_deref().unwrap_or_default();
            let _ = writeln!(text, "| {} | {} | {:.1} | {note} |", step.leg, step.step, step.seconds);
        }
        text
    }

    /// What a number alone does not say: each song that was lost, doubled or is unknown, each client that did not settle.
    pub fn remarks(&self) -> Vec<String> {
        let mut told = Vec::new();
        for one in &self.clients {
            let who = format!("client {}", one.client);
            let name = |song: &Name| format!("“{}” by {}", song.title, song.artist);
            told.extend(one.lost.iter().map(|lost| match lost.change {
                crate::Change::Add => format!("{who}: {} was saved and is gone.", name(&lost.song)),
                crate::Change::Remove => format!("{who}: {} was removed and is back.", name(&lost.song)),
            }));
            told.extend(
                one.doubled
                    .iter()
                    .map(|too| format!("{who}: {} is there {} times.", name(&too.song), too.there)),
            );
            told.extend(
                one.unmatched.iter().map(|song| format!("{who}: {} is unknown to the service.", name(song))),
            );
            told.extend(one.unsettled.iter().map(|why| format!("{who} did not settle: {why}")));
        }
        told
    }
}

/// Seconds to the tenth: more is noise.
pub(crate) fn tenths(seconds: f64) -> f64 {
    (seconds * 10.0).round() / 10.0
}
