//! Recipes, loops and forces of a plant that runs.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{ApiTarget, Format, HistoryTarget};

#[derive(Args, Debug)]
pub struct RecipeArgs {
    #[command(subcommand)]
    pub command: RecipeCommand,
}

#[derive(Debug, Subcommand)]
pub enum RecipeCommand {
    /// Master recipes of the running plant, or of a plant folder
    List(ListTarget),
    /// Batches of a running controller
    Status(ApiTarget),
    /// Prepare and start: `catholyte recipe start EL-START load=4.5`
    Start {
        recipe: String,
        /// `parameter=value`, in the recipe's unit
        parameters: Vec<String>,
        #[command(flatten)]
        target: ApiTarget,
    },
    /// Order to the batch of a recipe: `catholyte recipe order hold EL-START`; start begins one that was prepared on a
    /// screen, reset takes away one that has ended or was never started
    Order {
        order: OrderName,
        recipe: String,
        /// Why; needed for abort
        #[arg(long, default_value = "")]
        reason: String,
        #[command(flatten)]
        target: ApiTarget,
    },
}

/// Where a list comes from: a folder, a controller that runs, or what ships.
#[derive(Args, Debug)]
pub struct ListTarget {
    /// Plant folder [default: what runs at --url, else the refinery that ships with the program]
    #[arg(long, value_name = "DIR")]
    pub plant: Option<PathBuf>,
    /// Address of a controller's API, whose plant is listed
    #[arg(long, env = "CATHOLYTE_URL")]
    pub url: Option<String>,
    /// Who you are there, one of `catholyte user list`
    #[arg(long, env = "CATHOLYTE_USER")]
    pub user: Option<String>,
    /// File whose first line is the password
    #[arg(long, value_name = "FILE", env = "CATHOLYTE_PASSWORD_FILE")]
    pub password_file: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct PhaseArgs {
    #[command(subcommand)]
    pub command: PhaseCommand,
}

#[derive(Debug, Subcommand)]
pub enum PhaseCommand {
    /// Phases of the running plant, or of a plant folder
    List(ListTarget),
    /// Order to a phase that no batch owns, as one that a trip has started: `catholyte phase order restart Flush`
    #[command(
        after_help = "`catholyte why Flush` tells how far it is, what it waits for and which trip started it. A phase of a batch that runs \
        takes its orders from the batch: `catholyte recipe order`."
    )]
    Order {
        order: OrderName,
        phase: String,
        /// Why; needed for abort
        #[arg(long, default_value = "")]
        reason: String,
        #[command(flatten)]
        target: ApiTarget,
    },
}

/// What a batch or a phase is told.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum OrderName {
    Start,
    Hold,
    Restart,
    Pause,
    Resume,
    Stop,
    Abort,
    Reset,
}

#[derive(Args, Debug)]
pub struct LoopArgs {
    #[command(subcommand)]
    pub command: LoopCommand,
}

#[derive(Debug, Subcommand)]
pub enum LoopCommand {
    /// Loops of a plant folder with their tuning
    List {
        /// [default: the refinery that ships with the program]
        #[arg(long, value_name = "DIR")]
        plant: Option<PathBuf>,
    },
    /// Service, variability, oscillation and valve of each loop, from the history
    Report(LoopReportArgs),
    /// Begin an experiment on a running loop: `catholyte loop test TIC-321 --shape step --amplitude 5 --time 20min --deviation 4`
    Test(LoopTestArgs),
    /// Identify the process from the last experiment, or a span, and propose a tuning; changes nothing
    Tune(LoopTuneArgs),
    /// Give a running loop another tuning
    Apply {
        /// Loop, as TIC-321
        name: String,
        #[arg(long)]
        kc: f64,
        /// `900s`, `15min`; 0 is no integral
        #[arg(long, value_name = "TIME")]
        ti: String,
        #[arg(long, value_name = "TIME")]
        td: Option<String>,
        /// Why, for the audit log
        #[arg(long, default_value = "")]
        reason: String,
        #[command(flatten)]
        target: ApiTarget,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TableFormat {
    #[default]
    Text,
    Csv,
    Json,
}

#[derive(Args, Debug)]
pub struct LoopReportArgs {
    /// Loops [default: all]
    pub loops: Vec<String>,
    /// From: `-10min`, `-8h`, `-1d` before `to`, or `2026-11-23T14:00:00`
    #[arg(long, default_value = "-8h", allow_hyphen_values = true)]
    pub from: String,
    /// To: `now`, `-5min`, or a time
    #[arg(long, default_value = "now", allow_hyphen_values = true)]
    pub to: String,
    /// A row for every so much time, from --from on: `8h`
    #[arg(long, value_name = "TIME")]
    pub shift: Option<String>,
    #[arg(long, value_enum, default_value = "text")]
    pub format: TableFormat,
    /// Plant folder [default: the plant that the data folder ran last]
    #[arg(long, value_name = "DIR", env = "CATHOLYTE_PLANT")]
    pub plant: Option<PathBuf>,
    #[command(flatten)]
    pub target: HistoryTarget,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ShapeName {
    #[default]
    Step,
    Pulse,
    Relay,
    Stroke,
    PartialStroke,
}

#[derive(Args, Debug)]
pub struct LoopTestArgs {
    /// Loop, as TIC-321; for a stroke test the position of its valve, as ZI-401, or an on/off valve, as XV-502
    pub name: String,
    /// A step stays for its time; a pulse goes back for as long again; a relay swings six times; a stroke goes slowly
    /// away and back within what the plant declares, which the other options only make smaller. An on/off valve goes to its
    /// other limit switch and back; a partial stroke only moves it off its seat
    #[arg(long, value_enum, default_value = "step")]
    pub shape: ShapeName,
    /// How far OUT goes, in its unit; a step may go down
    #[arg(long, allow_hyphen_values = true)]
    pub amplitude: Option<f64>,
    /// A relay swings about OUT plus this
    #[arg(long, default_value_t = 0.0, allow_hyphen_values = true)]
    pub bias: f64,
    /// A relay turns so far beyond PV: twice its noise
    #[arg(long, default_value_t = 0.0)]
    pub hysteresis: f64,
    /// PV further than this from where it stands ends the experiment, in its unit
    #[arg(long)]
    pub deviation: Option<f64>,
    /// How long a stage lasts, or a relay at most: `20min`
    #[arg(long, value_name = "TIME")]
    pub time: Option<String>,
    /// End the experiment that runs
    #[arg(long)]
    pub end: bool,
    /// Why, for the audit log
    #[arg(long, default_value = "")]
    pub reason: String,
    #[command(flatten)]
    pub target: ApiTarget,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum RuleName {
    #[default]
    Simc,
    Lambda,
    AmigoPi,
    AmigoPid,
}

#[derive(Args, Debug)]
pub struct LoopTuneArgs {
    /// Loop, as TIC-321
    pub name: String,
    /// Begin of a span in which OUT moved [default: the last experiment]
    #[arg(long, allow_hyphen_values = true)]
    pub from: Option<String>,
    /// Its end
    #[arg(long, default_value = "now", allow_hyphen_values = true)]
    pub to: String,
    #[arg(long, value_enum, default_value = "simc")]
    pub rule: RuleName,
    /// Wanted time constant of the closed loop, for simc and lambda [default: by the dead time]
    #[arg(long, value_name = "TIME")]
    pub tauc: Option<String>,
    /// Greatest sensitivity that the proposal may have, 1.2 to 2
    #[arg(long, default_value_t = 1.7)]
    pub ms: f64,
    /// Plant folder [default: the plant that the data folder ran last]
    #[arg(long, value_name = "DIR", env = "CATHOLYTE_PLANT")]
    pub plant: Option<PathBuf>,
    #[command(flatten)]
    pub target: HistoryTarget,
}

#[derive(Args, Debug)]
pub struct ForceArgs {
    /// Input or output tag, as TT-311
    pub tag: String,
    /// In the tag's unit; for a switch also its word
    #[arg(allow_hyphen_values = true)]
    pub value: String,
    /// It ends by itself after so long, at most 8h: `30min`
    #[arg(long = "for", value_name = "TIME")]
    pub time: String,
    /// Why, for the audit log
    #[arg(long)]
    pub reason: String,
    #[command(flatten)]
    pub target: ApiTarget,
}

#[derive(Args, Debug)]
pub struct UnforceArgs {
    /// Tag that is forced, as TT-311
    pub tag: String,
    /// Why, for the audit log
    #[arg(long, default_value = "")]
    pub reason: String,
    #[command(flatten)]
    pub target: ApiTarget,
}

#[derive(Args, Debug)]
pub struct BypassedArgs {
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    #[command(flatten)]
    pub target: ApiTarget,
}

#[derive(Args, Debug)]
pub struct OutOfServiceArgs {
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    #[command(flatten)]
    pub target: ApiTarget,
}

#[derive(Args, Debug)]
pub struct ForcedArgs {
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    #[command(flatten)]
    pub target: ApiTarget,
}
