//! The command line: what there is, and help that teaches.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

#[derive(Debug, Parser)]
#[command(
    name = "catholyte",
    version,
    about = "Process control and SCADA for lithium refineries and battery recycling",
    long_about = "Process control and SCADA for lithium refineries and battery recycling.\n\n\
        Without a command it runs the demo: a simulated electrolysis plant behind soft PLCs, the controller, \
        the history on disk and the operator's screen, in this terminal.\n\n\
        Its interlocks are process interlocks. They are no safety instrumented system (IEC 61511).",
    after_help = "First steps:\n  \
        catholyte                                  run the demo\n  \
        catholyte check plants/refinery            compile a plant folder and report\n  \
        catholyte selftest plants/refinery         play its scenarios, a day in seconds\n  \
        catholyte history plot TT-322 --data DIR   what the demo recorded\n  \
        catholyte replay DIR/journal               run it again, bit for bit"
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Simulator, controller and HMI together, in this terminal
    Demo(DemoArgs),
    /// The plant alone, as soft PLCs on Modbus TCP and OPC UA
    Sim(SimArgs),
    /// The controller: scan, bridges, alarms, recipes, history, API; headless
    Run(RunArgs),
    /// The operator's screen, on this machine or another
    Hmi(HmiArgs),
    /// Compile a plant folder and report every mistake
    Check(CheckArgs),
    /// What changes from one plant folder to another, and whether a running engine can take it
    Plan(PlanArgs),
    /// Put a changed plant in force on a controller that runs, after showing what changes
    Apply(ApplyArgs),
    /// Undo the last change of the plant on a controller that runs
    Rollback(ChangeArgs),
    /// What was recorded: query, latest, plot, export, verify
    History(HistoryArgs),
    /// Run a journal again, verify every scan, look at any tag
    Replay(ReplayArgs),
    /// Play the plant's scenarios on the simulator, in virtual time
    Selftest(SelftestArgs),
    /// Recipes of a running plant: list, status, and orders
    Recipe(RecipeArgs),
    /// Loops: how they did, what their process is, how they could be tuned
    Loop(LoopArgs),
    /// Who may log in
    User(UserArgs),
    /// The log of who did what: show, verify
    Audit(AuditArgs),
    /// Completions for a shell: `catholyte completions bash > ...`
    Completions { shell: clap_complete::Shell },
}

#[derive(Args, Debug)]
pub struct Place {
    /// Folder of the plant's text [default: the refinery that ships with the program]
    #[arg(long, value_name = "DIR", env = "CATHOLYTE_PLANT")]
    pub plant: Option<PathBuf>,
    /// Folder for journal, history, users and logs [default: below the user's data home]
    #[arg(long, value_name = "DIR", env = "CATHOLYTE_DATA")]
    pub data: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Start {
    /// Steady production at 4.0 kA
    #[default]
    Running,
    /// Empty, cold, breaker open: for the start-up recipe
    Cold,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ThemeName {
    Night,
    Day,
    Sixteen,
    Mono,
}

#[derive(Args, Debug, Default)]
pub struct Look {
    /// Colours of the screen; NO_COLOR is obeyed
    #[arg(long, value_enum)]
    pub theme: Option<ThemeName>,
    /// Steady badges in place of blinking ones
    #[arg(long)]
    pub reduced_motion: bool,
    /// Plain ASCII bars and trends
    #[arg(long)]
    pub ascii: bool,
}

#[derive(Args, Debug, Default)]
pub struct DemoArgs {
    /// Folder of the plant's text [default: the refinery that ships with the program]
    #[arg(long, value_name = "DIR")]
    pub plant: Option<PathBuf>,
    /// Folder for this demo's data [default: a new one below the user's data home]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// State in which the simulated plant begins
    #[arg(long, value_enum, default_value = "running")]
    pub start: Start,
    #[command(flatten)]
    pub look: Look,
}

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
    /// Times real time
    #[arg(long, default_value_t = 1.0)]
    pub speed: f64,
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
    /// Switch a fault on: `catholyte sim fault pinhole cell=7 size=0.5`
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
    /// Run the plant at 0.1 to 100 times real time; the controller keeps its own pace
    Speed {
        factor: f64,
        #[command(flatten)]
        target: SimTarget,
    },
    /// Let so much plant time pass at once: `catholyte sim step 30s`
    Step {
        time: String,
        #[command(flatten)]
        target: SimTarget,
    },
    /// Take the plant back, up to two hours: `catholyte sim rewind 5min`
    Rewind {
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
    catholyte sim unit dissolver --set solids=500kg/h --set acid_coarse=0@20min --for 2h --every 1min --out csv")]
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
    #[arg(long = "for", value_name = "TIME")]
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

#[derive(Args, Debug)]
pub struct RunArgs {
    #[command(flatten)]
    pub place: Place,
    /// Address of the API [default: 127.0.0.1:7300]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<std::net::SocketAddr>,
    /// Begin without what the journal remembers
    #[arg(long)]
    pub fresh: bool,
    /// The plant's text has changed: go on from the state of the last run, if that is bumpless
    #[arg(long, conflicts_with = "fresh")]
    pub apply: bool,
    /// Go on with the plant that ran before the last change, from the journal's own copy
    #[arg(long, conflicts_with_all = ["fresh", "apply"])]
    pub rollback: bool,
    /// Apply also what cannot be taken over bumplessly
    #[arg(long)]
    pub force: bool,
}

#[derive(Args, Debug)]
pub struct HmiArgs {
    /// Address of the controller's API
    #[arg(long, default_value = "http://127.0.0.1:7300", env = "CATHOLYTE_URL")]
    pub url: String,
    #[arg(long, env = "CATHOLYTE_USER")]
    pub user: Option<String>,
    /// File whose first line is the password; without it the screen asks
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Look only: no command leaves this screen
    #[arg(long)]
    pub view: bool,
    #[command(flatten)]
    pub look: Look,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    #[default]
    Text,
    Json,
}

#[derive(Args, Debug)]
pub struct CheckArgs {
    /// Plant folder: the one that holds plant.toml
    #[arg(required_unless_present = "schema")]
    pub plant: Option<PathBuf>,
    /// `json` prints one document for editors and scripts
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    /// Check again whenever a file changes, until Ctrl-C
    #[arg(long)]
    pub watch: bool,
    /// Print the JSON schema of the folder's TOML files, for editors
    #[arg(long, conflicts_with_all = ["watch", "plant"])]
    pub schema: bool,
}

#[derive(Args, Debug)]
pub struct PlanArgs {
    /// The plant as it is: a folder, or `shipped` for the refinery inside the program
    pub old: PathBuf,
    /// The plant as it shall be
    pub new: PathBuf,
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    catholyte apply plants/refinery --user jane --password-file pw --reason 'gain of FIC-301 after the step test'\n  \
    catholyte rollback --user jane --password-file pw --yes")]
pub struct ApplyArgs {
    /// The plant as it shall be: the folder that holds plant.toml
    pub plant: PathBuf,
    #[command(flatten)]
    pub change: ChangeArgs,
}

#[derive(Args, Debug)]
pub struct ChangeArgs {
    /// Apply also what cannot be taken over bumplessly
    #[arg(long)]
    pub force: bool,
    /// Why; kept in the audit log
    #[arg(long, default_value = "")]
    pub reason: String,
    /// Do not ask: the plan has been looked at
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    pub target: ApiTarget,
}

#[derive(Args, Debug)]
pub struct HistoryArgs {
    #[command(subcommand)]
    pub command: HistoryCommand,
}

#[derive(Debug, Subcommand)]
pub enum HistoryCommand {
    /// Samples of tags as they were recorded
    Query(HistoryRange),
    /// The last sample of each tag, or of those named
    Latest {
        tags: Vec<String>,
        #[command(flatten)]
        target: HistoryTarget,
    },
    /// A trend in the terminal
    Plot(HistoryRange),
    /// CSV on standard output
    Export(HistoryRange),
    /// Alarms, commands, trips: newest first
    Events {
        #[command(flatten)]
        range: HistoryRange,
    },
    /// Read every block and say what is damaged
    Verify(HistoryTarget),
}

#[derive(Args, Debug)]
pub struct HistoryTarget {
    /// Data folder [default: the newest demo]
    #[arg(long, value_name = "DIR", env = "CATHOLYTE_DATA")]
    pub data: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct HistoryRange {
    /// Tags, as `TT-322` or `FIC-301.SP`
    pub tags: Vec<String>,
    /// From: `-10min`, `-2h`, `-1d` before `to`, or `2026-11-23T14:00:00`
    #[arg(long, default_value = "-1h", allow_hyphen_values = true)]
    pub from: String,
    /// To: `now`, `-5min`, or a time
    #[arg(long, default_value = "now", allow_hyphen_values = true)]
    pub to: String,
    /// At most so many rows a tag
    #[arg(long, default_value_t = 100_000)]
    pub max: usize,
    #[command(flatten)]
    pub target: HistoryTarget,
}

#[derive(Args, Debug)]
pub struct ReplayArgs {
    /// Journal folder, as DATA/journal
    pub journal: PathBuf,
    /// Stop after this scan
    #[arg(long, value_name = "TICK")]
    pub until: Option<u64>,
    /// Run with another plant folder and show where the two histories part
    #[arg(long, value_name = "DIR")]
    pub with: Option<PathBuf>,
    /// Print these tags as CSV
    #[arg(long, value_name = "TAG")]
    pub export: Vec<String>,
    /// Distance of exported rows
    #[arg(long, value_name = "MS", default_value_t = 1000)]
    pub every_ms: u64,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    catholyte selftest plants/refinery --list\n  \
    catholyte selftest plants/refinery --scenario pinhole --events\n  \
    catholyte selftest plants/refinery --seed 3 --for 24h        random deeds, and what must hold all the same\n  \
    catholyte selftest plants/refinery --scenario pinhole --trend IT-301,AT-351 --every 5s --out csv")]
pub struct SelftestArgs {
    /// Plant folder [default: the refinery that ships with the program]
    pub plant: Option<PathBuf>,
    /// Only this scenario; may be given several times
    #[arg(long = "scenario", value_name = "NAME")]
    pub scenarios: Vec<String>,
    /// What scenarios there are
    #[arg(long)]
    pub list: bool,
    /// Seed of the simulator's noise in place of the scenario's own; of everything in a campaign
    #[arg(long)]
    pub seed: Option<u64>,
    /// A campaign in place of scenarios: so long with random faults, orders, recipes, lost links and kills
    #[arg(long = "for", value_name = "TIME", conflicts_with_all = ["scenarios", "list", "trend"])]
    pub duration: Option<String>,
    /// Every event of the run
    #[arg(long)]
    pub events: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    /// Tags of one scenario's run as CSV
    #[arg(long, value_name = "TAG", value_delimiter = ',')]
    pub trend: Vec<String>,
    /// Distance of the trend's rows
    #[arg(long, value_name = "TIME", default_value = "1s")]
    pub every: String,
    /// `csv` prints the trend, anything else is the file for it
    #[arg(long, value_name = "csv|FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct ApiTarget {
    /// Address of the controller's API
    #[arg(long, default_value = "http://127.0.0.1:7300", env = "CATHOLYTE_URL")]
    pub url: String,
    #[arg(long, env = "CATHOLYTE_USER")]
    pub user: String,
    /// File whose first line is the password
    #[arg(long, value_name = "FILE", env = "CATHOLYTE_PASSWORD_FILE")]
    pub password_file: PathBuf,
}

#[derive(Args, Debug)]
pub struct RecipeArgs {
    #[command(subcommand)]
    pub command: RecipeCommand,
}

#[derive(Debug, Subcommand)]
pub enum RecipeCommand {
    /// Master recipes of a plant folder
    List {
        /// [default: the refinery that ships with the program]
        #[arg(long, value_name = "DIR")]
        plant: Option<PathBuf>,
    },
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
    /// Order to a batch: hold, restart, stop, abort, reset
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

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum OrderName {
    Hold,
    Restart,
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
    /// Plant folder [default: the refinery that ships with the program]
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
}

#[derive(Args, Debug)]
pub struct LoopTestArgs {
    /// Loop, as TIC-321
    pub name: String,
    /// A step stays for its time; a pulse goes back for as long again; a relay swings six times
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
    /// Plant folder [default: the refinery that ships with the program]
    #[arg(long, value_name = "DIR", env = "CATHOLYTE_PLANT")]
    pub plant: Option<PathBuf>,
    #[command(flatten)]
    pub target: HistoryTarget,
}

#[derive(Args, Debug)]
pub struct UserArgs {
    #[command(subcommand)]
    pub command: UserCommand,
    /// Data folder of the controller
    #[arg(long, value_name = "DIR", env = "CATHOLYTE_DATA", global = true)]
    pub data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Give somebody a new password; it is printed
    Password {
        name: String,
    },
    /// Add a person; the password is printed
    Add {
        name: String,
        #[arg(long, value_parser = ["viewer", "operator", "supervisor", "engineer", "administrator"])]
        role: String,
    },
    Remove {
        name: String,
    },
    List,
}

#[derive(Args, Debug)]
pub struct AuditArgs {
    #[command(subcommand)]
    pub command: AuditCommand,
    /// Data folder [default: the newest demo]
    #[arg(long, value_name = "DIR", env = "CATHOLYTE_DATA", global = true)]
    pub data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Print the log
    Show,
    /// Recompute the chain and say whether a line was changed, removed or added
    Verify,
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
