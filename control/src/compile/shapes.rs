//! Function blocks: their text read after the row of their kind, see [`crate::blocks::function`].

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use model::{PointId, RANGE_BAND, Unit};

use super::blocks::Build;
use super::draft::{Draft, Part, check_within};
use super::emit::{self, Wanted};
use super::fields::Fields;
use super::items::Item;
use super::place::{Place, Text};
use super::quantity::Shown;
use super::report::{Mistake, Report};
use super::tags::scale;
use crate::blocks::function::{INPUTS, Inlet, PORTS, SHAPES, Scale, Shape, Takes};
use crate::plant::{Expr, Function, FunctionInput};

/// The settings of one block, as its kind asks for them.
pub(crate) struct Form<'f, 'a, 'd, 'r> {
    fields: &'f mut Fields<'a>,
    build: &'f mut Build<'d, 'r>,
    inputs: Vec<FunctionInput>,
    ports: Vec<PointId>,
    /// Seconds from run to run.
    pub(crate) dt: f64,
}

/// What a port is to the order of the blocks.
pub(super) fn roles(shape: &'static Shape) -> impl Iterator<Item = (&'static str, Part, &'static str)> {
    let part = |setting| if setting { Part::Setting } else { Part::Result };
    shape.ports.iter().map(move |port| (port.role, part(port.setting), port.words))
}

/// Units of the ports that do not depend on an input. Returns those that are settled.
pub(super) fn own(
    shape: &Shape,
    item: &Item,
    index: usize,
    draft: &mut Draft,
    report: &mut Report,
) -> Vec<PointId> {
    let mut settled = Vec::new();
    for port in shape.ports {
        let Some(point) = draft.blocks[index].point(port.role) else { continue };
        match port.scale {
            Scale::First => continue,
            Scale::Own => {
                scale(&mut item.fields(), point, draft, report);
            }
            Scale::Switch(off, on) => draft.set_words(point, (off, on)),
            Scale::Fixed(symbol, low, high, decimals) => {
                let unit = Unit::parse(symbol).unwrap_or(Unit::NONE);
                draft.set_unit(point, unit, low, high, Some(decimals));
            }
        }
        settled.push(point);
    }
    settled
}

/// The key whose unit the others take, and who takes it.
pub(super) fn follows(shape: &Shape) -> Option<(&'static str, Vec<&'static str>)> {
    let first = shape.inputs.iter().find(|inlet| inlet.takes == Takes::Value)?;
    let roles: Vec<&'static str> =
        shape.ports.iter().filter(|port| port.scale == Scale::First).map(|port| port.role).collect();
    (!roles.is_empty()).then_some((first.key, roles))
}

pub(super) fn function(
    build: &mut Build<'_, '_>,
    kind: usize,
    fields: &mut Fields<'_>,
    dt: f64,
) -> Option<Function> {
    let shape = SHAPES[kind];
    debug_assert!(shape.inputs.len() <= INPUTS && shape.ports.len() <= PORTS);
    if shape.ports.iter().any(|port| port.scale == Scale::Own) {
        // Read when the units were found.
        for key in ["unit", "range", "words"] {
            fields.has(key);
        }
    }
    let ports: Vec<PointId> = shape.ports.iter().map(|port| build.own(port.role)).collect();
    if let Some(decimals) = fields.integer("decimals", 0, 6, build.report) {
        build.draft.points[ports[0].index()].decimals = decimals as u8;
    }
    let mut complete = true;
    let mut inputs = Vec::with_capacity(shape.inputs.len());
    for inlet in shape.inputs {
        let found = input(build, fields, inlet, inputs.first());
        complete &= found.is_some();
        inputs.push(found.unwrap_or(FunctionInput::Absent));
    }
    for (port, point) in shape.ports.iter().zip(&ports) {
        let range = build.draft.range_of(*point);
        if port.setting {
            build.draft.set_write(*point, range.low, range.high, build.role);
        }
    }
    let driven = outputs(build, fields, shape, &ports);
    complete &= driven.is_some();
    let [target, second] = driven.unwrap_or_default();
    let mut form = Form { fields, build, inputs, ports, dt };
    let body = (shape.read)(&mut form);
    let Form { inputs, ports, .. } = form;
    let (law, cells) = body?;
    complete.then_some(Function { kind, law: Box::new(law), inputs, ports, target, second, cells })
}

/// The output tags that the first ports drive; nothing with a mistake. One alone is an option, two are there both.
fn outputs(
    build: &mut Build<'_, '_>,
    fields: &mut Fields<'_>,
    shape: &Shape,
    ports: &[PointId],
) -> Option<[Option<PointId>; 2]> {
    let mut found = [None; 2];
    let mut good = true;
    let mut names: Vec<&Text> = Vec::new();
    for (number, key) in shape.drives.iter().copied().enumerate() {
        let text = match shape.drives {
            [_] => fields.text(key, build.report),
            _ => fields.need_text(key, "\"HV-321.OPEN\"", build.report),
        };
        let Some(text) = text else {
            good &= shape.drives.len() == 1;
            continue;
        };
        if let Some(other) = names.iter().position(|other| other.as_str() == text.as_str()) {
            build.report.add(
                Mistake::error(
                    "duplicate-name",
                    format!("`{text}` is `{}` and `{key}` at once", shape.drives[other]),
                )
                .at(text.place, "the second time")
                .help("name two outputs: each moves the valve one way"),
            );
            good = false;
            continue;
        }
        names.push(text);
        found[number] = build.output(text, true);
        good &= found[number].is_some();
        if let Some(target) = found[number] {
            build.draft.points[ports[number].index()].initial = build.draft.point(target).initial;
        }
    }
    good.then_some(found)
}

/// An input of the text; `None` when it has a mistake.
fn input(
    build: &mut Build<'_, '_>,
    fields: &mut Fields<'_>,
    inlet: &Inlet,
    first: Option<&FunctionInput>,
) -> Option<FunctionInput> {
    let text = if inlet.needed {
        fields.need_text(inlet.key, inlet.example, build.report)?
    } else if fields.has(inlet.key) {
        fields.text(inlet.key, build.report)?
    } else {
        return Some(FunctionInput::Absent);
    };
    match inlet.takes {
        Takes::Value => build.value(text).map(FunctionInput::Point),
        Takes::Alike => {
            let point = build.value(text)?;
            let Some(FunctionInput::Point(first)) = first else { return Some(FunctionInput::Point(point)) };
            let unit = build.draft.point(*first).unit;
            // A unit that is not known was reported where it is missing.
            if !build.draft.is_sure(point) || !build.draft.is_sure(*first) {
                return Some(FunctionInput::Point(point));
            }
            build.same_unit(text, point, unit, "the first input").then_some(FunctionInput::Point(point))
        }
        Takes::Previous => {
            build.draft.find_point(text.as_str(), text.place, build.report).map(FunctionInput::Point)
        }
        Takes::Condition => {
            let emitted = emit::compile(build.draft, text, Wanted::Condition, None, build.report)?;
            for (point, place) in emitted.reads {
                build.reads(point, place);
            }
            Some(FunctionInput::Condition(emitted.expr))
        }
    }
}

impl Form<'_, '_, '_, '_> {
    /// A key that must be there.
    pub(crate) fn need(&mut self, key: &'static str, example: &str) -> Option<()> {
        if self.fields.has(key) {
            return Some(());
        }
        self.fields.missing(key, example, self.build.report);
        None
    }

    pub(crate) fn time_s(&mut self, key: &'static str, example: &str) -> Option<f64> {
        self.need(key, example)?;
        self.optional_time_s(key)
    }

    pub(crate) fn optional_time_s(&mut self, key: &'static str) -> Option<f64> {
        self.fields.time_s(key, self.build.report)
    }

    /// A pure number within bounds, or `default` when the key is not there.
    pub(crate) fn number(&mut self, key: &'static str, default: f64, low: f64, high: f64) -> Option<f64> {
        if !self.fields.has(key) {
            return Some(default);
        }
        let value = self.fields.number(key, self.build.report)?;
        if value >= low && value <= high {
            return Some(value);
        }
        let label = format!("{low} to {high} is possible");
        self.refuse(
            key,
            "out-of-range",
            &format!("`{key}` is {}", Shown(value)),
            &label,
            &format!("write a number from {low} to {high}"),
        );
        None
    }

    pub(crate) fn quantity(&mut self, key: &'static str, symbol: &str) -> Option<f64> {
        self.fields.quantity(key, Unit::parse(symbol).unwrap_or(Unit::NONE), self.build.report)
    }

    pub(crate) fn need_quantity(&mut self, key: &'static str, example: &str, symbol: &str) -> Option<f64> {
        self.need(key, example)?;
        self.quantity(key, symbol)
    }

    /// A quantity above zero, when it is there.
    pub(crate) fn amount(&mut self, key: &'static str, unit: Unit) -> Option<f64> {
        let value = self.fields.quantity(key, unit, self.build.report)?;
        if value > 0.0 {
            return Some(value);
        }
        let said = format!("`{key}` is {}", Shown(value));
        self.refuse(
            key,
            "out-of-range",
            &said,
            "must be above zero",
            "write an amount above zero, or leave it out",
        );
        None
    }

    /// The rate of change of the first port, per second.
    pub(crate) fn rate(&mut self, key: &'static str, needed: bool) -> Option<f64> {
        let unit = self.unit(0);
        if needed {
            self.need(key, &format!("\"1 {}/s\"", unit.difference()))?;
        }
        self.fields.rate(key, unit, self.build.report)
    }

    pub(crate) fn word<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&'static str, T)],
        default: T,
    ) -> Option<T> {
        if self.fields.has(key) { self.fields.choice(key, choices, self.build.report) } else { Some(default) }
    }

    pub(crate) fn need_word<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&'static str, T)],
        example: &str,
    ) -> Option<T> {
        self.need(key, example)?;
        self.fields.choice(key, choices, self.build.report)
    }

    /// A time in runs of the task, whole and rounded, of which `most` fit into the memory of a block.
    pub(crate) fn runs(&mut self, key: &'static str, time_s: f64, most: usize) -> Option<usize> {
        let runs = libm::round(time_s / self.dt);
        if runs <= most as f64 {
            return Some(runs as usize);
        }
        let longest = most as f64 * self.dt;
        self.refuse(
            key,
            "out-of-range",
            &format!("`{key}` is {runs} runs of the task"),
            &format!("{most} runs, {longest} s, fit into a block"),
            "make `task` slower, or the time shorter",
        );
        None
    }

    pub(crate) fn characteristic(&mut self, key: &'static str, example: &str) -> Option<Vec<(f64, f64)>> {
        self.need(key, example)?;
        let (x, y) = (self.input_unit(0), self.unit(0));
        let points = self.fields.characteristic(key, x, y, self.build.report)?;
        self.reached(key, &points);
        Some(points.into_iter().map(|(x, y, _)| (x, y)).collect())
    }

    /// A table that gives what OUT cannot show, or begins where the input never is.
    fn reached(&mut self, key: &str, points: &[(f64, f64, Place)]) {
        let Some(input) = self.input_point(0) else { return };
        let draft = &*self.build.draft;
        if !draft.is_sure(input) || !draft.is_sure(self.ports[0]) {
            return;
        }
        let (x_range, y_range) = (draft.range_of(input), draft.range_of(self.ports[0]));
        let name = format!("the range of `{}`", draft.point(input).name);
        // So far beyond its range a reading still acts.
        let margin = RANGE_BAND * (x_range.high - x_range.low);
        for (x, y, place) in points {
            check_within("y", *y, *place, &y_range, "the range of OUT", self.build.report);
            if *x >= x_range.low - margin && *x <= x_range.high + margin {
                continue;
            }
            let (low, high) = (Shown(x_range.low), Shown(x_range.high));
            self.build.report.add(
                Mistake::warning(
                    "outside-range",
                    format!(
                        "`{key}` of {} has a point at {}, outside of {name}",
                        self.fields.owner,
                        Shown(*x)
                    ),
                )
                .at(*place, format!("the input goes from {low} to {high}"))
                .related(x_range.place, format!("{name} is given here"))
                .help("write the points where the input is; beyond the ends OUT stays level"),
            );
        }
    }

    /// Refuses two inputs that are the same: `label` says what that would mean.
    pub(crate) fn distinct(&mut self, first: (usize, &str), second: (usize, &str), label: &str) {
        if !self.is_same(first.0, second.0) {
            return;
        }
        let said = format!("`{}` and `{}` are the same", first.1, second.1);
        self.refuse(second.1, "same-input", &said, label, "name two different ones");
    }

    fn is_same(&self, first: usize, second: usize) -> bool {
        let code = |expr: &Expr| {
            let (start, length) = (expr.start as usize, expr.len as usize);
            self.build.draft.code.ops.get(start..start + length)
        };
        match (self.inputs.get(first), self.inputs.get(second)) {
            (Some(FunctionInput::Point(first)), Some(FunctionInput::Point(second))) => first == second,
            // Two delays are two, so their code is never the same; their text is.
            (Some(FunctionInput::Condition(first)), Some(FunctionInput::Condition(second))) => {
                code(first) == code(second) || first.text == second.text
            }
            _ => false,
        }
    }

    /// Reports an amount beyond the high end of a range.
    pub(crate) fn within(
        &mut self,
        key: &'static str,
        value: Option<f64>,
        (_, high): (f64, f64),
        name: &str,
    ) {
        if let Some(value) = value
            && value > high
        {
            let said = format!("`{key}` is {}, outside of {name}", Shown(value));
            let label = format!("never reached: it ends at {}", Shown(high));
            self.refuse(key, "outside-range", &said, &label, "write an amount within the range, or widen it");
        }
    }

    /// An amount that the range of a port leaves room for.
    pub(crate) fn fits_span(&mut self, key: &'static str, value: f64, port: usize) -> Option<()> {
        let (low, high) = self.range(port);
        if value < high - low || !self.build.draft.is_sure(self.ports[port]) {
            return Some(());
        }
        let said = format!("`{key}` is {}, the whole range is {}", Shown(value), Shown(high - low));
        self.refuse(key, "outside-range", &said, "never passed", "write a part of the range");
        None
    }

    /// The initial value of a setting, by a key.
    pub(crate) fn initial(&mut self, port: usize, key: &'static str, default: f64) -> Option<()> {
        let (point, unit) = (self.ports[port], self.unit(port));
        let value = if !self.fields.has(key) {
            default
        } else if Unit::parse("s") == Some(unit) {
            self.fields.time_s(key, self.build.report)?
        } else {
            let value = self.fields.quantity(key, unit, self.build.report)?;
            let range = self.build.draft.range_of(point);
            let place = self.fields.place_of(key);
            check_within(&format!("`{key}`"), value, place, &range, "its range", self.build.report)
                .then_some(value)?
        };
        self.build.draft.points[point.index()].initial = value;
        Some(())
    }

    /// A port is a difference of two values of its unit.
    pub(crate) fn difference(&mut self, port: usize, low: f64, high: f64) {
        let (point, unit) = (self.ports[port], self.unit(port));
        let decimals = self.build.draft.point(point).decimals;
        self.build.draft.set_unit(point, unit.difference(), low, high, Some(decimals));
        if self.build.draft.point(point).write.is_some() {
            self.build.draft.set_write(point, low, high, self.build.role);
        }
    }

    pub(crate) fn unit(&self, port: usize) -> Unit {
        self.build.draft.point(self.ports[port]).unit
    }

    pub(crate) fn range(&self, port: usize) -> (f64, f64) {
        let range = self.build.draft.range_of(self.ports[port]);
        (range.low, range.high)
    }

    fn input_point(&self, index: usize) -> Option<PointId> {
        match self.inputs.get(index) {
            Some(FunctionInput::Point(point)) => Some(*point),
            _ => None,
        }
    }

    /// Unit and range of a port are as the text says.
    pub(crate) fn is_sure(&self, port: usize) -> bool {
        self.build.draft.is_sure(self.ports[port])
    }

    pub(crate) fn is_input_sure(&self, index: usize) -> bool {
        self.input_point(index).is_some_and(|point| self.build.draft.is_sure(point))
    }

    pub(crate) fn input_unit(&self, index: usize) -> Unit {
        self.input_point(index).map_or(Unit::NONE, |point| self.build.draft.point(point).unit)
    }

    pub(crate) fn input_range(&self, index: usize) -> (f64, f64) {
        self.input_point(index).map_or((0.0, 1.0), |point| {
            let range = self.build.draft.range_of(point);
            (range.low, range.high)
        })
    }

    /// Factor and offset from an input to a unit that it must convert to.
    pub(crate) fn input_in(&mut self, index: usize, key: &'static str, symbol: &str) -> Option<(f64, f64)> {
        let point = self.input_point(index)?;
        let (own, wanted) = (self.input_unit(index), Unit::parse(symbol)?);
        let found = own.factor_and_offset(wanted);
        if found.is_none() && self.build.draft.is_sure(point) {
            let said = format!("`{key}` is in \"{own}\"");
            let help = super::quantity::unit_help(own, wanted);
            self.refuse(key, "unit-mismatch", &said, &format!("in \"{own}\""), &help);
        }
        found
    }

    /// Units of a port in one second of one unit of the first input: `m3` of `m3/h` has 1/3600.
    pub(crate) fn per_second(&mut self, port: usize) -> Option<f64> {
        let point = self.input_point(0)?;
        let (total, flow) = (self.unit(port), self.input_unit(0));
        let found = total.total_per_second(flow);
        if found.is_none() && self.build.draft.is_sure(point) {
            self.refuse(
                "unit",
                "unit-mismatch",
                &format!("\"{flow}\" over time is not \"{total}\""),
                "the unit of the total",
                &totals_of(flow),
            );
        }
        found
    }

    pub(crate) fn refuse(&mut self, key: &str, code: &'static str, said: &str, label: &str, help: &str) {
        self.tell(Mistake::error(code, format!("{}: {said}", self.fields.owner)), key, label, help);
    }

    pub(crate) fn warn(&mut self, key: &str, code: &'static str, said: &str, label: &str, help: &str) {
        self.tell(Mistake::warning(code, format!("{}: {said}", self.fields.owner)), key, label, help);
    }

    fn tell(&mut self, mistake: Mistake, key: &str, label: &str, help: &str) {
        self.build.report.add(mistake.at(self.fields.place_of(key), label).help(help));
    }
}

/// The units in which a flow adds up.
fn totals_of(flow: Unit) -> String {
    let totals: Vec<String> = Unit::all()
        .filter(|total| total.total_per_second(flow).is_some())
        .map(|total| format!("\"{total}\""))
        .collect();
    match totals.as_slice() {
        [] => format!(
            "\"{flow}\" is no flow: a total is of m3/h, kg/h, Nm3/h, mol/s, kW, A or what converts to them"
        ),
        [one] => format!("\"{flow}\" over time is in {one}"),
        [most @ .., last] => format!("\"{flow}\" over time is in {} or {last}", most.join(", ")),
    }
}
