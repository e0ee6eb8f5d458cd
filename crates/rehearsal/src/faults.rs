//! What goes wrong on the day: which step, how.

use serde::Deserialize;

use crate::Error;
use crate::step::{Leg, StepName};

/// How a step goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// It is left out. Maintenance is switched off later all the same: somebody notices.
    Skipped,
    /// A migration breaks off half way, with half of the saved songs there, and is done again.
    HalfWay,
    /// A migration says that it went well and is rolled back; only validation can notice.
    RolledBack,
    /// Maintenance is switched at the other backend.
    WrongSide,
    /// Health is never well; the script goes on when its tries are over, as the plan's does.
    NeverWell,
    /// After the switch both backends answer in turn for a while, also one that is stopped.
    InTurn,
    /// Everybody's tokens are void, once more, soon after the switch.
    VoidTokens,
    /// The last backend loses saved songs that it acknowledged.
    LosesWrites,
}

/// One entry of the list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    pub step: StepName,
    pub kind: FaultKind,
    /// On this leg; without it on each that has the step.
    #[serde(default)]
    pub leg: Option<Leg>,
    /// For `loses_writes`: how many.
    #[serde(default = "one")]
    pub songs: usize,
}

fn one() -> usize {
    1
}

impl Fault {
    /// Whether such a step can go wrong so, on such a leg.
    fn check(&self) -> Result<(), Error> {
        use FaultKind as Kind;
        use StepName as Step;
        let fits = match self.kind {
            Kind::Skipped => !matches!(self.step, Step::Start | Step::Switch | Step::Settle),
            Kind::HalfWay | Kind::RolledBack => matches!(self.step, Step::FinalSync | Step::Migrate),
            Kind::WrongSide => matches!(self.step, Step::MaintenanceOn | Step::MaintenanceOff),
            Kind::NeverWell => self.step == Step::Health,
            Kind::InTurn | Kind::VoidTokens => self.step == Step::Switch,
            Kind::LosesWrites => self.step == Step::Settle,
        };
        if !fits {
            return Err(Error::Faults(format!(
                "A fault says that “{}” is {:?}, which that step cannot be.",
                self.step, self.kind
            )));
        }
        let of_a_migration = matches!(self.step, Step::FinalSync | Step::Migrate | Step::Validate);
        let there = match self.leg {
            None => true,
            Some(leg) if self.kind == Kind::LosesWrites => leg == Leg::ToGreenAgain,
            Some(leg) => leg.migrates() || !of_a_migration,
        };
        if there {
            Ok(())
        } else {
            Err(Error::Faults(format!(
                "A fault is about “{}” on a leg that has no such step, or on which it changes nothing.",
                self.step
            )))
        }
    }

    pub(crate) fn hits(&self, leg: Leg, step: StepName) -> bool {
        self.step == step && self.leg.is_none_or(|of| of == leg)
    }
}

/// Reads a TOML file of `[[fault]]` tables.
///
/// # Errors
/// [`Error::Faults`], in a sentence.
pub fn parse_faults(toml: &str) -> Result<Vec<Fault>, Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        #[serde(default)]
        fault: Vec<Fault>,
    }
    let file: File = toml::from_str(toml).map_err(|error| {
        let line = error.span().map_or(1, |span| toml[..span.start].lines().count().max(1));
        Error::Faults(format!(
            "The faults cannot be read, line {line}: {}.",
            error.message().replace('\n', " ")
        ))
    })?;
    file.fault.iter().try_for_each(Fault::check)?;
    Ok(file.fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_and_what_cannot_be_is_refused() {
        let read = parse_faults(
            "[[fault]]\nstep = \"migrate\"\nkind = \"half_way\"\nleg = \"to_green\"\n\
             [[fault]]\nstep = \"settle\"\nkind = \"loses_writes\"\nsongs = 3\n",
        );
        let read = read.unwrap_or_default();
        assert_eq!(read.len(), 2);
        assert!(read[0].hits(Leg::ToGreen, StepName::Migrate));
        assert!(!read[0].hits(Leg::ToGreenAgain, StepName::Migrate));
        assert_eq!((read[1].songs, read[1].leg), (3, None));
        for wrong in [
            "step = \"migrate\"\nkind = \"explodes\"",
            "step = \"switch\"\nkind = \"skipped\"",
            "step = \"health\"\nkind = \"half_way\"",
            "step = \"migrate\"\nkind = \"half_way\"\nleg = \"back_to_blue\"",
            "step = \"settle\"\nkind = \"loses_writes\"\nleg = \"to_green\"",
            "step = \"migrate\"\nkind = \"half_way\"\nrate = 0.5",
        ] {
            let refused = parse_faults(&format!("[[fault]]\n{wrong}"));
            assert!(matches!(refused, Err(Error::Faults(_))), "{wrong}: {refused:?}");
        }
    }
}
