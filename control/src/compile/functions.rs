//! Comparisons, and the functions of expressions.

use alloc::borrow::ToOwned as _;
use alloc::format;
use model::{Mode, PointId};

use super::bounds::Bounds;
use super::draft::Part;
use super::emit::Emitter;
use super::function_words::Function;
use super::operand::{Operand, Type};
use super::quantity::Shown;
use super::report::Mistake;
use super::syntax::{Node, Tree};
use crate::plant::Op;

impl Emitter<'_, '_, '_> {
    pub(super) fn compare(&mut self, op: Op, left: &Tree<'_>, right: &Tree<'_>) -> Option<Operand> {
        let (first, second) = self.numbers(left, right)?;
        self.compared(op, (left, first), (right, second))
    }

    pub(super) fn compared(
        &mut self,
        op: Op,
        left: (&Tree<'_>, Operand),
        right: (&Tree<'_>, Operand),
    ) -> Option<Operand> {
        let right_tree = right.0;
        let (second, _) = self.alike((left.0, &left.1), right)?;
        self.can_change(op, (left.0, &left.1.ops), (right_tree, &second.ops));
        self.watch(op, (left.0, &left.1), (right_tree, &second));
        Some(left.1.with(second, op, Type::Truth))
    }

    /// A comparison that its operands' ranges decide never trips, or always. One of two constants may stand in a class,
    /// for an instance that has no use of it; what protects has to be about the plant.
    pub(super) fn can_change(&mut self, op: Op, left: (&Tree<'_>, &[Op]), right: (&Tree<'_>, &[Op])) {
        let (first, second) = (Bounds::of(self.draft, left.1), Bounds::of(self.draft, right.1));
        let fixed = |bounds: Bounds| bounds.low == bounds.high;
        let protects = self.report.protects;
        if left.1 == right.1 && first.fixed().is_none() {
            return self.compares_itself(left.0, right.0);
        }
        let Some(always) = Bounds::always(op, first, second) else { return };
        if fixed(first) && fixed(second) && !protects {
            return;
        }
        // The limit is what a person has written wrong.
        let (value, limit) = if fixed(first) { (right, left) } else { (left, right) };
        let place = self.place(limit.0);
        let (name, limit_text) = (self.written(value.0), self.written(limit.0));
        let moves = if fixed(first) { second } else { first };
        let (low, high) = (Shown(moves.low), Shown(moves.high));
        let message = format!("{name} never passes {limit_text}: it goes from {low} to {high} at most");
        let help = match value.1 {
            [Op::Load(point) | Op::LoadPrevious(point)] => {
                let point = self.draft.point(*point);
                let (low, high) = (point.low.max(moves.low), point.high.min(moves.high));
                format!("write a limit from {} to {} {}", Shown(low), Shown(high), point.unit)
            }
            _ => "compare what moves with a limit within its range".to_owned(),
        };
        let what = if always { "it is always beyond this" } else { "it never comes beyond this" };
        let mistake = if protects {
            Mistake::error("outside-range", message)
        } else {
            Mistake::warning("outside-range", message)
        };
        self.told = true;
        self.report.add(mistake.at(place, what).help(help));
    }

    /// `=` and `<>` also compare conditions, and modes and device states with their words.
    pub(super) fn equal(&mut self, op: Op, left: &Tree<'_>, right: &Tree<'_>) -> Option<Operand> {
        if let (Node::Name(name), Node::Name(word)) = (&left.node, &right.node)
            && !self.draft.names.contains_key(*word)
            && let Some(point) = self.draft.names.get(*name).and_then(|named| named.point)
            && let Some(value) = self.word_value(point, word)
        {
            let word = Operand::new(Type::Bare, Op::Const(value));
            return Some(self.load(name, left)?.with(word, op, Type::Truth));
        }
        if let (Node::Name(name), Node::Name(word)) = (&left.node, &right.node)
            && !self.draft.names.contains_key(*word)
            && let Some(point) = self.draft.names.get(*name).and_then(|named| named.point)
            && let Some(mistake) = self.no_word(op, (name, point), word)
        {
            let place = self.place(right);
            self.report.add(mistake.at(place, "this word"));
            return None;
        }
        let first = self.tree(left);
        let second = self.tree(right);
        let (first, second) = (first?, second?);
        match (first.found, second.found) {
            (Type::Truth, Type::Truth) => {
                if first.ops == second.ops && first.constant().is_none() {
                    self.compares_itself(left, right);
                }
                Some(first.with(second, op, Type::Truth))
            }
            (Type::Truth, _) => {
                self.truth_and_number(left, right);
                None
            }
            (_, Type::Truth) => {
                self.truth_and_number(right, left);
                None
            }
            _ => self.compared(op, (left, first), (right, second)),
        }
    }

    pub(super) fn truth_and_number(&mut self, truth: &Tree<'_>, number: &Tree<'_>) {
        let (condition, other) = (self.written(truth), self.written(number));
        let help = match other.as_str() {
            "1" => format!("write `{condition}` alone"),
            "0" => format!("write `NOT {condition}`"),
            _ => format!("write `{condition}` alone, or `NOT {condition}`"),
        };
        self.report.add(
            Mistake::error("type-mismatch", format!("`{condition}` is true or false, `{other}` is a number"))
                .at(self.place(number), "a number")
                .related(self.place(truth), "true or false")
                .help(help),
        );
    }

    pub(super) fn word_value(&self, point: PointId, word: &str) -> Option<f64> {
        match self.draft.part(point) {
            Part::Mode => Mode::parse(word).map(Mode::value),
            Part::State => {
                let words: [&[&str]; 5] =
                    [&["off", "stopped"], &["on", "running"], &["turning_on"], &["turning_off"], &["failed"]];
                let state = words.iter().position(|row| row.iter().any(|w| w.eq_ignore_ascii_case(word)))?;
                Some(state as f64)
            }
            _ => None,
        }
    }

    pub(super) fn call(
        &mut self,
        function: Function,
        arguments: &[Tree<'_>],
        tree: &Tree<'_>,
    ) -> Option<Operand> {
        match (function, arguments) {
            (Function::Good | Function::Bad | Function::Previous, [argument]) => {
                self.of_name(function, argument, tree)
            }
            (Function::Rise | Function::Fall, [condition]) => {
                let edge = self.draft.code.edges;
                self.draft.code.edges += 1;
                let op = if function == Function::Rise { Op::Rise { edge } } else { Op::Fall { edge } };
                let operand = self.truth(condition)?;
                self.has_edges(condition, &operand, tree);
                Some(operand.then(op, Type::Truth))
            }
            (Function::Select, [condition, a, b]) => self.select(condition, a, b),
            (Function::Limit, [_, _, _]) => {
                let (mut parts, found) = self.list(arguments, Some(1))?;
                self.ends_in_order((&arguments[0], &parts[0]), (&arguments[2], &parts[2]))?;
                let mut ops = parts.remove(0);
                ops.extend(parts.into_iter().flatten());
                Some(Operand { found, ops }.then(Op::Limit, found))
            }
            // The same as LIMIT, in the order in which it is spoken.
            (Function::Clamp, [_, _, _]) => {
                let (mut parts, found) = self.list(arguments, Some(0))?;
                self.ends_in_order((&arguments[1], &parts[1]), (&arguments[2], &parts[2]))?;
                parts.swap(0, 1);
                let ops = parts.into_iter().flatten().collect();
                Some(Operand { found, ops }.then(Op::Limit, found))
            }
            (Function::Median, list) => {
                let (parts, found) = self.list(list, None)?;
                let ops = parts.into_iter().flatten().collect();
                Some(Operand { found, ops }.then(Op::Median { of: list.len() as u8 }, found))
            }
            (Function::Min, list) => self.fold(list, Op::Min),
            (Function::Max, list) => self.fold(list, Op::Max),
            (Function::Average, list) => {
                let sum = self.fold(list, Op::Add)?;
                let found = sum.found;
                Some(sum.with(Operand::new(Type::Bare, Op::Const(list.len() as f64)), Op::Divide, found))
            }
            (Function::Abs, [value]) => {
                let operand = self.number(value)?;
                let found = operand.found;
                Some(operand.then(Op::Abs, found))
            }
            (Function::Round | Function::Truncate, [value]) => {
                let op = if function == Function::Round { Op::Round } else { Op::Truncate };
                let operand = self.number(value)?;
                let found = operand.found;
                Some(operand.then(op, found))
            }
            (Function::Sqrt | Function::Exp | Function::Ln, [value]) => {
                let op = match function {
                    Function::Sqrt => Op::Sqrt,
                    Function::Exp => Op::Exp,
                    _ => Op::Ln,
                };
                let operand = self.number(value)?;
                self.has_result(op, value, &operand)?;
                let found = if operand.found == Type::Bare { Type::Bare } else { Type::Free };
                Some(operand.then(op, found))
            }
            (Function::Power, [base, exponent]) => {
                let (tree, (base, exponent)) = ((base, exponent), self.numbers(base, exponent)?);
                self.has_power(tree, (&base.ops, &exponent.ops))?;
                Some(base.with(exponent, Op::Power, Type::Free))
            }
            (Function::Hysteresis, [_, on, off]) => self.hysteresis(arguments, on, off),
            (Function::Rate, [value, lag]) => self.rate(value, lag),
            // The parser has counted the arguments.
            _ => None,
        }
    }

    pub(super) fn of_name(
        &mut self,
        function: Function,
        argument: &Tree<'_>,
        tree: &Tree<'_>,
    ) -> Option<Operand> {
        let Node::Name(name) = &argument.node else {
            if matches!(argument.node, Node::Unread(_)) {
                return self.tree(argument);
            }
            let written = self.written(tree);
            self.report.add(
                Mistake::error("type-mismatch", format!("`{written}` asks for the name of a value"))
                    .at(self.place(argument), "not a name")
                    .help("write the name of a tag or of a value of a block, as in `GOOD(TT-311)`"),
            );
            return None;
        };
        let point = self.resolve(name, argument)?;
        if function == Function::Previous {
            return Some(Operand::new(self.type_of(point), Op::LoadPrevious(point)));
        }
        let place = self.place(argument);
        self.reads.push((point, place));
        let op = if function == Function::Good { Op::IsGood(point) } else { Op::IsBad(point) };
        Some(Operand::new(Type::Truth, op))
    }

    pub(super) fn select(&mut self, condition: &Tree<'_>, a: &Tree<'_>, b: &Tree<'_>) -> Option<Operand> {
        let chosen = self.truth(condition);
        let first = self.tree(a);
        let second = self.tree(b);
        let (chosen, first, second) = (chosen?, first?, second?);
        let (second, found) = match (first.found, second.found) {
            (Type::Truth, Type::Truth) => (second, Type::Truth),
            (Type::Truth, _) => {
                self.truth_and_number(a, b);
                return None;
            }
            (_, Type::Truth) => {
                self.truth_and_number(b, a);
                return None;
            }
            _ => self.alike((a, &first), (b, second))?,
        };
        let mut ops = chosen.ops;
        ops.extend(first.ops);
        Some(Operand { found, ops }.with(second, Op::Select, found))
    }
}
