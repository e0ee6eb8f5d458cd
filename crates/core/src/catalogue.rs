//! Finding songs: the service's answers are stored first and read from the library.

use std::sync::Arc;

use melody_library::SearchQuery;
use melody_model::{RemotePage, RemoteSong, ServerId, SongId, SongView};

use crate::{
    Error, ErrorReport, FoundSongs, From, FullSong, OneSong, SearchRequest, TrendingRequest, TrendingSongs,
    context::{Account, Context},
};

/// The service's own bounds of one page.
const MOST: u32 = 50;

/// The catalogue service: search, trending, one song.
#[derive(Clone, Debug)]
pub(crate) struct Catalogue {
    context: Arc<Context>,
}

impl Catalogue {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    pub(crate) async fn search(&self, request: SearchRequest) -> Result<FoundSongs, Error> {
        if request.query.trim().is_empty() {
            return Err(Error::Invalid("Type what to search for: a title, an artist or an album.".into()));
        }
        check_limit(request.limit, MOST)?;
        let account = self.context.account();
        if request.offline || self.context.is_offline()? {
            return search_here(&account, &request).await;
        }
        let asked = melody_api::SearchRequest {
            query: request.query.trim().to_owned(),
            kind: request.kind,
            language: request.language.clone(),
            source: request.source,
            limit: request.limit,
            offset: request.offset,
        };
        let page = account.search.search(asked).await?.ok_or(Error::Superseded)?;
        let skipped = page.skipped;
        let came = (page.items.len() + skipped) as u64;
        let total = page.total;
        let (ids, not_kept) = store(&account, &key(&request), page, request.offset).await?;
        Ok(FoundSongs {
            songs: account.library.songs(ids).await?,
            // Without a total all that is known is what came.
            total: total.unwrap_or(request.offset + came),
            total_exact: total.is_some() || came < u64::from(request.limit),
            skipped,
            from: From::Service,
            not_kept,
        })
    }

    pub(crate) async fn trending(&self, request: TrendingRequest) -> Result<TrendingSongs, Error> {
        check_limit(request.limit, MOST)?;
        let account = self.context.account();
        let key = format!(
            "trending {} {} {}",
            request.timeframe.as_str(),
            request.language.as_deref().unwrap_or("*"),
            request.limit
        );
        if request.offline || self.context.is_offline()? {
            let answer = account.library.answer(&key, request.limit, 0).await?;
            let songs = answer.map(|answer| answer.page.songs).unwrap_or_default();
            return Ok(TrendingSongs { songs, not_kept: None });
        }
        let page =
            account.client.trending(request.language.as_deref(), request.timeframe, request.limit).await?;
        let (ids, not_kept) = store(&account, &key, page, 0).await?;
        Ok(TrendingSongs { songs: account.library.songs(ids).await?, not_kept })
    }

    /// One song with its lyrics and metadata: fresh from the service, or as it is known here when the service
    /// cannot be reached.
    pub(crate) async fn song(&self, id: &str) -> Result<OneSong, Error> {
        let account = self.context.account();
        let id = resolve(&account, id).await?;
        let known = OneSong { song: full(&account, id).await?, not_kept: None };
        match ask(&account, id).await {
            Ok(not_kept) => Ok(OneSong { song: full(&account, id).await?, not_kept }),
            Err(e) if e.retryable() => Ok(known),
            Err(Error::UnknownId { .. } | Error::Api(melody_api::Error::Offline)) => Ok(known),
            Err(e) => Err(e),
        }
    }
}

/// Keeps an answer's songs and their order, and returns our ids in that order, and why the disk took nothing of it if it
/// did not.
async fn store(
    account: &Account,
    key: &str,
    page: RemotePage<RemoteSong>,
    offset: u64,
) -> Result<(Vec<SongId>, Option<ErrorReport>), Error> {
    let (ids, not_kept) = keep(account, page.items).await?;
    if not_kept.is_some() {
        return Ok((ids, not_kept));
    }
    let generation = account.generation().await?;
    match account.library.store_answer(key, generation, &ids, page.total, offset).await {
        // The songs themselves are kept.
        Err(e) if !e.is_refusal() => Err(e.into()),
        _ => Ok((ids, None)),
    }
}

/// Keeps songs that the service told of and returns our ids of them. Where the disk takes nothing they are held by this
/// process, and it says why: whoever asked has the answer all the same.
async fn keep(
    account: &Account,
    songs: Vec<RemoteSong>,
) -> Result<(Vec<SongId>, Option<ErrorReport>), Error> {
    let kept = async {
        let generation = account.generation().await?;
        Ok(account.library.store_songs(generation, songs.clone()).await?)
    };
    match kept.await {
        Ok(songs) => Ok((songs.iter().map(|song| song.id).collect(), None)),
        Err(Error::Library(e)) if e.is_refusal() => {
            // Somebody has just answered.
            let dialect = account.client.dialect().unwrap_or(melody_api::Dialect::Green);
            let ids = account.library.hold_songs(dialect.as_str(), songs).await?;
            Ok((ids, Some(Error::from(e).report())))
        }
        Err(e) => Err(e),
    }
}

async fn search_here(account: &Account, request: &SearchRequest) -> Result<FoundSongs, Error> {
    let page = account
        .library
        .search(SearchQuery {
            text: request.query.clone(),
            kind: request.kind,
            language: request.language.clone(),
            limit: request.limit,
            offset: request.offset,
        })
        .await?;
    Ok(FoundSongs {
        songs: page.songs,
        total: page.total,
        total_exact: page.total_exact,
        skipped: 0,
        from: From::Local,
        not_kept: None,
    })
}

async fn full(account: &Account, id: SongId) -> Result<FullSong, Error> {
    let view = account.library.song(id).await?.ok_or_else(|| Error::unknown(id))?;
    let details = account.library.song_details(id).await?.map(|stored| stored.details).unwrap_or_default();
    Ok(FullSong { view, details })
}

/// Asks the service for a song that is known here, and keeps what it says.
pub(crate) async fn fetch(account: &Account, id: SongId) -> Result<SongView, Error> {
    ask(account, id).await?;
    account.library.song(id).await?.ok_or_else(|| Error::unknown(id))
}

/// The same, for what comes of keeping it.
async fn ask(account: &Account, id: SongId) -> Result<Option<ErrorReport>, Error> {
    let server_id = match account.library.held_server_id(id) {
        Some(held) => Some(held),
        None => account.library.server_id(id, account.generation().await?).await?,
    };
    let song = account.client.track(&server_id.ok_or_else(|| Error::unknown(id))?).await?;
    Ok(keep(account, vec![song]).await?.1)
}

/// Our id of whatever a person or a script named: ours, the server's, a library entry's. One that is unknown
/// here but looks like the server's is asked for.
pub(crate) async fn resolve(account: &Account, text: &str) -> Result<SongId, Error> {
    let text = text.trim();
    if let Some(id) = account.library.resolve(text).await? {
        return Ok(id);
    }
    if !ServerId::looks_like_one(text) {
        return Err(Error::Invalid(format!(
            "“{text}” is not an id. Search for the song and use the id that is shown."
        )));
    }
    let song = account.client.track(&ServerId::from(text)).await.map_err(|e| match Error::from(e) {
        e if e.code() == crate::Code::ResourceNotFound => {
            Error::UnknownId { id: text.to_owned(), request_id: e.report().request_id }
        }
        e => e,
    })?;
    let (ids, _) = keep(account, vec![song]).await?;
    ids.first().copied().ok_or_else(|| Error::unknown(text))
}

pub(crate) fn check_limit(limit: u32, most: u32) -> Result<(), Error> {
    if (1..=most).contains(&limit) {
        Ok(())
    } else {
        Err(Error::Invalid(format!("The limit must be between 1 and {most}.")))
    }
}

/// The name under which a search's answer is kept.
fn key(request: &SearchRequest) -> String {
    format!(
        "search {} {} {} {}",
        request.kind.as_str(),
        request.source.as_str(),
        request.language.as_deref().unwrap_or("*"),
        request.query.trim()
    )
}
