//! A service written straight from the contract, with the oddities that the contract allows.
//! It shares nothing with the reference backend: were both wrong, they would not be wrong together.

mod routes;
mod shape;
mod world;

use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use tokio::{net::TcpListener, runtime::Runtime};

pub use world::{Dialect, Outage, Quirk, Seen, Song, World};

/// A running fake. It ends with the test.
#[derive(Debug)]
pub struct Fake {
    world: Arc<Mutex<World>>,
    origin: String,
    prefix: &'static str,
    // Dropped with the fake, and everything that it serves with it.
    _runtime: Runtime,
}

impl Fake {
    pub fn start(dialect: Dialect, quirks: &[Quirk], songs: Vec<Song>) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let world = Arc::new(Mutex::new(World::new(dialect, quirks, songs, origin.clone())));
        let app = Router::new().fallback(routes::answer).with_state(Arc::clone(&world));
        runtime.spawn(async move { axum::serve(listener, app).await });
        let prefix = if quirks.contains(&Quirk::BelowAPrefix) { "/green" } else { "" };
        Self { world, origin, prefix, _runtime: runtime }
    }

    /// The address that a user is given.
    pub fn address(&self) -> String {
        format!("{}{}", self.origin, self.prefix)
    }

    /// Where the sound of a song is on this server.
    pub fn sound(&self, song: usize) -> String {
        format!("{}/media/{song}.{}", self.origin, self.world().songs[song].extension)
    }

    /// What it holds and has seen; to look at and to change.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }
}
