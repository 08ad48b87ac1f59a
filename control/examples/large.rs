//! How long a large plant takes to compile: `cargo run --release -p control --example large -- 50000`.

use std::time::Instant;

use model::Source;

fn main() {
    let tags: usize = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(50_000);
    let sources = plant(tags);
    let bytes: usize = sources.iter().map(|source| source.text.len()).sum();
    for run in 1..=3 {
        let (cpu, start) = (cpu_ms(), Instant::now());
        match control::compile(&sources) {
            Ok(compiled) => println!(
                "run {run}: {} kB, {} points, {} blocks, {} alarms, {} ops: {} ms, CPU {} ms",
                bytes / 1000,
                compiled.plant.points.len(),
                compiled.plant.blocks.len(),
                compiled.plant.alarms.len(),
                compiled.plant.code.ops.len(),
                start.elapsed().as_millis(),
                cpu_ms() - cpu,
            ),
            Err(found) => println!("{:#?}", &found[..found.len().min(3)]),
        }
    }
}

/// CPU time of this process, from the kernel's own count in hundredths of a second.
fn cpu_ms() -> u64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = text.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    (ticks(11) + ticks(12)) * 10
}

/// For every ten tags: eight inputs, a loop with its output, a calculation with an interlock's logic, an alarm.
fn plant(tags: usize) -> Vec<Source> {
    let mut io = String::new();
    let mut loops = String::new();
    let mut alarms = String::new();
    for group in 0..tags / 10 {
        if group % 5_000 == 0 {
            let n = group / 5_000;
            io += &format!(
                "[device.PLC-{n}]\nprotocol = \"modbus-tcp\"\nendpoint = \"127.0.0.1:{}\"\nwatchdog = \"2 s\"\nheartbeat = \"holding 65000\"\n",
                5020 + n
            );
        }
        let (plc, register) = (group / 5_000, group % 5_000);
        for input in 0..9 {
            io += &format!(
                "[tag.TT-{group}-{input}]\ndescription = \"Temperature {input} of group {group}\"\nunit = \"degC\"\nrange = [0, 120]\nio = {{ device = \"PLC-{plc}\", input = {}, raw = [0, 27648] }}\n",
                register * 9 + input
            );
        }
        io += &format!(
            "[tag.TV-{group}]\ndescription = \"Valve of group {group}\"\nunit = \"%\"\nrange = [0, 100]\nfail = 0\nio = {{ device = \"PLC-{plc}\", holding = {register}, raw = [0, 27648] }}\n"
        );
        loops += &format!(
            "[calc.TDI-{group}]\nunit = \"dK\"\nrange = [-100, 100]\nvalue = \"SEL(TT-{group}-0 > 50 degC FOR 5 s, TT-{group}-1 - TT-{group}-2, AVG(TT-{group}-3, TT-{group}-4) - TT-{group}-5)\"\n"
        );
        loops += &format!(
            "[pid.TIC-{group}]\npv = \"TT-{group}-0\"\nout = \"TV-{group}\"\naction = \"reverse\"\nkc = 1\nti = \"60 s\"\nff = \"TDI-{group} / 1 dK * 1 %\"\n"
        );
        alarms += &format!(
            "[alarm.\"TT-{group}-0.H\"]\ntag = \"TT-{group}-0\"\nhigh = \"90 degC\"\npriority = \"low\"\ncause = \"c\"\nconsequence = \"c\"\nresponse = \"r\"\ntime = \"10 min\"\n"
        );
    }
    let head = "[plant]\nname = \"large\"\n".to_string();
    [("plant.toml", head), ("io.toml", io), ("loops.toml", loops), ("alarms.toml", alarms)]
        .map(|(path, text)| Source { path: path.into(), text })
        .into()
}
