//! The day in pieces: three legs, each of the steps that the plan's scripts have.

use std::fmt;

use melody_server::Dialect;
use serde::{Deserialize, Serialize};

/// One way across.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leg {
    ToGreen,
    /// The rollback: blue has nothing that green acknowledged.
    BackToBlue,
    ToGreenAgain,
}

impl Leg {
    pub const ALL: [Self; 3] = [Self::ToGreen, Self::BackToBlue, Self::ToGreenAgain];

    pub(crate) fn from(self) -> Dialect {
        match self {
            Self::ToGreen | Self::ToGreenAgain => Dialect::Blue,
            Self::BackToBlue => Dialect::Green,
        }
    }

    pub(crate) fn to(self) -> Dialect {
        match self.from() {
            Dialect::Blue => Dialect::Green,
            Dialect::Green => Dialect::Blue,
        }
    }

    /// Whether data are carried over on it.
    pub(crate) fn migrates(self) -> bool {
        self.to() == Dialect::Green
    }
}

impl fmt::Display for Leg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ToGreen => "to green",
            Self::BackToBlue => "back to blue",
            Self::ToGreenAgain => "to green again",
        })
    }
}

/// One step of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepName {
    /// The backend that is to take over comes up, beside the other.
    Start,
    FinalSync,
    MaintenanceOn,
    /// The backend that was there is killed.
    Stop,
    Migrate,
    Validate,
    Switch,
    Health,
    MaintenanceOff,
    /// Every client comes to agree with the service.
    Settle,
}

impl fmt::Display for StepName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Start => "start",
            Self::FinalSync => "final sync",
            Self::MaintenanceOn => "maintenance on",
            Self::Stop => "stop",
            Self::Migrate => "migrate",
            Self::Validate => "validate",
            Self::Switch => "switch",
            Self::Health => "health",
            Self::MaintenanceOff => "maintenance off",
            Self::Settle => "settle",
        })
    }
}

/// A step that is over.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    pub leg: Leg,
    pub step: StepName,
    /// What the step took, without the time that listeners live on after it.
    pub seconds: f64,
    /// What was not as it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}
