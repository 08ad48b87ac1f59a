//! A few lines of physics behind the test plant's outputs, so that its batches can run.

use model::Quality;

use super::Harness;

#[derive(Clone)]
pub struct Field {
    pub level: f64,
    pub current: f64,
    pub brine: f64,
    pub temperature: f64,
    pub gas: f64,
    /// A jammed device does not answer its command.
    pub pump_jammed: bool,
    pub level_stuck: bool,
    pub breaker_jammed: bool,
    pump_s: f64,
    valve: f64,
    breaker_s: f64,
}

impl Field {
    pub fn new() -> Self {
        Self {
            level: 40.0,
            current: 0.0,
            brine: 2.0,
            temperature: 78.0,
            gas: 0.2,
            pump_jammed: false,
            level_stuck: false,
            breaker_jammed: false,
            pump_s: 0.0,
            valve: 0.0,
            breaker_s: 0.0,
        }
    }

    /// One scan of the plant and the engine together.
    pub fn step(&mut self, h: &mut Harness) {
        let dt = 0.01;
        let on = |h: &Harness, name: &str| h.value(name) >= 0.5;
        let toward = |value: &mut f64, goal: bool, seconds: f64| {
            *value = (*value + if goal { dt } else { -dt } / seconds).clamp(0.0, 1.0);
        };
        toward(&mut self.pump_s, on(h, "P-311.CMD") && !self.pump_jammed, 1.0);
        toward(&mut self.valve, on(h, "XV-311.CMD"), 2.0);
        toward(&mut self.breaker_s, on(h, "RF-301.CMD") && !self.breaker_jammed, 0.3);
        if !self.level_stuck {
            self.level += 0.02 * self.valve * h.value("FY-321") * dt;
        }
        let closed = self.breaker_s >= 1.0;
        let demand = if closed { h.value("IY-301") * 0.08 } else { 0.0 };
        self.current += (demand - self.current) * dt / 0.5;
        self.brine += (h.value("FV-301") * 0.1 - self.brine) * dt / 1.0;
        let switch = |on: bool| f64::from(u8::from(on));
        for (name, value) in [
            ("PLC-300.LINK", 1.0),
            ("LT-311", self.level),
            ("TT-311", self.temperature),
            ("FT-311", 8.0),
            ("FT-301", self.brine),
            ("IT-301", self.current),
            ("AT-351", self.gas),
            ("PT-331A", 20.0),
            ("PT-331B", 21.0),
            ("PT-331C", 22.0),
            ("P-311.RUN", switch(self.pump_s >= 1.0)),
            ("XV-311.ZSO", switch(self.valve >= 1.0)),
            ("XV-311.ZSC", switch(self.valve <= 0.0)),
            ("RF-301.CLOSED", switch(closed)),
        ] {
            let point = h.point(name);
            h.input(point, value, Quality::Good);
        }
        h.scan();
    }

    pub fn run(&mut self, h: &mut Harness, seconds: f64) {
        for _ in 0..(seconds * 100.0) as usize {
            self.step(h);
        }
    }

    /// Steps until the condition holds, at most so long. Returns whether it does.
    pub fn until(&mut self, h: &mut Harness, seconds: f64, condition: impl Fn(&Harness) -> bool) -> bool {
        for _ in 0..(seconds * 100.0) as usize {
            if condition(h) {
                return true;
            }
            self.step(h);
        }
        condition(h)
    }
}
