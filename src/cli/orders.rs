//! What an operator does to a plant that runs, one order at a time.

use clap::Args;

use super::{ApiTarget, Format};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    catholyte write FIC-301.SP 11.2            a set point, in the point's unit\n  \
    catholyte write FIC-301.MODE manual        a mode: manual, auto, cascade, ...\n  \
    catholyte write FIC-301.OUT 40             the output of a loop in manual\n  \
    catholyte write FIC-301.OUT --by 2         raised by 2 from where it stands; `--by -2` lowers, `--by 1%` is of what may be written\n  \
    catholyte write XV-353.CMD open            a switch, by its word\n  \
    catholyte write TIC-321.KC 0.8 --reason 'step test of Tuesday'\n\n\
    What was done is in the audit log (`catholyte audit show`) and among the events. It asks for the role that the value \
    needs; `catholyte why FIC-301` says what stands against a write that is refused.")]
pub struct WriteArgs {
    /// What people may write: `LOOP.SP`, `LOOP.OUT`, `LOOP.MODE`, `VALVE.CMD`, a value entered by hand
    pub point: String,
    /// In the point's unit, without the unit; a mode or a switch by its word
    #[arg(allow_hyphen_values = true, required_unless_present = "by")]
    pub value: Option<String>,
    /// Raise by so much, or lower with a minus: in the point's unit, or with % of what may be written. It stops at the limits
    #[arg(long, value_name = "CHANGE", allow_hyphen_values = true, conflicts_with = "value")]
    pub by: Option<String>,
    /// Why, for the audit log
    #[arg(long, default_value = "")]
    pub reason: String,
    #[command(flatten)]
    pub target: ApiTarget,
}

#[derive(Args, Debug)]
#[command(
    after_help = "The most urgent first, also what is on the shelf or out of service; what the plant's design suppresses just now is not \
    listed. A name from the list is what `ack`, `shelve` and `why` take."
)]
pub struct AlarmsArgs {
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    #[command(flatten)]
    pub target: ApiTarget,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    catholyte alarms                           what stands and waits\n  \
    catholyte ack AT-351.H LT-321.L            these two\n\n\
    There is no order for all alarms at once: to acknowledge says that somebody has read it.")]
pub struct AckArgs {
    /// Alarms, as `catholyte alarms` names them
    #[arg(required = true, value_name = "ALARM")]
    pub alarms: Vec<String>,
    #[command(flatten)]
    pub target: ApiTarget,
}

/// For how long, or no longer.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub struct Span {
    /// It ends by itself after so long: `10min`
    #[arg(long = "for", value_name = "TIME")]
    pub time: Option<String>,
    /// End it now
    #[arg(long)]
    pub end: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    catholyte shelve AT-341.H --for 30min --reason 'analyser is being calibrated'\n  \
    catholyte shelve AT-341.H --end\n\n\
    A shelved alarm comes back by itself, after at most 12h; a critical one needs a supervisor.")]
pub struct ShelveArgs {
    /// Alarm, as `catholyte alarms` names it
    pub alarm: String,
    #[command(flatten)]
    pub span: Span,
    /// Why, for the audit log
    #[arg(long, default_value = "")]
    pub reason: String,
    #[command(flatten)]
    pub target: ApiTarget,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    catholyte bypass IL-101 --for 10min --reason 'proof test of LT-131'\n  \
    catholyte bypass IL-101 --end --reason 'test done'\n\n\
    It ends by itself, after at most 8h. An interlock whose text gives no bypass has none, and the role is the one that it names.")]
pub struct BypassArgs {
    /// Interlock, as IL-301
    pub interlock: String,
    #[command(flatten)]
    pub span: Span,
    /// Why, for the audit log; needed
    #[arg(long)]
    pub reason: String,
    #[command(flatten)]
    pub target: ApiTarget,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    catholyte simulate XV-353 --for 30min --reason 'limit switches are being wired'\n  \
    catholyte simulate XV-353 --end\n\n\
    The feedbacks follow the order after the travel time, whatever the field says; trips, permits and phases see them. The order goes \
    to the field as ever. It ends by itself, after at most 8h; `catholyte forced` lists it.")]
pub struct SimulateArgs {
    /// Motor, valve, breaker or drive, as XV-353
    pub device: String,
    #[command(flatten)]
    pub span: Span,
    /// Why, for the audit log; needed to begin
    #[arg(long, default_value = "")]
    pub reason: String,
    #[command(flatten)]
    pub target: ApiTarget,
}

#[derive(Args, Debug)]
#[command(
    after_help = "It is refused while a cause of the trip stands; `catholyte why IL-301` says which. A reset moves nothing by itself."
)]
pub struct ResetArgs {
    /// Interlock that has tripped and holds, as IL-301
    pub interlock: String,
    /// Why, for the audit log
    #[arg(long, default_value = "")]
    pub reason: String,
    #[command(flatten)]
    pub target: ApiTarget,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    catholyte why IL-301                       its causes with live values; which one was first\n  \
    catholyte why FV-301                       an output: who drives it, what holds it\n  \
    catholyte why XV-353                       what a valve or motor waits for\n  \
    catholyte why IL-301 --format json         the same as data: tag, operator, limit, value, distance, delay\n\n\
    docs/why.md has the data field by field.")]
pub struct WhyArgs {
    /// Loop, device, interlock, alarm, phase, recipe, or any point
    pub name: String,
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    #[command(flatten)]
    pub target: ApiTarget,
}
