//! What the service says to you, and what it knows of you.

use jiff::{Timestamp, tz::TimeZone};
use melody_core::{NotificationPage, UnreadNotifications, UserView};
use melody_model::Notification;

use super::colour::Tone;
use super::output::{self, Output, Reader, cell};
use super::table::Column;
use super::text;
use crate::exit::Halt;

const NOTIFICATIONS: &[Column] = &[
    Column::new(""),
    Column::new("When").tone(Tone::Faint),
    Column::new("Title").tone(Tone::Strong),
    Column::new("Message").shrinks_to(20),
    Column::new("ID").tone(Tone::Faint),
];

pub fn notifications(out: &Output, page: &NotificationPage) -> Result<(), Halt> {
    let rows: Vec<Vec<String>> = page.notifications.iter().map(|one| row(out, one)).collect();
    out.rows(NOTIFICATIONS, &rows)?;
    out.note(&match page.total {
        0 => "The service has nothing to say.".to_owned(),
        total => format!("{}, {} unread.", text::counted(total, "notification"), page.unread),
    });
    Ok(())
}

fn row(out: &Output, one: &Notification) -> Vec<String> {
    vec![
        if one.read { "" } else { "•" }.to_owned(),
        one.created_at.map(|at| moment(out, at)).unwrap_or_default(),
        cell(&one.title),
        one.message.as_deref().map(cell).unwrap_or_default(),
        cell(one.id.as_str()),
    ]
}

pub fn unread(out: &Output, left: UnreadNotifications) -> Result<(), Halt> {
    if out.reader == Reader::Pipe {
        return output::line(&left.unread.to_string());
    }
    output::line(&match left.unread {
        0 => "Everything is read.".to_owned(),
        left => format!("{} left unread.", text::counted(left, "notification")),
    })
}

pub fn profile(out: &Output, user: &UserView) -> Result<(), Halt> {
    let list = |words: &Option<Vec<String>>| words.as_ref().map(|words| cell(&words.join(", ")));
    let switch = |on: Option<bool>| on.map(|on| if on { "on" } else { "off" }.to_owned());
    let (likes, stats) = (&user.preferences, &user.stats);
    let facts = [
        ("Name", user.name.as_deref().map(cell)),
        ("Phone", Some(user.phone_masked.clone())),
        ("Picture", user.avatar_url.as_deref().map(cell)),
        ("Languages", list(&likes.languages)),
        ("Genres", list(&likes.genres)),
        ("Auto-convert", switch(likes.auto_convert_to_instrumental)),
        ("Notifications", switch(likes.notifications_enabled)),
        ("Saved songs", stats.songs.map(|count| count.to_string())),
        ("Listened", stats.playtime_s.map(|seconds| text::clock(seconds as f64))),
        ("Instrumentals", stats.conversions.map(|count| count.to_string())),
        ("Joined", stats.joined_at.map(|at| moment(out, at))),
        ("ID", Some(cell(user.id.as_str()))),
    ];
    for (name, fact) in facts {
        let Some(fact) = fact else { continue };
        output::line(&if out.reader == Reader::Pipe {
            format!("{name}\t{fact}")
        } else {
            format!("{}{fact}", out.theme.paint(Tone::Faint, &text::column(name, 15, false)))
        })?;
    }
    Ok(())
}

fn moment(out: &Output, at: Timestamp) -> String {
    if out.reader == Reader::Pipe {
        at.to_string()
    } else {
        at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
    }
}
