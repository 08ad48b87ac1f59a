//! Hash, save and restore: three readers of the one walk over the state.

use alloc::vec::Vec;
use core::fmt;
use model::{StateHash, StateReader, StateWalk, StateWriter};

use super::{Engine, State};

/// Changes when the walk changes: an older snapshot is then refused, never misread.
const FORMAT: u64 = 12;

/// Why a snapshot was not taken over. The engine is as it was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreError {
    /// Written by another version of the engine.
    Format { found: u64 },
    /// Of another plant text.
    Plant,
    /// Shorter or longer than the state of this plant.
    Length { found: usize, expected: usize },
    /// A field that no engine writes, such as a value that is no number.
    Damaged,
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format { found } => write!(
                f,
                "the snapshot has format {found}, this program writes {FORMAT}; start from the journal's \
                 older snapshot with the program that wrote it, or begin cold"
            ),
            Self::Plant => f.write_str(
                "the snapshot belongs to another plant text; use the plant folder that it names, or begin cold",
            ),
            Self::Length { found, expected } => write!(
                f,
                "the snapshot has {found} bytes where this plant needs {expected}; it is cut off or damaged, \
                 take the one before"
            ),
            Self::Damaged => f.write_str("the snapshot holds values that no engine writes; take the one before"),
        }
    }
}

impl core::error::Error for RestoreError {}

impl Engine {
    /// Fingerprint of everything that the next scan may depend on.
    pub fn state_hash(&mut self) -> u64 {
        let mut hash = StateHash::new();
        self.state.walk(&mut hash);
        hash.finish()
    }

    /// What a journal keeps of a scan: at every hundredth tick the fingerprint of everything, at the others the chain
    /// of all that the scans so far have changed in the image. Two runs that part show it in the very scan in which a
    /// value of the image parts, and what parts inside a block shows at the next hundredth tick at the latest.
    pub fn scan_hash(&mut self) -> u64 {
        if self.state.tick.is_multiple_of(WHOLE_TICKS) { self.state_hash() } else { self.state.chain }
    }

    /// Appends the whole state.
    pub fn save(&mut self, writer: &mut StateWriter) {
        let mut format = FORMAT;
        writer.u64(&mut format);
        for mut word in self.plant_words() {
            writer.u64(&mut word);
        }
        self.state.walk(writer);
    }

    /// Takes over what [`Self::save`] wrote for the same plant, or leaves everything as it is.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), RestoreError> {
        let mut own = StateWriter::default();
        self.save(&mut own);
        let word = |index: usize| {
            bytes
                .get(index * 8..index * 8 + 8)
                .and_then(|bytes| bytes.try_into().ok())
                .map(u64::from_le_bytes)
        };
        match word(0) {
            Some(FORMAT) => {}
            Some(found) => return Err(RestoreError::Format { found }),
            None => return Err(RestoreError::Length { found: bytes.len(), expected: own.0.len() }),
        }
        if (1..).zip(self.plant_words()).any(|(index, own)| word(index).is_some_and(|word| word != own)) {
            return Err(RestoreError::Plant);
        }
        if bytes.len() != own.0.len() {
            return Err(RestoreError::Length { found: bytes.len(), expected: own.0.len() });
        }
        let mut restored = self.state.clone();
        let mut reader = StateReader::new(&bytes[HEADER..]);
        restored.walk(&mut reader);
        let forces_hold = restored.forces.is_sound(&self.plant, &restored.holds);
        if !reader.is_complete() || !forces_hold || !is_sound(&mut restored, &bytes[HEADER..]) {
            return Err(RestoreError::Damaged);
        }
        self.state = restored;
        self.quiet.look_everywhere();
        Ok(())
    }

    fn plant_words(&self) -> [u64; 4] {
        let mut words = [0; 4];
        for (word, bytes) in words.iter_mut().zip(self.plant.hash.chunks_exact(8)) {
            *word = bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        }
        words
    }
}

/// At each multiple of so many ticks the journal's hash is of everything.
const WHOLE_TICKS: u64 = 100;

/// Format and plant hash.
const HEADER: usize = 5 * 8;

/// Every number is finite, and what was read writes back as it was: no code fell outside its table.
fn is_sound(state: &mut State, bytes: &[u8]) -> bool {
    let mut check = Check { again: StateWriter(Vec::with_capacity(bytes.len())), finite: true };
    state.walk(&mut check);
    check.finite && check.again.0 == bytes
}

struct Check {
    again: StateWriter,
    finite: bool,
}

impl StateWalk for Check {
    fn u64(&mut self, value: &mut u64) {
        self.again.u64(value);
    }

    fn f64(&mut self, value: &mut f64) {
        self.finite &= value.is_finite();
        self.again.f64(value);
    }
}
