//! Parts of an expression that can be calculated, and that nobody means: limits in the wrong order, a root of less than
//! nothing, twice the temperature, a vote of one transmitter.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use model::{Mode, PointId, Unit};

use super::bounds::Bounds;
use super::contradiction;
use super::draft::Part;
use super::emit::Emitter;
use super::fields::one_of;
use super::operand::{Operand, Type};
use super::quantity::Shown;
use super::report::Mistake;
use super::syntax::Tree;
use crate::plant::Op;

impl Emitter<'_, '_, '_> {
    /// An error in what protects, otherwise a warning.
    fn doubt(&self, code: &'static str, message: String) -> Mistake {
        if self.report.protects { Mistake::error(code, message) } else { Mistake::warning(code, message) }
    }

    pub(super) fn compares_itself(&mut self, left: &Tree<'_>, right: &Tree<'_>) {
        let name = self.written(left);
        let mistake = self
            .doubt("constant-condition", format!("`{name}` is compared with itself"))
            .at(self.place(right), "the same as on the other side")
            .help("compare it with a limit, or with another value");
        self.told = true;
        self.report.add(mistake);
    }

    /// LIMIT and CLAMP with the low end above the high one give the high one, whatever the value.
    pub(super) fn ends_in_order(&mut self, low: (&Tree<'_>, &[Op]), high: (&Tree<'_>, &[Op])) -> Option<()> {
        let (lowest, highest) = (Bounds::of(self.draft, low.1), Bounds::of(self.draft, high.1));
        if lowest.low <= highest.high {
            return Some(());
        }
        let (low_text, high_text) = (self.written(low.0), self.written(high.0));
        self.report.add(
            Mistake::error(
                "low-above-high",
                format!("the low end {low_text} is above the high end {high_text}"),
            )
            .at(self.place(high.0), "below the low end")
            .related(self.place(low.0), "the low end")
            .help("write the lower one first: LIMIT(low, x, high), CLAMP(x, low, high)"),
        );
        None
    }

    /// A root or a logarithm that no value of its argument has.
    pub(super) fn has_result(&mut self, op: Op, tree: &Tree<'_>, operand: &Operand) -> Option<()> {
        let highest = Bounds::of(self.draft, &operand.ops).high;
        let (name, needs) = match op {
            Op::Sqrt if highest < 0.0 => ("a square root", "0 or more"),
            Op::Ln if highest <= 0.0 => ("a logarithm", "more than 0"),
            _ => return Some(()),
        };
        let written = self.written(tree);
        self.report.add(
            Mistake::error(
                "no-result",
                format!("`{written}` never has {name}: it is {} at most", Shown(highest)),
            )
            .at(self.place(tree), format!("{needs} is needed here"))
            .help("correct the sign, or the argument"),
        );
        None
    }

    /// What is below zero has no broken power, and zero none below zero.
    pub(super) fn has_power(&mut self, trees: (&Tree<'_>, &Tree<'_>), ops: (&[Op], &[Op])) -> Option<()> {
        let base = Bounds::of(self.draft, ops.0);
        let Some(exponent) = Bounds::of(self.draft, ops.1).fixed() else { return Some(()) };
        let broken = libm::trunc(exponent) != exponent;
        let (message, help) = if base.high < 0.0 && broken {
            let message = format!("`{}` never has a power of {}", self.written(trees.0), Shown(exponent));
            (message, "take ABS of it, or a whole exponent")
        } else if base.fixed() == Some(0.0) && exponent < 0.0 {
            (
                format!("a power of {} of zero divides by zero", Shown(exponent)),
                "correct the base, or the exponent",
            )
        } else {
            return Some(());
        };
        let label = if broken { "less than nothing" } else { "this is zero" };
        self.report.add(Mistake::error("no-result", message).at(self.place(trees.0), label).help(help));
        None
    }

    /// An edge of what never changes never comes.
    pub(super) fn has_edges(&mut self, condition: &Tree<'_>, operand: &Operand, tree: &Tree<'_>) {
        if operand.constant().is_none() && contradiction::known(&operand.ops).is_none() {
            return;
        }
        let (edge, written) = (self.written(tree), self.written(condition));
        let mistake = self
            .doubt("constant-condition", format!("`{edge}` never comes: `{written}` never changes"))
            .at(self.place(condition), "always the same")
            .help("write a condition of the plant");
        self.told = true;
        self.report.add(mistake);
    }

    /// A temperature whose scale does not begin at absolute zero has no multiples: twice 20 degC is no 40 degC.
    pub(super) fn times_temperature(&mut self, of: (&Tree<'_>, &Operand), factor: &Operand) {
        let Some(unit) = of.1.temperature() else { return };
        let number = matches!(factor.found, Type::Bare | Type::Of(Unit::NONE));
        let absolute = Unit::parse("K").and_then(|kelvin| unit.factor_and_offset(kelvin));
        if !number || absolute.is_none_or(|(_, offset)| offset == 0.0) {
            return;
        }
        let written = self.written(of.0);
        self.report.add(
            Mistake::warning("scaled-temperature", format!("a multiple of a temperature in {unit}"))
                .at(self.place(of.0), format!("0 {unit} is not nothing"))
                .help(format!(
                    "multiply a difference, as in `{written} - 20 {unit}`; the mean of two is AVG(a, b); for a fit that takes the number, write `{written} / (1 {unit})`"
                )),
        );
    }

    /// A word that a mode, a state or a switch is compared with in vain, if it is meant as one.
    pub(super) fn no_word(&self, op: Op, (name, point): (&str, PointId), word: &str) -> Option<Mistake> {
        const STATES: [&str; 7] = ["off", "stopped", "on", "running", "turning_on", "turning_off", "failed"];
        let known = match self.draft.part(point) {
            Part::Mode => Mode::ALL.map(Mode::short).to_vec(),
            Part::State => STATES.to_vec(),
            _ => {
                let (low, high) = self.draft.point(point).words.as_ref()?;
                let is = |other: &str| other.eq_ignore_ascii_case(word);
                let help = match (is(low), is(high)) {
                    (false, false) => return None,
                    (is_low, _) if is_low == (op == Op::Equal) => format!("write `NOT {name}`"),
                    _ => format!("write `{name}` alone"),
                };
                let message = format!("`{name}` is a condition: true when it is \"{high}\"");
                return Some(Mistake::error("type-mismatch", message).help(help));
            }
        };
        let what = if self.draft.part(point) == Part::Mode { "mode" } else { "state" };
        Some(
            Mistake::error("unknown-word", format!("`{word}` is no {what} that `{name}` could have"))
                .help(one_of(word, &known)),
        )
    }

    /// Two votes of one transmitter are one vote: when it fails, it decides alone.
    pub(super) fn own_votes(&mut self, conditions: &[Tree<'_>], parts: &[Vec<Op>]) {
        for (number, part) in parts.iter().enumerate() {
            let own = points(part);
            let Some(first) = parts[..number].iter().position(|other| points(other) == own) else { continue };
            let (Some(point), 1) = (own.first(), own.len()) else { continue };
            let name = self.draft.point(*point).name.clone();
            let mistake = self
                .doubt("counted-twice", format!("`{name}` votes twice"))
                .at(self.place(&conditions[number]), "the second time")
                .related(self.place(&conditions[first]), "the first time")
                .help(
                    "give every transmitter one vote; two conditions of one are joined: `(a > 5 OR a < 1)`",
                );
            self.report.add(mistake);
        }
    }
}

fn points(ops: &[Op]) -> BTreeSet<PointId> {
    let read = ops.iter().filter_map(|op| match op {
        Op::Load(point) | Op::LoadPrevious(point) | Op::IsGood(point) | Op::IsBad(point) => Some(*point),
        _ => None,
    });
    read.collect()
}
