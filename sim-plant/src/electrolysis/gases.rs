//! The gas side of a step: chlorine over the tank, the two headers, what they give back and lose.

use super::neighbours::Absorber;
use super::{Electrolysis, block, neighbours, valve};
use crate::cell::{CellYield, degas, strippable};
use crate::circuit::Circuit;
use crate::gas::{CL2, GASES, Gas, HeaderDuty, HeaderExchange, STEAM};
use crate::ledger::Ledger;
use crate::liquid::{Enthalpies, W};

impl Electrolysis {
    /// Chlorine between the anolyte tank and the gas above it.
    pub(super) fn breathe(&mut self, raw: &mut Gas, dt: f64) {
        let share = self.chlorine.gas.dry_share(CL2);
        let p = &self.p.anolyte;
        let tank = &mut self.anolyte.tank;
        let wanted = strippable(tank, p.stripping, self.chlorine.pressure, share, dt);
        // The gas gives at most a little of what it has in one step.
        let chlorine = wanted.max(-0.02 * self.chlorine.gas.amount[CL2]);
        degas(&mut tank.liquid, chlorine);
        let mut gas = Gas::default();
        gas.amount[CL2] = chlorine;
        let kelvin = if chlorine > 0.0 { tank.temperature } else { self.p.chlorine_header.temperature };
        if chlorine > 0.0 {
            let vapour = tank.vapour.min(0.9 * self.chlorine.pressure);
            gas.amount[STEAM] = chlorine * vapour / (self.chlorine.pressure - vapour);
            tank.liquid.amount[W] -= gas.amount[STEAM];
        }
        gas.enthalpy = self.g.of(&gas.amount, kelvin);
        tank.liquid.enthalpy -= gas.enthalpy;
        raw.add(&gas);
    }

    pub(super) fn step_headers(&mut self, made: &CellYield, dt: f64) {
        let site = &self.p.site;
        let opening = |k: usize| self.blocks[k].position;
        let absorber = self.absorber();
        let duty =
            |valve: usize, user: usize, vent: f64, purge: usize, vent_pressure: f64, leak: f64| HeaderDuty {
                dt,
                site_pressure: site.pressure,
                site_temperature: site.temperature,
                valve: self.valves[valve].position,
                user: opening(user),
                vent,
                vent_pressure,
                purge: opening(purge),
                leak,
            };
        let hydrogen_duty = duty(
            valve::HYDROGEN,
            block::USER,
            opening(block::VENT),
            block::NITROGEN_HYDROGEN,
            self.p.hydrogen_header.vent_pressure,
            self.upsets.hydrogen_leak,
        );
        let chlorine_duty = duty(
            valve::CHLORINE,
            block::FURNACE,
            opening(block::SCRUBBER) * absorber.open,
            block::NITROGEN_CHLORINE,
            absorber.pressure,
            self.upsets.chlorine_leak,
        );
        let hydrogen = self.hydrogen.step(&self.p.hydrogen_header, &self.g, &made.hydrogen, &hydrogen_duty);
        let chlorine = self.chlorine.step(&self.p.chlorine_header, &self.g, &made.chlorine, &chlorine_duty);
        self.neighbours.deliver(neighbours::HYDROGEN, &hydrogen.delivered);
        self.neighbours.deliver(neighbours::CHLORINE, &chlorine.delivered);
        let warm_h = self.p.hydrogen_header.temperature;
        let warm_c = self.p.chlorine_header.temperature;
        let cooled = Self::settle_header(&mut self.ledger, &hydrogen, &mut self.catholyte, &self.h, warm_h)
            + Self::settle_header(&mut self.ledger, &chlorine, &mut self.anolyte, &self.h, warm_c);
        self.rates.cooling_heat += cooled / dt;
        let slipped = self.vent(&absorber, &chlorine.vented);
        let own = self.neighbours.absorber.is_none();
        let scrubbed = if own { chlorine.vented[CL2] } else { 0.0 };
        let leaks = [hydrogen.leaked, chlorine.leaked];
        self.surroundings.step(&self.p.site, &leaks, slipped, scrubbed, dt);
    }

    /// What takes the vented chlorine: the neighbour's absorber, or the string's own.
    pub(crate) fn absorber(&self) -> Absorber {
        self.neighbours.absorber.unwrap_or_else(|| Absorber {
            pressure: if self.upsets.no_fan { 0.0 } else { self.p.chlorine_header.vent_pressure },
            open: 1.0,
            fan: !self.upsets.no_fan,
            lye: self.surroundings.lye_percent(&self.p.site),
        })
    }

    /// Hands the vented gas over, and returns the mol of chlorine that get into the room: a duct that no fan holds
    /// below the room's pressure breathes out a little of what passes.
    fn vent(&mut self, absorber: &Absorber, vented: &[f64; GASES]) -> f64 {
        const BREATHES: f64 = 1e-3;
        let tight = if self.neighbours.absorber.is_some() { absorber.pressure < 0.0 } else { absorber.fan };
        let slipped = if tight { 0.0 } else { BREATHES * vented[CL2] };
        let mut gas = Gas { amount: *vented, enthalpy: 0.0 };
        gas.amount[CL2] -= slipped;
        gas.enthalpy = self.g.of(&gas.amount, self.p.chlorine_header.temperature);
        self.neighbours.deliver(neighbours::CHLORINE_VENT, &gas);
        slipped
    }

    /// Condensate returns to its circuit; the rest goes into the books. Returns what the gas cooler took, J.
    fn settle_header(
        ledger: &mut Ledger,
        exchange: &HeaderExchange,
        circuit: &mut Circuit,
        h: &Enthalpies,
        kelvin: f64,
    ) -> f64 {
        let enthalpy = exchange.condensate * h.molar(W, kelvin);
        circuit.tank.liquid.amount[W] += exchange.condensate;
        circuit.tank.liquid.enthalpy += enthalpy;
        ledger.inward.gas(&exchange.inward);
        ledger.outward.gas(&exchange.out);
        let cooled = exchange.cooled - enthalpy;
        ledger.outward.energy += cooled;
        cooled
    }
}
