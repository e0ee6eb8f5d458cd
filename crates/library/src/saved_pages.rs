//! Pages of the saved songs, in any order and at any depth, without walking what comes before them.
//!
//! An order of all of them is walked once, kept in memory as row numbers, and good until the list changes: the database
//! counts its changes (`tally`), whichever process makes them.

use std::sync::{Arc, Mutex, PoisonError};

use melody_model::{EntryOrder, EntrySort, EntryView};
use rusqlite::{Connection, ToSql};

use crate::{Library, Result, generations, rows, search, text};

/// Up to here rows are walked to: that is quicker than bringing all of them in order.
const SHALLOW: u64 = 300;
/// Orders that are kept: those between which somebody goes back and forth.
const KEPT: usize = 4;

/// Which page of the saved songs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryQuery {
    /// Only songs that a search for this text would find; all of them when empty.
    pub filter: String,
    /// ISO 639-1; `None` for any.
    pub language: Option<String>,
    pub limit: u32,
    pub offset: u64,
    pub sort: EntrySort,
    pub order: EntryOrder,
}

/// A page of saved songs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EntryPage {
    pub entries: Vec<EntryView>,
    /// How many there are over all pages.
    pub total: u64,
}

impl Library {
    /// A page of the saved songs.
    pub async fn entries(&self, query: EntryQuery) -> Result<EntryPage> {
        let kept = Arc::clone(&self.orders);
        self.workers.read(move |c| page(c, &kept, &query)).await
    }
}

/// What a list of saved songs is of.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    sort: EntrySort,
    filter: Option<Filter>,
    language: Option<String>,
}

/// A text to search for, as the two indexes understand it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Filter {
    spelt: String,
    sounding: Option<String>,
}

impl Wanted {
    /// `None` where the text has no word: a search for that finds nothing.
    fn of(query: &EntryQuery) -> Option<Self> {
        let filter = if query.filter.trim().is_empty() {
            None
        } else {
            Some(Filter {
                spelt: text::query(&query.filter, search::EVERYWHERE, None)?,
                sounding: text::sound_query(&query.filter, search::EVERYWHERE, None),
            })
        };
        Some(Self { sort: query.sort, filter, language: query.language.clone() })
    }

    fn is_everything(&self) -> bool {
        self.filter.is_none() && self.language.is_none()
    }

    /// The rows' numbers, or some of them, in order.
    fn walk(&self, c: &Connection, order: EntryOrder, limit: i64, offset: u64) -> Result<Vec<i64>> {
        let column = match self.sort {
            EntrySort::Added => "added_at",
            EntrySort::Title => "title_key",
            EntrySort::Artist => "artist_key",
            EntrySort::Plays => "play_count",
        };
        let order = match order {
            EntryOrder::Asc => "ASC",
            EntryOrder::Desc => "DESC",
        };
        let mut condition = "removed_at IS NULL".to_owned();
        let mut named: Vec<(&str, &dyn ToSql)> = vec![(":limit", &limit), (":offset", &offset)];
        if let Some(Filter { spelt, sounding }) = &self.filter {
            condition += " AND (song IN (SELECT rowid & 0xffffffff FROM search WHERE search MATCH :spelt)";
            named.push((":spelt", spelt));
            if let Some(sounding) = sounding {
                condition += " OR song IN (SELECT rowid & 0xffffffff FROM sound WHERE sound MATCH :sounding)";
                named.push((":sounding", sounding));
            }
            condition += ")";
        }
        if let Some(language) = &self.language {
            condition += " AND (SELECT language FROM song WHERE song.n = entry.song) = :language";
            named.push((":language", language));
        }
        let mut walk = c.prepare_cached(&format!(
            "SELECT n FROM entry WHERE {condition} ORDER BY {column} {order}, n {order} LIMIT :limit OFFSET :offset"
        ))?;
        let found = walk.query_map(named.as_slice(), |row| row.get(0))?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }
}

/// What the database says of its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tally {
    saved: u64,
    changed: i64,
    played: i64,
}

impl Tally {
    fn read(c: &Connection) -> Result<Self> {
        let mut query = c.prepare_cached("SELECT saved, changed, played FROM tally")?;
        let tally = query.query_row([], |row| {
            Ok(Self { saved: row.get(0)?, changed: row.get(1)?, played: row.get(2)? })
        })?;
        Ok(tally)
    }

    /// Whether what was in this order then is so now.
    fn still(self, then: Self, sort: EntrySort) -> bool {
        self.changed == then.changed && (self.played == then.played || sort != EntrySort::Plays)
    }
}

/// Notes that lists may have changed though no entry did: what a text finds is another matter now.
pub(crate) fn note_change(c: &Connection) -> Result<()> {
    c.prepare_cached("UPDATE tally SET changed = changed + 1")?.execute([])?;
    Ok(())
}

/// The orders that were last asked for, the latest first.
#[derive(Debug, Default)]
pub(crate) struct Orders(Mutex<Vec<Kept>>);

#[derive(Debug)]
struct Kept {
    wanted: Wanted,
    at: Tally,
    /// Ascending.
    numbers: Arc<[i64]>,
}

impl Orders {
    /// All row numbers, ascending: as they are kept, else walked to.
    fn of(&self, c: &Connection, wanted: Wanted, tally: Tally) -> Result<Arc<[i64]>> {
        if let Some(kept) = self.kept(&wanted, tally) {
            return Ok(kept);
        }
        let numbers: Arc<[i64]> = wanted.walk(c, EntryOrder::Asc, -1, 0)?.into();
        let mut orders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        orders.retain(|kept| kept.wanted != wanted);
        orders.insert(0, Kept { wanted, at: tally, numbers: Arc::clone(&numbers) });
        orders.truncate(KEPT);
        Ok(numbers)
    }

    fn kept(&self, wanted: &Wanted, tally: Tally) -> Option<Arc<[i64]>> {
        let mut orders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = orders.iter().position(|kept| kept.wanted == *wanted)?;
        if !tally.still(orders[at].at, wanted.sort) {
            return None;
        }
        orders[..=at].rotate_right(1);
        orders.first().map(|kept| Arc::clone(&kept.numbers))
    }
}

fn page(c: &Connection, orders: &Orders, query: &EntryQuery) -> Result<EntryPage> {
    let Some(wanted) = Wanted::of(query) else { return Ok(EntryPage::default()) };
    let tally = Tally::read(c)?;
    let generation = generations::current(c)?;
    let end = query.offset.saturating_add(query.limit.into());
    let (numbers, total) = if wanted.is_everything() && end <= SHALLOW {
        (wanted.walk(c, query.order, query.limit.into(), query.offset)?, tally.saved)
    } else {
        let all = orders.of(c, wanted, tally)?;
        let (offset, limit) = (usize::try_from(query.offset).unwrap_or(usize::MAX), query.limit as usize);
        let numbers = match query.order {
            EntryOrder::Asc => all.iter().skip(offset).take(limit).copied().collect(),
            EntryOrder::Desc => all.iter().rev().skip(offset).take(limit).copied().collect(),
        };
        (numbers, all.len() as u64)
    };
    let mut entries = Vec::with_capacity(numbers.len());
    for n in numbers {
        entries.extend(rows::entry_view(c, generation, n)?);
    }
    Ok(EntryPage { entries, total })
}
