//! How the web view draws: on the graphics card, or without one.

/// On Linux the web view draws through OpenGL also where no card is there: then a program pretends to be one, which
/// costs time at the start and at every key, and a fifth of the memory.
#[cfg(target_os = "linux")]
pub fn choose() {
    use std::fs;

    // The kernel's name for a card that can draw. Proprietary drivers have it too.
    let is_card = |name: &str| name.starts_with("renderD");
    let devices = fs::read_dir("/dev/dri").into_iter().flatten().flatten();
    if devices.map(|device| device.file_name()).any(|name| name.to_str().is_some_and(is_card)) {
        return;
    }
    // Whoever has set it for themselves knows better.
    if let Err(e) = gtk::glib::setenv("WEBKIT_DISABLE_COMPOSITING_MODE", "1", false) {
        tracing::warn!(error = %e, "the web view draws as if there were a graphics card");
    }
}

#[cfg(not(target_os = "linux"))]
pub fn choose() {}
