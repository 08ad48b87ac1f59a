//! The electrochemistry: Faraday, voltage, and who carries the current through the membrane.
//!
//! Pure functions of their arguments, in SI, so that they can be held against published cells.

use core::f64::consts::LN_10;

use crate::constants::{FARADAY, GAS, REFERENCE};
use crate::exp::exp;
use crate::parameters::{Membrane, Reversible};

/// Electrons that pass, in mol.
pub(crate) fn faraday(current: f64, seconds: f64) -> f64 {
    current * seconds / FARADAY
}

/// Volt of one electrode; Butler-Volmer with equal transfer coefficients, smooth through zero.
pub(crate) fn overpotential(density: f64, exchange: f64, tafel_slope: f64) -> f64 {
    tafel_slope / LN_10 * libm::asinh(density / (2.0 * exchange))
}

/// How much [`overpotential`] grows with the density, V per A/m2.
pub(crate) fn overpotential_slope(density: f64, exchange: f64, tafel_slope: f64) -> f64 {
    tafel_slope / LN_10 / libm::sqrt(density * density + 4.0 * exchange * exchange)
}

/// Cl- + H2O -> 1/2 Cl2 + 1/2 H2 + OH-, with concentrations in mol/m3 for activities and
/// pressures in Pa.
pub(crate) fn reversible_voltage(
    r: &Reversible,
    kelvin: f64,
    chloride: f64,
    hydroxide: f64,
    hydrogen_pressure: f64,
    chlorine_pressure: f64,
) -> f64 {
    const TRACE: f64 = 1e-3;
    let thermal = GAS * kelvin / FARADAY;
    let solution = libm::log(hydroxide.max(TRACE) / chloride.max(TRACE));
    let gas = libm::log((hydrogen_pressure.max(1.0) / 1e5) * (chlorine_pressure.max(1.0) / 1e5));
    r.standard_voltage + r.temperature_coefficient * (kelvin - REFERENCE) + thermal * (solution + 0.5 * gas)
}

/// Gas share of the liquor at the outlet of a gap, drift flux.
pub(crate) fn void_share(gas_velocity: f64, liquid_velocity: f64, distribution: f64, rise: f64) -> f64 {
    let gas = gas_velocity.max(0.0);
    (gas / (distribution * (gas + liquid_velocity.max(0.0)) + rise)).clamp(0.0, 0.8)
}

/// ohm m2 of a gap of gassy liquor, Bruggeman.
pub(crate) fn gap_resistance(gap: f64, conductivity: f64, void: f64) -> f64 {
    let liquid = 1.0 - void;
    gap / (conductivity * liquid * libm::sqrt(liquid))
}

/// ohm m2 of a clean membrane; `hydroxide` in mol/m3.
pub(crate) fn membrane_resistance(m: &Membrane, kelvin: f64, hydroxide: f64) -> f64 {
    let warm = exp(m.activation * (1.0 / kelvin - 1.0 / m.reference_temperature));
    let strength = 1.0 + m.caustic_effect * (hydroxide - m.reference_strength) * 1e-3;
    m.thickness / m.conductivity * warm * strength.max(0.5)
}

/// Share of the current that hydroxide carries back, at the reference current density.
pub(crate) fn leakage(m: &Membrane, hydroxide: f64) -> f64 {
    let strength = hydroxide.max(0.0) * 1e-3;
    m.leakage_constant + m.leakage_slope * libm::pow(strength.max(1e-6), m.leakage_exponent)
}

/// How much larger the leakage's share is at a lower current density.
pub(crate) fn leakage_at(m: &Membrane, density: f64) -> f64 {
    // Below this the law is an extrapolation to infinity; A/m2.
    const SLOWEST: f64 = 20.0;
    libm::pow(m.reference_current_density / density.abs().max(SLOWEST), m.leakage_current_exponent)
}

/// Shares of the membrane current; they add up to one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shares {
    pub(crate) lithium: f64,
    pub(crate) proton: f64,
    pub(crate) hydroxide: f64,
}

impl Shares {
    /// `hydroxide` is the leakage, `proton_concentration` and `lithium_concentration` are the anolyte's.
    pub(crate) fn new(
        m: &Membrane,
        hydroxide: f64,
        proton_concentration: f64,
        lithium_concentration: f64,
    ) -> Self {
        let hydroxide = hydroxide.clamp(0.0, m.leakage_max);
        let protons = proton_concentration.max(1e-12);
        let x = protons / (protons + lithium_concentration.max(0.0));
        let proton = m.proton_mobility * x / (1.0 + (m.proton_mobility - 1.0) * x);
        let proton = proton.min(1.0 - hydroxide);
        Self { lithium: (1.0 - proton - hydroxide).max(0.0), proton, hydroxide }
    }

    /// Against the forward current only cations move: the membrane holds anions off.
    pub(crate) const REVERSED: Self = Self { lithium: 1.0, proton: 0.0, hydroxide: 0.0 };
}

/// mol of water with one mol of lithium; `hydroxide` in mol/m3.
pub(crate) fn water_per_lithium(m: &Membrane, hydroxide: f64) -> f64 {
    // Strong lye dries the membrane, but not beyond the first hydration shell, or what is set if that is less.
    const LEAST: f64 = 2.0;
    let strength = (hydroxide - m.reference_strength) * 1e-3;
    (m.water_per_lithium + m.water_per_lithium_slope * strength).max(LEAST.min(m.water_per_lithium))
}

#[cfg(test)]
mod tests;
