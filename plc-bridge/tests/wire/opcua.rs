//! What an OPC UA client that is not ours gets from a soft PLC.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::Quality;
use opcua::client::{ClientBuilder, DataChangeCallback, IdentityToken, Session};
use opcua::crypto::SecurityPolicy;
use opcua::types::{
    AttributeId, BrowseDescription, BrowseDirection, BrowseResultMask, DataValue, MessageSecurityMode,
    MonitoredItemCreateRequest, NodeId, ObjectId, ReadValueId, ReferenceTypeId, StatusCode, StatusCodeLimit,
    TimestampsToReturn, UserTokenPolicy, VariableId, Variant, WriteValue,
};
use parking_lot::Mutex;

use crate::field::*;

struct Visitor {
    session: Arc<Session>,
    namespace: u16,
    _pki: tempfile::TempDir,
}

async fn visitor(field: &Field) -> Visitor {
    let pki = tempfile::tempdir().unwrap();
    let mut client = ClientBuilder::new()
        .application_name("visitor")
        .application_uri("urn:visitor")
        .pki_dir(pki.path())
        .session_retry_limit(0)
        .client()
        .unwrap();
    let endpoint = (
        field.plc.endpoint(),
        SecurityPolicy::None.to_str(),
        MessageSecurityMode::None,
        UserTokenPolicy::anonymous(),
    );
    let (session, events) =
        client.connect_to_matching_endpoint(endpoint, IdentityToken::Anonymous).await.unwrap();
    events.spawn();
    assert!(session.wait_for_connection().await);
    let names = session.read_namespace_array().await.unwrap();
    let namespace = names.get_index(NAMESPACE).unwrap();
    Visitor { session, namespace, _pki: pki }
}

impl Visitor {
    fn id(&self, name: &str) -> NodeId {
        NodeId::new(self.namespace, name.to_owned())
    }

    async fn read(&self, name: &str) -> DataValue {
        let node = ReadValueId::new_value(self.id(name));
        self.session.read(&[node], TimestampsToReturn::Both, 0.0).await.unwrap().remove(0)
    }

    async fn write(&self, name: &str, value: impl Into<Variant>) -> StatusCode {
        let write = WriteValue::value_attr(self.id(name), value.into());
        self.session.write(&[write]).await.unwrap()[0]
    }

    async fn names_below(&self, node: NodeId) -> Vec<String> {
        let browse = BrowseDescription {
            node_id: node,
            browse_direction: BrowseDirection::Forward,
            reference_type_id: ReferenceTypeId::Organizes.into(),
            include_subtypes: true,
            node_class_mask: 0,
            result_mask: BrowseResultMask::All as u32,
        };
        let found = self.session.browse(&[browse], 0, None).await.unwrap().remove(0);
        found
            .references
            .unwrap_or_default()
            .into_iter()
            .map(|each| each.browse_name.name.to_string())
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tags_are_found_below_the_device_and_outputs_read_back() {
    let field = field(Wire::OpcUa).await;
    let visitor = visitor(&field).await;
    assert!(visitor.names_below(ObjectId::ObjectsFolder.into()).await.contains(&"PLC-1".to_owned()));
    let mut names = visitor.names_below(visitor.id("PLC-1")).await;
    names.sort();
    let expected = [
        "FV-101",
        "Heartbeat",
        "LT-101",
        "P-101.running",
        "P-101.start",
        "PT-101",
        "SC-101",
        "WatchdogFired",
    ];
    assert_eq!(names, expected);
    assert_eq!(visitor.read("LT-101").await.value, Some(Variant::Double(50.0)));
    assert_eq!(visitor.read("P-101.running").await.value, Some(Variant::Boolean(true)));

    assert_eq!(visitor.write("FV-101", 12.5).await, StatusCode::Good);
    assert_eq!(visitor.write("P-101.start", false).await, StatusCode::Good);
    assert_eq!(visitor.read("FV-101").await.value, Some(Variant::Double(12.5)));
    assert_eq!((field.memory.output(VALVE), field.memory.output(PUMP)), (12.5, 0.0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_of_the_wrong_kind_is_refused_and_changes_nothing() {
    let field = field(Wire::OpcUa).await;
    let visitor = visitor(&field).await;
    let mismatch = StatusCode::BadTypeMismatch;
    assert_eq!(visitor.write("FV-101", "12.5").await, mismatch);
    assert_eq!(visitor.write("FV-101", true).await, mismatch);
    assert_eq!(visitor.write("FV-101", 12i32).await, mismatch);
    assert_eq!(visitor.write("FV-101", vec![12.5, 13.0]).await, mismatch);
    assert_eq!(visitor.write("FV-101", Variant::Empty).await, mismatch);
    assert_eq!(visitor.write("P-101.start", 0.0).await, mismatch);
    assert_eq!(visitor.write("Heartbeat", 1.0).await, mismatch);
    assert_eq!(visitor.write("FV-101", f64::NAN).await, StatusCode::BadOutOfRange);
    assert_eq!(visitor.write("FV-101", f64::INFINITY).await, StatusCode::BadOutOfRange);
    assert_eq!(visitor.write("LT-101", 1.0).await, StatusCode::BadNotWritable);
    assert_eq!(visitor.write("PLC-1.WatchdogFired", false).await, StatusCode::BadNotWritable);
    assert_eq!(visitor.write("nobody", 1.0).await, StatusCode::BadNodeIdUnknown);
    let renamed = WriteValue {
        node_id: visitor.id("FV-101"),
        attribute_id: AttributeId::BrowseName as u32,
        value: DataValue::value_only("other"),
        ..WriteValue::default()
    };
    assert_eq!(visitor.session.write(&[renamed]).await.unwrap(), [StatusCode::BadNotWritable]);
    let mut values = Vec::new();
    field.memory.copy_values(&mut values);
    assert_eq!(values, WARM);
    assert_eq!(visitor.read("FV-101").await.value, Some(Variant::Double(40.0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fired_watchdog_refuses_outputs_and_says_so() {
    let field = field(Wire::OpcUa).await;
    let visitor = visitor(&field).await;
    assert_eq!(visitor.write("Heartbeat", 1u32).await, StatusCode::Good);
    assert_eq!(visitor.write("FV-101", 12.5).await, StatusCode::Good);
    field.clock.advance(Duration::from_secs(1));
    assert_eq!(visitor.write("FV-101", 13.0).await, StatusCode::BadInvalidState);
    assert_eq!(visitor.read("FV-101").await.value, Some(Variant::Double(100.0)));
    // The heartbeat counts first, wherever in the request it stands.
    let request = [
        WriteValue::value_attr(visitor.id("FV-101"), Variant::from(14.0)),
        WriteValue::value_attr(visitor.id("Heartbeat"), Variant::from(2u32)),
    ];
    let codes = visitor.session.write(&request).await.unwrap();
    assert_eq!(codes, [StatusCode::Good; 2]);
    assert_eq!(field.memory.output(VALVE), 14.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_protected_plc_is_read_and_takes_neither_outputs_nor_heartbeat() {
    let field = field(Wire::OpcUa).await;
    let visitor = visitor(&field).await;
    field.memory.set_write_protected(true);
    assert_eq!(visitor.write("Heartbeat", 1u32).await, StatusCode::BadUserAccessDenied);
    assert_eq!(visitor.write("FV-101", 12.5).await, StatusCode::BadUserAccessDenied);
    assert_eq!(visitor.write("nobody", 1.0).await, StatusCode::BadNodeIdUnknown);
    assert_eq!(visitor.read("FV-101").await.value, Some(Variant::Double(WARM[VALVE])));
    assert_eq!(visitor.read("Heartbeat").await.value, Some(Variant::UInt32(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_without_a_filter_hears_values_failures_and_fail_values() {
    let field = field(Wire::OpcUa).await;
    let visitor = visitor(&field).await;
    let heard: Arc<Mutex<Vec<(String, DataValue)>>> = Arc::default();
    let ears = heard.clone();
    let callback = DataChangeCallback::new(move |data, item| {
        ears.lock().push((item.item_to_monitor().node_id.to_string(), data));
    });
    let subscription = visitor
        .session
        .create_subscription(Duration::from_millis(100), 100, 10, 0, 0, true, callback)
        .await
        .unwrap();
    let names = ["LT-101", "FV-101", "PLC-1.WatchdogFired", "nobody"];
    let items = names.iter().map(|name| MonitoredItemCreateRequest::from(visitor.id(name))).collect();
    let created =
        visitor.session.create_monitored_items(subscription, TimestampsToReturn::Both, items).await.unwrap();
    let codes: Vec<StatusCode> = created.iter().map(|item| item.result.status_code).collect();
    assert_eq!(codes, [StatusCode::Good, StatusCode::Good, StatusCode::Good, StatusCode::BadNodeIdUnknown]);

    let has = |name: &str, value: Option<Variant>, status: StatusCode, limit: StatusCodeLimit| {
        heard.lock().iter().any(|(node, data)| {
            let known = data.value.clone().filter(|value| *value != Variant::Empty);
            node.ends_with(name) && known == value && (code(data), data.status().limit()) == (status, limit)
        })
    };
    let (free, fixed) = (StatusCodeLimit::None, StatusCodeLimit::Constant);
    until(SOON, "the level", || has("LT-101", Some(50.0.into()), StatusCode::Good, free)).await;
    field.memory.set_input(LEVEL, 50.0, Quality::BadSensorFailure);
    until(SOON, "the failed sensor", || has("LT-101", None, StatusCode::BadSensorFailure, fixed)).await;
    visitor.write("Heartbeat", 9u32).await;
    field.clock.advance(Duration::from_secs(1));
    until(SOON, "the fail value", || has("FV-101", Some(100.0.into()), StatusCode::Good, fixed)).await;
    until(SOON, "the alarm", || has("WatchdogFired", Some(true.into()), StatusCode::Good, free)).await;
}

/// Without its limit bits.
fn code(data: &DataValue) -> StatusCode {
    StatusCode::from(data.status().bits() & 0xFFFF_0000)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_carries_the_limit_bits_of_part_8() {
    let field = field(Wire::OpcUa).await;
    let visitor = visitor(&field).await;
    for (value, quality, expected) in [
        (1.25, Quality::Good, 0x0000_0000_u32),
        (4.5, Quality::UncertainEngineeringRange, 0x4094_0600),
        (-0.4, Quality::UncertainEngineeringRange, 0x4094_0500),
        (1.25, Quality::GoodLocalOverride, 0x0096_0700),
        (1.25, Quality::UncertainLastUsable, 0x4090_0700),
        (1.25, Quality::BadSensorFailure, 0x808C_0700),
    ] {
        field.memory.set_input(PRESSURE, value, quality);
        // The nodes are brought up to date a few times a second.
        let started = Instant::now();
        let told = loop {
            let status = visitor.read("PT-101").await.status();
            if status.bits() == expected || started.elapsed() > SOON {
                break status;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        assert_eq!(format!("{:08X}", told.bits()), format!("{expected:08X}"), "{value} {quality:?}");
        assert!(told.validate().is_ok());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_announced_endpoint_is_the_one_that_was_asked_for() {
    let field = field(Wire::OpcUa).await;
    let visitor = visitor(&field).await;
    let endpoint = visitor.session.endpoint_info().endpoint.endpoint_url.to_string();
    assert_eq!(endpoint, field.plc.endpoint());
    let state = ReadValueId::new_value(VariableId::Server_ServerStatus_State.into());
    let state = visitor.session.read(&[state], TimestampsToReturn::Neither, 0.0).await.unwrap();
    assert_eq!(state[0].value, Some(Variant::Int32(0)));
}
