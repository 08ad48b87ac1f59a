//! What the area holds, whether it adds up, and the walk over its state.

use model::StateWalk;

use super::Electrolysis;
use crate::constants::{MASS_CA, MASS_H, MASS_MG, MASS_O};
use crate::ledger::{Account, Closure};
use crate::liquid::LI;

impl Electrolysis {
    /// Everything that the area holds.
    pub(super) fn inventory(&self) -> Account {
        let mut account = Account::default();
        for circuit in [&self.anolyte, &self.catholyte] {
            account.liquid(&circuit.tank.liquid);
        }
        for way in [&self.rounds.anolyte, &self.rounds.catholyte] {
            account.liquid(&way.liquid);
        }
        for cell in &self.cells {
            account.liquid(&cell.anolyte.liquid);
            account.liquid(&cell.catholyte.liquid);
            let (calcium, magnesium, hydroxide) = cell.solids();
            account.elements[2] += hydroxide;
            account.elements[3] += hydroxide;
            account.elements[4] += calcium;
            account.elements[5] += magnesium;
            account.mass += calcium * MASS_CA + magnesium * MASS_MG + hydroxide * (MASS_O + MASS_H);
            account.energy += cell.solids_enthalpy(&self.p);
        }
        account.gas(&self.hydrogen.gas);
        account.gas(&self.chlorine.gas);
        account
    }

    pub(crate) fn closure(&self) -> Closure {
        let liquids = self
            .cells
            .iter()
            .flat_map(|cell| [&cell.anolyte.liquid, &cell.catholyte.liquid])
            .chain([&self.anolyte.tank.liquid, &self.catholyte.tank.liquid]);
        let charge = liquids
            .map(|liquid| liquid.charge().abs() / liquid.amount[LI].abs().max(1.0))
            .fold(0.0, f64::max);
        self.ledger.closure(&self.inventory(), charge)
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        for cell in &mut self.cells {
            cell.state(walk);
        }
        self.rounds.state(walk);
        self.anolyte.state(walk);
        self.catholyte.state(walk);
        self.hydrogen.state(walk);
        self.chlorine.state(walk);
        self.rectifier.state(walk);
        for valve in &mut self.valves {
            valve.state(walk);
        }
        for block in &mut self.blocks {
            block.state(walk);
        }
        self.surroundings.state(walk);
        self.neighbours.state(walk);
        let u = &mut self.upsets;
        for value in [&mut u.calcium, &mut u.magnesium, &mut u.chlorine_leak, &mut u.hydrogen_leak] {
            walk.f64(value);
        }
        for flag in
            [&mut u.no_water, &mut u.no_cooling, &mut u.no_fan, &mut u.emergency_stop, &mut u.no_power]
        {
            walk.bool(flag);
        }
        let r = &mut self.rates;
        for value in [
            &mut r.brine,
            &mut r.acid,
            &mut r.water,
            &mut r.cooling,
            &mut r.cooling_heat,
            &mut r.water_heat,
            &mut r.current,
            &mut r.voltage,
            &mut r.power,
        ] {
            walk.f64(value);
        }
        self.excursions.state(walk);
        self.ledger.state(walk);
        walk.u32(&mut self.next_refresh);
    }
}
