//! The plant's text beside its journal, so that a replay finds the very plant that ran.
//!
//! ```text
//! catholyte plant 1\n
//! hash <64 hex digits>\n
//! file <bytes> <path>\n<text>\n        once per file
//! end <crc32 of all before, 8 hex digits>\n
//! ```

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::reader::JournalReader;
use crate::disk;
use crate::error::HistorianError;

const FIRST_LINE: &str = "catholyte plant 1\n";

/// One file of the plant folder: its path below the folder, and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlantFile {
    pub path: String,
    pub text: String,
}

pub(super) fn hex(hash: [u8; 32]) -> String {
    let mut text = String::with_capacity(64);
    for byte in hash {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn file_name(folder: &Path, hash: [u8; 32]) -> PathBuf {
    folder.join(format!("plant-{}.cpa", hex(hash)))
}

/// Keeps the text of a plant beside its journal, once per hash.
pub fn store(folder: &Path, hash: [u8; 32], files: &[(&str, &str)]) -> Result<(), HistorianError> {
    let path = file_name(folder, hash);
    if disk::read_if_there(&path)?.is_some_and(|bytes| parse(&bytes, hash).is_ok()) {
        return Ok(());
    }
    let mut out = format!("{FIRST_LINE}hash {}\n", hex(hash));
    for (name, text) in files {
        // Writing to a String does not fail.
        let _ = writeln!(out, "file {} {name}\n{text}", text.len());
    }
    let sum = crc32fast::hash(out.as_bytes());
    let _ = writeln!(out, "end {sum:08x}");
    disk::replace(&path, out.as_bytes()).map(drop)
}

impl JournalReader {
    /// The text of the plant with this hash.
    pub fn load_plant(&self, hash: [u8; 32]) -> Result<Vec<PlantFile>, HistorianError> {
        let path = file_name(self.folder(), hash);
        let unknown = || HistorianError::UnknownPlant { path: self.folder().to_owned(), hash: hex(hash) };
        let bytes = disk::read_if_there(&path)?.ok_or_else(unknown)?;
        parse(&bytes, hash).map_err(|(offset, what)| HistorianError::Damaged {
            path,
            offset: offset as u64,
            what: what.to_owned(),
        })
    }
}

fn parse(bytes: &[u8], hash: [u8; 32]) -> Result<Vec<PlantFile>, (usize, &'static str)> {
    const END: usize = "end 00000000\n".len();
    let body_len = bytes.len().checked_sub(END).ok_or((0, "the file is cut short"))?;
    let (body, end) = bytes.split_at(body_len);
    if end != format!("end {:08x}\n", crc32fast::hash(body)).as_bytes() {
        return Err((body_len, "its text does not match its checksum"));
    }
    let body = std::str::from_utf8(body).map_err(|error| (error.valid_up_to(), "not UTF-8"))?;
    let head = format!("{FIRST_LINE}hash {}\n", hex(hash));
    let mut rest = body.strip_prefix(&head).ok_or((0, "it is the archive of another plant"))?;
    let mut files = Vec::new();
    while !rest.is_empty() {
        let at = body.len() - rest.len();
        let (file, after) = file(rest).ok_or((at, "a file entry makes no sense"))?;
        files.push(file);
        rest = after;
    }
    Ok(files)
}

fn file(text: &str) -> Option<(PlantFile, &str)> {
    let (line, rest) = text.strip_prefix("file ")?.split_once('\n')?;
    let (size, path) = line.split_once(' ')?;
    let size: usize = size.parse().ok()?;
    let content = rest.get(..size)?;
    let rest = rest.get(size..)?.strip_prefix('\n')?;
    Some((PlantFile { path: path.to_owned(), text: content.to_owned() }, rest))
}
