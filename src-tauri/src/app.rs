//! The app around the window: what is started, in which order, and how it ends.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use melody_core::{CoreOptions, Error, SinkKind};
use melody_host::{Host, logging, secrets_kind, usual_profile};
use tauri::{App, AppHandle, RunEvent};
use tauri_plugin_window_state::StateFlags;
use tokio::{
    runtime::{Builder, Runtime},
    sync::watch,
};

use crate::{
    backend, backend::Backend, covers, drawing, failure, now, options::Options, quit, single, window,
};

/// Enough for a request and a download beside each other; each costs memory.
const THREADS: usize = 2;
/// Where the window was, in the profile.
const WINDOW_STATE: &str = "window.json";

/// Runs the app to its end.
pub fn run(options: Options) -> ExitCode {
    // Before there is a second thread: it is said through the environment.
    drawing::choose();
    let profile = match options.profile.clone().map_or_else(usual_profile, Ok) {
        Ok(profile) => profile,
        Err(e) => return failure::tell(&e.report()),
    };
    logging::start(Some(&profile), None);
    if !window::can_open() {
        return failure::tell(&failure::no_display());
    }
    let built = Builder::new_multi_thread().worker_threads(THREADS).enable_all().build();
    let runtime = match built {
        Ok(runtime) => runtime,
        Err(e) => return failure::tell(&Error::internal(e).report()),
    };
    tauri::async_runtime::set(runtime.handle().clone());
    match build(options, profile) {
        Ok(app) => finish(app, runtime),
        Err(e) => failure::tell(&Error::internal(e).report()),
    }
}

fn build(options: Options, profile: PathBuf) -> tauri::Result<App> {
    let (backend, opened) = Backend::new();
    let for_covers = backend.clone();
    let mut context = tauri::generate_context!();
    context.config_mut().identifier = single::identifier(&profile);
    tauri::Builder::default()
        // First, so that a second start ends before it has touched anything.
        .plugin(tauri_plugin_single_instance::init(|app, _, _| window::show(app)))
        .plugin(
            tauri_plugin_window_state::Builder::new()
                // An absolute name stays where it is.
                .with_filename(absolute(&profile).join(WINDOW_STATE).to_string_lossy())
                .with_state_flags(STATE)
                .build(),
        )
        .manage(backend)
        .manage(quit::Ending::default())
        .invoke_handler(tauri::generate_handler![backend::call])
        .register_asynchronous_uri_scheme_protocol(covers::SCHEME, move |_, request, responder| {
            let backend = for_covers.clone();
            tauri::async_runtime::spawn(async move {
                responder.respond(covers::answer(backend, request.uri()).await);
            });
        })
        .setup(move |app| {
            let profile = absolute(&profile);
            window::open(app.handle(), &profile)?;
            tauri::async_runtime::spawn(quit::on_signal(app.handle().clone()));
            tauri::async_runtime::spawn(start(app.handle().clone(), options, profile, opened));
            Ok(())
        })
        .build(context)
}

/// What of the window comes back.
const STATE: StateFlags =
    StateFlags::SIZE.union(StateFlags::POSITION).union(StateFlags::MAXIMIZED).union(StateFlags::FULLSCREEN);

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Opens the host while the window draws itself, and connects the two.
async fn start(app: AppHandle, options: Options, profile: PathBuf, opened: watch::Sender<Option<Host>>) {
    match open(options, profile.clone()).await {
        Ok(host) => {
            tauri::async_runtime::spawn(backend::forward(app.clone(), host.clone()));
            tauri::async_runtime::spawn(now::follow(app, host.clone(), profile));
            opened.send_replace(Some(host));
        }
        Err(e) => failure::show(&app, &e.report()),
    }
}

async fn open(options: Options, profile: PathBuf) -> Result<Host, Error> {
    Host::open(CoreOptions {
        profile,
        server: options.server,
        allow_http: options.allow_http,
        secrets: secrets_kind()?,
        sink: SinkKind::Device,
        keep_queue: true,
    })
    .await
}

fn finish(app: App, runtime: Runtime) -> ExitCode {
    let code = app.run_return(|app, event| {
        if let RunEvent::ExitRequested { code: None, api, .. } = event {
            // The last window has closed: what is to be saved comes first.
            api.prevent_exit();
            quit::begin(app);
        }
    });
    // A thread that still waits for the keyring does not hold up the end.
    runtime.shutdown_background();
    u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from)
}
