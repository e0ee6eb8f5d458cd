//! The window's web view from within: scripts run in it as the screen's own do, through WebKitWebDriver.

use std::{
    fs,
    process::{Child, Stdio},
};

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use super::{Desktop, until};

/// A session on a window of its own; both end with it.
pub struct Driver {
    child: Child,
    runtime: Runtime,
    client: Client,
    session: String,
}

impl Driver {
    /// Opens the window on the desktop's profile.
    pub fn start(desktop: &Desktop) -> Self {
        Self::open(desktop, super::PROGRAM, &["--profile", &desktop.profile().display().to_string()])
    }

    /// Opens another program's window, which need not be ours.
    pub fn open(desktop: &Desktop, program: &str, args: &[&str]) -> Self {
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
        let browser = json!({ "binary": program, "args": args });
        let asked = json!({ "capabilities": { "alwaysMatch": { "webkitgtk:browserOptions": browser } } });
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let session = format!("http://127.0.0.1:{port}/session");
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut driver = Self { child, runtime, client: Client::new(), session };
        let begun = driver.post("", &asked).unwrap();
        driver.session = format!("{}/{}", driver.session, begun["sessionId"].as_str().unwrap());
        driver
    }

    fn send(&self, request: RequestBuilder) -> Result<Value, String> {
        let answer: Value = self.runtime.block_on(async { request.send().await?.json().await }).unwrap();
        match answer["value"]["error"].as_str() {
            None => Ok(answer["value"].clone()),
            Some(no) => Err(format!("{no}: {}", answer["value"]["message"])),
        }
    }

    /// What the driver does, or why it does not.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        self.send(self.client.post(format!("{}{path}", self.session)).json(body))
    }

    /// What a function of JavaScript comes to in the screen.
    pub fn script(&self, function: &str, argument: impl Into<Value>) -> Value {
        let script = format!("return ({function})(arguments[0])");
        self.post("/execute/sync", &json!({ "script": script, "args": [argument.into()] })).unwrap()
    }

    /// What an asynchronous function of JavaScript, `(argument) => …`, comes to in the screen.
    pub fn eval(&self, function: &str, argument: impl Into<Value>) -> Value {
        let script = format!(
            "const done = arguments[1]; ({function})(arguments[0]).then((ok) => done({{ ok }}), (no) => done({{ no }}))"
        );
        self.post("/execute/async", &json!({ "script": script, "args": [argument.into()] })).unwrap()
    }

    /// The screen's own call: `{"ok": reply}` or `{"no": report}`.
    pub fn call(&self, request: Value) -> Value {
        self.eval("(request) => __TAURI_INTERNALS__.invoke('call', { request })", request)
    }

    /// Where the web view is.
    pub fn address(&self) -> String {
        let found = self.send(self.client.get(format!("{}/url", self.session))).unwrap();
        found.as_str().unwrap().to_owned()
    }

    /// Quits as a listener does, and waits until the program has ended: its last words are written then.
    pub fn quit(self, desktop: &Desktop) {
        let window = desktop.window("^Melody Studio$");
        let pid = desktop.ask("xdotool", &["getwindowpid", &window]).unwrap();
        desktop.press(&window, "ctrl+q");
        // What has ended and was not fetched yet by the driver has no program any more.
        until("the program has ended", || fs::read_link(format!("/proc/{pid}/exe")).err());
        drop(self);
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It takes the window with it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
