//! Types, units and code of expressions.
//!
//! Every operand has a type: a truth, or a number with its unit. Values of one dimension and different
//! units are converted by inserted operations; values of different dimensions do not mix. The product
//! of two values with units is not followed further: it fits everywhere.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use model::{Dimension, PointId, Unit};

use super::bounds::Bounds;
use super::contradiction;
use super::draft::{Draft, Part};
use super::lexer::{Lexer, Token, Unread};
use super::operand::{Operand, Type, converted, stack_depth};
use super::place::{Place, Text};
use super::quantity::{kind, quoted, unit_help};
use super::report::{Mistake, Report};
use super::swings::{Swing, Swings};
use super::syntax::{Node, Operator, Parsed, Tree, parse};
use crate::plant::{Expr, Op};

/// Longer texts are no expressions.
const LENGTH: usize = 8_000;

/// What an expression must give.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted {
    Condition,
    /// A condition whose every change is an event: what swings in it is told.
    Steady,
    /// A way out of a step: a condition, or a time alone.
    Way,
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
    /// What in it comes and goes with the noise of a measurement.
    pub(super) swings: Vec<Swing>,
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
    let start = draft.code.ops.len();
    let mut emitter = Emitter {
        draft,
        report,
        text,
        parameters,
        reads: Vec::new(),
        swings: Swings::of(wanted),
        told: false,
    };
    let (tree, part) = emitter.read()?;
    let boolean = part.found == Type::Truth || matches!(wanted, Wanted::Way);
    let (ops, unit) = emitter.fit(part, wanted, &tree)?;
    let (reads, swings, told) = (emitter.reads, emitter.swings.found(), emitter.told);
    let constant = if told { None } else { constant_of(draft, &ops, report.protects) };
    draft.code.stack = draft.code.stack.max(stack_depth(&ops));
    let expr =
        Expr { start: start as u32, len: ops.len() as u32, unit, boolean, text: one_line(text.as_str()) };
    draft.code.ops.extend(ops);
    Some(Emitted { expr, reads, constant, swings })
}

/// The one value that an expression always has. A comparison of two constants may stand in a class, for an instance that
/// has no use of it; what protects has to be about the plant.
fn constant_of(draft: &Draft, ops: &[Op], protects: bool) -> Option<f64> {
    let of_numbers = |op: &Op| {
        matches!(
            op,
            Op::Const(_)
                | Op::Not
                | Op::And
                | Op::Or
                | Op::Xor
                | Op::Add
                | Op::Subtract
                | Op::Multiply
                | Op::Divide
                | Op::Negate
        )
    };
    let fixed = if protects || ops.iter().all(of_numbers) { Bounds::of(draft, ops).fixed() } else { None };
    fixed.or_else(|| contradiction::known(ops).map(|truth| f64::from(u8::from(truth))))
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

/// One expression while it is compiled.
pub(super) struct Emitter<'d, 'r, 't> {
    pub(super) draft: &'d mut Draft,
    pub(super) report: &'r mut Report,
    pub(super) text: &'t Text,
    pub(super) parameters: Option<&'t str>,
    pub(super) reads: Vec<(PointId, Place)>,
    pub(super) swings: Swings,
    /// A part that never changes has been reported.
    pub(super) told: bool,
}

impl<'t> Emitter<'_, '_, 't> {
    /// Reads the whole text. What is wrong in one place hides nothing that is wrong in another, and only what the whole gives
    /// depends on a unit that is in doubt.
    fn read(&mut self) -> Option<(Tree<'t>, Operand)> {
        let doubtful = core::mem::take(&mut self.report.doubtful);
        let Parsed { tree, mistakes } = parse(self.text.as_str());
        if let (Err(unread), known) = (&tree, &mistakes) {
            self.names_besides(unread, known);
        }
        for unread in mistakes.iter().chain(tree.as_ref().err()) {
            let place = self.text.part(unread.span.clone());
            let mistake = Mistake::error(unread.code, unread.message.clone()).at(place, "here");
            self.report.add(mistake.help(unread.help.clone()));
        }
        let read = tree.ok().and_then(|tree| {
            let part = self.tree(&tree)?;
            mistakes.is_empty().then_some((tree, part))
        });
        self.report.doubtful = doubtful;
        read
    }

    /// Unknown tags in a text that cannot be read as a whole. What stands before the stumbling block may be half a name.
    fn names_besides(&mut self, unread: &Unread, known: &[Unread]) {
        let text = self.text.as_str();
        let mut lexer = Lexer::new(text);
        while let Ok(Some((token, span))) = lexer.next() {
            let Token::Name(name) = token else { continue };
            let tag = name.contains(|c: char| c.is_ascii_digit()) && name.contains(['-', '.']);
            let beside =
                text.get(span.end..unread.span.start).is_some_and(|between| between.trim().is_empty());
            let last = text[unread.span.start..].trim().is_empty();
            let told = known.iter().any(|other| other.span.start <= span.start && span.end <= other.span.end);
            let met = span.start < unread.span.end && unread.span.start < span.end;
            if !tag || told || met || (beside && !last) || self.draft.names.contains_key(name) {
                continue;
            }
            if !self.draft.has_minus(name) {
                let place = self.text.part(span);
                self.draft.unknown_point(name, place, self.report);
            }
        }
    }
}

impl Emitter<'_, '_, '_> {
    pub(super) fn place(&self, tree: &Tree<'_>) -> Place {
        self.text.part(tree.span.clone())
    }

    pub(super) fn written(&self, tree: &Tree<'_>) -> String {
        one_line(self.text.as_str().get(tree.span.clone()).unwrap_or_default())
    }

    pub(super) fn tree(&mut self, tree: &Tree<'_>) -> Option<Operand> {
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
                self.settled(inner)?.then(Op::OnDelay { timer, ms: *ms }, Type::Truth)
            }
            Node::OnDelayOf(inner, name, span) => {
                let operand = self.settled(inner);
                let hold = self.hold(name, self.text.part(span.clone()))?;
                operand?.then(hold, Type::Truth)
            }
            Node::OffDelay(inner, ms) => {
                let timer = self.timer();
                self.settled(inner)?.then(Op::OffDelay { timer, ms: *ms }, Type::Truth)
            }
            Node::Vote(need, conditions) => self.vote(*need, conditions)?,
            Node::Binary(operator, sides) => self.binary(*operator, &sides[0], &sides[1])?,
            Node::Call(function, arguments) => self.call(*function, arguments, tree)?,
            Node::Unread(parts) => {
                for part in parts {
                    self.tree(part);
                }
                return None;
            }
        })
    }

    pub(super) fn timer(&mut self) -> u32 {
        self.draft.code.timers += 1;
        self.draft.code.timers - 1
    }

    pub(super) fn resolve(&mut self, name: &str, tree: &Tree<'_>) -> Option<PointId> {
        if let Some(phase) = self.parameters
            && let Some(point) =
                self.draft.names.get(&format!("{phase}.{name}")).and_then(|named| named.point)
        {
            return Some(point);
        }
        let place = self.place(tree);
        if let Some(phase) = self.parameters
            && !self.draft.names.contains_key(name)
            && let Some(near) = self.draft.nearest_parameter(phase, name)
        {
            self.report.add(
                Mistake::error("unknown-name", format!("no `{name}` in this plant or phase"))
                    .at(place, "not declared")
                    .help(format!("did you mean the parameter `{near}`?")),
            );
            return None;
        }
        self.draft.find_point(name, place, self.report)
    }

    pub(super) fn load(&mut self, name: &str, tree: &Tree<'_>) -> Option<Operand> {
        let point = self.resolve(name, tree)?;
        let place = self.place(tree);
        self.reads.push((point, place));
        Some(Operand::new(self.type_of(point), Op::Load(point)))
    }

    pub(super) fn type_of(&self, point: PointId) -> Type {
        if self.draft.part(point) == Part::Factor || !self.draft.is_sure(point) {
            return Type::Free;
        }
        let point = self.draft.point(point);
        if point.words.is_some() { Type::Truth } else { Type::Of(point.unit) }
    }

    pub(super) fn truth(&mut self, tree: &Tree<'_>) -> Option<Operand> {
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

    pub(super) fn number(&mut self, tree: &Tree<'_>) -> Option<Operand> {
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
    pub(super) fn numbers(&mut self, left: &Tree<'_>, right: &Tree<'_>) -> Option<(Operand, Operand)> {
        let first = self.number(left);
        let second = self.number(right);
        Some((first?, second?))
    }

    fn vote(&mut self, need: u8, conditions: &[Tree<'_>]) -> Option<Operand> {
        let found: Vec<Option<Operand>> = conditions.iter().map(|condition| self.truth(condition)).collect();
        let parts: Vec<Vec<Op>> = found.into_iter().map(|found| Some(found?.ops)).collect::<Option<_>>()?;
        let of = conditions.len() as u8;
        if need > 1 {
            self.own_votes(conditions, &parts);
        }
        let ops = parts.into_iter().flatten().collect();
        Some(Operand { found: Type::Truth, ops }.then(Op::Vote { need, of }, Type::Truth))
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
            Operator::Modulo => return self.modulo(left, right),
        };
        let (first, second) = (self.truth(left), self.truth(right));
        Some(first?.with(second?, op, Type::Truth))
    }

    /// Makes what was found into what is wanted, or says why it does not fit.
    fn fit(&mut self, part: Operand, wanted: Wanted, tree: &Tree<'_>) -> Option<(Vec<Op>, Unit)> {
        let place = self.place(tree);
        let written = one_line(self.text.as_str());
        let mistake = match (wanted, part.found) {
            (Wanted::Condition | Wanted::Steady | Wanted::Way, Type::Truth) => {
                return Some((part.ops, Unit::NONE));
            }
            (Wanted::Way, Type::Of(unit)) if unit.dimension() == Dimension::Time => {
                return Some((self.passing(&part, unit, tree)?, Unit::NONE));
            }
            (Wanted::Condition | Wanted::Steady | Wanted::Way, _) => Mistake::error(
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
