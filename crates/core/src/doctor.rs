//! A look at everything that must work, one by one.

use std::sync::Arc;

use melody_model::Timeframe;
use serde::Serialize;
use ts_rs::TS;

use crate::{Error, ErrorReport, Rescued, context::Context, storage::replace_file};

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct Check {
    pub name: &'static str,
    pub ok: bool,
    /// What was found, in a sentence.
    pub message: String,
    /// What is wrong, for faces that speak another language than English; absent where an error does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<ErrorReport>,
}

/// Looks at the profile, the database, the keyring, the sound output and the service, all at once: each may be slow.
pub(crate) async fn examine(context: &Arc<Context>) -> Vec<Check> {
    let (library, keyring, sound, service) =
        tokio::join!(library(context), keyring(context), sound(), service(context));
    vec![profile(context), library, keyring, sound, service]
}

fn check(name: &'static str, found: Result<String, Error>) -> Check {
    match found {
        Ok(message) => Check { name, ok: true, message, error: None },
        Err(e) => Check { name, ok: false, message: e.to_string(), error: Some(e.report()) },
    }
}

fn profile(context: &Context) -> Check {
    let probe = context.profile.root().join("doctor.probe");
    let written = replace_file(&probe, b"probe").and_then(|()| {
        std::fs::remove_file(&probe).map_err(|e| Error::storage(&probe, e))?;
        Ok(format!("{} can be written.", context.profile.root().display()))
    });
    check("profile", written)
}

async fn library(context: &Context) -> Check {
    let account = context.account();
    let found = async {
        account.library.check_integrity().await?;
        let status = account.library.outbox_status().await?;
        let sound = format!("The library is sound; {} changes wait to be sent.", status.pending);
        Ok(match account.library.rescued().await? {
            Some(rescue) => format!("{sound} {}", Rescued::from(&rescue).message),
            None => sound,
        })
    };
    check("library", found.await)
}

async fn keyring(context: &Context) -> Check {
    check("keyring", context.secrets.probe().await.map(|()| "Your sign-in can be kept.".to_owned()))
}

async fn sound() -> Check {
    // A sound server that does not answer is not for a thread that others wait for.
    let found = tokio::task::spawn_blocking(output_device).await;
    check("sound", found.map_err(Error::internal).flatten())
}

#[cfg(feature = "device")]
fn output_device() -> Result<String, Error> {
    Ok(format!("Sound goes to {}.", melody_player::default_device()?))
}

#[cfg(not(feature = "device"))]
fn output_device() -> Result<String, Error> {
    Err(Error::Player(melody_player::Error::NoDevice { message: "this build has no sound output".into() }))
}

async fn service(context: &Context) -> Check {
    let account = context.account();
    let found = async {
        if context.is_offline()? {
            return Ok("You are working offline; the service is not asked.".to_owned());
        }
        account.client.health().await?;
        let version = account.client.version().await.ok();
        if account.client.dialect().is_none() {
            // Anybody may say that he is well.
            account.client.trending(None, Timeframe::default(), 1).await?;
        }
        let dialect =
            account.client.dialect().map_or("a backend of unknown dialect", |dialect| dialect.as_str());
        let number = version.and_then(|version| version.version);
        let number = number.map_or_else(String::new, |number| format!(", version {number}"));
        Ok(format!("{} answers as {dialect}{number}.", account.service.address.identity()))
    };
    check("service", found.await)
}
