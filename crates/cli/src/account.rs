//! `notifications` and `profile`: what the service says to you, and what it knows of you.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use melody_core::{Command as Ask, UserChange, UserPreferences};

use crate::exit::Halt;
use crate::values;

#[derive(Debug, Subcommand)]
pub enum NotificationsCommand {
    /// List what the service has to say, the latest first
    #[command(after_help = "Examples:
  melody notifications list
  melody notifications list --unread")]
    List {
        /// How many at most, 1 to 100
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = values::limit::<100>, allow_negative_numbers = true)]
        limit: u32,
        /// How many to leave out first
        #[arg(long, value_name = "N", default_value_t = 0, value_parser = values::offset, allow_negative_numbers = true)]
        offset: u64,
        /// Only what you have not read
        #[arg(long)]
        unread: bool,
    },
    /// Mark some as read, or all of them
    #[command(after_help = "Examples:
  melody notifications read ID1 ID2
  melody notifications read --all")]
    Read {
        #[arg(value_name = "ID", required_unless_present = "all", value_parser = values::id)]
        ids: Vec<String>,
        /// Every one of them
        #[arg(long, conflicts_with = "ids")]
        all: bool,
    },
}

impl NotificationsCommand {
    pub fn ask(self) -> Ask {
        match self {
            Self::List { limit, offset, unread } => Ask::Notifications { limit, offset, unread_only: unread },
            Self::Read { ids, .. } => Ask::NotificationsRead { ids },
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum ProfileCommand {
    /// Show your name, your preferences and what the service adds up about you
    #[command(after_help = "Example:\n  melody profile show")]
    Show,
    /// Change your name or your preferences; what you do not name stays
    #[command(after_help = "Examples:
  melody profile set --name Asha
  melody profile set --languages hi,ta --auto-convert on")]
    Set(SetArgs),
    /// Give yourself a picture: PNG, JPEG or WebP, 5 MB at most
    #[command(after_help = "Example:\n  melody profile avatar me.png")]
    Avatar {
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub struct SetArgs {
    /// What the service calls you
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Languages that you listen to, between commas (hi, ta, te …)
    #[arg(long, value_name = "LANGS", value_delimiter = ',')]
    languages: Option<Vec<String>>,
    /// Genres that you listen to, between commas
    #[arg(long, value_name = "GENRES", value_delimiter = ',')]
    genres: Option<Vec<String>>,
    /// Whether saved songs get an instrumental by themselves
    #[arg(long, value_name = "WHETHER", value_parser = ["on", "off"])]
    auto_convert: Option<String>,
    /// Whether the service notifies you
    #[arg(long, value_name = "WHETHER", value_parser = ["on", "off"])]
    notifications: Option<String>,
}

impl ProfileCommand {
    pub fn ask(self) -> Result<Ask, Halt> {
        Ok(match self {
            Self::Show => Ask::Profile,
            Self::Set(args) => Ask::ProfileChange(UserChange {
                name: args.name,
                preferences: UserPreferences {
                    languages: args.languages,
                    genres: args.genres,
                    auto_convert_to_instrumental: args.auto_convert.map(|on| on == "on"),
                    notifications_enabled: args.notifications.map(|on| on == "on"),
                },
            }),
            Self::Avatar { file } => Ask::ProfileAvatar {
                picture: std::fs::read(&file)
                    .map_err(|error| Halt::usage(format!("{} cannot be read: {error}.", file.display())))?,
            },
        })
    }
}
