//! How a value is limited (FF-891, OPC UA LimitBits), told from the state after a scan.
//!
//! Blocks hand limits to each other in their handshake, where control acts on them. What people and other systems
//! want to know of a point follows from the state, so no scan carries it: it is worked out where it is shown.
//!
//! | point | limited |
//! | --- | --- |
//! | forced to a value | constant; the feedback of a simulated device moves with its order |
//! | input of which its device or its range says so ([`StateView::device_limits`]) | as they say |
//! | bad, or the last usable value | constant: it is the last number |
//! | input outside its range | low, high |
//! | output that an interlock dictates | constant |
//! | OUT of a loop, and the output that it drives | constant in MAN and OOS; in a mode that controls low or high at its output limits, and as what takes it is limited |
//! | SP of a loop | at its limits |
//! | PV of a loop, filter, selector | as what they read |
//! | OUT of a ratio, a ramp; an output of a split range | at the ends of its range, of its line |

use alloc::{vec, vec::Vec};
use model::wire::LimitedPoint;
use model::{BlockId, Limited, Mode, PointId, Quality};

use crate::blocks::pid::is_automatic;
use crate::plant::{Block, BlockBody, Origin, Pid, Plant};
use crate::state_view::{LoopView, StateView};

/// A value is handed on through so many filters and selectors before nobody asks any more.
const DEPTH: u8 = 8;

/// Every point that is limited, in the order of the points.
pub fn limit_status(plant: &Plant, view: &StateView) -> Vec<LimitedPoint> {
    let mut drivers = vec![None; plant.points.len()];
    for (block, id) in plant.blocks.iter().zip(0..) {
        for target in block.body.targets() {
            drivers[target.index()] = Some(BlockId(id));
        }
    }
    let driver = |point: PointId| drivers.get(point.index()).copied().flatten();
    let look = Look { plant, view, driver: &driver };
    let known = plant.points.len().min(view.values.len()) as u32;
    let limited = (0..known).map(PointId).map(|point| LimitedPoint(point, look.of(point, DEPTH)));
    limited.filter(|LimitedPoint(_, limited)| *limited != Limited::No).collect()
}

/// How one point is limited.
pub(crate) fn limited(plant: &Plant, view: &StateView, point: PointId) -> Limited {
    let driver = |point: PointId| {
        let drives = |block: &Block| block.body.targets().any(|target| target == point);
        plant.blocks.iter().position(drives).map(|index| BlockId(index as u32))
    };
    Look { plant, view, driver: &driver }.of(point, DEPTH)
}

struct Look<'a> {
    plant: &'a Plant,
    view: &'a StateView,
    /// The block that writes an output.
    driver: &'a dyn Fn(PointId) -> Option<BlockId>,
}

impl Look<'_> {
    fn of(&self, point: PointId, depth: u8) -> Limited {
        let Some(depth) = depth.checked_sub(1) else { return Limited::No };
        if let Some(force) = self.view.forces.find(point) {
            return if force.follows == 0 { Limited::Constant } else { Limited::No };
        }
        let origin = self.plant.point(point).origin;
        let said = match origin {
            Origin::Field(_) => self.view.device_limit(point),
            _ => Limited::No,
        };
        let quality = self.view.quality(point);
        if said != Limited::No || quality.is_good() {
            return said.or(self.by_origin(point, origin, depth));
        }
        if quality.is_bad() || quality == Quality::UncertainLastUsable {
            return Limited::Constant;
        }
        self.by_origin(point, origin, depth)
    }

    fn by_origin(&self, point: PointId, origin: Origin, depth: u8) -> Limited {
        match origin {
            Origin::Field(index) => self.input(point, index),
            Origin::FieldOutput(_) => self.output(point),
            Origin::Block(block) => self.part(point, block, depth),
            Origin::Link(_) | Origin::Entry | Origin::Phase(_) | Origin::Scan(_) | Origin::Interlock(_) => {
                Limited::No
            }
        }
    }

    /// An input outside its range.
    fn input(&self, point: PointId, index: u32) -> Limited {
        if self.view.quality(point) != Quality::UncertainEngineeringRange {
            return Limited::No;
        }
        let definition = self.plant.point(point);
        let range = self.plant.io.points.get(index as usize).and_then(|io| io.range);
        let (low, high) = range.unwrap_or((definition.low, definition.high));
        Limited::outside(self.view.value(point), low, high)
    }

    fn output(&self, point: PointId) -> Limited {
        if self.view.hold(point).interlock != 0 {
            return Limited::Constant;
        }
        let Some(driver) = (self.driver)(point) else { return Limited::No };
        match &self.plant.blocks[driver.index()].body {
            BlockBody::Pid(pid) => self.loop_output(pid, driver),
            BlockBody::Split(split) => {
                let valve = split.valves.iter().find(|valve| valve.target == point);
                valve.map_or(Limited::No, |valve| {
                    self.ends(point, valve.to.0.min(valve.to.1), valve.to.0.max(valve.to.1))
                })
            }
            _ => Limited::No,
        }
    }

    fn part(&self, point: PointId, id: BlockId, depth: u8) -> Limited {
        match &self.plant.blocks[id.index()].body {
            BlockBody::Pid(pid) if point == pid.out => self.loop_output(pid, id),
            BlockBody::Pid(pid) if point == pid.sp => self.ends(point, pid.sp_limit_low, pid.sp_limit_high),
            BlockBody::Pid(pid) if point == pid.pv => self.of(pid.input, depth),
            BlockBody::Filter(filter) => self.of(filter.input, depth),
            BlockBody::Selector(selector) if point == selector.out => {
                // From one; zero while there is none.
                let chosen = self.view.value(selector.selected) as usize;
                let input = chosen.checked_sub(1).and_then(|chosen| selector.inputs.get(chosen));
                input.map_or(Limited::No, |input| self.of(*input, depth))
            }
            BlockBody::Ratio(ratio) if point == ratio.out => {
                self.with_below(id, self.view.value(point), (ratio.low, ratio.high))
            }
            BlockBody::Ramp(ramp) if point == ramp.out => self.ends(point, ramp.low, ramp.high),
            _ => Limited::No,
        }
    }

    fn loop_output(&self, pid: &Pid, id: BlockId) -> Limited {
        let held = pid.target.is_some_and(|target| {
            let hold = self.view.hold(target);
            hold.interlock != 0 || hold.forced
        });
        match Mode::from_value(self.view.value(pid.mode)) {
            _ if held => Limited::Constant,
            Mode::Manual | Mode::OutOfService => Limited::Constant,
            mode if is_automatic(mode) || mode == Mode::RemoteOutput => {
                let limits = (pid.out_limit_low, pid.out_limit_high);
                self.with_below(id, self.view.value(pid.out), limits)
            }
            // It follows whatever it is told.
            _ => Limited::No,
        }
    }

    /// At its own limits, or at those of what takes it.
    fn with_below(&self, id: BlockId, value: f64, (low, high): (f64, f64)) -> Limited {
        let LoopView { below_up, below_down, .. } =
            self.view.loops.get(id.index()).copied().unwrap_or_default();
        Limited::at(value <= low || below_down, value >= high || below_up)
    }

    fn ends(&self, point: PointId, low: f64, high: f64) -> Limited {
        let value = self.view.value(point);
        Limited::at(value <= low, value >= high)
    }
}
