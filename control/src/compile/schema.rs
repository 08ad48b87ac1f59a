//! Which keys a plant folder may have, learned from the compiler itself.
//!
//! The readers of [`Fields`](super::fields::Fields) note what they ask for while a sample plant that
//! holds one of everything is compiled. So the schema cannot differ from the compiler: a key
//! that no reader asks for is not in it, and one that a reader asks for needs no second list.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use model::Source;

use super::fields::Asked;
use super::items::Kind;
use super::report::Report;

/// What stands behind a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// Several forms are possible; the compiler says which.
    Any,
    Text,
    Boolean,
    /// A whole number within these bounds.
    Integer(i64, i64),
    /// A number, or a text with a number and its unit.
    Quantity,
    /// A text with a number and a unit of time.
    Time,
    /// A text with a change per time.
    Rate,
    /// Two quantities.
    Pair,
    Role,
    /// One of the words of [`SchemaKey::words`].
    Choice,
    Texts,
    /// A list of tables, which [`SchemaTable::path`] names with this key.
    Tables,
    /// A table, named in the same way.
    Table,
}

/// One kind of table, such as `tag` or `tag/io`.
#[derive(Clone, Debug, PartialEq)]
pub struct SchemaTable {
    pub path: String,
    /// In order of their names.
    pub keys: Vec<SchemaKey>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SchemaKey {
    pub name: String,
    pub shape: Shape,
    /// No table of this kind compiles without it.
    pub required: bool,
    /// A list with nothing in it does not compile.
    pub filled: bool,
    /// What a number without unit may be; any where it depends on more.
    pub bounds: (f64, f64),
    /// For a choice: what is possible.
    pub words: Vec<String>,
}

/// The kinds of things that a file, and the inside of a class, declare: `[kind.NAME]`.
pub fn schema_kinds() -> Vec<&'static str> {
    Kind::all().map(Kind::word).collect()
}

/// Every table of a plant folder with its keys; those of `scenarios/*.toml` begin with `scenario`.
pub fn schema() -> Vec<SchemaTable> {
    let source = |path: &str, text: &str| Source { path: path.to_string(), text: text.to_string() };
    schema_of(&[
        source("plant.toml", include_str!("sample/plant.toml")),
        source("area.toml", include_str!("sample/area.toml")),
        source("utilities/plant.toml", include_str!("sample/utilities/plant.toml")),
        source("fill.phase", include_str!("sample/fill.phase")),
        source("scenarios/all.toml", include_str!("sample/scenarios/all.toml")),
    ])
}

/// The tables and keys that the compiler asks for in these sources, sound or not.
pub fn schema_of(sources: &[Source]) -> Vec<SchemaTable> {
    let mut report = Report::default();
    report.recorder = Some(Recorder::default());
    super::run(sources, &mut report, true);
    report.recorder.map(Recorder::finish).unwrap_or_default()
}

#[derive(Default)]
pub(super) struct Recorder {
    tables: BTreeMap<String, Recorded>,
    words: BTreeMap<(String, &'static str), BTreeSet<&'static str>>,
}

#[derive(Default)]
struct Recorded {
    /// How many tables of this kind were read to their end.
    read: usize,
    keys: BTreeMap<&'static str, RecordedKey>,
}

struct RecordedKey {
    shape: Shape,
    /// In how many tables it had to be, and to hold something.
    required: usize,
    filled: usize,
    bounds: (f64, f64),
}

impl Recorder {
    pub(super) fn record(&mut self, path: &str, keys: &[Asked]) {
        if path.is_empty() {
            return;
        }
        let table = self.tables.entry(path.to_string()).or_default();
        table.read += 1;
        for asked in keys {
            let new = RecordedKey { shape: asked.shape, required: 0, filled: 0, bounds: asked.bounds };
            let key = table.keys.entry(asked.key).or_insert(new);
            // Asked for in two ways means that both are possible.
            match (key.shape, asked.shape) {
                (known, new) if known == new => {}
                (Shape::Any, new) => key.shape = new,
                (_, Shape::Any) => {}
                (Shape::Integer(low, high), Shape::Integer(other_low, other_high)) => {
                    key.shape = Shape::Integer(low.min(other_low), high.max(other_high));
                }
                _ => key.shape = Shape::Any,
            }
            key.required += usize::from(asked.required);
            key.filled += usize::from(asked.filled);
            key.bounds = (key.bounds.0.min(asked.bounds.0), key.bounds.1.max(asked.bounds.1));
        }
    }

    pub(super) fn offer(&mut self, path: &str, key: &'static str, words: impl Iterator<Item = &'static str>) {
        self.words.entry((path.to_string(), key)).or_default().extend(words);
    }

    fn finish(self) -> Vec<SchemaTable> {
        let Self { tables, words } = self;
        let table = |(path, recorded): (String, Recorded)| {
            let key = |(name, key): (&&'static str, &RecordedKey)| {
                let offered = words.get(&(path.clone(), *name));
                let words = match key.shape {
                    Shape::Role => super::fields::ACTING.map(|role| role.word().to_string()).to_vec(),
                    Shape::Choice => offered.into_iter().flatten().map(|word| (*word).to_string()).collect(),
                    _ => Vec::new(),
                };
                SchemaKey {
                    name: (*name).to_string(),
                    shape: key.shape,
                    required: key.required == recorded.read,
                    filled: key.filled == recorded.read,
                    bounds: key.bounds,
                    words,
                }
            };
            let keys = recorded.keys.iter().map(key).collect();
            SchemaTable { path, keys }
        };
        tables.into_iter().map(table).collect()
    }
}
