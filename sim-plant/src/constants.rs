//! Constants of nature, and the atoms that the balances count.

/// C/mol.
pub(crate) const FARADAY: f64 = 96_485.332_12;
/// J/(mol K).
pub(crate) const GAS: f64 = 8.314_462_618;
/// m3/mol at 0 degC and 1.01325 bar.
pub(crate) const NORMAL_VOLUME: f64 = 0.022_413_969_5;
/// Reference temperature of the enthalpies, K.
pub(crate) const REFERENCE: f64 = 298.15;
/// 0 degC in K.
pub(crate) const ZERO_CELSIUS: f64 = 273.15;
pub(crate) const GRAVITY: f64 = 9.806_65;

/// kg/mol.
pub(crate) const MASS_H: f64 = 1.008e-3;
pub(crate) const MASS_LI: f64 = 6.94e-3;
pub(crate) const MASS_O: f64 = 15.999e-3;
pub(crate) const MASS_N: f64 = 14.007e-3;
pub(crate) const MASS_CL: f64 = 35.453e-3;
pub(crate) const MASS_CA: f64 = 40.078e-3;
pub(crate) const MASS_MG: f64 = 24.305e-3;
pub(crate) const MASS_WATER: f64 = 2.0 * MASS_H + MASS_O;
pub(crate) const MASS_LICL: f64 = MASS_LI + MASS_CL;
pub(crate) const MASS_LIOH: f64 = MASS_LI + MASS_O + MASS_H;
pub(crate) const MASS_HCL: f64 = MASS_H + MASS_CL;
pub(crate) const MASS_NAOH: f64 = 22.990e-3 + MASS_O + MASS_H;
