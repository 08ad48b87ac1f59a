//! A recorded run beside the same inputs with another plant text: where, by how much and in what the two
//! histories part.
//!
//! The other engine begins from the recorded state, carried over as a change of plant carries it. Inputs and
//! commands find their points by name. The process answers to neither: what the field delivered is what it
//! delivered then, so this tells what the other text would have done in the first moment, not where it led.

use std::collections::BTreeMap;
use std::sync::Arc;

use control::plant::Plant;
use control::{Engine, Input, Pairs, Parted, Plan, Reason, ScanOutput, parted};
use miette::{IntoDiagnostic as _, miette};
use model::{Action, Command, Event, PointId};

use crate::clock::{self, TickClock};
use crate::wiring;

/// Values and events that are told; the rest is counted.
const TOLD: usize = 40;

/// The engine with the other plant, and how names lead into it.
pub struct Beside {
    pub engine: Engine,
    pairs: Pairs,
    /// What the other text changes.
    plan: Plan,
    recorded: Arc<Plant>,
    common: Common,
    output: ScanOutput,
    inputs: Vec<Input>,
    commands: Vec<Command>,
}

impl Beside {
    /// Begins where the recorded engine stands; a cold one begins cold.
    ///
    /// # Errors
    ///
    /// When the base periods differ, or the two have nothing in common.
    pub fn begin(recorded: &Engine, cold: bool, other: &Arc<Plant>) -> miette::Result<Self> {
        let engine =
            if cold { Engine::new(other.clone()) } else { recorded.migrate(other).into_diagnostic()?.0 };
        let plant = recorded.plant().clone();
        let pairs = Pairs::between(&plant, other);
        let common = Common::of(&plant, &pairs);
        if common.points == 0 {
            return Err(miette!(
                help = "name the changed folder of the plant that ran",
                "no point of the plant that ran, {}, is in the other folder, {}: there is nothing to compare",
                plant.name,
                other.name
            ));
        }
        Ok(Self {
            engine,
            pairs,
            common,
            plan: Plan::between(&plant, other),
            recorded: plant,
            output: ScanOutput::with_capacity(wiring::EVENTS_PER_SCAN),
            inputs: Vec::new(),
            commands: Vec::new(),
        })
    }

    pub fn point(&self, recorded: PointId) -> Option<PointId> {
        self.pairs.point(recorded)
    }

    /// The same scan with the other plant.
    pub fn scan(&mut self, tick: u64, inputs: &[Input], commands: &[Command], comparison: &mut Comparison) {
        self.inputs.clear();
        for input in inputs {
            if let Some(point) = self.point(input.point) {
                self.inputs.push(Input { point, ..*input });
            }
        }
        self.commands.clear();
        for command in commands {
            match translated(&self.recorded, self.engine.plant(), command.action) {
                Some(action) => self.commands.push(Command { action, ..*command }),
                None => comparison.commands_lost += 1,
            }
        }
        self.engine.scan(tick, &self.inputs, &self.commands, &mut self.output);
    }

    pub fn events(&self) -> &[Event] {
        self.output.events()
    }
}

/// The same order to what has the same name in the other plant.
fn translated(from: &Plant, to: &Plant, action: Action) -> Option<Action> {
    let point = |id: PointId| to.find_point(&from.points.get(id.index())?.name);
    let block = |id: model::BlockId| to.find_block(&from.blocks.get(id.index())?.name);
    let alarm = |id: model::AlarmId| to.find_alarm(&from.alarms.get(id.index())?.name);
    let interlock = |id: model::InterlockId| to.find_interlock(&from.interlocks.get(id.index())?.name);
    let recipe = |id: model::RecipeId| to.find_recipe(&from.recipes.get(id.index())?.name);
    Some(match action {
        Action::Write { point: id, value } => Action::Write { point: point(id)?, value },
        Action::Mode { block: id, mode } => Action::Mode { block: block(id)?, mode },
        Action::Acknowledge { alarm: id } => Action::Acknowledge { alarm: alarm(id)? },
        Action::Shelve { alarm: id, for_ms } => Action::Shelve { alarm: alarm(id)?, for_ms },
        Action::ResetInterlock { interlock: id } => Action::ResetInterlock { interlock: interlock(id)? },
        Action::Bypass { interlock: id, for_ms } => Action::Bypass { interlock: interlock(id)?, for_ms },
        Action::Prepare { recipe: id, batch } => Action::Prepare { recipe: recipe(id)?, batch },
        Action::Parameter { recipe: id, parameter, value } => {
            let name = &from.recipes[id.index()].parameters.get(usize::from(parameter))?.name;
            let there = recipe(id)?;
            let all = &to.recipes[there.index()].parameters;
            let parameter = all.iter().position(|known| known.name == *name)? as u16;
            Action::Parameter { recipe: there, parameter, value }
        }
        Action::Batch { recipe: id, order } => Action::Batch { recipe: recipe(id)?, order },
        Action::Phase { phase, order } => {
            Action::Phase { phase: to.find_phase(&from.phases.get(phase.index())?.name)?, order }
        }
        Action::Experiment { block: id, plan } => Action::Experiment { block: block(id)?, plan },
        Action::EndExperiment { block: id } => Action::EndExperiment { block: block(id)? },
        Action::Force { point: id, value, for_ms } => Action::Force { point: point(id)?, value, for_ms },
        Action::Simulate { block: id, for_ms } => Action::Simulate { block: block(id)?, for_ms },
        Action::Unforce { point: id } => Action::Unforce { point: point(id)? },
    })
}

/// How much of the plant that ran is compared at all.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Common {
    points: usize,
    of: usize,
}

impl Common {
    fn of(recorded: &Plant, pairs: &Pairs) -> Self {
        let of = recorded.points.len();
        let points = (0..of).filter(|index| pairs.point(PointId(*index as u32)).is_some()).count();
        Self { points, of }
    }

    fn report(self) -> String {
        let mut text = format!("{} of {} points are common to both and compared\n", self.points, self.of);
        if self.points * 2 < self.of {
            text.push_str("warning: that is less than half: is it the folder of this plant?\n");
        }
        text
    }
}

/// One value that came out otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Apart {
    tick: u64,
    recorded: f64,
    other: f64,
}

/// A point with its first and its largest difference.
#[derive(Clone, Debug, PartialEq)]
struct PointApart {
    first: Apart,
    largest: Apart,
    /// The largest, as a share of the point's range.
    share: f64,
}

/// Events that read the same but for their numbers.
#[derive(Clone, Debug, Default, PartialEq)]
struct Happened {
    recorded: u64,
    other: u64,
    first_tick: u64,
    text: String,
}

/// What was found over all runs of a journal.
#[derive(Debug, Default)]
pub struct Comparison {
    points: BTreeMap<String, PointApart>,
    events: BTreeMap<String, Happened>,
    units: BTreeMap<String, &'static str>,
    pub first_tick: Option<u64>,
    /// The first scan at which something does otherwise, and all that did, each after what it follows from.
    parting: Option<(u64, Vec<Parted>)>,
    commands_lost: u64,
    clock: Option<TickClock>,
    /// Of the run that has least in common with the other plant.
    common: Option<Common>,
}

impl Comparison {
    /// A run begins.
    pub fn begin(&mut self, beside: &Beside) {
        let share = |common: Common| common.points as f64 / common.of.max(1) as f64;
        if self.common.is_none_or(|known| share(beside.common) < share(known)) {
            self.common = Some(beside.common);
        }
    }

    /// Looks at both after a scan.
    pub fn look(&mut self, recorded: &Engine, events: &[Event], beside: &Beside, clock: TickClock) {
        self.clock = Some(clock);
        let (plant, tick) = (recorded.plant(), recorded.tick());
        for (index, point) in plant.points.iter().enumerate() {
            let id = PointId(index as u32);
            let Some(there) = beside.point(id) else { continue };
            let (one, two) = (recorded.image().value(id), beside.engine.image().value(there));
            let qualities = (recorded.image().quality(id), beside.engine.image().quality(there));
            if one.to_bits() == two.to_bits() && qualities.0 == qualities.1 {
                continue;
            }
            self.first_tick.get_or_insert(tick);
            let apart = Apart { tick, recorded: one, other: two };
            let share = (two - one).abs() / (point.high - point.low).abs().max(f64::MIN_POSITIVE);
            match self.points.get_mut(&point.name) {
                Some(known) if share > known.share => (known.largest, known.share) = (apart, share),
                Some(_) => {}
                None => {
                    self.units.insert(point.name.clone(), point.unit.symbol());
                    self.points
                        .insert(point.name.clone(), PointApart { first: apart, largest: apart, share });
                }
            }
        }
        if self.parting.is_none() {
            let parted = parted(recorded, &beside.engine, &beside.pairs, &beside.plan);
            self.parting = (!parted.is_empty()).then_some((tick, parted));
        }
        for event in events {
            self.hear(plant, event, true);
        }
        for event in beside.events() {
            self.hear(beside.engine.plant(), event, false);
        }
    }

    fn hear(&mut self, plant: &Plant, event: &Event, recorded: bool) {
        let (kind, tag, text) = control::describe(plant, event);
        let words: String = text.chars().filter(|c| !c.is_ascii_digit() && !matches!(c, '.' | '-')).collect();
        let happened =
            self.events.entry(format!("{} {tag} {words}", kind.word())).or_insert_with(|| Happened {
                first_tick: event.tick,
                text: format!("{:<6} {tag:<12} {text}", kind.word()),
                ..Happened::default()
            });
        if recorded {
            happened.recorded += 1;
        } else {
            happened.other += 1;
        }
    }

    fn time(&self, tick: u64) -> String {
        self.clock.map_or_else(|| format!("tick {tick}"), |clock| clock::local_text(clock.time_ms(tick)))
    }

    /// For people: when, in which values, and in which events.
    pub fn report(&self) -> String {
        let parting = self.parting.as_ref();
        let common = self.common.map(Common::report).unwrap_or_default();
        let Some(first) = parting.map(|(tick, _)| *tick).or(self.first_tick) else {
            return format!("{common}the other plant folder does the same, value by value\n");
        };
        let time = self.time(first);
        let mut text = common;
        text.push_str(&match parting {
            Some(_) => format!("with the other plant folder the histories part at tick {first}, {time}\n"),
            None => {
                format!("settings differ from tick {first} on, {time}, and nothing does otherwise for it\n")
            }
        });
        self.report_parting(&mut text);
        let mut points: Vec<(&String, &PointApart)> = self.points.iter().collect();
        points.sort_by(|one, two| {
            one.1.first.tick.cmp(&two.1.first.tick).then(two.1.share.total_cmp(&one.1.share))
        });
        text.push_str(&format!("{} values differ, in order of their first difference:\n", points.len()));
        for (name, apart) in points.iter().take(TOLD) {
            let unit = self.units.get(*name).copied().unwrap_or_default();
            text.push_str(&format!(
                "  {name:<16} first {} {} -> {} {unit}; largest {} {} -> {} {unit} ({:.2} % of range)\n",
                self.time(apart.first.tick),
                number(apart.first.recorded),
                number(apart.first.other),
                self.time(apart.largest.tick),
                number(apart.largest.recorded),
                number(apart.largest.other),
                apart.share * 100.0
            ));
        }
        if points.len() > TOLD {
            text.push_str(&format!("  and {} more\n", points.len() - TOLD));
        }
        self.report_events(
            "only as it was recorded",
            |happened| happened.recorded > happened.other,
            &mut text,
        );
        self.report_events(
            "only with the other plant",
            |happened| happened.other > happened.recorded,
            &mut text,
        );
        if self.commands_lost > 0 {
            text.push_str(&format!("{} commands have no object in the other plant\n", self.commands_lost));
        }
        text
    }

    /// Why: what was first, in the order in which one follows from the other, both values, and what changed.
    fn report_parting(&self, text: &mut String) {
        let Some((_, parted)) = &self.parting else { return };
        text.push_str("first, each after what it follows from (as recorded / with the other plant):\n");
        let width =
            |column: &dyn Fn(&Parted) -> usize| parted.iter().take(TOLD).map(column).max().unwrap_or(0);
        let (name, values) = (
            width(&|parted| parted.name.chars().count()),
            width(&|parted| format!("{} / {}", parted.one, parted.other).chars().count()),
        );
        for parted in parted.iter().take(TOLD) {
            let both = format!("{} / {}", parted.one, parted.other);
            let why = match &parted.reason {
                Reason::Text(changed) => changed.join("; "),
                Reason::Follows(names) => format!("follows from {}", some(names)),
                Reason::Memory => "follows from what went before".to_owned(),
            };
            text.push_str(&format!("  {:<name$}  {both:<values$}  {why}\n", parted.name));
        }
        if parted.len() > TOLD {
            text.push_str(&format!("  and {} more at this scan\n", parted.len() - TOLD));
        }
    }

    fn report_events(&self, head: &str, wanted: impl Fn(&Happened) -> bool, text: &mut String) {
        let mut found: Vec<&Happened> = self.events.values().filter(|happened| wanted(happened)).collect();
        found.sort_by_key(|happened| happened.first_tick);
        text.push_str(&format!("events {head}:{}\n", if found.is_empty() { " none" } else { "" }));
        for happened in found.iter().take(TOLD) {
            text.push_str(&format!(
                "  {}  {} ({} times recorded, {} with the other)\n",
                self.time(happened.first_tick),
                happened.text,
                happened.recorded,
                happened.other
            ));
        }
        if found.len() > TOLD {
            text.push_str(&format!("  and {} more\n", found.len() - TOLD));
        }
    }
}

/// The first few names.
fn some(names: &[String]) -> String {
    const FEW: usize = 3;
    let more = if names.len() > FEW { format!(" and {} more", names.len() - FEW) } else { String::new() };
    format!("{}{more}", names[..names.len().min(FEW)].join(", "))
}

/// Five digits are enough to see a difference.
fn number(value: f64) -> String {
    let text = format!("{value:.5}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests;
