//! A site that includes the refinery: checked, simulated, run and replayed as one plant.

mod common;

use std::path::{Path, PathBuf};

use common::folder::{put, refinery};
use common::{Plant, until};

/// The refinery beside a site with a tank farm of its own, which has no physics.
fn site(root: &Path) -> PathBuf {
    refinery(root);
    put(
        root,
        "site/plant.toml",
        "[plant]\nname = \"site\"\ntitle = \"SITE\"\nperiod = \"10 ms\"\n[area.900]\ntitle = \"Tanks\"\n\
         [include.refinery]\npath = \"../refinery\"\n",
    );
    put(
        root,
        "site/tanks.toml",
        "area = \"900\"
[device.PLC-900]
protocol = \"modbus-tcp\"
endpoint = \"127.0.0.1:5029\"
watchdog = \"2 s\"
heartbeat = \"holding 0\"
[tag.LT-901]
description = \"LiOH tank level\"
unit = \"%\"
range = [0, 100]
normal = [40, 80]
io = { device = \"PLC-900\", input = 0, format = \"f32\" }
[calc.LY-901]
value = \"LT-901 + LT-321\"
unit = \"%\"
range = [0, 200]
",
    );
    root.join("site")
}

#[test]
fn a_site_runs_its_included_refinery_and_its_own_devices_in_one_scan_and_its_journal_replays() {
    let root = tempfile::tempdir().unwrap();
    let folder = site(root.path());
    let mut plant = Plant::start_of("running", Some(folder.clone()), &["PLC-900"]);
    let checked = plant.run(&["check", folder.to_str().unwrap()]);
    assert!(checked.contains("site compiles"), "{checked}");
    until("all devices are up and values are good", || {
        let frame = plant.frame();
        let good = frame.values.iter().all(|value| value.2.is_usable());
        (frame.system.links > 2 && frame.system.links_up == frame.system.links && good).then_some(())
    });
    assert_eq!(
        plant.value("LT-901").0,
        60.0,
        "a tag without physics stands in the middle of its normal range"
    );
    let (sum, level) = (plant.value("LY-901").0, plant.value("LT-321").0);
    assert!((sum - 60.0 - level).abs() < 5.0, "{sum} is 60 and {level}, some scans apart");

    plant.kill_controller();
    // The journal has its own copy, of included plants too: what becomes of the folders does not matter.
    std::fs::remove_dir_all(root.path().join("refinery")).unwrap();
    let report = plant.run(&["replay", plant.journal().to_str().unwrap()]);
    assert!(report.contains("every hash agrees"), "{report}");

    let output = plant.command(&["check", "--format", "json", folder.to_str().unwrap()]).output().unwrap();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let absent = &document["diagnostics"][0];
    assert_eq!((&absent["code"], &absent["place"]["file"]), (&"include-absent".into(), &"plant.toml".into()));
    assert_eq!((absent["place"]["line"].as_u64(), absent["place"]["column"].as_u64()), (Some(8), Some(8)));
}
