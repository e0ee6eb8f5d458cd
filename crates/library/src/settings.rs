//! Settings: small JSON values by name, kept with the library that they belong to.

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;

use crate::{Library, Result};

impl Library {
    /// The value kept under a name.
    pub async fn setting(&self, key: &str) -> Result<Option<Value>> {
        let key = key.to_owned();
        self.workers
            .read(move |c| Ok(get(c, &key)?.map(|json| serde_json::from_str(&json)).transpose()?))
            .await
    }

    /// Keeps a value under a name; `null` forgets it. Never for tokens, OTPs or whole phone numbers:
    /// the file is readable by whoever can read the profile.
    pub async fn set_setting(&self, key: &str, value: &Value) -> Result<()> {
        let (key, json) = (key.to_owned(), (!value.is_null()).then(|| value.to_string()));
        self.workers
            .write(move |w| {
                if let Some(json) = json {
                    return set(&w.tx, &key, &json);
                }
                w.tx.execute("DELETE FROM setting WHERE key = ?1", [key])?;
                Ok(())
            })
            .await
    }
}

pub(crate) fn get(c: &Connection, key: &str) -> Result<Option<String>> {
    let mut query = c.prepare_cached("SELECT value FROM setting WHERE key = ?1")?;
    Ok(query.query_row([key], |row| row.get(0)).optional()?)
}

pub(crate) fn set(c: &Connection, key: &str, json: &str) -> Result<()> {
    c.prepare_cached(
        "INSERT INTO setting (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    )?
    .execute(params![key, json])?;
    Ok(())
}
