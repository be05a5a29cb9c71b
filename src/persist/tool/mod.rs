//! `transom cache`: a look at the persistent cache, and its care.

mod archive;
mod build;
mod entry_points;
mod files;

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// List the files that code is kept for
    List(Where),
    /// Say how much is kept
    Stats(Where),
    /// Remove all that is kept
    Clear(Where),
    /// Check every file, and remove what is damaged
    Verify(Where),
    /// Translate programs and libraries ahead of time: files, or folders with all in them
    Build(build::Arguments),
    /// Write what is kept to a tar archive; - for standard output
    Export {
        #[command(flatten)]
        place: Where,
        /// The archive
        archive: PathBuf,
    },
    /// Take in what an archive of `export` has; - for standard input
    Import {
        #[command(flatten)]
        place: Where,
        /// The archive
        archive: PathBuf,
    },
}

/// Where the cache is.
#[derive(Args, Debug)]
pub struct Where {
    /// The cache's folder [env: TRANSOM_CACHE_DIR]
    #[arg(long = "cache-dir", value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl Where {
    /// The folder that is written.
    fn path(&self) -> Result<PathBuf, String> {
        let named = self.folder.iter().cloned().collect();
        super::folders(named).pop().ok_or_else(|| "there is no cache: TRANSOM_CACHE is off, or HOME is not set".into())
    }
}

/// Runs it; what it has to say.
pub fn run(command: Command) -> Result<String, String> {
    match command {
        Command::List(place) => files::list(&place.path()?),
        Command::Stats(place) => files::stats(&place.path()?),
        Command::Clear(place) => files::clear(&place.path()?),
        Command::Verify(place) => files::verify(&place.path()?),
        Command::Build(arguments) => build::run(&arguments),
        Command::Export { place, archive } => archive::export(&place.path()?, &archive),
        Command::Import { place, archive } => archive::import(&place.path()?, &archive),
    }
}
