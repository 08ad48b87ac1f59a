//! The command line: what there is, and help that teaches.

mod operation;
mod orders;
mod plant;
mod records;
mod simulator;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use operation::*;
pub use orders::*;
pub use plant::*;
pub use records::*;
pub use simulator::*;

#[derive(Debug, Parser)]
#[command(
    name = "catholyte",
    version,
    about = "Process control and SCADA for lithium refineries and battery recycling",
    long_about = "Process control and SCADA for lithium refineries and battery recycling.\n\n\
        Without a command it runs the demo: a simulated lithium refinery behind soft PLCs, the controller, \
        the history on disk and the operator's screen, in this terminal.\n\n\
        Its interlocks are process interlocks. They are no safety instrumented system (IEC 61511).",
    after_help = "First steps:\n  \
        catholyte                                  run the demo\n  \
        catholyte check plants/refinery            compile a plant folder and report\n  \
        catholyte selftest plants/refinery         play its scenarios, hundreds of times faster\n  \
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
    /// The cause-and-effect matrix of a plant's interlocks: text, HTML, CSV or JSON
    Matrix(MatrixArgs),
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
    /// Phases that no batch owns, as those that a trip starts: list, and orders
    Phase(PhaseArgs),
    /// Loops: how they did, what their process is, how they could be tuned
    Loop(LoopArgs),
    /// Set point, output, mode, command of a device, value entered by hand: `catholyte write FIC-301.SP 11.2`
    Write(WriteArgs),
    /// Alarms that stand or wait, the most urgent first
    Alarms(AlarmsArgs),
    /// Acknowledge alarms by their names
    Ack(AckArgs),
    /// Hide an alarm for a time: `catholyte shelve AT-341.H --for 30min --reason "analyser is being calibrated"`
    Shelve(ShelveArgs),
    /// Take an interlock out for a time, where its text allows it
    Bypass(BypassArgs),
    /// Let an interlock go that has tripped and holds
    Reset(ResetArgs),
    /// Why something is as it is, in live values: loop, device, interlock, alarm, phase, recipe, point
    Why(WhyArgs),
    /// Hold a tag of the field at a value for a time: `catholyte force TT-311 81.5 --for 30min --reason "probe changed"`
    Force(ForceArgs),
    /// Release a forced tag
    Unforce(UnforceArgs),
    /// Let the feedbacks of a device follow its order for a time, whatever the field says
    Simulate(SimulateArgs),
    /// Everything that is forced: value, what the field says, until when, by whom, which interlocks it defeats
    Forced(ForcedArgs),
    /// Every interlock that is bypassed: until when, by whom, whether its cause stands
    Bypassed(BypassedArgs),
    /// Every device and loop that is out of service: since when and by whom. `catholyte write P-311.MODE out_of_service
    /// --reason "bearing"` takes one out, `... manual` puts it back
    OutOfService(OutOfServiceArgs),
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
    /// In production, as its field text says; the refinery at 4.0 kA
    #[default]
    Running,
    /// Empty and cold, outputs at their fail positions: for the start-up recipes
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
#[command(after_help = "While it runs, from another terminal; the demo is found by itself:\n  \
    catholyte alarms                           what stands and waits\n  \
    catholyte why IL-301                       why something is as it is\n  \
    catholyte write FIC-301.SP 11.2            and every other order\n  \
    catholyte sim faults                       what can go wrong, and how to make it so")]
pub struct DemoArgs {
    /// Folder of the plant's text [default: the refinery that ships with the program]
    #[arg(value_name = "PLANT")]
    pub plant: Option<PathBuf>,
    /// The same, as `run` and `sim` are told it
    #[arg(long = "plant", value_name = "DIR", conflicts_with = "plant")]
    pub named: Option<PathBuf>,
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
pub struct RunArgs {
    #[command(flatten)]
    pub place: Place,
    /// Address of the API [default: 127.0.0.1:7300]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<std::net::SocketAddr>,
    /// Begin without what the journal remembers: trips, bypasses, modes and totals of the last run are let go of, which event
    /// list and audit log keep
    #[arg(long)]
    pub fresh: bool,
    /// The plant's text has changed: go on from the state of the last run, if that is bumpless. Without --apply or --fresh a
    /// changed plant does not start
    #[arg(long, conflicts_with = "fresh")]
    pub apply: bool,
    /// Go on with the plant that ran before the last change, from the journal's own copy
    #[arg(long, conflicts_with_all = ["fresh", "apply"])]
    pub rollback: bool,
    /// Go on with the plant that ran last, from the journal's own copy, whatever has become of the folder: for a service that
    /// is started again by itself. That the folder differs is told; the folder is put in force by `catholyte apply`
    #[arg(long, conflicts_with_all = ["fresh", "apply", "rollback"])]
    pub as_it_ran: bool,
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

// Without any of the three it is the demo that runs on this machine: see `target.rs`. No doc comment: clap would
// take it for the help of every command that has this.
#[derive(Args, Clone, Debug, Default)]
pub struct ApiTarget {
    /// Address of the controller's API [default: http://127.0.0.1:7300, or that of your demo that runs]
    #[arg(long, env = "CATHOLYTE_URL")]
    pub url: Option<String>,
    /// Who you are, one of `catholyte user list` [default: the demo's user, while your demo runs]
    #[arg(long, env = "CATHOLYTE_USER")]
    pub user: Option<String>,
    /// File whose first line is the password [default: the demo's]
    #[arg(long, value_name = "FILE", env = "CATHOLYTE_PASSWORD_FILE")]
    pub password_file: Option<PathBuf>,
}

#[derive(Args, Debug)]
#[command(
    after_help = "Who did it (the user of the operating system), what and when stands in the audit log, that of a controller that runs as well: \
    `catholyte audit show`."
)]
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
    Password { name: String },
    /// Add a person; the password is printed
    Add {
        name: String,
        #[arg(long, value_parser = ["viewer", "operator", "supervisor", "engineer", "administrator"])]
        role: String,
    },
    /// Give somebody another role; it holds for sessions that are open
    Role {
        name: String,
        #[arg(value_parser = ["viewer", "operator", "supervisor", "engineer", "administrator"])]
        role: String,
    },
    /// Somebody may not log in any more; sessions that are open end
    Remove { name: String },
    /// Names and roles
    List,
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
