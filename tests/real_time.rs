//! What the scan asks of the operating system, against what the kernel says that it has.

mod common;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use common::{Plant, until};

const FIFO: u32 = 1;

/// The thread of this process that scans, once there is one.
fn scan_thread(process: u32) -> Option<PathBuf> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).ok()?;
    let is_scan =
        |task: &PathBuf| fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim() == "scan");
    tasks.filter_map(|task| Some(task.ok()?.path())).find(is_scan)
}

/// Scheduling class and priority of a thread: fields 41 and 40 of its `stat`, of which the third follows the name.
fn class_of(thread: &Path) -> (u32, u32) {
    let stat = fs::read_to_string(thread.join("stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    (fields[41 - 3].parse().unwrap(), fields[40 - 3].parse().unwrap())
}

/// How often a thread has gone to sleep by itself: once a scan.
fn sleeps(thread: &Path) -> u64 {
    let status = fs::read_to_string(thread.join("status")).unwrap();
    let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    count.unwrap().trim().parse().unwrap()
}

fn locked_kb(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmLck:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse().unwrap()
}

/// What is told is what there is, whether it was granted or refused.
fn assert_true(told: &str, process: u32) {
    let thread = until("a thread scans", || scan_thread(process));
    match class_of(&thread) {
        (FIFO, priority) => assert!(told.contains(&format!("SCHED_FIFO {priority}")), "{told}"),
        _ => assert!(told.contains("normal scheduling (") && told.contains("grant CAP_SYS_NICE"), "{told}"),
    }
    match locked_kb(process) {
        0 => assert!(told.contains("memory not locked (") && told.contains("grant CAP_IPC_LOCK"), "{told}"),
        _ => assert!(told.contains("memory locked"), "{told}"),
    }
}

/// Killed when the test ends, however it ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Without the rights to a class and to locked memory; `None` where this user cannot give rights away.
fn without_rights(data: &Path) -> Option<Command> {
    let mut command = Command::new("setpriv");
    command.args(["--bounding-set=-sys_nice,-ipc_lock", "--inh-caps=-all"]);
    let may = command.arg("true").stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    let mut command = Command::new("setpriv");
    command.args([
        "--bounding-set=-sys_nice,-ipc_lock",
        "--inh-caps=-all",
        env!("CARGO_BIN_EXE_catholyte"),
        "run",
    ]);
    command.env("CATHOLYTE_DATA", data).stdin(Stdio::null());
    may.then_some(command)
}

#[test]
fn the_scan_has_its_class_and_its_memory_or_says_which_right_is_missing() {
    let mut plant = Plant::start("running");
    let told = until("the System page tells", || {
        Some(plant.frame().system.real_time).filter(|told| !told.is_empty())
    });
    assert_true(&told, plant.controller_id());

    plant.kill_controller();
    let Some(mut command) = without_rights(plant.data.path()) else { return };
    let log = plant.data.path().join("poor.log");
    let file = File::create(&log).unwrap();
    let poor = Running(command.stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap());
    let told = until("the log tells", || {
        let text = fs::read_to_string(&log).unwrap();
        text.lines()
            .find(|line| line.contains("scan: normal") || line.contains("scan: SCHED"))
            .map(str::to_owned)
    });
    assert!(told.contains("normal scheduling (") && told.contains("memory not locked ("), "{told}");
    assert_true(&told, poor.0.id());
    let thread = until("a thread scans", || scan_thread(poor.0.id()));
    until("it scans all the same", || (sleeps(&thread) > 100).then_some(()));
}
