//! Every bound of the running controller: its name, its number, its reason.

use std::time::Duration;

/// Commands that wait for the scan. People type one a second; scripts get "too many" beyond this.
pub const COMMANDS_WAITING: usize = 1024;
/// Commands that one scan takes. At 100 scans a second that is 6,400 a second, and a few microseconds.
pub const COMMANDS_PER_SCAN: usize = 64;
/// Journal items between scan and disk: ten seconds of a plant with 5,000 busy tags.
pub const JOURNAL_ITEMS: usize = 1 << 17;
/// Events between scan and disk: an alarm flood of a whole plant, ten times over.
pub const EVENTS_WAITING: usize = 1 << 14;
/// Events that one scan can report before it counts losses.
pub const EVENTS_PER_SCAN: usize = 4096;
/// Event texts waiting for the event store.
pub const RECORDS_WAITING: usize = 1 << 14;
/// Events that a slow API client may lag behind before it loses the oldest.
pub const EVENT_BROADCAST: usize = 1024;

/// Group commit of the journal: what a kill can cost, and how long a command waits at most.
pub const JOURNAL_COMMIT: Duration = Duration::from_millis(50);
/// An answer waits at most so long for the frame that shows what the command did.
pub const SHOWN_TIMEOUT: Duration = Duration::from_millis(500);
/// A journal or an audit log that the disk refuses is tried again this often.
pub const DISK_RETRY: Duration = Duration::from_secs(1);
/// Audit entries that wait for the disk. People make one a second; a script is told "too many" long before.
pub const AUDIT_WAITING: usize = 4096;
/// A start waits so long for whoever enters something in the audit log at the command line.
pub const AUDIT_WAIT: Duration = Duration::from_secs(5);
/// What the audit log keeps of a disk for the time when it is full: ten thousand entries.
pub const AUDIT_ROOM: u64 = 4 << 20;
/// The head of the audit log stands among the events this often, when it has grown.
pub const AUDIT_HEAD: Duration = Duration::from_secs(3600);
/// The history is made durable this often.
pub const HISTORY_COMMIT: Duration = Duration::from_secs(1);
/// The state that people see is published this often.
pub const PUBLISH_MS: u32 = 100;
/// Wake-ups whose lateness is kept for its percentiles: 20 seconds of a 10 ms scan.
pub const LATENESS_KEPT: usize = 2048;
/// The clock on the wall is compared with the controller's time this often.
pub const CLOCK_LOOK_MS: u64 = 1000;
/// Less than this is drift and rounding, and no news for the engine.
pub const CLOCK_GRAIN_MS: u64 = 20;
/// From here on the two are told to differ: nobody sets a clock right by less, and a late start costs no more.
pub const CLOCK_STEP_MS: u64 = 1000;
/// A device whose bank does not move for so long is as good as gone, whatever its task says.
pub const STALE_MS: u32 = 2000;
/// After this much delay the scan stops catching up and lets time jump.
pub const CATCH_UP_MS: u32 = 1000;
/// How long a start waits for the field before it goes on without, if no device answers at all.
pub const FIELD_WAIT: Duration = Duration::from_secs(5);
/// One that answers waits for the others this share of the shortest watchdog: it hears nothing meanwhile.
pub const FIELD_WAIT_SHARE: u32 = 4;
/// How long a change of the plant may wait for the scan, and for those behind it.
pub const CHANGE_TIMEOUT: Duration = Duration::from_secs(10);
/// An operator is told "not done in time" after this.
pub const COMMAND_TIMEOUT: Duration = Duration::from_secs(5);
