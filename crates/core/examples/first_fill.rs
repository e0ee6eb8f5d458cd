//! How long a first sync takes, what it costs the service, and what a listener feels of it:
//! `first_fill [ENTRIES] [SECONDS]` prints one JSON document.
//!
//! The real service on loopback, on threads of its own: once with its limits lifted, while somebody searches without a
//! pause; then a sync in which nothing changed; then, on a fresh profile, so many seconds under the real limits.

use std::{
    error::Error,
    path::Path,
    time::{Duration, Instant},
};

use melody_core::{
    Command, Core, CoreOptions, OtpRequest, Reply, SearchRequest, SecretsKind, SinkKind, SyncStatus,
};
use melody_server::{CatalogueChoice, LoggedRequest, Options, Server};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::runtime::{Handle, Runtime};

type Outcome<T> = Result<T, Box<dyn Error>>;

const OTP: &str = "424242";
const PHONE: &str = "9876543210";
const COUNTRY: &str = "+91";
/// Library calls that the service allows in a minute.
const A_MINUTE: f64 = 200.0;
/// What is searched for meanwhile, in the scripts of the made-up songs.
const WORDS: [&str; 12] =
    ["di", "दिल", "sava", "सावन रात", "மழை", "nil", "వాన", "বৃষ্টি", "ਚੰਨ", "golden river", "m", "maya fer"];
/// Between two searches: somebody types.
const PAUSE: Duration = Duration::from_millis(20);

fn main() -> Outcome<()> {
    let (service, app) = (Runtime::new()?, Runtime::new()?);
    let outcome = app.block_on(measure(service.handle()));
    service.shutdown_background();
    outcome
}

async fn measure(service: &Handle) -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let entries: usize = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    let seconds: u64 = arguments.next().map_or(Ok(75), |text| text.parse())?;
    let folder = tempfile::tempdir()?;

    let server = served(service, entries, false).await?;
    let core = signed_in(&server, &folder.path().join("lifted")).await?;
    let begun = Instant::now();
    let filling = tokio::spawn({
        let core = core.clone();
        async move { synced(&core).await.map_err(|e| e.to_string()) }
    });
    let mut searches = Vec::new();
    while !filling.is_finished() {
        let word = WORDS[searches.len() % WORDS.len()];
        let at = Instant::now();
        core.dispatch(Command::Search(SearchRequest {
            query: word.into(),
            limit: 20,
            offline: true,
            ..SearchRequest::default()
        }))
        .await?;
        searches.push(at.elapsed().as_secs_f64() * 1e3);
        tokio::time::sleep(PAUSE).await;
    }
    let status = filling.await??;
    let filled = begun.elapsed();
    if status.entries != entries as u64 {
        return Err(format!("{} of {entries} entries came", status.entries).into());
    }
    let asked = server.request_log().len();
    server.clear_request_log();
    let begun = Instant::now();
    synced(&core).await?;
    let nothing_new =
        json!({ "requests": server.request_log().len(), "ms": begun.elapsed().as_secs_f64() * 1e3 });
    core.close().await?;
    drop(server);

    let limited = under_limits(service, entries, seconds, &folder.path().join("limited")).await?;
    println!(
        "{:#}",
        json!({
            "entries": entries,
            "fill_s": filled.as_secs_f64(),
            "fill_requests": asked,
            "search": percentiles(searches),
            "nothing_new": nothing_new,
            "limited": limited,
        })
    );
    Ok(())
}

/// The service with a library of so many entries. It is another machine's in life: its threads are its own.
async fn served(service: &Handle, entries: usize, limits: bool) -> Outcome<Server> {
    let options = Options {
        otp: Some(OTP.into()),
        catalogue: CatalogueChoice::Synthetic(entries),
        limits,
        ..Options::default()
    };
    let server = service.spawn(melody_server::start(options)).await??;
    server.fill_library(COUNTRY, PHONE, entries)?;
    Ok(server)
}

/// A core that is signed in and has read nothing: the sign-in's own first reading is refused by the service.
async fn signed_in(server: &Server, profile: &Path) -> Outcome<Core> {
    let core = Core::open(CoreOptions {
        profile: profile.to_owned(),
        server: Some(server.base_url()),
        allow_http: Vec::new(),
        secrets: SecretsKind::File,
        sink: SinkKind::Null,
        keep_queue: false,
    })
    .await?;
    let away = "[[fault]]\nroute = \"GET /library/songs\"\nkind = \"drop_before\"";
    server.set_faults(melody_server::parse_faults(away)?)?;
    core.dispatch(Command::RequestOtp(OtpRequest { phone: PHONE.into(), country: COUNTRY.into() })).await?;
    core.dispatch(Command::VerifyOtp { otp: SecretString::from(OTP) }).await?;
    server.set_faults(Vec::new())?;
    server.clear_request_log();
    Ok(core)
}

async fn synced(core: &Core) -> Outcome<SyncStatus> {
    match core.dispatch(Command::LibrarySync).await? {
        Reply::Sync(status) => Ok(status),
        _ => Err("a sync brought something else".into()),
    }
}

/// A first reading for so many seconds under the service's real limits: what of the allowed rate was used, and how often
/// it was exceeded.
async fn under_limits(service: &Handle, entries: usize, seconds: u64, profile: &Path) -> Outcome<Value> {
    let server = served(service, entries, true).await?;
    let core = signed_in(&server, profile).await?;
    let begun = Instant::now();
    // Cut off in the middle, as by a listener who closes the window.
    let done = tokio::time::timeout(Duration::from_secs(seconds), synced(&core)).await.is_ok();
    let took = begun.elapsed().as_secs_f64();
    let asked: Vec<LoggedRequest> =
        server.request_log().into_iter().filter(|call| call.path.ends_with("/library/songs")).collect();
    let refused = asked.iter().filter(|call| call.status == 429).count();
    // The service counts in windows of a minute that begin with the first request: so many have begun.
    let allowed = A_MINUTE * (took / 60.0).ceil();
    core.close().await?;
    Ok(json!({
        "seconds": took,
        "done": done,
        "requests": asked.len() - refused,
        "allowed": allowed,
        "share": (asked.len() - refused) as f64 / allowed,
        "refused": refused,
    }))
}

fn percentiles(mut ms: Vec<f64>) -> Value {
    ms.sort_by(f64::total_cmp);
    let at =
        |p: f64| ms.get(((ms.len().max(1) - 1) as f64 * p).round() as usize).copied().unwrap_or(f64::NAN);
    json!({ "count": ms.len(), "p50_ms": at(0.5), "p99_ms": at(0.99), "max_ms": at(1.0) })
}
