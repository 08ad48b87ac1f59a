//! Room for a file to grow when the disk has none left.
//!
//! Blocks behind the end of a file are that file's own: no other file and no other process takes them, and no reader sees
//! them, because the length stays. A file that has some goes on for as long as they last. A reserve that is deleted when
//! the disk is full would go to whoever writes first, most likely to who has filled it.

use std::fs::File;

/// What stands ready behind the end of a file, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    Kept(u64),
    /// The disk has less than that for all others, or had no more to give.
    Short(u64),
    /// This file system, or this system, keeps no blocks for a file.
    Unknown,
}

/// Keeps `wanted` bytes behind the `used` ones; asks the disk when less than half of that is left.
#[cfg(target_os = "linux")]
pub(crate) fn keep(file: &File, used: u64, wanted: u64) -> Room {
    use rustix::fs::{FallocateFlags, fallocate, fstatvfs};
    use rustix::io::{Errno, retry_on_intr};
    use std::os::unix::fs::MetadataExt as _;

    // Blocks of 512 bytes, whatever the file system calls one.
    let kept = || file.metadata().map_or(0, |meta| (meta.blocks() * 512).saturating_sub(used));
    let ask =
        |from: u64, bytes: u64| retry_on_intr(|| fallocate(file, FallocateFlags::KEEP_SIZE, from, bytes));
    let told = || {
        let free = fstatvfs(file).map_or(u64::MAX, |disk| disk.f_bavail.saturating_mul(disk.f_frsize));
        if free < wanted { Room::Short(kept()) } else { Room::Kept(kept()) }
    };
    if kept() >= wanted / 2 {
        return told();
    }
    // Only what is not there yet, and a part when the disk has no more: tmpfs takes all that was asked for back when it
    // cannot give it whole.
    let grown = grow(wanted, kept, |from, bytes| match ask(used + from, bytes) {
        Ok(()) => Answer::Given,
        Err(Errno::NOSPC | Errno::DQUOT | Errno::FBIG) => Answer::Full,
        Err(_) => Answer::Never,
    });
    match grown {
        Grown::Whole => {}
        Grown::Part => return Room::Short(kept()),
        Grown::Unknown => return Room::Unknown,
    }
    // Some file systems count blocks that hold none of the content, which leaves a gap here.
    let _ = ask(used, wanted);
    told()
}

/// What a file system says when it is asked for blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Given,
    Full,
    /// It keeps none for anybody.
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grown {
    Whole,
    Part,
    Unknown,
}

/// Asks for blocks until `wanted` bytes are kept, or the disk has no more. A file system that says yes and keeps nothing
/// is one of which nothing is known.
fn grow(wanted: u64, kept: impl Fn() -> u64, mut ask: impl FnMut(u64, u64) -> Answer) -> Grown {
    let mut part = wanted;
    let mut before = kept();
    while before < wanted {
        match ask(before, part.min(wanted - before)) {
            Answer::Given => {
                let now = kept();
                if now <= before {
                    return Grown::Unknown;
                }
                before = now;
            }
            Answer::Full if part > wanted / 32 => part /= 2,
            Answer::Full => return Grown::Part,
            Answer::Never => return Grown::Unknown,
        }
    }
    Grown::Whole
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn keep(_: &File, _: u64, _: u64) -> Room {
    Room::Unknown
}

/// Gives back what stands behind the end.
pub(crate) fn give_back(file: &File) {
    // What stays reserved is only room: the next file that needs it finds the disk a little fuller.
    let _ = file.metadata().and_then(|meta| file.set_len(meta.len()));
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_disk_with_little_left_gives_a_part_of_what_is_asked() {
        let (kept, left) = (Cell::new(0), 100);
        let grown = grow(
            1000,
            || kept.get(),
            |from, bytes| {
                if from + bytes > left {
                    return Answer::Full;
                }
                kept.set(from + bytes);
                Answer::Given
            },
        );
        assert_eq!(grown, Grown::Part);
        assert!((70..=100).contains(&kept.get()), "all but a part of what may be asked: {}", kept.get());
    }

    #[test]
    fn a_disk_that_says_yes_and_keeps_nothing_is_asked_once() {
        let mut asked = 0;
        let grown = grow(
            1000,
            || 0,
            |_, _| {
                asked += 1;
                Answer::Given
            },
        );
        assert_eq!((grown, asked), (Grown::Unknown, 1));
    }
}
