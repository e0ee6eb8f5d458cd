//! Somebody whose window is measured: signed in at a service of their own, with songs saved and a queue.

use std::path::Path;

use melody_core::{
    Command, Core, CoreOptions, OtpRequest, Place, Reply, SecretsKind, SinkKind, SyncState, TrendingRequest,
};
use melody_server::{CatalogueChoice, Options, Server};
use secrecy::SecretString;
use tokio::runtime::Runtime;

const PHONE: &str = "9876543210";
const COUNTRY: &str = "+91";
const OTP: &str = "424242";
/// Songs on Home, at most what the service tells in one answer.
const TRENDING: u32 = 50;
const SAVED: usize = 20;

/// A service, which ends with this program.
pub struct Service {
    runtime: Runtime,
    server: Server,
}

impl Service {
    pub fn start(catalogue: CatalogueChoice) -> Self {
        let runtime = Runtime::new().unwrap();
        let options = Options { catalogue, otp: Some(OTP.into()), limits: false, ..Options::default() };
        let server = runtime.block_on(melody_server::start(options)).unwrap();
        Self { runtime, server }
    }

    /// Leaves a profile as somebody does who has found songs, saved some, and queued all of them.
    pub fn settle(&self, profile: &Path) {
        self.runtime.block_on(async {
            let core = self.signed_in(profile).await;
            let asked = TrendingRequest { limit: TRENDING, ..TrendingRequest::default() };
            let Reply::Trending(trending) = core.dispatch(Command::Trending(asked)).await.unwrap() else {
                panic!("trending brought something else");
            };
            let ids: Vec<String> = trending.songs.iter().map(|song| song.song.id.to_string()).collect();
            core.dispatch(Command::LibraryAdd { ids: ids[..SAVED].to_vec() }).await.unwrap();
            core.dispatch(Command::Enqueue { ids, place: Place::Last }).await.unwrap();
            core.close().await.unwrap();
        });
    }

    /// Leaves a profile with a library of so many songs, each told by the service.
    pub fn fill(&self, profile: &Path, songs: usize) {
        self.server.fill_library(COUNTRY, PHONE, songs).unwrap();
        self.runtime.block_on(async {
            let core = self.signed_in(profile).await;
            let Reply::Sync(status) = core.dispatch(Command::LibrarySync).await.unwrap() else {
                panic!("a sync brought something else");
            };
            assert_eq!((status.state, status.entries), (SyncState::Idle, songs as u64));
            core.close().await.unwrap();
        });
    }

    async fn signed_in(&self, profile: &Path) -> Core {
        let options = CoreOptions {
            profile: profile.to_owned(),
            server: Some(self.server.base_url()),
            allow_http: Vec::new(),
            secrets: SecretsKind::File,
            sink: SinkKind::Null,
            keep_queue: true,
        };
        let core = Core::open(options).await.unwrap();
        let asked = OtpRequest { phone: PHONE.into(), country: COUNTRY.into() };
        core.dispatch(Command::RequestOtp(asked)).await.unwrap();
        core.dispatch(Command::VerifyOtp { otp: SecretString::from(OTP) }).await.unwrap();
        core
    }
}
