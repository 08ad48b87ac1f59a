//! Comparisons that the noise of a measurement would let come and go from scan to scan: what is asked only at a limit has to have a
//! gap there, or a time.
//!
//! For what acts upon each change, such as whether an alarm is suppressed by design, that is an event a second (ISA-18.2, 11.4
//! and EEMUA 191, 3.4: deadband and delay are what a chattering alarm lacks). An expression itself stays exact: what protects,
//! and what a phase waits for, is asked whether a limit is passed, and once is enough.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use model::{PointId, Unit};

use super::draft::{Draft, Part};
use super::emit::{Emitter, Wanted};
use super::items::Kind;
use super::operand::{Operand, Type};
use super::place::Place;
use super::quantity::Shown;
use super::report::{Mistake, Report};
use super::syntax::Tree;
use crate::explain::term::comparison;
use crate::plant::{Op, Origin};

/// Part of the range that the noise of a transmitter in good order stays within.
const GAP: f64 = 0.01;
/// A comparison of something measured with neither a gap nor a time.
pub(super) struct Swing {
    written: String,
    place: Place,
    remedy: String,
}

/// What has been found in one expression, where somebody asks for it.
pub(super) struct Swings(Option<Vec<Swing>>);

impl Swings {
    pub(super) fn of(wanted: Wanted) -> Self {
        Self(matches!(wanted, Wanted::Steady).then(Vec::new))
    }

    pub(super) fn found(self) -> Vec<Swing> {
        self.0.unwrap_or_default()
    }
}

impl Swing {
    /// A warning, in which `effect` says what comes and goes.
    pub(super) fn tell(&self, effect: &str, report: &mut Report) {
        report.add(
            Mistake::warning("chatters", format!("`{}` lets {effect} with the noise", self.written))
                .at(self.place, "true and false from scan to scan while the value is at the limit")
                .help(self.remedy.clone()),
        );
    }
}

impl Emitter<'_, '_, '_> {
    /// What has a time of its own does not come and go, whatever it compares.
    pub(super) fn settled(&mut self, tree: &Tree<'_>) -> Option<Operand> {
        let before = self.swings.0.as_ref().map_or(0, Vec::len);
        let operand = self.truth(tree);
        if let Some(found) = &mut self.swings.0 {
            found.truncate(before);
        }
        operand
    }

    /// Remembers a comparison that swings; `limit` is in the unit of `value`.
    pub(super) fn watch(&mut self, op: Op, value: (&Tree<'_>, &Operand), limit: (&Tree<'_>, &Operand)) {
        let rising = match op {
            Op::Greater | Op::GreaterEqual => true,
            Op::Less | Op::LessEqual => false,
            _ => return,
        };
        // What never changes does not swing either, and is told already.
        if self.swings.0.is_none() || self.told {
            return;
        }
        if !measured(self.draft, &value.1.ops) && !measured(self.draft, &limit.1.ops) {
            return;
        }
        let sign = comparison(op).unwrap_or_default();
        let whole = format!("{} {} {}", self.written(value.0), sign, self.written(limit.0));
        let timed = format!("let it stand for a time: `{whole} OFFDELAY 30 s`");
        let remedy = match (self.gap(value.1, limit.1, rising), value.1.found) {
            (Some(off), found) => {
                let unit = if let Type::Of(unit) = found { unit } else { Unit::NONE };
                let off = format!("{} {unit}", Shown(off));
                let (value, limit) = (self.written(value.0), self.written(limit.0));
                format!("give it a gap: `HYST({value}, {limit}, {})`, or {timed}", off.trim_end())
            }
            (None, _) => format!("give it a gap: `HYST(x, on, off)`, or {timed}"),
        };
        let swing = Swing { written: whole, place: self.place(limit.0), remedy };
        if let Some(found) = &mut self.swings.0 {
            found.push(swing);
        }
    }

    /// Where a comparison of one point with a number may end, beyond what noise does.
    fn gap(&self, value: &Operand, limit: &Operand, rising: bool) -> Option<f64> {
        let [Op::Load(point)] = value.ops[..] else { return None };
        let limit = limit.constant()?;
        let point = self.draft.point(point);
        let gap = GAP * (point.high - point.low);
        let (off, end) = if rising { (limit - gap, point.low) } else { (limit + gap, point.high) };
        // Close to the end of the range: half way there.
        let beyond = if rising { off <= end } else { off >= end };
        Some(if beyond { 0.5 * (limit + end) } else { off })
    }
}

/// Whether one of these operations loads a value that noise moves.
fn measured(draft: &Draft, ops: &[Op]) -> bool {
    let loaded = |op: &Op| if let Op::Load(point) = op { Some(*point) } else { None };
    let mut waiting: Vec<PointId> = ops.iter().filter_map(loaded).collect();
    let mut seen: BTreeSet<PointId> = waiting.iter().copied().collect();
    while let Some(id) = waiting.pop() {
        match moves(draft, id) {
            Moves::ByNoise => return true,
            Moves::Never => {}
            Moves::With(reads) => waiting.extend(reads.into_iter().filter(|read| seen.insert(*read))),
        }
    }
    false
}

/// What moves a point.
enum Moves {
    ByNoise,
    Never,
    With(Vec<PointId>),
}

/// A value of the field with a unit moves by noise, and what a block makes of one from scan to scan with it.
fn moves(draft: &Draft, id: PointId) -> Moves {
    let point = draft.point(id);
    if point.words.is_some() {
        return Moves::Never;
    }
    let noisy = match point.origin {
        Origin::Field(_) => point.unit != Unit::NONE,
        // What a loop drives moves with what it measures.
        Origin::FieldOutput(_) => {
            draft.blocks.iter().any(|block| block.writes.iter().any(|(written, _)| *written == id))
        }
        Origin::Block(block) => {
            let block = &draft.blocks[block.index()];
            let role = block.points.iter().find(|(_, own)| *own == id).map_or("", |(role, _)| *role);
            let adds_up = block.kind.shape().is_some_and(|shape| {
                matches!(shape.word, "totaliser" | "counter" | "timer" | "sample_hold" | "ramp")
            });
            let follows = match block.kind {
                Kind::Pid => matches!(role, "PV" | "OUT"),
                _ => matches!(role, "" | "OUT" | "DEV"),
            };
            if draft.part(id) == Part::Result && follows && !adds_up {
                return Moves::With(block.reads.iter().map(|(read, _)| *read).collect());
            }
            false
        }
        _ => false,
    };
    if noisy { Moves::ByNoise } else { Moves::Never }
}
