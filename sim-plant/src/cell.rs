//! One membrane cell: two stirred compartments, two electrodes, one membrane.

use model::StateWalk;

use crate::constants::{FARADAY, GAS, GRAVITY, MASS_WATER};
use crate::electro::{
    Shares, faraday, gap_resistance, leakage, membrane_resistance, overpotential, reversible_voltage,
    void_share, water_per_lithium,
};
use crate::gas::{CL2, Gas, GasEnthalpies, H2, O2, STEAM};
use crate::liquid::{CA, CL, CLO3, Enthalpies, H, Holdup, LI, Liquid, MG, VOLUME_FLOOR, W, X};
use crate::noise::Noise;
use crate::parameters::Parameters;
use crate::properties::{Excursions, conductivity, note_saturation};

/// What makes this cell differ from its neighbours; factors around one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct CellMake {
    pub(crate) area: f64,
    pub(crate) resistance: f64,
    pub(crate) leakage: f64,
    pub(crate) exchange: f64,
    pub(crate) flow: f64,
}

impl CellMake {
    /// Drawn from the seed, within three standard deviations.
    pub(crate) fn draw(p: &Parameters, noise: &mut Noise) -> Self {
        let mut factor = |spread: f64| 1.0 + spread * noise.normal().clamp(-3.0, 3.0);
        Self {
            area: factor(p.cell.spread_area),
            resistance: factor(p.cell.spread_resistance),
            leakage: factor(p.cell.spread_leakage),
            exchange: factor(p.cell.spread_exchange),
            flow: factor(p.cell.spread_flow),
        }
    }
}

/// What the cell sees of the rest of the plant in this step.
pub(crate) struct CellDuty<'a> {
    pub(crate) p: &'a Parameters,
    pub(crate) h: &'a Enthalpies,
    pub(crate) g: &'a GasEnthalpies,
    pub(crate) dt: f64,
    /// A of the string.
    pub(crate) current: f64,
    /// The leakage's dependence on current density, the same for all cells.
    pub(crate) leakage_factor: f64,
    /// mol/m3 of H+ at which half of the oxygen of an anolyte without acid appears.
    pub(crate) oxygen_half_proton: f64,
    /// Liquor to the cells, per cubic metre, and its flow, m3/s.
    pub(crate) anolyte: &'a Liquid,
    pub(crate) anolyte_flow: f64,
    pub(crate) catholyte: &'a Liquid,
    pub(crate) catholyte_flow: f64,
    /// Headers: Pa absolute, and the dry share of chlorine over the anolyte.
    pub(crate) hydrogen_pressure: f64,
    pub(crate) chlorine_pressure: f64,
    pub(crate) chlorine_share: f64,
    pub(crate) ambient: f64,
}

/// What left the cell in this step, added up over the string.
#[derive(Clone, Debug, Default)]
pub(crate) struct CellYield {
    pub(crate) anolyte: Liquid,
    pub(crate) catholyte: Liquid,
    pub(crate) chlorine: Gas,
    pub(crate) hydrogen: Gas,
    /// J of electrical work put in, J lost to the room.
    pub(crate) work: f64,
    pub(crate) loss: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Cell {
    pub(crate) anolyte: Holdup,
    pub(crate) catholyte: Holdup,
    /// Solids, mol: hydroxides in the membrane, nickel hydroxide on the cathode.
    pub(crate) calcium: f64,
    pub(crate) magnesium_fixed: f64,
    pub(crate) magnesium_loose: f64,
    pub(crate) nickel: f64,
    /// mol/m2 of nickel that was ever oxidised.
    pub(crate) wear: f64,
    /// Faults: m2 of hole, the share of it above the liquor, the blocked share of the feed.
    pub(crate) pinhole: f64,
    pub(crate) pinhole_gas_share: f64,
    pub(crate) blocked: f64,
    /// V, and the current through the cell itself, A.
    pub(crate) voltage: f64,
    pub(crate) current: f64,
    pub(crate) shares: [f64; 3],
    slow: Slow,
}

/// What changes with temperature and strength only, refreshed in turn.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Slow {
    anolyte_conductivity: f64,
    catholyte_conductivity: f64,
    membrane: f64,
    reversible: f64,
    leakage: f64,
    water_per_lithium: f64,
    /// Share of the current that makes oxygen because chloride is short.
    starved: f64,
}

/// Electrode reactions of one step, in mol of electrons.
struct Electrons {
    chlorine: f64,
    oxygen: f64,
    hydrogen: f64,
    nickel: f64,
    hypochlorite: f64,
}

impl Cell {
    pub(crate) fn new(anolyte: &Holdup, catholyte: &Holdup, p: &Parameters, h: &Enthalpies) -> Self {
        let scaled = |from: &Holdup, volume: f64| {
            let mut made = *from;
            made.liquid = from.liquid.part(volume / from.volume);
            made.resolve(h);
            made
        };
        Self {
            anolyte: scaled(anolyte, p.cell.anolyte_volume),
            catholyte: scaled(catholyte, p.cell.catholyte_volume),
            shares: [1.0, 0.0, 0.0],
            pinhole_gas_share: 0.3,
            ..Self::default()
        }
    }

    /// Recomputes the slow properties; cheap enough for one cell per step. `pressures` are those of
    /// the hydrogen and the chlorine header.
    pub(crate) fn refresh(&mut self, p: &Parameters, pressures: (f64, f64), seen: &mut Excursions) {
        let anolyte = self.anolyte.refresh(p, seen);
        let catholyte = self.catholyte.refresh(p, seen);
        note_saturation(&catholyte, self.catholyte.temperature, seen);
        let hydroxide = self.catholyte.species.hydroxide;
        let mean = 0.5 * (self.anolyte.temperature + self.catholyte.temperature);
        let ratio = self.anolyte.concentration(CL).max(0.0) / p.electrode.oxygen_half_chloride;
        self.slow = Slow {
            starved: 1.0 / (1.0 + libm::pow(ratio, p.electrode.oxygen_exponent)),
            anolyte_conductivity: conductivity(p, &anolyte, self.anolyte.temperature, seen),
            catholyte_conductivity: conductivity(p, &catholyte, self.catholyte.temperature, seen),
            membrane: membrane_resistance(&p.membrane, mean, hydroxide),
            reversible: reversible_voltage(
                &p.reversible,
                mean,
                self.anolyte.concentration(CL),
                hydroxide,
                pressures.0 - self.catholyte.vapour,
                pressures.1 - self.anolyte.vapour,
            ),
            leakage: leakage(&p.membrane, hydroxide),
            water_per_lithium: water_per_lithium(&p.membrane, hydroxide),
        };
    }

    /// One step; what leaves is added to `out`.
    pub(crate) fn step(&mut self, make: &CellMake, duty: &CellDuty<'_>, out: &mut CellYield) {
        self.electrify(make, duty);
        let electrons = faraday(self.current, duty.dt);
        let passed = self.pass_current(electrons, make, duty, out);
        self.put_work(&passed, duty, out);
        self.release_magnesium(duty);
        self.seep(make, duty, out);
        self.react(duty);
        self.strip(duty, make, out);
        self.exchange_heat(make, duty, out);
        self.flow(make, duty, out);
        self.anolyte.resolve(duty.h);
        self.catholyte.resolve(duty.h);
    }

    /// Area that liquor covers on both sides.
    fn wet_area(&self, make: &CellMake, p: &Parameters) -> f64 {
        const DRY: f64 = 0.02;
        let anolyte = self.anolyte.volume / (0.5 * p.cell.anolyte_volume);
        let catholyte = self.catholyte.volume / (0.5 * p.cell.catholyte_volume);
        p.cell.active_area * make.area * anolyte.min(catholyte).clamp(DRY, 1.0)
    }

    /// Voltage, and the cell's own current: the string's, less what runs back through the manifolds.
    fn electrify(&mut self, make: &CellMake, duty: &CellDuty<'_>) {
        let p = duty.p;
        let area = self.wet_area(make, p);
        let oxidant = self.anolyte.concentration(X).max(0.0);
        let charged = oxidant / (oxidant + p.electrode.oxidant_half);
        let open = (1.0 - duty.current / p.electrode.shunt_block_current).clamp(0.0, 1.0);
        let ohmic = (self.slow.membrane + p.cell.hardware_resistance) / area;
        let reverse = open * charged * self.slow.reversible.max(0.0) / (p.electrode.shunt_resistance + ohmic);
        self.current = duty.current - reverse;
        let density = self.current / area;
        // A string without current shows what drives the reversal; with current, the sum of the parts.
        let forward = if open < 1.0 { self.forward_voltage(density, make, duty) } else { 0.0 };
        self.voltage = (1.0 - open) * forward + open * reverse * p.electrode.shunt_resistance;
    }

    fn forward_voltage(&self, density: f64, make: &CellMake, duty: &CellDuty<'_>) -> f64 {
        let (p, c) = (duty.p, &duty.p.cell);
        let per_charge = GAS * self.anolyte.temperature / (2.0 * FARADAY * duty.chlorine_pressure);
        let void = |gap: f64, flow: f64, vapour: f64, pressure: f64| {
            let section = gap * c.width;
            let swollen = pressure / (pressure - vapour.min(0.8 * pressure));
            let gas = density.max(0.0) * c.active_area * per_charge * swollen / section;
            c.void_mean_share * void_share(gas, flow / section, c.drift_distribution, c.bubble_rise)
        };
        let share = make.flow * (1.0 - self.blocked);
        let anode_void =
            void(c.anode_gap, duty.anolyte_flow * share, self.anolyte.vapour, duty.chlorine_pressure);
        let cathode_void =
            void(c.cathode_gap, duty.catholyte_flow * share, self.catholyte.vapour, duty.hydrogen_pressure);
        let load = (self.magnesium_fixed + self.magnesium_loose) / (c.active_area * make.area);
        let activity = make.exchange / (1.0 + p.electrode.wear_per_reversal * self.wear);
        let resistance = make.resistance * self.slow.membrane
            + p.membrane.magnesium_resistance * load
            + gap_resistance(c.anode_gap, self.slow.anolyte_conductivity, anode_void)
            + gap_resistance(c.cathode_gap, self.slow.catholyte_conductivity, cathode_void)
            + c.hardware_resistance;
        self.slow.reversible
            + overpotential(density, c.anode_exchange_current * make.exchange, c.anode_tafel_slope)
            + overpotential(density, c.cathode_exchange_current * activity, c.cathode_tafel_slope)
            + density * resistance
    }

    /// Share of the anode's current that makes oxygen: starved of chloride, or short of acid.
    fn oxygen_share(&self, duty: &CellDuty<'_>) -> f64 {
        let half = duty.oxygen_half_proton;
        let alkaline = duty.p.electrode.oxygen_alkaline_share * half / (half + self.anolyte.species.proton);
        (self.slow.starved + alkaline).min(1.0)
    }

    /// Electrodes and membrane: amounts, and the enthalpy that travels with ions and water.
    fn pass_current(
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
    fn put_work(&mut self, e: &Electrons, duty: &CellDuty<'_>, out: &mut CellYield) {
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

    /// The loosely held part of the magnesium goes back to the anolyte.
    fn release_magnesium(&mut self, duty: &CellDuty<'_>) {
        let back = self.magnesium_loose * duty.dt / duty.p.membrane.magnesium_release_time;
        self.magnesium_loose -= back;
        let a = &mut self.anolyte.liquid;
        a.amount[MG] += back;
        a.amount[W] += 2.0 * back;
        a.amount[H] -= 2.0 * back;
        a.enthalpy += back * duty.p.thermo.magnesium_hydroxide;
    }

    /// Hydrogen through the sound membrane, and whatever a hole lets through.
    fn seep(&mut self, make: &CellMake, duty: &CellDuty<'_>, out: &mut CellYield) {
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
        // Both compartments stand equally high; the heavier liquor presses a little more.
        const HALF_HEIGHT: f64 = 1.0;
        let head = (self.catholyte.density - self.anolyte.density) * GRAVITY * HALF_HEIGHT;
        let difference = duty.hydrogen_pressure - duty.chlorine_pressure;
        let area = self.pinhole * p.membrane.pinhole_discharge;
        let under_liquor = area * (1.0 - self.pinhole_gas_share);
        let push = difference + head;
        let (giver, taker) = if push >= 0.0 {
            (&mut self.catholyte, &mut self.anolyte)
        } else {
            (&mut self.anolyte, &mut self.catholyte)
        };
        let volume = under_liquor * libm::sqrt(2.0 * push.abs() / giver.density) * duty.dt;
        let share = (volume / giver.volume.max(VOLUME_FLOOR)).min(0.05);
        let leaked = giver.liquid.take(share);
        taker.liquid.add(&leaked);
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
    fn react(&mut self, duty: &CellDuty<'_>) {
        disproportionate(&mut self.anolyte, duty.dt);
    }

    fn strip(&mut self, duty: &CellDuty<'_>, make: &CellMake, out: &mut CellYield) {
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

    fn exchange_heat(&mut self, make: &CellMake, duty: &CellDuty<'_>, out: &mut CellYield) {
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
    fn flow(&mut self, make: &CellMake, duty: &CellDuty<'_>, out: &mut CellYield) {
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

    /// mol of the elements in the solids: Ca, Mg and OH.
    pub(crate) fn solids(&self) -> (f64, f64, f64) {
        let magnesium = self.magnesium_fixed + self.magnesium_loose;
        (self.calcium, magnesium, 2.0 * (self.calcium + magnesium + self.nickel))
    }

    /// J in the solids.
    pub(crate) fn solids_enthalpy(&self, p: &Parameters) -> f64 {
        self.calcium * p.thermo.calcium_hydroxide
            + (self.magnesium_fixed + self.magnesium_loose) * p.thermo.magnesium_hydroxide
            + self.nickel * p.thermo.nickel_hydroxide
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        self.anolyte.state(walk);
        self.catholyte.state(walk);
        let s = &mut self.slow;
        for value in [
            &mut self.calcium,
            &mut self.magnesium_fixed,
            &mut self.magnesium_loose,
            &mut self.nickel,
            &mut self.wear,
            &mut self.pinhole,
            &mut self.pinhole_gas_share,
            &mut self.blocked,
            &mut self.voltage,
            &mut self.current,
            &mut s.anolyte_conductivity,
            &mut s.catholyte_conductivity,
            &mut s.membrane,
            &mut s.reversible,
            &mut s.leakage,
            &mut s.water_per_lithium,
            &mut s.starved,
        ] {
            walk.f64(value);
        }
        for share in &mut self.shares {
            walk.f64(share);
        }
    }
}

/// Lets gas go, saturated with water vapour at the liquor's temperature.
fn release(holdup: &mut Holdup, mut gas: [f64; 5], pressure: f64, duty: &CellDuty<'_>, out: &mut Gas) {
    let dry: f64 = gas.iter().sum();
    let vapour = holdup.vapour.min(0.9 * pressure);
    gas[STEAM] = dry.max(0.0) * vapour / (pressure - vapour);
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
