//! Times that a recipe sets: `FOR soak`, and ways out of a step that wait for a time alone: `WAIT soak`, `WAIT 10 min`.
//!
//! Soaking, stirring and draining times are what a formula of ISA-88 is mostly made of. They stand within phases alone: how long an
//! interlock or an alarm waits is the text's to say, and no setting.

use alloc::format;
use alloc::vec::Vec;
use model::{Dimension, Unit};

use super::emit::Emitter;
use super::operand::Operand;
use super::place::Place;
use super::quantity::{kind, quoted};
use super::report::Mistake;
use super::syntax::{Node, Tree};
use crate::plant::Op;

impl Emitter<'_, '_, '_> {
    /// An on-delay for as long as a parameter of the phase says.
    pub(super) fn hold(&mut self, name: &str, place: Place) -> Option<Op> {
        let parameter = self
            .parameters
            .and_then(|phase| self.draft.names.get(&format!("{phase}.{name}")).and_then(|named| named.point));
        let Some(time) = parameter else {
            let help = match self.parameters {
                Some(_) => format!(
                    "write a time, such as `FOR 30 s`, or declare it: `PARAM {name} : min = 5 IN 1 .. 10`"
                ),
                None => "write a number with a unit of time, such as `FOR 30 s`".into(),
            };
            self.report.add(
                Mistake::error("expression", format!("`{name}` is no time that is known here"))
                    .at(place, "a time, or a parameter of the phase, is expected here")
                    .help(help),
            );
            return None;
        };
        self.reads.push((time, place));
        if !self.draft.is_sure(time) {
            return None;
        }
        let unit = self.draft.point(time).unit;
        let ms =
            (unit.dimension() == Dimension::Time).then(|| unit.convert(1.0, Unit::parse("ms")?)).flatten();
        let Some(ms) = ms.filter(|ms| *ms >= 1.0) else {
            self.report.add(
                Mistake::error("unit-mismatch", format!("{} where a time is expected", quoted(unit)))
                    .at(place, format!("this is {}", kind(unit)))
                    .help("a time that a step waits for is in ms, s, min, h or d"),
            );
            return None;
        };
        Some(Op::OnDelayOf { timer: self.timer(), time, ms: ms as u32 })
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
