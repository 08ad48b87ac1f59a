//! Types, units and code of expressions.
//!
//! Every operand has a type: a truth, or a number with its unit. Values of one dimension and different
//! units are converted by inserted operations; values of different dimensions do not mix. The product
//! of two values with units is not followed further: it fits everywhere.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use model::{Dimension, Mode, PointId, Unit};

use super::draft::{Draft, Part};
use super::place::{Place, Text};
use super::quantity::{kind, quoted, span_in, unit_help};
use super::report::{Mistake, Report};
use super::syntax::{Function, Node, Operator, Tree, parse};
use crate::plant::{Expr, Op, Origin};

/// Longer texts are no expressions.
const LENGTH: usize = 8_000;

/// What an expression must give.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted {
    Condition,
    /// A number in this unit, with the place that says so.
    Value(Unit, Option<Place>),
}

/// A compiled expression, and what its place in the plant must know.
pub(super) struct Emitted {
    pub(super) expr: Expr,
    /// Points that it reads in this scan; those behind `PREV` are not among them.
    pub(super) reads: Vec<(PointId, Place)>,
    /// Its value, when it is always the same.
    pub(super) constant: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Type {
    Truth,
    /// A number without unit in the text: it is in the unit of whatever it meets.
    Bare,
    Of(Unit),
    /// A product of two values with units, or something else that is not followed.
    Free,
}

/// Compiles `text`. `parameters` is the phase whose parameters have short names here.
pub(super) fn compile(
    draft: &mut Draft,
    text: &Text,
    wanted: Wanted,
    parameters: Option<&str>,
    report: &mut Report,
) -> Option<Emitted> {
    if text.as_str().len() > LENGTH {
        report.add(
            Mistake::error("expression", "an expression longer than 8000 letters")
                .at(text.place, "this one")
                .help("divide it: give its parts names with [calc]"),
        );
        return None;
    }
    let tree = match parse(text.as_str()) {
        Ok(tree) => tree,
        Err(unread) => {
            report.add(
                Mistake::error(unread.code, unread.message)
                    .at(text.part(unread.span), "here")
                    .help(unread.help),
            );
            return None;
        }
    };
    let start = draft.code.ops.len();
    let mut emitter = Emitter { draft, report, text, parameters, reads: Vec::new() };
    let part = emitter.tree(&tree)?;
    let boolean = part.found == Type::Truth;
    let (ops, unit) = emitter.fit(part, wanted, &tree)?;
    let reads = emitter.reads;
    let constant = match ops.as_slice() {
        [Op::Const(value)] => Some(*value),
        _ => None,
    };
    draft.code.stack = draft.code.stack.max(stack_depth(&ops));
    let expr =
        Expr { start: start as u32, len: ops.len() as u32, unit, boolean, text: one_line(text.as_str()) };
    draft.code.ops.extend(ops);
    Some(Emitted { expr, reads, constant })
}

/// An expression that is one constant: a device's command, a mode.
pub(super) fn constant(draft: &mut Draft, value: f64, unit: Unit, text: String) -> Expr {
    let start = draft.code.ops.len() as u32;
    draft.code.ops.push(Op::Const(value));
    draft.code.stack = draft.code.stack.max(1);
    Expr { start, len: 1, unit, boolean: false, text }
}

/// The text on one line, as people will see it; comments are left out.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for part in text.lines().map(|part| part.split_once("//").map_or(part, |(code, _)| code)) {
        for word in part.split_whitespace() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    line
}

/// How many values stand on the stack at once, at most.
fn stack_depth(ops: &[Op]) -> u32 {
    let mut depth = 0_i64;
    let mut deepest = 0;
    for op in ops {
        depth += match op {
            Op::Const(_) | Op::Load(_) | Op::LoadPrevious(_) | Op::IsGood(_) | Op::IsBad(_) => 1,
            Op::Add
            | Op::Subtract
            | Op::Multiply
            | Op::Divide
            | Op::Min
            | Op::Max
            | Op::Power
            | Op::Less
            | Op::LessEqual
            | Op::Greater
            | Op::GreaterEqual
            | Op::Equal
            | Op::NotEqual
            | Op::And
            | Op::Or
            | Op::Xor => -1,
            Op::Limit | Op::Median3 | Op::Select => -2,
            Op::Vote { of, .. } => 1 - i64::from(*of),
            Op::Negate
            | Op::Abs
            | Op::Sqrt
            | Op::Exp
            | Op::Ln
            | Op::Not
            | Op::OnDelay { .. }
            | Op::OffDelay { .. }
            | Op::Rise { .. }
            | Op::Fall { .. } => 0,
        };
        deepest = deepest.max(depth);
    }
    deepest as u32
}

struct Emitter<'d, 'r, 't> {
    draft: &'d mut Draft,
    report: &'r mut Report,
    text: &'t Text,
    parameters: Option<&'t str>,
    reads: Vec<(PointId, Place)>,
}

/// The code of one operand, and what it leaves on the stack.
struct Operand {
    found: Type,
    ops: Vec<Op>,
}

impl Operand {
    fn new(found: Type, op: Op) -> Self {
        Self { found, ops: vec![op] }
    }

    /// This operand, then one operation on it.
    fn then(mut self, op: Op, found: Type) -> Self {
        self.ops.push(op);
        Self { found, ..self }
    }

    /// This operand, then the other, then one operation on both.
    fn with(mut self, other: Self, op: Op, found: Type) -> Self {
        self.ops.extend(other.ops);
        self.then(op, found)
    }

    fn constant(&self) -> Option<f64> {
        if let [Op::Const(value)] = self.ops[..] { Some(value) } else { None }
    }

    /// `value * factor + offset`, at once when the value is known.
    fn scaled(mut self, factor: f64, offset: f64) -> Self {
        if let [Op::Const(value)] = &mut self.ops[..] {
            *value = *value * factor + offset;
            return self;
        }
        if factor != 1.0 {
            self.ops.extend([Op::Const(factor), Op::Multiply]);
        }
        if offset != 0.0 {
            self.ops.extend([Op::Const(offset), Op::Add]);
        }
        self
    }

    fn temperature(&self) -> Option<Unit> {
        match self.found {
            Type::Of(unit) if unit.dimension() == Dimension::Temperature => Some(unit),
            _ => None,
        }
    }

    /// A difference of temperatures as degrees of `unit`, `None` when it is something else.
    fn difference(&self, unit: Unit) -> Option<f64> {
        match self.found {
            Type::Of(own) if own.dimension() == Dimension::TemperatureDifference => span_in(own, unit),
            _ => None,
        }
    }
}

impl Emitter<'_, '_, '_> {
    fn place(&self, tree: &Tree<'_>) -> Place {
        self.text.part(tree.span.clone())
    }

    fn written(&self, tree: &Tree<'_>) -> String {
        one_line(self.text.as_str().get(tree.span.clone()).unwrap_or_default())
    }

    fn tree(&mut self, tree: &Tree<'_>) -> Option<Operand> {
        Some(match &tree.node {
            Node::Number(value, unit) => Operand::new(unit.map_or(Type::Bare, Type::Of), Op::Const(*value)),
            Node::Truth(truth) => Operand::new(Type::Truth, Op::Const(f64::from(u8::from(*truth)))),
            Node::Name(name) => self.load(name, tree)?,
            Node::Negate(inner) => {
                let operand = self.number(inner)?;
                let found = operand.found;
                operand.then(Op::Negate, found)
            }
            Node::Not(inner) => self.truth(inner)?.then(Op::Not, Type::Truth),
            Node::OnDelay(inner, ms) => {
                let timer = self.timer();
                self.truth(inner)?.then(Op::OnDelay { timer, ms: *ms }, Type::Truth)
            }
            Node::OffDelay(inner, ms) => {
                let timer = self.timer();
                self.truth(inner)?.then(Op::OffDelay { timer, ms: *ms }, Type::Truth)
            }
            Node::Vote(need, conditions) => self.vote(*need, conditions)?,
            Node::Binary(operator, sides) => self.binary(*operator, &sides[0], &sides[1])?,
            Node::Call(function, arguments) => self.call(*function, arguments, tree)?,
        })
    }

    fn timer(&mut self) -> u32 {
        self.draft.code.timers += 1;
        self.draft.code.timers - 1
    }

    fn resolve(&mut self, name: &str, tree: &Tree<'_>) -> Option<PointId> {
        if let Some(phase) = self.parameters
            && let Some(point) =
                self.draft.names.get(&format!("{phase}.{name}")).and_then(|named| named.point)
        {
            return Some(point);
        }
        let place = self.place(tree);
        self.draft.find_point(name, place, self.report)
    }

    fn load(&mut self, name: &str, tree: &Tree<'_>) -> Option<Operand> {
        let point = self.resolve(name, tree)?;
        let place = self.place(tree);
        self.reads.push((point, place));
        Some(Operand::new(self.type_of(point), Op::Load(point)))
    }

    fn type_of(&self, point: PointId) -> Type {
        if self.draft.part(point) == Part::Factor || !self.draft.is_sure(point) {
            return Type::Free;
        }
        let point = self.draft.point(point);
        if point.words.is_some() { Type::Truth } else { Type::Of(point.unit) }
    }

    fn truth(&mut self, tree: &Tree<'_>) -> Option<Operand> {
        let operand = self.tree(tree)?;
        if operand.found == Type::Truth {
            return Some(operand);
        }
        let written = self.written(tree);
        self.report.add(
            Mistake::error("type-mismatch", format!("`{written}` is a number where a condition is expected"))
                .at(self.place(tree), "a number")
                .help(format!("compare it, as in `{written} > 5`; put what NOT applies to in parentheses")),
        );
        None
    }

    fn number(&mut self, tree: &Tree<'_>) -> Option<Operand> {
        let operand = self.tree(tree)?;
        if operand.found != Type::Truth {
            return Some(operand);
        }
        let written = self.written(tree);
        self.report.add(
            Mistake::error("type-mismatch", format!("`{written}` is a condition where a number is expected"))
                .at(self.place(tree), "a condition")
                .help(format!("choose a number with it: `SEL({written}, 1, 0)`")),
        );
        None
    }

    /// Both sides are looked at before either is given up, so that both mistakes are found.
    fn numbers(&mut self, left: &Tree<'_>, right: &Tree<'_>) -> Option<(Operand, Operand)> {
        let first = self.number(left);
        let second = self.number(right);
        Some((first?, second?))
    }

    fn mismatch(&mut self, left: (&Tree<'_>, Unit), right: (&Tree<'_>, Unit)) {
        let message = format!("{} does not go with {}", quoted(left.1), quoted(right.1));
        self.report.add(
            Mistake::error("unit-mismatch", message)
                .at(self.place(right.0), format!("this is {} ({})", kind(right.1), quoted(right.1)))
                .related(self.place(left.0), format!("this is {} ({})", kind(left.1), quoted(left.1)))
                .help(unit_help(right.1, left.1)),
        );
    }

    /// The right one in the unit of the left, and the type of both.
    fn alike(&mut self, left: (&Tree<'_>, &Operand), right: (&Tree<'_>, Operand)) -> Option<(Operand, Type)> {
        match (left.1.found, right.1.found) {
            (Type::Of(to), Type::Of(own)) => match converted(right.1, own, to) {
                Some(converted) => Some((converted, Type::Of(to))),
                None => {
                    self.mismatch((left.0, to), (right.0, own));
                    None
                }
            },
            (found @ Type::Of(_), _) | (_, found @ Type::Of(_)) => Some((right.1, found)),
            (Type::Free, _) | (_, Type::Free) => Some((right.1, Type::Free)),
            _ => Some((right.1, Type::Bare)),
        }
    }

    fn vote(&mut self, need: u8, conditions: &[Tree<'_>]) -> Option<Operand> {
        let mut ops = Vec::new();
        let mut complete = true;
        for condition in conditions {
            match self.truth(condition) {
                Some(operand) => ops.extend(operand.ops),
                None => complete = false,
            }
        }
        let of = conditions.len() as u8;
        complete.then(|| Operand { found: Type::Truth, ops }.then(Op::Vote { need, of }, Type::Truth))
    }

    fn binary(&mut self, operator: Operator, left: &Tree<'_>, right: &Tree<'_>) -> Option<Operand> {
        let op = match operator {
            Operator::Or => Op::Or,
            Operator::Xor => Op::Xor,
            Operator::And => Op::And,
            Operator::Equal => return self.equal(Op::Equal, left, right),
            Operator::NotEqual => return self.equal(Op::NotEqual, left, right),
            Operator::Less => return self.compare(Op::Less, left, right),
            Operator::LessEqual => return self.compare(Op::LessEqual, left, right),
            Operator::Greater => return self.compare(Op::Greater, left, right),
            Operator::GreaterEqual => return self.compare(Op::GreaterEqual, left, right),
            Operator::Add => return self.add(left, right),
            Operator::Subtract => return self.subtract(left, right),
            Operator::Multiply => return self.multiply(left, right),
            Operator::Divide => return self.divide(left, right),
        };
        let first = self.truth(left);
        let second = self.truth(right);
        Some(first?.with(second?, op, Type::Truth))
    }

    fn compare(&mut self, op: Op, left: &Tree<'_>, right: &Tree<'_>) -> Option<Operand> {
        let (first, second) = self.numbers(left, right)?;
        self.compared(op, (left, first), (right, second))
    }

    fn compared(
        &mut self,
        op: Op,
        left: (&Tree<'_>, Operand),
        right: (&Tree<'_>, Operand),
    ) -> Option<Operand> {
        let limit_tree = right.0;
        let (second, _) = self.alike((left.0, &left.1), right)?;
        if let ([Op::Load(point)], Some(limit)) = (&left.1.ops[..], second.constant()) {
            self.can_change(*point, limit, limit_tree);
        }
        Some(left.1.with(second, op, Type::Truth))
    }

    /// A measured value never leaves its range, so a limit outside of it is never passed.
    fn can_change(&mut self, point: PointId, limit: f64, tree: &Tree<'_>) {
        if !self.draft.is_sure(point) {
            return;
        }
        let point = self.draft.point(point);
        let measured = matches!(point.origin, Origin::Field(_) | Origin::Entry);
        if measured && (limit > point.high || limit < point.low) {
            let message =
                format!("{} is never {limit}: it reads {} to {}", point.name, point.low, point.high);
            let help = format!("write a limit from {} to {} {}", point.low, point.high, point.unit);
            self.report.add(
                Mistake::warning("outside-range", message)
                    .at(self.place(tree), "this comparison never changes")
                    .help(help),
            );
        }
    }

    /// `=` and `<>` also compare conditions, and modes and device states with their words.
    fn equal(&mut self, op: Op, left: &Tree<'_>, right: &Tree<'_>) -> Option<Operand> {
        if let (Node::Name(name), Node::Name(word)) = (&left.node, &right.node)
            && !self.draft.names.contains_key(*word)
            && let Some(point) = self.draft.names.get(*name).and_then(|named| named.point)
            && let Some(value) = self.word_value(point, word)
        {
            let word = Operand::new(Type::Bare, Op::Const(value));
            return Some(self.load(name, left)?.with(word, op, Type::Truth));
        }
        let first = self.tree(left);
        let second = self.tree(right);
        let (first, second) = (first?, second?);
        match (first.found, second.found) {
            (Type::Truth, Type::Truth) => Some(first.with(second, op, Type::Truth)),
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

    fn truth_and_number(&mut self, truth: &Tree<'_>, number: &Tree<'_>) {
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

    fn word_value(&self, point: PointId, word: &str) -> Option<f64> {
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

    /// A temperature plus a difference is a temperature; two temperatures have no sum.
    fn add(&mut self, left: &Tree<'_>, right: &Tree<'_>) -> Option<Operand> {
        let (first, second) = self.numbers(left, right)?;
        if let Some(unit) = first.temperature()
            && let Some(factor) = second.difference(unit)
        {
            let found = first.found;
            return Some(first.with(second.scaled(factor, 0.0), Op::Add, found));
        }
        if let Some(unit) = second.temperature()
            && let Some(factor) = first.difference(unit)
        {
            let found = second.found;
            return Some(first.scaled(factor, 0.0).with(second, Op::Add, found));
        }
        if first.temperature().is_some() && second.temperature().is_some() {
            self.report.add(
                Mistake::error("unit-mismatch", "two temperatures have no sum")
                    .at(self.place(right), "a temperature")
                    .related(self.place(left), "a temperature")
                    .help("add a difference in dK, or take the mean with AVG(a, b)"),
            );
            return None;
        }
        let (second, found) = self.alike((left, &first), (right, second))?;
        Some(first.with(second, Op::Add, found))
    }

    /// A temperature minus a temperature is a difference, minus a difference a temperature.
    fn subtract(&mut self, left: &Tree<'_>, right: &Tree<'_>) -> Option<Operand> {
        let (first, second) = self.numbers(left, right)?;
        if let Some(unit) = first.temperature() {
            let found = first.found;
            if let Some(factor) = second.difference(unit) {
                return Some(first.with(second.scaled(factor, 0.0), Op::Subtract, found));
            }
            if let Some(own) = second.temperature() {
                let difference = unit.difference();
                let second = converted(second, own, unit)?;
                let factor = span_in(unit, difference).unwrap_or(1.0);
                return Some(first.with(second, Op::Subtract, Type::Of(difference)).scaled(factor, 0.0));
            }
        }
        let (second, found) = self.alike((left, &first), (right, second))?;
        Some(first.with(second, Op::Subtract, found))
    }

    fn multiply(&mut self, left: &Tree<'_>, right: &Tree<'_>) -> Option<Operand> {
        let (first, second) = self.numbers(left, right)?;
        let found = match (first.found, second.found) {
            (Type::Bare | Type::Of(Unit::NONE), other) | (other, Type::Bare | Type::Of(Unit::NONE)) => other,
            _ => Type::Free,
        };
        Some(first.with(second, Op::Multiply, found))
    }

    /// Two values of one dimension are brought to one unit; their quotient may be a number or a percentage.
    fn divide(&mut self, left: &Tree<'_>, right: &Tree<'_>) -> Option<Operand> {
        let (first, second) = self.numbers(left, right)?;
        if second.constant() == Some(0.0) {
            self.report.add(
                Mistake::error("division-by-zero", "a division by zero")
                    .at(self.place(right), "this is zero")
                    .help("write another divisor"),
            );
            return None;
        }
        match (first.found, second.found) {
            (found, Type::Bare | Type::Of(Unit::NONE)) => Some(first.with(second, Op::Divide, found)),
            (Type::Of(to), Type::Of(own)) if own.converts_to(to) => {
                let second = converted(second, own, to)?;
                Some(first.with(second, Op::Divide, Type::Free))
            }
            _ => Some(first.with(second, Op::Divide, Type::Free)),
        }
    }

    fn call(&mut self, function: Function, arguments: &[Tree<'_>], tree: &Tree<'_>) -> Option<Operand> {
        match (function, arguments) {
            (Function::Good | Function::Bad | Function::Previous, [argument]) => {
                self.of_name(function, argument, tree)
            }
            (Function::Rise | Function::Fall, [condition]) => {
                let edge = self.draft.code.edges;
                self.draft.code.edges += 1;
                let op = if function == Function::Rise { Op::Rise { edge } } else { Op::Fall { edge } };
                Some(self.truth(condition)?.then(op, Type::Truth))
            }
            (Function::Select, [condition, a, b]) => self.select(condition, a, b),
            (Function::Limit, [_, _, _]) => {
                let (mut parts, found) = self.list(arguments, Some(1))?;
                let mut ops = parts.remove(0);
                ops.extend(parts.into_iter().flatten());
                Some(Operand { found, ops }.then(Op::Limit, found))
            }
            (Function::Median, list) => {
                let (parts, found) = self.list(list, None)?;
                let ops = parts.into_iter().flatten().collect();
                Some(Operand { found, ops }.then(Op::Median3, found))
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
            (Function::Sqrt | Function::Exp | Function::Ln, [value]) => {
                let op = match function {
                    Function::Sqrt => Op::Sqrt,
                    Function::Exp => Op::Exp,
                    _ => Op::Ln,
                };
                let operand = self.number(value)?;
                let found = if operand.found == Type::Bare { Type::Bare } else { Type::Free };
                Some(operand.then(op, found))
            }
            (Function::Power, [base, exponent]) => {
                let (base, exponent) = self.numbers(base, exponent)?;
                Some(base.with(exponent, Op::Power, Type::Free))
            }
            // The parser has counted the arguments.
            _ => None,
        }
    }

    fn of_name(&mut self, function: Function, argument: &Tree<'_>, tree: &Tree<'_>) -> Option<Operand> {
        let Node::Name(name) = &argument.node else {
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

    fn select(&mut self, condition: &Tree<'_>, a: &Tree<'_>, b: &Tree<'_>) -> Option<Operand> {
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

    /// `op` after every one but the first.
    fn fold(&mut self, list: &[Tree<'_>], op: Op) -> Option<Operand> {
        let (parts, found) = self.list(list, None)?;
        let mut ops = Vec::new();
        for (index, part) in parts.into_iter().enumerate() {
            ops.extend(part);
            if index > 0 {
                ops.push(op);
            }
        }
        Some(Operand { found, ops })
    }

    /// Numbers of one dimension, converted to the unit of the `main` one or of the first that has one.
    fn list(&mut self, list: &[Tree<'_>], main: Option<usize>) -> Option<(Vec<Vec<Op>>, Type)> {
        let operands: Vec<Option<Operand>> = list.iter().map(|item| self.number(item)).collect();
        let operands: Vec<Operand> = operands.into_iter().collect::<Option<_>>()?;
        let unit_of = |index: usize| match operands[index].found {
            Type::Of(unit) => Some((index, unit)),
            _ => None,
        };
        let common = main.and_then(unit_of).or_else(|| (0..list.len()).find_map(unit_of));
        let free = operands.iter().any(|operand| operand.found == Type::Free);
        let Some((first, unit)) = common else {
            let found = if free { Type::Free } else { Type::Bare };
            return Some((operands.into_iter().map(|operand| operand.ops).collect(), found));
        };
        let mut parts = Vec::with_capacity(list.len());
        for (index, operand) in operands.into_iter().enumerate() {
            match operand.found {
                Type::Of(own) => match converted(operand, own, unit) {
                    Some(operand) => parts.push(operand.ops),
                    None => self.mismatch((&list[first], unit), (&list[index], own)),
                },
                _ => parts.push(operand.ops),
            }
        }
        (parts.len() == list.len()).then_some((parts, Type::Of(unit)))
    }

    /// Makes what was found into what is wanted, or says why it does not fit.
    fn fit(&mut self, part: Operand, wanted: Wanted, tree: &Tree<'_>) -> Option<(Vec<Op>, Unit)> {
        let place = self.place(tree);
        let written = one_line(self.text.as_str());
        let mistake = match (wanted, part.found) {
            (Wanted::Condition, Type::Truth) => return Some((part.ops, Unit::NONE)),
            (Wanted::Condition, _) => Mistake::error(
                "type-mismatch",
                format!("`{written}` is a number where a condition is expected"),
            )
            .at(place, "a number")
            .help("compare it with something, as in `TT-311 > 90 degC`"),
            (Wanted::Value(..), Type::Truth) => Mistake::error(
                "type-mismatch",
                format!("`{written}` is a condition where a number is expected"),
            )
            .at(place, "a condition")
            .help(format!("choose a number with it: `SEL({written}, 1, 0)`")),
            (Wanted::Value(unit, said), Type::Of(own)) => {
                if let Some(part) = converted(part, own, unit) {
                    return Some((part.ops, unit));
                }
                let message = format!("this gives {} where {} is expected", quoted(own), quoted(unit));
                let mistake = Mistake::error("unit-mismatch", message)
                    .at(place, format!("this is {}", kind(own)))
                    .help(unit_help(own, unit));
                match said {
                    Some(said) => mistake.related(said, format!("{} is asked for here", quoted(unit))),
                    None => mistake,
                }
            }
            (Wanted::Value(unit, _), _) => return Some((part.ops, unit)),
        };
        self.report.add(mistake);
        None
    }
}

/// The operand in another unit of the same dimension.
fn converted(operand: Operand, own: Unit, to: Unit) -> Option<Operand> {
    if own == to {
        return Some(operand);
    }
    if let Some(value) = operand.constant() {
        return Some(Operand::new(Type::Of(to), Op::Const(own.convert(value, to)?)));
    }
    let (factor, offset) = own.factor_and_offset(to)?;
    Some(operand.scaled(factor, offset))
}
