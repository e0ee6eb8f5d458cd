//! What a developer needs to look into a fault, in one file and without secrets.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use jiff::Zoned;
use melody_core::{Check, Core, Error};
use serde::Serialize;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::downloads_folder;

/// The log's end, in bytes: the last day or so.
const LOG_KEPT: u64 = 1_000_000;

#[derive(Serialize)]
struct About {
    version: &'static str,
    system: &'static str,
    machine: &'static str,
    service: String,
    signed_in: bool,
    checks: Vec<Check>,
}

/// Writes `melody-diagnostics-….zip` to the listener's downloads, or to the profile where there are none.
pub(crate) async fn save(core: &Core, profile: &Path) -> Result<PathBuf, Error> {
    let about = About {
        version: env!("CARGO_PKG_VERSION"),
        system: std::env::consts::OS,
        machine: std::env::consts::ARCH,
        service: core.service().identity,
        signed_in: core.is_signed_in(),
        checks: core.doctor().await,
    };
    let profile = profile.to_owned();
    let written = tokio::task::spawn_blocking(move || {
        let path = downloads_folder(&profile)
            .join(format!("melody-diagnostics-{}.zip", Zoned::now().strftime("%Y%m%d-%H%M%S")));
        write(&path, &profile, &about).map(|()| path.clone()).map_err(|e| Error::storage(&path, e))
    });
    written.await.map_err(Error::internal)?
}

fn write(path: &Path, profile: &Path, about: &About) -> io::Result<()> {
    let mut bundle = ZipWriter::new(File::create(path)?);
    let options = SimpleFileOptions::default();
    bundle.start_file("about.json", options)?;
    bundle.write_all(&serde_json::to_vec_pretty(about)?)?;
    for log in ["melody.log.1", "melody.log"] {
        match fs::read(profile.join(log)) {
            Ok(text) => {
                let from = text.len().saturating_sub(LOG_KEPT as usize);
                bundle.start_file(log, options)?;
                bundle.write_all(&text[from..])?;
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
    }
    bundle.finish()?.sync_all()
}
