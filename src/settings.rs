//! Settings of one installation: default < file < environment < flag.
//!
//! They say where things listen and how much is kept. What the plant *is* stands in its folder.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where the API listens.
    pub listen: SocketAddr,
    /// Allow plain HTTP beyond this machine (a TLS terminator stands in front).
    pub insecure_listen: bool,
    /// Endpoints of devices that differ from the plant folder: `PLC-300 = "10.0.3.30:502"`.
    pub devices: BTreeMap<String, String>,
    pub scan: ScanSettings,
    pub journal: JournalSettings,
    pub history: HistorySettings,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScanSettings {
    /// The processor core that the scan keeps to, from 0; without it the kernel chooses. Keep others off it with
    /// `isolcpus`, or a cpuset.
    pub core: Option<u16>,
}

/// More than this is a slip of the keyboard, and would take the disk from all others.
const RESERVE_MB_MAX: u64 = 4096;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct JournalSettings {
    pub keep_mb: u64,
    pub snapshot_s: u32,
    /// What the journal keeps of the disk for the time when it is full: for 5,000 busy tags twelve minutes.
    pub reserve_mb: u64,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct HistorySettings {
    pub keep_mb: u64,
    pub keep_days: u32,
    /// Share of a tag's range that a value must move to be recorded.
    pub deadband_percent: f64,
    /// A value that does not move is recorded this often all the same.
    pub refresh_s: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7300)),
            insecure_listen: false,
            devices: BTreeMap::new(),
            scan: ScanSettings::default(),
            journal: JournalSettings::default(),
            history: HistorySettings::default(),
        }
    }
}

impl Default for JournalSettings {
    fn default() -> Self {
        Self { keep_mb: 4096, snapshot_s: 60, reserve_mb: 32 }
    }
}

impl Default for HistorySettings {
    fn default() -> Self {
        Self { keep_mb: 16 << 10, keep_days: 3650, deadband_percent: 0.05, refresh_s: 60 }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("settings in {place}: {source}")]
pub struct SettingsError {
    place: String,
    source: Box<config::ConfigError>,
}

/// Reads `file` if it exists, then the environment (`CATHOLYTE_SET_LISTEN`, `CATHOLYTE_SET_JOURNAL__KEEP_MB`).
pub fn load(file: &Path) -> Result<Settings, SettingsError> {
    let place = format!("{} or the environment", file.display());
    let fail = |source| SettingsError { place: place.clone(), source: Box::new(source) };
    let environment = config::Environment::with_prefix("CATHOLYTE_SET")
        .prefix_separator("_")
        .separator("__")
        .try_parsing(true);
    config::Config::builder()
        .add_source(config::File::from(file).format(config::FileFormat::Toml).required(false))
        .add_source(environment)
        .build()
        .map_err(fail)?
        .try_deserialize()
        .and_then(checked)
        .map_err(fail)
}

fn checked(settings: Settings) -> Result<Settings, config::ConfigError> {
    let reserve_mb = settings.journal.reserve_mb;
    if reserve_mb > RESERVE_MB_MAX {
        return Err(config::ConfigError::Message(format!(
            "[journal] reserve_mb = {reserve_mb}: up to {RESERVE_MB_MAX} is possible, 32 is usual"
        )));
    }
    Ok(settings)
}

/// Puts the endpoints of this installation in place of the plant folder's.
pub fn override_endpoints(
    devices: &mut [model::Device],
    overrides: &BTreeMap<String, String>,
) -> Result<(), String> {
    for (name, endpoint) in overrides {
        let Some(device) = devices.iter_mut().find(|device| device.name == *name) else {
            let names: Vec<&str> = devices.iter().map(|device| device.name.as_str()).collect();
            return Err(format!("settings: no device {name} in this plant; it has {}", names.join(", ")));
        };
        match &mut device.protocol {
            model::Protocol::ModbusTcp { endpoint: old, .. }
            | model::Protocol::OpcUa { endpoint: old, .. } => {
                old.clone_from(endpoint);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::load;

    #[test]
    fn a_file_overrides_the_defaults_and_a_misspelt_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("catholyte.toml");
        std::fs::write(&file, "listen = \"127.0.0.1:9000\"\n[journal]\nkeep_mb = 7\n").unwrap();
        let settings = load(&file).unwrap();
        assert_eq!(
            (settings.listen.port(), settings.journal.keep_mb, settings.journal.snapshot_s),
            (9000, 7, 60)
        );
        std::fs::write(&file, "lisen = \"127.0.0.1:9000\"\n").unwrap();
        assert!(load(&file).unwrap_err().to_string().contains("lisen"));
    }
}
