//! On/off controller with a gap: heating (`reverse`) is on below `SP - gap / 2` and off above
//! `SP + gap / 2`, cooling (`direct`) the other way; between both OUT stays as it is.
//!
//! It is the on-off controller with hysteresis (Seborg, Edgar, Mellichamp: Process Dynamics and Control, chapter 8;
//! Astrom, Hagglund: Advanced PID Control, chapter 1).
//!
//! A bad PV holds OUT, bad, or switches it as `on_bad_pv` says.

use model::Quality;

use super::{Bad, Io, Law, Scale, Shape, Takes, inlet, result, setting};
use crate::compile::Form;

pub(super) static SHAPE: Shape = Shape {
    word: "on_off",
    equation: "OUT switches half a gap above and below SP",
    inputs: &[inlet("pv", Takes::Value, "\"LT-311\"")],
    ports: &[
        result("OUT", "", Scale::Switch("off", "on")),
        setting("SP", ", set point", Scale::First),
        result("PV", ", measured", Scale::First),
    ],
    bad: Bad::Law,
    drives: &["out"],
    signal: false,
    read,
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct OnOff {
    half_gap: f64,
    direct: bool,
    /// Where a bad PV puts OUT; nothing holds it.
    on_bad: Option<bool>,
}

fn read(form: &mut Form<'_, '_, '_, '_>) -> Option<(Law, usize)> {
    let gap = form.need_quantity("gap", "\"5 %\"", form.unit(1).difference().symbol());
    let direct = form.need_word("action", &[("direct", true), ("reverse", false)], "\"reverse\"");
    let words = [("hold", None), ("off", Some(false)), ("on", Some(true))];
    let on_bad = form.word("on_bad_pv", &words, None);
    form.need("sp", "\"50 %\"");
    form.initial(1, "sp", 0.0)?;
    let gap = gap?;
    if gap <= 0.0 {
        form.refuse(
            "gap",
            "out-of-range",
            "without a gap the output chatters",
            "must be above zero",
            "write the width between on and off, some times the noise of the PV",
        );
        return None;
    }
    form.fits_span("gap", gap, 2)?;
    Some((Law::OnOff(OnOff { half_gap: gap * 0.5, direct: direct?, on_bad: on_bad? }), 0))
}

impl OnOff {
    pub(super) fn step(&self, io: &mut Io) {
        if io.is_bad(0) {
            if let Some(on) = self.on_bad {
                io.put_switch(0, on);
            }
            io.doubt(0, Quality::BadCalculation);
            return io.doubt(2, Quality::BadCalculation);
        }
        let (pv, sp) = (io.input(0), io.port(1));
        let was = io.port(0) >= 0.5;
        let (above, below) = (pv > sp + self.half_gap, pv < sp - self.half_gap);
        let (on, off) = if self.direct { (above, below) } else { (below, above) };
        io.put_switch(0, on || (was && !off));
        io.put(2, pv);
    }
}
