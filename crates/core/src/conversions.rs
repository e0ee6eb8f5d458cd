//! Instrumentals on request: asked for once, followed to their end, heard afterwards.

use std::sync::Arc;

use jiff::Timestamp;
use melody_api::ConversionsRequest;
use melody_model::{ConversionStatus, RemoteConversion, RemotePage, Rendition, ServerId, SongId, SongView};
use serde::Serialize;
use ts_rs::TS;

use crate::{
    Error, Event, catalogue,
    context::{Account, Context},
    sources,
    sync::{Sync, TRY_FOR},
};

/// The most conversions in one answer.
const MOST: u32 = 100;

/// A conversion as a face shows it.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct ConversionView {
    /// The job's id at the service; absent when the song had its instrumental before anybody asked.
    pub id: Option<ServerId>,
    /// Absent for a song that is unknown here.
    pub song: Option<SongView>,
    pub status: ConversionStatus,
    /// 0 to 100.
    pub progress: u8,
    /// How many are made before it.
    pub queue_position: Option<u64>,
    pub seconds_left: Option<u64>,
    #[ts(type = "string | null")]
    pub created_at: Option<Timestamp>,
    #[ts(type = "string | null")]
    pub started_at: Option<Timestamp>,
    #[ts(type = "string | null")]
    pub completed_at: Option<Timestamp>,
    /// Why it failed, in the service's words.
    pub error: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct OneConversion {
    pub conversion: ConversionView,
}

/// Conversions, the newest first.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct ConversionPage {
    pub conversions: Vec<ConversionView>,
    pub total: u64,
    /// Items of the answer that could not be read.
    pub skipped: usize,
}

/// The service of the conversions.
#[derive(Clone, Debug)]
pub(crate) struct Conversions {
    context: Arc<Context>,
    sync: Sync,
}

impl Conversions {
    pub(crate) fn new(context: Arc<Context>, sync: Sync) -> Self {
        Self { context, sync }
    }

    /// Has an instrumental made of a saved song, and with `wait` follows it to its end. One that is under way already
    /// is not asked for again: the service would count it, and five an hour are all there are.
    pub(crate) async fn convert(&self, id: &str, wait: bool) -> Result<OneConversion, Error> {
        let account = self.context.signed_in()?;
        let song = catalogue::resolve(&account, id).await?;
        let view = account.library.song(song).await?.ok_or_else(|| Error::unknown(song))?;
        if view.song.content.audio_files.contains_key(&Rendition::Instrumental) {
            return Ok(OneConversion { conversion: there_already(view) });
        }
        let entry = self.entry(&account, &view).await?;
        let begun = match under_way(&account, &entry).await? {
            Some(conversion) => conversion,
            None => account.client.convert(&entry, &original(&account, &view).await?).await?,
        };
        let job = begun.server_id.clone();
        let mut conversion = self.told(&view, begun);
        if wait {
            let account = account.clone();
            let followed = self.follow(&account, &view, job);
            conversion = account.unless_left(followed).await?.unwrap_or(conversion);
        }
        Ok(OneConversion { conversion })
    }

    async fn follow(
        &self,
        account: &Arc<Account>,
        view: &SongView,
        job: ServerId,
    ) -> Result<Option<ConversionView>, Error> {
        let mut following = account.client.follow_conversion(job);
        let mut last = None;
        while let Some(heard) = following.next().await? {
            last = Some(self.told(view, heard));
        }
        if let Some(ConversionView {
            status: ConversionStatus::Failed | ConversionStatus::Cancelled,
            error: reason,
            ..
        }) = last
        {
            return Err(Error::NotConverted { title: view.song.content.title.clone(), reason });
        }
        // Where it is now, so that it plays at once; what plays it asks again if this is not heard.
        if let Err(e) = sources::fresh_address(account, view.song.id, Rendition::Instrumental).await {
            tracing::warn!(code = %e.code(), "a new instrumental could not be looked up");
        }
        Ok(last)
    }

    pub(crate) async fn list(
        &self,
        limit: u32,
        offset: u64,
        status: Option<ConversionStatus>,
    ) -> Result<ConversionPage, Error> {
        catalogue::check_limit(limit, MOST)?;
        let account = self.context.signed_in()?;
        let page = account.client.conversions(ConversionsRequest { limit, offset, status }).await?;
        let came = (page.items.len() + page.skipped) as u64;
        let (total, skipped) = (page.total.unwrap_or(offset + came), page.skipped);
        Ok(ConversionPage { conversions: with_songs(&account, page).await?, total, skipped })
    }

    /// Tells of a conversion, and returns it as it was told.
    fn told(&self, song: &SongView, conversion: RemoteConversion) -> ConversionView {
        let view = view(Some(song.clone()), conversion);
        self.context.tell(Event::ConversionChanged(Box::new(view.clone())));
        view
    }

    /// What the service calls the saved song. One that it has not heard of yet is told to it first.
    async fn entry(&self, account: &Account, view: &SongView) -> Result<ServerId, Error> {
        let (song, title) = (view.song.id, &view.song.content.title);
        let named = async || {
            let generation = account.generation().await?;
            Ok::<_, Error>(account.library.entry_server_id(song, generation).await?)
        };
        if let Some(entry) = named().await? {
            return Ok(entry);
        }
        if account.library.entry_of(song).await?.is_none() {
            // It may have been saved on another device.
            self.sync.run().await?;
        } else {
            self.sync.drain_for(TRY_FOR).await;
        }
        named().await?.ok_or_else(|| {
            Error::Invalid(format!(
                "“{title}” is not among your saved songs. Save it first, then convert it."
            ))
        })
    }
}

/// A conversion of this saved song that is not over.
async fn under_way(account: &Account, entry: &ServerId) -> Result<Option<RemoteConversion>, Error> {
    let request = ConversionsRequest { limit: MOST, offset: 0, status: None };
    let page = account.client.conversions(request).await?;
    let same = |one: &RemoteConversion| one.library_id.as_ref() == Some(entry) && !one.status.is_over();
    Ok(page.items.into_iter().find(same))
}

/// The absolute address of the original.
async fn original(account: &Arc<Account>, view: &SongView) -> Result<String, Error> {
    let address = match view.song.content.audio_files.get(&Rendition::Original) {
        Some(file) => file.url.clone(),
        None => sources::fresh_address(account, view.song.id, Rendition::Original).await?,
    };
    Ok(account.client.address().resolve(&address)?.into())
}

/// The conversions of a page beside their songs. Those that come with them are kept, and with them the address of what
/// is done.
async fn with_songs(
    account: &Account,
    page: RemotePage<RemoteConversion>,
) -> Result<Vec<ConversionView>, Error> {
    let generation = account.generation().await?;
    let songs = page.items.iter().filter_map(|one| one.song.clone()).collect();
    account.library.store_songs(generation, songs).await?;
    let named = |one: &RemoteConversion| {
        let id = one.track_id.as_ref().or(one.library_id.as_ref());
        id.map(|id| id.as_str().to_owned()).unwrap_or_default()
    };
    let ids = account.library.resolve_all(page.items.iter().map(named).collect()).await?;
    let known: Vec<SongId> = ids.iter().flatten().copied().collect();
    let views = account.library.songs(known).await?;
    let of = |id: Option<SongId>| views.iter().find(|view| Some(view.song.id) == id).cloned();
    Ok(page.items.into_iter().zip(ids).map(|(one, id)| view(of(id), one)).collect())
}

fn there_already(song: SongView) -> ConversionView {
    ConversionView {
        id: None,
        song: Some(song),
        status: ConversionStatus::Completed,
        progress: 100,
        queue_position: None,
        seconds_left: None,
        created_at: None,
        started_at: None,
        completed_at: None,
        error: None,
    }
}

fn view(song: Option<SongView>, conversion: RemoteConversion) -> ConversionView {
    ConversionView {
        id: Some(conversion.server_id),
        song,
        status: conversion.status,
        progress: conversion.progress,
        queue_position: conversion.queue_position,
        seconds_left: conversion.seconds_left,
        created_at: conversion.created_at,
        started_at: conversion.started_at,
        completed_at: conversion.completed_at,
        error: conversion.error,
    }
}
