//! Conditions as indented lines: what each part needs, what it is now, and whether it holds.

use alloc::{format, string::String, vec::Vec};
use model::BlockId;
use model::wire::{Joined, WhyDelay, WhyFact, WhyGroup, WhyLine};

use super::term::{Scene, Term, tree};
use crate::machine::Truth;
use crate::plant::{Expr, Op};
use crate::text::part_of;

/// Appends the lines of a condition.
pub(super) fn lines(scene: Scene<'_>, expr: &Expr, indent: u8, lines: &mut Vec<WhyLine>) {
    match tree(scene.plant, expr) {
        Some(term) => term_lines(scene, &term, indent, lines),
        None => lines.push(WhyLine::words(indent, expr.text.clone())),
    }
}

/// What a condition still waits for, in one line; empty when it holds.
pub(super) fn missing(scene: Scene<'_>, expr: &Expr) -> String {
    tree(scene.plant, expr).map_or_else(|| expr.text.clone(), |term| missing_of(scene, &term))
}

fn missing_of(scene: Scene<'_>, term: &Term) -> String {
    if holds(scene, term) == Some(true) {
        return String::new();
    }
    match term {
        Term::Binary(Op::And, a, b) => {
            let (left, right) = (missing_of(scene, a), missing_of(scene, b));
            let between = if left.is_empty() || right.is_empty() { "" } else { "; " };
            format!("{left}{between}{right}")
        }
        Term::Binary(Op::Or, a, b) => format!("{} or {}", missing_of(scene, a), missing_of(scene, b)),
        Term::OnDelay { of, .. } if !of.is_leaf() => {
            let inner = missing_of(scene, of);
            let inner = if inner.is_empty() { of.text(scene.plant) } else { inner };
            let group = group(Joined::Delayed, term.delay(scene));
            format!("({inner}) {}", WhyLine::new(0, group).text())
        }
        _ => WhyLine::new(0, WhyFact::Term(term.fact(scene))).text(),
    }
}

/// The parts of a condition that do not hold, each as [`lines`] writes it.
pub(super) fn unmet(scene: Scene<'_>, expr: &Expr, indent: u8, lines: &mut Vec<WhyLine>) {
    let Some(term) = tree(scene.plant, expr) else {
        return lines.push(WhyLine::words(indent, expr.text.clone()));
    };
    let mut parts = Vec::new();
    term.chain(Op::And, &mut parts);
    for part in parts.into_iter().filter(|part| holds(scene, part) != Some(true)) {
        term_lines(scene, part, indent, lines);
    }
}

fn term_lines(scene: Scene<'_>, term: &Term, indent: u8, lines: &mut Vec<WhyLine>) {
    let mut push = |fact: WhyFact| {
        let block = origin(scene, term);
        lines.push(WhyLine { holds: holds(scene, term), block, ..WhyLine::new(indent, fact) });
    };
    if term.is_leaf() {
        return push(WhyFact::Term(term.fact(scene)));
    }
    let mut parts = Vec::new();
    match term {
        Term::Binary(op @ (Op::And | Op::Or), ..) => {
            push(group(if *op == Op::And { Joined::All } else { Joined::Any }, None));
            term.chain(*op, &mut parts);
        }
        Term::Binary(_, a, b) => {
            push(group(Joined::One, None));
            parts.extend([&**a, &**b]);
        }
        Term::Vote { need, of } => {
            let (need, count) = (u16::from(*need), of.len() as u16);
            push(WhyFact::Group(WhyGroup { of: Joined::Vote, need, count, delay: None }));
            parts.extend(of);
        }
        Term::OnDelay { of, .. } | Term::OffDelay { of, .. } => {
            push(group(Joined::Delayed, term.delay(scene)));
            parts.push(of);
        }
        Term::Edge { rising, of } => {
            push(group(if *rising { Joined::Rise } else { Joined::Fall }, None));
            parts.push(of);
        }
        Term::Unary(_, of) => {
            push(group(Joined::Not, None));
            parts.push(of);
        }
        Term::Const(_)
        | Term::Point(_)
        | Term::Previous(_)
        | Term::IsGood(_)
        | Term::IsBad(_)
        | Term::Ternary(..)
        | Term::Median(_)
        | Term::Hysteresis { .. }
        | Term::Rate { .. } => push(WhyFact::Term(term.fact(scene))),
    }
    for part in parts {
        term_lines(scene, part, indent.saturating_add(1), lines);
    }
}

fn group(of: Joined, delay: Option<WhyDelay>) -> WhyFact {
    WhyFact::Group(WhyGroup { of, need: 0, count: 0, delay })
}

/// Truth for a line; nothing when bad inputs leave it open.
pub(super) fn holds(scene: Scene<'_>, term: &Term) -> Option<bool> {
    match term.eval(scene).truth() {
        Truth::True => Some(true),
        Truth::False => Some(false),
        Truth::Bad => None,
    }
}

/// The block behind the first point of a leaf, to go there.
fn origin(scene: Scene<'_>, term: &Term) -> Option<BlockId> {
    if !term.is_leaf() {
        return None;
    }
    let mut points = Vec::new();
    term.points(&mut points);
    points.iter().find_map(|point| part_of(scene.plant, *point)).map(|(block, _)| block)
}
