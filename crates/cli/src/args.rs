//! The command line as it is typed: every command, its flags, its help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use melody_model::{EntryOrder, EntrySort, Rendition, SearchType, Source, Timeframe};

use crate::account::{NotificationsCommand, ProfileCommand};
use crate::comparisons::ComparisonsCommand;
use crate::convert::{ConversionsArgs, ConvertArgs};
use crate::parity::ParityArgs;
use crate::playlist::PlaylistCommand;
use crate::rehearse::RehearseArgs;
use crate::render::colour;
use crate::serve::ServeArgs;
use crate::values::{self, Output, Secret};

/// Melody Studio in the terminal: find a song, hear it, keep it.
#[derive(Debug, Parser)]
#[command(
    name = "melody",
    bin_name = "melody",
    version,
    styles = colour::help_styles(),
    max_term_width = 100,
    subcommand_required = true,
    after_help = "Examples:
  melody login --phone 9876543210
  melody search दिल
  melody play 0198c0de-0000-7000-8000-000000000001
  melody tour                      a minute's walk through everything, with a demo service

An ID is what the lists show; the service's own ids are taken too."
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes, before or after its name.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// The folder of settings, library and downloads, instead of the usual one
    #[arg(long, global = true, value_name = "DIR")]
    pub profile: Option<PathBuf>,
    /// The service's address; the profile remembers it
    #[arg(long, global = true, value_name = "URL")]
    pub server: Option<String>,
    /// Print one JSON document instead of text for people
    #[arg(long, global = true)]
    pub json: bool,
    /// Allow plain http to this host, for staging (may be repeated)
    #[arg(long, global = true, value_name = "HOST")]
    pub allow_http: Vec<String>,
    /// Tell on stderr what is going on
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Sign in with a phone number and the code sent to it
    #[command(after_help = "Examples:
  melody login --phone 9876543210                 asks for the code
  melody login --country +44 --phone 7700900123
  echo 123456 | melody login --phone 9876543210   reads it from a pipe")]
    Login(LoginArgs),
    /// Show who is signed in
    #[command(after_help = "Example:\n  melody whoami --json")]
    Whoami,
    /// Sign out; the library stays on this machine
    #[command(after_help = "Examples:
  melody logout                  keeps the library and what waits to be sent
  melody logout --forget         removes them too; says what is lost, and asks
  melody logout --forget --yes   does not ask

An account that has signed out already can be forgotten too, when it is the only one here.")]
    Logout {
        /// Remove this account's library and downloads from this machine too
        #[arg(long)]
        forget: bool,
        /// Do not ask
        #[arg(short, long, requires = "forget")]
        yes: bool,
    },
    /// Find songs, in any script
    #[command(after_help = "Examples:
  melody search दिल
  melody search monsoon letters --language en --limit 5
  melody search vaanam --type artist
  melody search मेघ --offline       only what is on this machine")]
    Search(SearchArgs),
    /// Show what others listen to
    #[command(after_help = "Examples:
  melody trending
  melody trending --language ta --timeframe daily --limit 10")]
    Trending(TrendingArgs),
    /// Show everything about one song, lyrics too
    #[command(after_help = "Example:\n  melody song 0198c0de-0000-7000-8000-000000000001")]
    Song {
        #[arg(value_name = "ID", value_parser = values::id)]
        id: String,
    },
    /// The songs you have saved
    #[command(
        subcommand,
        disable_help_subcommand = true,
        after_help = "Examples:
  melody library list --sort title
  melody library add ID1 ID2
  melody library status"
    )]
    Library(LibraryCommand),
    /// Your own lists of songs, kept on this machine
    #[command(
        subcommand,
        disable_help_subcommand = true,
        after_help = "Examples:
  melody playlist create Rain
  melody playlist add Rain ID1 ID2
  melody playlist show Rain
  melody playlist export Rain rain.m3u8"
    )]
    Playlist(PlaylistCommand),
    /// Show what you listened to, the latest first
    #[command(after_help = "Examples:
  melody history
  melody history --limit 100 --offset 100")]
    History {
        /// How many listens at most, 1 to 500
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = values::limit::<500>, allow_negative_numbers = true)]
        limit: u32,
        /// How many to leave out first
        #[arg(long, value_name = "N", default_value_t = 0, value_parser = values::offset, allow_negative_numbers = true)]
        offset: u64,
    },
    /// Keep songs on this machine, for when there is no network
    #[command(after_help = "Examples:
  melody download 0198c0de-0000-7000-8000-000000000001
  melody download 0198c0de-0000-7000-8000-000000000001 --rendition instrumental
  melody download --all             every saved song
  melody download --playlist Train

What was interrupted earlier goes on too, from where it broke off.")]
    Download(DownloadArgs),
    /// The songs that are kept on this machine, or on their way there
    #[command(
        subcommand,
        disable_help_subcommand = true,
        after_help = "Examples:
  melody downloads list
  melody downloads remove ID1 ID2
  melody downloads verify"
    )]
    Downloads(DownloadsCommand),
    /// Work without the network: nothing leaves this machine until you switch it off
    #[command(
        subcommand,
        disable_help_subcommand = true,
        after_help = "Examples:
  melody offline on
  melody offline off
  melody offline status"
    )]
    Offline(OfflineCommand),
    /// Play songs, in order
    #[command(after_help = "Examples:
  melody play 0198c0de-0000-7000-8000-000000000001
  melody play ID1 ID2 --rendition instrumental
  melody play ID --from 30 --for 15
  melody play ID --to song.wav      what a device would get, as fast as it can be made

Keys, on a terminal:
  space        pause, go on        left, right  5 seconds back, forward
  n, p         next, previous      up, down     louder, softer
  q            quit")]
    Play(PlayArgs),
    /// Have an instrumental made of a saved song
    #[command(after_help = "Examples:
  melody convert 0198c0de-0000-7000-8000-000000000001
  melody convert 0198c0de-0000-7000-8000-000000000001 --wait

The service makes it, also when you stop waiting. Five an hour are all there are.
Then: melody play ID --rendition instrumental")]
    Convert(ConvertArgs),
    /// Show what became of the instrumentals that you asked for
    #[command(after_help = "Examples:
  melody conversions
  melody conversions --status failed")]
    Conversions(ConversionsArgs),
    /// What the service has to say to you
    #[command(
        subcommand,
        disable_help_subcommand = true,
        after_help = "Examples:
  melody notifications list --unread
  melody notifications read --all"
    )]
    Notifications(NotificationsCommand),
    /// Your name, picture and preferences at the service
    #[command(
        subcommand,
        disable_help_subcommand = true,
        after_help = "Examples:
  melody profile show
  melody profile set --name Asha --languages hi,ta
  melody profile avatar me.png"
    )]
    Profile(ProfileCommand),
    /// Run the reference service on this machine
    #[command(after_help = "Examples:
  melody serve
  melody serve --dialect blue --port 8080 --data ./service
  melody serve --catalogue synthetic:1000000 --limits off --otp 123456

Its first line says where it listens; then there is a line for each code that it would send.")]
    Serve(ServeArgs),
    /// Compare two backends: one suite against both, every difference found and ranked
    #[command(after_help = "Examples:
  melody parity --blue http://127.0.0.1:8001 --green http://127.0.0.1:8002
  melody parity --blue URL --green URL --phone 9876543210 --otp 123456 --report ./report
  melody parity --blue URL --green URL --only search --fail-on degrading
  melody parity --list
  melody parity --blue URL --record mine.toml

It signs in and writes: use a disposable account, and hosts of your own. Ends with 1 if it found something.")]
    Parity(Box<ParityArgs>),
    /// Rehearse the day of the switch: to green, back to blue and over again, with clients that live on meanwhile
    #[command(after_help = "Examples:
  melody rehearse
  melody rehearse --clients 50 --for 5 --report ./drill
  melody rehearse --forgetful --seed 7
  melody rehearse --faults broken.toml --json

Everything happens on this machine, in a temporary folder. Ends with 1 if a change was lost or doubled, or a client
did not come to agree with the service.")]
    Rehearse(RehearseArgs),
    /// What comparisons of two backends found that were made in the window
    #[command(
        subcommand,
        disable_help_subcommand = true,
        after_help = "Examples:
  melody comparisons list
  melody comparisons show ID
  melody comparisons exchange ID 0
  melody comparisons remove ID"
    )]
    Comparisons(ComparisonsCommand),
    /// Open the screen in a browser on this machine
    #[command(after_help = "Examples:
  melody web
  melody web --port 8088

The address that it prints works for one browser, the first that comes.")]
    Web {
        /// The port on this machine; 0 takes a free one
        #[arg(long, value_name = "PORT", default_value_t = 0)]
        port: u16,
    },
    /// Look at everything that a working installation needs
    #[command(after_help = "Examples:
  melody doctor
  melody doctor --json")]
    Doctor,
    /// A minute's walk through everything, with a demo service
    #[command(after_help = "Examples:
  melody tour
  melody tour --for 20      hear more of the song")]
    Tour(TourArgs),
    /// Print the completions for a shell
    #[command(after_help = "Examples:
  melody completions bash > ~/.local/share/bash-completion/completions/melody
  melody completions zsh > ~/.zfunc/_melody
  melody completions fish > ~/.config/fish/completions/melody.fish")]
    Completions {
        #[arg(value_name = "SHELL")]
        shell: Shell,
    },
    /// Print the manual page, or write all pages to a folder
    #[command(after_help = "Examples:
  melody man | man -l -
  melody man ~/.local/share/man/man1")]
    Man {
        /// Where the pages of all commands go
        #[arg(value_name = "DIR")]
        dir: Option<PathBuf>,
    },
}

impl Command {
    /// Its name, for the log; what follows the name may be nobody else's business.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Login(_) => "login",
            Self::Whoami => "whoami",
            Self::Logout { .. } => "logout",
            Self::Search(_) => "search",
            Self::Trending(_) => "trending",
            Self::Song { .. } => "song",
            Self::Library(_) => "library",
            Self::Playlist(_) => "playlist",
            Self::History { .. } => "history",
            Self::Download(_) => "download",
            Self::Downloads(_) => "downloads",
            Self::Offline(_) => "offline",
            Self::Play(_) => "play",
            Self::Convert(_) => "convert",
            Self::Conversions(_) => "conversions",
            Self::Notifications(_) => "notifications",
            Self::Profile(_) => "profile",
            Self::Serve(_) => "serve",
            Self::Parity(_) => "parity",
            Self::Rehearse(_) => "rehearse",
            Self::Comparisons(_) => "comparisons",
            Self::Web { .. } => "web",
            Self::Doctor => "doctor",
            Self::Tour(_) => "tour",
            Self::Completions { .. } => "completions",
            Self::Man { .. } => "man",
        }
    }
}

#[derive(Debug, Args)]
pub struct LoginArgs {
    /// The number, with or without blanks, in digits of any Indian script
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub phone: Secret,
    /// The country's code
    #[arg(long, value_name = "CODE", default_value = "+91", allow_hyphen_values = true)]
    pub country: String,
    /// The code from the message; asked for on stdin when it is not given
    #[arg(long, value_name = "CODE", allow_hyphen_values = true)]
    pub otp: Option<Secret>,
}

#[derive(Debug, Args)]
pub struct SearchArgs {
    /// What to look for
    #[arg(value_name = "WORDS", required = true)]
    pub words: Vec<String>,
    /// What is looked at
    #[arg(long = "type", value_name = "TYPE", default_value = "all", value_parser = values::words(SearchType::ALL, SearchType::as_str))]
    pub kind: SearchType,
    /// Only songs in this language (hi, ta, te, bn, pa, en …)
    #[arg(long, value_name = "LANG")]
    pub language: Option<String>,
    /// Where the service looks
    #[arg(long, value_name = "SOURCE", default_value = "all", value_parser = values::words(Source::ALL, Source::as_str))]
    pub source: Source,
    /// How many songs at most, 1 to 50
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = values::limit::<50>, allow_negative_numbers = true)]
    pub limit: u32,
    /// How many to leave out first
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = values::offset, allow_negative_numbers = true)]
    pub offset: u64,
    /// Search what is on this machine and ask nobody
    #[arg(long)]
    pub offline: bool,
}

#[derive(Debug, Args)]
pub struct TrendingArgs {
    /// Only songs in this language
    #[arg(long, value_name = "LANG")]
    pub language: Option<String>,
    /// The span that counts
    #[arg(long, value_name = "SPAN", default_value = "weekly", value_parser = values::words(Timeframe::ALL, Timeframe::as_str))]
    pub timeframe: Timeframe,
    /// How many songs at most, 1 to 50
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = values::limit::<50>, allow_negative_numbers = true)]
    pub limit: u32,
}

#[derive(Debug, Subcommand)]
pub enum LibraryCommand {
    /// List your saved songs
    #[command(after_help = "Examples:
  melody library list
  melody library list --sort title --order asc --limit 100")]
    List(ListArgs),
    /// Save songs
    #[command(after_help = "Example:\n  melody library add ID1 ID2")]
    Add {
        #[arg(value_name = "ID", required = true, value_parser = values::id)]
        ids: Vec<String>,
    },
    /// Take songs out of your library
    #[command(after_help = "Example:\n  melody library remove ID1 ID2")]
    Remove {
        #[arg(value_name = "ID", required = true, value_parser = values::id)]
        ids: Vec<String>,
    },
    /// Bring this machine and the service up to date with each other
    #[command(after_help = "Example:\n  melody library sync")]
    Sync {
        #[command(flatten)]
        progress: ProgressArgs,
    },
    /// Compare this machine with the service, song by song; nothing is changed
    #[command(after_help = "Examples:
  melody library verify            ends with 1 if anything differs
  melody library verify --json")]
    Verify,
    /// Send again what the service refused
    #[command(after_help = "Example:\n  melody library retry")]
    Retry,
    /// Give up a change that the service refused
    #[command(after_help = "Example:
  melody library discard 0198c0de-0000-7000-8000-000000000001    an id of melody library status")]
    Discard {
        #[arg(value_name = "OP", value_parser = values::id)]
        op: String,
    },
    /// Show what became of your library at each switch of the service from one backend to another
    #[command(after_help = "Examples:
  melody library switches
  melody library switches --json")]
    Switches,
    /// Show what is saved and what waits to be sent
    #[command(after_help = "Example:\n  melody library status")]
    Status,
}

#[derive(Clone, Copy, Debug, Args)]
pub struct ProgressArgs {
    /// Print a JSON line for each thing that happens, and the result as the last one
    #[arg(long)]
    pub progress: bool,
}

#[derive(Debug, Args)]
pub struct ListArgs {
    /// How many songs at most, 1 to 100
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = values::limit::<100>, allow_negative_numbers = true)]
    pub limit: u32,
    /// How many to leave out first
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = values::offset, allow_negative_numbers = true)]
    pub offset: u64,
    /// What they are sorted by
    #[arg(long, value_name = "KEY", default_value = "added", value_parser = values::words(EntrySort::ALL, EntrySort::as_str))]
    pub sort: EntrySort,
    /// Which end comes first
    #[arg(long, value_name = "ORDER", default_value = "desc", value_parser = values::words(EntryOrder::ALL, EntryOrder::as_str))]
    pub order: EntryOrder,
}

#[derive(Debug, Args)]
pub struct DownloadArgs {
    #[arg(value_name = "ID", required_unless_present_any = ["all", "playlist"], value_parser = values::id)]
    pub ids: Vec<String>,
    /// Every song that you have saved
    #[arg(long, conflicts_with = "ids")]
    pub all: bool,
    /// Every song of a playlist, by its name or id
    #[arg(long, value_name = "P", conflicts_with_all = ["ids", "all"])]
    pub playlist: Option<String>,
    /// Which take
    #[arg(long, value_name = "TAKE", default_value = "original", value_parser = values::rendition())]
    pub rendition: Rendition,
    #[command(flatten)]
    pub progress: ProgressArgs,
}

#[derive(Debug, Subcommand)]
pub enum DownloadsCommand {
    /// List what is kept and what is on its way
    #[command(after_help = "Example:\n  melody downloads list")]
    List,
    /// Take songs off this machine; they stay in your library
    #[command(after_help = "Examples:
  melody downloads remove ID1 ID2
  melody downloads remove ID --rendition instrumental")]
    Remove {
        #[arg(value_name = "ID", required = true, value_parser = values::id)]
        ids: Vec<String>,
        /// Only this take
        #[arg(long, value_name = "TAKE", value_parser = values::rendition())]
        rendition: Option<Rendition>,
    },
    /// Listen to every file to its end, unheard; ends with 1 if any is damaged
    #[command(after_help = "Examples:
  melody downloads verify
  melody downloads verify --json")]
    Verify,
}

#[derive(Debug, Subcommand)]
pub enum OfflineCommand {
    /// Let nothing leave this machine
    #[command(after_help = "Example:\n  melody offline on")]
    On,
    /// Use the network again
    #[command(after_help = "Example:\n  melody offline off")]
    Off,
    /// Show which of the two it is
    #[command(after_help = "Example:\n  melody offline status")]
    Status,
}

#[derive(Debug, Args)]
pub struct PlayArgs {
    #[arg(value_name = "ID", required = true, value_parser = values::id)]
    pub ids: Vec<String>,
    /// Which take
    #[arg(long, value_name = "TAKE", default_value = "original", value_parser = values::rendition())]
    pub rendition: Rendition,
    /// Where the sound goes: device, null (silence in real time) or a file ending in .wav
    #[arg(long, value_name = "WHERE", default_value = "device", value_parser = values::output)]
    pub to: Output,
    /// Where the first song begins, in seconds
    #[arg(long, value_name = "S", default_value_t = 0.0, value_parser = values::seconds_from, allow_negative_numbers = true)]
    pub from: f64,
    /// How much of each song is heard, in seconds
    #[arg(long = "for", value_name = "S", value_parser = values::seconds_for, allow_negative_numbers = true)]
    pub length: Option<f64>,
    #[command(flatten)]
    pub progress: ProgressArgs,
}

#[derive(Debug, Args)]
pub struct TourArgs {
    /// Keep the demo service's data here, and find it again next time
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// How much of the song is heard, in seconds
    #[arg(long = "for", value_name = "S", default_value_t = 8.0, value_parser = values::seconds_for, allow_negative_numbers = true)]
    pub length: f64,
}
