//! Search as you type: a newer search ends the one that it supersedes.

use std::future::Future;

use melody_model::{RemotePage, RemoteSong};
use tokio::sync::watch;

use crate::{Client, Error, SearchRequest};

/// One search box.
#[derive(Debug)]
pub struct SearchSlot {
    client: Client,
    newest: watch::Sender<u64>,
}

impl Client {
    /// A search box of its own: boxes do not supersede each other.
    pub fn search_slot(&self) -> SearchSlot {
        SearchSlot { client: self.clone(), newest: watch::Sender::new(0) }
    }
}

impl SearchSlot {
    /// Searches; `None` when a newer search of this box began before the answer was there. The older request is
    /// aborted, not merely ignored.
    pub fn search(
        &self,
        request: SearchRequest,
    ) -> impl Future<Output = Result<Option<RemotePage<RemoteSong>>, Error>> + Send + use<> {
        let mut mine = 0;
        self.newest.send_modify(|newest| {
            *newest += 1;
            mine = *newest;
        });
        let mut newest = self.newest.subscribe();
        let client = self.client.clone();
        async move {
            let superseded = async {
                if newest.wait_for(|newest| *newest != mine).await.is_err() {
                    // The box is gone; nobody can supersede this search any more.
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                biased;
                () = superseded => Ok(None),
                page = client.search(request) => page.map(Some),
            }
        }
    }
}
