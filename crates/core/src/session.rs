//! Signing in by OTP, and out again.

use std::{fs, path::Path, sync::Arc};

use melody_api::OtpTicket;
use melody_library::DownloadState;
use melody_model::PhoneNumber;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use crate::{
    Error, OtpRequest, OtpSent, SignedIn, SignedInUser, SignedOut,
    context::{Account, Context, LIBRARY_FILE, SYNC_LOCK, SYNC_LOCK_WAIT},
    downloads, forgotten, losses,
    profile::{AccountRecord, account_name},
    storage::{FileLock, create_folder},
};

/// Digits of an OTP (the contract's figure).
const OTP_DIGITS: usize = 6;

/// The session service: who is signed in, and the sign-in that is under way.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    context: Arc<Context>,
    waiting: Arc<Mutex<Option<Waiting>>>,
}

/// A number that an OTP was sent to.
#[derive(Debug)]
struct Waiting {
    phone: PhoneNumber,
    ticket: OtpTicket,
    /// The identity of the service that sent it: number and OTP go to no other.
    service: String,
}

impl Session {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { context, waiting: Arc::default() }
    }

    pub(crate) async fn request_otp(&self, request: OtpRequest) -> Result<OtpSent, Error> {
        let phone = PhoneNumber::parse(&request.country, request.phone.expose_secret())?;
        // Before a message is spent on a sign-in that could not be kept.
        self.context.secrets.probe().await?;
        let account = self.context.account();
        let ticket = account.client.request_otp(&phone).await?;
        let sent = OtpSent { phone_masked: phone.masked(), expires_in: ticket.expires_in.as_secs() };
        let service = account.service.address.identity();
        *self.waiting.lock().await = Some(Waiting { phone, ticket, service });
        Ok(sent)
    }

    /// Checks the OTP and switches to the account. A wrong one may be tried again.
    pub(crate) async fn verify_otp(&self, otp: &SecretString) -> Result<SignedIn, Error> {
        let otp = read_otp(otp)?;
        let mut waiting = self.waiting.lock().await;
        let before = self.context.account();
        let identity = before.service.address.identity();
        let Some(Waiting { phone, ticket, .. }) = waiting.as_ref().filter(|sent| sent.service == identity)
        else {
            return Err(Error::Invalid("Ask for an OTP first: it comes by SMS.".into()));
        };
        // The tokens are saved under the account that they are for: it is opened before they come.
        let mut account = self
            .context
            .open_account(Some(AccountRecord {
                account: account_name(&identity, &phone.e164()),
                user: SignedInUser { id: "".into(), phone_masked: phone.masked(), name: None },
                dialect: before.client.dialect().map(|dialect| dialect.as_str().to_owned()),
            }))
            .await?;
        let user = account.client.verify_otp(&ticket.otp_id, &otp, phone).await?.user;
        if let Some(dialect) = account.client.dialect() {
            account.library.note_user(dialect.as_str(), &user.id).await?;
        }
        if let Some(record) = &mut account.record {
            record.user.id = user.id;
            record.user.name = user.name;
            record.dialect = account.client.dialect().map(|dialect| dialect.as_str().to_owned());
            let record = record.clone();
            self.context
                .update_settings(move |settings| {
                    settings.accounts.insert(identity.clone(), record.clone());
                })
                .await?;
        }
        *waiting = None;
        drop(waiting);
        self.take_over(&before, &account).await;
        let signed_in = account.signed_in().ok_or(Error::SignInNeeded)?;
        self.context.switch_to(account);
        Ok(signed_in)
    }

    /// What the guest found stays known; whoever was signed in before is signed out. Neither is worth failing a
    /// sign-in that the service has already granted.
    async fn take_over(&self, before: &Account, account: &Account) {
        let done = if before.record.is_none() {
            carry_over(before, account).await
        } else if before.folder != account.folder {
            before.client.logout().await.map(drop).map_err(Error::from)
        } else {
            Ok(())
        };
        if let Err(e) = done {
            tracing::warn!(code = %e.code(), "what was there before the sign-in could not be taken over");
        }
    }

    pub(crate) fn whoami(&self) -> Result<SignedIn, Error> {
        self.context.signed_in()?.signed_in().ok_or(Error::SignInNeeded)
    }

    /// Signs out. Downloads and unsent changes stay for the next sign-in, unless they are to be forgotten.
    pub(crate) async fn logout(&self, forget: bool) -> Result<SignedOut, Error> {
        let account = match self.context.signed_in() {
            Ok(account) => account,
            Err(_) if forget => return self.forget_left_behind().await,
            Err(e) => return Err(e),
        };
        // A sync or a download of ours lets go at once; only another process is worth an error.
        account.leave(true);
        let done = self.leave(account.clone(), forget).await;
        if done.is_err() {
            account.leave(false);
        }
        done
    }

    /// Forgets the account that has signed out before and left its data.
    async fn forget_left_behind(&self) -> Result<SignedOut, Error> {
        let folder = losses::left_behind(&self.context)?;
        let lock = FileLock::acquire(&folder.join(SYNC_LOCK), SYNC_LOCK_WAIT).await?.ok_or(Error::Busy)?;
        let library = losses::open(folder.clone()).await?;
        let lost = losses::of(&library).await?;
        blocking(move || {
            // Closed before its folder goes.
            drop(library);
            let aside = forgotten::set_aside(&folder)?;
            drop(lock);
            forgotten::remove(&aside)
        })
        .await?;
        Ok(SignedOut { pending_kept: 0, lost: Some(lost) })
    }

    async fn leave(&self, account: Arc<Account>, forget: bool) -> Result<SignedOut, Error> {
        // What is to be forgotten must not be written to by another process meanwhile.
        let lock = if forget { Some(account.lock_sync().await?.ok_or(Error::Busy)?) } else { None };
        let losses = losses::of(&account.library).await?;
        let folder = account.folder.clone();
        // Out of the way first: whatever stops us after that must not leave for the next sign-in what was to be
        // forgotten.
        let aside = if forget {
            let folder = folder.clone();
            Some(blocking(move || forgotten::set_aside(&folder)).await?)
        } else {
            None
        };
        if let Err(e) = self.sign_out(account).await {
            // Still signed in, so everything stays.
            if let Some(aside) = aside {
                blocking(move || fs::rename(&aside, &folder).map_err(|e| Error::storage(&folder, e))).await?;
            }
            return Err(e);
        }
        drop(lock);
        if let Some(aside) = aside {
            blocking(move || forgotten::remove(&aside)).await?;
        }
        Ok(if forget {
            SignedOut { pending_kept: 0, lost: Some(losses) }
        } else {
            SignedOut { pending_kept: losses.pending, lost: None }
        })
    }

    /// Out here is out, whether or not the service can hear of it.
    async fn sign_out(&self, account: Arc<Account>) -> Result<(), Error> {
        let guest = self.context.open_account(None).await?;
        // The service forgets the sign-in for good: not before it is sure that we can.
        let profile = self.context.profile.clone();
        blocking(move || profile.rehearse_settings()).await?;
        if !account.client.logout().await? {
            tracing::info!("the service did not hear of the sign-out");
        }
        let identity = account.service.address.identity();
        drop(account);
        self.context
            .update_settings(move |settings| {
                settings.accounts.remove(&identity);
            })
            .await?;
        self.context.switch_to(guest);
        Ok(())
    }
}

/// Work on files, on a thread that may wait for the disk.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

/// Gives an account what the guest found and downloaded, which the guest keeps too, and the guest's playlists and history,
/// which move.
async fn carry_over(guest: &Account, account: &Account) -> Result<(), Error> {
    let moved = account.library.carry_over_from(&guest.folder.join(LIBRARY_FILE)).await?;
    guest.library.forget_moved(moved).await?;
    for mut download in guest.library.downloads(Some(DownloadState::Done)).await? {
        let Some(path) = &download.path else { continue };
        let (from, to) = (guest.folder.join(path), account.folder.join(path));
        // The account may know the song by an id of its own.
        let Some(song) = account.library.song(download.song_id).await? else { continue };
        download.song_id = song.song.id;
        if !from.is_file()
            || downloads::complete(account, download.song_id, download.rendition).await?.is_some()
        {
            continue;
        }
        blocking(move || link(&from, &to)).await?;
        account.library.set_download(download).await?;
    }
    Ok(())
}

/// One file under two names costs nothing; where the disk cannot do that, two files.
fn link(from: &Path, to: &Path) -> Result<(), Error> {
    if to.exists() {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        create_folder(folder)?;
    }
    fs::hard_link(from, to).or_else(|_| fs::copy(from, to).map(drop)).map_err(|e| Error::storage(to, e))
}

/// Reads a one-time password as people type it: six digits of any script; blanks and hyphens are forgiven.
/// `Error::Invalid` for anything else, so that a face can say so before a message is spent.
pub fn read_otp(typed: &SecretString) -> Result<SecretString, Error> {
    let digits: Option<String> = typed
        .expose_secret()
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(melody_model::digit)
        .collect();
    match digits {
        Some(digits) if digits.len() == OTP_DIGITS => Ok(SecretString::from(digits)),
        _ => Err(Error::Invalid("The OTP has six digits. Look at the SMS and type it again.".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_otp_is_six_digits_of_any_script() {
        for typed in ["123456", "१२३४५६", "௧௨௩௪௫௬", " 123 456 ", "123-456\n"] {
            let read = read_otp(&SecretString::from(typed)).unwrap();
            assert_eq!(read.expose_secret(), "123456", "{typed}");
        }
        for typed in ["", "12345", "1234567", "12345a", "१२३"] {
            assert!(read_otp(&SecretString::from(typed)).is_err(), "{typed}");
        }
    }
}
