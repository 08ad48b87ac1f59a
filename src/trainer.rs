//! What a trainer asks of a running simulator, over the socket in its data folder: a line of words, and its answer.
//!
//! `catholyte sim` asks for people, the API for programs.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use model::wire::{SimulatorStatus, TimeOrder};

use crate::data_folder::DataFolder;

/// Ten minutes of a large plant at once. Less than the API waits, so that the answer is this one's.
const PATIENCE: Duration = Duration::from_secs(100);

/// The simulator's answer, or why there is none.
pub fn ask(folder: &DataFolder, request: &str) -> Result<String, String> {
    let broken =
        |error: std::io::Error| format!("the simulator's answer broke off: {error}; look at how it is");
    let mut stream = connect(folder)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(broken)?;
    stream.write_all(format!("{request}\n").as_bytes()).map_err(broken)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(broken)?;
    match answer.strip_prefix("error: ") {
        Some(error) => Err(error.trim_end().to_owned()),
        None => Ok(answer),
    }
}

/// Asks for [`status`].
pub const STATE: &str = "state";

pub fn status(answer: &str) -> Result<SimulatorStatus, String> {
    serde_json::from_str(answer).map_err(|error| format!("the simulator is of another version: {error}"))
}

/// An order as the socket takes it.
pub fn request(order: &TimeOrder) -> Result<String, String> {
    Ok(match order {
        TimeOrder::Pause => "pause".to_owned(),
        TimeOrder::Resume => "resume".to_owned(),
        TimeOrder::Speed { times: Some(times) } => format!("speed {times}"),
        TimeOrder::Speed { times: None } => "speed max".to_owned(),
        TimeOrder::Step { seconds } => format!("step {seconds}s"),
        TimeOrder::Rewind { seconds } => format!("rewind {seconds}s"),
        TimeOrder::Snapshot { name } => format!("snapshot {}", a_word(name)?),
        TimeOrder::Restore { name } => format!("restore {}", a_word(name)?),
    })
}

/// The simulator looks at a name more closely; here it must not become another request.
pub fn a_word(name: &str) -> Result<&str, String> {
    let sound = !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control());
    if sound {
        Ok(name)
    } else {
        Err(format!("{name:?} is no name for a snapshot: letters, digits, - and _"))
    }
}

fn connect(folder: &DataFolder) -> Result<UnixStream, String> {
    let path: &Path = &folder.simulator_socket();
    UnixStream::connect(path).map_err(|error| {
        let place = folder.path().display();
        format!("no simulator runs on {place} ({error}): start `catholyte` or `catholyte sim`")
    })
}

#[cfg(test)]
mod tests {
    use super::request;
    use model::wire::TimeOrder;

    #[test]
    fn an_order_is_one_line_of_words() {
        let name = || "before-start".to_owned();
        for (order, line) in [
            (TimeOrder::Pause, "pause"),
            (TimeOrder::Speed { times: Some(0.5) }, "speed 0.5"),
            (TimeOrder::Speed { times: None }, "speed max"),
            (TimeOrder::Step { seconds: 90.0 }, "step 90s"),
            (TimeOrder::Rewind { seconds: 0.5 }, "rewind 0.5s"),
            (TimeOrder::Snapshot { name: name() }, "snapshot before-start"),
            (TimeOrder::Restore { name: name() }, "restore before-start"),
        ] {
            assert_eq!(request(&order).as_deref(), Ok(line));
        }
        for name in ["", "a b", "a\nclear all", "a\u{7}"] {
            assert!(request(&TimeOrder::Snapshot { name: name.into() }).is_err(), "{name:?}");
        }
    }
}
