//! The file: what is not ours is left alone, and each way in which a disk refuses has its code.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // All of it is test.

mod common;

use std::{fs, path::Path};

use common::{Bench, inspect, song};
use melody_library::{Error, Library};

fn refused(file: &Path) -> Error {
    Library::open(file).expect_err("opened")
}

#[tokio::test]
async fn a_new_library_is_made_with_its_folder_and_closes_into_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a/b/library.db");
    let library = Library::open(&file).unwrap();
    library.set_setting("k", &serde_json::json!(1)).await.unwrap();
    drop(library);
    let left: Vec<_> =
        fs::read_dir(file.parent().unwrap()).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert_eq!(left, ["library.db"]);
}

#[tokio::test]
async fn a_write_is_on_the_disk_when_it_is_confirmed() {
    let bench = Bench::new().await;
    let connection = inspect(&bench.file());
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
    // Not the last to close: the journal stays, and what was confirmed is read from it.
    bench.library.set_setting("k", &serde_json::json!(7)).await.unwrap();
    let kept: String =
        connection.query_row("SELECT value FROM setting WHERE key = 'k'", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, "7");
}

#[test]
fn many_may_open_a_new_library_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("library.db");
    std::thread::scope(|scope| {
        let opening: Vec<_> = (0..8).map(|_| scope.spawn(|| Library::open(&file).map(drop))).collect();
        for opened in opening {
            opened.join().unwrap().unwrap();
        }
    });
    drop(Library::open(&file).unwrap());
}

#[tokio::test]
async fn a_newer_library_is_refused_untouched() {
    let bench = Bench::new().await;
    let file = bench.file();
    inspect(&file).pragma_update(None, "user_version", 99).unwrap();
    drop(bench.library);
    let before = fs::read(&file).unwrap();
    let error = refused(&file);
    assert!(matches!(error, Error::Newer { found: 99, .. }), "{error:?}");
    assert_eq!(error.code(), "STORAGE_NEWER");
    assert!(error.to_string().contains("newer Melody Studio"));
    assert_eq!(fs::read(&file).unwrap(), before);
    assert_eq!(fs::read_dir(bench.folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_newer_library_with_a_journal_is_refused_untouched() {
    let bench = Bench::new().await;
    let file = bench.file();
    let journal = file.with_extension("db-wal");
    // Killed while it was open: the version is in the journal only.
    inspect(&file).pragma_update(None, "user_version", 99).unwrap();
    let other = tempfile::tempdir().unwrap();
    let copy = other.path().join("library.db");
    fs::copy(&file, &copy).unwrap();
    fs::copy(&journal, copy.with_extension("db-wal")).unwrap();
    let before = (fs::read(&copy).unwrap(), fs::read(copy.with_extension("db-wal")).unwrap());
    assert_eq!(refused(&copy).code(), "STORAGE_NEWER");
    assert_eq!((fs::read(&copy).unwrap(), fs::read(copy.with_extension("db-wal")).unwrap()), before);
}

#[test]
fn what_is_no_library_of_ours_is_refused_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let foreign = folder.path().join("foreign.db");
    inspect(&foreign).execute_batch("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1);").unwrap();
    let files = [
        ("text", b"This is not a database, it is a letter to a friend.".repeat(40)),
        ("short", b"x".to_vec()),
        ("noise", (0..=255_u8).cycle().take(9_000).collect()),
    ];
    for (name, content) in &files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    for name in ["text", "short", "noise", "foreign.db"] {
        let file = folder.path().join(name);
        let before = fs::read(&file).unwrap();
        let error = refused(&file);
        assert_eq!(error.code(), "STORAGE_DAMAGED", "{name}: {error:?}");
        assert!(error.to_string().contains(name), "{error}");
        assert_eq!(fs::read(&file).unwrap(), before, "{name}");
    }
    let error = refused(folder.path());
    assert_eq!(error.code(), "STORAGE_IO", "{error:?}");
}

#[tokio::test]
async fn a_library_cut_short_is_damaged_and_not_half_read() {
    let bench = Bench::new().await;
    let songs = (0..2_000).map(|n| song(&format!("s{n}"), &format!("Song number {n}"), "Someone")).collect();
    bench.library.store_songs(bench.generation, songs).await.unwrap();
    let file = bench.file();
    drop(bench.library);
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() / 3]).unwrap();
    let library = Library::open(&file).unwrap();
    if library.rescue().is_none() {
        // It was closed cleanly, so nobody looked: the first to read finds out, and the next start looks.
        let query = melody_library::SearchQuery { text: "so".to_owned(), limit: 50, ..Default::default() };
        let error = library.search(query).await.expect_err("read from a third of a file");
        assert_eq!(error.code(), "STORAGE_DAMAGED", "{error:?}");
        drop(library);
        let library = Library::open(&file).unwrap();
        assert!(library.rescue().is_some_and(|rescue| !rescue.lost.is_empty()));
    }
}

/// A library of the first version, with a setting in it.
fn old_library(folder: &Path) -> std::path::PathBuf {
    let file = folder.join("library.db");
    let old = inspect(&file);
    old.execute_batch(include_str!("../src/schema/0001.sql")).unwrap();
    old.execute("INSERT INTO setting (key, value) VALUES ('k', '7')", []).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    old.pragma_update(None, "application_id", 0x4D4C_4459).unwrap();
    file
}

#[tokio::test]
async fn a_copy_is_kept_before_the_schema_changes_and_only_the_latest() {
    let folder = tempfile::tempdir().unwrap();
    let file = old_library(folder.path());
    fs::write(folder.path().join("library.db.before-1"), "an older copy").unwrap();
    fs::write(folder.path().join("library.db.copy"), "half a copy of a killed process").unwrap();
    let library = Library::open(&file).unwrap();
    assert_eq!(library.setting("k").await.unwrap(), Some(serde_json::json!(7)));
    library.set_setting("k", &serde_json::json!(8)).await.unwrap();
    drop(library);
    let version = |file: &Path| -> i64 {
        inspect(file).query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
    };
    let copy = folder.path().join(format!("library.db.before-{}", version(&file)));
    let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().path()).collect();
    left.sort();
    assert_eq!(left, [file.clone(), copy.clone()]);
    assert_eq!(version(&copy), 1);
    let kept: String =
        inspect(&copy).query_row("SELECT value FROM setting WHERE key = 'k'", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, "7");
    // It can be put back, and is brought up to date again.
    fs::rename(&copy, &file).unwrap();
    let library = Library::open(&file).unwrap();
    assert_eq!(library.setting("k").await.unwrap(), Some(serde_json::json!(7)));
    assert!(copy.exists());
    drop(library);
    fs::remove_file(&copy).unwrap();
    drop(Library::open(&file).unwrap());
    assert!(!copy.exists(), "nothing changed, so nothing is copied");
}

#[tokio::test]
async fn a_copy_that_cannot_be_kept_leaves_the_library_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let file = old_library(folder.path());
    // Where the copy would be made is something that is no file.
    fs::create_dir_all(folder.path().join("library.db.copy/in the way")).unwrap();
    assert_eq!(refused(&file).code(), "STORAGE_IO");
    let version: i64 = inspect(&file).query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(version, 1);
}

#[tokio::test]
async fn a_write_waits_for_another_process_and_then_says_that_it_is_busy() {
    let bench = Bench::new().await;
    let id = bench.store(song("s1", "A", "")).await;
    let other = inspect(&bench.file());
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begun = std::time::Instant::now();
    let error = bench.library.add(id).await.expect_err("written");
    assert_eq!(error.code(), "STORAGE_BUSY", "{error:?}");
    assert!(begun.elapsed() >= std::time::Duration::from_millis(1_900), "it waited");
    assert_eq!(bench.titles("a").await, ["A"], "readers never wait");
    other.execute_batch("COMMIT").unwrap();
    bench.library.add(id).await.unwrap();
    assert_eq!(bench.library.outbox_status().await.unwrap().pending, 1);
}

/// Root may write anywhere, so the read-only half of the test runs as somebody who may not.
#[cfg(unix)]
mod read_only {
    use std::{
        env,
        os::unix::{fs::PermissionsExt, process::CommandExt},
        process::Command,
    };

    use super::*;

    const CHILD: &str = "MELODY_TEST_READ_ONLY";
    const NOBODY: u32 = 65_534;

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[tokio::test]
    async fn a_read_only_folder_can_be_read_and_not_written() {
        let bench = Bench::new().await;
        let id = bench.store(song("s1", "Kept", "")).await;
        bench.library.add(id).await.unwrap();
        let file = bench.file();
        drop(bench.library);
        let program = bench.folder.path().join("test");
        fs::copy(env::current_exe().unwrap(), &program).unwrap();
        mode(&program, 0o555);

        // The file may be writable while its folder is not, or neither.
        for file_mode in [0o666, 0o444] {
            mode(&file, file_mode);
            mode(bench.folder.path(), 0o555);
            let mut child = Command::new(&program);
            child.args(["--exact", "read_only::child", "--ignored", "--nocapture"]).env(CHILD, &file);
            child.current_dir("/");
            if fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0) {
                child.uid(NOBODY).gid(NOBODY);
            }
            let output = child.output().unwrap();
            mode(bench.folder.path(), 0o755);
            assert!(output.status.success(), "{file_mode:o}: {}", String::from_utf8_lossy(&output.stdout));
            assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
        }
        assert!(!file.with_extension("db-wal").exists());
    }

    #[tokio::test]
    #[ignore = "run by a_read_only_folder_can_be_read_and_not_written"]
    async fn child() {
        let file = std::path::PathBuf::from(env::var_os(CHILD).unwrap());
        let library = Library::open(&file).unwrap();
        let id = library.resolve("s1").await.unwrap().unwrap();
        assert!(library.song(id).await.unwrap().unwrap().in_library);
        let error = library.remove(id).await.expect_err("written");
        assert_eq!((error.code(), error), ("STORAGE_READ_ONLY", Error::ReadOnly));
        assert!(library.entry_of(id).await.unwrap().is_some());
        library.generation("green").await.unwrap();
        let none = Library::open(&file.with_file_name("new.db")).expect_err("made");
        assert_eq!(none.code(), "STORAGE_READ_ONLY", "{none:?}");
    }
}
