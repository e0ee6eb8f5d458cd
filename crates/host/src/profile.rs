//! Where a program keeps its data, and its tokens, when nobody says otherwise: the same for the window and the terminal.

use std::path::PathBuf;

use directories::ProjectDirs;
use melody_core::{Error, SecretsKind};

/// The platform's place for the data of one user.
pub fn usual_profile() -> Result<PathBuf, Error> {
    ProjectDirs::from("com", "Melody Studio", "Melody Studio")
        .map(|dirs| dirs.data_dir().to_owned())
        .ok_or_else(|| {
            Error::Usage(
                "There is no home folder to keep your library in. Name one with --profile DIR.".into(),
            )
        })
}

/// Where tokens are kept, by the environment.
pub fn secrets_kind() -> Result<SecretsKind, Error> {
    match std::env::var("MELODY_SECRETS").as_deref() {
        Ok("file") => Ok(SecretsKind::File),
        Ok("" | "keyring") | Err(_) => Ok(SecretsKind::Keyring),
        Ok(_) => Err(Error::Usage("MELODY_SECRETS must be file or keyring.".into())),
    }
}
