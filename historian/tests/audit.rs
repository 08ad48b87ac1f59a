//! The audit log under edits, cuts and kills.

mod common;

use std::fs;
use std::path::Path;

use historian::audit::{AuditEntry, AuditLog, Head, HeadNote, Verdict, differences, head, verify};
use historian::{HistorianError, Lost};
use model::wire::Role;

fn entry(number: i64) -> AuditEntry {
    AuditEntry {
        time_ms: 1_700_000_000_000 + number,
        user: "j.ortiz".to_owned(),
        role: Some(Role::Operator),
        from: "10.0.0.7".to_owned(),
        action: "write FIC-301.SP".to_owned(),
        old: Some("11.0".to_owned()),
        new: Some(format!("11.{number}")),
        reason: "line one\nline \"two\"\t\u{1}".to_owned(),
        outcome: "done".to_owned(),
        lost: None,
    }
}

fn write(path: &Path, entries: std::ops::Range<i64>) {
    let (mut log, _) = AuditLog::open(path).unwrap();
    for number in entries {
        log.append(&entry(number)).unwrap();
    }
}

fn intact(entries: u64) -> Verdict {
    Verdict::Intact { entries, unfinished_bytes: 0, lost: Vec::new() }
}

#[test]
fn entries_are_one_line_each_and_read_back_as_they_were_told() {
    let folder = common::folder();
    let path = folder.path().join("audit.log");
    write(&path, 0..3);
    write(&path, 3..5);
    assert_eq!(verify(&path).unwrap(), intact(5));
    let text = fs::read_to_string(&path).unwrap();
    for (number, line) in text.lines().enumerate() {
        let read: AuditEntry = serde_json::from_str(line.split_once(' ').unwrap().1).unwrap();
        assert_eq!(read, entry(number as i64));
    }
}

#[test]
fn a_changed_byte_anywhere_is_found_in_its_line() {
    let folder = common::folder();
    let path = folder.path().join("audit.log");
    write(&path, 0..3);
    let whole = fs::read(&path).unwrap();
    for byte in 0..whole.len() - 1 {
        let mut hurt = whole.clone();
        hurt[byte] ^= 0x01;
        fs::write(&path, &hurt).unwrap();
        let line = 1 + whole[..byte].iter().filter(|byte| **byte == b'\n').count() as u64;
        let Verdict::Broken { line: found, .. } = verify(&path).unwrap() else {
            panic!("byte {byte} unnoticed")
        };
        assert!(found == line, "byte {byte}: line {found}, not {line}");
    }
}

#[test]
fn a_removed_or_swapped_line_is_found() {
    let folder = common::folder();
    let path = folder.path().join("audit.log");
    write(&path, 0..4);
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.lines().collect();
    for (changed, line) in [([0, 2, 3].as_slice(), 2), (&[0, 2, 1, 3], 2), (&[1, 2, 3], 1)] {
        let text: String = changed.iter().map(|line| format!("{}\n", lines[*line])).collect();
        fs::write(&path, text).unwrap();
        assert!(matches!(verify(&path).unwrap(), Verdict::Broken { line: found, .. } if found == line));
    }
}

#[test]
fn a_cut_at_any_byte_leaves_the_whole_lines_and_a_log_that_goes_on() {
    let folder = common::folder();
    let path = folder.path().join("audit.log");
    write(&path, 0..3);
    let whole = fs::read(&path).unwrap();
    for cut in 0..=whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let lines = whole[..cut].iter().filter(|byte| **byte == b'\n').count() as u64;
        let start = whole[..cut].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let unfinished_bytes = (cut - start) as u64;
        assert_eq!(
            verify(&path).unwrap(),
            Verdict::Intact { entries: lines, unfinished_bytes, lost: vec![] }
        );
        let (mut log, recovery) = AuditLog::open(&path).unwrap();
        assert_eq!((recovery.entries, recovery.removed_bytes), (lines, unfinished_bytes), "cut at {cut}");
        assert_eq!(recovery.broken, None);
        log.append(&entry(9)).unwrap();
        assert_eq!(verify(&path).unwrap(), intact(lines + 1), "cut at {cut}");
    }
}

#[test]
fn a_broken_log_is_told_at_open_and_goes_on() {
    let folder = common::folder();
    let path = folder.path().join("audit.log");
    write(&path, 0..3);
    let text = fs::read_to_string(&path).unwrap().replace("11.1", "11.7");
    fs::write(&path, text).unwrap();
    let (mut log, recovery) = AuditLog::open(&path).unwrap();
    assert_eq!(recovery.broken.map(|(line, _)| line), Some(2));
    log.append(&entry(3)).unwrap();
    assert!(matches!(verify(&path).unwrap(), Verdict::Broken { line: 2, .. }));
}

#[test]
fn a_second_writer_is_refused_and_a_flood_of_text_is_cut() {
    let folder = common::folder();
    let path = folder.path().join("audit.log");
    let (mut log, _) = AuditLog::open(&path).unwrap();
    assert!(matches!(AuditLog::open(&path), Err(HistorianError::Locked { .. })));
    assert_eq!(log.head().entries, 0);
    let flood = AuditEntry { reason: "ü".repeat(100_000), ..entry(0) };
    let head = log.append(&flood).unwrap().to_owned();
    assert_eq!((log.head().entries, log.head().hash), (1, head));
    assert!(fs::metadata(&path).unwrap().len() < 5000);
    assert_eq!(verify(&path).unwrap(), intact(1));
}

#[test]
fn a_line_that_tells_of_lost_entries_keeps_the_chain_and_is_told_by_verify() {
    let folder = common::folder();
    let path = folder.path().join("audit.log");
    write(&path, 0..2);
    let lost = Lost { entries: 12, from_ms: 5, to_ms: 9 };
    let (mut log, _) = AuditLog::open(&path).unwrap();
    log.append(&AuditEntry { lost: Some(lost), ..entry(2) }).unwrap();
    // A person who writes the same words has lost nothing.
    log.append(&AuditEntry { reason: "\"lost\":{\"entries\":1}".to_owned(), ..entry(3) }).unwrap();
    assert_eq!(verify(&path).unwrap(), Verdict::Intact { entries: 4, unfinished_bytes: 0, lost: vec![lost] });
}

#[test]
fn a_log_cut_short_or_written_anew_is_found_by_a_head_that_was_kept_elsewhere() {
    let folder = common::folder();
    let (path, other) = (folder.path().join("audit.log"), folder.path().join("other.log"));
    write(&path, 0..4);
    let kept = head(&path).unwrap();
    write(&path, 4..6);
    assert_eq!(differences(&path, std::slice::from_ref(&kept)).unwrap(), [], "a log may grow");
    let newest = head(&path).unwrap();
    assert_eq!((kept.entries, newest.entries), (4, 6));
    // Cut: the chain says nothing, both heads do or do not.
    let text = fs::read_to_string(&path).unwrap();
    let cut: String = text.lines().take(5).map(|line| format!("{line}\n")).collect();
    fs::write(&path, cut).unwrap();
    assert_eq!(verify(&path).unwrap(), intact(5));
    let found = differences(&path, &[newest.clone(), kept.clone()]).unwrap();
    assert_eq!(
        found.iter().map(|found| (&found.kept, found.ends_at)).collect::<Vec<_>>(),
        [(&newest, Some(5))]
    );
    assert_eq!(AuditLog::open_against(&path, &[newest]).unwrap().1.differences, found);
    // Written anew from the second line on, with every hash right.
    write(&other, 0..1);
    write(&other, 7..12);
    assert_eq!(verify(&other).unwrap(), intact(6));
    let found = differences(&other, &[kept]).unwrap();
    assert!(found.len() == 1 && found[0].ends_at.is_none(), "{found:?}");
}

#[test]
fn a_note_holds_the_newest_head_and_one_that_is_damaged_says_nothing() {
    let folder = common::folder();
    let (path, log) = (folder.path().join("head"), folder.path().join("audit.log"));
    let (mut note, kept) = HeadNote::open(&path).unwrap();
    assert_eq!(kept, None);
    write(&log, 0..12);
    note.say(&head(&log).unwrap()).unwrap();
    fs::remove_file(&log).unwrap();
    write(&log, 0..3);
    let newest = head(&log).unwrap();
    note.say(&newest).unwrap();
    assert_eq!(HeadNote::open(&path).unwrap().1, Some(newest.clone()), "nothing is left of the longer one");
    assert_eq!(newest.to_string().parse(), Ok(newest));
    for wrong in ["", "3", "3:", "3:abc", "x:00", "-1:00"] {
        assert!(wrong.parse::<Head>().is_err(), "{wrong}");
    }
    fs::write(&path, "12:zz").unwrap();
    assert_eq!(HeadNote::read(&path), None);
}
