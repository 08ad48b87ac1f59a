//! Plants as text: checked, compared, put in force, run again, played.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{ApiTarget, Format};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// Everything that the controller compiles
    Plant,
    /// The simulated field
    Field,
    /// What happens to a plant and what must follow
    Scenario,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    catholyte check plants/refinery\n  \
    catholyte check --schema > plant.json               for plant.toml and the areas\n  \
    catholyte check --schema=field > field.json         for field/*.toml\n  \
    catholyte check --schema=scenario > scenario.json   for scenarios/*.toml")]
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
    /// Print a JSON schema for editors: of the plant's TOML files, of `field/*.toml` or of `scenarios/*.toml`
    #[arg(
        long,
        value_enum,
        value_name = "OF",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "plant",
        conflicts_with_all = ["watch", "plant"]
    )]
    pub schema: Option<SchemaOf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MatrixFormat {
    /// Sheets of so many columns
    #[default]
    Text,
    /// A row for each cause, for a spreadsheet
    Csv,
    Json,
    /// A page to print on A3 and to sign
    Html,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    catholyte matrix plants/refinery --area 300\n  \
    catholyte matrix plants/site --format html > matrix.html\n  \
    catholyte matrix plants/recycling --format csv > matrix.csv\n\n\
    A row is a cause, a column an effect; S holds until a reset, N ends with its cause. It is read off what the scan runs, and\n\
    names the plant's text by its hash.")]
pub struct MatrixArgs {
    /// Plant folder [default: the refinery that ships with the program]
    pub plant: Option<PathBuf>,
    /// This area alone; `none` for the interlocks that belong to no area
    #[arg(long)]
    pub area: Option<String>,
    #[arg(long, value_enum, default_value = "text")]
    pub format: MatrixFormat,
    /// Columns of a text sheet; what does not fit goes on a second one
    #[arg(long, value_name = "COLUMNS", default_value_t = 120, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(100..=400))]
    pub width: usize,
}

#[derive(Args, Debug)]
pub struct PlanArgs {
    /// The plant as it is: a folder, or `shipped` for the refinery inside the program
    pub old: PathBuf,
    /// The plant as it shall be
    pub new: PathBuf,
    /// Data folder of an installation: endpoints that its settings override are those of both
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
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
    /// Why; needed, and kept in the audit log. Without it the terminal is asked
    #[arg(long, default_value = "")]
    pub reason: String,
    /// Do not ask: the plan has been looked at
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    pub target: ApiTarget,
}

#[derive(Args, Debug)]
pub struct ReplayArgs {
    /// Journal folder, as DATA/journal
    pub journal: PathBuf,
    /// Stop after this scan, or the last before it
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
    /// A campaign in place of scenarios: so long with random faults, orders, recipes, lost links and kills; each day of
    /// the plant tells on standard error how it stands
    #[arg(long = "for", value_name = "TIME", conflicts_with_all = ["scenarios", "list", "trend"])]
    pub duration: Option<String>,
    /// The campaign without its shadow, a second pair that is compared at every scan: half the time
    #[arg(long, requires = "duration")]
    pub no_shadow: bool,
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
