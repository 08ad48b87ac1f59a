//! What the command line goes on telling: a check that watches, a report by shifts.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use historian::{PointInfo, SampleOptions, SampleStore};
use model::{Mode, Quality, Unit};
use serde_json::Value;

fn catholyte(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_catholyte"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// `check --watch`, and its documents as they come.
struct Watch {
    child: Child,
    documents: Receiver<Value>,
}

impl Watch {
    fn new(folder: &Path) -> Self {
        let folder = folder.to_str().unwrap();
        let mut command = catholyte(&["check", folder, "--watch", "--format", "json"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap() as ChildStdout).lines();
        let (sender, documents) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if sender.send(serde_json::from_str(&line).unwrap()).is_err() {
                    return;
                }
            }
        });
        Self { child, documents }
    }

    /// The next documents until one is as wanted: a folder may be looked at while it is being saved.
    fn until(&self, what: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let document = self.documents.recv_timeout(Duration::from_secs(60)).expect(what);
            if is_wanted(&document) {
                return document;
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

const PLANT: &str = "[plant]\nname = \"small\"\nperiod = \"10 ms\"\n";
const TAG: &str = "[tag.HS-1]\ndescription = \"by hand\"\nunit = \"%\"\nrange = [0, 100]\n\
                   entry = { initial = 5.0, role = \"operator\" }\n";

#[test]
fn a_check_that_watches_tells_each_save_and_each_file_that_comes_or_goes() {
    let folder = tempfile::tempdir().unwrap();
    let save = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    save("plant.toml", PLANT);
    save("tags.toml", TAG);
    let watch = Watch::new(folder.path());
    let is_sound = |document: &Value| document["errors"] == 0 && document["hash"].is_string();
    let first = watch.until("the folder as it is", |_| true);
    assert!(is_sound(&first), "{first}");

    // As long as before: a look at lengths alone would miss it.
    save("tags.toml", &TAG.replace("\"%\"", "\"§\"").replace("by hand", "byhand"));
    let wrong = watch.until("a mistake that was saved", |document| document["errors"] != 0);
    let told = &wrong["diagnostics"][0];
    assert_eq!(told["code"], "unknown-unit", "{wrong}");
    assert_eq!((&told["place"]["file"], &told["place"]["line"]), (&"tags.toml".into(), &3.into()), "{wrong}");

    save("tags.toml", TAG);
    let sound = watch.until("its end", is_sound);
    assert_eq!(sound["hash"], first["hash"], "the same text");

    save("more.toml", &TAG.replace("HS-1", "HS-2"));
    let more = watch.until("a new file", |document| is_sound(document) && document["hash"] != first["hash"]);
    std::fs::remove_file(folder.path().join("more.toml")).unwrap();
    let less = watch.until("a file that has gone", is_sound);
    assert_eq!((&less["hash"], less["hash"] == more["hash"]), (&first["hash"], false));

    // A folder that is moved away for a moment ends nothing.
    let (here, away) = (folder.path().join("plant.toml"), folder.path().join("plant.away"));
    std::fs::rename(&here, &away).unwrap();
    watch.until("a folder without its plant", |document| document["errors"] != 0);
    std::fs::rename(&away, &here).unwrap();
    watch.until("the plant is back", is_sound);
}

/// Ten hours of TIC-321, a sample a second: four as it should be, four in which it swings and is taken by hand in their middle, two as at
/// first.
fn history(folder: &Path, from_ms: i64) {
    let (mut store, _) = SampleStore::open(&folder.join("history"), SampleOptions::default()).unwrap();
    let unit = |part: &str| Unit::parse(if part == "OUT" { "%" } else { "degC" }).unwrap();
    let points = ["PV", "SP", "OUT", "MODE"].map(|part| PointInfo {
        name: format!("TIC-321.{part}"),
        unit: if part == "MODE" { Unit::default() } else { unit(part) },
        stepped: part == "MODE" || part == "SP",
    });
    let ids = store.register(&points).unwrap();
    for second in 0..=36_000_i64 {
        let wave = (second as f64 / 100.0).sin();
        let swing = if (14_400..28_800).contains(&second) { 4.0 } else { 0.01 };
        let mode = if (21_600..28_800).contains(&second) { Mode::Manual } else { Mode::Cascade };
        let values = [80.0 + swing * wave, 80.0, 40.0 + 2.0 * swing * wave, mode.value()];
        for (id, value) in ids.iter().zip(values) {
            store.append(from_ms + second * 1000, *id, value, Quality::Good).unwrap();
        }
    }
    store.commit().unwrap();
}

#[test]
fn a_report_by_shifts_has_a_row_for_each_and_judges_each_by_itself() {
    // 2026-01-01T00:00:00Z
    const FROM_MS: i64 = 1_767_225_600_000;
    let data = tempfile::tempdir().unwrap();
    history(data.path(), FROM_MS);
    let plant = Path::new(env!("CARGO_MANIFEST_DIR")).join("plants/refinery");
    let report = |more: &[&str]| {
        let mut command = catholyte(&["loop", "report", "TIC-321", "--from", "2026-01-01T00:00:00Z"]);
        command.args(["--to", "2026-01-01T10:00:00Z", "--format", "json"]).args(more);
        command.arg("--plant").arg(&plant).arg("--data").arg(data.path()).output().unwrap()
    };
    let rows = |more: &[&str]| -> Vec<Value> {
        let output = report(more);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let shifts = rows(&["--shift", "4h"]);
    let spans: Vec<_> =
        shifts.iter().map(|row| (row["from"].as_str().unwrap(), row["to"].as_str().unwrap())).collect();
    let at = [
        "2026-01-01T00:00:00.000Z",
        "2026-01-01T04:00:00.000Z",
        "2026-01-01T08:00:00.000Z",
        "2026-01-01T10:00:00.000Z",
    ];
    assert_eq!(spans, [(at[0], at[1]), (at[1], at[2]), (at[2], at[3])], "the last shift is cut off by --to");
    let of = |row: usize, what: &str| {
        shifts[row][what].as_f64().unwrap_or_else(|| panic!("no {what} in {:#}", shifts[row]))
    };
    let percent = |what: &str| (0..3).map(|row| of(row, what).round()).collect::<Vec<_>>();
    assert_eq!(percent("normal_percent"), [100.0, 50.0, 100.0]);
    assert_eq!((0..3).map(|row| (of(row, "known_h") * 10.0).round()).collect::<Vec<_>>(), [40.0, 40.0, 20.0]);
    assert!(
        (of(1, "sigma") - 4.0 / 2f64.sqrt()).abs() < 0.1 && (of(1, "period_s") - 628.3).abs() < 15.0,
        "{shifts:#?}"
    );
    assert!(
        of(0, "sigma") < 0.02 && of(2, "sigma") < 0.02,
        "what swings in one shift is not the next one's: {shifts:#?}"
    );

    let whole = rows(&[]);
    assert_eq!(whole.len(), 1, "without shifts one row");
    assert!((whole[0]["normal_percent"].as_f64().unwrap() - 80.0).abs() < 0.5, "{whole:#?}");
    for (shift, why) in [("30s", "shorter than a minute"), ("soon", "soon")] {
        let refused = report(&["--shift", shift]);
        let words = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && words.contains(why), "{words}");
    }
}
