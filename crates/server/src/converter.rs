//! The workshop: makes one instrumental after the other, in steps that can be watched.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, params};

use crate::app::App;
use crate::conversions::{self, Conversion};
use crate::errors::ApiError;
use crate::media;
use crate::notifications;
use crate::realtime::News;
use crate::songs::Origin;

/// A conversion is told in so many steps.
const STEPS: u32 = 10;
/// After this one a conversion fails that is to fail.
const FAILS_AFTER: u32 = 5;

/// Works for as long as the server lives.
pub(crate) async fn work(app: Arc<App>) {
    // A server that died in the middle begins that one anew.
    let begun = app.db.call(|db| Ok(requeue(db)?)).await;
    if begun.is_err() {
        return;
    }
    loop {
        match app.db.call(|db| Ok(conversions::next(db)?)).await {
            Ok(Some(conversion)) => make(&app, conversion).await,
            // What failed is told where it happened; the next request tries again.
            Ok(None) | Err(_) => app.work.notified().await,
        }
    }
}

fn requeue(connection: &Connection) -> rusqlite::Result<usize> {
    connection.execute(
        "UPDATE conversions SET status = 'queued', progress = 0, started_at = NULL WHERE status = 'processing'",
        [],
    )
}

/// From its first step to its last, or to where it fails.
async fn make(app: &Arc<App>, conversion: Conversion) {
    let made = steps(app, &conversion).await;
    let now = app.clock.now();
    let id = conversion.id;
    let (ended, notification) = match made {
        Ok(()) => {
            let ended = change(app, id, move |db| {
                db.execute(
                    "UPDATE songs SET has_instrumental = 1
                     WHERE id = (SELECT song_id FROM conversions WHERE id = ?1)",
                    [id],
                )?;
                db.execute(
                    "UPDATE conversions SET status = 'completed', progress = 100, completed_at = ?2 WHERE id = ?1",
                    params![id, now],
                )
            })
            .await;
            let title = &conversion.song.demo.title;
            (
                ended,
                (
                    "conversion_completed",
                    "Instrumental ready",
                    format!("“{title}” can be played without its lead."),
                ),
            )
        }
        Err(reason) => {
            let (title, told) = (conversion.song.demo.title.clone(), reason.clone());
            let ended = change(app, id, move |db| {
                db.execute(
                    "UPDATE conversions SET status = 'failed', error = ?3, completed_at = ?2 WHERE id = ?1",
                    params![id, now, told],
                )
            })
            .await;
            (
                ended,
                (
                    "conversion_failed",
                    "Instrumental failed",
                    format!("“{title}” could not be converted: {reason}."),
                ),
            )
        }
    };
    let Ok(ended) = ended else { return };
    let (kind, title, message) = notification;
    notifications::send(app, ended.user_id, kind, title, &message, Some(ended.id)).await;
    app.tell(News::Conversion(Box::new(ended)));
}

/// # Errors
/// Why it failed, in words.
async fn steps(app: &Arc<App>, conversion: &Conversion) -> Result<(), String> {
    let refused = |_: ApiError| "the service's storage refuses".to_owned();
    let (id, now) = (conversion.id, app.clock.now());
    let begun = change(app, id, move |db| {
        db.execute(
            "UPDATE conversions SET status = 'processing', started_at = ?2 WHERE id = ?1",
            params![id, now],
        )
    });
    app.tell(News::Conversion(Box::new(begun.await.map_err(refused)?)));
    if conversion.song.origin == Origin::Extra && !app.media.has_instrumental(&conversion.song) {
        return Err("its lead cannot be told from the rest".to_owned());
    }
    let rendered = {
        let (app, song) = (app.clone(), conversion.song.clone());
        tokio::spawn(async move { media::make_instrumental(&app, &song).await })
    };
    let step = app.options.conversion_time / STEPS + Duration::from_millis(conversion.fate.slower_ms);
    for number in 1..STEPS {
        tokio::time::sleep(step).await;
        if conversion.fate.fails && number > FAILS_AFTER {
            return Err("the model ran out of memory".to_owned());
        }
        let progress = number * 100 / STEPS;
        let moved = change(app, id, move |db| {
            db.execute("UPDATE conversions SET progress = ?2 WHERE id = ?1", params![id, progress])
        });
        app.tell(News::Conversion(Box::new(moved.await.map_err(refused)?)));
    }
    tokio::time::sleep(step).await;
    match rendered.await {
        Ok(Ok(())) => Ok(()),
        _ => Err("the score cannot be rendered".to_owned()),
    }
}

/// Changes a conversion and reads it back.
async fn change(
    app: &Arc<App>,
    id: i64,
    write: impl FnOnce(&Connection) -> rusqlite::Result<usize> + Send + 'static,
) -> Result<Conversion, ApiError> {
    app.db
        .call(move |connection| {
            let transaction = connection.transaction()?;
            write(&transaction)?;
            let conversion = conversions::read(&transaction, id)?;
            transaction.commit()?;
            Ok(conversion)
        })
        .await
}
