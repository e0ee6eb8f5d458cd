//! Comparisons over two real backends: told as they go, kept without secrets, ended early, refused.

#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot go on may end.

mod common;

use std::{fs, path::Path};

use common::{Bench, OTP, PHONE};
use melody_core::{
    Code, Command, CompareAccount, CompareRequest, Comparison, ComparisonList, ComparisonRun, Core, Error,
    Event, MessageKey, Reply,
};
use melody_parity::Severity;
use melody_server::{Deviation, DeviationKind, Dialect, Options, Server};
use tokio::sync::broadcast::Receiver;

async fn served(dialect: Dialect, deviations: Vec<Deviation>) -> Server {
    let options = Options { dialect, otp: Some(OTP.into()), limits: false, deviations, ..Options::default() };
    melody_server::start(options).await.unwrap()
}

/// Blue, a green that calls the album of what is searched something else, and a core.
async fn bench() -> (Bench, Server, Core) {
    let bench = Bench::with(Options { dialect: Dialect::Blue, limits: false, ..Options::default() }).await;
    let renamed = Deviation::new("GET /music/search", DeviationKind::Rename).field("album").to("record");
    let green = served(Dialect::Green, vec![renamed]).await;
    let core = bench.core().await;
    (bench, green, core)
}

fn request(bench: &Bench, green: &Server) -> CompareRequest {
    CompareRequest {
        blue: bench.server.base_url(),
        green: green.base_url(),
        account: Some(CompareAccount { phone: PHONE.into(), country: "+91".into(), otp: OTP.into() }),
        ..CompareRequest::default()
    }
}

async fn compare(core: &Core, request: CompareRequest) -> Result<ComparisonRun, Error> {
    match Box::pin(core.dispatch(Command::Compare(request))).await? {
        Reply::Compared(run) => Ok(*run),
        other => panic!("{other:?}"),
    }
}

async fn kept(core: &Core) -> ComparisonList {
    match core.dispatch(Command::Comparisons).await.unwrap() {
        Reply::Comparisons(list) => list,
        other => panic!("{other:?}"),
    }
}

async fn shown(core: &Core, id: &str) -> Comparison {
    match core.dispatch(Command::Comparison { id: id.into() }).await.unwrap() {
        Reply::Comparison(shown) => *shown,
        other => panic!("{other:?}"),
    }
}

/// Ends the comparison after so many cases.
async fn end_after(mut events: Receiver<Event>, core: Core, cases: usize) {
    while let Ok(event) = events.recv().await {
        if matches!(event, Event::ComparisonProgress(now) if now.progress.done >= cases) {
            core.dispatch(Command::CompareEnd).await.unwrap();
            return;
        }
    }
}

fn texts(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts(&path, found);
        } else {
            found.push(fs::read_to_string(&path).unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_found_is_told_kept_and_shown_without_a_secret() {
    let (bench, green, core) = bench().await;
    let mut events = core.events();
    let run = compare(&core, request(&bench, &green)).await.unwrap();

    // Told as it went: never back, to the end, and what was found with it.
    let mut told = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let Event::ComparisonProgress(now) = event {
            told.push(now.progress);
        }
    }
    assert!(told.is_sorted_by_key(|now| now.done) && told.len() > 200, "{told:?}");
    let last = told.last().unwrap();
    assert_eq!((last.done, last.degrading), (last.of, run.summary.degrading));
    assert!(run.summary.degrading > 0 && run.summary.breaking == 0, "{:?}", run.summary);

    let list = kept(&core).await;
    assert_eq!((list.comparisons.as_slice(), list.running), ([run.clone()].as_slice(), None));
    let id = run.id.to_string();
    let one = shown(&core, &id).await;
    assert!(one.findings.iter().all(|f| f.path.ends_with("/album") && f.severity == Severity::Degrading));
    let first = one.findings.first().unwrap();
    let exchange = Command::ComparisonExchange { id: id.clone(), exchange: first.exchange.unwrap() };
    let Reply::Exchange(exchange) = core.dispatch(exchange).await.unwrap() else { panic!() };
    assert_eq!((&exchange.case, &exchange.call), (&first.case, &first.call));
    assert!(exchange.blue.body.contains("\"album\"") && !exchange.blue.body.contains("\"record\""));
    assert!(exchange.green.body.contains("\"record\"") && !exchange.green.body.contains("\"album\""));
    assert!(exchange.green.curl.starts_with("curl -X GET 'http://127.0.0.1:"), "{}", exchange.green.curl);
    assert!(fs::read_to_string(core.comparison_page(&id).unwrap()).unwrap().contains("<h2>Findings</h2>"));

    // Another program on this profile sees it, too.
    assert_eq!(kept(&bench.core().await).await.comparisons, [run]);
    let mut files = Vec::new();
    texts(&bench.profile.path().join("profile/comparisons"), &mut files);
    assert_eq!(files.len(), 5, "the report in three forms, the exchanges, the run");
    for text in files {
        assert!(!text.contains(PHONE) && !text.contains(OTP), "a secret is kept");
        let token = text.split(|c: char| !c.is_ascii_hexdigit()).find(|word| word.len() == 64);
        assert_eq!(token, None, "a token is kept");
    }

    core.dispatch(Command::ComparisonRemove { id: id.clone() }).await.unwrap();
    assert_eq!(kept(&core).await.comparisons, []);
    let gone = core.dispatch(Command::Comparison { id }).await.unwrap_err();
    assert_eq!(gone.code(), Code::ValidationError);
    let elsewhere = core.dispatch(Command::ComparisonRemove { id: "../comparisons".into() }).await;
    assert_eq!(elsewhere.unwrap_err().code(), Code::ValidationError);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_ended_keeps_what_it_found_and_leaves_nothing_behind_on_the_backends() {
    let (bench, green, core) = bench().await;
    let ended = tokio::spawn(end_after(core.events(), core.clone(), 60));
    let run = compare(&core, request(&bench, &green)).await.unwrap();
    ended.await.unwrap();
    assert!(run.backends.ended_early);
    assert!((60..120).contains(&run.summary.cases), "{:?}", run.summary);
    assert_eq!(kept(&core).await.comparisons, [run]);
    // And the next one begins anew, one at a time.
    let other = tokio::spawn(end_after(core.events(), core.clone(), 1));
    let (first, second) =
        tokio::join!(compare(&core, request(&bench, &green)), compare(&core, request(&bench, &green)));
    other.await.unwrap();
    assert!(first.unwrap().backends.ended_early);
    assert!(second.unwrap_err().to_string().contains("under way"));
    assert_eq!(kept(&core).await.running, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_compared_is_said_and_not_kept() {
    let (bench, green, core) = bench().await;
    let refused = |request: CompareRequest| {
        let core = core.clone();
        async move { compare(&core, request).await.unwrap_err().report() }
    };
    let away =
        refused(CompareRequest { green: "http://127.0.0.1:9".into(), ..request(&bench, &green) }).await;
    assert_eq!((away.code, away.key), (Code::Unreachable, MessageKey::NoConnection));
    assert_eq!(away.params["side"], "green");
    let stranger =
        refused(CompareRequest { green: "https://api.melodystudio.com".into(), ..request(&bench, &green) })
            .await;
    assert_eq!(
        (stranger.key, stranger.params["host"].as_str()),
        (MessageKey::StrangeHost, "api.melodystudio.com")
    );
    let mut typed = request(&bench, &green);
    typed.account.as_mut().unwrap().otp = "12".into();
    assert_eq!(refused(typed).await.code, Code::ValidationError);
    let mut wrong = request(&bench, &green);
    wrong.account.as_mut().unwrap().otp = "000000".into();
    assert_eq!(refused(wrong).await.key, MessageKey::WrongOtp);
    // Nothing leaves while somebody works offline.
    core.dispatch(Command::WorkOffline { on: true }).await.unwrap();
    bench.server.clear_request_log();
    assert_eq!(refused(request(&bench, &green)).await.code, Code::Offline);
    assert!(bench.server.request_log().is_empty());
    let list = kept(&core).await;
    assert_eq!((list.comparisons, list.running), (vec![], None));
}
