//! A PLC without hardware: serves a memory on the protocol of its device.

use std::net::SocketAddr;
use std::sync::Arc;

use model::{Device, IoPoint, Protocol};
use opcua::server::ServerHandle;
use tokio::net::{TcpListener, lookup_host};
use tokio::task::JoinHandle;

use crate::address::{self, Sharing};
use crate::error::BridgeError;
use crate::gate::Gate;
use crate::memory::PlcMemory;
use crate::modbus::RegisterMap;
use crate::modbus::server::ModbusServer;
use crate::opcua::{relay, server};
use crate::options::ServeOptions;

/// A serving soft PLC. Dropping it frees its port and cuts its peers.
///
/// At most [`ServeOptions::connections`] peers are connected at one time; the next one takes the
/// place of the peer that has been silent longest, so idle strangers cannot keep a controller out.
pub struct SoftPlc {
    endpoint: String,
    address: SocketAddr,
    gate: Arc<Gate>,
    tasks: Vec<JoinHandle<()>>,
    opcua: Option<ServerHandle>,
}

/// Serves `points` of `device` from `memory`, which was made for the same points in the same order.
///
/// # Errors
///
/// The addresses do not fit the protocol or each other, or the endpoint cannot be listened on.
pub async fn serve(
    device: &Device,
    points: &[IoPoint],
    memory: Arc<PlcMemory>,
    options: &ServeOptions,
) -> Result<SoftPlc, BridgeError> {
    if memory.len() != points.len() {
        return Err(BridgeError::PointCount {
            device: device.name.clone(),
            what: "a memory",
            got: memory.len(),
            expected: points.len(),
        });
    }
    address::check(device, &points.iter().collect::<Vec<_>>(), Sharing::Never)?;
    match &device.protocol {
        Protocol::ModbusTcp { endpoint, unit_id } => {
            let (listener, address) = listen(device, endpoint, endpoint).await?;
            let gate = Gate::new(options.connections);
            let server = Arc::new(ModbusServer {
                map: RegisterMap::new(device, points),
                memory,
                unit: *unit_id,
                idle_timeout: options.idle_timeout,
            });
            let keep =
                gate.clone().keep(listener, move |stream, activity| server.clone().serve(stream, activity));
            let tasks = vec![tokio::spawn(keep)];
            Ok(SoftPlc { endpoint: address.to_string(), address, gate, tasks, opcua: None })
        }
        Protocol::OpcUa { endpoint, namespace } => {
            let authority = address::opcua_authority(device, endpoint)?;
            let (listener, address) = listen(device, authority, endpoint).await?;
            let started = server::start(device, namespace, address, points, memory, options).await;
            let started =
                started.map_err(|reason| BridgeError::OpcUa { device: device.name.clone(), reason })?;
            let gate = Gate::new(options.connections);
            let (inner, idle_timeout) = (started.inner, options.idle_timeout);
            let keep = gate
                .clone()
                .keep(listener, move |stream, activity| relay::carry(stream, inner, idle_timeout, activity));
            let mut tasks = started.tasks;
            tasks.push(tokio::spawn(keep));
            let endpoint = format!("opc.tcp://{address}/");
            Ok(SoftPlc { endpoint, address, gate, tasks, opcua: Some(started.handle) })
        }
    }
}

async fn listen(
    device: &Device,
    authority: &str,
    endpoint: &str,
) -> Result<(TcpListener, SocketAddr), BridgeError> {
    let failed =
        |source| BridgeError::Listen { device: device.name.clone(), endpoint: endpoint.to_owned(), source };
    let address = lookup_host(authority).await.map_err(failed)?.next();
    let address = address.ok_or_else(|| failed(std::io::ErrorKind::AddrNotAvailable.into()))?;
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

impl SoftPlc {
    /// Where it listens, as a client's device description would say it; the port is the real one.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A cut link drops every peer at once and takes nobody in until it is mended.
    pub fn set_link(&self, is_up: bool) {
        self.gate.set_open(is_up);
    }

    /// How many peers are connected.
    pub fn peers(&self) -> usize {
        self.gate.peers()
    }

    /// Ends every connection and frees the port.
    pub async fn shutdown(mut self) {
        self.stop();
        for task in self.tasks.drain(..) {
            // An aborted task ends with an error that says so.
            let _ = task.await;
        }
    }

    fn stop(&self) {
        self.gate.set_open(false);
        if let Some(handle) = &self.opcua {
            handle.cancel();
        }
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl std::fmt::Debug for SoftPlc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SoftPlc").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl Drop for SoftPlc {
    fn drop(&mut self) {
        self.stop();
    }
}
