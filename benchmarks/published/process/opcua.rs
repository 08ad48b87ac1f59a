//! The same bench as an OPC UA server, on the clock of the machine: the nodes of the folder `opc-ua`.

use std::error::Error;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use model::{Direction, Protocol, Quality, Source};
use plc_bridge::{Clock, PlcMemory, ServeOptions, SoftPlc, serve};
use tokio::runtime::Runtime;

use crate::bench::Bench;
use crate::server::Served;

const STEP: Duration = Duration::from_millis(10);

/// Serves for as long as it is kept.
pub struct Server {
    _plc: SoftPlc,
    _runtime: Runtime,
    pub served: Served,
}

impl Server {
    /// `authority` is an address and port; certificates lie in `pki`.
    pub fn new(bench: Bench, authority: &str, pki: &Path) -> Result<Self, Box<dyn Error>> {
        let text = include_str!("../opc-ua/plant.toml").to_owned();
        let compiled = control::compile(&[Source { path: "plant.toml".into(), text }]);
        let mut io = compiled.map_err(|findings| format!("{findings:?}"))?.plant.io;
        let device = &mut io.devices[0];
        if let Protocol::OpcUa { endpoint, .. } = &mut device.protocol {
            *endpoint = format!("opc.tcp://{authority}/");
        }
        let watchdog = Duration::from_millis(device.watchdog_ms.into());
        let memory = PlcMemory::new(&io.points, &vec![0.0; io.points.len()], watchdog, Clock::machine());
        let options = ServeOptions { pki_dir: pki.to_owned(), ..ServeOptions::default() };
        let runtime = Runtime::new()?;
        let plc = runtime.block_on(serve(device, &io.points, memory.clone(), &options))?;
        let of = |direction| {
            let points = io.points.iter().enumerate();
            points
                .filter(|(_, point)| point.direction == direction)
                .map(|(index, _)| index)
                .collect::<Vec<_>>()
        };
        let (inputs, outputs) = (of(Direction::Input), of(Direction::Output));
        let served = Served::silent(bench, plc.address());
        let bench = Arc::downgrade(served.shared());
        thread::spawn(move || {
            let began = Instant::now();
            let mut steps = 0;
            while let Some(bench) = bench.upgrade() {
                live(&bench, &memory, &inputs, &outputs, &mut steps, began.elapsed());
                thread::sleep(STEP);
            }
        });
        Ok(Self { _plc: plc, _runtime: runtime, served })
    }
}

/// Lives up to the clock with what the controller commands, and shows what is measured then.
fn live(
    bench: &Mutex<Bench>,
    memory: &PlcMemory,
    inputs: &[usize],
    outputs: &[usize],
    steps: &mut u64,
    clock: Duration,
) {
    let mut bench = crate::server::lock(bench);
    for (command, point) in outputs.iter().enumerate() {
        bench.command(command, memory.output(*point));
    }
    let due = (clock.as_millis() / STEP.as_millis()) as u64;
    bench.live(due.saturating_sub(*steps));
    *steps = due.max(*steps);
    let values = inputs.iter().zip(bench.measurements());
    memory.set_inputs(values.map(|(point, value)| (*point, *value, Quality::Good)));
}
