//! Flow of a gas through an orifice, compensated for pressure and temperature.
//!
//! `OUT = input * sqrt(P / P_design * T_design / T)`, P and T absolute. The transmitter gives flow from
//! its differential pressure for the density of the design case; flow is proportional to
//! `sqrt(dp * density)` in mass or standard volume, and an ideal gas has `density = P M / (R T)`
//! (AGA Report No. 3, part 3, the factors for flowing pressure and temperature; Miller: Flow
//! Measurement Engineering Handbook, 3rd ed., chapter 9). Compressibility is taken as that of the
//! design case. A pressure or temperature that is not above absolute zero makes OUT bad.

use super::super::bounded;
use super::{Bad, Io, Law, Scale, Shape, Takes, inlet, result};
use crate::compile::Form;

pub(super) static SHAPE: Shape = Shape {
    word: "flow_compensation",
    equation: "OUT = input * sqrt(P / P_design * T_design / T)",
    inputs: &[
        inlet("input", Takes::Value, "\"FT-351\""),
        inlet("pressure", Takes::Value, "\"PT-351\""),
        inlet("temperature", Takes::Value, "\"TT-351\""),
    ],
    ports: &[result("OUT", "", Scale::First), result("FACTOR", ", factor", Scale::Fixed("", 0.0, 10.0, 4))],
    bad: Bad::Hold,
    drives: &[],
    signal: true,
    read,
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct FlowCompensation {
    /// To absolute pascals and kelvins: factor and offset.
    pressure: (f64, f64),
    temperature: (f64, f64),
    /// `T_design / P_design`.
    design: f64,
    low: f64,
    high: f64,
}

fn read(form: &mut Form<'_, '_, '_, '_>) -> Option<(Law, usize)> {
    let pressure = form.input_in(1, "pressure", "Pa");
    let temperature = form.input_in(2, "temperature", "K");
    let gauge = form.need_word("pressure_is", &[("gauge", true), ("absolute", false)], "\"gauge\"");
    let design_p = form.need_quantity("design_pressure", "\"3 bar\"", "Pa");
    let design_t = form.need_quantity("design_temperature", "\"20 degC\"", "K");
    let atmosphere = form.quantity("atmosphere", "Pa").unwrap_or(101_325.0);
    let (mut pressure, temperature) = (pressure?, temperature?);
    let above = if gauge? { atmosphere } else { 0.0 };
    pressure.1 += above;
    let (design_p, design_t) = (design_p? + above, design_t?);
    if !(design_p > 0.0 && design_t > 0.0) {
        form.refuse(
            "design_pressure",
            "out-of-range",
            "the design case is not above absolute zero",
            "pressure and temperature of the design case",
            "write the pressure and the temperature that the orifice was calculated for",
        );
        return None;
    }
    let (low, high) = form.range(0);
    let law = FlowCompensation { pressure, temperature, design: design_t / design_p, low, high };
    Some((Law::FlowCompensation(law), 0))
}

impl FlowCompensation {
    pub(super) fn step(&self, io: &mut Io) {
        let p = io.input(1) * self.pressure.0 + self.pressure.1;
        let t = io.input(2) * self.temperature.0 + self.temperature.1;
        let ratio = if p > 0.0 && t > 0.0 { p / t * self.design } else { f64::NAN };
        let factor = libm::sqrt(ratio);
        let out = io.input(0) * factor;
        io.put(1, factor);
        io.put(0, if out.is_nan() { out } else { bounded(out, self.low, self.high) });
    }
}
