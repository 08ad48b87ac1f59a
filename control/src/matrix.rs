//! The cause-and-effect matrix of a plant's interlocks, in the manner of IEC 62881 and the SAFE charts of API RP 14C:
//! one row for each cause, one column for each effect, and where they meet how the one holds the other.
//!
//! It is read off the compiled plant, from the code that the scan runs: what stands here is what trips.

use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use model::wire::Role;
use model::{BlockId, PointId};

use crate::explain::term::{Lasting, Term, comparison, tree};
use crate::plant::{Cause, Forcing, Interlock, Op, Plant};

/// The interlocks of one area.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// Empty for the interlocks that belong to none.
    pub area: String,
    pub title: String,
    /// Columns, in the order in which the interlocks name them.
    pub effects: Vec<Effect>,
    pub interlocks: Vec<Protection>,
}

impl Matrix {
    /// `area 300 Electrolysis`
    pub fn heading(&self) -> String {
        if self.area.is_empty() { "no area".to_owned() } else { format!("area {} {}", self.area, self.title) }
    }
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    pub kind: EffectKind,
    /// The device, the output or the phase.
    pub tag: String,
    pub description: String,
    /// `open`, `0 %`; `start` for a phase.
    pub position: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EffectKind {
    Device,
    Output,
    Phase,
}

impl EffectKind {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Output => "output",
            Self::Phase => "phase",
        }
    }
}

/// An interlock: its causes, and the columns that any of them brings about.
#[derive(Clone, Debug, PartialEq)]
pub struct Protection {
    pub name: String,
    pub description: String,
    pub equipment: Option<String>,
    /// Stays until a person resets it.
    pub latched: bool,
    /// Least role that may take it out; nobody when absent.
    pub bypass: Option<Role>,
    pub causes: Vec<Row>,
    /// Numbers of [`Matrix::effects`], in their order.
    pub effects: Vec<usize>,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// From 1, through the whole matrix.
    pub number: usize,
    pub text: String,
    /// What trips, several for a vote.
    pub tags: Vec<String>,
    /// `> 2 %vol`, `off`, `bad`.
    pub trip: String,
    /// The limit is calculated, not a constant.
    pub calculated: bool,
    /// `2oo3`; `1oo1` for a cause of one tag; empty where the parts are different conditions.
    pub vote: String,
    pub delay_ms: u32,
    /// What must hold besides.
    pub only_while: Vec<String>,
    /// Bad inputs count as standing.
    pub trips_on_bad: bool,
    /// As the text of the plant has it.
    pub condition: String,
}

/// The matrix of every area that has an interlock, last that of those without an area; or of the one that is named, by an
/// empty name the last.
pub fn matrices(plant: &Plant, area: Option<&str>) -> Vec<Matrix> {
    let areas = plant.areas.iter().map(|area| (area.id.as_str(), area.title.as_str()));
    let wanted = areas.chain([("", "")]).filter(|(id, _)| area.is_none_or(|area| *id == area));
    let matrix = |(id, title): (&str, &str)| {
        let mut matrix = Matrix {
            area: id.to_owned(),
            title: title.to_owned(),
            effects: Vec::new(),
            interlocks: Vec::new(),
        };
        let mut number = 0;
        for interlock in plant.interlocks.iter().filter(|interlock| interlock.area == id) {
            let protection = protection(plant, interlock, &mut matrix.effects, &mut number);
            matrix.interlocks.push(protection);
        }
        (!matrix.interlocks.is_empty()).then_some(matrix)
    };
    wanted.filter_map(matrix).collect()
}

fn protection(
    plant: &Plant,
    interlock: &Interlock,
    columns: &mut Vec<Effect>,
    number: &mut usize,
) -> Protection {
    let actions = interlock.actions.iter().map(|action| effect(plant, action));
    let start = interlock.start.and_then(|id| plant.phases.get(id.index())).map(|phase| Effect {
        kind: EffectKind::Phase,
        tag: phase.name.clone(),
        description: phase.description.clone(),
        position: "start".to_owned(),
    });
    let mut effects: Vec<usize> = actions.chain(start).map(|effect| column(columns, effect)).collect();
    effects.sort_unstable();
    let causes = interlock.causes.iter().map(|cause| {
        *number += 1;
        row(plant, cause, *number)
    });
    Protection {
        name: interlock.name.clone(),
        description: interlock.description.clone(),
        equipment: interlock.equipment.clone(),
        latched: interlock.latched,
        bypass: interlock.bypass,
        causes: causes.collect(),
        effects,
    }
}

/// The number of an effect, which begins a column when it is new.
fn column(columns: &mut Vec<Effect>, effect: Effect) -> usize {
    columns.iter().position(|known| *known == effect).unwrap_or_else(|| {
        columns.push(effect);
        columns.len() - 1
    })
}

fn effect(plant: &Plant, action: &Forcing) -> Effect {
    let (tag, position) = action.text.split_once(":=").unwrap_or((&action.text, ""));
    let block = |id: BlockId| plant.blocks.get(id.index()).map(|block| block.description.clone());
    let described = action.device.and_then(block);
    let kind = if described.is_some() { EffectKind::Device } else { EffectKind::Output };
    Effect {
        kind,
        tag: tag.trim().to_owned(),
        description: described.unwrap_or_else(|| plant.point(action.point).description.clone()),
        position: position.trim().to_owned(),
    }
}

fn row(plant: &Plant, cause: &Cause, number: usize) -> Row {
    let mut row = Row {
        number,
        text: cause.text.clone(),
        tags: Vec::new(),
        trip: String::new(),
        calculated: false,
        vote: String::new(),
        delay_ms: 0,
        only_while: Vec::new(),
        trips_on_bad: cause.trips_on_bad,
        condition: cause.when.text.clone(),
    };
    let Some(term) = tree(plant, &cause.when) else { return row };
    let core = match &term {
        Term::OnDelay { lasts: Lasting::Fixed(ms), of, .. } => {
            row.delay_ms = *ms;
            of
        }
        other => other,
    };
    let mut parts = Vec::new();
    core.chain(Op::And, &mut parts);
    let main = main_part(&parts, cause.show);
    if let Some(part) = parts.get(main) {
        trip(plant, part, &mut row);
    }
    // `BAD(a) AND BAD(b)` is a vote of two out of two.
    let alike = |part: &Term| {
        let (tag, trip, calculated) = single(plant, part);
        tag.filter(|_| row.vote == "1oo1" && !calculated && trip == row.trip)
    };
    let also: Vec<Option<String>> = parts
        .iter()
        .enumerate()
        .map(|(index, part)| if index == main { None } else { alike(part) })
        .collect();
    for (index, part) in parts.iter().enumerate() {
        if index != main && also[index].is_none() {
            row.only_while.push(part.text(plant));
        }
    }
    row.tags.extend(also.into_iter().flatten());
    if row.vote == "1oo1" && row.tags.len() > 1 {
        row.tags.sort();
        row.vote = format!("{0}oo{0}", row.tags.len());
    }
    row
}

/// The part of a condition that the cause is about: a vote, else what reads the tag that is shown, else the first.
fn main_part(parts: &[&Term], show: Option<PointId>) -> usize {
    let reads = |part: &Term| {
        let mut points = Vec::new();
        part.points(&mut points);
        show.is_some_and(|show| points.contains(&show))
    };
    let votes = |part: &&Term| matches!(part, Term::Vote { .. } | Term::Binary(Op::Or, ..));
    let shown = || parts.iter().position(|part| reads(part));
    parts.iter().position(votes).or_else(shown).unwrap_or(0)
}

/// What trips, at which limit, by which vote.
fn trip(plant: &Plant, part: &Term, row: &mut Row) {
    let (members, vote) = match part {
        Term::Vote { need, of } => (of.iter().collect(), format!("{need}oo{}", of.len())),
        other => {
            let mut members = Vec::new();
            other.chain(Op::Or, &mut members);
            let vote = format!("1oo{}", members.len());
            (members, vote)
        }
    };
    let single: Vec<(Option<String>, String, bool)> =
        members.iter().map(|member| single(plant, member)).collect();
    for name in single.iter().filter_map(|(tag, ..)| tag.as_ref()) {
        if !row.tags.contains(name) {
            row.tags.push(name.clone());
        }
    }
    let Some((_, first, calculated)) = single.first() else { return };
    // Different conditions in one vote have no limit in common: the condition as it is written says which.
    let alike = single.iter().all(|(tag, trip, _)| trip == first && tag.is_some());
    row.calculated = *calculated || !alike;
    if alike {
        row.trip.clone_from(first);
    }
    if alike || matches!(part, Term::Vote { .. }) {
        row.vote = vote;
    }
}

/// Tag, trip condition, and whether the limit is calculated.
fn single(plant: &Plant, term: &Term) -> (Option<String>, String, bool) {
    let name = |point: &PointId| Some(plant.point(*point).name.clone());
    let state = |point: &PointId, on: bool| {
        let words = plant.point(*point).words.as_ref();
        let word = words.map(|(off, is_on)| if on { is_on } else { off }.clone());
        word.unwrap_or_else(|| if on { "on" } else { "off" }.to_owned())
    };
    match term {
        Term::Point(point) => (name(point), state(point, true), false),
        Term::IsBad(point) => (name(point), "bad".to_owned(), false),
        Term::IsGood(point) => (name(point), "good".to_owned(), false),
        Term::Unary(Op::Not, of) => match &**of {
            Term::Point(point) => (name(point), state(point, false), false),
            Term::IsGood(point) => (name(point), "not good".to_owned(), false),
            _ => (first_tag(plant, of), term.text(plant), true),
        },
        Term::Binary(op, left, limit) if comparison(*op).is_some() => {
            let sign = comparison(*op).unwrap_or("?");
            let tag = match &**left {
                Term::Point(point) | Term::Previous(point) => name(point),
                _ => return (first_tag(plant, term), term.text(plant), true),
            };
            let text = limit.text_with(plant, left.unit(plant));
            (tag, format!("{sign} {text}"), !matches!(**limit, Term::Const(_)))
        }
        Term::Hysteresis { parts, .. } => match &**parts {
            [Term::Point(point), Term::Const(on), Term::Const(off)] => {
                let sign = if on >= off { ">=" } else { "<=" };
                let limit = parts[1].text_with(plant, parts[0].unit(plant));
                (name(point), format!("{sign} {limit}"), false)
            }
            _ => (first_tag(plant, term), term.text(plant), true),
        },
        _ => (first_tag(plant, term), term.text(plant), true),
    }
}

fn first_tag(plant: &Plant, term: &Term) -> Option<String> {
    let mut points = Vec::new();
    term.points(&mut points);
    points.first().map(|point| plant.point(*point).name.clone())
}

#[cfg(test)]
mod tests;
