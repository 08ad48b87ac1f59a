//! A vessel of shreds, gas and steel at one temperature, and the solvent that leaves the shreds.

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::constants::{GAS, REFERENCE};
use crate::matter::Matter;
use crate::species::{Phase, Species};

/// mol of gas in `volume` (m3).
pub(super) fn moles(pressure: f64, volume: f64, kelvin: f64) -> f64 {
    pressure * volume / (GAS * kelvin.max(100.0))
}

/// DMC boils at 90 degC (basis 4.2).
const BOILING: f64 = 363.15;
const EVAPORATE: [(Species, f64); 2] =
    [(Species::DimethylCarbonateLiquid, -1.0), (Species::DimethylCarbonate, 1.0)];

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Vessel {
    pub matter: Matter,
    /// J of the steel above 25 degC.
    pub metal: f64,
    /// K
    pub temperature: f64,
}

impl Vessel {
    pub(super) fn at(matter: Matter, kelvin: f64, capacity: f64) -> Self {
        Self { matter, metal: capacity * (kelvin - REFERENCE), temperature: kelvin }
    }

    /// Shares the energy out between steel (J/K) and matter.
    pub(super) fn settle(&mut self, chemistry: &Chemistry, metal: f64) {
        let (formed, capacity) = chemistry.sums(&self.matter);
        let energy = self.matter.enthalpy + self.metal;
        let kelvin = REFERENCE + (energy - formed) / (capacity.max(0.0) + metal);
        self.temperature = kelvin.clamp(200.0, 1500.0);
        self.metal = metal * (self.temperature - REFERENCE);
        self.matter.enthalpy = energy - self.metal;
    }

    /// Pa of solvent vapour over the shreds.
    fn solvent_pressure(&self, chemistry: &Chemistry) -> f64 {
        let heat = chemistry.molar_enthalpy(Species::DimethylCarbonate, REFERENCE)
            - chemistry.molar_enthalpy(Species::DimethylCarbonateLiquid, REFERENCE);
        101_325.0 * libm::exp(-heat / GAS * (1.0 / self.temperature.clamp(200.0, 500.0) - 1.0 / BOILING))
    }

    /// `rate` of the way to balance between solvent and the gas of this vessel, but no further than the heat goes.
    pub(super) fn evaporate(&mut self, chemistry: &Chemistry, pressure: f64, rate: f64) {
        let vapour = self.matter[Species::DimethylCarbonate].max(0.0);
        let others = (self.matter.phase_moles(Phase::Gas, chemistry) - vapour).max(0.0);
        let over = self.solvent_pressure(chemistry).min(0.9 * pressure);
        let goal = others * over / (pressure - over);
        let liquid = self.matter[Species::DimethylCarbonateLiquid].max(0.0);
        self.matter.react(&EVAPORATE, ((goal - vapour) * rate).clamp(-vapour, liquid));
    }

    /// Under vacuum: what has a higher pressure than `pressure` leaves at `rate` of what there is.
    pub(super) fn boil(&mut self, chemistry: &Chemistry, pressure: f64, rate: f64) {
        let over = self.solvent_pressure(chemistry);
        let drive = (1.0 - pressure / over).clamp(0.0, 1.0);
        let liquid = self.matter[Species::DimethylCarbonateLiquid].max(0.0);
        self.matter.react(&EVAPORATE, liquid * rate * drive);
    }

    /// Lets out the gas beyond `keep` mol.
    pub(super) fn vent(&mut self, chemistry: &Chemistry, keep: f64) -> Matter {
        let held = self.matter.phase_moles(Phase::Gas, chemistry);
        let share = if held > keep { 1.0 - keep / held } else { 0.0 };
        self.part(chemistry, share, |phase| phase == Phase::Gas)
    }

    /// Takes `share` of what is no gas.
    pub(super) fn condensed(&mut self, chemistry: &Chemistry, share: f64) -> Matter {
        self.part(chemistry, share, |phase| phase != Phase::Gas)
    }

    fn part(&mut self, chemistry: &Chemistry, share: f64, of: fn(Phase) -> bool) -> Matter {
        let mut out = Matter::default();
        for species in Species::ALL.iter().filter(|species| of(species.phase())) {
            let amount = self.matter[*species] * share;
            out[*species] = amount;
            out.enthalpy += amount * chemistry.molar_enthalpy(*species, self.temperature);
        }
        self.matter.subtract(&out);
        out
    }

    pub(super) fn state(&mut self, walk: &mut dyn StateWalk) {
        self.matter.state(walk);
        walk.f64(&mut self.metal);
        walk.f64(&mut self.temperature);
    }
}
