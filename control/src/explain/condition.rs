//! Conditions as indented lines: what each part needs, what it is now, and whether it holds.

use alloc::{format, string::String, vec::Vec};
use model::BlockId;
use model::wire::WhyLine;

use super::term::{Scene, Term, tree};
use crate::machine::Truth;
use crate::plant::{Expr, Op};
use crate::text::{duration, part_of};

/// Appends the lines of a condition.
pub(super) fn lines(scene: Scene<'_>, expr: &Expr, indent: u8, lines: &mut Vec<WhyLine>) {
    match tree(scene.plant, expr) {
        Some(term) => term_lines(scene, &term, indent, lines),
        None => lines.push(WhyLine { indent, text: expr.text.clone(), holds: None, block: None }),
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
        Term::OnDelay { of, ms, .. } if !of.is_leaf() => {
            let inner = missing_of(scene, of);
            let inner = if inner.is_empty() { of.text(scene.plant) } else { inner };
            format!("({inner}) for {}{}", duration(u64::from(*ms)), term.progress(scene))
        }
        _ => term.live(scene),
    }
}

fn term_lines(scene: Scene<'_>, term: &Term, indent: u8, lines: &mut Vec<WhyLine>) {
    let mut push = |text: String| {
        lines.push(WhyLine { indent, text, holds: holds(scene, term), block: origin(scene, term) });
    };
    if term.is_leaf() {
        return push(term.live(scene));
    }
    match term {
        Term::Binary(op @ (Op::And | Op::Or), ..) => {
            push(if *op == Op::And { "all of" } else { "any of" }.into());
            let mut parts = Vec::new();
            flatten(term, *op, &mut parts);
            for part in parts {
                term_lines(scene, part, indent.saturating_add(1), lines);
            }
        }
        Term::Binary(_, a, b) => {
            push("exactly one of".into());
            term_lines(scene, a, indent.saturating_add(1), lines);
            term_lines(scene, b, indent.saturating_add(1), lines);
        }
        Term::Vote { need, of } => {
            push(format!("at least {need} of {}", of.len()));
            for part in of {
                term_lines(scene, part, indent.saturating_add(1), lines);
            }
        }
        Term::OnDelay { ms, of, .. } => {
            push(format!("for {}{}", duration(u64::from(*ms)), term.progress(scene)));
            term_lines(scene, of, indent.saturating_add(1), lines);
        }
        Term::OffDelay { ms, of, .. } => {
            push(format!("now or in the last {}", duration(u64::from(*ms))));
            term_lines(scene, of, indent.saturating_add(1), lines);
        }
        Term::Edge { rising, of } => {
            push(if *rising { "becomes true" } else { "becomes false" }.into());
            term_lines(scene, of, indent.saturating_add(1), lines);
        }
        Term::Unary(_, of) => {
            push("not".into());
            term_lines(scene, of, indent.saturating_add(1), lines);
        }
        Term::Const(_)
        | Term::Point(_)
        | Term::Previous(_)
        | Term::IsGood(_)
        | Term::IsBad(_)
        | Term::Ternary(..)
        | Term::Median(_)
        | Term::Hysteresis { .. }
        | Term::Rate { .. } => push(term.live(scene)),
    }
}

/// The parts of a chain of the same operator.
fn flatten<'t>(term: &'t Term, op: Op, parts: &mut Vec<&'t Term>) {
    match term {
        Term::Binary(other, a, b) if *other == op => {
            flatten(a, op, parts);
            flatten(b, op, parts);
        }
        _ => parts.push(term),
    }
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
