//! A field that is told as text: two tanks, a heater, a reactor and a recycle.

#[path = "common/points.rs"]
mod points;

use model::{Direction, Quality, Unit};
use sim_plant::{BuildError, FieldFile, FieldTag, Initial, Parameters, Point, Simulator};

const TEXT: &str = r#"
[supply.acid]
text = "Sulfuric acid"
liquor = { H2SO4 = "40 wt%" }

[supply.black-mass]
solid = { NMC622 = 65, C = 35 }

[supply.peroxide]
liquor = { H2O2 = "30 wt%" }

[unit.T-101]
kind = "tank"
text = "Acid day tank"
set = ["tank.volume=4m3", "start.level=30%", "strength.H2SO4=200g/L"]
running = ["start.level=50%"]
orders = { agitator = "A-101", heat = { by = "TV-101", at_100 = "60 kW" } }

[unit.R-101]
kind = "leach"
set = ["tanks.count=2", "tanks.volume=2m3"]
orders = { agitator-1 = "A-102", agitator-2 = "A-102" }

[line.acid]
from = "supply.acid"
to = "T-101"
flow = "2 m3/h"
through = ["XV-101"]

[line.liquor]
from = "T-101"
to = "R-101.acid"
flow = "1.2 m3/h"
through = ["P-101A|P-101B", "FV-101"]

[line.solids]
from = "supply.black-mass"
to = "R-101.solids"
flow = "200 kg/h"
through = ["W-101"]

[line.peroxide]
from = "supply.peroxide"
to = "R-101.peroxide-1"
flow = "120 kg/h"
through = ["FV-102"]
source = "pump curve P-100"
trust = "published"

[line.slurry]
from = "R-101.slurry"
to = "T-101"

[measure]
LT-101 = "T-101.level"
TT-101 = "T-101.T"
AT-101 = "T-101.free-acid"
FT-101 = "line.liquor"
FT-102 = "line.peroxide"
FT-103 = "line.slurry"
LSH-101 = { of = "T-101.level", above = 90 }
HS-100 = { healthy = true }
ES-100 = { power = true }
PT-100 = { utility = "acid", value = "4 bar" }

[start.running]
FV-101 = 50
"P-101A.CMD" = true
"A-101.CMD" = true
"#;

fn tag(name: &str, direction: Direction, unit: &str, high: f64) -> FieldTag {
    let unit = Unit::parse(unit).unwrap();
    FieldTag { name: name.into(), direction, unit, low: 0.0, high, fail: 0.0, device: "PLC-100".into() }
}

fn tags() -> Vec<FieldTag> {
    let mut tags = vec![
        tag("LT-101", Direction::Input, "%", 100.0),
        tag("TT-101", Direction::Input, "degC", 120.0),
        tag("AT-101", Direction::Input, "g/L", 400.0),
        tag("FT-101", Direction::Input, "m3/h", 2.0),
        tag("FT-102", Direction::Input, "kg/h", 200.0),
        tag("FT-103", Direction::Input, "kg/h", 5000.0),
        tag("LSH-101", Direction::Input, "", 1.0),
        tag("HS-100", Direction::Input, "", 1.0),
        tag("ES-100", Direction::Input, "", 1.0),
        tag("PT-100", Direction::Input, "bar", 10.0),
        tag("XV-101.ZSO", Direction::Input, "", 1.0),
        tag("XV-101.ZSC", Direction::Input, "", 1.0),
        tag("XV-101.CMD", Direction::Output, "", 1.0),
        tag("FV-101", Direction::Output, "%", 100.0),
        tag("FV-102", Direction::Output, "%", 100.0),
        tag("TV-101", Direction::Output, "%", 100.0),
    ];
    for motor in ["P-101A", "P-101B", "A-101", "A-102", "W-101"] {
        tags.push(tag(&format!("{motor}.RUN"), Direction::Input, "", 1.0));
        tags.push(tag(&format!("{motor}.FAULT"), Direction::Input, "", 1.0));
        tags.push(tag(&format!("{motor}.CMD"), Direction::Output, "", 1.0));
    }
    tags.push(tag("W-101.SPEED", Direction::Output, "%", 100.0));
    tags
}

fn open(text: &str, initial: Initial) -> Result<Simulator, BuildError> {
    let files = [FieldFile { name: "field/100.toml".into(), text: text.into() }];
    Simulator::open(&Parameters::built_in().unwrap(), initial, 7, &files, &tags())
}

/// A plant with names for its points.
struct Plant(Simulator);

impl Plant {
    fn new(initial: Initial) -> Self {
        Self(open(TEXT, initial).unwrap_or_else(|error| panic!("{error}")))
    }

    fn read(&self, name: &str) -> f64 {
        points::read(&self.0, name)
    }

    fn write(&mut self, name: &str, value: f64) {
        points::write(&mut self.0, name, value);
    }

    fn run(&mut self, seconds: u32) {
        for _ in 0..seconds {
            self.0.step(1000);
        }
    }
}

fn mistakes(text: &str) -> String {
    match open(text, Initial::Cold) {
        Err(BuildError::Field(mistakes)) => {
            mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        }
        Err(other) => panic!("{other}"),
        Ok(_) => String::new(),
    }
}

#[test]
fn a_device_of_which_only_a_comment_or_a_longer_name_speaks_is_left_alone() {
    let mut tags = tags();
    for name in ["FT-10", "LT-900"] {
        tags.push(FieldTag { device: "PLC-900".into(), ..tag(name, Direction::Input, "%", 100.0) });
    }
    let files =
        [FieldFile { name: "field/100.toml".into(), text: format!("# LT-900 is elsewhere.\n{TEXT}") }];
    let open = |tags: &[FieldTag]| {
        Simulator::open(&Parameters::built_in().unwrap(), Initial::Running, 7, &files, tags)
    };
    let simulator = open(&tags).unwrap_or_else(|error| panic!("{error}"));
    assert!(simulator.tag_names().all(|name| name != "FT-10" && name != "LT-900"));
    // Named in full, it belongs to the field, and what it measures must be said.
    tags.push(FieldTag { device: "PLC-900".into(), ..tag("FV-101.POS", Direction::Input, "%", 100.0) });
    let error = open(&tags).err().expect("two tags measure nothing").to_string();
    assert!(error.contains("LT-900 measures nothing"), "{error}");
}

#[test]
fn a_pump_with_its_valve_moves_what_the_instrument_shows() {
    let mut plant = Plant::new(Initial::Cold);
    plant.write("FV-101", 50.0);
    plant.run(30);
    assert!(plant.read("FT-101") < 0.02, "no pump runs");
    plant.write("P-101B.CMD", 1.0);
    plant.run(60);
    assert_eq!(plant.read("P-101B.RUN"), 1.0);
    assert!((plant.read("FT-101") - 0.6).abs() < 0.03, "{}", plant.read("FT-101"));
    plant.write("P-101A.CMD", 1.0);
    plant.run(60);
    assert!((plant.read("FT-101") - 0.6).abs() < 0.03, "the standby adds nothing");
}

#[test]
fn the_whole_closes_with_a_recycle_reactions_and_heat() {
    let mut plant = Plant::new(Initial::Cold);
    for (name, value) in [
        ("XV-101.CMD", 1.0),
        ("P-101A.CMD", 1.0),
        ("FV-101", 80.0),
        ("FV-102", 60.0),
        ("W-101.CMD", 1.0),
        ("W-101.SPEED", 40.0),
        ("A-101.CMD", 1.0),
        ("A-102.CMD", 1.0),
        ("TV-101", 100.0),
    ] {
        plant.write(name, value);
    }
    plant.run(4 * 3600);
    assert!(plant.read("TT-101") > 25.0 && plant.read("FT-103") > 100.0);
    let closure = plant.0.closure();
    assert!(closure.worst() < 1e-9, "{closure:?}");
    assert_eq!(plant.read("LSH-101"), 1.0, "the acid that nobody stopped");
    assert!((plant.read("LT-101") - 100.0).abs() < 1.0, "it runs over at the rim");
}

#[test]
fn the_same_calls_give_the_same_bits_and_a_snapshot_goes_on() {
    let (mut one, mut two) = (Plant::new(Initial::Running), Plant::new(Initial::Running));
    one.run(100);
    let snapshot = one.0.snapshot();
    one.run(100);
    two.0.restore(&snapshot).unwrap();
    two.run(100);
    assert_eq!(one.0.hash(), two.0.hash());
    assert!((one.read("FT-101") - 0.6).abs() < 0.03, "a running plant runs from the first second");
}

#[test]
fn every_fault_of_the_field_can_be_set_listed_and_cleared() {
    let mut plant = Plant::new(Initial::Running);
    for kind in sim_plant::FIELD_FAULTS {
        let value = |parameter: &str| match (parameter, kind.name) {
            ("tag", "valve-stuck") => "FV-101",
            ("tag", "pump-trip") => "P-101A",
            ("tag", "switch-pressed") => "HS-100",
            ("tag", _) => "TT-101",
            ("device", _) => "PLC-100",
            ("supply", _) => "acid",
            ("solute", _) => "CaCl2",
            ("line", _) => "liquor",
            ("unit", _) => "T-101",
            ("order", _) => "agitator",
            _ => "3",
        };
        let parameters: Vec<(String, String)> = kind
            .parameters
            .iter()
            .map(|parameter| (parameter.name.to_owned(), value(parameter.name).to_owned()))
            .collect();
        plant.0.apply_fault(kind.name, &parameters).unwrap();
        assert!(plant.0.active_faults().iter().any(|fault| fault.name == kind.name), "{}", kind.name);
        plant.0.clear_fault(kind.name, &parameters).unwrap();
        assert_eq!(plant.0.active_faults(), [], "{}", kind.name);
        let error = plant.0.clear_fault(kind.name, &parameters).unwrap_err().to_string();
        assert!(error.contains("not active"), "{error}");
    }
}

#[test]
fn the_net_takes_every_motor_along_and_gives_back_those_that_are_still_told_to_run() {
    let mut plant = Plant::new(Initial::Running);
    plant.run(10);
    assert_eq!((plant.read("ES-100"), plant.read("P-101A.RUN"), plant.read("A-101.RUN")), (1.0, 1.0, 1.0));
    plant.0.apply_fault("power-lost", &[]).unwrap();
    plant.run(30);
    let dark = (plant.read("ES-100"), plant.read("P-101A.RUN"), plant.read("P-101A.FAULT"));
    assert_eq!(dark, (0.0, 0.0, 0.0), "no protection has tripped");
    assert!(plant.read("FT-101") < 0.02);
    // It is part of the state.
    let kept = plant.0.snapshot();
    let mut later = Plant::new(Initial::Running);
    later.0.restore(&kept).unwrap();
    later.write("A-101.CMD", 0.0);
    later.run(30);
    assert_eq!(later.read("A-101.RUN"), 0.0);
    later.0.clear_fault("power-lost", &[]).unwrap();
    later.run(30);
    assert_eq!((later.read("ES-100"), later.read("P-101A.RUN"), later.read("A-101.RUN")), (1.0, 1.0, 0.0));
}

#[test]
fn a_blocked_line_a_lost_supply_and_a_pressed_switch_are_seen() {
    let mut plant = Plant::new(Initial::Running);
    let fault = |plant: &mut Plant, name: &str, key: &str, value: &str| {
        plant.0.apply_fault(name, &[(key.to_owned(), value.to_owned())]).unwrap();
    };
    fault(&mut plant, "line-blocked", "line", "liquor");
    fault(&mut plant, "supply-loss", "supply", "acid");
    fault(&mut plant, "switch-pressed", "tag", "HS-100");
    plant.run(60);
    assert!(plant.read("FT-101") < 0.02);
    assert!(plant.read("PT-100") < 0.1);
    assert_eq!(plant.read("HS-100"), 0.0);
    fault(&mut plant, "link-loss", "device", "PLC-100");
    plant.run(1);
    let binding = plant.0.bind(&[("TT-101", Direction::Input)]).unwrap();
    let Point::Sensor(index) = binding.points[0] else { panic!() };
    assert_eq!(plant.0.sensor(index).1, Quality::BadNoCommunication);
}

#[test]
fn a_plc_in_stop_shuts_the_valves_of_a_field_and_holds_them_shut_until_it_runs_and_is_told_otherwise() {
    let mut plant = Plant::new(Initial::Running);
    let stop = [("device".to_owned(), "PLC-100".to_owned())];
    let binding = plant.0.bind(&[("FV-101", Direction::Output)]).unwrap();
    let Point::Actuator(valve) = binding.points[0] else { panic!() };
    assert!(plant.0.actuator_value(valve) > 10.0);
    plant.0.apply_fault("plc-stop", &stop).unwrap();
    assert!(plant.0.device_is_stopped("PLC-100") && !plant.0.device_is_lost("PLC-100"));
    plant.run(1);
    plant.0.actuator(valve, 80.0);
    assert_eq!(plant.0.actuator_value(valve), 0.0);
    plant.0.clear_fault("plc-stop", &stop).unwrap();
    assert!(plant.0.active_faults().is_empty());
    plant.run(1);
    assert_eq!(plant.0.actuator_value(valve), 0.0, "RUN alone moves nothing");
    plant.0.actuator(valve, 80.0);
    assert_eq!(plant.0.actuator_value(valve), 80.0);
}

#[test]
fn an_operator_is_told_where_a_number_comes_from() {
    let plant = Plant::new(Initial::Running);
    let text = plant.0.explain("FT-101").unwrap();
    assert!(text.contains("line liquor from T-101") && text.contains("FV-101 lets 50.0 %"), "{text}");
    let text = plant.0.explain("TT-101").unwrap();
    assert!(text.contains("Acid day tank") && text.contains("asserted"), "{text}");
    let own = "this plant gives it tank.volume 4 m3, start.level 50 %, strength.H2SO4 200 g/L (asserted: chosen for this \
               plant, field/100.toml:12)";
    assert!(text.contains(own), "{text}");
    let text = plant.0.explain("FT-102").unwrap();
    assert!(
        text.contains("from supply peroxide (asserted: chosen for this plant, field/100.toml:9)"),
        "{text}"
    );
    assert!(text.contains("at most 120 kg/h (published: pump curve P-100, field/100.toml:42)"), "{text}");
    assert!(text.contains("lag 0.5 s (magnetic or Coriolis, recalled)"), "{text}");
    assert!(plant.0.explain("TT-102").unwrap_err().contains("did you mean"));
}

#[test]
fn a_valve_a_motor_and_a_unit_are_explained_by_their_names() {
    let plant = Plant::new(Initial::Running);
    let valve = plant.0.explain("XV-101").unwrap();
    assert!(valve.starts_with("XV-101, on/off valve\n  XV-101.CMD tells it"), "{valve}");
    assert!(valve.contains("its block stroke is 2.5 s (on/off valve, asserted)"), "{valve}");
    assert!(valve.contains("it lies in line acid"), "{valve}");
    let control = plant.0.explain("FV-101").unwrap();
    assert!(control.contains("its valve stroke is 8 s"), "{control}");
    let motor = plant.0.explain("P-101A").unwrap();
    assert!(motor.contains("motor") && motor.contains("its pump start time is 1.5 s"), "{motor}");
    let agitator = plant.0.explain("A-101").unwrap();
    assert!(agitator.contains("it gives agitator of T-101 (Acid day tank)"), "{agitator}");
    let unit = plant.0.explain("T-101").unwrap();
    assert!(unit.starts_with("T-101, tank: Acid day tank\n  seen by"), "{unit}");
    assert!(unit.contains("this plant gives it tank.volume 4 m3"), "{unit}");
    assert!(plant.0.explain("P-101C").unwrap_err().contains("did you mean P-101"));
}

#[test]
fn every_mistake_names_its_line_and_what_to_write() {
    for (from, to, expect) in [
        (
            "kind = \"leach\"",
            "kind = \"leech\"",
            "field/100.toml:20: no unit operation is called \"leech\"; did you mean \"leach\"?",
        ),
        ("from = \"supply.acid\"", "from = \"supply.acd\"", "no supply is called acd; did you mean acid?"),
        ("to = \"R-101.acid\"", "to = \"R-101.acidd\"", "a leach has no inlet acidd; did you mean acid?"),
        ("flow = \"2 m3/h\"", "flow = \"2 m3\"", "a flow is in m3/h, kg/h or Nm3/h"),
        ("through = [\"XV-101\"]", "through = [\"XV-102\"]", "move nothing that is called XV-102"),
        ("LT-101 = \"T-101.level\"", "", "LT-101 measures nothing"),
        ("TT-101 = \"T-101.T\"", "TT-101 = \"T-101.level\"", "cannot show T-101.level, which is in %"),
        (
            "FT-103 = \"line.slurry\"",
            "FT-103 = \"line.slury\"",
            "no line is called slury; did you mean slurry?",
        ),
        (
            "orders = { agitator = \"A-101\",",
            "orders = { agitatr = \"A-101\",",
            "a tank has no order agitatr; did you mean agitator?",
        ),
        (
            "by = \"TV-101\", at_100 = \"60 kW\"",
            "of = \"T-101.level\", at_100 = \"60 kW\"",
            "field/100.toml:17: of is the amount, so at_0 and at_100 have no meaning beside it",
        ),
        (
            "by = \"TV-101\", at_100 = \"60 kW\"",
            "by = \"TV-101\", of = \"T-101.level\", at_0 = 0",
            "field/100.toml:17: of is the amount",
        ),
        (
            "\"start.level=30%\"",
            "\"start.level=30%\", \"start.organic=60%\", \"start.black_mass=60%\"",
            "field/100.toml:15: T-101: start.black_mass: with start.organic it is 120 % of the start",
        ),
        ("\"tank.volume=4m3\"", "\"tank.volume=-4m3\"", "is outside"),
        ("H2SO4 = \"40 wt%\"", "H2SO4 = \"40 bar\"", "does not convert"),
        (
            "H2SO4 = \"40 wt%\"",
            "HCl = \"60 wt%\"",
            "field/100.toml:4: this cannot be: 2.1 times the HCl that dissolves in its water at 20 degC; write less of it",
        ),
        ("H2SO4 = \"40 wt%\"", "NaOH = \"90 wt%\"", "times the NaOH that dissolves in its water at 20 degC"),
        ("H2SO4 = \"40 wt%\"", "CaCl2 = \"80 wt%\"", "5.4 times the CaCl2 that dissolves in its water"),
        ("H2SO4 = \"40 wt%\"", "LiCl = \"900 g/L\"", "times the LiCl that dissolves in its water"),
        ("H2SO4 = \"40 wt%\"", "LiF = \"10 g/L\"", "times the LiF that dissolves in its water"),
        ("NMC622 = 65, C = 35", "NMC622 = 65, C = 30", "the shares sum up to 95 %"),
        ("through = [\"FV-102\"]", "", "nothing moves with the output FV-102"),
        (
            "trust = \"published\"",
            "trust = \"publishd\"",
            "trust is one of measured, published, recalled, asserted; did you mean published?",
        ),
        ("source = \"pump curve P-100\"", "", "published by whom? Write source = "),
        ("source = \"pump curve P-100\"", "source = \"\"", "say where the numbers come from"),
        ("[measure]", "[measures]", "the field has no measures; did you mean measure?"),
        (
            "to = \"R-101.acid\"",
            "to = \"R-101.oxygen-1\"",
            "field/100.toml:32: oxygen-1 of a leach takes a gas, and what comes from T-101 is none",
        ),
        (
            "to = \"R-101.peroxide-1\"",
            "to = \"R-101.oxygen-1\"",
            "takes a gas, and what comes from supply.peroxide is none",
        ),
        (
            "solid = { NMC622 = 65, C = 35 }",
            "gas = { N2 = 100 }",
            "field/100.toml:38: solids of a leach takes a liquor or solids, and what comes from supply.black-mass is a gas",
        ),
        (
            "solid = { NMC622 = 65, C = 35 }",
            "organic = \"0.8 mol/L\"",
            "field/100.toml:38: solids of a leach takes a liquor or solids, and what comes from supply.black-mass is organic",
        ),
        (
            "solid = { NMC622 = 65, C = 35 }",
            "organic = \"-0.8 mol/L\"",
            "field/100.toml:7: organic: -0.8 mol/L of extractant in diluent cannot be; write 0.01 to 3 mol/L",
        ),
        (
            "solid = { NMC622 = 65, C = 35 }",
            "organic = \"50 mol/L\"",
            "organic: 50 mol/L of extractant in diluent cannot be; write 0.01 to 3 mol/L",
        ),
        (
            "solid = { NMC622 = 65, C = 35 }",
            "organic = \"1e300 mol/L\"",
            "of extractant in diluent cannot be; write 0.01 to 3 mol/L",
        ),
        (
            "at_100 = \"60 kW\"",
            "at_100 = \"8e9 kW\"",
            "field/100.toml:17: heat takes -100000 to 100000 kW, and this can tell it 8000000000: change that",
        ),
        (
            "agitator-1 = \"A-102\"",
            "agitator-1 = { by = \"A-102\", at_100 = -1 }",
            "field/100.toml:22: agitator-1 takes 0 to 1, and this can tell it -1: change that",
        ),
        (
            "from = \"R-101.slurry\"\nto = \"T-101\"",
            "from = \"R-101.slurry\"\nto = \"R-101.acid\"",
            "this line ends at R-101, where it begins: lead it to another unit, or leave it out",
        ),
        (
            "\"tanks.count=2\"",
            "\"tanks.count=1.5\"",
            "R-101: tanks.count: 1.5 is no whole number; write 1 or 2",
        ),
    ] {
        assert!(TEXT.contains(from), "{from}");
        let told = mistakes(&TEXT.replacen(from, to, 1));
        assert!(told.contains(expect), "{from} -> {to}:\n{told}");
        assert!(told.lines().all(|line| line.starts_with("field/100.toml")), "{told}");
    }
}

#[test]
fn a_forgotten_tag_is_looked_for_in_the_file_that_tells_of_its_device() {
    let mut tags = tags();
    for (name, direction) in
        [("LT-201", Direction::Input), ("LT-202", Direction::Input), ("FV-201", Direction::Output)]
    {
        tags.push(FieldTag { device: "PLC-200".into(), ..tag(name, direction, "%", 100.0) });
    }
    let other = "[unit.T-201]\nkind = \"tank\"\n[measure]\nLT-201 = \"T-201.level\"\n";
    let files = [("field/100.toml", TEXT), ("field/200.toml", other)]
        .map(|(name, text)| FieldFile { name: name.into(), text: text.into() });
    let error = Simulator::open(&Parameters::built_in().unwrap(), Initial::Running, 7, &files, &tags)
        .err()
        .expect("two tags have no line")
        .to_string();
    assert!(error.contains("field/200.toml: LT-202 measures nothing"), "{error}");
    assert!(error.contains("field/200.toml: nothing moves with the output FV-201"), "{error}");
}

#[test]
fn what_a_line_takes_outside_leaves_the_books_in_balance() {
    let text = format!(
        "{TEXT}\n[line.away]\nfrom = \"T-101\"\nto = \"outside\"\nflow = \"1 m3/h\"\nthrough = [\"P-101B\"]\n"
    );
    let mut plant = Plant(open(&text, Initial::Running).unwrap_or_else(|error| panic!("{error}")));
    let before = plant.read("LT-101");
    plant.write("P-101A.CMD", 0.0);
    plant.write("P-101B.CMD", 1.0);
    plant.write("FV-101", 0.0);
    plant.run(1800);
    assert!(plant.read("LT-101") < before - 8.0, "{} from {before}", plant.read("LT-101"));
    let closure = plant.0.closure();
    assert!(closure.worst() < 1e-9, "{closure:?}");
    let past = format!("{TEXT}\n[line.away]\nfrom = \"supply.acid\"\nto = \"outside\"\nflow = \"1 m3/h\"\n");
    assert!(mistakes(&past).contains("passes the plant by"), "{}", mistakes(&past));
}

#[test]
fn two_outputs_that_set_the_speed_of_one_motor_are_a_mistake() {
    let mut tags = tags();
    for name in ["A-102.SPEED", "A-102.REF"] {
        tags.push(tag(name, Direction::Output, "%", 100.0));
    }
    let files = [FieldFile { name: "field/100.toml".into(), text: TEXT.into() }];
    let open = Simulator::open(&Parameters::built_in().unwrap(), Initial::Cold, 7, &files, &tags);
    let error = open.err().expect("they would overrule each other").to_string();
    let told = "field/100.toml: A-102.REF and A-102.SPEED both move the same of A-102: leave one out";
    assert!(error.contains(told), "{error}");
}

#[test]
fn remarks_of_the_physics_are_told_with_unit_count_and_when_they_were_found_first() {
    let strong = TEXT.replacen("H2SO4 = \"40 wt%\"", "H2SO4 = \"85 wt%\"", 1);
    let mut plant = Plant(open(&strong, Initial::Running).unwrap_or_else(|error| panic!("{error}")));
    let mut remarks = sim_plant::Remarks::default();
    remarks.look(&plant.0);
    let of_strength = |told: &sim_plant::UnitRemark| {
        told.unit == "T-101" && told.text.starts_with("density of H2SO4: outside")
    };
    assert!(!remarks.told(&plant.0).iter().any(of_strength));
    plant.write("XV-101.CMD", 1.0);
    for _ in 0..540 {
        plant.run(10);
        remarks.look(&plant.0);
    }
    let told = remarks.told(&plant.0);
    let first = told.iter().find(|told| of_strength(told)).unwrap_or_else(|| panic!("{told:?}"));
    assert!(first.count > 100 && (10_000..5_400_000).contains(&first.first_ms), "{first:?}");
}

#[test]
fn a_tank_that_gets_organic_alone_gives_none_to_a_unit_that_takes_liquors() {
    let organic = TEXT.replacen("liquor = { H2SO4 = \"40 wt%\" }", "organic = \"0.8 mol/L\"", 1);
    let told = mistakes(&organic.replacen(
        "from = \"R-101.slurry\"\nto = \"T-101\"",
        "from = \"R-101.slurry\"\nto = \"outside\"",
        1,
    ));
    assert!(
        told.contains("acid of a leach takes a liquor or solids, and what comes from T-101 is organic"),
        "{told}"
    );
    // Where liquor comes as well, nobody knows what the pump draws.
    assert_eq!(mistakes(&organic), "");
}

#[test]
fn a_loop_of_lines_out_of_which_nothing_leads_is_a_mistake_of_the_line_that_fills_it() {
    let text = TEXT
        .replacen("kind = \"leach\"\nset = [\"tanks.count=2\", \"tanks.volume=2m3\"]\norders = { agitator-1 = \"A-102\", agitator-2 = \"A-102\" }",
            "kind = \"tank\"\norders = { agitator = \"A-102\" }", 1)
        .replacen("to = \"R-101.acid\"", "to = \"R-101\"", 1)
        .replacen("to = \"R-101.solids\"", "to = \"R-101\"", 1)
        .replacen("to = \"R-101.peroxide-1\"", "to = \"R-101\"", 1)
        .replacen("from = \"R-101.slurry\"\n", "from = \"R-101\"\nflow = \"5 m3/h\"\n", 1);
    let told = mistakes(&text);
    let of_acid =
        "no line leads out of the loop of T-101, R-101: what this line brings fills it until it runs over";
    assert!(told.starts_with("field/100.toml:25: ") && told.contains(of_acid), "{told}");
    let away = format!("{text}\n[line.away]\nfrom = \"T-101\"\nto = \"outside\"\nflow = \"1 m3/h\"\n");
    assert_eq!(mistakes(&away), "");
}

#[test]
fn a_solute_spoils_a_liquor_and_is_refused_in_a_solid() {
    let mut plant = Plant::new(Initial::Cold);
    let spoil = |supply: &str| {
        [("supply", supply), ("solute", "NaCl"), ("g_per_L", "1")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    plant.0.apply_fault("supply-spoiled", &spoil("acid")).unwrap();
    let refused = plant.0.apply_fault("supply-spoiled", &spoil("black-mass")).unwrap_err().to_string();
    assert_eq!(refused, "supply-spoiled: black-mass is a solid, and only a liquor dissolves NaCl");
}
