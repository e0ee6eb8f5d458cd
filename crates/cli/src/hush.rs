//! A stderr that is ours alone: libraries of the system print what they please, and a program that asked for JSON
//! is promised at most one line.

/// While it lives, nobody is heard on stderr.
#[cfg(unix)]
pub struct Hush(std::os::fd::OwnedFd);

#[cfg(unix)]
impl Hush {
    pub fn begin() -> std::io::Result<Self> {
        let nowhere = std::fs::File::options().write(true).open("/dev/null")?;
        let kept = rustix::io::fcntl_dupfd_cloexec(std::io::stderr(), 0)?;
        rustix::stdio::dup2_stderr(nowhere)?;
        Ok(Self(kept))
    }
}

#[cfg(unix)]
impl Drop for Hush {
    fn drop(&mut self) {
        // It was open a moment ago: this cannot fail, and there would be nobody to tell.
        let _ = rustix::stdio::dup2_stderr(&self.0);
    }
}

#[cfg(not(unix))]
pub struct Hush;

#[cfg(not(unix))]
impl Hush {
    pub fn begin() -> std::io::Result<Self> {
        Ok(Self)
    }
}
