//! Scrolling through a very large library: what each frame costs, and how many rows are in the document.

use melody_server::CatalogueChoice;
use serde_json::{Value, json};

use super::{
    desktop::{Bus, Desktop, driver::Driver},
    listener::Service,
    share::{median, percentile},
    stage::Whose,
};

const SONGS: usize = 100_000;

const LIBRARY: &str = "async (rows) => {
  location.hash = '#/library';
  const frame = () => new Promise(requestAnimationFrame);
  const grid = () => document.querySelector('[role=grid]');
  while (grid()?.ariaRowCount !== String(rows) || !document.querySelector('[data-index] .title')) await frame();
}";

/// As many lines, bare, in a window that has nothing else.
const BARE: &str = "async () => {
  document.body.innerHTML = '<main id=content style=\"height:700px;overflow:auto\">'
    + '<div style=\"height:56px\">A line</div>'.repeat(2000) + '</main>';
}";

/// Scrolls by two rows a frame, at the top, in the middle and near the end. A frame's time is from its beginning,
/// before the page hears that it was scrolled, until the page has drawn it and turns to something else.
const SCROLL: &str = "async (frames) => {
  const content = document.getElementById('content');
  const found = { took: [], apart: [], rows: 0 };
  const channel = new MessageChannel();
  for (const part of [0, 0.5, 0.9]) {
    content.scrollTop = part * content.scrollHeight;
    await new Promise((resolve) => setTimeout(resolve, 1000));
    let before = null;
    for (let frame = 0; frame < frames; frame += 1) {
      await new Promise((resolve) => requestAnimationFrame((begun) => {
        content.scrollTop += 112;
        if (before !== null) found.apart.push(begun - before);
        before = begun;
        channel.port1.onmessage = () => {
          found.took.push(performance.now() - begun);
          found.rows = Math.max(found.rows, content.querySelectorAll('[data-index]').length);
          resolve();
        };
        channel.port2.postMessage(null);
      }));
    }
  }
  return found;
}";
const FRAMES: usize = 200;
/// Longer than that takes on a busy machine.
const PATIENCE_MS: u32 = 300_000;

pub fn measure() -> Value {
    let desktop = Desktop::start(Bus::Missing);
    let service = Service::start(CatalogueChoice::Synthetic(SONGS));
    service.fill(&desktop.profile(), SONGS);
    let ours = scroll(Driver::start(&desktop), LIBRARY);
    let empty = scroll(Driver::open(&desktop, &Whose::Empty.program(), &[]), BARE);
    json!({
        "songs": SONGS,
        "rows": ours["rows"],
        "frames": numbers(&ours["took"]).len(),
        "ours_p95_ms": percentile(numbers(&ours["took"]), 0.95), "ours_ms": median(numbers(&ours["took"])),
        "ours_apart_ms": percentile(numbers(&ours["apart"]), 0.95),
        "empty_p95_ms": percentile(numbers(&empty["took"]), 0.95),
        "empty_apart_ms": percentile(numbers(&empty["apart"]), 0.95),
    })
}

/// Prepares a window and scrolls it.
fn scroll(driver: Driver, prepare: &str) -> Value {
    driver.post("/timeouts", &json!({ "script": PATIENCE_MS })).unwrap();
    done(driver.eval(prepare, SONGS));
    done(driver.eval(SCROLL, FRAMES))
}

fn done(answer: Value) -> Value {
    assert!(answer["no"].is_null(), "{answer}");
    answer["ok"].clone()
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}
