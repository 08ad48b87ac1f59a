//! Everything that the files declare, in order of file and place, with classes already expanded.

use alloc::collections::BTreeMap;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use model::{Source, nearest};

use super::classes::{Bindings, check_braces, instances, substitute};
use super::fields::{Fields, one_of};
use super::includes::Plants;
use super::place::{Place, Text};
use super::report::{Mistake, Report};
use super::tree::{Entry, Node, Table, Value, read};
use crate::blocks::function::{SHAPES, Shape};

/// A class may use a class, so deep and no deeper.
const DEPTH: usize = 8;
/// More than a hundred times the largest plant that we know.
const ITEMS: usize = 1_000_000;
/// Instances of all classes together; classes in classes multiply.
const EXPANSIONS: usize = 200_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Area,
    Unit,
    Device,
    Tag,
    Calc,
    Filter,
    Pid,
    Ratio,
    Ramp,
    Selector,
    SplitRange,
    AnalogOutput,
    Position,
    /// A row of [`SHAPES`].
    Function(u8),
    Motor,
    Valve,
    Breaker,
    Drive,
    DutyStandby,
    Alarm,
    Interlock,
    Recipe,
    Display,
}

impl Kind {
    /// All but the function blocks.
    const PLAIN: [Self; 22] = [
        Self::Area,
        Self::Unit,
        Self::Device,
        Self::Tag,
        Self::Calc,
        Self::Filter,
        Self::Pid,
        Self::Ratio,
        Self::Ramp,
        Self::Selector,
        Self::SplitRange,
        Self::AnalogOutput,
        Self::Position,
        Self::Motor,
        Self::Valve,
        Self::Breaker,
        Self::Drive,
        Self::DutyStandby,
        Self::Alarm,
        Self::Interlock,
        Self::Recipe,
        Self::Display,
    ];

    pub(super) fn all() -> impl Iterator<Item = Self> {
        Self::PLAIN.into_iter().chain((0..SHAPES.len() as u8).map(Self::Function))
    }

    /// The row of a function block.
    pub(super) fn shape(self) -> Option<&'static Shape> {
        match self {
            Self::Function(row) => SHAPES.get(usize::from(row)).copied(),
            _ => None,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Area => "area",
            Self::Unit => "unit",
            Self::Device => "device",
            Self::Tag => "tag",
            Self::Calc => "calc",
            Self::Filter => "filter",
            Self::Pid => "pid",
            Self::Ratio => "ratio",
            Self::Ramp => "ramp",
            Self::Selector => "selector",
            Self::SplitRange => "split_range",
            Self::AnalogOutput => "analog_output",
            Self::Position => "position",
            Self::Function(_) => self.shape().map_or("", |shape| shape.word),
            Self::Motor => "motor",
            Self::Valve => "valve",
            Self::Breaker => "breaker",
            Self::Drive => "drive",
            Self::DutyStandby => "duty_standby",
            Self::Alarm => "alarm",
            Self::Interlock => "interlock",
            Self::Recipe => "recipe",
            Self::Display => "display",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::all().find(|kind| kind.word() == word)
    }

    /// Keys below which a table may stand.
    const fn inner_tables(self) -> &'static [&'static str] {
        match self {
            Self::Tag => &["io", "entry"],
            Self::Recipe => &["parameter"],
            Self::Display => &["bars"],
            Self::Pid => &["gap", "schedule", "track", "remote"],
            _ => &[],
        }
    }

    pub(super) const fn is_block(self) -> bool {
        matches!(
            self,
            Self::Calc
                | Self::Filter
                | Self::Pid
                | Self::Ratio
                | Self::Ramp
                | Self::Selector
                | Self::SplitRange
                | Self::AnalogOutput
                | Self::Position
                | Self::Function(_)
                | Self::Motor
                | Self::Valve
                | Self::Breaker
                | Self::Drive
                | Self::DutyStandby
        )
    }
}

/// One declared thing, `[kind.name]`.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) name: Text,
    pub(super) table: Table,
    /// The area that its file holds for.
    pub(super) area: Option<Text>,
    /// The plant that its file belongs to; zero is the site.
    pub(super) plant: usize,
}

impl Item {
    pub(super) fn fields(&self) -> Fields<'_> {
        Fields::new(&self.table, format!("{} `{}`", self.kind.word(), self.name), self.name.place)
            .of(self.kind.word())
    }
}

/// The `[plant]` of one folder.
pub(super) struct Head {
    pub(super) table: Table,
    pub(super) place: Place,
}

#[derive(Default)]
pub(super) struct Items {
    /// By plant, the site's own first.
    pub(super) plants: BTreeMap<usize, Head>,
    /// Where included plants were asked for.
    pub(super) included: BTreeMap<usize, Place>,
    /// `[include.*]` of all plants, for whoever compares two of them.
    pub(super) includes: Vec<(Text, Table)>,
    pub(super) items: Vec<Item>,
    /// Sources with phase texts.
    pub(super) phases: Vec<u32>,
    /// A table that was probably meant to be [plant].
    pub(super) almost_plant: bool,
}

impl Items {
    pub(super) fn of(&self, kind: Kind) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(move |item| item.kind == kind)
    }
}

/// Reads all files, in order of their paths.
pub(super) fn gather(sources: &[Source], order: &[usize], report: &mut Report) -> Items {
    let mut files = Vec::new();
    let mut phases = Vec::new();
    for index in order {
        let source = &sources[*index];
        if source.path.ends_with(".phase") {
            phases.push(*index as u32);
        } else if let Some(table) = read(*index as u32, source, report) {
            files.push((*index as u32, table));
        }
    }
    let plants = Plants::resolve(sources, &files, report);
    let mut gatherer = Gatherer {
        classes: BTreeMap::new(),
        used: BTreeSet::new(),
        found: Items::default(),
        plant: 0,
        is_head: false,
        expanded: 0,
        lacking: false,
        full: false,
        report,
    };
    for (_, file) in &files {
        gatherer.classes(file);
    }
    for (index, file) in &files {
        gatherer.plant = plants.of(&sources[*index as usize].path);
        gatherer.is_head = plants.is_head(*index);
        let area = file.get_text("area").cloned();
        gatherer.level(file, area.as_ref(), 0);
    }
    gatherer.unused();
    let mut found = gatherer.found;
    found.phases = phases;
    found.included = plants.asked().collect();
    plants.replace_displays(&mut found);
    found
}

struct Gatherer<'a, 'r> {
    classes: BTreeMap<&'a str, (&'a Entry, Option<&'a Text>)>,
    used: BTreeSet<&'a str>,
    found: Items,
    /// The plant that the file belongs to, and whether it is that plant's `plant.toml`.
    plant: usize,
    is_head: bool,
    expanded: usize,
    /// The instance that is being made lacks a parameter, which is told: braces stay in its names.
    lacking: bool,
    full: bool,
    report: &'r mut Report,
}

impl<'a> Gatherer<'a, '_> {
    /// Classes may be used before and in other files than they are declared in.
    fn classes(&mut self, file: &'a Table) {
        let Some(table) = file.get("class").and_then(Node::table) else { return };
        for entry in &table.entries {
            if let Some((first, _)) = self.classes.get(entry.key.as_str()) {
                let first = first.key.place;
                self.report.add(duplicate("class", &entry.key, first));
            } else if entry.node.table().is_some() {
                self.classes.insert(entry.key.as_str(), (entry, file.get_text("area")));
            } else {
                self.report.add(not_a_table("class", &entry.key, &entry.node));
            }
        }
    }

    fn unused(&mut self) {
        for (name, (entry, _)) in &self.classes {
            if !self.used.contains(name) {
                self.report.add(
                    Mistake::warning("unused-class", format!("class `{name}` has no instance"))
                        .at(entry.key.place, "declared here, and never checked")
                        .help(format!("add [[instance]] with class = \"{name}\", or remove the class")),
                );
            }
        }
    }

    /// One level of declarations: a file, or the inside of a class.
    fn level(&mut self, table: &Table, area: Option<&Text>, depth: usize) {
        let mut declared: Vec<(Place, Declared<'_>)> = Vec::new();
        for entry in &table.entries {
            let word = entry.key.as_str();
            match (word, &entry.node.value) {
                ("area", Value::Text(_)) => {}
                ("area", value) if !matches!(value, Value::Table(_)) => {
                    self.report.add(
                        Mistake::error("wrong-type", format!("`area` is {}", value.kind()))
                            .at(entry.node.place, "a text in quotes is expected")
                            .help("write `area = \"300\"`"),
                    );
                }
                ("plant", Value::Table(plant)) if depth == 0 => self.plant(entry, plant),
                ("class", Value::Table(_)) if depth == 0 => {}
                ("include", value) if depth == 0 => self.include(entry, value),
                ("parameters", _) if depth > 0 => {}
                ("instance", Value::List(instances)) => {
                    for node in instances {
                        match node.table() {
                            Some(table) => declared.push((node.place, Declared::Instance(table, node.place))),
                            None => self.report.add(instance_shape(node.place)),
                        }
                    }
                }
                ("instance", _) => self.report.add(instance_shape(entry.key.place)),
                _ => match (Kind::parse(word), &entry.node.value) {
                    (Some(kind), Value::Table(table)) => {
                        for entry in &table.entries {
                            match entry.node.table() {
                                Some(_) => self.named(kind, entry, &mut declared),
                                None => self.report.add(not_a_table(word, &entry.key, &entry.node)),
                            }
                        }
                    }
                    (Some(_), _) => self.report.add(
                        Mistake::error("wrong-type", format!("`{word}` is {}", entry.node.value.kind()))
                            .at(entry.key.place, "a table is expected")
                            .help(format!("write [{word}.NAME] and the keys of the {word} below it")),
                    ),
                    (None, _) => self.unknown(entry, depth),
                },
            }
        }
        declared.sort_by_key(|(place, _)| place.start);
        for (_, declared) in declared {
            match declared {
                Declared::Item(kind, entry) => self.item(kind, &entry.key, &entry.node, area),
                Declared::Dotted(kind, name, entry) => {
                    let name = Text::whole(name, entry.key.place);
                    self.item(kind, &name, &entry.node, area);
                }
                Declared::Instance(table, place) => self.instance(table, place, area, depth),
            }
        }
    }

    /// A name with a dot that is not quoted reads as a table in a table: it is understood, and reported.
    fn named<'t>(&mut self, kind: Kind, entry: &'t Entry, declared: &mut Vec<(Place, Declared<'t>)>) {
        let Some(table) = entry.node.table() else { return };
        let is_name = |inner: &&Entry| {
            inner.node.table().is_some() && !kind.inner_tables().contains(&inner.key.as_str())
        };
        for inner in table.entries.iter().filter(is_name) {
            let name = format!("{}.{}", entry.key, inner.key);
            self.report.add(
                Mistake::error("bad-name", format!("the name `{name}` is not quoted"))
                    .at(inner.key.place, "a table in a table")
                    .help(format!("a name with a dot stands in quotes: [{}.\"{name}\"]", kind.word())),
            );
            declared.push((inner.key.place, Declared::Dotted(kind, name, inner)));
        }
        if table.entries.is_empty() || !table.entries.iter().all(|inner| is_name(&inner)) {
            declared.push((entry.key.place, Declared::Item(kind, entry)));
        }
    }

    fn plant(&mut self, entry: &Entry, table: &Table) {
        if let Some(first) = self.found.plants.get(&self.plant) {
            let twice = duplicate("the table", &entry.key, first.place);
            self.report.add(
                twice.help("remove one of the two, or write [include.NAME] with the path of the other plant"),
            );
            return;
        }
        self.found.plants.insert(self.plant, Head { table: table.clone(), place: entry.key.place });
    }

    /// What is included is known by now; here is looked at where it stands.
    fn include(&mut self, entry: &Entry, value: &Value) {
        let misplaced = match value {
            Value::Table(table) if self.is_head => {
                let named = table.entries.iter();
                self.found
                    .includes
                    .extend(named.filter_map(|inner| Some((inner.key.clone(), inner.node.table()?.clone()))));
                return;
            }
            Value::Table(_) => Mistake::error("misplaced-include", "an include outside of plant.toml")
                .help("move it to the plant.toml of this plant, so that one file says what belongs to it"),
            _ => Mistake::error("wrong-type", format!("`include` is {}", value.kind()))
                .help("write [include.NAME] and `path = \"../refinery\"` below it"),
        };
        self.report.add(misplaced.at(entry.key.place, "written here"));
    }

    fn unknown(&mut self, entry: &Entry, depth: usize) {
        let mut known: Vec<&str> = Kind::all().map(Kind::word).collect();
        known.push("instance");
        if depth == 0 {
            known.extend(["plant", "class", "include"]);
        } else {
            known.push("parameters");
        }
        self.found.almost_plant |= nearest(entry.key.as_str(), ["plant"].into_iter()).is_some();
        self.report.add(
            Mistake::error("unknown-key", format!("a plant has no `{}`", entry.key))
                .at(entry.key.place, "not a kind of thing that is known here")
                .help(one_of(entry.key.as_str(), &known)),
        );
    }

    fn item(&mut self, kind: Kind, name: &Text, node: &Node, area: Option<&Text>) {
        let Some(table) = node.table() else { return };
        if self.found.items.len() >= ITEMS {
            self.overflow(name.place);
            return;
        }
        if !(self.lacking && name.as_str().contains('{')) {
            check_name(kind, name, self.report);
        }
        let (name, table, area) = (name.clone(), table.clone(), area.cloned());
        self.found.items.push(Item { kind, name, table, area, plant: self.plant });
    }

    /// The class of that name; one that is misspelt is reported and taken for what was probably meant.
    fn class(&mut self, name: &Text) -> Option<(&'a Entry, Option<&'a Text>)> {
        if let Some(class) = self.classes.get(name.as_str()) {
            return Some(*class);
        }
        let known: Vec<&str> = self.classes.keys().copied().collect();
        self.report.add(
            Mistake::error("unknown-name", format!("no class `{name}`"))
                .at(name.place, "not declared")
                .help(one_of(name.as_str(), &known)),
        );
        let near = nearest(name.as_str(), known.into_iter())?;
        self.classes.get(near).copied()
    }

    fn overflow(&mut self, place: Place) {
        if !core::mem::replace(&mut self.full, true) {
            self.report.add(
                Mistake::error(
                    "too-large",
                    format!("more than {ITEMS} declarations or {EXPANSIONS} instances"),
                )
                .at(place, "the plant is full here")
                .help("divide the plant, or make smaller `for` ranges"),
            );
        }
    }

    fn instance(&mut self, table: &Table, place: Place, area: Option<&Text>, depth: usize) {
        let mut fields = Fields::new(table, "this instance".into(), place).of("instance");
        let Some(name) = fields.need_text("class", "\"cell\"", self.report) else { return };
        let Some((class, class_area)) = self.class(name) else { return };
        if depth >= DEPTH {
            self.report.add(
                Mistake::error("too-deep", format!("class `{name}` uses classes deeper than {DEPTH}"))
                    .at(name.place, "does the class use itself?")
                    .help("remove the instance of a class from inside the same class"),
            );
            return;
        }
        let is_first = self.used.insert(class.key.as_str());
        let Some(body) = class.node.table() else { return };
        let mut head = Fields::new(body, format!("class `{name}`"), class.key.place).of("class");
        let parameters = head.texts("parameters", self.report).unwrap_or_default();
        if is_first {
            check_braces(body, &parameters, self.report);
        }
        let all: Vec<Bindings> = instances(&mut fields, &parameters, self.report);
        fields.finish(self.report);
        let lacked = self.lacking;
        for bindings in &all {
            self.lacking = lacked || parameters.iter().any(|known| !bindings.contains_key(known.as_str()));
            self.expanded += 1;
            if self.expanded > EXPANSIONS {
                self.overflow(name.place);
            }
            if self.full {
                return;
            }
            let body = substitute(body, bindings);
            self.level(&body, area.or(class_area), depth + 1);
        }
        self.lacking = lacked;
    }
}

enum Declared<'t> {
    Item(Kind, &'t Entry),
    /// An item whose name should have been quoted.
    Dotted(Kind, String, &'t Entry),
    Instance(&'t Table, Place),
}

fn instance_shape(place: Place) -> Mistake {
    Mistake::error("wrong-type", "`instance` is no list of tables")
        .at(place, "written here")
        .help("write [[instance]] with two brackets, and `class = \"...\"` below it")
}

pub(super) fn not_a_table(word: &str, key: &Text, node: &Node) -> Mistake {
    Mistake::error("wrong-type", format!("{word} `{key}` is {}", node.value.kind()))
        .at(node.place, "a table is expected")
        .help(format!("write [{word}.{key}] and its keys below"))
}

/// A name that is declared a second time, with the first place.
pub(super) fn duplicate(what: &str, name: &Text, first: Place) -> Mistake {
    Mistake::error("duplicate-name", format!("{what} `{name}` is declared twice"))
        .at(name.place, "the second time")
        .related(first, "the first time")
        .help("rename one of the two, or remove it")
}

fn check_name(kind: Kind, name: &Text, report: &mut Report) {
    let text = name.as_str();
    let good = match kind {
        Kind::Area => !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "-_ ".contains(c)),
        Kind::Recipe | Kind::Display => !text.is_empty() && text.chars().all(name_part),
        _ => is_name(text),
    };
    if good && text.len() <= 64 {
        return;
    }
    let help: String = if text.contains('{') {
        "a class parameter stands in braces and is listed in `parameters` of its class".into()
    } else if text.len() > 64 {
        "a name has at most 64 letters".into()
    } else {
        "a name begins with a letter and consists of letters, digits, `-`, `_` and dots: FIC-301, P-311.RUN"
            .into()
    };
    report.add(
        Mistake::error("bad-name", format!("\"{text}\" is no name for a {}", kind.word()))
            .at(name.place, "this name")
            .help(help),
    );
}

fn name_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.'
}

/// `FIC-301`, `P-311.RUN`: what an expression reads as one name.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(name_part)
        && !text.ends_with(['-', '.'])
        && !["--", "..", "-.", ".-"].iter().any(|pair| text.contains(pair))
}
