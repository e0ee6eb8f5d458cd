//! Connections that can be cut from inside: what a dead server looks like to a client.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

const OPEN: u8 = 0;
const CUT: u8 = 1;
const RESET: u8 = 2;

/// One connection's switch, held by its requests.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConnHandle(Arc<Switch>);

#[derive(Debug, Default)]
struct Switch {
    state: AtomicU8,
    waker: AtomicWaker,
}

impl ConnHandle {
    /// Nothing more is read or written; the socket closes.
    pub fn cut(&self) {
        self.turn(CUT);
    }

    /// As [`cut`](Self::cut), and the peer gets a reset in place of an orderly end.
    pub fn reset(&self) {
        self.turn(RESET);
    }

    fn turn(&self, state: u8) {
        self.0.state.store(state, Ordering::Release);
        self.0.waker.wake();
    }

    /// An error once the connection was cut.
    fn check(&self, cx: &Context<'_>) -> io::Result<()> {
        self.0.waker.register(cx.waker());
        match self.0.state.load(Ordering::Acquire) {
            OPEN => Ok(()),
            _ => Err(io::ErrorKind::ConnectionAborted.into()),
        }
    }
}

/// Every open connection of one server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connections(Arc<Registry>);

#[derive(Debug, Default)]
struct Registry {
    next: AtomicU64,
    open: Mutex<HashMap<u64, ConnHandle>>,
}

impl Connections {
    pub fn cut_all(&self) {
        for handle in self.0.open.lock().unwrap_or_else(PoisonError::into_inner).values() {
            handle.cut();
        }
    }

    fn admit(&self, stream: TcpStream) -> Conn {
        let id = self.0.next.fetch_add(1, Ordering::Relaxed);
        let handle = ConnHandle::default();
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner).insert(id, handle.clone());
        Conn { stream, handle, id, registry: self.clone() }
    }
}

/// A listener whose connections can be cut.
#[derive(Debug)]
pub(crate) struct Door {
    pub listener: TcpListener,
    pub connections: Connections,
}

impl Listener for Door {
    type Io = Conn;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Conn, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, address)) => {
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "no TCP_NODELAY");
                    }
                    return (self.connections.admit(stream), address);
                }
                Err(error) => {
                    // Out of file handles, mostly: some will come back.
                    tracing::warn!(%error, "cannot accept");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A socket with its switch.
#[derive(Debug)]
pub(crate) struct Conn {
    stream: TcpStream,
    handle: ConnHandle,
    id: u64,
    registry: Connections,
}

impl Connected<IncomingStream<'_, Door>> for ConnHandle {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.io().handle.clone()
    }
}

impl AsyncRead for Conn {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.handle.check(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Conn {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.handle.check(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.handle.check(cx)?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.handle.check(cx)?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Drop for Conn {
    fn drop(&mut self) {
        if self.handle.0.state.load(Ordering::Acquire) == RESET
            && let Err(error) = self.stream.set_zero_linger()
        {
            tracing::debug!(%error, "the connection ends in order in place of a reset");
        }
        self.registry.0.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}
