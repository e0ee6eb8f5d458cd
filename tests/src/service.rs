//! The reference backend as its users start it: `melody serve`.

use serde_json::Value;

use crate::{
    melody::{Melody, OTP, text},
    process::Beside,
};

/// A running service. It ends with the test.
#[derive(Debug)]
pub struct Service {
    process: Beside,
    address: String,
    // The service's own home; its data live below.
    _home: Melody,
}

impl Service {
    /// Starts it with limits off and the usual code, where `args` do not say otherwise.
    pub fn start(args: &[&str]) -> Self {
        let mut words = Vec::new();
        for usual in [["--limits", "off"], ["--otp", OTP]] {
            if !args.contains(&usual[0]) {
                words.extend(usual);
            }
        }
        words.extend(args);
        Self::plain(&words)
    }

    /// Starts it with exactly these arguments, besides a free port and a folder.
    pub fn plain(args: &[&str]) -> Self {
        let home = Melody::new();
        let data = home.home().join("service");
        let data = data.to_str().unwrap();
        let words = [&["serve", "--port", "0", "--data", data], args].concat();
        let process = home.beside(&words);
        let first: Value = serde_json::from_str(&process.line()).unwrap();
        let address = text(&first["listening"]);
        assert!(address.starts_with("http://127.0.0.1:"), "{first}");
        Self { process, address, _home: home }
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// The next one-time password that it sends.
    pub fn next_otp(&self) -> String {
        let line: Value = serde_json::from_str(&self.process.line()).unwrap();
        text(&line["otp"])
    }

    /// Ends it at once: from now on nobody answers at this address.
    pub fn end(&mut self) {
        self.process.kill();
    }
}
