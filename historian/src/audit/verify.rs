//! Checking the chain, with nothing but the file.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use super::log::AuditEntry;
use super::{Difference, FIRST, HASH_DIGITS, Head, chain};
use crate::error::{HistorianError, io_error};
use crate::unwritten::Lost;

/// What the chain says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every line follows from the one before. `unfinished_bytes` of a last line without its end
    /// were never acknowledged to anybody. `lost` are the gaps that the log itself tells of.
    Intact { entries: u64, unfinished_bytes: u64, lost: Vec<Lost> },
    /// The first line, from 1, that does not follow from those before it.
    Broken { line: u64, why: String },
}

/// Reads the log while its writer may be running.
pub fn verify(path: &Path) -> Result<Verdict, HistorianError> {
    let found = scan(path, &[])?;
    Ok(match found.broken {
        Some(Break { line, why }) => Verdict::Broken { line, why },
        None => {
            Verdict::Intact { entries: found.lines, unfinished_bytes: found.unfinished, lost: found.lost }
        }
    })
}

/// The head of a log, to be kept elsewhere.
pub fn head(path: &Path) -> Result<Head, HistorianError> {
    scan(path, &[]).map(|found| Head::new(found.lines, &found.head))
}

/// Where the log is not the one of which these heads were kept.
pub fn differences(path: &Path, kept: &[Head]) -> Result<Vec<Difference>, HistorianError> {
    scan(path, kept).map(|found| found.differences)
}

pub(super) struct Break {
    pub(super) line: u64,
    pub(super) why: String,
}

pub(super) struct Scan {
    pub(super) lines: u64,
    /// Of whole lines.
    pub(super) bytes: u64,
    pub(super) unfinished: u64,
    pub(super) head: String,
    pub(super) broken: Option<Break>,
    pub(super) lost: Vec<Lost>,
    /// In the order of their entries.
    pub(super) differences: Vec<Difference>,
}

impl Scan {
    /// Whatever was kept of lines behind its end was cut off.
    fn ended<'h>(mut self, kept: impl Iterator<Item = &'h Head>) -> Self {
        let ends_at = Some(self.lines);
        self.differences.extend(kept.map(|head| Difference { kept: head.clone(), ends_at }));
        self
    }
}

pub(super) fn scan(path: &Path, kept: &[Head]) -> Result<Scan, HistorianError> {
    let file = File::open(path).map_err(io_error("open", path))?;
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let head = FIRST.to_owned();
    let (gaps, differences) = (Vec::new(), Vec::new());
    let mut scan = Scan { lines: 0, bytes: 0, unfinished: 0, head, broken: None, lost: gaps, differences };
    let mut line = Vec::new();
    let mut kept: Vec<&Head> = kept.iter().filter(|head| head.entries > 0).collect();
    kept.sort_by_key(|head| head.entries);
    let mut kept = kept.into_iter().peekable();
    loop {
        line.clear();
        let bytes = reader.read_until(b'\n', &mut line).map_err(io_error("read", path))?;
        if bytes == 0 {
            return Ok(scan.ended(kept));
        }
        let Some(line) = line.strip_suffix(b"\n") else {
            scan.unfinished = bytes as u64;
            return Ok(scan.ended(kept));
        };
        scan.lines += 1;
        scan.bytes += bytes as u64;
        scan.lost.extend(lost(line));
        let (head, why) = check(&scan.head, line);
        scan.head = head;
        while let Some(kept) = kept.next_if(|head| head.entries == scan.lines) {
            if kept.hash != scan.head {
                scan.differences.push(Difference { kept: kept.clone(), ends_at: None });
            }
        }
        if let Some(why) = why
            && scan.broken.is_none()
        {
            scan.broken = Some(Break { line: scan.lines, why });
        }
    }
}

/// Whether the line stands for entries that are missing. Only a line that looks like it is read as JSON.
fn lost(line: &[u8]) -> Option<Lost> {
    const FIELD: &[u8] = b"\"lost\":{";
    let content = line.get(HASH_DIGITS + 1..)?;
    content.windows(FIELD.len()).any(|bytes| bytes == FIELD).then_some(())?;
    serde_json::from_slice::<AuditEntry>(content).ok()?.lost
}

/// The hash to go on from, and what is wrong with the line.
fn check(before: &str, line: &[u8]) -> (String, Option<String>) {
    let digits = line.get(..HASH_DIGITS).and_then(|digits| std::str::from_utf8(digits).ok());
    let (Some(stated), Some(b' ')) = (digits, line.get(HASH_DIGITS)) else {
        return (chain(before, line), Some("the line does not begin with its hash".to_owned()));
    };
    let content = &line[HASH_DIGITS + 1..];
    let expected = chain(before, content);
    if stated == expected {
        return (expected, None);
    }
    let why = format!(
        "its hash begins {}, but line and predecessor give {}: this line or one before it was changed, removed or moved",
        String::from_utf8_lossy(&line[..8]),
        &expected[..8]
    );
    (stated.to_owned(), Some(why))
}
