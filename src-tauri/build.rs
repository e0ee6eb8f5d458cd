//! What Tauri needs to know at build time: its configuration, the permissions, the program's icon on Windows.

use std::{error::Error, fs};

const SCREEN: &str = "../ui/dist";

fn main() -> Result<(), Box<dyn Error>> {
    // A fresh checkout has no built screen; the window still compiles, and says so when it opens. `cargo xtask ui`
    // builds it.
    fs::create_dir_all(SCREEN)?;
    println!("cargo:rerun-if-changed={SCREEN}");
    // Named, so that the screen gets no command that nobody gave it.
    let ours = tauri_build::AppManifest::new().commands(&["call"]);
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(ours))?;
    Ok(())
}
