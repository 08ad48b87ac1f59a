//! Whole folders: twenty mistakes found in one run, a sound plant compiled to what it says.

mod folder;

use control::plant::{BlockBody, Origin, Otherwise};
use folder::{place, read, small};
use model::{Address, Direction, ModbusTable, Mode, Protocol, RegisterFormat, Unit};

/// The mistakes of a folder, a line each: file, line and code.
fn listed(name: &str) -> Vec<String> {
    let sources = read(name);
    let found = control::compile(&sources).expect_err("there are mistakes");
    assert!(found.iter().all(|diagnostic| !diagnostic.help.is_empty()), "each says what to write instead");
    let line = |diagnostic| {
        let place = place(&sources, diagnostic);
        let (line, _) = place.rsplit_once(':').unwrap();
        format!("{line} {}", diagnostic.code)
    };
    found.iter().map(line).collect()
}

#[test]
fn twenty_mistakes_are_reported_in_one_run_in_order_of_file_and_line() {
    let expected: Vec<&str> = include_str!("mistakes/expected.txt").lines().collect();
    assert_eq!(listed("mistakes"), expected);
}

#[test]
fn a_folder_with_mistakes_of_every_kind_is_told_all_of_them_and_nothing_else() {
    let expected: Vec<&str> = include_str!("every_kind/expected.txt").lines().collect();
    assert_eq!(listed("every_kind"), expected);
}

#[test]
fn a_plant_that_draws_no_display_gets_an_overview_and_a_page_for_each_unit() {
    let drawn = control::compile(&small()).unwrap().plant;
    let mut sources = small();
    for source in &mut sources {
        source.text = without_displays(&source.text);
    }
    let plant = control::compile(&sources).unwrap().plant;
    assert_eq!(plant.displays.iter().filter(|display| display.level == 1).count(), 1);
    let is_loop = |row: &&model::wire::RowView| {
        row.block.is_some_and(|block| matches!(plant.blocks[block.index()].body, BlockBody::Pid(_)))
    };
    for unit in &plant.units {
        let page = plant.displays.iter().find(|display| display.unit.as_ref() == Some(&unit.name)).unwrap();
        let loops = plant.blocks.iter().filter(|block| {
            block.equipment.as_ref() == Some(&unit.name) && matches!(block.body, BlockBody::Pid(_))
        });
        assert_eq!(page.rows.iter().filter(is_loop).count(), loops.count(), "{}", unit.name);
    }
    // Whoever draws gets what he has drawn, and nothing beside it.
    let own = |name: &str| drawn.displays.iter().filter(|display| display.name == name).count();
    assert!(drawn.displays.iter().all(|display| own(&display.name) == 1));
    assert_eq!(drawn.displays.iter().filter(|display| display.level == 1).count(), 1);
}

/// The text without its `[display.*]` tables.
fn without_displays(text: &str) -> String {
    let mut inside = false;
    let kept = text.lines().filter(|line| {
        if line.starts_with('[') {
            inside = line.starts_with("[display.");
        }
        !inside
    });
    kept.map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_order_of_the_sources_changes_neither_the_plant_nor_its_hash() {
    let mut sources = small();
    let first = control::compile(&sources).unwrap().plant;
    sources.reverse();
    assert_eq!(control::compile(&sources).unwrap().plant, first);
    sources[0].text.push('\n');
    assert_ne!(control::compile(&sources).unwrap().plant.hash, first.hash);
}

#[test]
fn the_hash_is_the_sha256_of_paths_and_texts() {
    use sha2::{Digest, Sha256};
    let sources = small();
    let mut hash = Sha256::new();
    for source in &sources {
        hash.update(format!("{}\0{}\0", source.path, source.text));
    }
    let expected: [u8; 32] = hash.finalize().into();
    assert_eq!(control::compile(&sources).unwrap().plant.hash, expected);
}

#[test]
fn scenarios_are_left_to_the_simulator() {
    let mut sources = small();
    let before = control::compile(&sources).unwrap().plant.hash;
    let text = "this is no plant".to_string();
    sources.push(model::Source { path: "scenarios/trip.toml".into(), text });
    assert_eq!(control::compile(&sources).unwrap().plant.hash, before);
}

#[test]
fn points_have_the_names_units_and_writers_of_the_text() {
    let plant = control::compile(&small()).unwrap().plant;
    let point = |name: &str| {
        let id = plant.find_point(name).unwrap_or_else(|| panic!("no {name}"));
        plant.point(id)
    };
    let unit = |symbol| Unit::parse(symbol).unwrap();
    assert!(matches!(point("TT-311").origin, Origin::Field(_)));
    assert_eq!(point("TT-311").source.as_deref(), Some("PLC-300 input 0"));
    assert_eq!((point("TT-311").low, point("TT-311").high, point("TT-311").decimals), (0.0, 120.0, 1));
    assert_eq!(point("ET-331.02").source.as_deref(), Some("RF-300 ET-331.02"));
    assert_eq!(point("PLC-300.LINK").words, Some(("down".into(), "up".into())));
    // A filter has the unit of its input, a loop that of its measurement and of its output.
    assert_eq!(point("TY-311").unit, unit("degC"));
    assert_eq!(point("TY-311").description, "Anolyte to cells, filtered");
    assert_eq!((point("TIC-311.SP").unit, point("TIC-311.OUT").unit), (unit("degC"), unit("%")));
    assert_eq!(point("TIC-311.SP").write.unwrap().high, 88.0);
    assert_eq!(point("TIC-311.TI").unit, unit("s"));
    assert_eq!((point("TIC-311.TI").initial, point("TIC-311.KC").initial), (120.0, 2.0));
    assert_eq!(point("TIC-311.KC").write.unwrap().role, model::wire::Role::Engineer);
    assert_eq!(point("FIC-301.MODE").initial, Mode::Cascade.value());
    assert!(point("FIC-301.PV").write.is_none());
    // The command tag is the command point; a device has state and failure beside it.
    assert!(matches!(point("P-311.CMD").origin, Origin::FieldOutput(_)));
    assert!(point("P-311.CMD").write.is_some());
    assert_eq!((point("P-311.STATE").low, point("P-311.STATE").high), (0.0, 4.0));
    assert_eq!(point("P-311.FAIL").words, Some(("ok".into(), "FAILED".into())));
    assert!(matches!(point("Fill.level").origin, Origin::Phase(_)));
    assert_eq!((point("Fill.level").low, point("Fill.level").initial), (30.0, 50.0));
    assert_eq!((point("HS-301").origin, point("HS-301").initial), (Origin::Entry, 5.0));
    assert_eq!(point("HY-301.TARGET").write.unwrap().high, 6.0);
    assert_eq!(point("EY-301.SELECTED").high, 3.0);
}

#[test]
fn a_tag_can_leave_its_range_unchecked() {
    let mut sources = small();
    for source in &mut sources {
        source.text = source.text.replace("format = \"f32\" }", "format = \"f32\", range_check = false }");
    }
    let plant = control::compile(&sources).unwrap().plant;
    assert_eq!(plant.io.points.iter().find(|io| io.tag == "FT-301").unwrap().range, None);
}

#[test]
fn addresses_are_what_the_wire_needs() {
    let plant = control::compile(&small()).unwrap().plant;
    let io = |tag: &str| plant.io.points.iter().find(|io| io.tag == tag).unwrap();
    assert_eq!(
        io("PT-341").address,
        Address::Modbus { table: ModbusTable::InputRegister, register: 2, format: RegisterFormat::I16 }
    );
    assert_eq!(io("PT-341").scaling.to_unit(-27648.0), -50.0);
    assert_eq!(io("FT-301").scaling.to_unit(2.5), 2.5, "f32 carries the unit itself");
    assert_eq!(
        io("FT-301").range,
        Some((0.0, 4.0)),
        "nothing but the tag's range can tell what is impossible"
    );
    assert_eq!(io("IT-301").range, Some((0.0, 8.0)), "of OPC UA neither");
    for tag in ["TT-311", "P-311.RUN", "FV-301"] {
        assert_eq!(io(tag).range, None, "{tag}: an integer by its raw range, a switch, outputs");
    }
    assert_eq!(io("P-311.CMD").direction, Direction::Output);
    assert_eq!(io("ET-331.03").address, Address::OpcUa { node: "ET-331.03".into(), boolean: false });
    let device = &plant.io.devices[0];
    assert_eq!(device.protocol, Protocol::ModbusTcp { endpoint: "127.0.0.1:5020".into(), unit_id: 1 });
    assert_eq!((device.poll_ms, device.watchdog_ms), (100, 2000));
    assert_eq!(plant.point(device.link).name, "PLC-300.LINK");
    for (index, io) in plant.io.points.iter().enumerate() {
        let origin = plant.point(io.point).origin;
        assert!(origin == Origin::Field(index as u32) || origin == Origin::FieldOutput(index as u32));
    }
}

#[test]
fn blocks_run_in_order_of_data_flow_and_cascades_know_their_secondary() {
    let plant = control::compile(&small()).unwrap().plant;
    let periods: Vec<u32> = plant.tasks.iter().map(|task| task.period_ticks).collect();
    assert_eq!(periods, [10, 100], "100 ms and 1 s in ticks of 10 ms");
    let position = |name: &str| {
        let id = plant.find_block(name).unwrap();
        let task = plant.blocks[id.index()].task as usize;
        (task, plant.tasks[task].blocks.iter().position(|other| *other == id).unwrap())
    };
    assert!(position("FFC-301") < position("FIC-301"));
    assert_eq!(position("TIC-311").0, 1);
    let body = |name: &str| &plant.blocks[plant.find_block(name).unwrap().index()].body;
    let BlockBody::Ratio(ratio) = body("FFC-301") else { panic!("a ratio") };
    assert_eq!(ratio.secondary, plant.find_block("FIC-301"));
    let BlockBody::Pid(pid) = body("TIC-311") else { panic!("a loop") };
    assert_eq!((pid.pv_low, pid.pv_high, pid.sp_limit_low), (0.0, 120.0, 20.0));
    assert_eq!(pid.sp_rate, 1.0 / 60.0);
    assert_eq!(pid.target, plant.find_point("TV-311"));
    assert!(!pid.direct && !pid.sp_from_pv);
    let BlockBody::Device(valve) = body("XV-301") else { panic!("a valve") };
    assert_eq!((valve.command, valve.out), (valve.out, plant.find_point("XV-301.CMD").unwrap()));
    assert_eq!((valve.on, valve.off), (plant.find_point("XV-301.ZSO"), plant.find_point("XV-301.ZSC")));
}

#[test]
fn phases_recipes_alarms_and_displays_are_as_written() {
    let plant = control::compile(&small()).unwrap().plant;
    let phase = &plant.phases[0];
    assert_eq!((phase.name.as_str(), phase.equipment.as_str()), ("Fill", "EL-301"));
    assert_eq!((phase.running.len(), phase.holding.len(), phase.stopping.len()), (2, 1, 0));
    let step = &phase.running[1];
    assert_eq!(step.actions[2].text, "P-311 := start");
    assert_eq!(step.actions[2].block, plant.find_block("P-311"));
    assert_eq!(step.conditions().next().unwrap().text, "P-311.RUN AND XV-301.ZSO", "over two lines");
    let within = step.within.as_ref().unwrap();
    assert_eq!((within.ms, within.otherwise), (10_000, Otherwise::Abort));
    let names: Vec<&str> = phase.owns.iter().map(|point| plant.point(*point).name.as_str()).collect();
    assert_eq!(names, ["XV-301.CMD", "FIC-301.MODE", "FIC-301.SP", "FIC-301.OUT", "P-311.CMD"]);
    let call = &plant.recipes[0].operations[0].phases[0];
    let recipes::ArgumentValue::Parameter { index, factor, offset } = call.arguments[1].value else {
        panic!("from the recipe")
    };
    assert_eq!((index, offset), (1, 0.0));
    assert!((factor - 0.001).abs() < 1e-15, "L/h to m3/h");
    let second = &plant.recipes[0].operations[0].phases[1];
    assert_eq!(second.arguments[0].value, recipes::ArgumentValue::Constant(50.0), "the phase's own value");
    let alarm = &plant.alarms[plant.find_alarm("TT-311.H").unwrap().index()];
    assert_eq!(alarm.text, "Anolyte to cells HI");
    assert_eq!((alarm.limit(), alarm.point()), (Some(90.0), plant.find_point("TT-311")));
    let interlock = &plant.interlocks[0];
    assert!(interlock.latched && !interlock.causes[1].trips_on_bad);
    assert_eq!(interlock.causes[1].show, plant.find_point("TIC-311.PV"));
    assert_eq!(interlock.actions[1].device, plant.find_block("XV-301"));
    let overview = &plant.displays.iter().find(|display| display.name == "overview").unwrap();
    assert_eq!(overview.rows[0].point, plant.find_point("FIC-301.PV").unwrap());
    assert_eq!(overview.rows[1].point, plant.find_point("P-311.STATE").unwrap());
    let unit = &plant.displays.iter().find(|display| display.name == "EL-301").unwrap();
    assert_eq!(unit.bars.as_ref().unwrap().points.len(), 3);
    assert!(unit.mimic.starts_with("   brine"), "without the empty first line");
}

/// What the manual shows is what the compiler reads: no key, word or place of the examples is unknown.
#[test]
fn the_examples_of_the_manual_are_understood() {
    let manual = include_str!("../../docs/plant-folder.md");
    let mut sources = Vec::new();
    for (number, block) in manual.split("```toml\n").skip(1).enumerate() {
        let text = block.split("\n```\n").next().unwrap().to_string();
        sources.push(model::Source { path: format!("{number}.toml"), text });
    }
    assert!(sources.len() >= 7, "{} examples", sources.len());
    let phase = manual.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    sources.push(model::Source { path: "fill.phase".into(), text: phase.into() });
    let found = control::compile(&sources).expect_err("the examples name what they do not declare");
    let misread = [
        "syntax",
        "unknown-key",
        "unknown-word",
        "wrong-type",
        "missing-key",
        "missing-unit",
        "unknown-unit",
    ];
    let wrong: Vec<String> = found
        .iter()
        .filter(|diagnostic| misread.contains(&diagnostic.code))
        .map(|diagnostic| format!("{}: {}", place(&sources, diagnostic), diagnostic.message))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn one_class_makes_a_hundred_and_twenty_cells_with_all_that_belongs_to_each() {
    let cells = "
area = \"300\"
[class.bank_cell]
parameters = [\"n\"]
[class.bank_cell.tag.\"ET-401.{n:03}\"]
description = \"cell {n}\"
unit = \"V\"
range = [0, 5]
io = { device = \"RF-300\", node = \"ET-401.{n:03}\" }
[class.bank_cell.filter.\"EY-401.{n:03}\"]
input = \"ET-401.{n:03}\"
time = \"2 s\"
[class.bank_cell.alarm.\"ET-401.{n:03}.H\"]
tag = \"ET-401.{n:03}\"
high = 4.2
priority = \"low\"
cause = \"Membrane\"
consequence = \"Heat\"
response = \"Look at cell {n}\"
time = \"30 min\"
[[instance]]
class = \"bank_cell\"
for = \"n in 1..=120\"
";
    let mut sources = small();
    let before = control::compile(&sources).unwrap().plant;
    sources.push(model::Source { path: "bank.toml".into(), text: cells.into() });
    let plant = control::compile(&sources).unwrap_or_else(|found| panic!("{found:#?}")).plant;
    let count =
        |plant: &control::plant::Plant| [plant.io.points.len(), plant.blocks.len(), plant.alarms.len()];
    let more: Vec<usize> = count(&plant).iter().zip(count(&before)).map(|(now, then)| now - then).collect();
    assert_eq!(more, [120; 3]);
    for n in [1, 60, 120] {
        assert!(plant.find_point(&format!("EY-401.{n:03}")).is_some(), "cell {n}");
    }
    // A mistake in the class is told once, with how many share it.
    let bank = sources.last_mut().unwrap();
    bank.text = bank.text.replace("high = 4.2", "high = 5.2");
    let found = control::compile(&sources).unwrap_err();
    assert_eq!((found.len(), found[0].code), (1, "outside-range"), "{found:#?}");
    assert!(found[0].message.contains("119 more"), "{}", found[0].message);
}

#[test]
fn a_class_gives_every_instance_registers_of_its_own() {
    let pumps = "
[class.pump]
parameters = [\"k\"]
[class.pump.tag.\"ST-90{k}\"]
description = \"speed of pump {k}\"
unit = \"rpm\"
range = [0, 3000]
io = { device = \"PLC-300\", input = \"{k*20 + 400}\", raw = [0, 27648] }
[[instance]]
class = \"pump\"
for = \"k in 1..=3\"
";
    let mut sources = small();
    sources.push(model::Source { path: "pumps.toml".into(), text: pumps.into() });
    let plant = control::compile(&sources).unwrap_or_else(|found| panic!("{found:#?}")).plant;
    for (name, address) in [("ST-901", 420), ("ST-903", 460)] {
        let point = plant.find_point(name).unwrap();
        let binding = format!("{:?}", plant.io.points.iter().find(|io| io.point == point));
        assert!(binding.contains(&format!("{address}")), "{name}: {binding}");
    }
    // What is no number, or beyond the protocol's addresses, is told as anywhere else.
    for (address, code) in [("k", "wrong-type"), ("{k}0000000", "out-of-range"), ("{k+1*2}", "wrong-type")] {
        let bank = sources.last_mut().unwrap();
        bank.text = pumps.replace("{k*20 + 400}", address);
        let found = control::compile(&sources).unwrap_err();
        assert_eq!(found[0].code, code, "{address}: {found:#?}");
    }
}

#[test]
fn a_class_goes_on_calculating_with_what_another_class_has_given_it() {
    let lines = "
[class.switch]
parameters = [\"tag\", \"d\"]
[class.switch.tag.\"{tag}.ZSO\"]
description = \"{tag} open\"
words = [\"not open\", \"open\"]
io = { device = \"PLC-300\", discrete = \"{d}\" }
[class.switch.tag.\"{tag}.ZSC\"]
description = \"{tag} closed\"
words = [\"not closed\", \"closed\"]
io = { device = \"PLC-300\", discrete = \"{d+1}\" }
[class.line]
parameters = [\"k\"]
[[class.line.instance]]
class = \"switch\"
with = { tag = \"XV-90{k}\", d = \"{k*4+400}\" }
[[instance]]
class = \"line\"
for = \"k in 1..=2\"
";
    let mut sources = small();
    sources.push(model::Source { path: "lines.toml".into(), text: lines.into() });
    let plant = control::compile(&sources).unwrap_or_else(|found| panic!("{found:#?}")).plant;
    for (name, address) in [("XV-901.ZSO", 404), ("XV-901.ZSC", 405), ("XV-902.ZSC", 409)] {
        let point = plant.find_point(name).unwrap();
        let binding = format!("{:?}", plant.io.points.iter().find(|io| io.point == point));
        assert!(binding.contains(&format!("{address}")), "{name}: {binding}");
    }
    // A word that is no number stays without arithmetic, and is told where it stands.
    let bank = sources.last_mut().unwrap();
    bank.text = lines.replace("d = \"{k*4+400}\"", "d = \"left\"");
    let found = control::compile(&sources).unwrap_err();
    assert_eq!(found[0].code, "wrong-type", "{found:#?}");
}

#[test]
fn a_written_phase_has_a_task_of_its_own_and_the_others_keep_their_ticks() {
    let mut sources = small();
    let loops = sources.iter_mut().find(|source| source.path.ends_with("loops.toml")).unwrap();
    loops.text = loops.text.replacen("[filter.TY-311]", "[filter.TY-311]\nphase = \"30 ms\"", 1);
    let plant = control::compile(&sources).unwrap().plant;
    let turns: Vec<(u32, u32)> =
        plant.tasks.iter().map(|task| (task.period_ticks, task.phase_ticks)).collect();
    assert_eq!(turns, [(10, 0), (10, 3), (100, 1)]);
    let filter = plant.find_block("TY-311").unwrap();
    assert_eq!(plant.tasks[1].blocks, [filter]);
    assert_eq!(plant.blocks[filter.index()].task, 1);
    let others = plant.tasks.iter().map(|task| task.blocks.len()).sum::<usize>();
    assert_eq!(others, plant.blocks.len(), "every block has its turn once");
    let before = control::compile(&small()).unwrap().plant;
    let found = control::compile::differences(&before, &plant);
    let phase = found.iter().flat_map(|difference| &difference.keys).find(|key| key.key == "phase");
    assert!(phase.is_some(), "the plan says it: {found:?}");
}
