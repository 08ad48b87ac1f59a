//! Scenarios: timed deeds and expectations, checked against the plant that they are for.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use model::{AlarmId, BlockId, InterlockId, PointId, ProcOrder, ProcState, RecipeId, Source, Unit};
use recipes::MasterRecipe;

use super::draft::{Draft, check_within};
use super::emit::{self, Wanted, one_line};
use super::fields::{Fields, Range, one_of};
use super::phase_text::ActionText;
use super::phases::Phases;
use super::place::{Place, Text};
use super::quantity::parse_quantity;
use super::report::{Mistake, Report};
use super::tree::{Node, Value, read};
use crate::plant::{Alarm, Block, Code, Expr};
use crate::scenario::{Deed, Expectation, Expected, Scenario, TimedDeed};

/// What a scenario needs to know of the plant.
pub(super) struct Scenarios<'d, 'r> {
    pub(super) draft: &'d mut Draft,
    pub(super) report: &'r mut Report,
    pub(super) blocks: &'d [Option<Block>],
    pub(super) drivers: &'d BTreeMap<PointId, BlockId>,
    pub(super) alarms: &'d [Alarm],
    pub(super) interlocks: &'d BTreeMap<String, InterlockId>,
    pub(super) recipes: &'d [MasterRecipe],
}

/// True for the files that this module reads.
pub(super) fn is_scenario(path: &str) -> bool {
    path.starts_with("scenarios/") && path.ends_with(".toml")
}

/// Compiles every scenario among the sources. The plant's own code is left as it is.
pub(super) fn compile(sources: &[Source], all: &mut Scenarios<'_, '_>) -> Vec<Scenario> {
    let of_the_plant = core::mem::take(&mut all.draft.code);
    let mut found = Vec::new();
    for (index, source) in sources.iter().enumerate().filter(|(_, source)| is_scenario(&source.path)) {
        found.extend(all.scenario(index, source));
    }
    all.draft.code = of_the_plant;
    found.sort_by(|one: &Scenario, two| one.name.cmp(&two.name));
    found
}

/// The keys of a deed; a deed has exactly one of them.
const DEEDS: [&str; 8] = ["fault", "clear", "set", "start", "order", "acknowledge", "reset", "kill"];
const EXPECTED: [&str; 8] = ["that", "always", "never", "recipe", "trips", "safe", "alarm", "no_alarm"];

impl Scenarios<'_, '_> {
    fn scenario(&mut self, index: usize, source: &Source) -> Option<Scenario> {
        let table = read(index as u32, source, self.report)?;
        let file = source.path.rsplit('/').next().unwrap_or_default();
        let name = file.trim_end_matches(".toml").to_string();
        let head = Place::new(index as u32, 0..source.text.find('\n').unwrap_or(source.text.len()));
        let mut fields = Fields::new(&table, format!("scenario `{name}`"), head).of("scenario");
        let title = fields.need_text("title", "\"what happens here\"", self.report).map(String::from);
        let start = fields.choice("start", &[("running", false), ("cold", true)], self.report);
        let duration = fields.time_ms("for", self.report);
        fields.require("for");
        if !fields.has("for") {
            fields.missing("for", "\"30 min\"", self.report);
        }
        let duration_ms = u64::from(duration.unwrap_or(0));
        let seed = fields.integer("seed", 0, i64::MAX, self.report).unwrap_or(7);
        let closure = self.closure(&mut fields);
        let mut deeds = Vec::new();
        for mut deed in fields.tables("at", "[[at]]", self.report).unwrap_or_default() {
            deeds.extend(self.deed(&mut deed, duration_ms));
            deed.finish(self.report);
        }
        let mut expectations = Vec::new();
        for mut expected in fields.tables("expect", "[[expect]]", self.report).unwrap_or_default() {
            expectations.extend(self.expectation(&mut expected, duration_ms));
            expected.finish(self.report);
        }
        fields.finish(self.report);
        deeds.sort_by_key(|deed| deed.at_ms);
        Some(Scenario {
            name,
            title: title.unwrap_or_default(),
            source: index,
            cold: start.unwrap_or(false),
            duration_ms,
            seed: seed as u64,
            closure,
            deeds,
            expectations,
            code: core::mem::take::<Code>(&mut self.draft.code),
        })
    }

    /// How far the books may be open: a bar that no run can miss judges nothing.
    fn closure(&mut self, fields: &mut Fields<'_>) -> f64 {
        const USUAL: f64 = 1e-6;
        const LOOSEST: f64 = 1e-3;
        let Some(closure) = fields.number("closure", self.report) else { return USUAL };
        if closure > 0.0 && closure <= LOOSEST {
            return closure;
        }
        self.report.add(
            Mistake::error("out-of-range", format!("`closure` of {closure} judges nothing"))
                .at(fields.place_of("closure"), "a share of what is in the plant")
                .help(format!("write a number above 0, at most {LOOSEST}; {USUAL} is usual")),
        );
        USUAL
    }

    /// The one key of several that is there.
    fn only(&mut self, fields: &mut Fields<'_>, keys: &[&'static str], what: &str) -> Option<&'static str> {
        let mut there = keys.iter().copied().filter(|key| fields.has(key));
        let (first, second) = (there.next(), there.next());
        if let (Some(first), None) = (first, second) {
            return Some(first);
        }
        let message = match (first, second) {
            (Some(first), Some(second)) => format!("{what} has both `{first}` and `{second}`"),
            _ => format!("{what} says not what"),
        };
        self.report.add(
            Mistake::error("bad-scenario", message)
                .at(fields.place, "here")
                .help(format!("write exactly one of {}", keys.join(", "))),
        );
        None
    }

    /// A moment inside the scenario.
    fn moment(&mut self, fields: &mut Fields<'_>, key: &'static str, end_ms: u64) -> Option<u64> {
        let ms = u64::from(fields.time_ms(key, self.report)?);
        if ms > end_ms && end_ms > 0 {
            self.report.add(
                Mistake::error("out-of-range", format!("`{key}` is after the end of the scenario"))
                    .at(fields.place_of(key), "nothing runs any more")
                    .help("write an earlier time, or a longer `for`"),
            );
        }
        Some(ms)
    }

    fn deed(&mut self, fields: &mut Fields<'_>, end_ms: u64) -> Option<TimedDeed> {
        if !fields.has("time") {
            fields.missing("time", "\"10 min\"", self.report);
        }
        let at_ms = self.moment(fields, "time", end_ms);
        fields.require("time");
        let refused = fields.boolean("refused", self.report).unwrap_or(false);
        let key = self.only(fields, &DEEDS, "this deed")?;
        let place = fields.place_of(key);
        let (deed, text) = match key {
            "fault" | "clear" => {
                let name = String::from(fields.text(key, self.report)?);
                let parameters = self.fault_parameters(fields);
                let mut text = if key == "fault" { format!("fault {name}") } else { format!("clear {name}") };
                for (parameter, value) in &parameters {
                    text.push_str(&format!(" {parameter}={value}"));
                }
                let deed = if key == "fault" {
                    Deed::Fault { name, parameters }
                } else {
                    Deed::Clear { name, parameters }
                };
                (deed, text)
            }
            "set" => self.set(fields)?,
            "start" => self.start(fields)?,
            "order" => self.order(fields)?,
            "acknowledge" => self.acknowledge(fields)?,
            "reset" => self.reset(fields)?,
            _ => {
                let away_ms = u64::from(fields.time_ms("kill", self.report)?);
                let text =
                    format!("the controller is killed, another takes over after {} s", away_ms as f64 / 1e3);
                (Deed::Kill { away_ms }, text)
            }
        };
        Some(TimedDeed { at_ms: at_ms?, deed, text, refused, span: place.span() })
    }

    /// `with = { cell = 7, tag = "TT-311" }`; what they mean is the simulator's to say.
    fn fault_parameters(&mut self, fields: &mut Fields<'_>) -> Vec<(String, String)> {
        let mut parameters = Vec::new();
        let Some(node) = fields.node("with") else { return parameters };
        for entry in node.table().map_or(&[][..], |table| &table.entries) {
            let value = match &entry.node.value {
                Value::Integer(number) => number.to_string(),
                Value::Float(number) => number.to_string(),
                Value::Text(text) => String::from(text),
                other => {
                    self.report.add(
                        Mistake::error("wrong-type", format!("a parameter that is {}", other.kind()))
                            .at(entry.node.place, "a number or a text is expected")
                            .help("write `with = { cell = 7, area_mm2 = 2.0 }`"),
                    );
                    continue;
                }
            };
            parameters.push((String::from(&entry.key), value));
        }
        if node.table().is_none() {
            self.no_table(node);
        }
        parameters
    }

    fn no_table(&mut self, node: &Node) {
        self.report.add(
            Mistake::error("wrong-type", format!("`with` is {}", node.value.kind()))
                .at(node.place, "a table is expected")
                .help("write `with = { NAME = VALUE }`"),
        );
    }

    /// `IC-301.SP := 5 kA`, as a phase would write it.
    fn set(&mut self, fields: &mut Fields<'_>) -> Option<(Deed, String)> {
        let text = fields.text("set", self.report)?;
        let whole = text.as_str();
        let Some(at) = whole.find(":=") else {
            self.report.add(
                Mistake::error("bad-scenario", format!("\"{text}\" sets nothing"))
                    .at(text.place, "an assignment is expected")
                    .help("write `set = \"IC-301.SP := 5 kA\"`, or `\"P-311 := stop\"`"),
            );
            return None;
        };
        let trimmed = |from: usize, to: usize| {
            let part = &whole[from..to];
            let start = from + (part.len() - part.trim_start().len());
            text.slice(start..start + part.trim().len())
        };
        let action = ActionText { target: trimmed(0, at), value: trimmed(at + 2, whole.len()) };
        let mut phases = Phases {
            draft: self.draft,
            report: self.report,
            blocks: self.blocks,
            drivers: self.drivers.clone(),
        };
        let assignment = phases.action("", &action)?;
        let text = format!("set {}", one_line(whole));
        Some((Deed::Set(assignment), text))
    }

    fn recipe(&mut self, name: &Text) -> Option<RecipeId> {
        let names: Vec<&str> = self.recipes.iter().map(|recipe| recipe.name.as_str()).collect();
        self.find("recipe", name, &names).map(|index| RecipeId(index as u32))
    }

    fn find(&mut self, what: &str, name: &Text, names: &[&str]) -> Option<usize> {
        let found = names.iter().position(|known| *known == name.as_str());
        if found.is_none() {
            self.report.add(
                Mistake::error("unknown-name", format!("no {what} `{name}` in this plant"))
                    .at(name.place, "not declared")
                    .help(one_of(name.as_str(), names)),
            );
        }
        found
    }

    fn start(&mut self, fields: &mut Fields<'_>) -> Option<(Deed, String)> {
        let name = fields.text("start", self.report)?;
        let with = fields.node("with");
        let recipe = self.recipe(name)?;
        let mut parameters = Vec::new();
        let mut text = format!("start {name}");
        if let Some(node) = with {
            let Some(table) = node.table() else {
                self.no_table(node);
                return None;
            };
            for entry in &table.entries {
                if let Some((index, value)) = self.recipe_parameter(recipe, &entry.key, &entry.node) {
                    text.push_str(&format!(" {}={value}", entry.key));
                    parameters.push((index, value));
                }
            }
        }
        Some((Deed::Start { recipe, parameters }, text))
    }

    fn recipe_parameter(&mut self, recipe: RecipeId, key: &Text, node: &Node) -> Option<(u16, f64)> {
        let all = &self.recipes[recipe.index()].parameters;
        let names: Vec<&str> = all.iter().map(|parameter| parameter.name.as_str()).collect();
        let index = self.find("recipe parameter", key, &names)?;
        let parameter = &all[index];
        let value = self.number(node, parameter.unit)?;
        let range = Range { low: parameter.low, high: parameter.high, place: node.place };
        check_within(
            &format!("`{key}`"),
            value,
            node.place,
            &range,
            "the range of the parameter",
            self.report,
        );
        Some((index as u16, value))
    }

    fn number(&mut self, node: &Node, unit: Unit) -> Option<f64> {
        match &node.value {
            Value::Integer(number) => Some(*number as f64),
            Value::Float(number) if number.is_finite() => Some(*number),
            Value::Text(text) => {
                parse_quantity(text.as_str(), node.place, self.report)?.value_in(unit, self.report)
            }
            other => {
                self.report.add(
                    Mistake::error("wrong-type", format!("a value that is {}", other.kind()))
                        .at(node.place, "a number or a quantity is expected")
                        .help("write a number, or a quantity such as \"4 kA\""),
                );
                None
            }
        }
    }

    fn order(&mut self, fields: &mut Fields<'_>) -> Option<(Deed, String)> {
        let words = ProcOrder::ALL.map(|order| (order.word(), order));
        let order = fields.choice("order", &words, self.report);
        let name = fields.need_text("recipe", "\"EL-START\"", self.report)?;
        let recipe = self.recipe(name)?;
        let order = order?;
        Some((Deed::Order { recipe, order }, format!("{} {name}", order.word())))
    }

    fn acknowledge(&mut self, fields: &mut Fields<'_>) -> Option<(Deed, String)> {
        let name = fields.text("acknowledge", self.report)?;
        let text = format!("acknowledge {name}");
        if name.as_str() == "all" {
            return Some((Deed::Acknowledge(None), text));
        }
        Some((Deed::Acknowledge(Some(self.alarm(name)?)), text))
    }

    fn alarm(&mut self, name: &Text) -> Option<AlarmId> {
        let names: Vec<&str> = self.alarms.iter().map(|alarm| alarm.name.as_str()).collect();
        self.find("alarm", name, &names).map(|index| AlarmId(index as u32))
    }

    fn reset(&mut self, fields: &mut Fields<'_>) -> Option<(Deed, String)> {
        let name = fields.text("reset", self.report)?;
        let text = format!("reset {name}");
        if name.as_str() == "all" {
            return Some((Deed::Reset(None), text));
        }
        Some((Deed::Reset(Some(self.interlock(name)?)), text))
    }

    fn interlock(&mut self, name: &Text) -> Option<InterlockId> {
        let names: Vec<&str> = self.interlocks.keys().map(String::as_str).collect();
        self.find("interlock", name, &names)?;
        self.interlocks.get(name.as_str()).copied()
    }

    fn expectation(&mut self, fields: &mut Fields<'_>, end_ms: u64) -> Option<Expectation> {
        let from = self.moment(fields, "from", end_ms);
        let until = self.moment(fields, "until", end_ms);
        let by = self.moment(fields, "by", end_ms);
        let at = self.moment(fields, "at", end_ms);
        let key = self.only(fields, &EXPECTED, "this expectation")?;
        let place = fields.place_of(key);
        if until.is_some() && (by.is_some() || at.is_some()) || by.is_some() && at.is_some() {
            self.report.add(
                Mistake::error("bad-scenario", "more than one end of the time")
                    .at(fields.place, "here")
                    .help(
                        "write `by` (at the latest), `at` (just then), or `from` and `until` (all the time)",
                    ),
            );
        }
        let until_ms = by.or(at).or(until).unwrap_or(end_ms);
        let from_ms = from.or(at).unwrap_or(0);
        if from_ms > until_ms {
            self.report.add(
                Mistake::error("out-of-range", "an expectation that ends before it begins")
                    .at(fields.place, "here")
                    .help("write `from` before `until` or `by`"),
            );
        }
        let (what, text) = match key {
            "that" => {
                let expr = self.condition(fields, key)?;
                let text = expr.text.clone();
                (if at.is_some() { Expected::Is(expr) } else { Expected::Becomes(expr) }, text)
            }
            "always" | "never" => {
                let expr = self.condition(fields, key)?;
                let text = format!("{key} {}", expr.text);
                (if key == "always" { Expected::Always(expr) } else { Expected::Never(expr) }, text)
            }
            "recipe" => {
                let words = ProcState::ALL.map(|state| (lower(state), state));
                let words: Vec<(&str, ProcState)> =
                    words.iter().map(|(word, state)| (*word, *state)).collect();
                let ends = fields.choice("ends", &words, self.report).unwrap_or(ProcState::Complete);
                let name = fields.text(key, self.report)?;
                (Expected::Ends(self.recipe(name)?, ends), format!("{name} ends {}", lower(ends)))
            }
            "trips" => {
                let names = fields.texts(key, self.report)?;
                let mut trips = Vec::new();
                let mut text = String::from(if names.is_empty() { "no interlock trips" } else { "trips:" });
                for name in names {
                    text.push_str(&format!(" {name}"));
                    trips.extend(self.interlock(name));
                }
                (Expected::Trips(trips), text)
            }
            "alarm" => {
                let name = fields.text(key, self.report)?;
                (Expected::Tells(self.alarm(name)?), format!("alarm {name}"))
            }
            "no_alarm" => {
                let name = fields.text(key, self.report)?;
                if name.as_str() == "all" {
                    (Expected::Quiet(None), String::from("no alarm"))
                } else {
                    (Expected::Quiet(Some(self.alarm(name)?)), format!("no alarm {name}"))
                }
            }
            _ => {
                let name = fields.text(key, self.report)?;
                (Expected::Safe(self.interlock(name)?), format!("safe state of {name}"))
            }
        };
        Some(Expectation { what, from_ms, until_ms, text, span: place.span() })
    }

    fn condition(&mut self, fields: &mut Fields<'_>, key: &'static str) -> Option<Expr> {
        let text = fields.text(key, self.report)?;
        emit::compile(self.draft, text, Wanted::Condition, None, self.report).map(|emitted| emitted.expr)
    }
}

const fn lower(state: ProcState) -> &'static str {
    match state {
        ProcState::Idle => "idle",
        ProcState::Running => "running",
        ProcState::Holding => "holding",
        ProcState::Held => "held",
        ProcState::Restarting => "restarting",
        ProcState::Pausing => "pausing",
        ProcState::Paused => "paused",
        ProcState::Stopping => "stopping",
        ProcState::Stopped => "stopped",
        ProcState::Aborting => "aborting",
        ProcState::Aborted => "aborted",
        ProcState::Complete => "complete",
    }
}
