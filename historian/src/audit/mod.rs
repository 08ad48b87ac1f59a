//! The audit log: who did what, when, from where, and why, in a chain that cannot be edited unnoticed.
//!
//! One line per entry, append-only, UTF-8:
//!
//! ```text
//! <sha-256 in hex, 64 digits> <the entry as JSON>\n
//! ```
//! The hash is over the hash of the line before (its 64 digits; 64 zeros for the first line)
//! followed by the JSON, so it can be checked by hand:
//!
//! ```text
//! printf '%s%s' "$hash_of_the_line_before" "$json" | sha256sum
//! ```
//! Changing, removing or swapping a line breaks the chain at that place, unless whoever did it has computed anew all
//! that follows: there is no key in it, since one would have to lie beside the log. Nor does cutting lines off the end
//! break it. Both show only against a [`Head`] that was kept elsewhere.
//!
//! A line without its newline is what a kill in mid write leaves. It was never acknowledged; the
//! next [`AuditLog::open`] removes it and says so.
//!
//! A line with `lost` stands in the place of entries that the disk refused for longer than memory could keep them. The
//! chain is whole across it, and [`verify`] tells of it.

mod head;
mod log;
mod verify;

pub use head::{Difference, Head, HeadNote};
pub use log::{AuditEntry, AuditLog, AuditRecovery};
pub use verify::{Verdict, differences, head, verify};

use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// What stands before the first line.
const FIRST: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const HASH_DIGITS: usize = 64;

fn chain(before: &str, content: &[u8]) -> String {
    let digest = Sha256::new().chain_update(before).chain_update(content).finalize();
    let mut text = String::with_capacity(HASH_DIGITS);
    for byte in digest {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
