//! `comparisons`: what comparisons of two backends found that were made in the window.

use clap::Subcommand;
use melody_core::Command as Ask;

use crate::values;

#[derive(Debug, Subcommand)]
pub enum ComparisonsCommand {
    /// List them, the latest first
    #[command(after_help = "Example:\n  melody comparisons list")]
    List,
    /// Show what one found
    #[command(after_help = "Example:\n  melody comparisons show ID")]
    Show {
        #[arg(value_name = "ID", value_parser = values::id)]
        id: String,
    },
    /// Show a call with findings as it went on both sides
    #[command(after_help = "Example:\n  melody comparisons exchange ID 0")]
    Exchange {
        #[arg(value_name = "ID", value_parser = values::id)]
        id: String,
        /// The finding's, from 0
        #[arg(value_name = "N")]
        exchange: usize,
    },
    /// Remove one from this machine
    #[command(after_help = "Example:\n  melody comparisons remove ID")]
    Remove {
        #[arg(value_name = "ID", value_parser = values::id)]
        id: String,
    },
}

impl ComparisonsCommand {
    pub fn ask(self) -> Ask {
        match self {
            Self::List => Ask::Comparisons,
            Self::Show { id } => Ask::Comparison { id },
            Self::Exchange { id, exchange } => Ask::ComparisonExchange { id, exchange },
            Self::Remove { id } => Ask::ComparisonRemove { id },
        }
    }
}
