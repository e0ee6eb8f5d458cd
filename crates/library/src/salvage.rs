//! What can be read of a damaged database, row by row, into a new one.

use std::{collections::BTreeMap, path::Path};

use rusqlite::{Connection, Row, params_from_iter, types::Value};

use crate::{
    Result, rescue, rows,
    search::{self, Indexed},
};

/// What comes again by itself: kept answers of the service, and the count of what is saved.
const CACHES: [&str; 3] = ["answer", "answer_song", "tally"];

/// Settings that stay. What the sync remembers goes, so that it reads the service's library anew.
const SETTINGS: &str =
    "key NOT IN ('library.generation', 'queue', 'queue_place') AND key NOT LIKE 'listening.%'";

/// Row numbers beyond which no row is looked for behind damage.
const LAST_ROW: i64 = 1 << 40;

/// Damaged places of one table that are passed over; one with more is a sieve.
const MOST_GAPS: usize = 1_000;

/// Songs that are indexed in one go.
const INDEXED_AT_ONCE: i64 = 5_000;

/// Copies every row that can be read. Answers the tables of which rows are missing.
pub(crate) fn salvage(damaged: &Path, into: &mut Connection) -> Result<Vec<String>> {
    into.pragma_update(None, "foreign_keys", false)?;
    let tables = tables(into)?;
    let tx = into.transaction()?;
    let mut lost: Vec<String> = match rescue::open_damaged(damaged) {
        Ok(from) => {
            let known = known_tables(&from);
            let unread = |table: &&Table| match &known {
                // A table that an older version did not have yet has lost nothing.
                Some(known) => known.contains(&table.name) && !copy(&from, &tx, table),
                None => true,
            };
            tables.iter().filter(unread).map(|table| table.name.clone()).collect()
        }
        Err(_) => tables.iter().map(|table| table.name.clone()).collect(),
    };
    tx.execute(&format!("DELETE FROM setting WHERE {SETTINGS}"), [])?;
    let mut bereft = index(&tx)?;
    bereft.extend(without_orphans(&tx, &tables)?);
    lost.extend(bereft);
    lost.sort_unstable();
    lost.dedup();
    tx.commit()?;
    Ok(lost)
}

/// A table of the new database.
struct Table {
    name: String,
    columns: Vec<String>,
    /// Whether its rows have numbers.
    numbered: bool,
    /// The columns of its primary key.
    key: Vec<String>,
}

/// The tables that hold what nobody else has, or what takes long to bring again.
fn tables(c: &Connection) -> Result<Vec<Table>> {
    let mut all =
        c.prepare("SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")?;
    let found = all
        .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?)))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut columns_of = c.prepare("SELECT name, pk FROM pragma_table_info(?1) ORDER BY cid")?;
    let mut tables = Vec::new();
    for (name, without_rowid) in found {
        if name.starts_with("sqlite_") || CACHES.contains(&name.as_str()) {
            continue;
        }
        let columns = columns_of
            .query_map([&name], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let key = columns.iter().filter(|(_, pk)| *pk > 0).map(|(name, _)| name.clone()).collect();
        let columns = columns.into_iter().map(|(name, _)| name).collect();
        tables.push(Table { name, columns, numbered: !without_rowid, key });
    }
    Ok(tables)
}

/// The tables that the damaged database has; `None` if not even that can be read.
fn known_tables(from: &Connection) -> Option<Vec<String>> {
    let mut query = from.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").ok()?;
    let names = query.query_map([], |row| row.get(0)).ok()?;
    names.collect::<rusqlite::Result<_>>().ok()
}

/// Copies a table; `false` if rows of it are missing.
fn copy(from: &Connection, into: &Connection, table: &Table) -> bool {
    let Some(columns) = shared_columns(from, table) else { return false };
    let list = columns.join(", ");
    let values = vec!["?"; columns.len()].join(", ");
    let insert = format!("INSERT OR IGNORE INTO {} ({list}) VALUES ({values})", table.name);
    let Ok(mut insert) = into.prepare(&insert) else { return false };
    let mut put = |row: &Row<'_>, first: usize| {
        let values = (first..first + columns.len())
            .map(|at| row.get_ref(at).ok().and_then(|value| Value::try_from(value).ok()))
            .collect::<Option<Vec<_>>>();
        values.is_some_and(|values| insert.execute(params_from_iter(values)).is_ok_and(|put| put == 1))
    };
    if table.numbered {
        numbered(from, &table.name, &list, &mut put)
    } else {
        // From both ends to where the damage is.
        let order = |end: &str| {
            table.key.iter().map(|column| format!("{column} {end}")).collect::<Vec<_>>().join(", ")
        };
        let read = |end: &str, put: &mut dyn FnMut(&Row<'_>, usize) -> bool| -> rusqlite::Result<bool> {
            let mut query =
                from.prepare(&format!("SELECT {list} FROM {} ORDER BY {}", table.name, order(end)))?;
            let mut rows = query.query([])?;
            let (mut whole, mut refused) = (true, 0);
            while let Some(row) = rows.next()? {
                let kept = put(row, 0);
                whole &= kept;
                refused = if kept { 0 } else { refused + 1 };
                if refused > MOST_GAPS {
                    // Pages point in a circle, or all of it has been here before.
                    break;
                }
            }
            Ok(whole)
        };
        read("ASC", &mut put).unwrap_or_else(|_| {
            let _ = read("DESC", &mut put);
            false
        })
    }
}

/// The columns that both have.
fn shared_columns(from: &Connection, table: &Table) -> Option<Vec<String>> {
    let mut query = from.prepare("SELECT name FROM pragma_table_info(?1)").ok()?;
    let names = query.query_map([&table.name], |row| row.get::<_, String>(0)).ok()?;
    let there = names.collect::<rusqlite::Result<Vec<_>>>().ok()?;
    let shared: Vec<String> = table.columns.iter().filter(|column| there.contains(column)).cloned().collect();
    (!shared.is_empty()).then_some(shared)
}

/// Reads a table by its row numbers, and where it is damaged goes on behind the damage.
fn numbered(
    from: &Connection,
    table: &str,
    columns: &str,
    put: &mut dyn FnMut(&Row<'_>, usize) -> bool,
) -> bool {
    let sql = format!("SELECT rowid, {columns} FROM {table} NOT INDEXED WHERE rowid > ?1 ORDER BY rowid");
    let Ok(mut query) = from.prepare(&sql) else { return false };
    let (mut after, mut whole) = (0, true);
    for _ in 0..MOST_GAPS {
        // As far as it goes: where pages point in a circle numbers go back.
        let read = query.query([after]).and_then(|mut rows| {
            while let Some(row) = rows.next()? {
                let n: i64 = row.get(0)?;
                if n <= after {
                    return Ok(false);
                }
                whole &= put(row, 1);
                after = n;
            }
            Ok(true)
        });
        if read == Ok(true) {
            return whole;
        }
        whole = false;
        let mut readable =
            |after: i64| query.query([after]).and_then(|mut rows| rows.next().map(drop)).is_ok();
        let Some(behind) = behind_damage(after, &mut readable) else { return false };
        after = behind;
    }
    false
}

/// The first row number after which a row can be read, or none are left; `None` if there is no such.
fn behind_damage(after: i64, readable: &mut impl FnMut(i64) -> bool) -> Option<i64> {
    let (mut bad, mut step) = (after, 1);
    let mut good = loop {
        let next = after.saturating_add(step);
        if next > LAST_ROW {
            return None;
        }
        if readable(next) {
            break next;
        }
        bad = next;
        step *= 2;
    };
    while good - bad > 1 {
        let middle = bad + (good - bad) / 2;
        if readable(middle) { good = middle } else { bad = middle }
    }
    Some(good)
}

/// Writes the search index anew. A song whose content makes no sense goes.
fn index(c: &Connection) -> Result<Vec<String>> {
    let mut lost = Vec::new();
    let mut query = c.prepare(&format!(
        "SELECT s.n, {} FROM song s WHERE s.n > ?1 ORDER BY s.n LIMIT {INDEXED_AT_ONCE}",
        rows::CONTENT
    ))?;
    let mut after = 0;
    loop {
        let (mut songs, mut senseless) = (BTreeMap::new(), Vec::new());
        let mut found = query.query([after])?;
        let mut count = 0;
        while let Some(row) = found.next()? {
            count += 1;
            after = row.get(0)?;
            match rows::content(row, 1) {
                // A song's number is half of its document's.
                Ok(content) if u32::try_from(after).is_ok() => {
                    songs.insert(after, Indexed { old: None, content });
                }
                _ => senseless.push(after),
            }
        }
        drop(found);
        if count == 0 {
            return Ok(lost);
        }
        search::reindex(c, songs)?;
        for n in senseless {
            c.execute("DELETE FROM song WHERE n = ?1", [n])?;
            lost = vec!["song".to_owned()];
        }
    }
}

/// Lets go of rows that belong to others which could not be read. Answers the tables that had such.
fn without_orphans(c: &Connection, tables: &[Table]) -> Result<Vec<String>> {
    let mut lost = Vec::new();
    let mut keys_of = c.prepare("SELECT \"from\", \"table\", \"to\" FROM pragma_foreign_key_list(?1)")?;
    // A row that goes may leave others without theirs.
    loop {
        let mut gone = 0;
        for table in tables {
            let keys = keys_of
                .query_map([&table.name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect::<rusqlite::Result<Vec<(String, String, String)>>>()?;
            for (column, parent, its) in keys {
                let name = &table.name;
                let count = c.execute(
                    &format!(
                        "DELETE FROM {name} WHERE {column} IS NOT NULL
                         AND NOT EXISTS (SELECT 1 FROM {parent} p WHERE p.{its} = {name}.{column})"
                    ),
                    [],
                )?;
                if count > 0 {
                    lost.push(name.clone());
                }
                gone += count;
            }
        }
        if gone == 0 {
            return Ok(lost);
        }
    }
}
