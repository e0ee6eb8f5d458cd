//! The window itself: its size, what it may show, and nothing beside our own pages.

use std::path::Path;

use tauri::{
    AppHandle, Manager, Theme, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder,
    webview::NewWindowResponse,
};

/// The one window. The capabilities are given to it by this name.
pub const MAIN: &str = "main";

/// The system's menu has Back and Reload, which mean nothing here; where there is text to cut and paste it is of use.
const MENU_WHERE_TEXT_IS: &str = "addEventListener('contextmenu', (event) => {
  const text = event.target instanceof Element && event.target.closest('input, textarea, [contenteditable]');
  if (!text && getSelection()?.isCollapsed !== false) event.preventDefault();
});";

/// Whether there is a display to open a window on.
#[cfg(target_os = "linux")]
pub fn can_open() -> bool {
    gtk::init().is_ok()
}

#[cfg(not(target_os = "linux"))]
pub fn can_open() -> bool {
    true
}

/// Opens it. What the web view itself keeps goes into the profile.
pub fn open(app: &AppHandle, profile: &Path) -> tauri::Result<()> {
    let window = WebviewWindowBuilder::new(app, MAIN, WebviewUrl::default())
        .title("Melody Studio")
        .inner_size(1180.0, 760.0)
        .min_inner_size(880.0, 600.0)
        .data_directory(profile.join("webview"))
        .initialization_script(MENU_WHERE_TEXT_IS)
        // A file that is dropped would be opened like a link, and links lead nowhere else.
        .disable_drag_drop_handler()
        .on_navigation(is_ours)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .devtools(cfg!(debug_assertions))
        .build()?;
    keys(app, &window)
}

/// Whether an address is one of our own pages.
fn is_ours(address: &Url) -> bool {
    match address.scheme() {
        "tauri" => address.host_str() == Some("localhost"),
        // Custom schemes are spelled so on Windows.
        "http" => cfg!(windows) && address.host_str() == Some("tauri.localhost"),
        _ => false,
    }
}

/// Ctrl+Q quits, as everywhere on this desktop; on other systems the system brings its own key.
#[cfg(target_os = "linux")]
fn keys(app: &AppHandle, window: &WebviewWindow) -> tauri::Result<()> {
    use gtk::{gdk, glib::Propagation, prelude::WidgetExt};

    let app = app.clone();
    window.gtk_window()?.connect_key_press_event(move |_, event| {
        let modifiers = event.state() & gtk::accelerator_get_default_mod_mask();
        let is_q = event.keyval().to_lower() == gdk::keys::constants::q;
        if is_q && modifiers == gdk::ModifierType::CONTROL_MASK {
            crate::quit::ask(&app);
            return Propagation::Stop;
        }
        Propagation::Proceed
    });
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn keys(_: &AppHandle, _: &WebviewWindow) -> tauri::Result<()> {
    Ok(())
}

/// Brings it to the front.
pub fn show(app: &AppHandle) {
    let Some(window) = app.get_webview_window(MAIN) else { return };
    let shown = window.unminimize().and_then(|()| window.show()).and_then(|()| window.set_focus());
    if let Err(e) = shown {
        tracing::warn!(error = %e, "the window could not be shown");
    }
}

/// Dresses it, and what the screen takes for the system's choice; `None` leaves both to the system.
pub fn set_theme(app: &AppHandle, theme: Option<Theme>) {
    let Some(window) = app.get_webview_window(MAIN) else { return };
    if let Err(e) = window.set_theme(theme) {
        tracing::warn!(error = %e, "the window's theme could not be set");
    }
}

/// Closes it; false when there is none to close.
pub fn close(app: &AppHandle) -> bool {
    app.get_webview_window(MAIN).is_some_and(|window| window.close().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_are_shown() {
        let ours = |address: &str| is_ours(&address.parse().unwrap());
        assert!(ours("tauri://localhost/index.html#/library"));
        for other in [
            "https://example.com/",
            "http://127.0.0.1/",
            "file:///etc/passwd",
            "tauri://elsewhere/",
            "data:text/html,x",
            "cover://localhost/1",
            "about:blank",
        ] {
            assert!(!ours(other), "{other}");
        }
    }
}
