//! The one list of species that every area counts in, and what each is made of.
//!
//! Dissolved matter is counted by **components**, a basis from which equilibrium makes the species:
//! `OH- = Water - Acid`, `HSO4- = Sulfate + Acid`, `HCO3- = Carbonate + Acid`,
//! `CO2(aq) = Carbonate + 2 Acid - Water`, `ClO- = HypochlorousAcid - Acid`. `Acid` is the net acid of the
//! liquor and negative in a lye. So an equilibrium never changes an amount, a reaction is a row of
//! numbers that conserves elements and charge, and no rounding of a pH can make or lose matter. The eight
//! components of area 300 are eight of these, with the same enthalpies.
//!
//! Solids, gases and the organic phase of solvent extraction are species as they are. Lattice oxides
//! (`LiO0.5`, `CoO1.5`) let each element of a battery cathode leave at its own pace while oxygen and
//! charge still close. `A` stands for the anion of the extractant and `Dil` for its diluent.

/// Where a species is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Aqueous,
    Solid,
    Gas,
    Organic,
}

macro_rules! species {
    ($($phase:ident { $($name:ident $symbol:literal $formula:literal $charge:literal;)+ })+) => {
        /// A species or component; the order is that of [`Species::ALL`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Species { $($($name,)+)+ }

        impl Species {
            pub const ALL: &'static [Self] = &[$($(Self::$name,)+)+];

            pub const fn phase(self) -> Phase {
                match self { $($(Self::$name => Phase::$phase,)+)+ }
            }

            /// How files, columns and messages write it.
            pub const fn symbol(self) -> &'static str {
                match self { $($(Self::$name => $symbol,)+)+ }
            }

            /// What it is made of.
            pub const fn formula(self) -> &'static str {
                match self { $($(Self::$name => $formula,)+)+ }
            }

            /// Elementary charges.
            pub const fn charge(self) -> f64 {
                match self { $($(Self::$name => $charge,)+)+ }
            }
        }
    };
}

species! {
    Aqueous {
        Water "H2O" "H2O" 0.0;
        Acid "H+" "H" 1.0;
        Lithium "Li+" "Li" 1.0;
        Sodium "Na+" "Na" 1.0;
        Potassium "K+" "K" 1.0;
        Calcium "Ca2+" "Ca" 2.0;
        Magnesium "Mg2+" "Mg" 2.0;
        Nickel "Ni2+" "Ni" 2.0;
        Cobalt "Co2+" "Co" 2.0;
        Manganese "Mn2+" "Mn" 2.0;
        Ferrous "Fe2+" "Fe" 2.0;
        Ferric "Fe3+" "Fe" 3.0;
        Copper "Cu2+" "Cu" 2.0;
        Aluminium "Al3+" "Al" 3.0;
        Chloride "Cl-" "Cl" -1.0;
        Sulfate "SO4--" "SO4" -2.0;
        Carbonate "CO3--" "CO3" -2.0;
        Sulfite "SO3--" "SO3" -2.0;
        Phosphate "PO4---" "PO4" -3.0;
        Fluoride "F-" "F" -1.0;
        Chlorate "ClO3-" "ClO3" -1.0;
        HypochlorousAcid "HClO" "HClO" 0.0;
        Peroxide "H2O2" "H2O2" 0.0;
        Silica "SiO2(aq)" "SiO2" 0.0;
    }
    Solid {
        LithiumCarbonate "Li2CO3(s)" "Li2CO3" 0.0;
        LithiumHydroxideHydrate "LiOH.H2O(s)" "LiOHH2O" 0.0;
        LithiumHydroxide "LiOH(s)" "LiOH" 0.0;
        LithiumChlorideHydrate "LiCl.H2O(s)" "LiClH2O" 0.0;
        LithiumSulfateHydrate "Li2SO4.H2O(s)" "Li2SO4H2O" 0.0;
        LithiumFluoride "LiF(s)" "LiF" 0.0;
        LithiumHexafluorophosphate "LiPF6(s)" "LiPF6" 0.0;
        LithiumPhosphate "Li3PO4(s)" "Li3PO4" 0.0;
        CalciumCarbonate "CaCO3(s)" "CaCO3" 0.0;
        CalciumHydroxide "Ca(OH)2(s)" "CaO2H2" 0.0;
        Gypsum "CaSO4.2H2O(s)" "CaSO4H4O2" 0.0;
        MagnesiumHydroxide "Mg(OH)2(s)" "MgO2H2" 0.0;
        NickelHydroxide "Ni(OH)2(s)" "NiO2H2" 0.0;
        CobaltHydroxide "Co(OH)2(s)" "CoO2H2" 0.0;
        ManganeseHydroxide "Mn(OH)2(s)" "MnO2H2" 0.0;
        CopperHydroxide "Cu(OH)2(s)" "CuO2H2" 0.0;
        FerrousHydroxide "Fe(OH)2(s)" "FeO2H2" 0.0;
        FerricHydroxide "Fe(OH)3(s)" "FeO3H3" 0.0;
        AluminiumHydroxide "Al(OH)3(s)" "AlO3H3" 0.0;
        FerricPhosphate "FePO4(s)" "FePO4" 0.0;
        NickelSulfate7 "NiSO4.7H2O(s)" "NiSO4H14O7" 0.0;
        NickelSulfate6 "NiSO4.6H2O(s)" "NiSO4H12O6" 0.0;
        CobaltSulfate7 "CoSO4.7H2O(s)" "CoSO4H14O7" 0.0;
        CobaltSulfate6 "CoSO4.6H2O(s)" "CoSO4H12O6" 0.0;
        CobaltSulfate1 "CoSO4.H2O(s)" "CoSO4H2O" 0.0;
        ManganeseSulfate5 "MnSO4.5H2O(s)" "MnSO4H10O5" 0.0;
        ManganeseSulfate1 "MnSO4.H2O(s)" "MnSO4H2O" 0.0;
        SodiumSulfate "Na2SO4(s)" "Na2SO4" 0.0;
        SodiumSulfate10 "Na2SO4.10H2O(s)" "Na2SO4H20O10" 0.0;
        SodiumChloride "NaCl(s)" "NaCl" 0.0;
        LatticeLithium "LiO0.5(s)" "LiO0.5" 0.0;
        LatticeNickel "NiO1.5(s)" "NiO1.5" 0.0;
        LatticeCobalt "CoO1.5(s)" "CoO1.5" 0.0;
        LatticeManganese "MnO1.5(s)" "MnO1.5" 0.0;
        NickelDioxide "NiO2(s)" "NiO2" 0.0;
        CobaltDioxide "CoO2(s)" "CoO2" 0.0;
        ManganeseDioxide "MnO2(s)" "MnO2" 0.0;
        LithiumIronPhosphate "LiFePO4(s)" "LiFePO4" 0.0;
        Graphite "C(s)" "C" 0.0;
        CopperMetal "Cu(s)" "Cu" 0.0;
        AluminiumMetal "Al(s)" "Al" 0.0;
        IronMetal "Fe(s)" "Fe" 0.0;
        NickelMetal "Ni(s)" "Ni" 0.0;
        CobaltMetal "Co(s)" "Co" 0.0;
        SilicaSolid "SiO2(s)" "SiO2" 0.0;
        Binder "C2H2F2(s)" "C2H2F2" 0.0;
        Plastic "CH2(s)" "CH2" 0.0;
        Inert "inert(s)" "X" 0.0;
    }
    Gas {
        Hydrogen "H2(g)" "H2" 0.0;
        Chlorine "Cl2(g)" "Cl2" 0.0;
        Oxygen "O2(g)" "O2" 0.0;
        Nitrogen "N2(g)" "N2" 0.0;
        Steam "H2O(g)" "H2O" 0.0;
        CarbonDioxide "CO2(g)" "CO2" 0.0;
        HydrogenChloride "HCl(g)" "HCl" 0.0;
        HydrogenFluoride "HF(g)" "HF" 0.0;
        SulfurDioxide "SO2(g)" "SO2" 0.0;
        CarbonMonoxide "CO(g)" "CO" 0.0;
        Methane "CH4(g)" "CH4" 0.0;
        DimethylCarbonate "DMC(g)" "C3H6O3" 0.0;
        PhosphorylFluoride "POF3(g)" "POF3" 0.0;
    }
    Organic {
        Extractant "HA(o)" "HA" 0.0;
        ExtractantLithium "LiA(o)" "LiA" 0.0;
        ExtractantSodium "NaA(o)" "NaA" 0.0;
        ExtractantCalcium "CaA2(o)" "CaA2" 0.0;
        ExtractantMagnesium "MgA2(o)" "MgA2" 0.0;
        ExtractantNickel "NiA2(o)" "NiA2" 0.0;
        ExtractantCobalt "CoA2(o)" "CoA2" 0.0;
        ExtractantManganese "MnA2(o)" "MnA2" 0.0;
        ExtractantCopper "CuA2(o)" "CuA2" 0.0;
        ExtractantFerric "FeA3(o)" "FeA3" 0.0;
        ExtractantAluminium "AlA3(o)" "AlA3" 0.0;
        Diluent "diluent(o)" "Dil" 0.0;
        DimethylCarbonateLiquid "DMC(l)" "C3H6O3" 0.0;
    }
}

/// How many species there are.
pub const SPECIES: usize = Species::ALL.len();

impl Species {
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The species of this symbol.
    pub fn parse(symbol: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|species| species.symbol() == symbol)
    }
}

/// Atoms that the balances count: symbol and kg/mol. `A`, `Dil` and `X` never react.
pub(crate) const ATOMS: &[(&str, f64)] = &[
    ("H", 1.008e-3),
    ("Li", 6.94e-3),
    ("C", 12.011e-3),
    ("N", 14.007e-3),
    ("O", 15.999e-3),
    ("F", 18.998e-3),
    ("Na", 22.990e-3),
    ("Mg", 24.305e-3),
    ("Al", 26.982e-3),
    ("Si", 28.085e-3),
    ("P", 30.974e-3),
    ("S", 32.06e-3),
    ("Cl", 35.453e-3),
    ("K", 39.098e-3),
    ("Ca", 40.078e-3),
    ("Mn", 54.938e-3),
    ("Fe", 55.845e-3),
    ("Co", 58.933e-3),
    ("Ni", 58.693e-3),
    ("Cu", 63.546e-3),
    // Anion of Cyanex 272 (C16H34PO2); of D2EHPA it would be 321.4.
    ("A", 289.42e-3),
    // Kerosene as dodecane.
    ("Dil", 170.34e-3),
    ("X", 0.1),
];

/// How many kinds of atom there are.
pub const ELEMENTS: usize = ATOMS.len();

/// Atoms of each kind in a formula such as `NiSO4H12O6` or `LiO0.5`.
pub(crate) fn composition(formula: &str) -> [f64; ELEMENTS] {
    let mut counts = [0.0; ELEMENTS];
    let mut rest = formula;
    while let Some(first) = rest.chars().next() {
        let symbol = 1 + rest[1..].find(|c: char| !c.is_ascii_lowercase()).unwrap_or(rest.len() - 1);
        let digits = rest[symbol..].find(|c: char| !c.is_ascii_digit() && c != '.');
        let end = symbol + digits.unwrap_or(rest.len() - symbol);
        let atom = ATOMS.iter().position(|(name, _)| *name == &rest[..symbol]);
        let count = if end == symbol { Ok(1.0) } else { rest[symbol..end].parse::<f64>() };
        debug_assert!(atom.is_some() && count.is_ok(), "{formula}: {first}");
        if let (Some(atom), Ok(count)) = (atom, count) {
            counts[atom] += count;
        }
        rest = &rest[end..];
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::{ATOMS, Phase, Species, composition};

    fn count(species: Species, atom: &str) -> f64 {
        composition(species.formula())[ATOMS.iter().position(|(name, _)| *name == atom).unwrap()]
    }

    #[test]
    fn a_formula_is_counted_atom_by_atom() {
        assert_eq!(count(Species::NickelSulfate6, "O"), 10.0);
        assert_eq!(count(Species::NickelSulfate6, "H"), 12.0);
        assert_eq!(count(Species::LatticeCobalt, "O"), 1.5);
        assert_eq!(count(Species::Diluent, "Dil"), 1.0);
        assert_eq!(count(Species::ExtractantFerric, "A"), 3.0);
    }

    #[test]
    fn every_species_has_atoms_and_a_symbol_of_its_own() {
        for (index, species) in Species::ALL.iter().enumerate() {
            assert_eq!(species.index(), index);
            assert_eq!(Species::parse(species.symbol()), Some(*species), "{species:?}");
            assert!(composition(species.formula()).iter().sum::<f64>() > 0.0, "{species:?}");
            assert!(species.charge() == 0.0 || species.phase() == Phase::Aqueous, "{species:?}");
        }
    }
}
