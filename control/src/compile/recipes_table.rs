//! Master recipes: operations, phases and what their parameters get.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use model::{PhaseId, PointId, Unit};
use recipes::{Argument, ArgumentValue, MasterRecipe, Operation, Parameter, PhaseCall};

use super::draft::{Draft, check_within};
use super::fields::{Fields, one_of};
use super::items::{Item, Items, Kind, duplicate};
use super::place::{Place, Text};
use super::quantity::{parse_quantity, parse_unit, quoted, unit_help};
use super::report::{Mistake, Report};
use super::tree::{Node, Value};
use crate::plant::Phase;

pub(super) struct Recipes<'d, 'r> {
    pub(super) draft: &'d Draft,
    pub(super) report: &'r mut Report,
    pub(super) phases: &'d [Phase],
    pub(super) names: &'d BTreeMap<String, (PhaseId, Place)>,
}

pub(super) fn compile(items: &Items, recipes: &mut Recipes<'_, '_>) -> Vec<MasterRecipe> {
    let mut found = Vec::new();
    let mut first: BTreeMap<&str, Place> = BTreeMap::new();
    for item in items.of(Kind::Recipe) {
        let recipe = recipes.recipe(item);
        if let Some(first) = first.get(item.name.as_str()) {
            recipes.report.add(duplicate("recipe", &item.name, *first));
            continue;
        }
        first.insert(item.name.as_str(), item.name.place);
        found.push(recipe);
    }
    found
}

/// A parameter of the recipe, its place, and whether unit and range are as the text says.
type Parameters = Vec<(Parameter, Place, bool)>;

impl Recipes<'_, '_> {
    fn recipe(&mut self, item: &Item) -> MasterRecipe {
        let mut fields = item.fields();
        let title = fields.need_text("title", "\"Electrolyser start-up\"", self.report).map(String::from);
        let version = self.version(&mut fields);
        if !fields.has("unit_of") {
            fields.missing("unit_of", "\"EL-301\"", self.report);
        }
        self.draft.area(item, &mut fields, self.report);
        let equipment = self.draft.equipment(&mut fields, self.report).unwrap_or_default();
        let parameters = self.parameters(&mut fields);
        let mut used = alloc::vec![false; parameters.len()];
        let operations = self.operations(&mut fields, &equipment, &parameters, &mut used);
        fields.finish(self.report);
        for ((parameter, place, sure), used) in parameters.iter().zip(used) {
            if !used && *sure {
                self.report.add(
                    Mistake::warning(
                        "unused-parameter",
                        format!("`{}` of {} is given to no phase", parameter.name, fields.owner),
                    )
                    .at(*place, "changing it changes nothing")
                    .help(format!(
                        "add `with = {{ ... = \"{}\" }}` to a phase, or remove it",
                        parameter.name
                    )),
                );
            }
        }
        MasterRecipe {
            name: String::from(&item.name),
            version,
            title: title.unwrap_or_default(),
            equipment,
            parameters: parameters.into_iter().map(|(parameter, ..)| parameter).collect(),
            operations,
        }
    }

    fn version(&mut self, fields: &mut Fields<'_>) -> String {
        match fields.node("version").map(|node| &node.value) {
            None => {
                fields.missing("version", "\"1\"", self.report);
                String::new()
            }
            Some(Value::Integer(number)) => number.to_string(),
            Some(_) => fields.words("version", self.report),
        }
    }

    fn parameters(&mut self, fields: &mut Fields<'_>) -> Parameters {
        let mut found = Parameters::new();
        let Some(table) = fields.node("parameter").and_then(Node::table) else { return found };
        for entry in &table.entries {
            let Some(table) = entry.node.table() else {
                self.report.add(
                    Mistake::error(
                        "wrong-type",
                        format!("parameter `{}` is {}", entry.key, entry.node.value.kind()),
                    )
                    .at(entry.node.place, "a table is expected")
                    .help("write [recipe.NAME.parameter.load] with unit, range and value below it"),
                );
                continue;
            };
            let owner = format!("parameter `{}` of {}", entry.key, fields.owner);
            let mut fields = Fields::new(table, owner, entry.key.place).of("recipe/parameter");
            let (parameter, sure) = self.parameter(&mut fields, &entry.key);
            found.push((parameter, entry.key.place, sure));
        }
        found
    }

    /// True when all that it needs is there and can be read.
    fn parameter(&mut self, fields: &mut Fields<'_>, name: &Text) -> (Parameter, bool) {
        let description = fields.words("description", self.report);
        let unit = fields.need_text("unit", "\"kA\"", self.report);
        let unit = unit.and_then(|text| parse_unit(text.as_str(), text.place, self.report));
        for (key, example) in [("range", "[1.0, 6.0]"), ("value", "4.0")] {
            if !fields.has(key) {
                fields.missing(key, example, self.report);
            }
        }
        self.report.doubtful = unit.is_none();
        let range = fields.range("range", unit.unwrap_or(Unit::NONE), self.report);
        let value = fields.quantity("value", unit.unwrap_or(Unit::NONE), self.report);
        self.report.doubtful = false;
        fields.finish(self.report);
        if let (Some(_), Some(range), Some(value)) = (unit, &range, value) {
            check_within("`value`", value, fields.place_of("value"), range, "its range", self.report);
        }
        let sure = unit.is_some() && range.is_some() && value.is_some();
        let (low, high) = range.map_or((0.0, 1.0), |range| (range.low, range.high));
        let (unit, value) = (unit.unwrap_or(Unit::NONE), value.unwrap_or(low));
        (Parameter { name: String::from(name), description, unit, low, high, value }, sure)
    }

    fn operations(
        &mut self,
        fields: &mut Fields<'_>,
        equipment: &str,
        parameters: &Parameters,
        used: &mut [bool],
    ) -> Vec<Operation> {
        let list = fields.tables("operation", "an operation", self.report);
        if list.as_ref().is_none_or(Vec::is_empty) {
            self.report.add(
                Mistake::error("missing-key", format!("{} has no operations", fields.owner))
                    .at(fields.place, "what does it do?")
                    .help("add [[recipe.NAME.operation]] with name, title and `phases = [ { phase = \"...\" } ]`"),
            );
        }
        let mut operations: Vec<Operation> = Vec::new();
        for mut fields in list.unwrap_or_default() {
            let name =
                fields.need_text("name", "\"Prepare\"", self.report).map(String::from).unwrap_or_default();
            let title = fields.text("title", self.report).map_or_else(|| name.clone(), String::from);
            if !name.is_empty() && operations.iter().any(|known| known.name == name) {
                self.report.add(
                    Mistake::error("duplicate-name", format!("two operations are called `{name}`"))
                        .at(fields.place_of("name"), "the second one")
                        .help("give every operation its own name"),
                );
            }
            let calls = fields.tables("phases", "a phase", self.report);
            if calls.as_ref().is_none_or(Vec::is_empty) {
                self.report.add(
                    Mistake::error("missing-key", format!("{} has no phases", fields.owner))
                        .at(fields.place, "what does it do?")
                        .help("add `phases = [ { phase = \"Fill\" } ]`"),
                );
            }
            let calls = calls.unwrap_or_default().into_iter();
            let phases =
                calls.filter_map(|mut call| self.call(&mut call, equipment, parameters, used)).collect();
            fields.finish(self.report);
            operations.push(Operation { name, title, phases });
        }
        operations
    }

    fn call(
        &mut self,
        fields: &mut Fields<'_>,
        equipment: &str,
        parameters: &Parameters,
        used: &mut [bool],
    ) -> Option<PhaseCall> {
        let name = fields.need_text("phase", "\"Fill\"", self.report);
        let title = fields.text("title", self.report).map(String::from);
        let with = fields.node("with");
        fields.finish(self.report);
        let name = name?;
        let Some((id, place)) = self.names.get(name.as_str()).copied() else {
            let known: Vec<&str> = self.names.keys().map(String::as_str).collect();
            self.report.add(
                Mistake::error("unknown-name", format!("no phase `{name}`"))
                    .at(name.place, "not declared")
                    .help(one_of(name.as_str(), &known)),
            );
            use_all(with, parameters, used);
            return None;
        };
        let phase = self.phases.get(id.index())?;
        let known = self.draft.unit_names.contains_key(&phase.equipment);
        if phase.equipment != equipment && !equipment.is_empty() && known {
            self.report.add(
                Mistake::error(
                    "wrong-unit",
                    format!("phase `{name}` belongs to {}, the recipe to {equipment}", phase.equipment),
                )
                .at(name.place, "a phase of another unit")
                .related(place, "declared here")
                .help(format!("name a phase ON {equipment}, or correct `unit_of`")),
            );
        }
        let mut arguments: Vec<Argument> =
            phase.parameters.iter().map(|point| self.default(*point)).collect();
        if let Some(node) = with {
            self.with(node, phase, &mut arguments, parameters, used);
        }
        let title = title.unwrap_or_else(|| phase.description.clone());
        Some(PhaseCall { phase: id, name: String::from(name), title, arguments })
    }

    /// A parameter that the recipe leaves out has the phase's own value at every start.
    fn default(&self, point: PointId) -> Argument {
        Argument { point, value: ArgumentValue::Constant(self.draft.point(point).initial) }
    }

    fn with(
        &mut self,
        node: &Node,
        phase: &Phase,
        arguments: &mut [Argument],
        parameters: &Parameters,
        used: &mut [bool],
    ) {
        let Some(table) = node.table() else {
            self.report.add(
                Mistake::error("wrong-type", format!("`with` is {}", node.value.kind()))
                    .at(node.place, "a table is expected")
                    .help(
                        "write `with = { load = \"load\" }`: phase parameter = recipe parameter or quantity",
                    ),
            );
            return;
        };
        let prefix = phase.name.len() + 1;
        for entry in &table.entries {
            let short =
                |argument: &Argument| self.draft.point(argument.point).name.get(prefix..).unwrap_or_default();
            let found = arguments.iter().position(|argument| short(argument) == entry.key.as_str());
            let Some(index) = found else {
                let known: Vec<&str> = arguments.iter().map(short).collect();
                let help = if known.is_empty() {
                    format!("phase `{}` has no parameters: remove `with`", phase.name)
                } else {
                    one_of(entry.key.as_str(), &known)
                };
                self.report.add(
                    Mistake::error(
                        "unknown-parameter",
                        format!("phase `{}` has no parameter `{}`", phase.name, entry.key),
                    )
                    .at(entry.key.place, "not declared with PARAM")
                    .help(help),
                );
                use_named(&entry.node, parameters, used);
                continue;
            };
            self.report.doubtful = !self.draft.is_sure(arguments[index].point);
            let value = self.argument(arguments[index].point, &entry.node, parameters, used);
            self.report.doubtful = false;
            if let Some(value) = value {
                arguments[index].value = value;
            }
        }
    }

    fn argument(
        &mut self,
        point: PointId,
        node: &Node,
        parameters: &Parameters,
        used: &mut [bool],
    ) -> Option<ArgumentValue> {
        let (unit, range) = (self.draft.point(point).unit, self.draft.range_of(point));
        let number = match &node.value {
            Value::Integer(number) => *number as f64,
            Value::Float(number) if number.is_finite() => *number,
            Value::Text(text) => {
                if let Some(index) = parameters.iter().position(|(known, ..)| known.name == text.as_str()) {
                    used[index] = true;
                    return self.parameter_argument(point, index, &parameters[index], node.place);
                }
                if !text.as_str().starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+') {
                    let known: Vec<&str> = parameters.iter().map(|(known, ..)| known.name.as_str()).collect();
                    self.report.add(
                        Mistake::error("unknown-parameter", format!("the recipe has no parameter `{text}`"))
                            .at(node.place, "neither a parameter of the recipe nor a quantity")
                            .help(one_of(text.as_str(), &known)),
                    );
                    return None;
                }
                parse_quantity(text.as_str(), node.place, self.report)?.value_in(unit, self.report)?
            }
            other => {
                self.report.add(
                    Mistake::error("wrong-type", format!("an argument that is {}", other.kind()))
                        .at(node.place, "a quantity or a parameter of the recipe is expected")
                        .help("write `load = \"load\"` or `load = \"4 kA\"`"),
                );
                return None;
            }
        };
        let name = self.draft.point(point).name.clone();
        check_within(
            &format!("`{name}`"),
            number,
            node.place,
            &range,
            "the limits of the phase",
            self.report,
        );
        Some(ArgumentValue::Constant(number))
    }

    /// The whole range that people may set must be possible in the phase.
    fn parameter_argument(
        &mut self,
        point: PointId,
        index: usize,
        (parameter, said, sure): &(Parameter, Place, bool),
        place: Place,
    ) -> Option<ArgumentValue> {
        if !sure {
            return None;
        }
        let (unit, range) = (self.draft.point(point).unit, self.draft.range_of(point));
        let name = &self.draft.point(point).name;
        let Some((factor, offset)) = parameter.unit.factor_and_offset(unit) else {
            self.report.add(
                Mistake::error(
                    "unit-mismatch",
                    format!(
                        "`{}` is in {}, `{name}` in {}",
                        parameter.name,
                        quoted(parameter.unit),
                        quoted(unit)
                    ),
                )
                .at(place, "does not convert")
                .related(*said, "the parameter of the recipe")
                .related(range.place, "the parameter of the phase")
                .help(unit_help(parameter.unit, unit)),
            );
            return None;
        };
        for end in [parameter.low, parameter.high] {
            let value = end * factor + offset;
            // A conversion there and back may miss the end by a rounding error.
            let slack = (range.high - range.low) * 1e-9;
            if value < range.low - slack || value > range.high + slack {
                self.report.add(
                    Mistake::error(
                        "outside-range",
                        format!("`{}` may be set to {end}, beyond the limits of `{name}`", parameter.name),
                    )
                    .at(*said, format!("{} to {} {}", parameter.low, parameter.high, parameter.unit))
                    .related(range.place, format!("the phase takes {} to {} {unit}", range.low, range.high))
                    .help(format!(
                        "narrow the range of `{}`, or widen the limits of the phase",
                        parameter.name
                    )),
                );
                return None;
            }
        }
        Some(ArgumentValue::Parameter { index: index as u16, factor, offset })
    }
}

/// What a call wants to give is used, also where whom it calls is not known.
fn use_all(with: Option<&Node>, parameters: &Parameters, used: &mut [bool]) {
    for entry in with.and_then(Node::table).into_iter().flat_map(|table| &table.entries) {
        use_named(&entry.node, parameters, used);
    }
}

fn use_named(node: &Node, parameters: &Parameters, used: &mut [bool]) {
    let Some(text) = node.text() else { return };
    if let Some(index) = parameters.iter().position(|(known, ..)| known.name == text.as_str()) {
        used[index] = true;
    }
}
