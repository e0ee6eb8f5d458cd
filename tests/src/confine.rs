//! A place for a profile with less room, or fewer rights, than usual: a mount of its own, unseen by others, or
//! rights taken away.

use std::{
    env,
    ffi::OsString,
    fs,
    io::Write,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
};

use crate::process::Beside;

/// A mount namespace. Programs that are to see it are started with [`Confined::before`].
#[derive(Debug)]
pub struct Confined {
    holder: Beside,
    as_root: bool,
    folder: PathBuf,
}

impl Confined {
    /// `folder` becomes an empty disk with room for `kibibytes`. None where such mounts are not allowed.
    pub fn small_disk(folder: &Path, kibibytes: u32) -> Option<Self> {
        Self::start(folder, &format!("mount -t tmpfs -o size={kibibytes}k none \"$0\""))
    }

    /// `folder` becomes read-only. None where such mounts are not allowed.
    pub fn read_only(folder: &Path) -> Option<Self> {
        Self::start(folder, "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\"")
    }

    fn start(folder: &Path, mount: &str) -> Option<Self> {
        let as_root = may_unshare(&["--mount"]);
        let ways = if as_root { &["--mount"][..] } else { &["--mount", "--user", "--map-root-user"] };
        if !may_unshare(ways) {
            return None;
        }
        let mut command = Command::new("unshare");
        command.args(ways).args([
            "sh",
            "-c",
            &format!("{mount} && echo mounted || echo refused; exec sleep 600"),
        ]);
        let holder = Beside::start(command.arg(folder));
        (holder.line() == "mounted").then(|| Self { holder, as_root, folder: folder.to_owned() })
    }

    /// What stands before a command that is to run inside.
    pub fn before(&self) -> Vec<OsString> {
        let target = self.holder.id().to_string();
        let mut words = vec!["nsenter", "--mount", "--target", &target];
        if !self.as_root {
            words.extend(["--user", "--preserve-credentials"]);
        }
        words.push("--");
        words.into_iter().map(OsString::from).collect()
    }

    /// The file that takes up room, as it is seen from outside.
    fn filler(&self) -> PathBuf {
        let inside = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        inside.join(self.folder.strip_prefix("/").unwrap()).join("filler")
    }

    /// Makes room again.
    pub fn empty(&self) {
        fs::remove_file(self.filler()).unwrap();
    }

    /// Writes to the disk until it is full.
    pub fn fill(&self) {
        let mut file = fs::File::options().create(true).append(true).open(self.filler()).unwrap();
        while file.write_all(&[1; 512]).is_ok() {}
    }
}

fn may_unshare(ways: &[&str]) -> bool {
    Command::new("unshare").args(ways).arg("true").status().is_ok_and(|status| status.success())
}

/// A folder whose files nobody may change, root included, until this is dropped.
#[derive(Debug)]
pub struct NoRights {
    folder: PathBuf,
}

impl NoRights {
    pub fn to_write(folder: &Path) -> Self {
        chmod(folder, "a-w");
        Self { folder: folder.to_owned() }
    }

    /// What stands before a command that is to be held to it. Root is, once it may no longer pass over rights.
    pub fn before(&self) -> Vec<OsString> {
        if fs::metadata("/proc/self").unwrap().uid() != 0 {
            return Vec::new();
        }
        let without = "-dac_override,-dac_read_search";
        ["setpriv", "--bounding-set", without, "--inh-caps", without, "--"].map(OsString::from).to_vec()
    }
}

impl Drop for NoRights {
    fn drop(&mut self) {
        chmod(&self.folder, "u+w");
    }
}

fn chmod(folder: &Path, how: &str) {
    assert!(Command::new("chmod").args(["-R", how]).arg(folder).status().unwrap().success());
}

/// Says that a test lacks what it needs, which nobody reads where machines run the tests: there it fails.
pub fn not_run(why: &str) {
    assert!(env::var_os("CI").is_none(), "{why}");
    eprintln!("NOT RUN: {why}");
}
