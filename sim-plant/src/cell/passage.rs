//! Current through the cell: electrode reactions, what crosses the membrane, where the work goes.

use super::seepage::release;
use super::{Cell, CellDuty, CellMake, CellYield};
use crate::constants::MASS_WATER;
use crate::electro::Shares;
use crate::gas::{H2, O2};
use crate::liquid::{CA, CL, H, LI, MG, W, X};

/// Electrode reactions of one step, in mol of electrons.
pub(super) struct Electrons {
    chlorine: f64,
    oxygen: f64,
    hydrogen: f64,
    nickel: f64,
    hypochlorite: f64,
}

impl Cell {
    /// Share of the anode's current that makes oxygen: starved of chloride, or short of acid.
    fn oxygen_share(&self, duty: &CellDuty<'_>) -> f64 {
        let half = duty.oxygen_half_proton;
        let alkaline = duty.p.electrode.oxygen_alkaline_share * half / (half + self.anolyte.species.proton);
        (self.slow.starved + alkaline).min(1.0)
    }

    /// Electrodes and membrane: amounts, and the enthalpy that travels with ions and water.
    pub(super) fn pass_current(
        &mut self,
        electrons: f64,
        make: &CellMake,
        duty: &CellDuty<'_>,
        out: &mut CellYield,
    ) -> Electrons {
        let p = duty.p;
        let forward = electrons >= 0.0;
        let shares = if forward {
            let load = self.calcium / (p.cell.active_area * make.area);
            let back = (self.slow.leakage * duty.leakage_factor + p.membrane.calcium_efficiency * load)
                * make.leakage;
            Shares::new(&p.membrane, back, self.anolyte.species.proton, self.anolyte.concentration(LI))
        } else {
            Shares::REVERSED
        };
        self.shares = [shares.lithium, shares.proton, shares.hydroxide];
        let passed = self.electrons(electrons, forward, duty);
        self.electrode_products(&passed, duty, out);
        self.cross_membrane(electrons, &shares, duty);
        passed
    }

    fn electrons(&self, electrons: f64, forward: bool, duty: &CellDuty<'_>) -> Electrons {
        if !forward {
            return Electrons {
                chlorine: electrons,
                oxygen: 0.0,
                hydrogen: 0.0,
                nickel: electrons,
                hypochlorite: 0.0,
            };
        }
        let e = &duty.p.electrode;
        let oxygen = electrons * self.oxygen_share(duty);
        let nickel = (2.0 * self.nickel * duty.dt / e.nickel_reduction_time).min(electrons);
        let free = self.catholyte.liquid.amount[X].max(0.0);
        let hypochlorite = (2.0 * free * e.hypochlorite_reduction * duty.dt).min(electrons - nickel);
        Electrons {
            chlorine: electrons - oxygen,
            oxygen,
            hydrogen: electrons - nickel - hypochlorite,
            nickel,
            hypochlorite,
        }
    }

    fn electrode_products(&mut self, e: &Electrons, duty: &CellDuty<'_>, out: &mut CellYield) {
        // 2 Cl- -> Cl2(aq) + 2 e-, and 2 H2O -> O2 + 4 H+ + 4 e-.
        let anolyte = &mut self.anolyte.liquid;
        anolyte.amount[CL] -= 0.5 * e.chlorine;
        anolyte.amount[X] += 0.5 * e.chlorine;
        anolyte.amount[H] += 0.5 * e.chlorine + e.oxygen;
        anolyte.amount[W] -= 0.5 * (e.chlorine + e.oxygen);
        let mut gas = [0.0; 5];
        gas[O2] = 0.25 * e.oxygen;
        release(&mut self.anolyte, gas, duty.chlorine_pressure, duty, &mut out.chlorine);
        // 2 H2O + 2 e- -> H2 + 2 OH-; Ni(OH)2 + 2 e- -> Ni + 2 OH-; HClO + H+ + 2 e- -> Cl- + H2O.
        let catholyte = &mut self.catholyte.liquid;
        catholyte.amount[H] -= e.hydrogen + e.nickel + 0.5 * e.hypochlorite;
        catholyte.amount[W] += e.nickel + 0.5 * e.hypochlorite;
        catholyte.amount[X] -= 0.5 * e.hypochlorite;
        catholyte.amount[CL] += 0.5 * e.hypochlorite;
        catholyte.enthalpy += 0.5 * e.nickel * duty.p.thermo.nickel_hydroxide;
        self.nickel -= 0.5 * e.nickel;
        self.wear += 0.5 * (-e.nickel).max(0.0) / duty.p.cell.active_area;
        let mut gas = [0.0; 5];
        gas[H2] = 0.5 * e.hydrogen;
        release(&mut self.catholyte, gas, duty.hydrogen_pressure, duty, &mut out.hydrogen);
    }

    /// Positive electrons move cations to the catholyte, hydroxide to the anolyte, water along.
    fn cross_membrane(&mut self, electrons: f64, shares: &Shares, duty: &CellDuty<'_>) {
        let (p, h) = (duty.p, duty.h);
        let (warm_a, warm_c) = (self.anolyte.temperature, self.catholyte.temperature);
        let lithium = shares.lithium * electrons;
        let proton = shares.proton * electrons;
        let hydroxide = shares.hydroxide * electrons;
        // A compartment that runs dry gives no more water.
        let giver = if electrons >= 0.0 { self.anolyte.volume } else { self.catholyte.volume };
        let wet = (giver / (0.1 * p.cell.anolyte_volume)).clamp(0.0, 1.0);
        let water = (self.slow.water_per_lithium * lithium + p.membrane.water_per_proton * proton) * wet;
        let kelvin = if electrons >= 0.0 { warm_a } else { warm_c };
        let forward =
            lithium * h.molar(LI, kelvin) + water * h.molar(W, kelvin) + proton * h.molar(H, kelvin);
        let backward = hydroxide * h.molar_hydroxide(warm_c);
        let area = p.cell.active_area;
        // LiCl diffuses, driven by the difference of chloride.
        let difference = self.anolyte.concentration(CL) - self.catholyte.concentration(CL);
        let salt = p.membrane.chloride_permeability * area * difference * duty.dt * wet;
        let from = if salt >= 0.0 { warm_a } else { warm_c };
        let salt_enthalpy = salt * (h.molar(LI, from) + h.molar(CL, from));
        // Calcium and magnesium ride on the water and stay in the membrane as hydroxides; the lithium
        // that they stand in for stays behind.
        let convected = water.max(0.0) * MASS_WATER / 1000.0 * p.membrane.hardness_retained;
        let calcium = (self.anolyte.concentration(CA).max(0.0) * convected)
            .min(self.anolyte.liquid.amount[CA].max(0.0));
        let magnesium = (self.anolyte.concentration(MG).max(0.0) * convected)
            .min(self.anolyte.liquid.amount[MG].max(0.0));
        let hardness = calcium + magnesium;
        let stays = 2.0 * hardness * h.molar(LI, kelvin);
        let carried = calcium * h.molar(CA, warm_a) + magnesium * h.molar(MG, warm_a);
        let solid = calcium * p.thermo.calcium_hydroxide + magnesium * p.thermo.magnesium_hydroxide;

        let a = &mut self.anolyte.liquid;
        a.amount[LI] -= lithium + salt - 2.0 * hardness;
        a.amount[H] -= proton + hydroxide;
        a.amount[W] += hydroxide - water;
        a.amount[CL] -= salt;
        a.amount[CA] -= calcium;
        a.amount[MG] -= magnesium;
        a.enthalpy += backward - forward - salt_enthalpy + stays - carried;
        let c = &mut self.catholyte.liquid;
        c.amount[LI] += lithium + salt - 2.0 * hardness;
        c.amount[H] += proton + hydroxide + 2.0 * hardness;
        c.amount[W] += water - hydroxide - 2.0 * hardness;
        c.amount[CL] += salt;
        c.enthalpy += forward - backward + salt_enthalpy - stays + carried - solid;
        self.calcium += calcium;
        self.magnesium_loose += magnesium * p.membrane.magnesium_reversible;
        self.magnesium_fixed += magnesium * (1.0 - p.membrane.magnesium_reversible);
    }

    /// Electrical work: each side gets what its electrode reaction takes up, the rest is heat.
    pub(super) fn put_work(&mut self, e: &Electrons, duty: &CellDuty<'_>, out: &mut CellYield) {
        let t = &duty.p.thermo;
        let work = self.voltage * duty.current * duty.dt;
        let chlorine = 0.5 * t.dissolved_chlorine - t.chloride_ion;
        let oxygen = -0.5 * t.water;
        let anode = e.chlorine * chlorine + e.oxygen * oxygen;
        let cathode = (e.hydrogen + e.hypochlorite) * (t.hydroxide_ion - t.water)
            + e.nickel * (t.hydroxide_ion - 0.5 * t.nickel_hydroxide);
        let heat = work - anode - cathode;
        self.anolyte.liquid.enthalpy += anode + heat * duty.p.cell.heat_to_anolyte;
        self.catholyte.liquid.enthalpy += cathode + heat * (1.0 - duty.p.cell.heat_to_anolyte);
        out.work += work;
    }
}
