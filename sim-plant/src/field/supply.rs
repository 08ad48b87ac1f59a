//! What comes over the battery limit: liquors, solids, gases and organic, by composition.
//!
//! ```toml
//! [supply.acid]
//! text = "Sulfuric acid, tank farm"
//! liquor = { H2SO4 = "93 wt%" }            # of the liquor, wt% or g/L; water is the rest
//! temperature = "20 degC"
//!
//! [supply.black-mass]
//! solid = { NMC622 = 62, C = 30, Cu = 2.0, Al = 2.0, Fe = 0.5, LiF = 3.5 }     # per cent by mass; DMC wets them
//!
//! [supply.nitrogen]
//! gas = { N2 = 100 }                       # per cent by volume
//!
//! [supply.organic]
//! organic = "0.8 mol/L"                    # extractant in diluent
//! ```

use crate::chemistry::Chemistry;
use crate::constants::NORMAL_VOLUME;
use crate::matter::Matter;
use crate::parameters::ParameterMistake;
use crate::solution::oversaturated::{Excess, excess, fuming};
use crate::solution::solutes::{SOLUTES, molar_mass};
use crate::solution::{Notes, Slurry};
use crate::species::{Phase, Species};
use crate::units::tank::organic;

use super::origin::Origin;
use super::text::{Item, Table, hint};

/// One kilogram of it, and how large that is.
pub(super) struct Supply {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) parcel: Matter,
    /// m3/kg of liquor, solids and organic.
    pub(super) volume: f64,
    /// Nm3/kg of gas.
    pub(super) normal: f64,
    /// Cut off by a fault.
    pub(super) lost: bool,
    /// What a fault mixes in: per kilogram of supply.
    pub(super) spoiled: Matter,
    /// The word of the text: liquor, solid, gas or organic.
    pub(super) kind: Nature,
    pub(super) origin: Origin,
}

/// What a supply is, by the word of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    Liquor,
    Solid,
    Gas,
    Organic,
}

const WORDS: [(&str, Nature); 4] = [
    ("liquor", Nature::Liquor),
    ("solid", Nature::Solid),
    ("gas", Nature::Gas),
    ("organic", Nature::Organic),
];

/// Cathode materials by their metals: Ni, Co, Mn per metal atom, one lithium each.
const CATHODES: [(&str, [f64; 3]); 5] = [
    ("NMC111", [1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0]),
    ("NMC532", [0.5, 0.2, 0.3]),
    ("NMC622", [0.6, 0.2, 0.2]),
    ("NMC811", [0.8, 0.1, 0.1]),
    ("LCO", [0.0, 1.0, 0.0]),
];

/// mol/L that an organic can have, as in an extraction.
const EXTRACTANT: (f64, f64) = (0.01, 3.0);

pub(in crate::field) const KEYS: [&str; 8] =
    ["text", "liquor", "solid", "gas", "organic", "temperature", "source", "trust"];

impl Supply {
    pub(super) fn read(
        name: &str,
        item: Item<'_>,
        chemistry: &Chemistry,
        mistakes: &mut Vec<ParameterMistake>,
    ) -> Option<Self> {
        let Some(table) = item.table() else {
            mistakes.push(item.mistake(format!("write [supply.{name}]")));
            return None;
        };
        table.refuse_unknown(&KEYS, mistakes);
        match composition(&table, chemistry).and_then(|made| Ok((made, Origin::read(&table)?))) {
            Ok(((kind, matter), origin)) => {
                let mass = matter.mass(chemistry);
                let parcel = matter.part(1.0 / mass);
                let mut slurry = Slurry { matter: parcel.clone(), temperature: 293.15, ..Slurry::default() };
                slurry.settle(chemistry, &mut Notes::default());
                let normal = parcel.phase_moles(Phase::Gas, chemistry) * NORMAL_VOLUME;
                Some(Self {
                    name: name.to_owned(),
                    text: table.get("text").and_then(|text| text.text()).unwrap_or_default().to_owned(),
                    volume: slurry.volume(),
                    normal,
                    parcel,
                    lost: false,
                    spoiled: Matter::default(),
                    kind,
                    origin,
                })
            }
            Err(mistake) => {
                mistakes.push(mistake);
                None
            }
        }
    }

    /// What a fault adds: `grams` of a solute per litre of the supply. False when there is no such solute.
    pub(super) fn spoil(&mut self, solute: &str, grams_per_litre: f64, chemistry: &Chemistry) -> bool {
        let Some((_, recipe)) = SOLUTES.iter().find(|(name, _)| *name == solute) else { return false };
        let mut recipe_matter = Matter::default();
        recipe_matter.react(recipe, grams_per_litre * self.volume / molar_mass(recipe, chemistry));
        let kelvin = 298.15;
        recipe_matter.enthalpy = Species::ALL
            .iter()
            .map(|species| recipe_matter[*species] * chemistry.molar_enthalpy(*species, kelvin))
            .sum();
        self.spoiled = recipe_matter;
        true
    }

    /// So many kilograms of it, as it now is.
    pub(super) fn take(&self, kilograms: f64, into: &mut Matter) {
        for (amount, (own, more)) in
            into.amount.iter_mut().zip(self.parcel.amount.iter().zip(&self.spoiled.amount))
        {
            *amount += kilograms * (own + more);
        }
        into.enthalpy += kilograms * (self.parcel.enthalpy + self.spoiled.enthalpy);
    }
}

fn composition(table: &Table<'_>, chemistry: &Chemistry) -> Result<(Nature, Matter), ParameterMistake> {
    let kelvin = match table.get("temperature") {
        Some(item) => item.quantity_in("degC")? + 273.15,
        None => 293.15,
    };
    if !(253.15..=423.15).contains(&kelvin) {
        return Err(table.mistake("a supply has between -20 and 150 degC"));
    }
    let kinds: Vec<(Nature, Item<'_>)> =
        WORDS.iter().filter_map(|(word, kind)| table.get(word).map(|item| (*kind, item))).collect();
    let [(kind, item)] = kinds.as_slice() else {
        return Err(table.mistake("say what it is, once: liquor, solid, gas or organic = { ... }"));
    };
    let matter = match kind {
        Nature::Liquor => liquor(item, kelvin, chemistry)?,
        Nature::Solid => solid(item, kelvin, chemistry)?,
        Nature::Gas => gas(item, kelvin, chemistry)?,
        Nature::Organic => organic(extractant(item)? * 1e3, kelvin, chemistry),
    };
    Ok((*kind, matter))
}

/// mol/L of extractant: with no diluent at all there are some 3.
fn extractant(item: &Item<'_>) -> Result<f64, ParameterMistake> {
    let (low, high) = EXTRACTANT;
    let strength = item.quantity_in("mol/L")?;
    if (low..=high).contains(&strength) {
        return Ok(strength);
    }
    Err(item.mistake(format!(
        "organic: {strength} mol/L of extractant in diluent cannot be; write {low} to {high} mol/L"
    )))
}

fn parts<'a>(item: &Item<'a>) -> Result<Vec<(&'a str, Item<'a>)>, ParameterMistake> {
    item.table()
        .map(|table| table.entries())
        .ok_or_else(|| item.mistake("write what it is made of: { H2SO4 = \"93 wt%\" }"))
}

fn liquor(item: &Item<'_>, kelvin: f64, chemistry: &Chemistry) -> Result<Matter, ParameterMistake> {
    let (mut by_mass, mut by_volume) = (Matter::default(), Matter::default());
    let (mut solute_mass, mut volumetric) = (0.0, false);
    for (name, part) in parts(item)? {
        let names = SOLUTES.iter().map(|(name, _)| *name);
        let (_, recipe) = SOLUTES
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| part.mistake(format!("no solute is called {name}{}", hint(name, names))))?;
        let (value, unit) = part.quantity()?;
        if !(0.0..=2000.0).contains(&value) {
            return Err(part.mistake(format!("{name}: {value} {unit} cannot be")));
        }
        let molar = molar_mass(recipe, chemistry);
        if unit.symbol() == "wt%" {
            by_mass.react(recipe, value * 0.01 / molar);
            solute_mass += value * 0.01;
        } else {
            let grams = part.quantity_in("g/L")?;
            by_volume.react(recipe, grams / molar);
            volumetric = true;
        }
    }
    if volumetric && solute_mass > 0.0 {
        return Err(item.mistake("write all of a liquor in wt% or all in g/L"));
    }
    let mut notes = Notes::default();
    let made = if volumetric {
        Slurry::filled(&by_volume, 1.0, kelvin, chemistry, &mut notes)
    } else {
        if solute_mass >= 0.99 {
            return Err(item.mistake("a liquor has at least 1 wt% of water"));
        }
        by_mass[Species::Water] += (1.0 - solute_mass) / chemistry.molar_mass(Species::Water);
        Slurry::at(&by_mass, kelvin, chemistry, &mut notes)
    };
    // What does not dissolve is no liquor, whatever the balance says of it.
    match fuming(&made, chemistry).or_else(|| excess(&made, None, chemistry)) {
        Some(Excess { salt, times }) => Err(item.mistake(format!(
            "this cannot be: {times:.1} times the {salt} that dissolves in its water at {:.0} degC; write less of it, or a \
             temperature at which it dissolves",
            kelvin - 273.15
        ))),
        None => Ok(made.matter),
    }
}

/// Shares that are told in per cent, made to sum up to one.
fn shares(item: &Item<'_>) -> Result<Vec<(String, f64, usize)>, ParameterMistake> {
    let mut found = Vec::new();
    for (index, (name, part)) in parts(item)?.into_iter().enumerate() {
        let share = part.number().filter(|share| (0.0..=100.0).contains(share));
        let share = share.ok_or_else(|| part.mistake(format!("{name} is a share in per cent, 0 to 100")))?;
        found.push((name.to_owned(), share, index));
    }
    let sum: f64 = found.iter().map(|(_, share, _)| share).sum();
    if (sum - 100.0).abs() > 0.5 {
        return Err(item.mistake(format!("the shares sum up to {sum} %, not to 100 %")));
    }
    for (_, share, _) in &mut found {
        *share /= sum;
    }
    Ok(found)
}

fn solid(item: &Item<'_>, kelvin: f64, chemistry: &Chemistry) -> Result<Matter, ParameterMistake> {
    let mut amounts = Vec::new();
    for (name, share, _) in shares(item)? {
        if let Some((_, metals)) = CATHODES.iter().find(|(cathode, _)| *cathode == name) {
            let lattice = [Species::LatticeNickel, Species::LatticeCobalt, Species::LatticeManganese];
            let metal: f64 =
                lattice.iter().zip(metals).map(|(species, n)| n * chemistry.molar_mass(*species)).sum();
            let moles = share / (metal + chemistry.molar_mass(Species::LatticeLithium));
            amounts.extend(lattice.iter().zip(metals).map(|(species, n)| (*species, n * moles)));
            amounts.push((Species::LatticeLithium, moles));
            continue;
        }
        // Modules bring their solvent along.
        let solvent = (name == "DMC").then_some(Species::DimethylCarbonateLiquid);
        let species = solvent.or_else(|| Species::parse(&format!("{name}(s)"))).ok_or_else(|| {
            let solids = Species::ALL.iter().filter(|species| species.phase() == Phase::Solid);
            let names: Vec<&str> = solids.map(|species| species.symbol().trim_end_matches("(s)")).collect();
            let all = CATHODES.iter().map(|(name, _)| *name).chain(names.iter().copied());
            item.mistake(format!("no solid is called {name}{}", hint(&name, all)))
        })?;
        amounts.push((species, share / chemistry.molar_mass(species)));
    }
    Ok(chemistry.parcel(&amounts, kelvin))
}

fn gas(item: &Item<'_>, kelvin: f64, chemistry: &Chemistry) -> Result<Matter, ParameterMistake> {
    let mut amounts = Vec::new();
    for (name, share, _) in shares(item)? {
        let species = Species::parse(&format!("{name}(g)")).ok_or_else(|| {
            let gases = Species::ALL.iter().filter(|species| species.phase() == Phase::Gas);
            let names: Vec<&str> = gases.map(|species| species.symbol().trim_end_matches("(g)")).collect();
            item.mistake(format!("no gas is called {name}{}", hint(&name, names.into_iter())))
        })?;
        amounts.push((species, share));
    }
    Ok(chemistry.parcel(&amounts, kelvin))
}
