//! The journal of the real controller, with holes cut into it: what is run again, and what is said of the rest.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{Plant, until};
use historian::journal::JournalReader;

fn segments(plant: &Plant) -> Vec<PathBuf> {
    let files = fs::read_dir(plant.journal()).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|ending| ending == "cjl")).collect();
    found.sort();
    found
}

fn tick(segment: &Path) -> u64 {
    let name = segment.file_stem().unwrap().to_str().unwrap();
    name.rsplit('-').next().unwrap().parse().unwrap()
}

/// Standard output and error of a replay, and whether it ended well.
fn replay(plant: &Plant) -> (bool, String) {
    let output = plant.command(&["replay", plant.journal().to_str().unwrap()]).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    // The report folds its lines; words are what matters.
    let text = String::from_utf8(text).unwrap();
    (
        output.status.success(),
        text.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" "),
    )
}

#[test]
fn a_replay_goes_on_behind_every_hole_and_says_which_scans_are_not_verified() {
    let mut plant = Plant::start("running");
    plant.kill_controller();
    plant.set("[journal]\nsnapshot_s = 1\n");
    plant.start_controller();
    until("the journal has ten segments", || (segments(&plant).len() >= 10).then_some(()));
    plant.kill_controller();
    let (well, whole) = replay(&plant);
    assert!(well && whole.contains("every hash agrees"), "{whole}");

    let mut files = segments(&plant);
    // A kill just as a segment is begun leaves a file without a scan: that is no hole.
    if fs::metadata(files.last().unwrap()).unwrap().len() == 0 {
        fs::remove_file(files.pop().unwrap()).unwrap();
    }
    // One segment is gone, and of another the second half is no longer what was written.
    let (gone, spoiled) = (3, 6);
    fs::remove_file(&files[gone]).unwrap();
    let mut bytes = fs::read(&files[spoiled]).unwrap();
    let half = bytes.len() / 2;
    bytes[half] ^= 0x55;
    fs::write(&files[spoiled], bytes).unwrap();
    let (well, holes) = replay(&plant);
    assert!(!well, "{holes}");
    let (first, last) = (tick(&files[gone]), tick(&files[gone + 1]) - 1);
    let missing = format!("scans {first} to {last} (");
    assert!(
        holes.contains(&missing) && holes.contains("they are not in the journal"),
        "{missing} in {holes}"
    );
    let end = format!("to {} (", tick(&files[spoiled + 1]) - 1);
    assert!(holes.contains(&end) && holes.contains("are lost"), "{end} in {holes}");
    assert!(holes.contains("3 runs,"), "it went on behind both: {holes}");
    let scans = |report: &str| -> u64 {
        let words: Vec<&str> = report.split(' ').collect();
        words[words.iter().position(|word| *word == "scans,").unwrap() - 1].parse().unwrap()
    };
    let missing = scans(&whole) - scans(&holes);
    let most = last - first + 1 + tick(&files[spoiled + 1]) - tick(&files[spoiled]);
    assert!((last - first + 1..=most).contains(&missing), "{missing} of at most {most}: only the holes are");

    // A restart right behind a hole: its segment begins with the state that it went on from.
    plant.start_controller();
    let before = files.last().unwrap();
    until("the restart has its own segments", || (segments(&plant).len() >= files.len() + 2).then_some(()));
    plant.kill_controller();
    let restarted = tick(&segments(&plant)[files.len() - 1]);
    fs::remove_file(before).unwrap();
    let (_, more) = replay(&plant);
    assert!(!more.contains("not the same") && !more.contains("otherwise"), "{more}");
    let lost = format!("scans {} to ", tick(before));
    let upto =
        more.split(&lost).nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_else(|| panic!("{more}"));
    assert!(upto.parse::<u64>().unwrap() < restarted, "{upto} is before the restart at {restarted}: {more}");

    // Without the snapshot behind the first hole it goes on from the next one.
    let snapshot = plant.journal().join(format!("snapshot-{last:020}.csn"));
    fs::remove_file(&snapshot).unwrap();
    let (_, fewer) = replay(&plant);
    let longer = format!("scans {first} to {} (", tick(&files[gone + 2]) - 1);
    assert!(
        fewer.contains(&longer) && fewer.contains("no snapshot of its first state"),
        "{longer} in {fewer}"
    );

    // A segment whose own header is whole and whose first record is not: the replay looks for the next one.
    let spoiled = &files[1];
    let header = header_length(&plant, spoiled);
    let mut bytes = fs::read(spoiled).unwrap();
    bytes[header + 2] ^= 0x55;
    fs::write(spoiled, bytes).unwrap();
    let (_, headless) = replay(&plant);
    let lost = format!(" to {} (", tick(&files[2]) - 1);
    assert_eq!(headless.matches(&lost).count(), 2, "told at once and at the end: {headless}");
}

/// The shortest beginning of a segment that says what it is.
fn header_length(plant: &Plant, segment: &Path) -> usize {
    let whole = fs::read(segment).unwrap();
    let length = (0..whole.len()).find(|length| {
        fs::write(segment, &whole[..*length]).unwrap();
        let reader = JournalReader::open(&plant.journal()).unwrap();
        let found = reader.segments().iter().find(|found| found.first_tick == tick(segment)).cloned();
        found.is_some_and(|found| reader.describe(&found).is_ok())
    });
    fs::write(segment, whole).unwrap();
    length.expect("the segment has a header")
}
