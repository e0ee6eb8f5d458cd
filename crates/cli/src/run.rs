//! From a command of the line to the core and back to the reader.

use std::time::Duration;

use melody_core::{
    ChangedEntries, Command as Ask, Core, CoreOptions, ListRequest, Reply, SearchRequest, SignedIn, SinkKind,
    SyncState, TrendingRequest,
};
use melody_host::logging::{self, Colours};
use tokio::runtime::{Builder, Runtime};

use crate::args::{Cli, Command, DownloadsCommand, Global, LibraryCommand, OfflineCommand};
use crate::exit::{Halt, NEGATIVE};
use crate::hush::Hush;
use crate::render::colour::{Depth, Theme, Tone};
use crate::render::output::{self, Output, Reader, cell};
use crate::render::progress::{self, Show};
use crate::render::{self, downloads, entry, song, switches};
use crate::signals::Signals;
use crate::values::Output as Sound;
use crate::{
    completions, convert, doctor, download, login, logout, parity, play, playlist, rehearse, serve, tour, web,
};

/// Enough for a request and a download beside each other; each costs memory.
const THREADS: usize = 2;

/// Runs the command to its end.
pub fn run(cli: Cli) -> Result<(), Halt> {
    let Cli { global, command } = cli;
    let out = Output::new(&global);
    let name = command.name();
    // What a service says of itself with `-v` is no chatter.
    let _hush =
        if out.is_json() && !matches!(command, Command::Serve(_)) { Hush::begin().ok() } else { None };
    let done = match command {
        Command::Completions { shell } => completions::completions(shell),
        Command::Man { dir } => completions::man(dir.as_deref()),
        Command::Serve(args) => {
            logging::start(None, stderr_log(global.verbose));
            on_runtime(async |signals| serve::serve(args, signals).await)
        }
        Command::Parity(args) => {
            logging::start(global.profile.as_deref(), stderr_log(global.verbose && !out.is_json()));
            on_runtime(async |signals| {
                if let Some(file) = args.record.clone() {
                    return parity::record(&file, &args, &global, &out, signals).await;
                }
                unless_interrupted(signals, Box::pin(parity::parity(*args, &global, &out))).await
            })
        }
        Command::Rehearse(args) => {
            logging::start(global.profile.as_deref(), stderr_log(global.verbose && !out.is_json()));
            on_runtime(async |signals| {
                unless_interrupted(signals, Box::pin(rehearse::rehearse(args, &out))).await
            })
        }
        Command::Tour(args) => {
            logging::start(global.profile.as_deref(), stderr_log(global.verbose && !out.is_json()));
            on_runtime(async |signals| {
                unless_interrupted(signals, Box::pin(tour::tour(args, &global, &out))).await
            })
        }
        Command::Web { port } => {
            let options = core_options(&global, sink(&Sound::Device)?)?;
            logging::start(Some(&options.profile), stderr_log(global.verbose && !out.is_json()));
            on_runtime(async |signals| Box::pin(web::web(port, options, &out, signals)).await)
        }
        command => {
            let sink = sink_of(&command)?;
            let options = core_options(&global, sink)?;
            logging::start(Some(&options.profile), stderr_log(global.verbose && !out.is_json()));
            on_runtime(async |signals| Box::pin(with_core(command, options, &out, signals)).await)
        }
    };
    match &done {
        Ok(()) => tracing::info!(command = name, "done"),
        Err(Halt::Failed(report)) => {
            let request = report.request_id.as_deref();
            tracing::info!(command = name, code = %report.code, request, "failed");
        }
        Err(halt) => tracing::info!(command = name, "ended: {halt}"),
    }
    done
}

fn on_runtime(work: impl AsyncFnOnce(&mut Signals) -> Result<(), Halt>) -> Result<(), Halt> {
    let runtime: Runtime = Builder::new_multi_thread().worker_threads(THREADS).enable_all().build()?;
    let result = runtime.block_on(async {
        let mut signals = Signals::listen()?;
        work(&mut signals).await
    });
    // A thread that still waits for the keyring or for a key on stdin does not hold up the end.
    runtime.shutdown_background();
    result
}

/// The work, unless somebody ends it first. What it wrote by then stays; nothing is left half done, because
/// every write of the core is a transaction.
pub async fn unless_interrupted(
    signals: &mut Signals,
    work: impl Future<Output = Result<(), Halt>>,
) -> Result<(), Halt> {
    tokio::select! {
        done = work => done,
        code = signals.next() => Err(Halt::Interrupted(code)),
    }
}

async fn with_core(
    command: Command,
    options: CoreOptions,
    out: &Output,
    signals: &mut Signals,
) -> Result<(), Halt> {
    if matches!(command, Command::Doctor) {
        return unless_interrupted(signals, Box::pin(doctor::doctor(options, out))).await;
    }
    let core = Core::open(options).await?;
    if let Some(rescued) = core.rescued() {
        out.note(&rescued.message);
    }
    let done = match command {
        Command::Play(args) => play::play(&core, args, out, signals).await,
        Command::Convert(args) => convert::convert(&core, args, out, signals).await,
        command => unless_interrupted(signals, Box::pin(one(&core, command, out))).await,
    };
    // Whoever ended it twice is not held up by an output that does not close.
    let closed = unless_interrupted(signals, async { Ok(core.close().await?) }).await;
    done?;
    closed
}

/// A command that asks once and prints the answer.
async fn one(core: &Core, command: Command, out: &Output) -> Result<(), Halt> {
    match command {
        Command::Login(args) => login::login(core, args, out).await,
        Command::Logout { forget: true, yes } => logout::forget(core, yes, out).await,
        Command::Download(args) => Box::pin(download::download(core, args, out)).await,
        Command::Playlist(command) => playlist::playlist(core, command, out).await,
        Command::Library(LibraryCommand::Sync { progress }) => {
            let show = Show::sync(out, progress.progress);
            let synced =
                progress::during(core.events(), show, Box::pin(core.dispatch(Ask::LibrarySync))).await;
            // Where it has to wait, until when is the answer; the error is why.
            if synced.is_err()
                && let Ok(Reply::Sync(status)) = core.dispatch(Ask::LibraryStatus).await
                && status.state == SyncState::Waiting
            {
                print(out, &Reply::Sync(status))?;
            }
            print(out, &synced?)
        }
        Command::Library(LibraryCommand::Remove { ids }) => {
            let reply = core.dispatch(Ask::LibraryRemove { ids }).await?;
            match &reply {
                Reply::Changed(ChangedEntries { .. }) if out.is_json() => output::document(&reply),
                Reply::Changed(changed) => entry::changed(out, changed, true),
                other => print(out, other),
            }
        }
        Command::Library(LibraryCommand::Verify) => {
            let reply = core.dispatch(Ask::LibraryVerify).await?;
            print(out, &reply)?;
            match reply {
                Reply::Verified(found) if !found.differences.is_empty() => Err(Halt::Told(NEGATIVE)),
                _ => Ok(()),
            }
        }
        Command::Downloads(DownloadsCommand::Verify) => {
            let reply = core.dispatch(Ask::DownloadsVerify).await?;
            print(out, &reply)?;
            match reply {
                Reply::VerifiedDownloads(found) if !found.damaged.is_empty() => Err(Halt::Told(NEGATIVE)),
                _ => Ok(()),
            }
        }
        other => print(out, &core.dispatch(ask(other)?).await?),
    }
}

/// The core's command for a command that needs nothing else of the terminal.
fn ask(command: Command) -> Result<Ask, Halt> {
    Ok(match command {
        Command::Whoami => Ask::Whoami,
        Command::Logout { .. } => Ask::Logout { forget: false },
        Command::Search(args) => {
            let query = args.words.join(" ");
            if query.trim().is_empty() {
                return Err(Halt::usage("Say what to look for: a title, an artist or an album."));
            }
            Ask::Search(SearchRequest {
                query,
                kind: args.kind,
                language: args.language,
                source: args.source,
                limit: args.limit,
                offset: args.offset,
                offline: args.offline,
            })
        }
        Command::Trending(args) => Ask::Trending(TrendingRequest {
            language: args.language,
            timeframe: args.timeframe,
            limit: args.limit,
            offline: false,
        }),
        Command::Song { id } => Ask::Song { id },
        Command::Downloads(DownloadsCommand::List) => Ask::Downloads,
        Command::Offline(OfflineCommand::On) => Ask::WorkOffline { on: true },
        Command::Offline(OfflineCommand::Off) => Ask::WorkOffline { on: false },
        Command::Offline(OfflineCommand::Status) => Ask::OfflineStatus,
        Command::Downloads(DownloadsCommand::Remove { ids, rendition }) => {
            Ask::DownloadsRemove { ids, rendition }
        }
        Command::Conversions(args) => {
            Ask::Conversions { limit: args.limit, offset: args.offset, status: args.status }
        }
        Command::Notifications(command) => command.ask(),
        Command::Profile(command) => command.ask()?,
        Command::Comparisons(command) => command.ask(),
        Command::History { limit, offset } => Ask::History { limit, offset },
        Command::Library(LibraryCommand::List(args)) => Ask::LibraryList(ListRequest {
            limit: args.limit,
            offset: args.offset,
            sort: args.sort,
            order: args.order,
            ..ListRequest::default()
        }),
        Command::Library(LibraryCommand::Add { ids }) => Ask::LibraryAdd { ids },
        Command::Library(LibraryCommand::Status) => Ask::LibraryStatus,
        Command::Library(LibraryCommand::Switches) => Ask::LibrarySwitches,
        Command::Library(LibraryCommand::Retry) => Ask::LibraryRetry,
        Command::Library(LibraryCommand::Discard { op }) => Ask::LibraryDiscard { op },
        _ => return Err(Halt::usage("This command asks nothing of the library.")),
    })
}

/// The answer, for whoever reads it.
pub fn print(out: &Output, reply: &Reply) -> Result<(), Halt> {
    if out.is_json() {
        return output::document(reply);
    }
    match reply {
        Reply::SignedIn(who) => signed_in(out, who),
        Reply::SignedOut(left) => {
            let kept = match left.pending_kept {
                0 => String::new(),
                waiting => format!(
                    " {} until you sign in again.",
                    if waiting == 1 {
                        "1 change waits".to_owned()
                    } else {
                        format!("{waiting} changes wait")
                    }
                ),
            };
            // What was lost was said before.
            let done = if left.lost.is_some() { "Signed out and forgotten." } else { "Signed out." };
            out.note(&format!("{done}{kept}"));
            Ok(())
        }
        Reply::Songs(found) => song::found(out, found),
        Reply::Trending(trending) => song::trending(out, trending),
        Reply::Song(one) => song::full(out, one),
        Reply::Entries(list) => entry::list(out, list),
        Reply::Changed(changed) => entry::changed(out, changed, false),
        Reply::Sync(status) => entry::status(out, status),
        Reply::Verified(found) => entry::verified(out, found),
        Reply::Downloads(list) => downloads::list(out, list),
        Reply::Offline(status) => output::line(if status.offline {
            "You are working offline. Nothing leaves this machine."
        } else {
            "You are not working offline."
        }),
        Reply::VerifiedDownloads(found) => downloads::verified(out, found),
        Reply::Playlists(list) => render::playlist::list(out, list),
        Reply::Playlist(shown) => render::playlist::show(out, shown),
        Reply::PlaylistChanged(changed) => render::playlist::changed(out, changed),
        Reply::TakenBack(taken) => render::playlist::taken_back(out, taken),
        Reply::History(page) => render::history::list(out, page),
        Reply::Imported(imported) => render::playlist::imported(out, imported),
        Reply::Switches(found) => switches::switches(out, found),
        Reply::Conversion(one) => render::conversions::one(out, &one.conversion),
        Reply::Conversions(page) => render::conversions::list(out, page),
        Reply::Notifications(page) => render::account::notifications(out, page),
        Reply::Unread(left) => render::account::unread(out, *left),
        Reply::User(one) => render::account::profile(out, &one.user),
        Reply::Comparisons(list) => render::comparisons::list(out, list),
        Reply::Comparison(one) => render::comparisons::show(out, one),
        Reply::Exchange(exchange) => render::comparisons::exchange(out, exchange),
        Reply::OtpSent(_)
        | Reply::Compared(_)
        | Reply::Exported(_)
        | Reply::Done(_)
        | Reply::Overview(_)
        | Reply::Health(_)
        | Reply::NowPlaying(_)
        | Reply::Queue(_)
        | Reply::SoundDevices(_)
        | Reply::Losses(_)
        | Reply::StreamCache(_) => Ok(()),
    }
}

fn signed_in(out: &Output, who: &SignedIn) -> Result<(), Halt> {
    let name = who.user.name.as_deref().unwrap_or_default();
    if out.reader == Reader::Pipe {
        let dialect = who.dialect.as_deref().unwrap_or_default();
        return output::line(&format!(
            "{}\t{}\t{}\t{}\t{dialect}",
            who.user.id,
            who.user.phone_masked,
            cell(name),
            who.service
        ));
    }
    let person = if name.is_empty() {
        who.user.phone_masked.clone()
    } else {
        format!("{} ({})", cell(name), who.user.phone_masked)
    };
    output::line(&format!(
        "{}  {}",
        out.theme.paint(Tone::Strong, &person),
        out.theme.paint(Tone::Faint, &who.service)
    ))
}

/// How the core is opened, by what the command line and the environment say.
pub fn core_options(global: &Global, sink: SinkKind) -> Result<CoreOptions, Halt> {
    Ok(CoreOptions {
        profile: match &global.profile {
            Some(profile) => profile.clone(),
            None => melody_host::usual_profile()?,
        },
        server: global.server.clone(),
        allow_http: global.allow_http.clone(),
        secrets: melody_host::secrets_kind()?,
        sink,
        keep_queue: false,
    })
}

/// Where the log goes beside the profile, when a person asks for it.
fn stderr_log(wanted: bool) -> Option<Colours> {
    wanted.then(|| if Theme::of_stderr().depth == Depth::None { Colours::None } else { Colours::Some })
}

fn sink_of(command: &Command) -> Result<SinkKind, Halt> {
    match command {
        Command::Play(args) => sink(&args.to),
        // A doctor looks at the device without opening it.
        _ => Ok(SinkKind::Null),
    }
}

/// The player's output for where the sound is to go.
#[cfg_attr(feature = "device", expect(clippy::unnecessary_wraps, reason = "without the feature it fails"))]
pub fn sink(to: &Sound) -> Result<SinkKind, Halt> {
    match to {
        Sound::Null => Ok(SinkKind::Null),
        Sound::File(path) => Ok(SinkKind::Recorder(path.clone())),
        #[cfg(feature = "device")]
        Sound::Device => Ok(SinkKind::Device),
        #[cfg(not(feature = "device"))]
        Sound::Device => Err(Halt::local(
            melody_core::Code::NoDevice,
            "This build has no sound output. Write a file instead: --to FILE.wav",
        )),
    }
}

/// How long the end may take once it was asked for.
pub const PATIENCE: Duration = Duration::from_secs(3);
