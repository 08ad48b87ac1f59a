//! An open session made useful: namespace looked up, inputs subscribed, output types known.

use std::sync::Arc;
use std::time::Duration;

use model::Scaling;
use opcua::client::{MonitoredItem, OnSubscriptionNotification, Session};
use opcua::types::{
    AttributeId, DataChangeFilter, DataChangeTrigger, DataValue, DeadbandType, ExtensionObject,
    MonitoredItemCreateRequest, MonitoringMode, MonitoringParameters, NodeId, ReadValueId,
    StatusChangeNotification, StatusCode, TimestampsToReturn, VariableId, Variant, WriteValue,
};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::connect::within;
use super::value::{self, Kind};
use crate::signal::Reading;

/// Items per request: well inside the limits that servers have by default.
const BATCH: usize = 500;
/// Publishing intervals without news after which the server says that it lives.
const KEEP_ALIVE_COUNT: u32 = 10;
/// Publishing intervals without a request of ours after which the server gives up the subscription.
const LIFETIME_COUNT: u32 = 100;

/// One tag's node.
pub(crate) struct Node {
    pub(crate) tag: String,
    pub(crate) node: String,
    pub(crate) boolean: bool,
    pub(crate) scaling: Scaling,
    pub(crate) range: Option<(f64, f64)>,
}

/// Where the subscription leaves what it hears: the latest value per input, no queue.
#[derive(Default)]
pub(crate) struct Inbox {
    latest: Mutex<Latest>,
    news: Notify,
}

#[derive(Default)]
struct Latest {
    readings: Vec<(usize, Reading)>,
    positions: Vec<Option<usize>>,
    subscription_ended: Option<StatusCode>,
    received: u64,
}

impl Inbox {
    pub(crate) fn new(inputs: usize) -> Arc<Self> {
        let latest = Latest { positions: vec![None; inputs], ..Latest::default() };
        Arc::new(Self { latest: Mutex::new(latest), news: Notify::new() })
    }

    pub(crate) async fn news(&self) {
        self.news.notified().await;
    }

    /// Hands over what has come since the last call, and how many values that were.
    pub(crate) fn take(&self, mut each: impl FnMut(usize, Reading)) -> Result<u64, String> {
        let mut latest = self.latest.lock();
        for (input, reading) in std::mem::take(&mut latest.readings) {
            latest.positions[input] = None;
            each(input, reading);
        }
        match latest.subscription_ended {
            Some(code) => Err(format!("the server has ended the subscription: {code}")),
            None => Ok(std::mem::take(&mut latest.received)),
        }
    }

    fn put(&self, input: usize, reading: Reading) {
        let mut latest = self.latest.lock();
        latest.received += 1;
        match latest.positions.get(input).copied() {
            Some(Some(position)) => latest.readings[position].1 = reading,
            Some(None) => {
                latest.positions[input] = Some(latest.readings.len());
                latest.readings.push((input, reading));
            }
            None => {}
        }
        drop(latest);
        self.news.notify_one();
    }
}

struct Listener {
    inbox: Arc<Inbox>,
    inputs: Arc<Vec<Node>>,
}

impl OnSubscriptionNotification for Listener {
    fn on_data_value(&mut self, data: DataValue, item: &MonitoredItem) {
        let input = item.client_handle().wrapping_sub(1) as usize;
        if let Some(node) = self.inputs.get(input) {
            self.inbox.put(input, value::reading(&data, node));
        }
    }

    fn on_subscription_status_change(&mut self, notification: StatusChangeNotification) {
        if notification.status.is_bad() || notification.status == StatusCode::GoodSubscriptionTransferred {
            self.inbox.latest.lock().subscription_ended = Some(notification.status);
            self.inbox.news.notify_one();
        }
    }
}

/// A session and the limit that every call on it has.
pub(crate) struct Calls {
    pub(crate) session: Arc<Session>,
    pub(crate) limit: Duration,
}

impl Calls {
    /// Indexes are given out at the server's start, so only the URI is a name.
    pub(crate) async fn namespace(&self, uri: &str) -> Result<u16, String> {
        let answer =
            self.read(vec![ReadValueId::new_value(VariableId::Server_NamespaceArray.into())]).await?;
        let Some(Variant::Array(array)) = answer.first().and_then(|data| data.value.as_ref()) else {
            return Err("the server does not tell its namespaces".to_owned());
        };
        let names: Vec<&str> = array.values.iter().filter_map(as_text).collect();
        let index = names.iter().position(|name| *name == uri).and_then(|index| u16::try_from(index).ok());
        index.ok_or_else(|| format!("the server has no namespace \"{uri}\", it has {}", names.join(", ")))
    }

    /// True when the server runs; any answer comes in time or the device is lost.
    pub(crate) async fn life_sign(&self) -> Result<(), String> {
        let state = VariableId::Server_ServerStatus_State.into();
        let answer = self.read(vec![ReadValueId::new_value(state)]).await?;
        match answer.first().and_then(|data| data.value.as_ref()) {
            Some(Variant::Int32(0)) | None => Ok(()),
            Some(other) => Err(format!("the server is not running, its state is {other}")),
        }
    }

    /// Subscribes the inputs; `Err` per input that the server refuses.
    pub(crate) async fn subscribe(
        &self,
        namespace: u16,
        inputs: &Arc<Vec<Node>>,
        inbox: &Arc<Inbox>,
        publishing: Duration,
    ) -> Result<(u32, Vec<(usize, StatusCode)>), String> {
        let listener = Listener { inbox: inbox.clone(), inputs: inputs.clone() };
        let created = self.session.create_subscription(
            publishing,
            LIFETIME_COUNT,
            KEEP_ALIVE_COUNT,
            0,
            0,
            true,
            listener,
        );
        let subscription = within(self.limit, created).await?.map_err(|error| error.to_string())?;
        let all: Vec<usize> = (0..inputs.len()).collect();
        let refused = self.monitor(subscription, namespace, inputs, &all, publishing).await?;
        Ok((subscription, refused))
    }

    /// How long the subscription may say nothing at all: three keep-alives, at the pace that the
    /// server has settled on.
    pub(crate) fn longest_silence(&self, subscription: u32) -> Duration {
        let state = self.session.subscription_state.lock();
        let keep_alive = state.get(subscription).map(|subscription| {
            subscription
                .publishing_interval()
                .saturating_mul(subscription.max_keep_alive_count().saturating_add(1))
        });
        keep_alive.unwrap_or_default().saturating_mul(3).saturating_add(Duration::from_secs(1))
    }

    pub(crate) async fn monitor(
        &self,
        subscription: u32,
        namespace: u16,
        inputs: &[Node],
        wanted: &[usize],
        sampling: Duration,
    ) -> Result<Vec<(usize, StatusCode)>, String> {
        let mut refused = Vec::new();
        for batch in wanted.chunks(BATCH) {
            let items = batch.iter().map(|input| item(namespace, inputs, *input, sampling)).collect();
            let created =
                self.session.create_monitored_items(subscription, TimestampsToReturn::Source, items);
            let created = within(self.limit, created).await?.map_err(|error| error.to_string())?;
            let codes = created.iter().map(|item| item.result.status_code);
            refused.extend(batch.iter().copied().zip(codes).filter(|(_, code)| code.is_bad()));
        }
        Ok(refused)
    }

    /// The type of each node, where the server tells one that can be written.
    pub(crate) async fn kinds(&self, nodes: &[NodeId]) -> Result<Vec<Option<Kind>>, String> {
        let mut kinds = Vec::with_capacity(nodes.len());
        for batch in nodes.chunks(BATCH) {
            let wanted = batch.iter().map(|node| ReadValueId {
                node_id: node.clone(),
                attribute_id: AttributeId::DataType as u32,
                ..ReadValueId::default()
            });
            for data in self.read(wanted.collect()).await? {
                kinds.push(match data.value {
                    Some(Variant::NodeId(data_type)) => Kind::of_data_type(&data_type),
                    _ => None,
                });
            }
        }
        Ok(kinds)
    }

    pub(crate) async fn values(&self, nodes: &[NodeId]) -> Result<Vec<DataValue>, String> {
        let mut values = Vec::with_capacity(nodes.len());
        for batch in nodes.chunks(BATCH) {
            let wanted = batch.iter().map(|node| ReadValueId::new_value(node.clone()));
            values.extend(self.read(wanted.collect()).await?);
        }
        Ok(values)
    }

    pub(crate) async fn write(&self, values: Vec<(NodeId, Variant)>) -> Result<Vec<StatusCode>, String> {
        let mut codes = Vec::with_capacity(values.len());
        for batch in values.chunks(BATCH) {
            let writes: Vec<WriteValue> = batch
                .iter()
                .map(|(node, value)| WriteValue {
                    node_id: node.clone(),
                    attribute_id: AttributeId::Value as u32,
                    value: DataValue::value_only(value.clone()),
                    ..WriteValue::default()
                })
                .collect();
            let written = within(self.limit, self.session.write(&writes)).await?;
            codes.extend(written.map_err(|error| error.to_string())?);
        }
        Ok(codes)
    }

    async fn read(&self, nodes: Vec<ReadValueId>) -> Result<Vec<DataValue>, String> {
        let answer = self.session.read(&nodes, TimestampsToReturn::Neither, 0.0);
        within(self.limit, answer).await?.map_err(|error| error.to_string())
    }
}

fn item(namespace: u16, inputs: &[Node], input: usize, sampling: Duration) -> MonitoredItemCreateRequest {
    MonitoredItemCreateRequest {
        item_to_monitor: ReadValueId::new_value(NodeId::new(namespace, inputs[input].node.clone())),
        monitoring_mode: MonitoringMode::Reporting,
        requested_parameters: MonitoringParameters {
            // Zero would be replaced by a handle of the session's own.
            client_handle: input as u32 + 1,
            sampling_interval: sampling.as_secs_f64() * 500.0,
            // Said aloud, because some servers otherwise report a value only when it changes, and a
            // sensor that fails at a standing value would go unnoticed.
            filter: ExtensionObject::new(DataChangeFilter {
                trigger: DataChangeTrigger::StatusValue,
                deadband_type: DeadbandType::None as u32,
                deadband_value: 0.0,
            }),
            // Only the latest value counts for control.
            queue_size: 1,
            discard_oldest: true,
        },
    }
}

fn as_text(value: &Variant) -> Option<&str> {
    match value {
        Variant::String(text) => Some(text.as_ref()),
        _ => None,
    }
}
