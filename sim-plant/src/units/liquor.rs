//! A beaker of liquor: composition and temperature in, properties out.
//!
//! It has no inlets and does nothing; it shows what the property models say, with their ranges, so that
//! anyone can hold them against a handbook: `catholyte sim unit liquor --set weight.LiCl=20wt% --for 1s`.
//! Solutes may be given as mass fractions, as molalities, or both; water is the rest.

use std::sync::Arc;

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::matter::{Account, Matter};
use crate::parameters::{ParameterMistake, Reader};
use crate::solution::oversaturated::note_oversaturated;
use crate::solution::solubility::{self, Salt};
use crate::solution::solutes::{SOLUTES, molar_mass};
use crate::solution::{Notes, Remark, Slurry};
use crate::species::Species;
use crate::unit::{Duty, Exchange, Reading, Shape, UnitOperation};

use Species::Water;

tables! {
    State {
        /// Of the liquor
        temperature: "degC", -10.0, 150.0;
        /// Under which it boils
        pressure: "bar", 0.05, 5.0;
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    state: State,
    weight: [f64; SOLUTES.len()],
    molality: [f64; SOLUTES.len()],
}

impl Settings {
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        let state = State::read(r, "state");
        let weight =
            SOLUTES.map(|(name, _)| r.described("weight", name, "Mass fraction of it", "wt%", 0.0, 98.0));
        let molality = SOLUTES
            .map(|(name, _)| r.described("molality", name, "mol of it per kg of water", "mol/kg", 0.0, 25.0));
        let sum: f64 = weight.iter().sum();
        if sum > 0.98 {
            r.mistakes.push(ParameterMistake {
                file: "weight".to_owned(),
                line: 0,
                message: format!(
                    "{:.1} wt% of solutes leave no water; keep their sum at 98 or below",
                    sum * 100.0
                ),
            });
        }
        Self { state, weight, molality }
    }
}

pub static SHAPE: Shape = Shape {
    name: "liquor",
    text: "a beaker of liquor: composition and temperature in, properties out",
    inlets: &[],
    outlets: &[],
    orders: &[],
    readings: &[
        Reading { name: "density", unit: "kg/m3", text: "Laliberte" },
        Reading { name: "viscosity", unit: "mPa s", text: "Laliberte" },
        Reading { name: "heat-capacity", unit: "kJ/(kg K)", text: "of the ledger" },
        Reading {
            name: "heat-capacity-published",
            unit: "kJ/(kg K)",
            text: "Laliberte; 0 where never measured",
        },
        Reading { name: "conductivity", unit: "S/m", text: "Casteel-Amis" },
        Reading { name: "pH", unit: "pH", text: "of activity" },
        Reading { name: "H+", unit: "mol/L", text: "free" },
        Reading { name: "HSO4-", unit: "mol/L", text: "" },
        Reading { name: "HCO3-", unit: "mol/L", text: "" },
        Reading { name: "CO2", unit: "mol/L", text: "dissolved" },
        Reading { name: "vapour-pressure", unit: "kPa", text: "of water" },
        Reading { name: "boiling-point", unit: "degC", text: "under the pressure set" },
        Reading { name: "Li2CO3-solubility", unit: "g/L", text: "in water at this temperature" },
        Reading { name: "LiOH-solubility", unit: "g/100 g", text: "anhydrous per water" },
        Reading { name: "LiCl-solubility", unit: "g/100 g", text: "anhydrous per water" },
        Reading { name: "Li2SO4-solubility", unit: "g/100 g", text: "anhydrous per water" },
        Reading { name: "NiSO4-solubility", unit: "g/100 g", text: "anhydrous per water" },
        Reading { name: "CoSO4-solubility", unit: "g/100 g", text: "anhydrous per water" },
        Reading { name: "MnSO4-solubility", unit: "g/100 g", text: "anhydrous per water" },
        Reading { name: "Na2SO4-solubility", unit: "g/100 g", text: "anhydrous per water" },
        Reading { name: "NiSO4-hydrate", unit: "", text: "water in the crystal" },
        Reading { name: "CoSO4-hydrate", unit: "", text: "water in the crystal" },
        Reading { name: "MnSO4-hydrate", unit: "", text: "water in the crystal" },
        Reading { name: "Na2SO4-hydrate", unit: "", text: "water in the crystal" },
        Reading {
            name: "NiSO4-form",
            unit: "",
            text: "of the 6-hydrate: 1 tetragonal, blue; 2 monoclinic, green; 0 another hydrate",
        },
        Reading { name: "LiCl-strength", unit: "g/100 g", text: "LiCl per water in this liquor" },
    ],
    step_max: 1.0,
};

#[derive(Clone, Debug)]
pub struct Liquor {
    settings: Settings,
    chemistry: Arc<Chemistry>,
    slurry: Slurry,
    readings: [f64; SHAPE.readings.len()],
    notes: Notes,
}

impl Liquor {
    pub fn new(settings: Settings, chemistry: Arc<Chemistry>) -> Self {
        let mut notes = Notes::default();
        let weight: f64 = settings.weight.iter().sum();
        // One kilogram; what molalities add makes it heavier.
        let water = (1.0 - weight).max(0.02);
        notes.check(Remark::BadInput, weight <= 0.98);
        let mut matter = Matter::default();
        matter[Water] = water / chemistry.molar_mass(Water);
        for (k, (_, recipe)) in SOLUTES.iter().enumerate() {
            let mass = molar_mass(recipe, &chemistry);
            let moles = settings.weight[k] / mass + settings.molality[k] * water;
            matter.react(recipe, moles);
        }
        let slurry = Slurry::at(&matter, settings.state.temperature, &chemistry, &mut notes);
        let mut made = Self { settings, chemistry, slurry, readings: [0.0; SHAPE.readings.len()], notes };
        made.measure();
        made
    }

    fn measure(&mut self) {
        let (c, s, notes) = (&self.chemistry, &self.slurry, &mut self.notes);
        let kelvin = s.temperature;
        note_oversaturated(s, None, c, notes);
        let carbonate =
            solubility::lithium_carbonate(kelvin, c, notes) * c.molar_mass(Species::LithiumCarbonate);
        let mass = s.matter.mass(c);
        let lithium = s.matter[Species::Lithium].min(s.matter[Species::Chloride]);
        let salt = lithium * (c.molar_mass(Species::Lithium) + c.molar_mass(Species::Chloride));
        let mut readings = vec![
            s.density,
            s.viscosity(c, notes) * 1e3,
            s.capacity / mass * 1e-3,
            s.published_heat_capacity(c).unwrap_or(0.0) * 1e-3,
            s.conductivity(c, notes),
            s.ph(),
            s.species.proton,
            s.species.bisulfate,
            s.species.bicarbonate,
            s.species.carbon_dioxide,
            s.vapour_pressure(c, notes) * 1e-3,
            s.boiling_point(self.settings.state.pressure, c, notes) - 273.15,
            carbonate * 1e3,
        ];
        readings.extend(Salt::ALL.map(|salt| salt.solubility(kelvin, notes)));
        let hydrates =
            [Salt::NickelSulfate, Salt::CobaltSulfate, Salt::ManganeseSulfate, Salt::SodiumSulfate];
        readings.extend(hydrates.map(|salt| salt.hydrate(kelvin)));
        readings.push(solubility::nickel_sulfate_form(kelvin));
        readings.push(100.0 * salt / (s.matter[Water] * c.molar_mass(Water)));
        self.readings.copy_from_slice(&readings);
    }
}

impl UnitOperation for Liquor {
    fn shape(&self) -> &'static Shape {
        &SHAPE
    }

    fn step(&mut self, _: &mut Exchange<'_>, _: f64) {}

    fn read(&self, readings: &mut [f64]) {
        readings.copy_from_slice(&self.readings);
    }

    fn contents(&self, account: &mut Account) {
        account.count(&self.slurry.matter, &self.chemistry);
    }

    fn notes(&self) -> &Notes {
        &self.notes
    }

    fn duty(&self, _: &mut Duty) {}

    fn state(&mut self, walk: &mut dyn StateWalk) {
        self.slurry.state(walk);
        self.notes.state(walk);
    }
}
