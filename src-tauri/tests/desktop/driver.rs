//! The window's web view from within: scripts run in it as the screen's own do, through WebKitWebDriver.

use std::process::{Child, Stdio};

use reqwest::Client;
use serde_json::{Value, json};

use super::{Desktop, until};

/// A session on a window of its own; both end with it.
pub struct Driver {
    child: Child,
    client: Client,
    session: String,
}

impl Driver {
    /// Opens the window on the desktop's profile.
    pub async fn start(desktop: &Desktop) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = desktop
            .command("WebKitWebDriver")
            .args([format!("--port={port}"), "--host=127.0.0.1".into()])
            .env("TAURI_AUTOMATION", "true")
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        until("the driver listens", || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
        let profile = desktop.profile().display().to_string();
        let browser = json!({ "binary": super::PROGRAM, "args": ["--profile", profile] });
        let asked = json!({ "capabilities": { "alwaysMatch": { "webkitgtk:browserOptions": browser } } });
        let mut driver =
            Self { child, client: Client::new(), session: format!("http://127.0.0.1:{port}/session") };
        let begun = driver.post("", &asked).await;
        driver.session = format!("{}/{}", driver.session, begun["sessionId"].as_str().unwrap());
        driver
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let sent = self.client.post(format!("{}{path}", self.session)).json(body).send().await.unwrap();
        let answer: Value = sent.json().await.unwrap();
        assert!(answer["value"]["error"].is_null(), "{answer}");
        answer["value"].clone()
    }

    /// What an asynchronous function of JavaScript, `(argument) => …`, comes to in the screen.
    pub async fn eval(&self, function: &str, argument: impl Into<Value>) -> Value {
        let script = format!(
            "const done = arguments[1]; ({function})(arguments[0]).then((ok) => done({{ ok }}), (no) => done({{ no }}))"
        );
        self.post("/execute/async", &json!({ "script": script, "args": [argument.into()] })).await
    }

    /// The screen's own call: `{"ok": reply}` or `{"no": report}`.
    pub async fn call(&self, request: Value) -> Value {
        self.eval("(request) => __TAURI_INTERNALS__.invoke('call', { request })", request).await
    }

    /// Where the web view is.
    pub async fn address(&self) -> String {
        let found = self.client.get(format!("{}/url", self.session)).send().await.unwrap();
        let answer: Value = found.json().await.unwrap();
        answer["value"].as_str().unwrap().to_owned()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It takes the window with it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
