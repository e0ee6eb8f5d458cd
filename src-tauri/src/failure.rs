//! When it cannot start: a sentence on stderr and on the screen, and the exit code of the terminal's table.

use std::process::ExitCode;

use melody_core::{Code, ErrorReport};
use melody_host::exit_code;
use tauri::{AppHandle, Manager};

use crate::{quit::Ending, window};

/// There is nowhere to show anything.
pub fn no_display() -> ErrorReport {
    let sentence = "There is no display to open a window on. In a terminal, use melody.";
    ErrorReport::local(Code::Usage, sentence.into())
}

/// Says it on stderr; the exit code of a program that has not begun.
pub fn tell(report: &ErrorReport) -> ExitCode {
    say(report);
    ExitCode::from(exit_code(report))
}

/// Says it on stderr and in a dialog, and ends when that is read.
pub fn show(app: &AppHandle, report: &ErrorReport) {
    say(report);
    app.state::<Ending>().with(exit_code(report));
    if let Some(window) = app.get_webview_window(window::MAIN) {
        // It has nothing to show.
        let _ = window.hide();
    }
    dialog(app, report.message.clone());
}

fn say(report: &ErrorReport) {
    use std::io::Write;
    tracing::error!(code = %report.code, "cannot start: {}", report.message);
    // Nobody may be there to read it, and that must not change how we end.
    let _ = writeln!(std::io::stderr().lock(), "error: {}", report.message);
}

const TITLE: &str = "Melody Studio cannot open";

#[cfg(target_os = "linux")]
fn dialog(app: &AppHandle, message: String) {
    use gtk::prelude::{DialogExt, GtkWindowExt, MessageDialogExt, WidgetExt};

    let ending = app.clone();
    let shown = app.run_on_main_thread(move || {
        let dialog = gtk::MessageDialog::new(
            None::<&gtk::Window>,
            gtk::DialogFlags::empty(),
            gtk::MessageType::Error,
            gtk::ButtonsType::Close,
            TITLE,
        );
        dialog.set_title(TITLE);
        dialog.set_secondary_text(Some(&message));
        dialog.connect_response(move |dialog, _| {
            dialog.hide();
            crate::quit::ask(&ending);
        });
        dialog.present();
    });
    if shown.is_err() {
        crate::quit::ask(app);
    }
}

#[cfg(not(target_os = "linux"))]
fn dialog(app: &AppHandle, message: String) {
    let ending = app.clone();
    let shown = app.run_on_main_thread(move || {
        let dialog = rfd::AsyncMessageDialog::new()
            .set_level(rfd::MessageLevel::Error)
            .set_title(TITLE)
            .set_description(message)
            .show();
        tauri::async_runtime::spawn(async move {
            dialog.await;
            crate::quit::ask(&ending);
        });
    });
    if shown.is_err() {
        crate::quit::ask(app);
    }
}
