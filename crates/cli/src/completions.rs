//! Completions and manual pages, made from the same definitions as the help.

use std::io::{self, Write};
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;
use melody_core::Code;

use crate::args::Cli;
use crate::exit::Halt;

pub fn completions(shell: Shell) -> Result<(), Halt> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "melody", &mut script);
    print(&script)
}

/// The main page on stdout, or every page in the folder.
pub fn man(dir: Option<&Path>) -> Result<(), Halt> {
    let Some(dir) = dir else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut page)?;
        return print(&page);
    };
    std::fs::create_dir_all(dir)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), dir))
        .map_err(|error| unwritable(dir, &error))
}

fn unwritable(dir: &Path, error: &io::Error) -> Halt {
    let code = match error.kind() {
        io::ErrorKind::StorageFull => Code::StorageFull,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Code::StorageReadOnly,
        _ => Code::Usage,
    };
    Halt::local(code, format!("The pages cannot be written to {}: {error}.", dir.display()))
}

fn print(bytes: &[u8]) -> Result<(), Halt> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()?;
    Ok(())
}
