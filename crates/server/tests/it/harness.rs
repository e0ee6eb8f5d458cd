//! A server and a caller that knows nothing of the client's own API room.

use melody_server::{AudioSource, CatalogueChoice, Dialect, ExtraAudio, ExtraSong, Options, Server, start};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub const NUMBER: &str = "9876543210";
pub const CODE: &str = "+91";
pub const OTP: &str = "246810";

/// Four songs of which two have sound; OTP fixed.
pub fn small() -> Options {
    let song = |title: &str, artist: &str, audio| ExtraSong {
        title: title.into(),
        artist: artist.into(),
        album: Some("Tests".into()),
        language: "en".into(),
        duration_s: 61,
        audio,
    };
    let bytes = |rendition: &str, format: &str, bytes: Vec<u8>| ExtraAudio {
        rendition: rendition.into(),
        format: format.into(),
        source: AudioSource::Bytes(bytes.into()),
    };
    Options {
        catalogue: CatalogueChoice::Synthetic(0),
        otp: Some(OTP.into()),
        extra_songs: vec![
            song(
                "Alpha",
                "Zed",
                vec![bytes("original", "mp3", sound()), bytes("instrumental", "ogg", sound())],
            ),
            song("Beta", "Yankee", vec![bytes("original", "wav", b"RIFFbroken".to_vec())]),
            song("Gamma", "Xavier", vec![]),
            song("Delta", "Whisky", vec![]),
            ExtraSong {
                title: "真夜中のドア".into(),
                artist: "ข้ามคืน".into(),
                language: "ja".into(),
                ..ExtraSong::default()
            },
        ],
        ..Options::default()
    }
}

/// 100,000 bytes in which every place can be told from its neighbours.
pub fn sound() -> Vec<u8> {
    (0..100_000_u32).map(|i| (i % 251) as u8).collect()
}

pub struct Caller {
    pub base: String,
    pub dialect: Dialect,
    pub token: Option<String>,
    pub http: reqwest::Client,
}

pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

/// The making of a client of HTTP.
pub fn client() -> reqwest::ClientBuilder {
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder().no_proxy()
}

impl Caller {
    /// Through the dialect's own prefix.
    pub fn new(server: &Server, dialect: Dialect) -> Self {
        Self::at(format!("{}/{dialect}", server.base_url()), dialect)
    }

    pub fn at(root: String, dialect: Dialect) -> Self {
        let http = client().build().unwrap();
        Self { base: format!("{root}/api/v1"), dialect, token: None, http }
    }

    pub async fn signed_in(server: &Server, dialect: Dialect) -> Self {
        let mut caller = Self::new(server, dialect);
        let tokens = caller.sign_in(CODE, NUMBER).await;
        caller.token = Some(tokens[0].clone());
        caller
    }

    /// Access and refresh token.
    pub async fn sign_in(&self, code: &str, number: &str) -> [String; 2] {
        let answer = self.verify(&self.request_otp(code, number).await, OTP, code, number).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let tokens = &answer.body["data"]["tokens"];
        ["access_token", "refresh_token"].map(|name| tokens[self.name(name)].as_str().unwrap().to_owned())
    }

    pub async fn request_otp(&self, code: &str, number: &str) -> String {
        let answer = self.ask_otp(code, number).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["data"][self.name("otp_id")].as_str().unwrap().to_owned()
    }

    pub async fn ask_otp(&self, code: &str, number: &str) -> Answer {
        let body = self.fields(json!({ "phone_number": number, "country_code": code }));
        self.post("/auth/request-otp", body).await
    }

    pub async fn verify(&self, id: &str, otp: &str, code: &str, number: &str) -> Answer {
        let body = json!({ "otp_id": id, "otp": otp, "phone_number": number, "country_code": code });
        self.post("/auth/verify-otp", self.fields(body)).await
    }

    pub fn name(&self, snake: &str) -> String {
        if self.dialect == Dialect::Green {
            return snake.to_owned();
        }
        let mut words = snake.split('_');
        let first = words.next().unwrap().to_owned();
        words.fold(first, |all, word| all + &word[..1].to_uppercase() + &word[1..])
    }

    pub fn fields(&self, body: Value) -> Value {
        let body = body.as_object().unwrap();
        body.iter().map(|(name, value)| (self.name(name), value.clone())).collect()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None).await
    }

    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.try_call(method, path, body).await.expect("an answer")
    }

    pub async fn try_call(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Answer, reqwest::Error> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        Ok(Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) })
    }

    /// An address as the service gave it.
    pub async fn fetch(&self, server: &Server, address: &str, headers: &[(&str, &str)]) -> Response {
        self.fetch_with(Method::GET, server, address, headers).await
    }

    pub async fn fetch_with(
        &self,
        method: Method,
        server: &Server,
        address: &str,
        headers: &[(&str, &str)],
    ) -> Response {
        let mut request = self.http.request(method, absolute(server, address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    /// The dialect's id of the song with this title.
    pub async fn track_id(&self, title: &str) -> String {
        let answer = self.get(&format!("/music/search?q={title}")).await;
        answer.body["data"]["tracks"][0]["id"].as_str().expect("the song").to_owned()
    }

    pub async fn add(&self, title: &str) -> Answer {
        let id = self.track_id(title).await;
        self.post("/library/songs", self.fields(json!({ "track_id": id }))).await
    }

    /// Titles of a page of the library.
    pub async fn titles(&self, query: &str) -> Vec<String> {
        let answer = self.get(&format!("/library/songs{query}")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let songs = answer.body["data"]["songs"].as_array().unwrap();
        songs.iter().map(|song| song["track"]["title"].as_str().unwrap().to_owned()).collect()
    }

    /// The code blue gives.
    pub fn code(answer: &Answer) -> &str {
        answer.body["error"]["code"].as_str().expect("a code")
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}")).to_str().unwrap()
    }
}

pub fn absolute(server: &Server, address: &str) -> String {
    if address.starts_with("http") { address.to_owned() } else { format!("{}{address}", server.base_url()) }
}

pub async fn started(options: Options) -> Server {
    start(options).await.expect("a server")
}

/// Everything that comes back for `request` on a socket of its own, and how it ended.
pub async fn raw(server: &Server, request: &str) -> (Vec<u8>, std::io::Result<()>) {
    let address = server.base_url().replace("http://", "");
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut got = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        match socket.read(&mut chunk).await {
            Ok(0) => return (got, Ok(())),
            Ok(n) => got.extend_from_slice(&chunk[..n]),
            Err(error) => return (got, Err(error)),
        }
    }
}

pub const BOTH: [Dialect; 2] = [Dialect::Blue, Dialect::Green];
