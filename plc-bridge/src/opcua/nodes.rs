//! The nodes of a soft PLC: one folder of variables, read from and written to its memory.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use model::{Address, Device, Direction, IoPoint, Limited, Quality, Scaling};
use opcua::server::CreateMonitoredItem;
use opcua::server::address_space::{AddressSpace, NodeType, VariableBuilder};
use opcua::server::diagnostics::NamespaceMetadata;
use opcua::server::node_manager::memory::InMemoryNodeManagerImpl;
use opcua::server::node_manager::{ParsedWriteValue, RequestContext, ServerContext, WriteNode};
use opcua::sync::RwLock;
use opcua::types::{
    AttributeId, DataTypeId, DataValue, DateTime, NodeId, NumericRange, ObjectId, QualifiedName, StatusCode,
    Variant,
};

use super::value;
use crate::memory::{PlcMemory, Refusal};
use crate::range;
use crate::signal;
use crate::watchdog::WatchdogState;

/// What one node shows, and what a write to it means.
#[derive(Clone, Copy)]
enum Role {
    Point {
        index: usize,
        direction: Direction,
        boolean: bool,
        scaling: Scaling,
        range: Option<(f64, f64)>,
    },
    Heartbeat,
    /// True while outputs stand at their fail values.
    WatchdogFired,
}

pub(crate) struct PlcNodes {
    namespace: u16,
    uri: String,
    roles: HashMap<NodeId, Role>,
    ids: Vec<(NodeId, Role)>,
    memory: Arc<PlcMemory>,
}

impl PlcNodes {
    /// Expects addresses that `address::check` has passed.
    pub(crate) fn new(
        device: &Device,
        uri: &str,
        namespace: u16,
        points: &[IoPoint],
        memory: Arc<PlcMemory>,
        space: &mut AddressSpace,
    ) -> Self {
        let id = |name: &str| NodeId::new(namespace, name.to_owned());
        let folder = id(&device.name);
        let name = QualifiedName::new(namespace, device.name.as_str());
        space.add_folder(&folder, name, device.name.as_str(), &ObjectId::ObjectsFolder.into());
        let mut nodes =
            Self { namespace, uri: uri.to_owned(), roles: HashMap::new(), ids: Vec::new(), memory };
        if let Address::OpcUa { node, .. } = &device.heartbeat {
            nodes.add(space, &folder, id(node), "Heartbeat", Role::Heartbeat);
        }
        let watchdog = id(&format!("{}.WatchdogFired", device.name));
        nodes.add(space, &folder, watchdog, "WatchdogFired", Role::WatchdogFired);
        for (index, point) in points.iter().enumerate() {
            if let Address::OpcUa { node, boolean } = &point.address {
                let (direction, scaling, range) = (point.direction, point.scaling, point.range);
                let role = Role::Point { index, direction, boolean: *boolean, scaling, range };
                nodes.add(space, &folder, id(node), &point.tag, role);
            }
        }
        nodes
    }

    fn add(&mut self, space: &mut AddressSpace, folder: &NodeId, id: NodeId, name: &str, role: Role) {
        let data_type = match role {
            Role::Point { boolean: true, .. } | Role::WatchdogFired => DataTypeId::Boolean,
            Role::Point { .. } => DataTypeId::Double,
            Role::Heartbeat => DataTypeId::UInt32,
        };
        let data = self.memory.look(|values, qualities, heartbeat| {
            show(role, values, qualities, heartbeat, WatchdogState::Unarmed, DateTime::now())
        });
        let variable = VariableBuilder::new(&id, QualifiedName::new(self.namespace, name), name)
            .organized_by(folder)
            .data_type(data_type)
            .value_rank(-1)
            .value(data.value.clone().unwrap_or_default());
        let variable = if role.is_writable() { variable.writable() } else { variable };
        variable.insert(space);
        self.roles.insert(id.clone(), role);
        self.ids.push((id, role));
    }

    /// Every node with its present value.
    pub(crate) fn snapshot(&self) -> impl Iterator<Item = (&NodeId, DataValue)> {
        self.show_all(self.ids.iter().map(|(id, role)| (id, *role)).collect())
    }

    /// Those of the given nodes that have a value.
    fn show_some<'a>(
        &'a self,
        ids: impl Iterator<Item = &'a NodeId>,
    ) -> impl Iterator<Item = (&'a NodeId, DataValue)> {
        self.show_all(ids.filter_map(|id| Some((id, *self.roles.get(id)?))).collect())
    }

    /// All from one instant of the memory.
    fn show_all<'a>(
        &self,
        nodes: Vec<(&'a NodeId, Role)>,
    ) -> impl Iterator<Item = (&'a NodeId, DataValue)> + use<'a> {
        let watchdog = self.memory.watchdog();
        let now = DateTime::now();
        let data: Vec<DataValue> = self.memory.look(|values, qualities, heartbeat| {
            nodes.iter().map(|(_, role)| show(*role, values, qualities, heartbeat, watchdog, now)).collect()
        });
        nodes.into_iter().map(|(id, _)| id).zip(data)
    }

    pub(crate) fn memory(&self) -> &PlcMemory {
        &self.memory
    }

    /// What a write asks of the memory, if it may.
    fn understand(&self, write: &ParsedWriteValue) -> Result<Command, StatusCode> {
        let role = self.roles.get(&write.node_id).ok_or(StatusCode::BadNodeIdUnknown)?;
        if write.attribute_id != AttributeId::Value || !role.is_writable() {
            return Err(StatusCode::BadNotWritable);
        }
        let has_status = write.value.status.is_some_and(|status| !status.is_good());
        if write.index_range != NumericRange::None || has_status {
            return Err(StatusCode::BadWriteNotSupported);
        }
        let value = write.value.value.as_ref().unwrap_or(&Variant::Empty);
        // The stack would let a String into a Double: types are checked here, and strictly.
        match (*role, value) {
            (Role::Heartbeat, Variant::UInt32(count)) => Ok(Command::Heartbeat(*count)),
            (Role::Point { index, boolean: true, scaling, .. }, Variant::Boolean(on)) => {
                let value = signal::from_bit(scaling, *on).value;
                Ok(Command::Output(index, value.ok_or(StatusCode::BadOutOfRange)?))
            }
            (Role::Point { index, boolean: false, scaling, .. }, Variant::Double(raw)) => {
                let value = signal::from_number(scaling, *raw).value;
                Ok(Command::Output(index, value.ok_or(StatusCode::BadOutOfRange)?))
            }
            _ => Err(StatusCode::BadTypeMismatch),
        }
    }
}

enum Command {
    Heartbeat(u32),
    Output(usize, f64),
}

impl Role {
    fn is_writable(self) -> bool {
        matches!(self, Self::Heartbeat | Self::Point { direction: Direction::Output, .. })
    }
}

fn show(
    role: Role,
    values: &[f64],
    qualities: &[Quality],
    heartbeat: u32,
    watchdog: WatchdogState,
    now: DateTime,
) -> DataValue {
    match role {
        Role::Heartbeat => DataValue::new_at(heartbeat, now),
        Role::WatchdogFired => DataValue::new_at(watchdog == WatchdogState::Fired, now),
        Role::Point { index, direction, boolean, scaling, range } => {
            let raw = signal::to_number(scaling, values[index]);
            let quality = if raw.is_some() { qualities[index] } else { Quality::BadOutOfRange };
            let value = match (boolean, raw) {
                // Nobody may use the value then; and a subscriber without a filter hears only of
                // values that differ, so a failed sensor must not keep its value.
                _ if quality.is_bad() => Variant::Empty,
                (true, _) => Variant::Boolean(signal::to_bit(scaling, values[index]).unwrap_or(false)),
                (false, raw) => Variant::Double(raw.unwrap_or(0.0)),
            };
            let held = direction == Direction::Output && watchdog == WatchdogState::Fired;
            let limited = if held { Limited::Constant } else { limited(values[index], quality, range) };
            DataValue::new_at_status(value, now, value::status(quality, limited))
        }
    }
}

/// Whether a value of the field could still move: not one that stands for another, and not beyond what its instrument
/// can measure.
fn limited(value: f64, quality: Quality, range: Option<(f64, f64)>) -> Limited {
    match quality {
        Quality::GoodLocalOverride | Quality::UncertainLastUsable => Limited::Constant,
        quality if quality.is_bad() => Limited::Constant,
        _ => range.map_or(Limited::No, |(low, high)| range::limited(value, low, high)),
    }
}

#[async_trait]
impl InMemoryNodeManagerImpl for PlcNodes {
    async fn init(&self, _: &mut AddressSpace, _: ServerContext) {}

    fn name(&self) -> &str {
        "soft-plc"
    }

    fn namespaces(&self) -> Vec<NamespaceMetadata> {
        vec![NamespaceMetadata {
            namespace_uri: self.uri.clone(),
            namespace_index: self.namespace,
            ..NamespaceMetadata::default()
        }]
    }

    /// The default takes any name; a subscriber must learn at once that nobody has it.
    async fn create_value_monitored_items(
        &self,
        _: &RequestContext,
        _: &RwLock<AddressSpace>,
        items: &mut [&mut &mut CreateMonitoredItem],
    ) {
        let wanted: Vec<NodeId> = items.iter().map(|item| item.item_to_monitor().node_id.clone()).collect();
        let shown: HashMap<&NodeId, DataValue> = self.show_some(wanted.iter()).collect();
        for (item, id) in items.iter_mut().zip(&wanted) {
            match shown.get(id) {
                Some(data) => {
                    item.set_initial_value(data.clone());
                    item.set_status(StatusCode::Good);
                }
                // The folder: it exists, and has no value.
                None => item.set_status(StatusCode::BadNodeIdUnknown),
            }
        }
    }

    /// One request is one command: its heartbeat counts before its outputs, wherever it stands.
    async fn write(
        &self,
        _: &RequestContext,
        space: &RwLock<AddressSpace>,
        writes: &mut [&mut WriteNode],
    ) -> Result<(), StatusCode> {
        let understood: Vec<_> = writes.iter().map(|write| self.understand(write.value())).collect();
        let heartbeat = understood.iter().rev().find_map(|command| match command {
            Ok(Command::Heartbeat(count)) => Some(*count),
            _ => None,
        });
        let outputs: Vec<(usize, f64)> = understood
            .iter()
            .filter_map(|command| match command {
                Ok(Command::Output(index, value)) => Some((*index, *value)),
                _ => None,
            })
            .collect();
        let accepted = self.memory.command(heartbeat, &outputs);
        for (write, command) in writes.iter_mut().zip(understood) {
            write.set_status(match (command, accepted) {
                (Err(code), _) => code,
                (Ok(_), Err(Refusal::WriteProtected)) => StatusCode::BadUserAccessDenied,
                // What an S7-1500 in STOP answers to a call that its program should serve.
                (Ok(_), Err(Refusal::Stopped)) => StatusCode::BadInvalidState,
                (Ok(Command::Output(..)), Err(Refusal::WatchdogHasFired)) => StatusCode::BadInvalidState,
                (Ok(_), _) => StatusCode::Good,
            });
        }
        // Read back at once; subscribers hear of it with the next sampling.
        let mut space = space.write();
        let written = writes.iter().map(|write| &write.value().node_id);
        for (id, data) in self.show_some(written) {
            if let Some(NodeType::Variable(variable)) = space.find_mut(id) {
                variable.set_data_value(data);
            }
        }
        Ok(())
    }
}
