//! Why a tag is as it is, in words, from the same state that the physics uses.

use std::fmt::Write;

use crate::constants::{FARADAY, ZERO_CELSIUS};
use crate::electrolysis::{CELLS, valve};
use crate::fault::hint;
use crate::gas::{CL2, H2, O2};
use crate::parameters::by_trust;
use crate::sensor::kind_of;
use crate::tags::{BLOCKS, Kind, PLCS, Plc, Side, Signal, Target, VALVES};

use super::{Area300, measure};

/// Asks for the whole model; no tag is called so.
const STRING: &str = "string";

impl Area300 {
    /// What the tag shows, what is true, which instrument and which faults lie between, and what
    /// in the plant drives it. `Err` names the nearest tag.
    pub(crate) fn explain(&self, tag: &str) -> Result<String, String> {
        if let Some(index) = self.inputs.iter().position(|input| input.name == tag) {
            return Ok(self.explain_input(index));
        }
        if let Some(index) = self.outputs.iter().position(|output| output.name == tag) {
            return Ok(self.explain_output(index));
        }
        if tag == STRING {
            return Ok(self.explain_string());
        }
        self.explain_device(tag).ok_or_else(|| {
            format!("the simulator of area 300 has no tag {tag}{}", hint(tag, self.tag_names()))
        })
    }

    /// Every number of the model with its source.
    fn explain_string(&self) -> String {
        let entries = self.plant.p.entries();
        let mut text = format!("the string's model has {} numbers: {}", entries.len(), by_trust(entries));
        for entry in entries {
            let value = format!("{} {}", entry.value, entry.unit);
            let (name, value, trust) = (&entry.name, value.trim_end(), entry.trust.word());
            let _ = write!(text, "\n  {name} = {value} ({}, {trust})", entry.source);
        }
        text
    }

    /// A valve, a pump or the rectifier by its tags: what it is told, what it shows, how fast it is.
    fn explain_device(&self, name: &str) -> Option<String> {
        let mine = |tag: &str| tag.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        let told = (0..self.outputs.len()).filter(|index| mine(self.outputs[*index].name));
        let told: Vec<String> = told.map(|index| self.explain_output(index)).collect();
        let mut text = name.to_owned();
        for tag in &told {
            let _ = write!(text, "\n  {tag}");
        }
        let mut shows = false;
        for (index, input) in self.inputs.iter().enumerate().filter(|(_, input)| mine(&input.name)) {
            let (shown, quality) = self.sensor(index);
            let _ = write!(text, "\n  {} shows {shown:.4} ({})", input.name, quality.text());
            shows = true;
        }
        if BLOCKS.iter().any(|block| block.0 == name) {
            let stroke = self.plant.p.entries().iter().find(|entry| entry.name == "actuator.block_stroke")?;
            let _ = write!(
                text,
                "\n  its stroke takes {} {} ({}, {})",
                stroke.value,
                stroke.unit,
                stroke.source,
                stroke.trust.word()
            );
        }
        (shows || !told.is_empty()).then_some(text)
    }

    fn plc_name(plc: Plc) -> &'static str {
        PLCS.iter().find(|(_, other)| *other == plc).map_or("", |(name, _)| name)
    }

    fn explain_input(&self, index: usize) -> String {
        let input = &self.inputs[index];
        let (shown, quality) = self.sensor(index);
        let truth = measure::truth(&self.plant, input.signal);
        let mut text = format!("{} shows {shown:.4} ({}), true value {truth:.4}", input.name, quality.text());
        if let Some(kind) = kind_of(&self.plant.p.sensors, input.kind) {
            let _ = write!(text, "; lag {} s", kind.lag);
            if let Some(entry) = self.plant.p.instrument(input.kind as usize) {
                let _ = write!(text, " ({}, {})", entry.source, entry.trust.word());
            }
            let _ = write!(text, ", a new value every {} s", kind.update);
            if kind.cycle > 0.0 {
                let _ = write!(text, ", sampled every {} s, shown {} s later", kind.cycle, kind.dead);
            }
        }
        for fault in self.active_faults() {
            let mine = fault.parameters.iter().any(|(_, value)| *value == input.name);
            let link = fault.name == "link-loss"
                && fault.parameters.iter().any(|(_, value)| value == Self::plc_name(input.plc));
            if mine || link {
                let _ = write!(text, "\n  fault: {fault}");
            }
        }
        if input.kind != Kind::Switch || !matches!(input.signal, Signal::ScrubberFan) {
            let because = self.because(input.signal);
            if !because.is_empty() {
                let _ = write!(text, "\n  {because}");
            }
        }
        let entries = self.plant.p.entries();
        let _ = write!(
            text,
            "\n  the model of the string has {} numbers: {}; `catholyte sim explain {STRING}` shows each with its source",
            entries.len(),
            by_trust(entries)
        );
        text
    }

    fn explain_output(&self, index: usize) -> String {
        let output = &self.outputs[index];
        let written = self.written[index];
        let mut text = format!("{} is commanded to {written:.3}", output.name);
        let stuck = |stuck: bool| if stuck { ", STUCK" } else { "" };
        let place = match output.target {
            Target::Valve(k) => {
                let valve = &self.plant.valves[k];
                format!("the valve stands at {:.1} %{}", valve.position * 100.0, stuck(valve.stuck))
            }
            Target::Block(k) => {
                let block = &self.plant.blocks[k];
                format!("the valve stands at {:.0} %{}", block.position * 100.0, stuck(block.stuck))
            }
            Target::Pump(side) => self.because(Signal::PumpRuns(side)),
            Target::Demand => self.because(Signal::Current),
            Target::Breaker => self.because(Signal::BreakerClosed),
            Target::Polarisation => {
                format!(
                    "the polarisation set is {}",
                    if self.plant.rectifier.polarising { "on" } else { "off" }
                )
            }
        };
        let _ = write!(text, "\n  {place}");
        let link = &self.links[output.plc as usize];
        if link.lost {
            let plc = Self::plc_name(output.plc);
            let _ =
                write!(text, "\n  {plc} is cut off since {:.1} s; it fails to {}", link.seconds, output.fail);
        }
        if link.stopped {
            let plc = Self::plc_name(output.plc);
            let _ = write!(text, "\n  {plc} is in STOP; it fails to {}", output.fail);
        }
        text
    }

    fn valve_text(&self, k: usize) -> String {
        let valve = &self.plant.valves[k];
        let stuck = if valve.stuck { " (stuck)" } else { "" };
        format!("{} at {:.1} %{stuck}", VALVES[k].0, valve.position * 100.0)
    }

    fn block_text(&self, k: usize) -> String {
        let block = &self.plant.blocks[k];
        let stuck = if block.stuck { " (stuck)" } else { "" };
        format!("{} at {:.0} %{stuck}", BLOCKS[k].0, block.position * 100.0)
    }

    fn because(&self, signal: Signal) -> String {
        use crate::electrolysis::block;
        let plant = &self.plant;
        let pump = |side: Side| match side {
            Side::Anolyte => ("P-311", &plant.anolyte.pump),
            Side::Catholyte => ("P-321", &plant.catholyte.pump),
        };
        let turning = |side: Side| {
            let (name, pump) = pump(side);
            let tripped = if pump.tripped { ", tripped" } else { "" };
            format!("{name} at {:.0} % speed{tripped}", pump.speed * 100.0)
        };
        match signal {
            Signal::BrineFlow => {
                format!("{}, {}", self.valve_text(valve::BRINE), self.block_text(block::BRINE))
            }
            Signal::WaterFlow => {
                let supply = if plant.upsets.no_water { ", NO SUPPLY" } else { "" };
                let heat = plant.rates.water_heat;
                let warmed =
                    if heat > 0.0 { format!(", preheated with {:.1} kW", heat / 1e3) } else { String::new() };
                format!(
                    "{}, {}{supply}{warmed}",
                    self.valve_text(valve::WATER),
                    self.block_text(block::WATER)
                )
            }
            Signal::AcidFlow => self.valve_text(valve::ACID),
            Signal::Drawn(Side::Anolyte) => {
                format!("{}, {}", self.valve_text(valve::SPENT), turning(Side::Anolyte))
            }
            Signal::Drawn(Side::Catholyte) => format!(
                "{}, {}, {}",
                self.valve_text(valve::PRODUCT),
                self.block_text(block::PRODUCT),
                turning(Side::Catholyte)
            ),
            Signal::Recirculation(side) | Signal::PumpRuns(side) | Signal::PumpFault(side) => turning(side),
            Signal::Level(side) => {
                let (circuit, water) = match side {
                    Side::Anolyte => (&plant.anolyte, plant.rates.brine + plant.rates.acid),
                    Side::Catholyte => (&plant.catholyte, plant.rates.water),
                };
                format!(
                    "{:.3} m3 in the tank; fed {:.3} m3/h, drawn {:.3} m3/h, the rest crosses the membranes",
                    circuit.tank.volume,
                    water * 3600.0,
                    circuit.drawn * 3600.0
                )
            }
            Signal::ToCells(Side::Anolyte) | Signal::FromCells(Side::Anolyte) => format!(
                "tank {:.2} degC, {} gives {:.1} kW",
                plant.anolyte.tank.temperature - ZERO_CELSIUS,
                self.valve_text(valve::HEATER),
                plant.anolyte.heat / 1e3
            ),
            Signal::ToCells(Side::Catholyte) | Signal::FromCells(Side::Catholyte) => format!(
                "tank {:.2} degC, {} takes {:.1} kW",
                plant.catholyte.tank.temperature - ZERO_CELSIUS,
                self.valve_text(valve::COOLER),
                -plant.catholyte.heat / 1e3
            ),
            Signal::AnolytePh => self.because_ph(),
            Signal::LyeStrength | Signal::CatholyteDensity => self.because_strength(),
            Signal::HydrogenPressure | Signal::HydrogenFlow => {
                format!(
                    "{}, {}, {}",
                    self.valve_text(valve::HYDROGEN),
                    self.block_text(block::USER),
                    self.block_text(block::VENT)
                )
            }
            Signal::ChlorinePressure | Signal::ChlorineFlow => format!(
                "{}, {}, {} against {:+.1} mbar",
                self.valve_text(valve::CHLORINE),
                self.block_text(block::FURNACE),
                self.block_text(block::SCRUBBER),
                plant.absorber().pressure * 1e-2
            ),
            Signal::HydrogenInChlorine | Signal::OxygenInChlorine | Signal::ChlorinePurity => {
                let gas = &plant.chlorine.gas;
                format!(
                    "dry gas {:.2} % Cl2, {:.3} % O2, {:.4} % H2",
                    gas.dry_share(CL2) * 100.0,
                    gas.dry_share(O2) * 100.0,
                    gas.dry_share(H2) * 100.0
                )
            }
            Signal::Current | Signal::BreakerClosed => format!(
                "breaker {}, reference {:.3} kA, {}",
                if plant.rectifier.closed { "closed" } else { "open" },
                plant.rectifier.reference / 1e3,
                if plant.rectifier.fault { "own protection has tripped" } else { "no fault" }
            ),
            Signal::CellVoltage(k) => self.because_cell(k),
            _ => String::new(),
        }
    }

    fn because_ph(&self) -> String {
        let cells = &self.plant.cells;
        let back = cells.iter().map(|cell| cell.shares[2]).sum::<f64>() / CELLS as f64;
        let lye = back * self.plant.rates.current * CELLS as f64 / FARADAY;
        let acid = self.plant.rates.acid * self.plant.supplies.acid.amount[crate::liquid::H];
        format!(
            "{lye:.4} mol/s OH- come back through the membranes, {acid:.4} mol/s HCl are dosed ({})",
            self.valve_text(valve::ACID)
        )
    }

    fn because_strength(&self) -> String {
        let cells = &self.plant.cells;
        let efficiency = cells.iter().map(|cell| cell.shares[0]).sum::<f64>() / CELLS as f64;
        format!(
            "{:.0} mol/m3 OH-; {:.1} % of the current makes it, water {:.3} m3/h dilutes it",
            self.plant.catholyte.tank.species.hydroxide,
            efficiency * 100.0,
            self.plant.rates.water * 3600.0
        )
    }

    fn because_cell(&self, k: usize) -> String {
        let cell = &self.plant.cells[k];
        let mut text = format!(
            "{:.0} A, Li+ {:.3} H+ {:.4} OH- {:.3} of the current, anolyte {:.1} degC pH {:.2}, catholyte {:.1} degC",
            cell.current,
            cell.shares[0],
            cell.shares[1],
            cell.shares[2],
            cell.anolyte.temperature - ZERO_CELSIUS,
            cell.anolyte.species.ph(),
            cell.catholyte.temperature - ZERO_CELSIUS
        );
        if cell.blocked > 0.0 {
            let _ = write!(text, ", inlet {:.0} % blocked", cell.blocked * 100.0);
        }
        if cell.pinhole > 0.0 {
            let _ = write!(text, ", hole of {:.2} mm2", cell.pinhole * 1e6);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use crate::initial::Initial;
    use crate::parameters::Parameters;
    use crate::simulator::Simulator;

    #[test]
    fn the_numbers_of_the_string_are_a_word_away_from_any_of_its_tags() {
        let parameters = Parameters::built_in().unwrap();
        let plant = Simulator::new(&parameters, Initial::Running, 3);
        let tag = plant.explain("FT-301").unwrap();
        assert!(tag.contains("`catholyte sim explain string`") && !tag.contains(".toml"), "{tag}");
        let all = plant.explain("string").unwrap();
        let stroke = all.lines().find(|line| line.contains("actuator.block_stroke = ")).unwrap();
        assert!(stroke.contains(" s (") && all.lines().count() == parameters.entries().len() + 1, "{stroke}");
    }
}
