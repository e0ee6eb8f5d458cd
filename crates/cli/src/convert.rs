//! `convert` and `conversions`: an instrumental asked for, waited for, found again.

use clap::Args;
use melody_core::{Command as Ask, Core, Reply};
use melody_model::ConversionStatus;

use crate::args::ProgressArgs;
use crate::exit::Halt;
use crate::render::conversions;
use crate::render::output::{self, Output};
use crate::render::progress::{self, Show};
use crate::run::unless_interrupted;
use crate::signals::Signals;
use crate::values;

#[derive(Debug, Args)]
pub struct ConvertArgs {
    #[arg(value_name = "ID", value_parser = values::id)]
    pub id: String,
    /// Wait until it is made
    #[arg(long)]
    pub wait: bool,
    #[command(flatten)]
    pub progress: ProgressArgs,
}

#[derive(Debug, Args)]
pub struct ConversionsArgs {
    /// How many conversions at most, 1 to 100
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = values::limit::<100>, allow_negative_numbers = true)]
    pub limit: u32,
    /// How many to leave out first
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = values::offset, allow_negative_numbers = true)]
    pub offset: u64,
    /// Only those that stand so
    #[arg(long, value_name = "STATUS", value_parser = values::words(ConversionStatus::ALL, ConversionStatus::as_str))]
    pub status: Option<ConversionStatus>,
}

/// Begins the conversion and prints how it stands; somebody who stops waiting does not stop it.
pub async fn convert(
    core: &Core,
    args: ConvertArgs,
    out: &Output,
    signals: &mut Signals,
) -> Result<(), Halt> {
    let show = Show::conversion(out, args.progress.progress);
    let ask = Ask::Convert { id: args.id, wait: args.wait };
    let work = async {
        let reply = progress::during(core.events(), show, Box::pin(core.dispatch(ask))).await?;
        match &reply {
            Reply::Conversion(one) if !out.is_json() => conversions::one(out, &one.conversion),
            other => output::document(other),
        }
    };
    let done = unless_interrupted(signals, Box::pin(work)).await;
    if matches!(done, Err(Halt::Interrupted(_))) {
        out.note("The service goes on with it. melody conversions shows how far it is.");
    }
    done
}
