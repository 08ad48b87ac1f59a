//! `[device.*]`: one PLC connection each, with its heartbeat and its link point.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use model::{Address, Device, DeviceId, ModbusTable, PointId, Protocol, RegisterFormat};

use super::draft::{Draft, Named, NewPoint, Part};
use super::fields::Fields;
use super::items::{Items, Kind, duplicate};
use super::place::{Place, Text};
use super::report::{Mistake, Report};
use crate::plant::Origin;

/// Which addresses of which device are taken, and where it was said.
#[derive(Default)]
pub(super) struct Taken {
    registers: BTreeMap<(DeviceId, ModbusTable, u16), (String, Place)>,
    nodes: BTreeMap<(DeviceId, String), (String, Place)>,
    /// By host and port.
    endpoints: BTreeMap<String, Vec<(Protocol, String, Place)>>,
}

impl Taken {
    /// Reports a connection that two devices share. Behind one Modbus gateway there may be several units,
    /// and in one OPC UA server several namespaces.
    fn connect(&mut self, protocol: &Protocol, owner: &str, place: Place, report: &mut Report) {
        let (Protocol::ModbusTcp { endpoint, .. } | Protocol::OpcUa { endpoint, .. }) = protocol;
        let host = authority(endpoint);
        let there = self.endpoints.entry(machine(host)).or_default();
        let collides = |other: &&(Protocol, String, Place)| match (&other.0, protocol) {
            (Protocol::ModbusTcp { unit_id: one, .. }, Protocol::ModbusTcp { unit_id: two, .. }) => {
                one == two
            }
            (Protocol::OpcUa { namespace: one, .. }, Protocol::OpcUa { namespace: two, .. }) => one == two,
            _ => true,
        };
        if let Some((_, other, first)) = there.iter().find(collides) {
            report.add(
                Mistake::error("endpoint-taken", format!("`{owner}` is at {host}, and so is `{other}`"))
                    .at(place, "this address")
                    .related(*first, format!("`{other}` is here"))
                    .help("give one of the two another port, or another `unit_id` behind a Modbus gateway"),
            );
        }
        there.push((protocol.clone(), String::from(owner), place));
    }

    /// Reports an address that two tags share.
    pub(super) fn take(
        &mut self,
        device: DeviceId,
        address: &Address,
        owner: &str,
        place: Place,
        report: &mut Report,
    ) {
        let (first, what) = match address {
            Address::Modbus { table, register, format } => {
                let mut first = None;
                for register in *register..=register.saturating_add(format.registers() - 1) {
                    match self.registers.get(&(device, *table, register)) {
                        Some(taken) => first = first.or_else(|| Some(taken.clone())),
                        None => {
                            self.registers.insert((device, *table, register), (String::from(owner), place));
                        }
                    }
                }
                (first, format!("{} {register}", table_word(*table)))
            }
            Address::OpcUa { node, .. } => {
                let key = (device, node.clone());
                let first = self.nodes.get(&key).cloned();
                if first.is_none() {
                    self.nodes.insert(key, (String::from(owner), place));
                }
                (first, format!("node \"{node}\""))
            }
        };
        if let Some((other, first)) = first {
            report.add(
                Mistake::error("address-taken", format!("{what} of `{owner}` overlaps that of `{other}`"))
                    .at(place, "this address")
                    .related(first, format!("`{other}` is here"))
                    .help("give one of the two another address; 32-bit formats take two registers"),
            );
        }
    }
}

/// `host:port` of an endpoint.
fn authority(endpoint: &str) -> &str {
    let rest = endpoint.strip_prefix("opc.tcp://").unwrap_or(endpoint);
    rest.split_once('/').map_or(rest, |(authority, _)| authority)
}

/// The same for every name of this machine.
fn machine(authority: &str) -> String {
    let authority = authority.to_ascii_lowercase();
    match authority.rsplit_once(':') {
        Some(("localhost" | "[::1]" | "127.0.0.1", port)) => format!("localhost:{port}"),
        _ => authority,
    }
}

pub(super) const fn table_word(table: ModbusTable) -> &'static str {
    match table {
        ModbusTable::Coil => "coil",
        ModbusTable::DiscreteInput => "discrete",
        ModbusTable::InputRegister => "input",
        ModbusTable::HoldingRegister => "holding",
    }
}

pub(super) fn compile(items: &Items, draft: &mut Draft, taken: &mut Taken, report: &mut Report) {
    for item in items.of(Kind::Device) {
        let mut fields = item.fields();
        let id = DeviceId(draft.io.devices.len() as u32);
        let description = fields.words("description", report);
        let area = draft.area(item, &mut fields, report);
        let protocol = protocol(&mut fields, report);
        let poll_ms = fields.time_ms("poll", report).unwrap_or(100);
        let timeout_ms = fields.time_ms("timeout", report).unwrap_or(500);
        for (key, value) in [("poll", poll_ms), ("timeout", timeout_ms)] {
            if value == 0 {
                zero(&fields, key, report);
            }
        }
        let watchdog_ms = watchdog(&mut fields, poll_ms, report);
        if watchdog_ms > 0 && timeout_ms >= watchdog_ms {
            let key = if fields.has("timeout") { "timeout" } else { "watchdog" };
            report.add(
                Mistake::warning(
                    "timeout-long",
                    format!("{} waits longer for an answer than its watchdog waits for it", fields.owner),
                )
                .at(
                    fields.place_of(key),
                    format!("a `timeout` of {timeout_ms} ms, a `watchdog` of {watchdog_ms} ms"),
                )
                .help("one answer that is lost moves its outputs to their fail positions: write a shorter `timeout`"),
            );
        }
        let heartbeat = heartbeat(&mut fields, protocol.as_ref(), report);
        fields.finish(report);
        if let Some(known) = draft.names.get(item.name.as_str()) {
            report.add(duplicate("the name", &item.name, known.place));
            continue;
        }
        let named = Named { place: item.name.place, point: None, block: None, device: Some(id) };
        draft.add_name(&item.name, named, report);
        let link = link(&item.name, &description, area, id, draft, report);
        let heartbeat = heartbeat.unwrap_or(Address::OpcUa { node: String::new(), boolean: false });
        if let Some(protocol) = &protocol {
            taken.connect(protocol, item.name.as_str(), fields.place_of("endpoint"), report);
            let owner = format!("{} heartbeat", item.name);
            taken.take(id, &heartbeat, &owner, fields.place_of("heartbeat"), report);
        }
        draft.io.devices.push(Device {
            name: String::from(&item.name),
            description,
            protocol: protocol.unwrap_or(Protocol::ModbusTcp { endpoint: String::new(), unit_id: 1 }),
            link,
            heartbeat,
            watchdog_ms,
            poll_ms,
            timeout_ms,
        });
    }
}

fn zero(fields: &Fields<'_>, key: &str, report: &mut Report) {
    report.add(
        Mistake::error("out-of-range", format!("`{key}` of {} is zero", fields.owner))
            .at(fields.place_of(key), "zero")
            .help(format!("write `{key} = \"100 ms\"` or leave it out")),
    );
}

fn link(
    name: &Text,
    description: &str,
    area: String,
    device: DeviceId,
    draft: &mut Draft,
    report: &mut Report,
) -> PointId {
    let link = draft.add_point(
        NewPoint {
            name: format!("{name}.LINK"),
            description: if description.is_empty() { "link".into() } else { format!("{description}, link") },
            area,
            place: name.place,
            part: Part::None,
            origin: Origin::Link(device),
        },
        report,
    );
    draft.set_words(link, ("down", "up"));
    link
}

fn protocol(fields: &mut Fields<'_>, report: &mut Report) -> Option<Protocol> {
    if !fields.has("protocol") {
        fields.missing("protocol", "\"modbus-tcp\"", report);
    }
    let modbus = fields.choice("protocol", &[("modbus-tcp", true), ("opc-ua", false)], report);
    let example = if modbus == Some(false) { "\"opc.tcp://127.0.0.1:4840/\"" } else { "\"127.0.0.1:5020\"" };
    let endpoint = fields.need_text("endpoint", example, report);
    // Both are asked for in any case, so that the other protocol's key gets a fitting message.
    let unit_id = fields.integer("unit_id", 0, 255, report);
    let namespace = fields.text("namespace", report);
    let stray = if modbus? { namespace.map(|_| "namespace") } else { unit_id.map(|_| "unit_id") };
    if let Some(key) = stray {
        let (protocol, other) = if modbus? { ("modbus-tcp", "opc-ua") } else { ("opc-ua", "modbus-tcp") };
        report.add(
            Mistake::error("unknown-key", format!("`{key}` has no meaning for {protocol}"))
                .at(fields.place_of(key), format!("belongs to {other}"))
                .help(format!("remove it, or write `protocol = \"{other}\"`")),
        );
    }
    let endpoint = endpoint?;
    if modbus? {
        let example = "\"host:port\", such as \"127.0.0.1:5020\"";
        sound(endpoint, Some(endpoint.as_str()), example, report);
        let unit_id = unit_id.unwrap_or(1) as u8;
        return Some(Protocol::ModbusTcp { endpoint: String::from(endpoint), unit_id });
    }
    let is_opc = endpoint.as_str().starts_with("opc.tcp://");
    let example = "an address such as \"opc.tcp://127.0.0.1:4840/\"";
    sound(endpoint, is_opc.then(|| authority(endpoint.as_str())), example, report);
    if namespace.is_none() && !fields.has("namespace") {
        fields.missing("namespace", "\"urn:...\"", report);
    }
    Some(Protocol::OpcUa {
        endpoint: String::from(endpoint),
        namespace: namespace.map(String::from).unwrap_or_default(),
    })
}

/// A host and a port, as the bridge will want them.
fn sound(endpoint: &Text, authority: Option<&str>, example: &str, report: &mut Report) {
    let parts = authority.and_then(|authority| authority.rsplit_once(':'));
    let number = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let mistake = match parts {
        Some((host, _)) if host.contains("://") => {
            let (scheme, host) = host.split_once("://").unwrap_or_default();
            Mistake::error(
                "bad-endpoint",
                format!("\"{endpoint}\" is no endpoint for this protocol: it has no scheme {scheme}"),
            )
            .at(endpoint.place, "read as the name of a machine")
            .help(format!(
                "write \"{host}:{}\"",
                parts.map_or("", |(_, port)| port.split('/').next().unwrap_or(port))
            ))
        }
        Some((host, port)) if !host.is_empty() && !host.contains(['/', ' ']) && number(port) => {
            if port.parse::<u16>().is_ok_and(|port| port > 0) {
                return;
            }
            Mistake::error("bad-endpoint", format!("there is no port {port}"))
                .at(endpoint.place, "the port of this address")
                .help("write a port from 1 to 65535: 502 is the usual one of Modbus, 4840 that of OPC UA")
        }
        _ => Mistake::error("bad-endpoint", format!("\"{endpoint}\" is no endpoint for this protocol"))
            .at(endpoint.place, "this address")
            .help(format!("write {example}")),
    };
    report.add(mistake);
}

/// Without a watchdog a dead controller would leave its outputs where they are.
fn watchdog(fields: &mut Fields<'_>, poll_ms: u32, report: &mut Report) -> u32 {
    if !fields.has("watchdog") {
        fields.missing("watchdog", "\"2 s\"", report);
        return 0;
    }
    let Some(watchdog) = fields.time_ms("watchdog", report) else { return 0 };
    if watchdog < poll_ms.saturating_mul(3) {
        report.add(
            Mistake::error(
                "watchdog-short",
                format!("the watchdog of {} fires between two writes", fields.owner),
            )
            .at(fields.place_of("watchdog"), format!("{watchdog} ms with a poll every {poll_ms} ms"))
            .help(format!("write at least three polls: `watchdog = \"{} ms\"`", poll_ms.saturating_mul(3))),
        );
    }
    watchdog
}

/// `"holding 0"` for Modbus, the node's name for OPC UA.
fn heartbeat(fields: &mut Fields<'_>, protocol: Option<&Protocol>, report: &mut Report) -> Option<Address> {
    let modbus = matches!(protocol, None | Some(Protocol::ModbusTcp { .. }));
    let example = if modbus { "\"holding 0\"" } else { "\"HEARTBEAT\"" };
    let text = fields.need_text("heartbeat", example, report)?;
    if !modbus {
        return Some(Address::OpcUa { node: String::from(text), boolean: false });
    }
    let register = text.as_str().strip_prefix("holding ").and_then(|number| number.trim().parse().ok());
    if register.is_none() {
        report.add(
            Mistake::error("bad-address", format!("\"{text}\" is no place for a heartbeat"))
                .at(text.place, "a holding register is expected")
                .help("write `heartbeat = \"holding 0\"`, with a number from 0 to 65535"),
        );
    }
    Some(Address::Modbus {
        table: ModbusTable::HoldingRegister,
        register: register?,
        format: RegisterFormat::U16,
    })
}
