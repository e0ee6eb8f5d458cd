//! The service's WebSocket: what happens to conversions, as it happens.

use std::time::Duration;

use futures_util::StreamExt;
use melody_model::{RemoteConversion, ServerId};
use reqwest::header::AUTHORIZATION;
use reqwest_websocket::{Message, Upgrade, WebSocket};
use secrecy::ExposeSecret;

use crate::{Client, Dialect, media::bearer, read::conversion};

/// An open socket.
pub(crate) struct Socket(WebSocket);

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Socket")
    }
}

impl Client {
    /// A socket that tells of conversions, if it can be had within `patience`. Why not is of no interest: whoever has
    /// none asks instead.
    pub(crate) async fn socket(&self, patience: Duration) -> Option<Socket> {
        tokio::time::timeout(patience, self.open_socket()).await.ok().flatten().map(Socket)
    }

    async fn open_socket(&self) -> Option<WebSocket> {
        let shared = &self.shared;
        let token = shared.access().await.ok()?;
        shared.know_dialect().await.ok()?;
        let sockets = shared.http.sockets().ok()?;
        let request = match shared.detector.dialect().unwrap_or(Dialect::Green) {
            // The contract's way; the token is nowhere else in an address.
            Dialect::Blue => {
                let mut url = shared.address.under_base(["ws"]);
                url.query_pairs_mut().append_pair("token", token.expose_secret());
                sockets.get(url)
            }
            Dialect::Green => {
                let url = shared.address.under_api(["ws", "conversion-progress"]);
                sockets.get(url).header(AUTHORIZATION, bearer(&token)?)
            }
        };
        let Ok(answer) = request.upgrade().send().await else {
            // The error would name the address, and that the token.
            tracing::debug!("no socket: the service is asked instead");
            return None;
        };
        let status = answer.status().as_u16();
        let socket = answer.into_websocket().await.ok();
        tracing::debug!(status, open = socket.is_some(), "a socket was asked for");
        socket
    }
}

impl Socket {
    /// The next that is told of a job; `None` once the socket is broken.
    pub async fn next_of(&mut self, job: &ServerId) -> Option<RemoteConversion> {
        loop {
            let text = match self.0.next().await?.ok()? {
                Message::Text(text) => text,
                Message::Close { .. } => return None,
                _ => continue,
            };
            if let Some(told) = conversion::told(&text).filter(|told| told.server_id == *job) {
                return Some(told);
            }
        }
    }
}
