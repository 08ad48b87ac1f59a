//! What can be set of the cell, and the liquors that follow from it.

use crate::chemistry::Chemistry;
use crate::matter::Matter;
use crate::parameters::{Membrane, Reader, Reversible};
use crate::solution::{Notes, Slurry};
use crate::species::Species;

tables! {
    Cell {
        /// Cells in series
        cells: "", 1.0, 500.0, whole;
        /// Active area of one
        area: "m2", 1e-4, 10.0;
        /// Liquor of each side, all cells and tanks together
        volume: "L", 0.01, 1e6;
        /// Between membrane and anode
        anode_gap: "mm", 0.05, 30.0;
        /// Between membrane and cathode
        cathode_gap: "mm", 0.05, 30.0;
        /// Mass transfer of alkali to the membrane's face
        film: "m/s", 1e-7, 1e-2;
        /// Gas in the liquor of both gaps
        gas: "", 0.0, 0.6;
        /// What the rectifier gives at most, per cell
        voltage_max: "V", 1.0, 30.0;
        /// Heat loss of each side
        heat_loss: "W/K", 0.0, 1e4;
        /// Surroundings
        ambient: "degC", -20.0, 50.0;
        /// Pressure of both gases, absolute
        pressure: "bar", 0.5, 5.0;
    }
    Voltage {
        /// Reversible at 25 degC, all activities one
        reversible: "V", 1.0, 4.0;
        /// and per kelvin
        reversible_slope: "V/K", -0.01, 0.01;
        /// Activity coefficient of OH- in it
        hydroxide_activity: "", 0.1, 20.0;
        /// Tafel slope of the anode
        anode_slope: "V/dec", 0.01, 0.3;
        /// Exchange current of the anode
        anode_exchange: "A/m2", 1e-6, 1e4;
        /// Tafel slope of the cathode
        cathode_slope: "V/dec", 0.01, 0.3;
        /// Exchange current of the cathode
        cathode_exchange: "A/m2", 1e-6, 1e4;
        /// Bars and contacts
        hardware: "ohm m2", 0.0, 1e-2;
    }
    Sheet {
        /// of the dry sheet
        thickness: "mm", 0.01, 2.0;
        /// at the reference temperature and strength
        conductivity: "S/m", 0.05, 50.0;
        /// of the conductivity
        reference_temperature: "degC", 0.0, 120.0;
        /// Temperature of conduction: exp(B (1/T - 1/T_ref))
        activation: "K", 0.0, 5000.0;
        /// Resistance per mol/L of lye above the reference
        caustic_effect: "1/M", 0.0, 1.0;
        /// of the lye
        reference_strength: "mol/L", 0.1, 15.0;
        /// a0 of the back-migration of OH-
        leakage_constant: "", 0.0, 0.5;
        /// a1, at 1 mol/L of lye
        leakage_slope: "", 0.0, 0.5;
        /// Exponent of the lye's strength
        leakage_exponent: "", 0.1, 3.0;
        /// Exponent of the current density
        leakage_current_exponent: "", 0.0, 1.0;
        /// Current density of a0 and a1
        reference_current_density: "kA/m2", 0.05, 10.0;
        /// Bound of the back-migration
        leakage_max: "", 0.1, 0.99;
        /// Protons against alkali ions
        proton_mobility: "", 0.5, 20.0;
        /// Water with an alkali ion at the reference strength
        water: "", 0.0, 30.0;
        /// and per mol/L above
        water_slope: "1/M", -10.0, 10.0;
        /// Water with a proton
        water_per_proton: "", 0.0, 30.0;
        /// Salt through the membrane
        chloride_permeability: "m/s", 0.0, 1e-6;
        /// Hydrogen through the membrane
        hydrogen_permeability: "mol/(m2 s bar)", 0.0, 1e-2;
        /// Current lost per mol/m2 of calcium in the membrane
        calcium_efficiency: "m2/mol", 0.0, 1e4;
        /// Resistance per mol/m2 of magnesium in the membrane
        magnesium_resistance: "ohm m4/mol", 0.0, 10.0;
        /// Heat through it, with the films of both liquors
        heat_transfer: "W/(m2 K)", 0.0, 5000.0;
        /// Share of the hardness of the water that passes which stays in the membrane
        hardness_retained: "", 0.0, 1.0;
    }
    Anode {
        /// Chloride at which half of the current makes oxygen
        half_chloride: "mol/L", 0.001, 5.0;
        /// and how steeply
        exponent: "", 0.5, 6.0;
        /// More oxygen from an anolyte without acid
        alkaline_share: "", 0.0, 0.9;
        /// where half of that share is there
        alkaline_ph: "pH", 1.0, 13.0;
    }
    Chlorine {
        /// K_h at 25 degC
        hydrolysis: "M2", 1e-8, 1.0;
        /// its reaction enthalpy
        hydrolysis_enthalpy: "kJ/mol", -100.0, 100.0;
        /// Molecular Cl2 in water at 25 degC
        solubility: "M/atm", 1e-5, 10.0;
        /// d ln H / d(1/T) of it
        warming: "K", 0.0, 1e4;
        /// Chlorate from hypochlorite at 80 degC, [HClO]2 [ClO-]
        chlorate: "1/(M2 s)", 0.0, 1e6;
        /// its activation energy
        chlorate_activation: "kJ/mol", 0.0, 200.0;
    }
    Start {
        /// Chloride salt in the anolyte
        salt: "mol/L", 0.0, 12.0;
        /// Free acid in it; negative for alkali
        acid: "mol/L", -2.0, 5.0;
        /// Lye in the catholyte
        hydroxide: "mol/L", 0.01, 15.0;
        /// of both
        temperature: "degC", 5.0, 95.0;
    }
    Feed {
        /// Current density
        current: "kA/m2", 0.0, 10.0;
        /// Sodium, mol per mol of alkali, in brine and lye: 0 is LiCl, 1 is NaCl
        sodium: "", 0.0, 1.0;
        /// Brine
        brine: "L/h", 0.0, 1e6;
        /// Chloride salt in it
        strength: "mol/L", 0.0, 12.0;
        /// Free HCl in it; negative for alkali
        acid: "mol/L", -2.0, 5.0;
        /// Calcium in it
        calcium: "mg/L", 0.0, 1e4;
        /// Magnesium in it
        magnesium: "mg/L", 0.0, 1e4;
        /// Water or weak lye to the catholyte
        catholyte: "L/h", 0.0, 1e6;
        /// Lye in it
        hydroxide: "mol/L", 0.0, 15.0;
        /// of both
        temperature: "degC", 0.0, 95.0;
        /// What heater and cooler hold
        hold: "degC", 5.0, 95.0;
        /// 1: they hold it; 0: neither
        thermostat: "", 0.0, 1.0, whole;
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    pub(super) cell: Cell,
    pub(super) voltage: Voltage,
    pub(super) membrane: Membrane,
    pub(super) anode: Anode,
    pub(super) chlorine: Chlorine,
    pub(super) start: Start,
    pub(super) feed: Feed,
}

impl Settings {
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        Self {
            cell: Cell::read(r, "cell"),
            voltage: Voltage::read(r, "voltage"),
            membrane: Sheet::read(r, "membrane").law(),
            anode: Anode::read(r, "anode"),
            chlorine: Chlorine::read(r, "chlorine"),
            start: Start::read(r, "start"),
            feed: Feed::read(r, "feed"),
        }
    }

    /// `volume` m3 of brine, without its water.
    pub(super) fn salt(&self, strength: f64, acid: f64, volume: f64) -> Matter {
        let mut made = Matter::default();
        made[Species::Lithium] = strength * (1.0 - self.feed.sodium) * volume;
        made[Species::Sodium] = strength * self.feed.sodium * volume;
        // Alkali comes with its own cation, acid with its chloride.
        if acid < 0.0 {
            made.add(&self.lye(-acid, volume));
        } else {
            made[Species::Acid] = acid * volume;
        }
        made[Species::Chloride] = (strength + acid.max(0.0)) * volume;
        made
    }

    /// `volume` m3 of lye, without its water.
    pub(super) fn lye(&self, hydroxide: f64, volume: f64) -> Matter {
        let mut made = Matter::default();
        made[Species::Lithium] = hydroxide * (1.0 - self.feed.sodium) * volume;
        made[Species::Sodium] = hydroxide * self.feed.sodium * volume;
        made[Species::Acid] = -hydroxide * volume;
        made
    }

    /// The feeds that the settings state, mol/s.
    pub(super) fn feeds(&self, chemistry: &Chemistry, notes: &mut Notes) -> Vec<Matter> {
        let f = &self.feed;
        let mut brine = self.salt(f.strength, f.acid, f.brine);
        for (ion, content) in [(Species::Calcium, f.calcium), (Species::Magnesium, f.magnesium)] {
            // mg/L are g/m3.
            let amount = 1e-3 * content * f.brine / chemistry.molar_mass(ion);
            brine[ion] = amount;
            brine[Species::Chloride] += 2.0 * amount;
        }
        let lye = self.lye(f.hydroxide, f.catholyte);
        [(brine, f.brine), (lye, f.catholyte)]
            .into_iter()
            .map(|(recipe, flow)| {
                if flow > 0.0 {
                    Slurry::filled(&recipe, flow, f.temperature, chemistry, notes).matter
                } else {
                    Matter::default()
                }
            })
            .collect()
    }
}

impl Voltage {
    pub(super) fn reversible(&self) -> Reversible {
        Reversible { standard_voltage: self.reversible, temperature_coefficient: self.reversible_slope }
    }
}

impl Sheet {
    /// The law of area 300's membranes with these numbers; what this cell leaves out is nought.
    fn law(self) -> Membrane {
        Membrane {
            thickness: self.thickness,
            conductivity: self.conductivity,
            reference_temperature: self.reference_temperature,
            activation: self.activation,
            caustic_effect: self.caustic_effect,
            reference_strength: self.reference_strength,
            leakage_constant: self.leakage_constant,
            leakage_slope: self.leakage_slope,
            leakage_exponent: self.leakage_exponent,
            leakage_current_exponent: self.leakage_current_exponent,
            reference_current_density: self.reference_current_density,
            leakage_max: self.leakage_max,
            proton_mobility: self.proton_mobility,
            water_per_lithium: self.water,
            water_per_lithium_slope: self.water_slope,
            water_per_proton: self.water_per_proton,
            chloride_permeability: self.chloride_permeability,
            hydrogen_permeability: self.hydrogen_permeability,
            calcium_efficiency: self.calcium_efficiency,
            magnesium_resistance: self.magnesium_resistance,
            hardness_retained: self.hardness_retained,
            heat_transfer: self.heat_transfer,
            magnesium_reversible: 0.0,
            magnesium_release_time: f64::INFINITY,
            pinhole_discharge: 0.0,
        }
    }
}
