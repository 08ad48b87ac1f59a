//! A plant under test: simulator and controller as real processes on loopback, and an API client.
// Every test file uses a part of it.
#![allow(dead_code)]

pub mod folder;

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use model::wire::{
    API, AlarmStatus, CommandReply, CommandRequest, ErrorReply, Frame, HistoryReply, Login, PlantView,
    Session, Why,
};
use model::{Action, PointId, Quality};
use serde::de::DeserializeOwned;

/// Longer than anything here takes on a loaded machine; reaching it is a failure.
const PATIENCE: Duration = Duration::from_secs(60);

/// One plant at a time: what is measured here is the plant, not how many of them a machine carries.
static TURN: Mutex<()> = Mutex::new(());

pub struct Plant {
    _turn: Option<MutexGuard<'static, ()>>,
    pub data: tempfile::TempDir,
    /// Of the API, PLC-300 and RF-300; then of every other device.
    pub ports: Vec<u16>,
    listen: String,
    /// Its text, when it is not the shipped refinery.
    folder: Option<PathBuf>,
    simulator: Option<Child>,
    controller: Option<Child>,
    session: Option<Session>,
    view: Option<PlantView>,
}

impl Plant {
    /// A running refinery in a folder of its own, logged in as `engineer`.
    pub fn start(initial: &str) -> Self {
        Self::start_of(initial, None, &[])
    }

    /// The same, when every device has answered and every value is usable.
    pub fn settled(initial: &str) -> Self {
        let plant = Self::start(initial);
        until("all devices are up and values are good", || {
            let frame = plant.frame();
            let good = frame.values.iter().all(|value| value.2.is_usable());
            (frame.system.links_up == frame.system.links && good).then_some(())
        });
        plant
    }

    /// The same for a plant in a folder that has these Modbus devices besides those of the refinery.
    pub fn start_of(initial: &str, folder: Option<PathBuf>, more: &[&str]) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        Self::start_in(tempfile::tempdir().unwrap(), turn, initial, folder, more)
    }

    /// A refinery at work whose data lie in a folder of this one.
    pub fn start_on(disk: &Path) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        Self::start_in(tempfile::tempdir_in(disk).unwrap(), turn, "running", None, &[])
    }

    fn start_in(
        data: tempfile::TempDir,
        turn: MutexGuard<'static, ()>,
        initial: &str,
        folder: Option<PathBuf>,
        more: &[&str],
    ) -> Self {
        let others = other_plcs();
        let ports = free_ports(3 + more.len() + others.len());
        let mut devices =
            format!("PLC-300 = \"127.0.0.1:{}\"\nRF-300 = \"opc.tcp://127.0.0.1:{}/\"\n", ports[1], ports[2]);
        let more = more.iter().map(|device| String::from(*device)).chain(others);
        for (device, port) in more.zip(&ports[3..]) {
            devices += &format!("{device} = \"127.0.0.1:{port}\"\n");
        }
        let mut plant = Self::at_rest(Some(turn), data, ports, folder, &devices);
        plant.start_simulator(initial);
        plant.start_controller();
        plant
    }

    /// A controller alone, of a plant whose one device somebody else plays. Several may run at one time.
    pub fn control(folder: PathBuf, device: &str, endpoint: &str) -> Self {
        Self::control_as(folder, device, endpoint, &[])
    }

    /// The same with more arguments of `catholyte run`.
    pub fn control_as(folder: PathBuf, device: &str, endpoint: &str, arguments: &[&str]) -> Self {
        let (data, devices) = (tempfile::tempdir().unwrap(), format!("{device} = \"{endpoint}\"\n"));
        let mut plant = Self::at_rest(None, data, free_ports(1), Some(folder), &devices);
        plant.start_controller_as(arguments);
        plant
    }

    /// With settings and a person who may log in; nothing runs yet.
    fn at_rest(
        turn: Option<MutexGuard<'static, ()>>,
        data: tempfile::TempDir,
        ports: Vec<u16>,
        folder: Option<PathBuf>,
        devices: &str,
    ) -> Self {
        let listen = format!("127.0.0.1:{}", ports[0]);
        let settings = format!("listen = \"{listen}\"\n[devices]\n{devices}");
        std::fs::write(data.path().join("catholyte.toml"), settings).unwrap();
        let plant = Self {
            _turn: turn,
            listen,
            ports,
            data,
            folder,
            simulator: None,
            controller: None,
            session: None,
            view: None,
        };
        let added = plant.command(&["user", "add", "engineer", "--role", "engineer"]).output().unwrap();
        assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
        let text = String::from_utf8(added.stdout).unwrap();
        let password =
            text.lines().find_map(|line| line.strip_prefix("password: ")).expect("a password is printed");
        std::fs::write(plant.data.path().join("password"), password).unwrap();
        plant
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_catholyte"));
        command.args(arguments).env("CATHOLYTE_DATA", self.data.path()).stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "catholyte {arguments:?}\n{text}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        text
    }

    fn spawn(&self, arguments: &[&str], log: &str) -> Child {
        let log = File::options().create(true).append(true).open(self.data.path().join(log)).unwrap();
        let mut command = self.command(arguments);
        if let Some(folder) = &self.folder {
            command.arg("--plant").arg(folder);
        }
        command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap()
    }

    pub fn start_simulator(&mut self, initial: &str) {
        self.simulator = Some(self.spawn(&["sim", "--start", initial], "sim.log"));
    }

    pub fn start_controller(&mut self) {
        self.start_controller_as(&[]);
    }

    /// `catholyte run` that ends by itself: what it said.
    pub fn refused_start(&self) -> String {
        self.refused_start_as(&[])
    }

    pub fn refused_start_as(&self, arguments: &[&str]) -> String {
        let mut child = self.spawn(&[&["run"], arguments].concat(), "refused.log");
        let status = until("the start is refused", || child.try_wait().unwrap());
        let text = std::fs::read_to_string(self.data.path().join("refused.log")).unwrap();
        assert!(!status.success(), "{text}");
        // Reports are broken into lines for people.
        let words: Vec<&str> = text.split_whitespace().filter(|word| *word != "│").collect();
        words.join(" ")
    }

    /// `catholyte run` with more arguments.
    pub fn start_controller_as(&mut self, arguments: &[&str]) {
        self.controller = Some(self.spawn(&[&["run"], arguments].concat(), "run.log"));
        self.session = None;
        let password = std::fs::read_to_string(self.data.path().join("password")).unwrap();
        let login = Login { user: "engineer".into(), password };
        let session: Session = until("the controller lets us in", || {
            let reply = client().post(self.url("/login")).json(&login).send().ok()?;
            reply.status().is_success().then(|| reply.json().unwrap())
        });
        self.session = Some(session);
        self.view = Some(self.get("/plant"));
    }

    pub fn kill_simulator(&mut self) {
        kill(&mut self.simulator);
    }

    pub fn kill_controller(&mut self) {
        kill(&mut self.controller);
    }

    /// More settings for the next start of the controller.
    pub fn set(&self, settings: &str) {
        let path = self.data.path().join("catholyte.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, format!("{text}{settings}")).unwrap();
    }

    pub fn journal(&self) -> PathBuf {
        self.data.path().join("journal")
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{API}{path}", self.listen)
    }

    pub fn bearer(&self) -> String {
        self.session.as_ref().expect("logged in").token.clone()
    }

    pub fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        let reply = client().get(self.url(path)).bearer_auth(self.bearer()).send().unwrap();
        let status = reply.status();
        let text = reply.text().unwrap();
        assert!(status.is_success(), "GET {path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    pub fn view(&self) -> &PlantView {
        self.view.as_ref().expect("the controller has started")
    }

    /// Reads the plant again: another one may be in force.
    pub fn read_again(&mut self) {
        self.view = Some(self.get("/plant"));
    }

    /// What the command line needs to log in as `engineer`.
    pub fn login_arguments(&self) -> Vec<String> {
        let password = self.data.path().join("password").display().to_string();
        let url = format!("http://{}", self.listen);
        ["--url", &url, "--user", "engineer", "--password-file", &password].map(str::to_owned).to_vec()
    }

    pub fn point(&self, name: &str) -> PointId {
        self.view()
            .points
            .iter()
            .find(|point| point.name == name)
            .unwrap_or_else(|| panic!("no point {name}"))
            .id
    }

    pub fn frame(&self) -> Frame {
        self.get("/snapshot")
    }

    /// Nothing while the API has no place for this address.
    pub fn frame_if_served(&self) -> Option<Frame> {
        let reply = client().get(self.url("/snapshot")).bearer_auth(self.bearer()).send().ok()?;
        reply.status().is_success().then(|| reply.json().unwrap())
    }

    pub fn value(&self, name: &str) -> (f64, Quality) {
        let point = self.point(name);
        let frame = self.frame();
        let value = frame.values.iter().find(|value| value.0 == point).expect("a full frame has every point");
        (value.1, value.2)
    }

    pub fn execute(&self, action: Action) -> CommandReply {
        let plant = self.view().hash.clone();
        let request = CommandRequest { plant, ..CommandRequest::new(action, "test") };
        let reply =
            client().post(self.url("/commands")).bearer_auth(self.bearer()).json(&request).send().unwrap();
        let text = reply.text().unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    pub fn write_action(&self, name: &str, value: f64) -> Action {
        Action::Write { point: self.point(name), value }
    }

    /// Status and words of a command that is not simply done.
    pub fn command_error(&self, action: &Action) -> (u16, ErrorReply) {
        let request =
            CommandRequest { plant: self.view().hash.clone(), ..CommandRequest::new(*action, "test") };
        let reply =
            client().post(self.url("/commands")).bearer_auth(self.bearer()).json(&request).send().unwrap();
        let status = reply.status().as_u16();
        let text = reply.text().unwrap();
        (status, serde_json::from_str(&text).unwrap_or_else(|error| panic!("{status} {error}: {text}")))
    }

    pub fn controller_id(&self) -> u32 {
        self.controller.as_ref().expect("it runs").id()
    }

    /// A command of the command line that logs in as `engineer`.
    pub fn output(&self, arguments: &[&str]) -> std::process::Output {
        self.command(arguments).args(self.login_arguments()).output().unwrap()
    }

    /// Status and body of a request that is sent as it is.
    pub fn post(&self, path: &str, body: &impl serde::Serialize) -> (u16, serde_json::Value) {
        let reply = client().post(self.url(path)).bearer_auth(self.bearer()).json(body).send().unwrap();
        (reply.status().as_u16(), serde_json::from_str(&reply.text().unwrap()).unwrap())
    }

    /// The HTTP status of a request that is sent as it is.
    pub fn status(&self, path: &str, body: &impl serde::Serialize) -> u16 {
        client().post(self.url(path)).bearer_auth(self.bearer()).json(body).send().unwrap().status().as_u16()
    }

    pub fn write(&self, name: &str, value: f64) -> CommandReply {
        self.execute(Action::Write { point: self.point(name), value })
    }

    pub fn alarms(&self) -> Vec<AlarmStatus> {
        self.get("/alarms")
    }

    pub fn history(&self, name: &str, from_ms: i64, to_ms: i64) -> HistoryReply {
        self.get(&format!("/history?point={name}&from={from_ms}&to={to_ms}"))
    }

    pub fn why(&self, name: &str) -> Why {
        self.get(&format!("/why/{name}"))
    }

    pub fn logs(&self) -> String {
        ["sim.log", "run.log"]
            .map(|name| std::fs::read_to_string(self.data.path().join(name)).unwrap_or_default())
            .join("\n--- run ---\n")
    }
}

impl Drop for Plant {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- sim ---\n{}", self.logs());
        }
        self.kill_controller();
        self.kill_simulator();
    }
}

fn kill(child: &mut Option<Child>) {
    if let Some(mut child) = child.take() {
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

fn client() -> reqwest::blocking::Client {
    reqwest::blocking::Client::builder().timeout(Duration::from_secs(10)).build().unwrap()
}

/// Ports that nobody uses at this moment.
/// The Modbus devices of the refinery besides PLC-300, by its text.
fn other_plcs() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("plants/refinery");
    let areas = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path().join("io.toml"));
    let mut found: Vec<String> = areas
        .filter_map(|io| std::fs::read_to_string(io).ok())
        .flat_map(|text| {
            let names = text.lines().filter_map(|line| line.strip_prefix("[device.")?.strip_suffix(']'));
            names.map(str::to_owned).collect::<Vec<_>>()
        })
        .filter(|device| !["PLC-300", "RF-300"].contains(&device.as_str()))
        .collect();
    found.sort();
    found
}

fn free_ports(count: usize) -> Vec<u16> {
    let listeners: Vec<TcpListener> = (0..count).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    listeners.iter().map(|listener| listener.local_addr().unwrap().port()).collect()
}

/// Asks again and again until there is an answer.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(began.elapsed() < PATIENCE, "waited {} s in vain: {what}", PATIENCE.as_secs());
        std::thread::sleep(Duration::from_millis(25));
    }
}
