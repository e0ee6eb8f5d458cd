//! Each figure of the window, by its name.

#[path = "../../../tests/desktop/mod.rs"]
mod desktop;
mod listener;
mod processes;
mod rest;
mod screen;
mod scrolling;
mod share;
mod stage;
mod start;
mod typing;

use melody_server::CatalogueChoice;
use serde_json::Value;

use listener::Service;

/// Measures one of them.
pub fn measure(figure: &str) -> Value {
    let service = || Service::start(CatalogueChoice::Demo);
    match figure {
        "start" => start::measure(&service()),
        "rest" => rest::measure(&service()),
        "playing" => rest::measure_playing(&service()),
        "typing" => typing::measure(&service()),
        "scrolling" => scrolling::measure(),
        other => panic!("there is no figure {other:?}"),
    }
}
