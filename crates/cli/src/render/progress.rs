//! What is shown while something takes its time: a bar for people, JSON lines for programs, else nothing.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use melody_core::{ConversionView, DownloadRow, DownloadState, Event, SyncStatus};
use melody_model::{ConversionStatus, Rendition};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::colour::{Depth, Theme};
use super::output::{self, Output};
use super::text;
use crate::exit::Halt;

/// Where news of a long command goes. Dropped, the bar is gone from the screen.
#[derive(Debug)]
pub struct Show {
    /// Whether each piece of news is printed as JSON.
    lines: bool,
    bar: ProgressBar,
    asked: usize,
    /// Downloads by song and take, as they were last told.
    downloads: BTreeMap<(String, Rendition), DownloadRow>,
}

impl Show {
    pub fn downloads(out: &Output, lines: bool, asked: usize) -> Self {
        Self::new(out, lines, asked, "Fetching")
    }

    pub fn sync(out: &Output, lines: bool) -> Self {
        Self::new(out, lines, 0, "Syncing")
    }

    pub fn conversion(out: &Output, lines: bool) -> Self {
        Self::new(out, lines, 1, "Asking")
    }

    fn new(out: &Output, lines: bool, asked: usize, doing: &'static str) -> Self {
        let quiet = out.is_json() || !std::io::stderr().is_terminal();
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(None, target).with_message(doing);
        let (done, _) = paints(Theme::of_stderr());
        look(&bar, &format!("{{spinner:.{done}}} {{msg}}"));
        if !quiet {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Self { lines, bar, asked, downloads: BTreeMap::new() }
    }

    fn event(&mut self, event: &Event) -> Result<(), Halt> {
        match event {
            Event::DownloadChanged(row) => self.download(row),
            Event::SyncChanged(status) => self.synced(status),
            Event::ConversionChanged(conversion) => self.converted(conversion),
            _ => return Ok(()),
        }
        if self.lines { output::document(event) } else { Ok(()) }
    }

    fn download(&mut self, row: &DownloadRow) {
        self.downloads.insert((row.song_id.clone(), row.rendition), row.clone());
        // Several are under way at a time: the bar is about all of them.
        let (mut ended, mut bytes, mut total) = (0, 0, 0);
        for row in self.downloads.values() {
            ended += usize::from(matches!(row.state, DownloadState::Done | DownloadState::Failed));
            bytes += row.bytes;
            total += row.total.unwrap_or(row.bytes);
        }
        let all = self.asked.max(self.downloads.len());
        self.bar.set_message(if all > 1 { format!("{ended} of {all} songs") } else { "Fetching".to_owned() });
        if total > 0 {
            if self.bar.length().is_none() {
                let (done, rest) = paints(Theme::of_stderr());
                look(
                    &self.bar,
                    &format!(
                        "{{spinner:.{done}}} {{msg}}  {{bar:32.{done}/{rest}}} {{decimal_bytes}} of {{decimal_total_bytes}}"
                    ),
                );
            }
            self.bar.set_length(total);
        }
        self.bar.set_position(bytes);
    }

    fn converted(&self, conversion: &ConversionView) {
        self.bar.set_message(match conversion.status {
            ConversionStatus::Queued => "Waiting for its turn",
            _ => "Taking the lead out",
        });
        if self.bar.length().is_none() {
            let (done, rest) = paints(Theme::of_stderr());
            look(&self.bar, &format!("{{spinner:.{done}}} {{msg}}  {{bar:32.{done}/{rest}}} {{percent}} %"));
            self.bar.set_length(100);
        }
        self.bar.set_position(u64::from(conversion.progress));
    }

    fn synced(&self, status: &SyncStatus) {
        self.bar.set_message(format!("Syncing  {}", text::counted(status.entries, "saved song")));
    }
}

impl Drop for Show {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Gives the bar this template; the names in braces are indicatif's.
fn look(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("━╸─").tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ "));
    }
}

/// Marigold and faint, in indicatif's words; it knows 256 colours at most.
fn paints(theme: Theme) -> (&'static str, &'static str) {
    match theme.depth {
        Depth::None => ("", ""),
        Depth::Sixteen => ("yellow", "dim"),
        Depth::TwoHundred | Depth::Millions => ("214", "240"),
    }
}

/// Does the work and shows what happens meanwhile, to the last event.
pub async fn during<T, E>(
    mut events: Receiver<Event>,
    mut show: Show,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, Halt>
where
    Halt: From<E>,
{
    tokio::pin!(work);
    let result = loop {
        tokio::select! {
            biased;
            event = events.recv() => match event {
                Ok(event) => show.event(&event)?,
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => break work.await,
            },
            result = &mut work => break result,
        }
    };
    while let Ok(event) = events.try_recv() {
        show.event(&event)?;
    }
    Ok(result?)
}
