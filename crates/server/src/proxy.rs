//! The switch of the rehearsal: one address before two backends, as a gateway would be on the day of the switch.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::uri::{Authority, Scheme};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use hyper::upgrade::OnUpgrade;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::Error;
use crate::conn::{ConnHandle, Connections, Door};
use crate::options::Dialect;

/// What a gateway's maintenance page asks for, in seconds.
const RETRY_AFTER: &str = "30";
/// What concerns one connection and not the next. `Connection` and `Upgrade` go on with a request for a socket.
const HOP_BY_HOP: [HeaderName; 5] = [
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
];

/// Where requests go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Traffic {
    /// All to one backend.
    To(Dialect),
    /// To blue and green in turn, request by request: a gateway whose parts do not agree yet.
    InTurn,
    /// To nobody: the gateway's own page, 503, health too.
    Maintenance,
    /// To nobody: each connection closes without a byte.
    Drop,
}

/// A running gateway. Dropped, it is gone, and every connection through it.
pub struct Proxy {
    shared: Arc<Shared>,
    connections: Connections,
    address: SocketAddr,
    task: JoinHandle<std::io::Result<()>>,
}

struct Shared {
    state: Mutex<Gateway>,
    client: Client<HttpConnector, Body>,
}

struct Gateway {
    blue: Authority,
    green: Authority,
    traffic: Traffic,
    turn: Dialect,
}

/// What happens to one request.
enum Way {
    To(Authority),
    Page,
    Cut,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Proxy {
    /// Listens on 127.0.0.1 (port 0 takes a free one) before two backends, given as `http://HOST:PORT`, which need not
    /// be there yet. Everything goes to blue first.
    ///
    /// # Errors
    /// [`Error::Option`] for an address of another form, [`Error::Io`] when the port cannot be had.
    pub async fn start(port: u16, blue: &str, green: &str) -> Result<Self, Error> {
        let gateway = Gateway {
            blue: authority(blue)?,
            green: authority(green)?,
            traffic: Traffic::To(Dialect::Blue),
            turn: Dialect::Blue,
        };
        // No connection is kept: one to a backend that was killed would fail its next request.
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http();
        let shared = Arc::new(Shared { state: Mutex::new(gateway), client });
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let connections = Connections::default();
        let door = Door { listener, connections: connections.clone() };
        let router = Router::new().fallback(pass).with_state(shared.clone());
        let service = router.into_make_service_with_connect_info::<ConnHandle>();
        let task = tokio::spawn(axum::serve(door, service).into_future());
        Ok(Self { shared, connections, address, task })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where requests go from now on. Those under way, and open sockets, stay with whom they are.
    pub fn send(&self, traffic: Traffic) {
        self.shared.state().traffic = traffic;
    }

    /// Where requests go now.
    pub fn traffic(&self) -> Traffic {
        self.shared.state().traffic
    }

    /// Another process is this backend from now on.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn set_backend(&self, dialect: Dialect, address: &str) -> Result<(), Error> {
        let authority = authority(address)?;
        let mut gateway = self.shared.state();
        match dialect {
            Dialect::Blue => gateway.blue = authority,
            Dialect::Green => gateway.green = authority,
        }
        Ok(())
    }

    /// Closes every open connection at once; new ones are taken.
    pub fn cut_connections(&self) {
        self.connections.cut_all();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
        self.connections.cut_all();
    }
}

/// Host and port of `http://HOST:PORT`.
fn authority(address: &str) -> Result<Authority, Error> {
    let wrong = || Error::Option(format!("a backend's address is http://HOST:PORT, not {address}"));
    let uri: Uri = address.parse().map_err(|_| wrong())?;
    let bare = uri.scheme() == Some(&Scheme::HTTP) && matches!(uri.path(), "" | "/") && uri.query().is_none();
    uri.authority().filter(|_| bare).cloned().ok_or_else(wrong)
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, Gateway> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn way(&self) -> Way {
        let mut gateway = self.state();
        let dialect = match gateway.traffic {
            Traffic::To(dialect) => dialect,
            Traffic::InTurn => {
                let turn = gateway.turn;
                gateway.turn = match turn {
                    Dialect::Blue => Dialect::Green,
                    Dialect::Green => Dialect::Blue,
                };
                turn
            }
            Traffic::Maintenance => return Way::Page,
            Traffic::Drop => return Way::Cut,
        };
        Way::To(match dialect {
            Dialect::Blue => gateway.blue.clone(),
            Dialect::Green => gateway.green.clone(),
        })
    }
}

async fn pass(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(connection): ConnectInfo<ConnHandle>,
    request: Request,
) -> Response {
    match shared.way() {
        Way::To(backend) => forward(&shared, backend, request).await.unwrap_or_else(|error| {
            tracing::debug!(%error, "a backend does not answer");
            page(StatusCode::BAD_GATEWAY)
        }),
        Way::Page => {
            let mut response = page(StatusCode::SERVICE_UNAVAILABLE);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
            response
        }
        Way::Cut => {
            connection.cut();
            StatusCode::OK.into_response()
        }
    }
}

/// Bodies flow both ways as they come; a request for a socket becomes one, if the backend agrees.
async fn forward(
    shared: &Shared,
    backend: Authority,
    mut request: Request,
) -> Result<Response, hyper_util::client::legacy::Error> {
    let from_client = request.extensions_mut().remove::<OnUpgrade>();
    let wants_socket = request.headers().contains_key(header::UPGRADE);
    let mut address = std::mem::take(request.uri_mut()).into_parts();
    address.scheme = Some(Scheme::HTTP);
    if let Ok(host) = HeaderValue::from_str(backend.as_str()) {
        request.headers_mut().insert(header::HOST, host);
    }
    address.authority = Some(backend);
    if let Ok(uri) = Uri::from_parts(address) {
        *request.uri_mut() = uri;
    }
    strip(request.headers_mut(), wants_socket);
    let mut response = shared.client.request(request).await?;
    let opened = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    if opened && let Some(from_client) = from_client {
        let from_backend = hyper::upgrade::on(&mut response);
        tokio::spawn(async move {
            let (Ok(client), Ok(backend)) = tokio::join!(from_client, from_backend) else { return };
            let (mut client, mut backend) = (TokioIo::new(client), TokioIo::new(backend));
            // Either side may end it at any time.
            let _ = tokio::io::copy_bidirectional(&mut client, &mut backend).await;
        });
    }
    strip(response.headers_mut(), opened);
    Ok(response.map(Body::new))
}

fn strip(headers: &mut HeaderMap, socket: bool) {
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
    if !socket {
        headers.remove(header::CONNECTION);
        headers.remove(header::UPGRADE);
    }
}

/// The gateway's own page.
fn page(status: StatusCode) -> Response {
    let told = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or("Error"));
    let page = format!(
        "<html>\r\n<head><title>{told}</title></head>\r\n<body><h1>{told}</h1><hr>gateway</body>\r\n</html>\r\n"
    );
    (status, [(header::CONTENT_TYPE, "text/html")], page).into_response()
}
