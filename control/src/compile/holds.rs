//! Times that a recipe sets: `FOR soak`, `WITHIN soak`, and ways out of a step that wait for a time alone: `WAIT soak`, `WAIT 10 min`.
//!
//! Soaking, stirring and draining times are what a formula of ISA-88 is mostly made of. They stand within phases alone: how long an
//! interlock or an alarm waits is the text's to say, and no setting.

use alloc::format;
use alloc::vec::Vec;
use model::{Dimension, PointId, Unit};

use super::draft::Draft;
use super::emit::Emitter;
use super::operand::Operand;
use super::place::Place;
use super::quantity::{kind, quoted};
use super::report::{Mistake, Report};
use super::syntax::{Node, Tree};
use crate::plant::Op;

impl Emitter<'_, '_, '_> {
    /// An on-delay for as long as a parameter of the phase says.
    pub(super) fn hold(&mut self, name: &str, place: Place) -> Option<Op> {
        let (time, ms) = parameter(self.draft, self.parameters, name, place, self.report)?;
        self.reads.push((time, place));
        Some(Op::OnDelayOf { timer: self.timer(), time, ms })
    }

    /// A way out that opens when a time has passed since the step began.
    pub(super) fn passing(&mut self, part: &Operand, unit: Unit, tree: &Tree<'_>) -> Option<Vec<Op>> {
        let hold = match (&tree.node, part.constant()) {
            (Node::Name(name), _) => self.hold(name, self.place(tree))?,
            (_, Some(time)) => {
                let ms = unit
                    .convert(time, Unit::parse("ms")?)
                    .filter(|ms| (0.0..=f64::from(u32::MAX)).contains(ms));
                let Some(ms) = ms else {
                    self.report.add(
                        Mistake::error("expression", "no time that can pass")
                            .at(self.place(tree), "this one")
                            .help("write 0 s to 49 days"),
                    );
                    return None;
                };
                Op::OnDelay { timer: self.timer(), ms: libm::round(ms) as u32 }
            }
            _ => {
                self.report.add(
                    Mistake::error(
                        "type-mismatch",
                        "a time that is calculated where a condition is expected",
                    )
                    .at(self.place(tree), "a step waits for a time or a parameter")
                    .help("write the time alone, as in `WAIT 10 min` or `WAIT soak`"),
                );
                return None;
            }
        };
        Some(Vec::from([Op::Const(1.0), hold]))
    }
}

/// The parameter of a phase that says how long, and how many milliseconds its unit has.
pub(super) fn parameter(
    draft: &Draft,
    phase: Option<&str>,
    name: &str,
    place: Place,
    report: &mut Report,
) -> Option<(PointId, u32)> {
    let known =
        phase.and_then(|phase| draft.names.get(&format!("{phase}.{name}")).and_then(|named| named.point));
    let Some(time) = known else {
        let help = match phase {
            Some(_) => {
                format!("write a time, such as `30 s`, or declare it: `PARAM {name} : min = 5 IN 1 .. 10`")
            }
            None => "write a number with a unit of time, such as `FOR 30 s`".into(),
        };
        report.add(
            Mistake::error("expression", format!("`{name}` is no time that is known here"))
                .at(place, "a time, or a parameter of the phase, is expected here")
                .help(help),
        );
        return None;
    };
    if !draft.is_sure(time) {
        return None;
    }
    let unit = draft.point(time).unit;
    let ms = (unit.dimension() == Dimension::Time).then(|| unit.convert(1.0, Unit::parse("ms")?)).flatten();
    let Some(ms) = ms.filter(|ms| *ms >= 1.0) else {
        report.add(
            Mistake::error("unit-mismatch", format!("{} where a time is expected", quoted(unit)))
                .at(place, format!("this is {}", kind(unit)))
                .help("a time that a step waits for is in ms, s, min, h or d"),
        );
        return None;
    };
    Some((time, ms as u32))
}
