//! The plant compiler: from the text of a plant folder to arrays and indices, or to all its mistakes.
//!
//! ```text
//! sources ─► tree ─► items ─► names and points ─► units ─► blocks ─► order ─► alarms, interlocks,
//!           (TOML)  (classes                     (along     (with            phases, recipes,
//!                    expanded)                    the flow)  expressions)    displays
//! ```
//!
//! Every step goes on after a mistake as far as it can, so that one run finds them all. Nothing here
//! is part of a scan.

mod place;
mod report;
mod tree;
mod quantity;
mod fields;
mod classes;
mod includes;
mod items;
mod draft;
mod plant_table;
mod devices;
mod tags;
mod lexer;
mod function_words;
mod swings;
mod syntax;
mod operand;
mod bounds;
mod contradiction;
mod emit;
mod arithmetic;
mod functions;
mod remembering;
mod holds;
mod doubts;
mod blocks;
mod units;
mod signals;
mod shapes;
mod position;
mod split;
mod loop_options;
mod loops;
mod machines;
mod drive;
mod duty;
mod flow;
mod writers;
mod phase_lines;
mod phase_words;
mod phase_text;
mod phase_ways;
mod phases;
mod step_graph;
mod trip_phases;
mod silent_devices;
mod idle_outputs;
mod barred_strokes;
mod at_odds;
mod modicon;
mod one_contact;
mod alike_names;
mod alarms;
mod interlocks;
mod recipes_table;
mod displays;
mod mimic;
mod scenarios;
mod standard_displays;
mod schema;
mod differences;

pub(crate) use quantity::Shown;
pub(crate) use shapes::Form;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;
use model::{Diagnostic, PointId, Source};
use sha2::{Digest, Sha256};

pub use differences::{At, Difference, KeyDifference, Verb, differences};
pub use includes::{INCLUDE_DEPTH, Include, includes};
pub use schema::{SchemaKey, SchemaTable, Shape, schema, schema_kinds, schema_of};

use crate::plant::Plant;
use crate::scenario::Scenario;
use items::Items;
use place::Place;
use report::{Mistake, Report};

/// Bytes of one source, and of all together; ten times the largest plant that we know.
const SOURCE_BYTES: usize = 16 << 20;
const ALL_BYTES: usize = 64 << 20;
/// How many files a plant may have.
const SOURCES: usize = 10_000;

/// A plant, and what is doubtful in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Compiled {
    pub plant: Plant,
    pub warnings: Vec<Diagnostic>,
}

/// Compiles the text of a plant folder, with the plants that it includes. Labels of diagnostics index `sources` as they are given.
///
/// ```
/// use model::Source;
///
/// let source = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
/// let plant = source("plant.toml", "[plant]\nname = \"small\"");
/// let calc = "[calc.X-1]\nunit = \"bar\"\nrange = [0, 1]\nvalue = \"50 kPa\"";
/// let compiled = control::compile(&[plant.clone(), source("x.toml", calc)]).unwrap();
/// assert_eq!(compiled.plant.points[0].name, "X-1");
///
/// let found = control::compile(&[plant, source("x.toml", &calc.replace("kPa", "kA"))]).unwrap_err();
/// assert_eq!(found[0].code, "unit-mismatch");
/// assert!(found[0].help.contains("write it in bar"));
/// ```
///
/// # Errors
///
/// All mistakes at once, with the warnings, in order of file and place; at most 200 are shown.
pub fn compile(sources: &[Source]) -> Result<Compiled, Vec<Diagnostic>> {
    let mut report = Report::default();
    let (plant, _) = run(sources, &mut report, false);
    if report.has_errors() {
        return Err(report.finish(sources));
    }
    Ok(Compiled { plant, warnings: report.finish(sources) })
}

/// Compiles the plant and, against it, every `scenarios/*.toml`. The plant is that of [`compile()`]: a
/// controller neither reads scenarios nor stops at a mistake in one.
///
/// # Errors
///
/// All mistakes at once, those of the scenarios included.
pub fn compile_with_scenarios(sources: &[Source]) -> Result<(Compiled, Vec<Scenario>), Vec<Diagnostic>> {
    let mut report = Report::default();
    let (plant, scenarios) = run(sources, &mut report, true);
    if report.has_errors() {
        return Err(report.finish(sources));
    }
    Ok((Compiled { plant, warnings: report.finish(sources) }, scenarios))
}

fn run(sources: &[Source], report: &mut Report, scenarios: bool) -> (Plant, Vec<Scenario>) {
    let order = in_order(sources, report);
    let items = items::gather(sources, &order, report);
    assemble(sources, &order, &items, report, scenarios)
}

/// Scenarios are no part of the plant; anything but `*.toml` and `*.phase` belongs to nobody.
fn belongs(path: &str) -> bool {
    let scenario = path.starts_with("scenarios/") || path.contains("/scenarios/");
    !scenario && (path.ends_with(".toml") || path.ends_with(".phase"))
}

/// The sources in order of their paths, without those that are too large.
fn in_order(sources: &[Source], report: &mut Report) -> Vec<usize> {
    let mut order: Vec<usize> = (0..sources.len()).filter(|index| belongs(&sources[*index].path)).collect();
    order.sort_by(|left, right| sources[*left].path.cmp(&sources[*right].path));
    let total: usize = sources.iter().map(|source| source.text.len()).sum();
    if total > ALL_BYTES || sources.len() > SOURCES {
        report.add(
            Mistake::error("too-large", format!("{} files with {} MB", sources.len(), total >> 20))
                .help("a plant has at most 10000 files and 64 MB: divide it"),
        );
        return Vec::new();
    }
    order.retain(|index| {
        let source = &sources[*index];
        if source.text.len() > SOURCE_BYTES {
            report.add(
                Mistake::error("too-large", format!("{} has {} MB", source.path, source.text.len() >> 20))
                    .at(Place::new(*index as u32, 0..0), "this file")
                    .help("divide it into files below 16 MB"),
            );
        }
        source.text.len() <= SOURCE_BYTES
    });
    order
}

fn assemble(
    sources: &[Source],
    order: &[usize],
    items: &Items,
    report: &mut Report,
    with_scenarios: bool,
) -> (Plant, Vec<Scenario>) {
    let mut draft = draft::Draft::default();
    let mut taken = devices::Taken::default();
    let head = plant_table::compile(items, &mut draft, report);
    devices::compile(items, &mut draft, &mut taken, report);
    tags::compile(items, &mut draft, &mut taken, report);
    let mut texts = Vec::new();
    for index in &items.phases {
        texts.extend(phase_text::parse(*index, &sources[*index as usize], report));
    }
    let phase_names = phases::declare(&texts, &mut draft, report);
    blocks::declare(items, &mut draft, report);
    interlocks::declare(items, &mut draft, report);
    units::find(items, &mut draft, report);
    let mut blocks = blocks::build(items, &mut draft, report);
    let drivers = writers::drivers(&draft, report);
    writers::link_cascades(&draft, &mut blocks, report);
    let run_order = flow::order(&draft, &drivers, report);
    let tasks = flow::tasks(&run_order, &draft, &mut blocks);
    bounds::of_blocks(&run_order, &blocks, &mut draft);
    let mut alarms = alarms::compile(items, &mut draft, &blocks, report);
    alarms::inherit_equipment(&mut alarms, &blocks);
    let mut all = interlocks::Interlocks {
        draft: &mut draft,
        report,
        drivers: &drivers,
        forced: BTreeMap::new(),
        starts: BTreeMap::new(),
    };
    let (mut interlocks, interlock_names) = interlocks::compile(items, &mut all);
    let starts = all.starts;
    let mut by_phase: BTreeMap<PointId, Place> = BTreeMap::new();
    let mut all = phases::Phases { draft: &mut draft, report, blocks: &blocks, drivers: drivers.clone() };
    let phases = phases::compile(&texts, &mut all, &mut by_phase);
    let trips = trip_phases::Trips { phases: &phases, names: &phase_names, draft: &draft, blocks: &blocks };
    trips.link(&starts, &mut interlocks, report);
    writers::unwritten(&draft, &drivers, &by_phase, report);
    let mut all = recipes_table::Recipes { draft: &draft, report, phases: &phases, names: &phase_names };
    let recipes = recipes_table::compile(items, &mut all);
    let mut all = displays::Displays { draft: &mut draft, report, interlocks: &interlock_names };
    let mut displays = displays::compile(items, &mut all);
    standard_displays::add(&mut displays, &draft, &blocks, &interlocks);
    let scenarios = if with_scenarios {
        let mut all = scenarios::Scenarios {
            draft: &mut draft,
            report,
            blocks: &blocks,
            drivers: &drivers,
            alarms: &alarms,
            interlocks: &interlock_names,
            recipes: &recipes,
        };
        scenarios::compile(sources, &mut all)
    } else {
        Vec::new()
    };
    let plant = Plant {
        name: head.name,
        title: head.title,
        hash: hash(sources, order),
        sources: order.iter().map(|index| sources[*index].clone()).collect(),
        period_ms: draft.period_ms,
        areas: core::mem::take(&mut draft.areas),
        units: core::mem::take(&mut draft.units),
        io: core::mem::take(&mut draft.io),
        points: core::mem::take(&mut draft.points),
        code: core::mem::take(&mut draft.code),
        blocks: blocks.into_iter().flatten().collect(),
        tasks,
        alarms,
        interlocks,
        phases,
        recipes,
        displays,
    };
    if !report.has_errors() {
        silent_devices::warn(&plant, &draft, items, report);
        idle_outputs::warn(&plant, &draft, items, report);
        barred_strokes::warn(&plant, &draft, items, report);
        one_contact::warn(&plant, items, report);
        at_odds::warn(&plant, &draft, items, &texts, report);
        alike_names::warn(&draft, report);
    }
    (plant, scenarios)
}

/// SHA-256 over path, NUL, text, NUL of every source, in order of the paths.
fn hash(sources: &[Source], order: &[usize]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for index in order {
        let source = &sources[*index];
        for part in [source.path.as_bytes(), &[0], source.text.as_bytes(), &[0]] {
            hash.update(part);
        }
    }
    hash.finalize().into()
}
