//! A conversion followed to its end: by socket while there is one, by asking else, and never told twice.

use std::time::{Duration, Instant};

use melody_model::{RemoteConversion, ServerId};

use crate::{Client, Error, socket::Socket};

/// One conversion that somebody waits for.
#[derive(Debug)]
pub struct Following {
    client: Client,
    job: ServerId,
    socket: Option<Socket>,
    told: Option<RemoteConversion>,
    /// Since when the service has not answered.
    lost: Option<Instant>,
}

/// Who said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Socket,
    Answer,
}

impl Client {
    /// Follows a conversion from where it stands now.
    pub fn follow_conversion(&self, job: ServerId) -> Following {
        Following { client: self.clone(), job, socket: None, told: None, lost: None }
    }
}

impl Following {
    /// The next news of it, `None` after its end. A service that is away is waited for, up to
    /// [`crate::Timeouts::away`].
    pub async fn next(&mut self) -> Result<Option<RemoteConversion>, Error> {
        if self.told.as_ref().is_some_and(|told| told.status.is_over()) {
            return Ok(None);
        }
        loop {
            let (heard, by) = self.hear().await?;
            if is_news(self.told.as_ref(), &heard, by) {
                self.told = Some(heard.clone());
                return Ok(Some(heard));
            }
        }
    }

    async fn hear(&mut self) -> Result<(RemoteConversion, By), Error> {
        let timeouts = self.client.shared.timeouts;
        if self.told.is_none() {
            // The socket first: between the answer and its first message nothing is missed.
            self.socket = self.client.socket(timeouts.connect).await;
        } else if let Some(socket) = &mut self.socket {
            match tokio::time::timeout(timeouts.silence, socket.next_of(&self.job)).await {
                Ok(Some(told)) => return Ok((told, By::Socket)),
                Ok(None) => self.socket = None,
                // It may be broken without saying so.
                Err(_) => {}
            }
        } else {
            tokio::time::sleep(timeouts.pause).await;
        }
        Ok((self.ask().await?, By::Answer))
    }

    async fn ask(&mut self) -> Result<RemoteConversion, Error> {
        let timeouts = self.client.shared.timeouts;
        loop {
            let error = match self.client.conversion(&self.job).await {
                Ok(conversion) => {
                    self.lost = None;
                    return Ok(conversion);
                }
                Err(error) => error,
            };
            let left = timeouts.away.saturating_sub(self.lost.get_or_insert_with(Instant::now).elapsed());
            let pause = error.retry_after().unwrap_or(timeouts.pause).max(Duration::from_millis(1));
            if !error.retryable() || pause > left {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
        }
    }
}

/// Whether what was heard is worth telling. An answer is how things are; a message may be older than the answer
/// before it, and then takes nothing back.
fn is_news(told: Option<&RemoteConversion>, heard: &RemoteConversion, by: By) -> bool {
    let Some(told) = told else { return true };
    let (before, now) = ((told.status, told.progress), (heard.status, heard.progress));
    match by {
        By::Answer => now != before,
        By::Socket => now > before,
    }
}

#[cfg(test)]
mod tests {
    use melody_model::ConversionStatus::{self, Completed, Failed, Processing, Queued};

    use super::*;

    fn at(status: ConversionStatus, progress: u8) -> RemoteConversion {
        RemoteConversion {
            server_id: ServerId::from("job_1"),
            library_id: None,
            track_id: None,
            song: None,
            status,
            progress,
            queue_position: None,
            seconds_left: None,
            created_at: None,
            started_at: None,
            completed_at: None,
            error: None,
            extra: Default::default(),
        }
    }

    #[test]
    fn a_late_message_takes_nothing_back_and_an_answer_may() {
        let told = at(Processing, 40);
        for (heard, by_socket, by_answer) in [
            (at(Processing, 40), false, false),
            (at(Processing, 30), false, true),
            (at(Processing, 50), true, true),
            (at(Queued, 0), false, true),
            (at(Completed, 100), true, true),
            (at(Failed, 40), true, true),
        ] {
            assert_eq!(is_news(Some(&told), &heard, By::Socket), by_socket, "{heard:?}");
            assert_eq!(is_news(Some(&told), &heard, By::Answer), by_answer, "{heard:?}");
        }
        assert!(is_news(None, &told, By::Socket));
    }
}
