//! The demo: simulator and controller as processes of their own, the operator's screen in front.
//!
//! They are separate processes on purpose. Whoever wants to see what a lost PLC looks like can kill
//! the simulator, and the controller, and start them again.

use std::fs::{self, DirBuilder, File};
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use miette::{Context as _, IntoDiagnostic as _, miette};
use model::wire::Role;

use crate::cli::{DemoArgs, Start};
use crate::data_folder::{DataFolder, DataFolderError};
use crate::target::Target;
use crate::{clock, hmi, plant_files, settings};

/// Tells a child that it belongs to a demo and ends with it.
pub const CHILD: &str = "CATHOLYTE_DEMO_CHILD";
/// How long the parts have to come up before the demo says what is wrong.
const START_WAIT: Duration = Duration::from_secs(20);
/// How long a part has to stop in order before it is killed.
const STOP_WAIT: Duration = Duration::from_secs(5);
const USER: &str = "demo";
const PASSWORD: &str = "demo-password";

pub fn run(args: &DemoArgs) -> miette::Result<()> {
    let data = new_folder(args.data.as_deref())?;
    let plant = match args.plant.as_ref().or(args.named.as_ref()) {
        Some(folder) => folder.clone(),
        None => {
            plant_files::write(&data.plant(), &plant_files::shipped_folder())
                .into_diagnostic()
                .wrap_err("cannot write the plant into the data folder")?;
            data.plant()
        }
    };
    let compiled = crate::check::compile_or_report(&plant)?;
    let listen = write_settings(&data, &compiled.io)?;
    drop(compiled);
    crate::real_time::give_back_memory();
    let password = make_user(&data)?;
    remember(&data);

    let start = match args.start {
        Start::Running => "running",
        Start::Cold => "cold",
    };
    let mut simulator = Part::start("sim", &data, &plant, &["--start", start])?;
    let mut controller = Part::start("run", &data, &plant, &[])?;
    wait_for(listen, &mut [&mut simulator, &mut controller])?;

    let options =
        hmi::options(&args.look, format!("http://{listen}"), Some((USER.to_owned(), password)), false);
    let result = hmi::run_blocking(options);
    controller.stop();
    simulator.stop();
    // The terminal may be gone by now, with everybody who could read it.
    let _ = writeln!(std::io::stdout(), "{}", farewell(&data, &plant, listen));
    result
}

/// A new private folder, named by the minute, unless one was asked for.
fn new_folder(wanted: Option<&Path>) -> miette::Result<DataFolder> {
    let path = wanted.map_or_else(
        || {
            let stamp = clock::local_text(clock::now_ms());
            let stamp: String = stamp.chars().take(19).filter(char::is_ascii_digit).collect();
            DataFolder::default_path(&format!("demo-{stamp}-{}", std::process::id()))
        },
        Path::to_path_buf,
    );
    DataFolder::open(&path).into_diagnostic()
}

/// Free ports for everybody, so that two demos, or a demo and a plant, live side by side.
fn write_settings(data: &DataFolder, io: &model::IoMap) -> miette::Result<SocketAddr> {
    let mut settings = settings::load(&data.settings()).into_diagnostic()?;
    // The listeners stay open until all ports are known, so that no port is handed out twice.
    let mut reserved = Vec::new();
    let mut free_port = || -> std::io::Result<u16> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        reserved.push(listener);
        Ok(port)
    };
    settings.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port().into_diagnostic()?));
    for device in &io.devices {
        let port = free_port().into_diagnostic()?;
        let endpoint = match &device.protocol {
            model::Protocol::ModbusTcp { .. } => format!("127.0.0.1:{port}"),
            model::Protocol::OpcUa { .. } => format!("opc.tcp://127.0.0.1:{port}/"),
        };
        settings.devices.insert(device.name.clone(), endpoint);
    }
    let mut text = format!("# Written by the demo.\nlisten = \"{}\"\n\n[devices]\n", settings.listen);
    for (name, endpoint) in &settings.devices {
        text.push_str(&format!("{name} = \"{endpoint}\"\n"));
    }
    fs::write(data.settings(), text).into_diagnostic().wrap_err("cannot write the demo's settings")?;
    Ok(settings.listen)
}

/// A throw-away login for this demo alone; its password also stands in a file for scripts.
fn make_user(data: &DataFolder) -> miette::Result<String> {
    let users = api::Users::open(&data.users()).into_diagnostic()?;
    let password = users.add_with_random_password(USER, Role::Engineer).into_diagnostic()?;
    let mut file = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(data.path().join(PASSWORD))
        .into_diagnostic()?;
    writeln!(file, "{password}").into_diagnostic()?;
    Ok(password)
}

/// The newest demo is what `history`, `sim` and `audit` look at when nobody says otherwise.
fn remember(data: &DataFolder) {
    let pointer = DataFolder::default_path("newest-demo");
    if let Err(error) = point_to(&pointer, data.path()) {
        tracing::warn!("cannot remember this demo in {}: {error}", pointer.display());
    }
}

/// A user's first demo, with its data elsewhere, finds no folder for it.
fn point_to(pointer: &Path, folder: &Path) -> std::io::Result<()> {
    if let Some(parent) = pointer.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
    }
    fs::write(pointer, folder.as_os_str().as_encoded_bytes())
}

/// How to speak to the newest demo, as long as its controller runs.
pub fn running() -> Option<Target> {
    let data = data_or_newest(None).ok()?;
    // Its controller holds the folder. Whoever gets it finds a demo that has ended.
    let runs = matches!(data.claim(), Err(DataFolderError::Taken { .. }));
    runs.then(|| target_of(&data)).flatten()
}

/// What its settings say; nothing of a folder that no demo has made.
fn target_of(data: &DataFolder) -> Option<Target> {
    let password_file = data.path().join(PASSWORD);
    let listen = settings::load(&data.settings()).ok()?.listen;
    let here = listen.ip().is_loopback() && password_file.is_file();
    here.then(|| Target { url: format!("http://{listen}"), user: USER.to_owned(), password_file })
}

/// The folder that somebody named, or the newest demo's.
pub fn data_or_newest(wanted: Option<&Path>) -> miette::Result<DataFolder> {
    let path = match wanted {
        Some(path) if path.is_dir() => path.to_owned(),
        Some(path) => return Err(miette!("there is no data folder {}", path.display())),
        None => fs::read_to_string(DataFolder::default_path("newest-demo"))
            .map(PathBuf::from)
            .ok()
            .filter(|path| path.is_dir())
            .ok_or_else(|| miette!("no demo has run here yet: name a data folder with --data"))?,
    };
    DataFolder::open(&path).into_diagnostic()
}

/// A child process of the demo, with its log file.
struct Part {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Part {
    fn start(name: &'static str, data: &DataFolder, plant: &Path, more: &[&str]) -> miette::Result<Self> {
        let log = data.log(name);
        let file = File::create(&log).into_diagnostic()?;
        let program = std::env::current_exe().into_diagnostic()?;
        let child = Command::new(program)
            .arg(name)
            .arg("--data")
            .arg(data.path())
            .arg("--plant")
            .arg(plant)
            .args(more)
            .env(CHILD, "1")
            .stdin(Stdio::null())
            .stdout(file.try_clone().into_diagnostic()?)
            .stderr(file)
            .spawn()
            .into_diagnostic()
            .wrap_err_with(|| format!("cannot start `catholyte {name}`"))?;
        Ok(Self { name, child, log })
    }

    /// What it said before it ended, if it has ended.
    fn last_words(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok()??;
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let tail: Vec<&str> = log.lines().rev().take(12).collect();
        let tail = tail.into_iter().rev().collect::<Vec<_>>().join("\n");
        Some(format!("`catholyte {}` ended with {status}:\n{tail}", self.name))
    }

    /// Asks it to stop in order, and kills it when it does not.
    fn stop(&mut self) {
        crate::real_time::terminate(self.child.id());
        let deadline = Instant::now() + STOP_WAIT;
        while Instant::now() < deadline {
            if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait().map(drop)) {
            tracing::warn!("cannot kill `catholyte {}`: {error}", self.name);
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.stop();
        }
    }
}

fn wait_for(listen: SocketAddr, parts: &mut [&mut Part]) -> miette::Result<()> {
    let deadline = Instant::now() + START_WAIT;
    loop {
        if std::net::TcpStream::connect_timeout(&listen, Duration::from_millis(200)).is_ok() {
            return Ok(());
        }
        for part in &mut *parts {
            if let Some(words) = part.last_words() {
                return Err(miette!("{words}"));
            }
        }
        if Instant::now() > deadline {
            return Err(miette!(
                "the controller does not answer on {listen} after {} s; its log is {}",
                START_WAIT.as_secs(),
                parts.last().map(|part| part.log.display().to_string()).unwrap_or_default()
            ));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn farewell(data: &DataFolder, plant: &Path, listen: SocketAddr) -> String {
    let folder = data.path().display();
    format!(
        "The plant has stopped. Everything that happened is in\n  {folder}\n\n\
         Look at it:\n  \
         catholyte history plot IT-301 TT-322      the trend, in this terminal\n  \
         catholyte history events                  alarms, commands, trips\n  \
         catholyte audit show                      who did what\n  \
         catholyte replay {folder}/journal         run it again, bit for bit\n\n\
         Go on with it (three terminals):\n  \
         catholyte sim --data {folder} --plant {plant}\n  \
         catholyte run --data {folder} --plant {plant}\n  \
         catholyte hmi --url http://{listen} --user {USER} --password-file {folder}/{PASSWORD}\n\n\
         While a demo runs, from another terminal:\n  \
         catholyte alarms | why IL-301 | write FIC-301.SP 11.2   ask it, order it\n  \
         catholyte sim faults | sim fault pinhole cell=7         break it",
        plant = plant.display(),
    )
}

#[cfg(test)]
mod tests {
    use super::{DataFolder, PASSWORD, Path, fs, point_to, target_of};

    #[test]
    fn the_first_demo_of_a_user_is_remembered() {
        let home = tempfile::tempdir().unwrap();
        let pointer = home.path().join("share/catholyte/newest-demo");
        point_to(&pointer, Path::new("/srv/demo")).unwrap();
        assert_eq!(fs::read_to_string(&pointer).unwrap(), "/srv/demo");
    }

    #[test]
    fn a_demo_is_spoken_to_as_its_settings_and_its_password_say_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::open(folder.path()).unwrap();
        fs::write(data.settings(), "listen = \"127.0.0.1:4711\"\n").unwrap();
        assert_eq!(target_of(&data), None, "no demo has made this folder");
        fs::write(data.path().join(PASSWORD), "secret\n").unwrap();
        let target = target_of(&data).unwrap();
        assert_eq!((target.url.as_str(), target.user.as_str()), ("http://127.0.0.1:4711", "demo"));
        assert_eq!(target.password_file, data.path().join(PASSWORD));
        fs::write(data.settings(), "listen = \"192.0.2.7:4711\"\n").unwrap();
        assert_eq!(target_of(&data), None, "no password leaves this machine");
    }
}
