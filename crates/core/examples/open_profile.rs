//! How long opening a profile takes, and its first page, with a large library in it: `open_profile LIBRARY` prints one
//! JSON document. LIBRARY is a database as `search_bench` leaves it; a profile is made beside it.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use melody_core::{Command, Core, CoreOptions, ListRequest, OtpRequest, Reply, SecretsKind, SinkKind};
use melody_server::{CatalogueChoice, Options};
use secrecy::SecretString;
use serde_json::json;

type Outcome<T> = Result<T, Box<dyn Error>>;

const OTP: &str = "424242";
const LIBRARY: &str = "library.db";
/// Times that the profile is opened.
const OPENINGS: usize = 20;

#[tokio::main]
async fn main() -> Outcome<()> {
    let library = PathBuf::from(std::env::args().nth(1).ok_or("which library?")?);
    let beside = library.parent().ok_or("a library lies in a folder")?;
    let profile = tempfile::tempdir_in(beside)?;
    let options =
        Options { otp: Some(OTP.into()), catalogue: CatalogueChoice::Synthetic(10), ..Options::default() };
    let server = melody_server::start(options).await?;
    let options = CoreOptions {
        profile: profile.path().to_owned(),
        server: Some(server.base_url()),
        allow_http: Vec::new(),
        secrets: SecretsKind::File,
        sink: SinkKind::Null,
        keep_queue: true,
    };

    let core = Core::open(options.clone()).await?;
    core.dispatch(Command::RequestOtp(OtpRequest { phone: "9876543210".into(), country: "+91".into() }))
        .await?;
    core.dispatch(Command::VerifyOtp { otp: SecretString::from(OTP) }).await?;
    core.close().await?;
    let place = account(profile.path())?.join(LIBRARY);
    fs::remove_file(&place)?;
    fs::hard_link(&library, &place)?;
    server.kill().await;

    let (mut open, mut first_page, mut entries) = (Vec::new(), Vec::new(), 0);
    for _ in 0..OPENINGS {
        let begun = Instant::now();
        let core = Core::open(options.clone()).await?;
        open.push(begun.elapsed().as_secs_f64() * 1e3);
        let request = ListRequest { limit: 100, ..ListRequest::default() };
        let Reply::Entries(list) = core.dispatch(Command::LibraryList(request)).await? else {
            return Err("a list brought something else".into());
        };
        first_page.push(begun.elapsed().as_secs_f64() * 1e3);
        entries = list.total;
        core.close().await?;
    }
    println!(
        "{}",
        json!({ "entries": entries, "runs": OPENINGS, "open_ms": median(open), "first_page_ms": median(first_page) })
    );
    Ok(())
}

/// The folder of the account that is signed in: the one with a library that is not the guest's.
fn account(profile: &Path) -> Outcome<PathBuf> {
    let below = |folder: &Path| -> std::io::Result<Vec<PathBuf>> {
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
    };
    for service in below(profile)?.iter().filter(|path| path.is_dir()) {
        for account in below(service)? {
            if account.join(LIBRARY).is_file() && !account.ends_with("guest") {
                return Ok(account);
            }
        }
    }
    Err("nobody is signed in".into())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
