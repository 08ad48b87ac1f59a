//! Everything that moves without the current: foulants, holes, gas that leaves, heat, and the flow.

use super::{Cell, CellDuty, CellMake, CellYield};
use crate::constants::{GAS, GRAVITY};
use crate::gas::{CL2, Gas, H2, STEAM};
use crate::liquid::{CL, CLO3, H, Holdup, Liquid, MG, VOLUME_FLOOR, W, X};

impl Cell {
    /// The loosely held part of the magnesium goes back to the anolyte.
    pub(super) fn release_magnesium(&mut self, duty: &CellDuty<'_>) {
        let back = self.magnesium_loose * duty.dt / duty.p.membrane.magnesium_release_time;
        self.magnesium_loose -= back;
        let a = &mut self.anolyte.liquid;
        a.amount[MG] += back;
        a.amount[W] += 2.0 * back;
        a.amount[H] -= 2.0 * back;
        a.enthalpy += back * duty.p.thermo.magnesium_hydroxide;
    }

    /// Hydrogen through the sound membrane, and whatever a hole lets through.
    pub(super) fn seep(&mut self, make: &CellMake, duty: &CellDuty<'_>, out: &mut CellYield) {
        let p = duty.p;
        let partial = (duty.hydrogen_pressure - self.catholyte.vapour).max(0.0) / 1e5;
        let made = out.hydrogen.amount[H2].max(0.0);
        let sound = p.membrane.hydrogen_permeability * p.cell.active_area * make.area * partial * duty.dt;
        let mut crossing = if duty.current > 0.0 { sound } else { 0.0 };
        if self.pinhole > 0.0 {
            crossing += self.leak_through_hole(duty);
        }
        let crossing = crossing.min(0.5 * made);
        let enthalpy = crossing * duty.g.molar(H2, self.catholyte.temperature);
        out.hydrogen.amount[H2] -= crossing;
        out.hydrogen.enthalpy -= enthalpy;
        out.chlorine.amount[H2] += crossing;
        out.chlorine.enthalpy += enthalpy;
    }

    /// Moves liquor through the hole, down the pressure difference; returns the hydrogen that goes with it.
    fn leak_through_hole(&mut self, duty: &CellDuty<'_>) -> f64 {
        let p = duty.p;
        // The hole is at half height: what stands above it presses, the heavier liquor a little more, and
        // nothing flows from a compartment whose liquor has fallen below it.
        const HALF_HEIGHT: f64 = 1.0;
        let pressing = |holdup: &Holdup, full: f64| {
            holdup.density * GRAVITY * HALF_HEIGHT * (2.0 * holdup.volume / full - 1.0).clamp(0.0, 1.0)
        };
        let (over_a, over_c) = (
            pressing(&self.anolyte, p.cell.anolyte_volume),
            pressing(&self.catholyte, p.cell.catholyte_volume),
        );
        let head = over_c - over_a;
        let difference = duty.hydrogen_pressure - duty.chlorine_pressure;
        let area = self.pinhole * p.membrane.pinhole_discharge;
        let under_liquor = area * (1.0 - self.pinhole_gas_share);
        let push = difference + head;
        let (giver, taker, over) = if push >= 0.0 {
            (&mut self.catholyte, &mut self.anolyte, over_c)
        } else {
            (&mut self.anolyte, &mut self.catholyte, over_a)
        };
        if over > 0.0 {
            let volume = under_liquor * libm::sqrt(2.0 * push.abs() / giver.density) * duty.dt;
            let share = (volume / giver.volume.max(VOLUME_FLOOR)).min(0.05);
            let leaked = giver.liquid.take(share);
            taker.liquid.add(&leaked);
        }
        if difference <= 0.0 {
            return 0.0;
        }
        // Moist hydrogen at cell temperature.
        let density = duty.hydrogen_pressure * 0.012 / (GAS * self.catholyte.temperature);
        let gas = area * self.pinhole_gas_share * libm::sqrt(2.0 * difference / density);
        let hydrogen = (duty.hydrogen_pressure - self.catholyte.vapour).max(0.0);
        gas * duty.dt * hydrogen / (GAS * self.catholyte.temperature)
    }

    /// 3 HClO -> ClO3- + 2 Cl- + 3 H+.
    pub(super) fn react(&mut self, duty: &CellDuty<'_>) {
        disproportionate(&mut self.anolyte, duty.dt);
    }

    pub(super) fn strip(&mut self, duty: &CellDuty<'_>, make: &CellMake, out: &mut CellYield) {
        let p = duty.p;
        let load =
            (self.current / (p.cell.active_area * make.area)).max(0.0) / p.membrane.reference_current_density;
        let rate = p.cell.stripping_rest + p.cell.stripping_bubbles * load.min(3.0);
        let chlorine = strippable(&self.anolyte, rate, duty.chlorine_pressure, duty.chlorine_share, duty.dt);
        if chlorine > 0.0 {
            let mut gas = [0.0; 5];
            gas[CL2] = chlorine;
            degas(&mut self.anolyte.liquid, chlorine);
            release(&mut self.anolyte, gas, duty.chlorine_pressure, duty, &mut out.chlorine);
        }
    }

    pub(super) fn exchange_heat(&mut self, make: &CellMake, duty: &CellDuty<'_>, out: &mut CellYield) {
        let c = &duty.p.cell;
        let conductance = duty.p.membrane.heat_transfer * c.active_area * make.area;
        // Not more than what would level them out, for a compartment that is nearly empty.
        let least = self.anolyte.capacity.min(self.catholyte.capacity);
        let through = (conductance * duty.dt).min(0.4 * least)
            * (self.catholyte.temperature - self.anolyte.temperature);
        let loss = |holdup: &Holdup| {
            (0.5 * c.heat_loss * duty.dt).min(0.1 * holdup.capacity) * (holdup.temperature - duty.ambient)
        };
        let (loss_a, loss_c) = (loss(&self.anolyte), loss(&self.catholyte));
        self.anolyte.liquid.enthalpy += through - loss_a;
        self.catholyte.liquid.enthalpy -= through + loss_c;
        out.loss += loss_a + loss_c;
    }

    /// In from the loop, out over the weir.
    pub(super) fn flow(&mut self, make: &CellMake, duty: &CellDuty<'_>, out: &mut CellYield) {
        let c = &duty.p.cell;
        let open = make.flow * (1.0 - self.blocked);
        let sides = [
            (&mut self.anolyte, duty.anolyte, duty.anolyte_flow * open, c.anolyte_volume, &mut out.anolyte),
            (
                &mut self.catholyte,
                duty.catholyte,
                duty.catholyte_flow * make.flow,
                c.catholyte_volume,
                &mut out.catholyte,
            ),
        ];
        for (holdup, supply, flow, full, sink) in sides {
            let over = flow + (holdup.volume - full) / c.overflow_time;
            let share = (over * duty.dt / holdup.volume.max(VOLUME_FLOOR)).clamp(0.0, 0.5);
            sink.add(&holdup.liquid.take(share));
            holdup.liquid.add(&supply.part(flow * duty.dt));
        }
    }
}

/// Lets gas go, saturated with water vapour at the liquor's temperature.
pub(super) fn release(
    holdup: &mut Holdup,
    mut gas: [f64; 5],
    pressure: f64,
    duty: &CellDuty<'_>,
    out: &mut Gas,
) {
    let dry: f64 = gas.iter().sum();
    let vapour = holdup.vapour.min(0.9 * pressure);
    // Liquor that is nearly dry has no more water to give.
    let water = 0.1 * holdup.liquid.amount[W].max(0.0);
    gas[STEAM] = (dry.max(0.0) * vapour / (pressure - vapour)).min(water);
    holdup.liquid.amount[W] -= gas[STEAM];
    let enthalpy = duty.g.of(&gas, holdup.temperature);
    holdup.liquid.enthalpy -= enthalpy;
    out.add(&Gas { amount: gas, enthalpy });
}

/// mol of chlorine that wants to leave in this step; negative when the gas would dissolve.
pub(crate) fn strippable(holdup: &Holdup, rate: f64, pressure: f64, share: f64, dt: f64) -> f64 {
    let partial = share * (pressure - holdup.vapour).max(0.0);
    let excess = holdup.species.chlorine - partial * holdup.equilibria.chlorine;
    (rate * dt / (1.0 + rate * dt) * excess * holdup.volume).min(0.5 * holdup.liquid.amount[X].max(0.0))
}

/// Cl2(aq) = X + H + Cl - W leaves the components.
pub(crate) fn degas(liquid: &mut Liquid, chlorine: f64) {
    liquid.amount[X] -= chlorine;
    liquid.amount[H] -= chlorine;
    liquid.amount[CL] -= chlorine;
    liquid.amount[W] += chlorine;
}

pub(crate) fn disproportionate(holdup: &mut Holdup, dt: f64) {
    let s = &holdup.species;
    let rate = holdup.equilibria.chlorate * s.hypochlorous * s.hypochlorous * s.hypochlorite;
    let free = holdup.liquid.amount[X].max(0.0);
    let made = (rate * holdup.volume * dt).min(0.1 * free);
    let a = &mut holdup.liquid.amount;
    a[X] -= 3.0 * made;
    a[CLO3] += made;
    a[CL] += 2.0 * made;
    a[H] += 3.0 * made;
}
