//! `web`: the screen in a browser on this machine.

use std::io;

use melody_core::{Code, CoreOptions};
use melody_host::{Host, web::Web};
use serde::Serialize;

use crate::exit::Halt;
use crate::render::colour::Tone;
use crate::render::output::{self, Output};
use crate::signals::Signals;

/// The one line.
#[derive(Serialize)]
struct Listening<'a> {
    listening: &'a str,
}

/// Serves the screen until it is told to stop.
pub async fn web(port: u16, options: CoreOptions, out: &Output, signals: &mut Signals) -> Result<(), Halt> {
    let web = Web::bind(port).await.map_err(|error| {
        if error.kind() == io::ErrorKind::AddrInUse {
            Halt::usage(format!("Port {port} is taken. Name another with --port, or 0 for a free one."))
        } else {
            Halt::local(Code::ProcessingError, format!("Port {port} cannot be opened: {error}."))
        }
    })?;
    let host = Host::open(options).await?;
    if out.is_json() {
        output::document(&Listening { listening: web.address() })?;
    } else {
        output::line("Melody Studio is open for one browser on this machine:")?;
        output::line(&out.theme.paint(Tone::Accent, web.address()))?;
        output::line("Ctrl+C closes it.")?;
    }
    let served = tokio::select! {
        served = web.serve(host.clone()) => served,
        _ = signals.next() => Ok(()),
    };
    host.close().await?;
    served.map_err(|error| Halt::local(Code::ProcessingError, format!("The screen is closed: {error}.")))
}
