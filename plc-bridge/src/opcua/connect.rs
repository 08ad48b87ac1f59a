//! One attempt to get an OPC UA session, through a guarded stream.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use opcua::client::transport::{
    Connector, RequestRecv, SecureChannelState, StreamConnection, StreamConnector, StreamTransport,
    TransportConfiguration,
};
use opcua::client::{Client, ClientBuilder, IdentityToken, Session, SessionPollResult, SubscriptionActivity};
use opcua::core::comms::tcp_codec::TcpCodec;
use opcua::crypto::{CertificateStore, SecurityPolicy};
use opcua::sync::RwLock;
use opcua::types::{DecodingOptions, EndpointDescription, Error, MessageSecurityMode, StatusCode};
use tokio::io::{ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_util::codec::FramedRead;

use super::chunk::{CHUNK_LIMIT, Guarded, Sender};
use crate::options::{OpcUaClientOptions, OpcUaSecurity};

/// The longest message that is put together from chunks: far above 5,000 values in one answer.
const MESSAGE_LIMIT: usize = 4 << 20;
/// An attempt to connect may take longer than a call: nothing is lost meanwhile.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// The server forgets a session that was not closed after so long.
const SESSION_TIMEOUT_MS: u32 = 10_000;

/// What every attempt to reach one server shares.
pub(crate) struct Access {
    client: Client,
    store: Arc<RwLock<CertificateStore>>,
    url: String,
    limit: Duration,
}

/// A session, the task that drives it, and when its subscription last gave a sign of life.
pub(crate) struct Connection {
    pub(crate) session: Arc<Session>,
    pub(crate) published_at: watch::Receiver<Instant>,
    task: JoinHandle<StatusCode>,
}

impl Access {
    pub(crate) fn new(url: &str, limit: Duration, options: &OpcUaClientOptions) -> Result<Self, String> {
        let client = ClientBuilder::new()
            .application_name("Catholyte")
            .application_uri("urn:catholyte:bridge")
            .product_uri("urn:catholyte")
            .session_name("catholyte-bridge")
            .pki_dir(&options.pki_dir)
            .create_sample_keypair(false)
            .session_retry_limit(0)
            .recreate_subscriptions(false)
            .session_timeout(SESSION_TIMEOUT_MS)
            .request_timeout(limit)
            .keep_alive_interval(Duration::from_secs(3))
            .max_message_size(MESSAGE_LIMIT)
            .max_chunk_size(CHUNK_LIMIT as usize)
            .max_incoming_chunk_size(CHUNK_LIMIT as usize)
            .max_chunk_count(MESSAGE_LIMIT / CHUNK_LIMIT as usize + 2)
            .max_array_length(100_000)
            .max_string_length(65_535)
            .client()
            .map_err(|reasons| reasons.join(", "))?;
        let store = Arc::new(RwLock::new(CertificateStore::new(&options.pki_dir)));
        let limit = limit.max(CONNECT_TIMEOUT);
        match options.security {
            OpcUaSecurity::None => Ok(Self { client, store, url: url.to_owned(), limit }),
        }
    }

    /// Asks for the server's endpoints, and opens a session on the unsecured one.
    pub(crate) async fn connect(&self) -> Result<Connection, String> {
        let endpoints = self.client.get_server_endpoints_from_url(GuardedConnector::new(&self.url));
        let endpoints = within(self.limit, endpoints).await?.map_err(|error| self.unreachable(&error))?;
        let mut endpoint = endpoints
            .into_iter()
            .find(|endpoint| {
                endpoint.security_mode == MessageSecurityMode::None
                    && endpoint.security_policy_uri.as_ref() == SecurityPolicy::None.to_uri()
            })
            .ok_or("the server offers no endpoint without security; this bridge has no certificate for it")?;
        // A server behind a relay or with two network cards announces addresses that we cannot reach.
        endpoint.endpoint_url = with_authority_of(&self.url, endpoint.endpoint_url.as_ref()).into();
        let connector = GuardedConnector::new(endpoint.endpoint_url.as_ref());
        let (session, events) = self
            .client
            .session_builder()
            .with_connector(GuardedSource(connector))
            .connect_to_endpoint_directly(endpoint)
            .and_then(|builder| {
                builder.user_identity_token(IdentityToken::Anonymous).build(self.store.clone())
            })
            .map_err(|error| self.unreachable(&error))?;
        // Reconnecting is our business: the crate's leaves a subscription that stays silent.
        session.disable_reconnects();
        let (publish, published_at) = watch::channel(Instant::now());
        let driven = session.clone();
        let task = tokio::spawn(async move {
            let mut events = std::pin::pin!(events.enter());
            loop {
                match events.next().await {
                    Some(Ok(SessionPollResult::Subscription(SubscriptionActivity::Publish))) => {
                        publish.send_replace(Instant::now());
                    }
                    Some(Ok(SessionPollResult::Reconnected(_))) => driven.trigger_publish_now(),
                    Some(Ok(SessionPollResult::ConnectionLost(code))) => return code,
                    Some(Ok(_)) => {}
                    Some(Err(code)) => return code,
                    None => return StatusCode::BadConnectionClosed,
                }
            }
        });
        let mut connection = Connection { session, published_at, task };
        connection.wait(self.limit).await.map_err(|reason| format!("{}: {reason}", self.url))?;
        Ok(connection)
    }

    fn unreachable(&self, error: &Error) -> String {
        format!("{} cannot be reached: {error}", self.url)
    }
}

impl Connection {
    async fn wait(&mut self, limit: Duration) -> Result<(), String> {
        let session = self.session.clone();
        tokio::select! {
            connected = within(limit, session.wait_for_connection()) => connected.map(drop),
            reason = self.ended() => Err(reason),
        }
    }

    /// Returns when the connection is gone.
    pub(crate) async fn ended(&mut self) -> String {
        match (&mut self.task).await {
            Ok(code) => format!("the connection ended: {code}"),
            Err(error) => format!("the connection's task ended: {error}"),
        }
    }

    /// Tells the server, as far as it listens.
    pub(crate) async fn close(self, limit: Duration) {
        let _ = timeout(limit, self.session.disconnect()).await;
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) async fn within<F: Future>(limit: Duration, work: F) -> Result<F::Output, String> {
    timeout(limit, work).await.map_err(|_| format!("no answer in {limit:?}"))
}

/// The announced path behind the configured host and port.
fn with_authority_of(configured: &str, announced: &str) -> String {
    let (authority, own_path) = split(configured);
    let (_, path) = split(announced);
    format!("opc.tcp://{authority}{}", if path.is_empty() { own_path } else { path })
}

fn split(url: &str) -> (&str, &str) {
    let rest = url.strip_prefix("opc.tcp://").unwrap_or(url);
    rest.split_at(rest.find('/').unwrap_or(rest.len()))
}

struct GuardedConnector {
    url: String,
}

impl GuardedConnector {
    fn new(url: &str) -> Self {
        Self { url: url.to_owned() }
    }
}

type Reader = Guarded<ReadHalf<TcpStream>>;
type Writer = WriteHalf<TcpStream>;

impl Connector for GuardedConnector {
    type Transport = StreamTransport<Reader, Writer>;

    async fn connect(
        &self,
        channel: Arc<SecureChannelState>,
        outgoing: RequestRecv,
        config: TransportConfiguration,
    ) -> Result<Self::Transport, Error> {
        StreamConnector::new(open, self.url.clone()).connect(channel, outgoing, config).await
    }

    fn default_endpoint(&self) -> EndpointDescription {
        EndpointDescription::from(self.url.as_str())
    }
}

struct GuardedSource(GuardedConnector);

impl opcua::client::ConnectionSource for GuardedSource {
    type Builder = GuardedConnector;

    fn get_connector(&self, _: &EndpointDescription) -> Result<GuardedConnector, Error> {
        Ok(GuardedConnector::new(&self.0.url))
    }
}

async fn open(url: String, decoding: DecodingOptions) -> Result<StreamConnection<Reader, Writer>, Error> {
    let (authority, _) = split(&url);
    let refused = |error: std::io::Error| Error::new(StatusCode::BadCommunicationError, error.to_string());
    let stream = TcpStream::connect(authority).await.map_err(refused)?;
    stream.set_nodelay(true).map_err(refused)?;
    let (reader, writer) = tokio::io::split(stream);
    let reader = FramedRead::new(Guarded::new(reader, Sender::Server), TcpCodec::new(decoding));
    Ok(StreamConnection::new(reader, writer, url))
}

#[cfg(test)]
mod tests {
    use super::with_authority_of;

    #[test]
    fn an_announced_address_gives_way_to_the_configured_one_and_keeps_its_path() {
        let announced = "opc.tcp://plc-7.cell.local:4840/freeopcua/server/";
        assert_eq!(
            with_authority_of("opc.tcp://10.0.0.7:14840", announced),
            "opc.tcp://10.0.0.7:14840/freeopcua/server/"
        );
        assert_eq!(
            with_authority_of("opc.tcp://10.0.0.7:14840/a", "opc.tcp://x:1"),
            "opc.tcp://10.0.0.7:14840/a"
        );
    }
}
