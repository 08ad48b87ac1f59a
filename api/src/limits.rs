//! Every bound of the server: its name, its number, its reason.

use std::time::Duration;

/// A command or a login is a few hundred bytes; nothing that people send comes near this.
pub(crate) const BODY_BYTES: usize = 64 << 10;
/// The text of a whole plant: many times the largest that we know.
pub(crate) const PLANT_BYTES: usize = 32 << 20;
/// Request line and headers together.
pub(crate) const HEAD_BYTES: usize = 16 << 10;
/// A WebSocket client has nothing to say but pongs.
pub(crate) const LIVE_MESSAGE_BYTES: usize = 4 << 10;
/// No name in a plant is longer; the search for the nearest one costs the square of it.
pub(crate) const NAME_BYTES: usize = 64;
/// Why somebody acted, kept in the audit log for ever.
pub(crate) const REASON_CHARS: usize = 500;
/// One column per dot of a very wide trend.
pub(crate) const HISTORY_COLUMNS: u32 = 5_000;
/// Raw samples of one answer: some megabytes of JSON.
pub(crate) const HISTORY_SAMPLES: usize = 100_000;
/// Ten years, which is how long the history is kept.
pub(crate) const HISTORY_SPAN_MS: i64 = 3_660 * 86_400_000;
pub(crate) const EVENTS_DEFAULT: u32 = 200;
pub(crate) const EVENTS_MAX: u32 = 5_000;
/// Refused commands of one session that the audit log keeps; nobody types one a second for a minute.
pub(crate) const REFUSALS_PER_MINUTE: u32 = 60;
/// Passwords that are worked on at once: each takes 19 MiB and a processor for some 30 ms.
pub(crate) const HASHES_AT_ONCE: usize = 2;
/// What the system may hold for a client that takes it slowly. Left alone, it grows to megabytes: on a
/// thin line that is a minute of old values, and no skipping of frames helps what is already sent.
pub(crate) const SEND_BUFFER_BYTES: usize = 64 << 10;
/// Beyond this a login is told to come back; the queue must not grow.
pub(crate) const HASH_WAIT: Duration = Duration::from_secs(5);
/// Users of one installation.
pub(crate) const USERS: usize = 1_000;
/// Size of the users' file, well above that many users.
pub(crate) const USERS_FILE_BYTES: u64 = 1 << 20;
/// Addresses and users whose failed logins are remembered.
pub(crate) const THROTTLE_ENTRIES: usize = 4_096;

/// The bounds that a test, or a very large or very small installation, may want to set otherwise.
#[derive(Clone, Debug)]
pub struct Limits {
    /// A session ends when nothing was asked for so long. An open live connection counts as asking.
    pub session_idle: Duration,
    /// A session ends so long after its login, whatever happens: one shift.
    pub session_absolute: Duration,
    /// Sessions of everybody.
    pub sessions: usize,
    /// Sessions of one user; one more ends the one that was idle longest.
    pub sessions_per_user: usize,
    /// Connections of everybody.
    pub connections: usize,
    /// Connections of one address, so that one broken client leaves room for the others.
    pub connections_per_address: usize,
    /// Live connections of everybody.
    pub live_connections: usize,
    /// From the opening of a connection, or the answer before, to the last header of a request.
    pub header_timeout: Duration,
    /// From the last header to the end of the body.
    pub body_timeout: Duration,
    /// A client that takes nothing from us for so long is dropped.
    pub stall_timeout: Duration,
    /// What the controller may take for an answer.
    pub answer_timeout: Duration,
    /// The least time between two frames to one client.
    pub frame_interval: Duration,
    /// How often a live connection looks whether its session still stands.
    pub live_check: Duration,
    /// A live client is asked so often whether it is there.
    pub ping_interval: Duration,
    /// A live client that says nothing for so long is gone.
    pub pong_timeout: Duration,
    /// What open requests may take to finish when the server ends.
    pub shutdown_grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            session_idle: Duration::from_secs(30 * 60),
            session_absolute: Duration::from_secs(12 * 3600),
            sessions: 64,
            sessions_per_user: 16,
            connections: 256,
            connections_per_address: 64,
            live_connections: 32,
            header_timeout: Duration::from_secs(15),
            body_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(10),
            answer_timeout: Duration::from_secs(10),
            frame_interval: Duration::from_millis(100),
            live_check: Duration::from_secs(1),
            ping_interval: Duration::from_secs(5),
            pong_timeout: Duration::from_secs(20),
            shutdown_grace: Duration::from_secs(5),
        }
    }
}
