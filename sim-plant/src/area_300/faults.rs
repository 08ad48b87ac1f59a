//! Switching faults on and off while the plant runs.

use crate::constants::MASS_CL;
use crate::fault::{ActiveFault, FAULTS, FaultCall, FaultError, hint};
use crate::sensor::SensorFaults;
use crate::tags::{BLOCKS, Kind, PLCS, Plc, VALVES};

use super::Area300;

/// kg per mol of H2.
const MASS_HYDROGEN: f64 = 2.016e-3;
const PUMPS: [&str; 2] = ["P-311", "P-321"];

/// How a fault finds its place.
enum Place {
    Sensor(usize),
    Valve(usize),
    Block(usize),
    Pump(usize),
    Link(usize),
    None,
}

impl Area300 {
    /// Switches a fault on, or changes its parameters.
    pub(crate) fn apply_fault(
        &mut self,
        fault: &str,
        parameters: &[(String, String)],
    ) -> Result<(), FaultError> {
        let call = FaultCall::read(FAULTS, fault, parameters, true)?;
        let place = self.place(&call)?;
        self.set(&call, &place, true);
        Ok(())
    }

    /// Switches a fault off.
    pub(crate) fn clear_fault(
        &mut self,
        fault: &str,
        parameters: &[(String, String)],
    ) -> Result<(), FaultError> {
        let call = FaultCall::read(FAULTS, fault, parameters, false)?;
        let place = self.place(&call)?;
        let named = |active: &ActiveFault| {
            let target = ["tag", "device"].iter().find_map(|key| {
                active.parameters.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
            });
            target.is_none_or(|target| target == call.name_of("tag") || target == call.name_of("device"))
        };
        let in_cell = |active: &ActiveFault| {
            let cell = active.parameters.iter().find(|(name, _)| *name == "cell");
            cell.is_none_or(|(_, value)| value.parse() == Ok(call.cell() + 1))
        };
        let found = self
            .active_faults()
            .iter()
            .any(|active| active.name == call.kind.name && named(active) && in_cell(active));
        if !found {
            let on: Vec<String> = parameters.iter().map(|(name, value)| format!(" {name}={value}")).collect();
            return Err(FaultError::NotActive { fault: call.kind.name, on: on.concat() });
        }
        self.set(&call, &place, false);
        Ok(())
    }

    fn place(&self, call: &FaultCall) -> Result<Place, FaultError> {
        let fault = call.kind.name;
        let missing = |what, name: &str, hint| FaultError::NoSuchTarget {
            fault,
            what,
            name: name.chars().take(40).collect(),
            hint,
        };
        let tag = call.name_of("tag");
        match fault {
            "sensor-drift" | "sensor-freeze" | "sensor-noise" | "sensor-fail" => {
                let analogue = || self.inputs.iter().filter(|input| input.kind != Kind::Switch);
                let at = self.inputs.iter().position(|input| input.name == tag && input.kind != Kind::Switch);
                at.map(Place::Sensor).ok_or_else(|| {
                    missing("analogue input", tag, hint(tag, analogue().map(|input| input.name.as_str())))
                })
            }
            "valve-stuck" => {
                let valve = VALVES.iter().position(|(name, _)| *name == tag).map(Place::Valve);
                let block = || BLOCKS.iter().position(|(name, _, _)| *name == tag).map(Place::Block);
                valve.or_else(block).ok_or_else(|| {
                    let names = VALVES.iter().map(|(name, _)| *name);
                    missing("valve", tag, hint(tag, names.chain(BLOCKS.iter().map(|(name, _, _)| *name))))
                })
            }
            "pump-trip" => PUMPS
                .iter()
                .position(|name| *name == tag)
                .map(Place::Pump)
                .ok_or_else(|| missing("pump", tag, hint(tag, PUMPS.into_iter()))),
            "link-loss" | "plc-stop" => {
                let device = call.name_of("device");
                PLCS.iter().position(|(name, _)| *name == device).map(Place::Link).ok_or_else(|| {
                    missing("device", device, hint(device, PLCS.iter().map(|(name, _)| *name)))
                })
            }
            "scrubber-fan" if self.plant.neighbours.absorber.is_some() => {
                let hint = ": a neighbour's takes the chlorine; give its fan the fault pump-trip".to_owned();
                Err(missing("scrubber of the string's own", "", hint))
            }
            _ => Ok(Place::None),
        }
    }

    fn set(&mut self, call: &FaultCall, place: &Place, on: bool) {
        let amount = |parameter: &str| if on { call.number_of(parameter) } else { 0.0 };
        match place {
            Place::Sensor(index) => self.set_sensor(call, *index, on),
            Place::Valve(k) => self.plant.valves[*k].stuck = on,
            Place::Block(k) => self.plant.blocks[*k].stuck = on,
            Place::Pump(0) => self.plant.anolyte.pump.tripped = on,
            Place::Pump(_) => self.plant.catholyte.pump.tripped = on,
            Place::Link(plc) if call.kind.name == "plc-stop" => self.links[*plc].stopped = on,
            Place::Link(plc) => self.links[*plc].lost = on,
            Place::None => match call.kind.name {
                "pinhole" => {
                    let cell = &mut self.plant.cells[call.cell()];
                    cell.pinhole = amount("area_mm2") * 1e-6;
                    cell.pinhole_gas_share = amount("gas_share");
                }
                "cell-blocked" => self.plant.cells[call.cell()].blocked = amount("percent") * 0.01,
                "brine-hardness" => {
                    self.plant.upsets.calcium = amount("ca_ppb") * 1e-9;
                    self.plant.upsets.magnesium = amount("mg_ppb") * 1e-9;
                    self.plant.renew_supplies();
                }
                "di-loss" => self.plant.upsets.no_water = on,
                "cooling-loss" => self.plant.upsets.no_cooling = on,
                "scrubber-fan" => self.plant.upsets.no_fan = on,
                "power-lost" => self.plant.lose_power(on),
                "rectifier-trip" => self.plant.rectifier.forced = on,
                "emergency-stop" => self.plant.upsets.emergency_stop = on,
                "chlorine-leak" => {
                    self.plant.upsets.chlorine_leak = amount("g_per_s") * 1e-3 / (2.0 * MASS_CL);
                }
                "hydrogen-leak" => {
                    self.plant.upsets.hydrogen_leak = amount("g_per_s") * 1e-3 / MASS_HYDROGEN;
                }
                _ => {}
            },
        }
    }

    fn set_sensor(&mut self, call: &FaultCall, index: usize, on: bool) {
        let faults = &mut self.sensors[index].faults;
        match call.kind.name {
            "sensor-drift" => {
                faults.drift = if on { call.number_of("per_hour") } else { 0.0 };
                // A recalibration takes the gathered error away.
                if !on {
                    faults.drifted = 0.0;
                }
            }
            "sensor-freeze" => faults.frozen = on,
            "sensor-noise" => faults.noise = if on { call.number_of("factor") } else { 1.0 },
            "sensor-fail" => faults.failed = on,
            _ => *faults = SensorFaults::NONE,
        }
    }

    /// The faults that are on.
    pub(crate) fn active_faults(&self) -> Vec<ActiveFault> {
        let mut list = Vec::new();
        let mut push = |name: &str, parameters: Vec<(&'static str, String)>| {
            if let Some(kind) = FAULTS.iter().find(|kind| kind.name == name) {
                list.push(ActiveFault { name: kind.name, parameters });
            }
        };
        for (sensor, input) in self.sensors.iter().zip(&self.inputs) {
            let tag = || ("tag", input.name.clone());
            let faults = &sensor.faults;
            if faults.drift != 0.0 || faults.drifted != 0.0 {
                push("sensor-drift", vec![tag(), ("per_hour", faults.drift.to_string())]);
            }
            if faults.frozen {
                push("sensor-freeze", vec![tag()]);
            }
            if faults.noise != 1.0 {
                push("sensor-noise", vec![tag(), ("factor", faults.noise.to_string())]);
            }
            if faults.failed {
                push("sensor-fail", vec![tag()]);
            }
        }
        for (k, (name, _)) in VALVES.iter().enumerate() {
            if self.plant.valves[k].stuck {
                push("valve-stuck", vec![("tag", (*name).to_owned())]);
            }
        }
        for (k, (name, _, _)) in BLOCKS.iter().enumerate() {
            if self.plant.blocks[k].stuck {
                push("valve-stuck", vec![("tag", (*name).to_owned())]);
            }
        }
        for (name, circuit) in PUMPS.iter().zip([&self.plant.anolyte, &self.plant.catholyte]) {
            if circuit.pump.tripped {
                push("pump-trip", vec![("tag", (*name).to_owned())]);
            }
        }
        for (name, plc) in PLCS {
            if self.links[plc as usize].lost {
                push("link-loss", vec![("device", name.to_owned())]);
            }
            if self.links[plc as usize].stopped {
                push("plc-stop", vec![("device", name.to_owned())]);
            }
        }
        self.active_plant_faults(&mut push);
        list
    }

    fn active_plant_faults(&self, push: &mut impl FnMut(&str, Vec<(&'static str, String)>)) {
        for (k, cell) in self.plant.cells.iter().enumerate() {
            let number = || ("cell", (k + 1).to_string());
            if cell.pinhole > 0.0 {
                let area = ("area_mm2", format!("{:.3}", cell.pinhole * 1e6));
                push("pinhole", vec![number(), area, ("gas_share", cell.pinhole_gas_share.to_string())]);
            }
            if cell.blocked > 0.0 {
                push("cell-blocked", vec![number(), ("percent", format!("{:.1}", cell.blocked * 100.0))]);
            }
        }
        let upsets = &self.plant.upsets;
        if upsets.calcium > 0.0 || upsets.magnesium > 0.0 {
            let ppb = |share: f64| format!("{:.0}", share * 1e9);
            push("brine-hardness", vec![("ca_ppb", ppb(upsets.calcium)), ("mg_ppb", ppb(upsets.magnesium))]);
        }
        for (name, on) in [
            ("di-loss", upsets.no_water),
            ("cooling-loss", upsets.no_cooling),
            ("scrubber-fan", upsets.no_fan),
            ("power-lost", upsets.no_power),
            ("rectifier-trip", self.plant.rectifier.forced),
            ("emergency-stop", upsets.emergency_stop),
        ] {
            if on {
                push(name, Vec::new());
            }
        }
        for (name, moles, mass) in [
            ("chlorine-leak", upsets.chlorine_leak, 2.0 * MASS_CL),
            ("hydrogen-leak", upsets.hydrogen_leak, MASS_HYDROGEN),
        ] {
            if moles > 0.0 {
                push(name, vec![("g_per_s", format!("{:.4}", moles * mass * 1e3))]);
            }
        }
    }
}

const _: () = assert!(Plc::Process as usize == 0 && Plc::Rectifier as usize == 1);
