//! The field points of area 300: which part of the physics each tag measures or moves.
//!
//! The plant folder says where a tag lives on the wire; a test holds both lists together.

use crate::electrolysis::{CELLS, block, valve};

/// The PLC that a tag belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plc {
    Process,
    Rectifier,
}

pub(crate) const PLCS: [(&str, Plc); 2] = [("PLC-300", Plc::Process), ("RF-300", Plc::Rectifier)];

/// Kinds of instruments, in the order of `Parameters::sensors`; a switch has no dynamics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Temperature = 0,
    Level,
    Flow,
    Pressure,
    Ph,
    Density,
    LiquidAnalyser,
    GasAnalyser,
    RoomDetector,
    Electrical,
    Switch,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Anolyte,
    Catholyte,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    BrineFlow,
    BrineTemperature,
    BrineStrength,
    BrineHardness,
    Level(Side),
    ToCells(Side),
    FromCells(Side),
    Recirculation(Side),
    Drawn(Side),
    AnolytePh,
    AnolyteStrength,
    FreeChlorine,
    AcidFlow,
    CatholyteDensity,
    LyeStrength,
    WaterFlow,
    HydrogenPressure,
    HydrogenFlow,
    OxygenInHydrogen,
    HydrogenPurity,
    ChlorinePressure,
    ChlorineFlow,
    HydrogenInChlorine,
    OxygenInChlorine,
    ChlorinePurity,
    HeaderDifference,
    CoolingFlow,
    CoolingSupply,
    CoolingReturn,
    WaterPressure,
    NitrogenPressure,
    /// Share of the room's mean that reaches the detector, in per mille.
    RoomChlorine(u16),
    RoomHydrogen(u16),
    ScrubberLye,
    PumpRuns(Side),
    PumpFault(Side),
    Open(usize),
    Closed(usize),
    EmergencyStopHealthy,
    ScrubberFan,
    CoolingOk,
    Current,
    Voltage,
    Power,
    HalvesImbalance,
    Transformer,
    BreakerClosed,
    RectifierReady,
    RectifierFault,
    Polarising,
    CellVoltage(usize),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) plc: Plc,
    pub(crate) kind: Kind,
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) signal: Signal,
}

/// What an output moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Valve(usize),
    Block(usize),
    Pump(Side),
    Demand,
    Breaker,
    Polarisation,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Output {
    pub(crate) name: &'static str,
    pub(crate) plc: Plc,
    pub(crate) target: Target,
    pub(crate) high: f64,
    /// Where the PLC drives it when the controller is gone.
    pub(crate) fail: f64,
}

/// The control valves and on/off valves by name, in the order of the plant's arrays.
pub(crate) const VALVES: [(&str, f64); valve::COUNT] = [
    ("FV-301", 0.0),
    ("FV-313", 0.0),
    ("FV-322", 0.0),
    ("LV-311", 0.0),
    ("LV-321", 0.0),
    ("TV-311", 0.0),
    ("TV-321", 100.0),
    ("PV-341", 100.0),
    ("PV-351", 100.0),
];

pub(crate) const BLOCKS: [(&str, &str, f64); block::COUNT] = [
    ("XV-301", "XV-301.CMD", 0.0),
    ("XV-322", "XV-322.CMD", 0.0),
    ("XV-343", "XV-343.CMD", 0.0),
    ("XV-353", "XV-353.CMD", 1.0),
    ("XV-354", "XV-354.CMD", 0.0),
    ("XV-355", "XV-355.CMD", 0.0),
    ("XV-344", "XV-344.CMD", 1.0),
    ("XV-345", "XV-345.CMD", 0.0),
    ("XV-325", "XV-325.CMD", 0.0),
];

pub(crate) fn outputs() -> Vec<Output> {
    let process = |name, target, high, fail| Output { name, plc: Plc::Process, target, high, fail };
    let rectifier = |name, target, high, fail| Output { name, plc: Plc::Rectifier, target, high, fail };
    let valves =
        VALVES.iter().enumerate().map(|(k, (name, fail))| process(*name, Target::Valve(k), 100.0, *fail));
    let pumps = [
        process("P-311.CMD", Target::Pump(Side::Anolyte), 1.0, 0.0),
        process("P-321.CMD", Target::Pump(Side::Catholyte), 1.0, 0.0),
    ];
    let blocks = BLOCKS
        .iter()
        .enumerate()
        .map(|(k, (_, command, fail))| process(*command, Target::Block(k), 1.0, *fail));
    let rest = [
        rectifier("IY-301", Target::Demand, 8.0, 0.0),
        rectifier("RF-301.CMD", Target::Breaker, 1.0, 0.0),
        rectifier("POL-301.CMD", Target::Polarisation, 1.0, 1.0),
    ];
    valves.chain(pumps).chain(blocks).chain(rest).collect()
}

/// Analogue inputs of PLC-300.
const ANALOGUE: [(&str, Kind, f64, f64, Signal); 44] = {
    use Side::{Anolyte, Catholyte};
    use {Kind as K, Signal as S};
    [
        ("FT-301", K::Flow, 0.0, 4.0, S::BrineFlow),
        ("TT-301", K::Temperature, 0.0, 120.0, S::BrineTemperature),
        ("AT-301", K::LiquidAnalyser, 0.0, 300.0, S::BrineStrength),
        ("AT-302", K::LiquidAnalyser, 0.0, 2000.0, S::BrineHardness),
        ("LT-311", K::Level, 0.0, 100.0, S::Level(Anolyte)),
        ("TT-311", K::Temperature, 0.0, 120.0, S::ToCells(Anolyte)),
        ("TT-312", K::Temperature, 0.0, 120.0, S::FromCells(Anolyte)),
        ("FT-311", K::Flow, 0.0, 60.0, S::Recirculation(Anolyte)),
        ("AT-311", K::Ph, 0.0, 14.0, S::AnolytePh),
        ("AT-312", K::LiquidAnalyser, 0.0, 300.0, S::AnolyteStrength),
        ("FT-312", K::Flow, 0.0, 4.0, S::Drawn(Anolyte)),
        ("FT-313", K::Flow, 0.0, 200.0, S::AcidFlow),
        ("AT-313", K::Ph, 0.0, 5000.0, S::FreeChlorine),
        ("LT-321", K::Level, 0.0, 100.0, S::Level(Catholyte)),
        ("TT-321", K::Temperature, 0.0, 120.0, S::ToCells(Catholyte)),
        ("TT-322", K::Temperature, 0.0, 120.0, S::FromCells(Catholyte)),
        ("FT-321", K::Flow, 0.0, 60.0, S::Recirculation(Catholyte)),
        ("AT-321", K::Density, 950.0, 1150.0, S::CatholyteDensity),
        ("AT-322", K::LiquidAnalyser, 0.0, 12.0, S::LyeStrength),
        ("FT-322", K::Flow, 0.0, 2.0, S::WaterFlow),
        ("FT-325", K::Flow, 0.0, 3.0, S::Drawn(Catholyte)),
        ("PT-341", K::Pressure, -100.0, 200.0, S::HydrogenPressure),
        ("FT-341", K::Flow, 0.0, 100.0, S::HydrogenFlow),
        ("AT-341", K::GasAnalyser, 0.0, 25.0, S::OxygenInHydrogen),
        ("AT-342", K::GasAnalyser, 0.0, 100.0, S::HydrogenPurity),
        ("PT-351", K::Pressure, -100.0, 200.0, S::ChlorinePressure),
        ("FT-351", K::Flow, 0.0, 100.0, S::ChlorineFlow),
        ("AT-351", K::GasAnalyser, 0.0, 5.0, S::HydrogenInChlorine),
        ("AT-352", K::GasAnalyser, 0.0, 10.0, S::OxygenInChlorine),
        ("AT-353", K::GasAnalyser, 0.0, 100.0, S::ChlorinePurity),
        ("PDT-345A", K::Pressure, -100.0, 150.0, S::HeaderDifference),
        ("PDT-345B", K::Pressure, -100.0, 150.0, S::HeaderDifference),
        ("PDT-345C", K::Pressure, -100.0, 150.0, S::HeaderDifference),
        ("FT-371", K::Flow, 0.0, 20.0, S::CoolingFlow),
        ("TT-371", K::Temperature, 0.0, 60.0, S::CoolingSupply),
        ("TT-372", K::Temperature, 0.0, 100.0, S::CoolingReturn),
        ("PT-372", K::Pressure, 0.0, 10.0, S::WaterPressure),
        ("PT-373", K::Pressure, 0.0, 10.0, S::NitrogenPressure),
        // Chlorine is heavy and collects low, hydrogen under the roof.
        ("AT-361A", K::RoomDetector, 0.0, 10.0, S::RoomChlorine(1200)),
        ("AT-361B", K::RoomDetector, 0.0, 10.0, S::RoomChlorine(1000)),
        ("AT-361C", K::RoomDetector, 0.0, 10.0, S::RoomChlorine(600)),
        ("AT-362A", K::RoomDetector, 0.0, 100.0, S::RoomHydrogen(1400)),
        ("AT-362B", K::RoomDetector, 0.0, 100.0, S::RoomHydrogen(1000)),
        ("AT-365", K::Density, 0.0, 25.0, S::ScrubberLye),
    ]
};

pub(crate) fn inputs() -> Vec<Input> {
    let mut list = Vec::with_capacity(110);
    let mut push = |name: &str, plc: Plc, kind: Kind, range: (f64, f64), signal: Signal| {
        list.push(Input { name: name.to_owned(), plc, kind, low: range.0, high: range.1, signal });
    };
    for (name, kind, low, high, signal) in &ANALOGUE {
        push(name, Plc::Process, *kind, (*low, *high), *signal);
    }
    let switch = (0.0, 1.0);
    for (pump, side) in [("P-311", Side::Anolyte), ("P-321", Side::Catholyte)] {
        push(&format!("{pump}.RUN"), Plc::Process, Kind::Switch, switch, Signal::PumpRuns(side));
        push(&format!("{pump}.FAULT"), Plc::Process, Kind::Switch, switch, Signal::PumpFault(side));
    }
    for (k, (name, _, _)) in BLOCKS.iter().enumerate() {
        push(&format!("{name}.ZSO"), Plc::Process, Kind::Switch, switch, Signal::Open(k));
        push(&format!("{name}.ZSC"), Plc::Process, Kind::Switch, switch, Signal::Closed(k));
    }
    push("HS-300", Plc::Process, Kind::Switch, switch, Signal::EmergencyStopHealthy);
    push("SC-390.RUN", Plc::Process, Kind::Switch, switch, Signal::ScrubberFan);
    push("FSL-371", Plc::Process, Kind::Switch, switch, Signal::CoolingOk);
    for (name, range, kind, signal) in [
        ("IT-301", (0.0, 8.0), Kind::Electrical, Signal::Current),
        ("ET-301", (-10.0, 160.0), Kind::Electrical, Signal::Voltage),
        ("JT-301", (0.0, 1000.0), Kind::Electrical, Signal::Power),
        ("EDT-301", (-5.0, 5.0), Kind::Electrical, Signal::HalvesImbalance),
        ("TT-302", (0.0, 150.0), Kind::Temperature, Signal::Transformer),
        ("RF-301.CLOSED", switch, Kind::Switch, Signal::BreakerClosed),
        ("RF-301.READY", switch, Kind::Switch, Signal::RectifierReady),
        ("RF-301.FAULT", switch, Kind::Switch, Signal::RectifierFault),
        ("POL-301.ON", switch, Kind::Switch, Signal::Polarising),
    ] {
        push(name, Plc::Rectifier, kind, range, signal);
    }
    for cell in 0..CELLS {
        let name = format!("ET-331.{:02}", cell + 1);
        push(&name, Plc::Rectifier, Kind::Electrical, (-1.0, 6.0), Signal::CellVoltage(cell));
    }
    list
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use toml::de::{DeTable, DeValue};

    use super::{Kind, PLCS, inputs, outputs};

    const IO: &str = include_str!("../../plants/refinery/300-electrolysis/io.toml");

    fn number(value: &DeValue<'_>) -> f64 {
        match value {
            DeValue::Integer(integer) => integer.as_str().parse().unwrap(),
            DeValue::Float(float) => float.as_str().parse().unwrap(),
            other => panic!("not a number: {}", other.type_str()),
        }
    }

    #[derive(Debug, PartialEq)]
    struct Declared {
        device: String,
        output: bool,
        range: Option<(f64, f64)>,
        fail: Option<f64>,
    }

    /// The tags of io.toml, with the class of cell voltages written out.
    fn declared() -> BTreeMap<String, Declared> {
        let tables = DeTable::parse(IO).unwrap().into_inner();
        let mut all = BTreeMap::new();
        let mut read = |name: String, tag: &DeTable<'_>| {
            let io = tag["io"].get_ref().as_table().unwrap();
            let output = io.contains_key("holding") || io.contains_key("coil") || io.contains_key("write");
            let range = tag.get("range").map(|range| {
                let range = range.get_ref().as_array().unwrap();
                (number(range[0].get_ref()), number(range[1].get_ref()))
            });
            let fail = tag.get("fail").map(|fail| number(fail.get_ref()));
            let device = io["device"].get_ref().as_str().unwrap().to_owned();
            assert!(all.insert(name, Declared { device, output, range, fail }).is_none());
        };
        for (name, tag) in tables["tag"].get_ref().as_table().unwrap() {
            read(name.get_ref().to_string(), tag.get_ref().as_table().unwrap());
        }
        let class = &tables["class"].get_ref().as_table().unwrap()["cell-voltage"];
        let class = class.get_ref().as_table().unwrap();
        for (name, tag) in class["tag"].get_ref().as_table().unwrap() {
            for n in 1..=24 {
                let name = name.get_ref().replace("{n:02}", &format!("{n:02}"));
                read(name, tag.get_ref().as_table().unwrap());
            }
        }
        all
    }

    #[test]
    fn the_plant_folder_and_the_model_know_the_same_field_points() {
        let mut modelled = BTreeMap::new();
        let device = |plc| PLCS.iter().find(|(_, other)| *other == plc).unwrap().0.to_owned();
        for input in inputs() {
            let range = (input.kind != Kind::Switch).then_some((input.low, input.high));
            modelled
                .insert(input.name, Declared { device: device(input.plc), output: false, range, fail: None });
        }
        for output in outputs() {
            let range = (output.high != 1.0).then_some((0.0, output.high));
            let fail = Some(output.fail);
            modelled.insert(
                output.name.to_owned(),
                Declared { device: device(output.plc), output: true, range, fail },
            );
        }
        let declared = declared();
        let names = |map: &BTreeMap<String, Declared>| map.keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(names(&declared), names(&modelled));
        for (name, declared) in &declared {
            assert_eq!(declared, &modelled[name], "{name}");
        }
        assert!(declared.len() > 110, "{}", declared.len());
    }
}
