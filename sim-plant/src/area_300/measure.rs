//! What each tag would show if its instrument were perfect, in the tag's unit.

use crate::constants::{MASS_CL, MASS_LICL, NORMAL_VOLUME, ZERO_CELSIUS};
use crate::electrolysis::neighbours::{BRINE, Pipe, WATER};
use crate::electrolysis::{CELLS, Electrolysis};
use crate::gas::{CL2, H2, O2};
use crate::liquid::{LI, X};
use crate::properties::Makeup;
use crate::tags::{Side, Signal};

const HOUR: f64 = 3600.0;
const MBAR: f64 = 100.0;
const BAR: f64 = 1e5;

pub(super) fn truth(plant: &Electrolysis, signal: Signal) -> f64 {
    let switch = |on: bool| f64::from(u8::from(on));
    match signal {
        Signal::PumpRuns(side) => switch(circuit(plant, side).pump.runs()),
        Signal::PumpFault(side) => switch(circuit(plant, side).pump.tripped),
        Signal::Open(k) => switch(plant.blocks[k].is_open()),
        Signal::Closed(k) => switch(plant.blocks[k].is_closed()),
        Signal::EmergencyStopHealthy => switch(!plant.upsets.emergency_stop),
        Signal::ScrubberFan => switch(plant.absorber().fan),
        Signal::CoolingOk => switch(plant.rates.cooling * HOUR > 3.0),
        Signal::BreakerClosed => switch(plant.rectifier.closed),
        Signal::RectifierReady => switch(plant.rectifier.is_ready(plant.upsets.emergency_stop)),
        Signal::RectifierFault => switch(plant.rectifier.fault),
        Signal::Polarising => switch(plant.rectifier.polarising),
        Signal::Current
        | Signal::Voltage
        | Signal::Power
        | Signal::HalvesImbalance
        | Signal::Transformer
        | Signal::CellVoltage(_) => electrical(plant, signal),
        Signal::HydrogenPressure
        | Signal::HydrogenFlow
        | Signal::OxygenInHydrogen
        | Signal::HydrogenPurity
        | Signal::ChlorinePressure
        | Signal::ChlorineFlow
        | Signal::HydrogenInChlorine
        | Signal::OxygenInChlorine
        | Signal::ChlorinePurity
        | Signal::HeaderDifference => gas(plant, signal),
        Signal::CoolingFlow
        | Signal::CoolingSupply
        | Signal::CoolingReturn
        | Signal::WaterPressure
        | Signal::NitrogenPressure
        | Signal::RoomChlorine(_)
        | Signal::RoomHydrogen(_)
        | Signal::ScrubberLye => utility(plant, signal),
        _ => liquor(plant, signal),
    }
}

fn circuit(plant: &Electrolysis, side: Side) -> &crate::circuit::Circuit {
    match side {
        Side::Anolyte => &plant.anolyte,
        Side::Catholyte => &plant.catholyte,
    }
}

/// g/L of LiCl, and Ca and Mg as a mass share, of the brine in the feed pipe.
fn brine_analysis(plant: &Electrolysis) -> (f64, f64) {
    match &plant.neighbours.pipes[BRINE] {
        Some(pipe) => {
            let (strength, hard) = pipe.analysis(&plant.chemistry);
            (strength, hard + plant.upsets.calcium + plant.upsets.magnesium)
        }
        None => (plant.p.brine.strength, plant.supplies.hardness),
    }
}

/// True when the utilities give no DI water.
fn is_dry(plant: &Electrolysis) -> bool {
    plant.neighbours.pipes[WATER].as_ref().is_some_and(Pipe::is_dry)
}

fn brine_temperature(plant: &Electrolysis) -> f64 {
    match &plant.neighbours.pipes[BRINE] {
        Some(pipe) if pipe.temperature() > 0.0 => pipe.temperature(),
        Some(_) => plant.p.site.temperature,
        None => plant.p.brine.temperature,
    }
}

fn liquor(plant: &Electrolysis, signal: Signal) -> f64 {
    let p = &plant.p;
    let anolyte = &plant.anolyte.tank;
    match signal {
        Signal::BrineFlow => plant.rates.brine * HOUR,
        Signal::BrineTemperature => brine_temperature(plant) - ZERO_CELSIUS,
        Signal::BrineStrength => brine_analysis(plant).0,
        Signal::BrineHardness => brine_analysis(plant).1 * 1e9,
        Signal::Level(Side::Anolyte) => 100.0 * plant.anolyte.level(&p.anolyte),
        Signal::Level(Side::Catholyte) => 100.0 * plant.catholyte.level(&p.catholyte),
        Signal::ToCells(side) => circuit(plant, side).to_cells - ZERO_CELSIUS,
        Signal::FromCells(side) => circuit(plant, side).from_cells - ZERO_CELSIUS,
        Signal::Recirculation(side) => circuit(plant, side).flow * HOUR,
        Signal::Drawn(side) => circuit(plant, side).drawn * HOUR,
        Signal::AnolytePh => anolyte.species.ph(),
        Signal::AnolyteStrength => anolyte.concentration(LI) * MASS_LICL,
        Signal::FreeChlorine => anolyte.concentration(X) * 2.0 * MASS_CL * 1e3,
        Signal::AcidFlow => plant.rates.acid * HOUR * 1e3,
        Signal::CatholyteDensity => plant.catholyte.tank.density,
        Signal::LyeStrength => 100.0 * Makeup::of(&plant.catholyte.tank.liquid).lithium_hydroxide,
        Signal::WaterFlow => plant.rates.water * HOUR,
        _ => f64::NAN,
    }
}

fn gas(plant: &Electrolysis, signal: Signal) -> f64 {
    let gauge = |pressure: f64| (pressure - plant.p.site.pressure) / MBAR;
    let normal = NORMAL_VOLUME * HOUR;
    let (hydrogen, chlorine) = (&plant.hydrogen, &plant.chlorine);
    match signal {
        Signal::HydrogenPressure => gauge(hydrogen.pressure),
        Signal::HydrogenFlow => hydrogen.flow * normal,
        Signal::OxygenInHydrogen => 100.0 * hydrogen.gas.dry_share(O2),
        Signal::HydrogenPurity => 100.0 * hydrogen.gas.dry_share(H2),
        Signal::ChlorinePressure => gauge(chlorine.pressure),
        Signal::ChlorineFlow => chlorine.flow * normal,
        Signal::HydrogenInChlorine => 100.0 * chlorine.gas.dry_share(H2),
        Signal::OxygenInChlorine => 100.0 * chlorine.gas.dry_share(O2),
        Signal::ChlorinePurity => 100.0 * chlorine.gas.dry_share(CL2),
        Signal::HeaderDifference => (hydrogen.pressure - chlorine.pressure) / MBAR,
        _ => f64::NAN,
    }
}

fn utility(plant: &Electrolysis, signal: Signal) -> f64 {
    let p = &plant.p;
    let room = |share: u16| f64::from(share) * 1e-3;
    match signal {
        Signal::CoolingFlow => plant.rates.cooling * HOUR,
        Signal::CoolingSupply => plant.cooling_supply() - ZERO_CELSIUS,
        Signal::CoolingReturn => plant.cooling_return() - ZERO_CELSIUS,
        Signal::WaterPressure if plant.upsets.no_water || is_dry(plant) => 0.0,
        Signal::WaterPressure => p.water.pressure / BAR,
        Signal::NitrogenPressure => p.site.nitrogen_pressure / BAR,
        Signal::RoomChlorine(share) => plant.surroundings.chlorine_ppm(&p.site) * room(share),
        Signal::RoomHydrogen(share) => plant.surroundings.hydrogen_lel(&p.site) * room(share),
        Signal::ScrubberLye => plant.absorber().lye,
        _ => f64::NAN,
    }
}

fn electrical(plant: &Electrolysis, signal: Signal) -> f64 {
    match signal {
        Signal::Current => plant.rates.current / 1e3,
        Signal::Voltage => plant.rates.voltage,
        Signal::Power => plant.rates.power / 1e3,
        Signal::HalvesImbalance => {
            let (first, second) = plant.cells.split_at(CELLS / 2);
            let sum = |cells: &[crate::cell::Cell]| cells.iter().map(|cell| cell.voltage).sum::<f64>();
            sum(first) - sum(second)
        }
        Signal::Transformer => plant.rectifier.transformer - ZERO_CELSIUS,
        Signal::CellVoltage(k) => plant.cells.get(k).map_or(f64::NAN, |cell| cell.voltage),
        _ => f64::NAN,
    }
}
