//! `catholyte sim`: the plant alone, its faults, its time, one unit.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Place, Start};
use crate::plant_time::Speed;

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct SimArgs {
    #[command(subcommand)]
    pub command: Option<SimCommand>,
    #[command(flatten)]
    pub serve: SimServeArgs,
}

#[derive(Args, Debug)]
pub struct SimServeArgs {
    #[command(flatten)]
    pub place: Place,
    /// State in which the plant begins
    #[arg(long, value_enum, default_value = "running")]
    pub start: Start,
    /// Seed of sensor noise
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Times real time, 0.1 to 100, or `max`
    #[arg(long, default_value = "1")]
    pub speed: Speed,
    /// Parameter file in place of the built-in one
    #[arg(long, value_name = "FILE")]
    pub parameters: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum SimCommand {
    /// How the running simulator is: time, speed, faults
    Status(SimTarget),
    /// Every fault that can be switched on, with its parameters
    Faults(SimTarget),
    /// Switch a fault on: `catholyte sim fault pinhole cell=7 area_mm2=2`
    Fault {
        name: String,
        /// `name=value`
        parameters: Vec<String>,
        #[command(flatten)]
        target: SimTarget,
    },
    /// Switch a fault off again, or `all`
    Clear {
        name: String,
        /// `name=value`, to tell one of several apart
        parameters: Vec<String>,
        #[command(flatten)]
        target: SimTarget,
    },
    /// Where a simulated value comes from
    Explain {
        tag: String,
        #[command(flatten)]
        target: SimTarget,
    },
    /// Stop the plant's time
    Pause(SimTarget),
    /// Let it go on
    Resume(SimTarget),
    /// Run the plant at 0.1 to 100 times real time, or `max`; the controller keeps its own pace
    Speed {
        #[arg(value_name = "TIMES")]
        speed: Speed,
        #[command(flatten)]
        target: SimTarget,
    },
    /// Let so much plant time pass at once: `catholyte sim step 30s`
    Step {
        #[arg(allow_hyphen_values = true)]
        time: String,
        #[command(flatten)]
        target: SimTarget,
    },
    /// Take the plant back, up to two hours: `catholyte sim rewind 5min`
    Rewind {
        #[arg(allow_hyphen_values = true)]
        time: String,
        #[command(flatten)]
        target: SimTarget,
    },
    /// Keep the plant's state under a name
    Snapshot {
        name: String,
        #[command(flatten)]
        target: SimTarget,
    },
    /// Go to a state that was kept
    Restore {
        name: String,
        #[command(flatten)]
        target: SimTarget,
    },
    /// The states that were kept
    Snapshots(SimTarget),
    /// One unit operation alone, from stated conditions: an experiment
    Unit(SimUnitArgs),
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    catholyte sim unit list                    the unit operations there are\n  \
    catholyte sim unit dissolver               everything that can be set on it, with range and source\n  \
    catholyte sim unit dissolver --set feed.solids=500kg/h --set acid_coarse=0@20min --for 2h\n  \
    catholyte sim unit chloride-cell --set current=3kA/m2 --for 1h --every 1min --out csv")]
pub struct SimUnitArgs {
    /// Name of the unit operation, or `list`
    pub name: String,
    /// Condition `key=value`, with any unit that converts; `@TIME` lets it wait: `acid_coarse=0@20min`
    #[arg(long = "set", value_name = "KEY=VALUE[UNIT][@TIME]")]
    pub settings: Vec<String>,
    /// Parameter file that wins over the one that ships
    #[arg(long, value_name = "FILE")]
    pub parameters: Option<PathBuf>,
    /// How long to run; without it, everything that can be set is listed
    #[arg(long = "for", value_name = "TIME", allow_hyphen_values = true)]
    pub duration: Option<String>,
    /// A line of the table every so often [default: a sixtieth of the run]
    #[arg(long, value_name = "TIME")]
    pub every: Option<String>,
    /// Step of the model [default: the longest that it allows]
    #[arg(long, value_name = "TIME")]
    pub step: Option<String>,
    /// `csv` to print a table, or the path of a file for it [default: the last values, in words]
    #[arg(long, value_name = "csv|FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct SimTarget {
    /// Data folder of the running simulator [default: the newest demo]
    #[arg(long, value_name = "DIR", env = "CATHOLYTE_DATA")]
    pub data: Option<PathBuf>,
}
