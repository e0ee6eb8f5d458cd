//! What the screen can do from inside the window: its one call, its events, its covers. And nothing else.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, dead_code)] // All of it is test, and shares a desktop with others.

mod desktop;

use desktop::{Bus, Desktop, driver::Driver};
use serde_json::{Value, json};

const PICTURE: &str = "(address) => new Promise((resolve, reject) => {
  const picture = new Image();
  picture.onload = () => resolve(picture.naturalWidth);
  picture.onerror = () => reject('no picture');
  picture.src = address;
})";

const HEAR_THE_SMS: &str = "async () => {
  const heard = (event) => { if (event.payload.event === 'demo_sms') window.sms = event.payload.otp; };
  const handler = __TAURI_INTERNALS__.transformCallback(heard);
  await __TAURI_INTERNALS__.invoke('plugin:event|listen', { event: 'event', target: { kind: 'Any' }, handler });
}";

const THE_SMS: &str = "async () => {
  while (!window.sms) await new Promise((resolve) => setTimeout(resolve, 50));
  return window.sms;
}";

#[test]
fn the_screen_has_its_call_its_events_and_its_covers() {
    let desktop = Desktop::start(Bus::Missing);
    let driver = Driver::start(&desktop);

    let unreadable = driver.call(json!({ "core": { "command": "no_such_thing" } }));
    assert_eq!(unreadable["no"]["code"], "USAGE", "{unreadable}");
    let early = driver.call(json!({ "core": { "command": "whoami" } }));
    assert_eq!(early["no"]["code"], "AUTH_REQUIRED", "{early}");
    assert_eq!(early["no"]["key"], "sign_in_needed", "{early}");

    driver.eval(HEAR_THE_SMS, Value::Null);
    let started = driver.call(json!({ "host": { "command": "start_demo" } }));
    assert!(started["no"].is_null(), "{started}");
    let asked = json!({ "core": { "command": "request_otp", "phone": "9876543210", "country": "+91" } });
    assert_eq!(driver.call(asked)["ok"]["phone_masked"], "+91 ••••••3210");
    let otp = driver.eval(THE_SMS, Value::Null)["ok"].clone();
    let signed_in = driver.call(json!({ "core": { "command": "verify_otp", "otp": otp } }));
    assert!(signed_in["ok"]["user"]["id"].is_string(), "{signed_in}");

    let search = json!({ "core": { "command": "search", "query": "दिल", "limit": 5, "offset": 0 } });
    let found = driver.call(search);
    let song = found["ok"]["songs"][0]["id"].as_str().unwrap().to_owned();
    let cover = driver.eval(PICTURE, format!("cover://localhost/{song}?side=64"));
    assert!(cover["ok"].as_u64().is_some_and(|width| width > 0), "{cover}");
    for none in ["0198c0de-0000-7000-8000-000000000001", "../settings.json", ""] {
        let missing = driver.eval(PICTURE, format!("cover://localhost/{none}?side=64"));
        assert_eq!(missing["no"], "no picture", "{none}");
    }

    let health = driver.call(json!({ "core": { "command": "health" } }));
    let checks = health["ok"]["checks"].as_array().unwrap();
    let keys = checks.iter().find(|check| check["name"] == "media_keys");
    assert_eq!(keys.unwrap()["ok"], false, "there is no bus here: {health}");
}

#[test]
fn the_screen_reaches_nothing_else() {
    let desktop = Desktop::start(Bus::Missing);
    let driver = Driver::start(&desktop);
    let home = driver.address();

    for command in [
        "plugin:event|emit",
        "plugin:window-state|filename",
        "plugin:window|close",
        "plugin:path|resolve_directory",
    ] {
        let refused =
            driver.eval("(command) => __TAURI_INTERNALS__.invoke(command, { event: 'x' })", command);
        assert!(refused["no"].as_str().is_some_and(|no| no.contains("not allowed")), "{command}: {refused}");
    }
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let outside = format!("http://{}/", server.local_addr().unwrap());
    let fetched =
        driver.eval("async (address) => { await fetch(address, { mode: 'no-cors' }); }", outside.as_str());
    assert!(fetched["ok"].is_null() && !fetched["no"].is_null(), "{fetched}");
    let pictured = driver.eval(PICTURE, outside.as_str());
    assert_eq!(pictured["no"], "no picture");
    let injected = "async () => {
      const script = document.createElement('script');
      script.textContent = 'window.injected = true';
      document.head.append(script);
      return Boolean(window.injected);
    }";
    assert_eq!(driver.eval(injected, Value::Null)["ok"], false);
    let opened = driver.eval("async (address) => String(window.open(address))", outside.as_str());
    assert_eq!(opened["ok"], "null");
    // Its own page answers after the attempt to leave it.
    driver.eval("async (address) => { location.href = address; }", outside.as_str());
    for _ in 0..20 {
        // Each of these goes through the part of the web view that would leave.
        driver.eval("async () => {}", Value::Null);
    }
    assert_eq!(driver.address(), home);
    // None of it came so far as to knock.
    server.set_nonblocking(true).unwrap();
    assert!(server.accept().is_err());
}
