//! An element by its name, passed over while it stands still.
//!
//! Most of a plant's valves and motors stand where they are most of the time. A step that changed nothing changes
//! nothing when it is taken again, so until somebody moves the element its steps are left out, and with them what
//! follows from them: the flow of its lines, what its switches show.

use model::StateWalk;

use crate::parameters::Actuator;

use super::actuator::{Channel, Element};

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Driven {
    pub(super) name: String,
    element: Element,
    /// What it lets through: by a linear trim, and by an equal-percentage one where a line has that.
    open: [f64; 2],
    trimmed: bool,
    /// A step of so many seconds leaves it as it is.
    still: Option<f64>,
    /// The last step has changed it.
    moved: bool,
}

impl Driven {
    pub(super) fn new(name: &str, element: Element) -> Self {
        let mut made =
            Self { name: name.to_owned(), element, open: [0.0; 2], trimmed: false, still: None, moved: true };
        made.look();
        made
    }

    pub(super) const fn element(&self) -> &Element {
        &self.element
    }

    /// A line has an equal-percentage trim in it.
    pub(super) fn trim(&mut self) {
        self.trimmed = true;
        self.look();
    }

    pub(super) fn command(&mut self, channel: Channel, share: f64) {
        self.change(|element| element.command(channel, share));
    }

    pub(super) fn step(&mut self, p: &Actuator, start_time: f64, dt: f64) {
        if self.still == Some(dt) {
            self.moved = false;
            return;
        }
        let before = self.element;
        self.element.step(p, start_time, dt);
        // What it was told since its last step moves it as well: the step after that shows whether it stands.
        self.moved = self.still.is_none() || self.element != before;
        self.still = (self.element == before).then_some(dt);
        self.look();
    }

    pub(super) const fn moved(&self) -> bool {
        self.moved
    }

    /// Steps of `dt` seconds change nothing until somebody tells it something.
    pub(super) fn is_asleep(&self, dt: f64) -> bool {
        !self.moved && self.still == Some(dt)
    }

    /// How much of a flow it lets through, or how much of an order it gives, 0..1.
    pub(super) const fn conductance(&self, equal: bool) -> f64 {
        self.open[equal as usize]
    }

    /// Puts it at rest where a running plant has it.
    pub(super) fn settle(&mut self) {
        self.change(Element::settle);
        self.look();
    }

    /// The fault `valve-stuck` or `pump-trip`; false where the element has no such fault.
    pub(super) fn set_fault(&mut self, fault: &str, on: bool) -> bool {
        self.change(|element| element.set_fault(fault, on))
    }

    /// The voltage of the net goes or comes back.
    pub(super) fn lose_power(&mut self, lost: bool) {
        self.change(|element| element.lose_power(lost));
    }

    /// Somebody may move it.
    fn change<T>(&mut self, deed: impl FnOnce(&mut Element) -> T) -> T {
        let before = self.element;
        let done = deed(&mut self.element);
        if self.element != before {
            self.still = None;
        }
        done
    }

    fn look(&mut self) {
        self.open[0] = self.element.conductance(false);
        self.open[1] = if self.trimmed { self.element.conductance(true) } else { self.open[0] };
    }

    pub(super) fn state(&mut self, walk: &mut impl StateWalk) {
        self.change(|element| element.state(walk));
        self.look();
    }
}

#[cfg(test)]
mod tests {
    use super::Driven;
    use crate::field::actuator::{Channel, Element};
    use crate::parameters::Parameters;
    use crate::valve::ControlValve;

    fn valve() -> Element {
        Element::Valve { valve: ControlValve::default(), command: 0.0 }
    }

    /// The same orders, with and without what passes over a valve that stands.
    #[test]
    fn a_valve_that_is_passed_over_is_where_one_is_that_always_moves() {
        let p = Parameters::built_in().unwrap().actuator;
        let (mut driven, mut plain) = (Driven::new("FV-1", valve()), valve());
        driven.trim();
        let mut passed_over = 0;
        for step in 0..40_000 {
            if step % 4_000 == 0 {
                let share = [0.3, 0.300_001, 1.0, 0.0, 0.7][step / 4_000 % 5];
                driven.command(Channel::Share, share);
                plain.command(Channel::Share, share);
            }
            if step % 9_000 == 8_000 {
                let on = step % 18_000 == 8_000;
                assert!(driven.set_fault("valve-stuck", on) && plain.set_fault("valve-stuck", on));
            }
            // Another step length may move what stands in steps of the first.
            let dt = if step % 10_000 < 9_900 { 0.1 } else { 0.05 };
            driven.step(&p, 1.0, dt);
            plain.step(&p, 1.0, dt);
            passed_over += u32::from(!driven.moved());
            assert_eq!(*driven.element(), plain, "step {step}");
            for equal in [false, true] {
                assert_eq!(driven.conductance(equal), plain.conductance(equal), "step {step}");
            }
        }
        assert!(passed_over > 10_000, "{passed_over}");
    }

    #[test]
    fn what_has_been_told_something_says_that_it_has_moved() {
        let p = Parameters::built_in().unwrap().actuator;
        let mut switch = Driven::new("HS-1", Element::Switch { on: false });
        for _ in 0..3 {
            switch.step(&p, 1.0, 0.1);
        }
        assert!(!switch.moved());
        switch.command(Channel::On, 1.0);
        switch.step(&p, 1.0, 0.1);
        assert!(switch.moved() && switch.conductance(false) == 1.0);
        switch.step(&p, 1.0, 0.1);
        assert!(!switch.moved());
    }
}
