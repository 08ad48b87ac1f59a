//! Where the server may listen while TLS stands in front of it and not inside.

use std::net::SocketAddr;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the API will not listen on {address}: passwords and commands would cross the network in plain text. \
     Listen on 127.0.0.1 and put a TLS terminator (nginx, Caddy, stunnel) in front of it; or, on a network \
     that is closed by other means, set insecure_listen = true"
)]
pub struct ListenError {
    address: SocketAddr,
}

/// Refuses plain HTTP beyond this machine unless somebody has said that it is meant.
pub fn check_listen(address: SocketAddr, insecure: bool) -> Result<(), ListenError> {
    if insecure || address.ip().to_canonical().is_loopback() { Ok(()) } else { Err(ListenError { address }) }
}

#[cfg(test)]
mod tests {
    use super::check_listen;

    #[test]
    fn plain_http_stays_on_this_machine_unless_it_is_meant() {
        for near in ["127.0.0.1:7300", "127.9.9.9:1", "[::1]:7300", "[::ffff:127.0.0.1]:80"] {
            assert_eq!(check_listen(near.parse().unwrap(), false), Ok(()), "{near}");
        }
        for far in ["0.0.0.0:7300", "[::]:7300", "10.0.0.5:7300", "[::ffff:10.0.0.5]:80", "[fe80::1]:80"] {
            let error = check_listen(far.parse().unwrap(), false).unwrap_err().to_string();
            assert!(error.contains("TLS terminator") && error.contains("insecure_listen"), "{error}");
            assert_eq!(check_listen(far.parse().unwrap(), true), Ok(()), "{far}");
        }
    }
}
