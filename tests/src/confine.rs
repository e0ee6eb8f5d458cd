//! A place for a profile with less room, or fewer rights, than usual: a mount of its own, unseen by others.

use std::{
    ffi::OsString,
    fs,
    io::Write,
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
        let as_root = Command::new("unshare").args(["--mount", "true"]).status().ok()?.success();
        let mut command = Command::new("unshare");
        command.arg("--mount");
        if !as_root {
            command.args(["--user", "--map-root-user"]);
        }
        command.args(["sh", "-c", &format!("{mount} && echo mounted || echo refused; exec sleep 600")]);
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
