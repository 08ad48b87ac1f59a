//! What was recorded: history and audit log.

use std::path::PathBuf;

use clap::{Args, Subcommand};

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
    /// Recompute the chain, and hold it against the heads that the data folder keeps elsewhere
    ///
    /// Each entry carries a hash of itself and the one before, so a line that was changed, removed or added is found,
    /// unless whoever did it has computed anew all hashes behind it, or cut the end off. That is found by the heads that
    /// the history keeps: the newest one, and one an hour among the events. Whoever can write the whole data folder can
    /// forge these as well, and no check of the folder alone will tell: keep what `catholyte audit head` prints elsewhere
    /// (on paper, on another machine), and give it here.
    Verify {
        /// A head that was kept elsewhere, as `catholyte audit head` printed it; may be given several times
        #[arg(long, value_name = "N:HASH")]
        head: Vec<String>,
    },
    /// Print how many entries there are and the hash of the last, `N:HASH`, to be kept elsewhere
    Head,
}
