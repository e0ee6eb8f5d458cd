//! A Tauri window with a page that does nothing: what a window costs before anything of ours is in it. The figures of
//! `cargo xtask bench` stand beside it.

fn main() -> tauri::Result<()> {
    tauri::Builder::default().run(tauri::generate_context!("examples/empty-window/tauri.conf.json"))
}
