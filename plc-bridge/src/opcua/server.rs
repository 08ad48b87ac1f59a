//! The OPC UA server of a soft PLC, and the task that tells its subscribers what has changed.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use model::{Device, IoPoint};
use opcua::crypto::SecurityPolicy;
use opcua::server::address_space::{AddressSpace, add_namespaces};
use opcua::server::node_manager::ServerContext;
use opcua::server::node_manager::memory::{InMemoryNodeManager, InMemoryNodeManagerBuilder};
use opcua::server::{ServerBuilder, ServerHandle};
use opcua::types::{DataValue, MessageSecurityMode, NodeId, Variant};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::chunk::CHUNK_LIMIT;
use super::nodes::PlcNodes;
use crate::memory::PlcMemory;
use crate::options::ServeOptions;

const MESSAGE_LIMIT: usize = 4 << 20;
/// A peer that connects has so long to say Hello and to open its channel.
const HELLO_TIMEOUT_S: u32 = 5;
/// A cut link leaves sessions behind; they must not fill the server until it gives them up.
const SESSIONS: usize = 40;
const SESSION_TIMEOUT_MS: u64 = 15_000;
const ITEMS_PER_SUBSCRIPTION: usize = 20_000;

pub(crate) struct OpcUaServer {
    pub(crate) inner: SocketAddr,
    pub(crate) handle: ServerHandle,
    pub(crate) tasks: Vec<JoinHandle<()>>,
}

/// Starts the server behind `announced`, the address that the relay listens on.
pub(crate) async fn start(
    device: &Device,
    namespace: &str,
    announced: SocketAddr,
    points: &[IoPoint],
    memory: Arc<PlcMemory>,
    options: &ServeOptions,
) -> Result<OpcUaServer, String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(|error| error.to_string())?;
    let inner = listener.local_addr().map_err(|error| error.to_string())?;
    let (owned_device, uri, points) = (device.clone(), namespace.to_owned(), points.to_vec());
    let nodes = move |context: ServerContext, space: &mut AddressSpace| {
        let index = add_namespaces(&context, space, &[&uri]).first().copied().unwrap_or(0);
        PlcNodes::new(&owned_device, &uri, index, &points, memory, space)
    };
    let (server, handle) = builder(device, announced, options)
        .with_node_manager(InMemoryNodeManagerBuilder::new(nodes))
        .build()?;
    let running = tokio::spawn(async move {
        if let Err(reason) = server.run_with(listener).await {
            tracing::error!(reason, "the OPC UA server of a soft PLC has ended");
        }
    });
    let mut started = OpcUaServer { inner, handle, tasks: vec![running] };
    started.announce(announced).await?;
    let nodes = started.handle.node_managers().get_of_type::<InMemoryNodeManager<PlcNodes>>();
    let nodes = nodes.ok_or("the node manager is missing")?;
    started.tasks.push(tokio::spawn(publish(nodes, started.handle.clone(), options.sampling)));
    Ok(started)
}

fn builder(device: &Device, announced: SocketAddr, options: &ServeOptions) -> ServerBuilder {
    let uri = format!("urn:catholyte:soft-plc:{}", device.name);
    let anonymous: &[&str] = &["ANONYMOUS"];
    let mut builder = ServerBuilder::new()
        .application_name(format!("Catholyte soft PLC {}", device.name))
        .application_uri(&uri)
        .product_uri("urn:catholyte:soft-plc")
        .pki_dir(&options.pki_dir)
        .create_sample_keypair(false)
        .host(announced.ip().to_string())
        .port(announced.port())
        .discovery_urls(vec![format!("opc.tcp://{announced}/")])
        .hello_timeout(HELLO_TIMEOUT_S)
        .max_sessions(SESSIONS)
        .max_session_timeout_ms(SESSION_TIMEOUT_MS)
        .max_message_size(MESSAGE_LIMIT)
        .max_chunk_count(MESSAGE_LIMIT / CHUNK_LIMIT as usize + 2)
        .max_array_length(100_000)
        .subscription_poll_interval_ms(50)
        .add_endpoint("none", ("/", SecurityPolicy::None, MessageSecurityMode::None, anonymous));
    let limits = builder.limits_mut();
    limits.subscriptions.min_sampling_interval_ms = 50.0;
    limits.subscriptions.min_publishing_interval_ms = 50.0;
    limits.subscriptions.max_monitored_items_per_sub = ITEMS_PER_SUBSCRIPTION;
    limits.subscriptions.max_queued_notifications = 200;
    limits.operational.max_monitored_items_per_call = 10_000;
    limits.operational.max_references_per_browse_node = 10_000;
    builder
}

impl OpcUaServer {
    /// The server announces the port of its own listener; clients have to be told the relay's.
    async fn announce(&self, announced: SocketAddr) -> Result<(), String> {
        let port = &self.handle.info().port;
        let started = async {
            while port.load(Ordering::Relaxed) != self.inner.port() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let limit = Duration::from_secs(20);
        tokio::time::timeout(limit, started).await.map_err(|_| format!("it did not start in {limit:?}"))?;
        port.store(announced.port(), Ordering::Relaxed);
        Ok(())
    }
}

/// Tells subscribers about values that differ from the last ones told.
async fn publish(nodes: Arc<InMemoryNodeManager<PlcNodes>>, handle: ServerHandle, period: Duration) {
    let mut told: Vec<(Option<Variant>, u32)> = Vec::new();
    let mut version = None;
    let mut ticks = tokio::time::interval(period.max(Duration::from_millis(10)));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        let current = nodes.inner().memory().version();
        if version.replace(current) == Some(current) {
            continue;
        }
        let mut changed: Vec<(&NodeId, DataValue)> = Vec::new();
        for (position, (id, data)) in nodes.inner().snapshot().enumerate() {
            let now = (data.value.clone(), data.status().bits());
            match told.get_mut(position) {
                Some(before) if *before == now => continue,
                Some(before) => *before = now,
                None => told.push(now),
            }
            changed.push((id, data));
        }
        let changed = changed.into_iter().map(|(id, data)| (id, None, data));
        if let Err(code) = nodes.set_values(handle.subscriptions(), changed) {
            tracing::error!(%code, "the values of a soft PLC could not be published");
        }
    }
}
