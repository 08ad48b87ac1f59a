//! Drives a server that is not ours with the client half.
//!
//! ```text
//! cargo run -p plc-bridge --example drive -- --modbus 127.0.0.1:5020
//! cargo run -p plc-bridge --example drive -- --opcua opc.tcp://127.0.0.1:4840/ --pki target/pki
//! ```
//!
//! Prints a JSON line whenever a value, a quality or the link changes. Reads commands from standard
//! input, one per line: `FV-101=62.5`, `scan off`, `scan on`, `health`. Nothing is written to the
//! device before the first command. Ends with its standard input.

mod field;

use std::error::Error;
use std::io::BufRead;
use std::time::{Duration, Instant};

use model::{Direction, IoMap, Protocol};
use plc_bridge::{Bridge, BridgeOptions, DeviceLink, OpcUaClientOptions, connect};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;

const SCAN: Duration = Duration::from_millis(100);

struct Scan {
    link: DeviceLink,
    bridge: Bridge,
    inputs: Vec<String>,
    outputs: Vec<String>,
    commands: Vec<f64>,
    heartbeat: u32,
    is_running: bool,
    told: Value,
    started: Instant,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let protocol = match (field::argument("--modbus"), field::argument("--opcua")) {
        (Some(endpoint), _) => Protocol::ModbusTcp { endpoint, unit_id: 1 },
        (None, Some(endpoint)) => Protocol::OpcUa { endpoint, namespace: field::NAMESPACE.into() },
        (None, None) => return Err("give --modbus host:port or --opcua opc.tcp://host:port/".into()),
    };
    let pki = field::argument("--pki").unwrap_or_else(|| "target/interop-pki/drive".into());
    let map = IoMap { points: field::points(&protocol), devices: vec![field::device(protocol)] };
    let opcua = OpcUaClientOptions { pki_dir: pki.into(), ..OpcUaClientOptions::default() };
    let options = BridgeOptions { opcua, ..BridgeOptions::default() };
    let (mut links, bridge) = connect(&map, &options, &tokio::runtime::Handle::current())?;
    let tags = |direction| {
        let points = map.points.iter().filter(move |point| point.direction == direction);
        points.map(|point| point.tag.clone()).collect::<Vec<String>>()
    };
    let outputs = tags(Direction::Output);
    let mut scan = Scan {
        link: links.remove(0),
        bridge,
        inputs: tags(Direction::Input),
        commands: vec![0.0; outputs.len()],
        outputs,
        heartbeat: 0,
        is_running: false,
        told: Value::Null,
        started: Instant::now(),
    };
    let (send, mut lines) = mpsc::channel(16);
    std::thread::spawn(move || {
        let lines = std::io::stdin().lock().lines().map_while(Result::ok);
        lines.take_while(|line| send.blocking_send(line.clone()).is_ok()).for_each(drop);
    });
    let mut ticks = tokio::time::interval(SCAN);
    loop {
        tokio::select! {
            _ = ticks.tick() => scan.run(),
            line = lines.recv() => match line {
                Some(line) => scan.obey(line.trim()),
                None => break,
            },
        }
    }
    scan.bridge.shutdown().await;
    Ok(())
}

impl Scan {
    fn run(&mut self) {
        self.tell();
        if !self.is_running {
            return;
        }
        self.heartbeat += 1;
        let meeting = self.link.input_bank.read().meeting;
        let bank = self.link.output_bank.input_buffer_mut();
        bank.heartbeat = self.heartbeat;
        bank.meeting = meeting;
        bank.drives = true;
        bank.values.copy_from_slice(&self.commands);
        self.link.output_bank.publish();
    }

    fn obey(&mut self, line: &str) {
        match (line, line.split_once('=')) {
            ("scan off", _) => self.is_running = false,
            ("scan on", _) => self.is_running = true,
            ("health", _) => println!("{}", json!({ "health": format!("{:?}", self.bridge.health()) })),
            (_, Some((tag, value))) => {
                let output = self.outputs.iter().position(|output| output == tag);
                match (output, value.parse()) {
                    (Some(output), Ok(value)) => {
                        self.commands[output] = value;
                        self.is_running = true;
                    }
                    _ => eprintln!("no such output, or no number: {line}"),
                }
            }
            _ => eprintln!("no such command: {line}"),
        }
    }

    fn tell(&mut self) {
        let bank = self.link.input_bank.read();
        let values = self.inputs.iter().cloned().zip(bank.values.iter().map(|value| json!(value)));
        let qualities = bank.qualities.iter().map(|quality| json!(format!("{quality:?}")));
        let qualities = self.inputs.iter().cloned().zip(qualities);
        let now = json!({
            "up": bank.up,
            "values": values.collect::<Map<String, Value>>(),
            "qualities": qualities.collect::<Map<String, Value>>(),
        });
        if now == self.told {
            return;
        }
        let mut line = now.clone();
        line["ms"] = json!(self.started.elapsed().as_millis() as u64);
        println!("{line}");
        self.told = now;
    }
}
