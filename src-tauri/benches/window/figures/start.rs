//! From the start of the program to the page that is of use.

use serde_json::{Value, json};

use super::{
    listener::Service,
    share::median,
    stage::{Stage, Whose},
};

const STARTS: usize = 9;

/// Starts both windows in turn; the first start of each, when caches fill, does not count.
pub fn measure(service: &Service) -> Value {
    let stage = Stage::start();
    stage.settle(service);
    let start = |whose| {
        let window = stage.open(whose);
        let took = window.until_usable();
        stage.wait_for_rest();
        window.close();
        took.as_secs_f64() * 1e3
    };
    start(Whose::Empty);
    let (ours, empty): (Vec<f64>, Vec<f64>) =
        (0..STARTS).map(|_| (start(Whose::Ours), start(Whose::Empty))).unzip();
    json!({ "runs": STARTS, "ours_ms": median(ours), "empty_ms": median(empty) })
}
