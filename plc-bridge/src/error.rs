//! What can go wrong before the first byte flows. Afterwards nothing is an error: a lost device is
//! bad data in its bank and a line in its health.

use thiserror::Error;

#[derive(Debug, Error)]
pub enum BridgeError {
    #[error(
        "tag {tag}: device {device} speaks {protocol}, but the address is {address}; give an address of the same protocol"
    )]
    AddressOfAnotherProtocol { tag: String, device: String, protocol: &'static str, address: String },
    #[error(
        "tag {tag}: device number {device} is not in the plant's list of {count} devices; name an existing device"
    )]
    UnknownDevice { tag: String, device: u32, count: usize },
    #[error("tag {tag}: {table} {register} with format {format} cannot carry an {use_}; {hint}")]
    UnfitAddress {
        tag: String,
        table: &'static str,
        register: u16,
        format: &'static str,
        use_: &'static str,
        hint: &'static str,
    },
    #[error(
        "tag {tag}: a scaling from {raw_low}..{raw_high} to {low}..{high} has no width; give two different ends"
    )]
    ScalingWithoutWidth { tag: String, raw_low: f64, raw_high: f64, low: f64, high: f64 },
    #[error(
        "tag {tag}: a range from {low} to {high} has no width; give its low end first, then a higher one"
    )]
    RangeWithoutWidth { tag: String, low: f64, high: f64 },
    #[error("device {device}: {first} and {second} share {place}; give each its own address")]
    SharedAddress { device: String, first: String, second: String, place: String },
    #[error("device {device}: \"{endpoint}\" is no endpoint; write {expected}")]
    Endpoint { device: String, endpoint: String, expected: &'static str },
    #[error(
        "device {device}: the heartbeat {address} cannot count; use a U16, I16 or U32 holding register, or a numeric node"
    )]
    Heartbeat { device: String, address: String },
    #[error(
        "device {device}: {what} for {got} points, but the device has {expected}; pass one per point, in the same order"
    )]
    PointCount { device: String, what: &'static str, got: usize, expected: usize },
    #[error("device {device}: cannot listen on {endpoint}: {source}; free the port or choose another")]
    Listen { device: String, endpoint: String, source: std::io::Error },
    #[error("device {device}: the OPC UA stack refuses its configuration: {reason}")]
    OpcUa { device: String, reason: String },
}
