//! The queue as it was left: which songs, and where in them. Two values among the settings, because the place is written
//! every few seconds and the order, which may be long, only when it changes.

use melody_model::{Rendition, SongId};
use serde::{Deserialize, Serialize};

use crate::{Library, Result, settings};

const SONGS: &str = "queue";
const PLACE: &str = "queue_place";

/// A queue as it was left.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptQueue {
    /// In order. Whether they are still known is not looked at.
    pub songs: Vec<SongId>,
    pub place: QueuePlace,
}

/// Where playback stands in a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QueuePlace {
    /// The song that is on, from 0; as many as there are songs when the queue is over.
    pub index: usize,
    /// How far into it, in seconds.
    pub at_s: f64,
    pub rendition: Rendition,
}

impl Library {
    /// The queue that was kept last; `None` when there is none, or it was empty.
    pub async fn kept_queue(&self) -> Result<Option<KeptQueue>> {
        self.workers
            .read(|c| {
                let Some(songs) = settings::get(c, SONGS)? else { return Ok(None) };
                let place = settings::get(c, PLACE)?.map(|json| serde_json::from_str(&json)).transpose()?;
                Ok(Some(KeptQueue { songs: serde_json::from_str(&songs)?, place: place.unwrap_or_default() }))
            })
            .await
    }

    /// Keeps a queue in place of the one before. An empty one is forgotten.
    pub async fn keep_queue(&self, songs: Vec<SongId>, place: QueuePlace) -> Result<()> {
        self.workers
            .write(move |w| {
                if songs.is_empty() {
                    w.tx.execute("DELETE FROM setting WHERE key IN (?1, ?2)", [SONGS, PLACE])?;
                    return Ok(());
                }
                settings::set(&w.tx, SONGS, &serde_json::to_string(&songs)?)?;
                settings::set(&w.tx, PLACE, &serde_json::to_string(&place)?)
            })
            .await
    }

    /// Keeps another place in the same queue. Without a queue there is no place.
    pub async fn keep_queue_place(&self, place: QueuePlace) -> Result<()> {
        self.workers
            .write(move |w| match settings::get(&w.tx, SONGS)? {
                Some(_) => settings::set(&w.tx, PLACE, &serde_json::to_string(&place)?),
                None => Ok(()),
            })
            .await
    }
}
