//! Serves the interoperability field as soft PLCs, for peers that are not ours.
//!
//! ```text
//! cargo run -p plc-bridge --example soft_plc -- --modbus 127.0.0.1:5020 --opcua 127.0.0.1:4840 --pki target/pki
//! ```
//!
//! Prints its endpoints as one JSON line, and from then on one line whenever an output or a watchdog
//! changes. The level follows the valve, the pump runs when it is started, and the counter counts.
//! Ends with its standard input.

mod field;

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use model::{Direction, IoPoint, Protocol, Quality};
use plc_bridge::{Clock, PlcMemory, ServeOptions, SoftPlc, serve};
use serde_json::{Map, Value, json};

struct Plc {
    name: &'static str,
    points: Vec<IoPoint>,
    memory: Arc<PlcMemory>,
    server: SoftPlc,
    told: Value,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let modbus = field::argument("--modbus").unwrap_or_else(|| "127.0.0.1:0".into());
    let opcua = field::argument("--opcua").unwrap_or_else(|| "127.0.0.1:0".into());
    let pki = field::argument("--pki").unwrap_or_else(|| "target/interop-pki".into());
    let protocols = [
        ("modbus", Protocol::ModbusTcp { endpoint: modbus, unit_id: 1 }),
        (
            "opcua",
            Protocol::OpcUa { endpoint: format!("opc.tcp://{opcua}/"), namespace: field::NAMESPACE.into() },
        ),
    ];
    let mut plcs = Vec::new();
    for (name, protocol) in protocols {
        plcs.push(start(name, protocol, Path::new(&pki)).await?);
    }
    let endpoints: Map<String, Value> =
        plcs.iter().map(|plc| (plc.name.to_owned(), json!(plc.server.endpoint()))).collect();
    println!("{}", Value::Object(endpoints));
    let mut end = tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    let mut count = 0u32;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = &mut end => break,
        }
        count += 1;
        for plc in &mut plcs {
            plc.play(count);
            plc.tell();
        }
    }
    for plc in plcs {
        plc.server.shutdown().await;
    }
    Ok(())
}

async fn start(name: &'static str, protocol: Protocol, pki: &Path) -> Result<Plc, Box<dyn Error>> {
    let points = field::points(&protocol);
    let device = field::device(protocol);
    let watchdog = Duration::from_millis(u64::from(device.watchdog_ms));
    let memory =
        PlcMemory::new(&points, &[40.0, 40.0, 1.0, 1.0, 1.25, 1480.0, 0.0], watchdog, Clock::machine());
    let options = ServeOptions { pki_dir: pki.join(name), ..ServeOptions::default() };
    let server = serve(&device, &points, memory.clone(), &options).await?;
    Ok(Plc { name, points, memory, server, told: Value::Null })
}

impl Plc {
    fn position(&self, tag: &str) -> usize {
        self.points.iter().position(|point| point.tag == tag).unwrap_or(usize::MAX)
    }

    fn play(&self, count: u32) {
        let output = |tag| self.memory.output(self.position(tag));
        self.memory.set_inputs([
            (self.position("LT-101"), output("FV-101"), Quality::Good),
            (self.position("P-101.running"), output("P-101.start"), Quality::Good),
            (self.position("PT-101"), 1.0 + f64::from(count % 100) / 64.0, Quality::Good),
            (self.position("FQ-101"), f64::from(count), Quality::Good),
        ]);
    }

    fn tell(&mut self) {
        let outputs =
            self.points.iter().enumerate().filter(|(_, point)| point.direction == Direction::Output);
        let outputs: Map<String, Value> =
            outputs.map(|(index, point)| (point.tag.clone(), json!(self.memory.output(index)))).collect();
        let watchdog = format!("{:?}", self.memory.watchdog());
        let now = json!({ "plc": self.name, "watchdog": watchdog, "outputs": outputs });
        if now != self.told {
            println!("{now}");
            self.told = now;
        }
    }
}
