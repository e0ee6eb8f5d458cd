//! What the window costs, beside an empty one that is measured in the same run: `cargo bench --bench window -- FIGURE`
//! prints one JSON document. `cargo xtask bench` asks for each of them.
#![allow(clippy::unwrap_used, clippy::panic, dead_code)] // What cannot be measured ends it; the desktop is the tests'.

#[cfg(target_os = "linux")]
mod figures;

#[cfg(target_os = "linux")]
fn main() {
    println!("{}", figures::measure(&std::env::args().nth(1).unwrap_or_default()));
}

#[cfg(not(target_os = "linux"))]
fn main() {
    panic!("The window is measured on Linux only.");
}
