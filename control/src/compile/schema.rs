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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaTable {
    pub path: String,
    /// In order of their names.
    pub keys: Vec<SchemaKey>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaKey {
    pub name: String,
    pub shape: Shape,
    /// No table of this kind compiles without it.
    pub required: bool,
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
    /// Per key: its shape, and in how many tables it had to be.
    keys: BTreeMap<&'static str, (Shape, usize)>,
}

impl Recorder {
    pub(super) fn record(&mut self, path: &str, keys: &[Asked]) {
        if path.is_empty() {
            return;
        }
        let table = self.tables.entry(path.to_string()).or_default();
        table.read += 1;
        for asked in keys {
            let (shape, required) = table.keys.entry(asked.key).or_insert((asked.shape, 0));
            // Asked for in two ways means that both are possible.
            match (*shape, asked.shape) {
                (known, new) if known == new => {}
                (Shape::Any, new) => *shape = new,
                (_, Shape::Any) => {}
                (Shape::Integer(low, high), Shape::Integer(other_low, other_high)) => {
                    *shape = Shape::Integer(low.min(other_low), high.max(other_high));
                }
                _ => *shape = Shape::Any,
            }
            *required += usize::from(asked.required);
        }
    }

    pub(super) fn offer(&mut self, path: &str, key: &'static str, words: impl Iterator<Item = &'static str>) {
        self.words.entry((path.to_string(), key)).or_default().extend(words);
    }

    fn finish(self) -> Vec<SchemaTable> {
        let Self { tables, words } = self;
        let table = |(path, recorded): (String, Recorded)| {
            let key = |(name, (shape, required)): (&&'static str, &(Shape, usize))| {
                let offered = words.get(&(path.clone(), *name));
                let words = match shape {
                    Shape::Role => super::fields::ACTING.map(|role| role.word().to_string()).to_vec(),
                    Shape::Choice => offered.into_iter().flatten().map(|word| (*word).to_string()).collect(),
                    _ => Vec::new(),
                };
                SchemaKey {
                    name: (*name).to_string(),
                    shape: *shape,
                    required: *required == recorded.read,
                    words,
                }
            };
            let keys = recorded.keys.iter().map(key).collect();
            SchemaTable { path, keys }
        };
        tables.into_iter().map(table).collect()
    }
}
