//! What the operating system must be asked for: scheduling class, locked memory, absolute sleep; and what is given
//! back to it.
//!
//! The one file with `unsafe`. Every right that is missing degrades the service and is told.
#![allow(unsafe_code)]

use std::io;
use std::time::Duration;

/// FIFO priority of the scan: above everything of this project, below the kernel's own threads.
const PRIORITY: i32 = 80;
/// Stack that the scan may need; touched once so that it never faults later.
const STACK_BYTES: usize = 256 << 10;

/// What was granted, as shown to people: `SCHED_FIFO 80, core 3, memory locked`. For the calling thread; the
/// memory is that of the whole process, also what it asks for later.
pub fn enter(core: Option<u16>) -> String {
    let scheduling = match set_fifo() {
        Ok(()) => format!("SCHED_FIFO {PRIORITY}"),
        Err(error) => format!("normal scheduling ({error}; grant CAP_SYS_NICE or an rtprio limit)"),
    };
    let place = keep_to(core);
    let memory = match lock_memory() {
        Ok(()) => "memory locked".to_owned(),
        Err(why) => {
            format!("memory not locked ({why}; grant CAP_IPC_LOCK or an unlimited memlock limit)")
        }
    };
    touch_stack();
    format!("{scheduling}, {place}, {memory}")
}

fn keep_to(core: Option<u16>) -> String {
    match core.map(|core| (core, pin(core))) {
        None => "any core".to_owned(),
        Some((core, Ok(()))) => format!("core {core}"),
        Some((core, Err(error))) => {
            format!(
                "any core (core {core} refused: {error}; set [scan] core to one that this process may use)"
            )
        }
    }
}

fn set_fifo() -> io::Result<()> {
    let parameters = libc::sched_param { sched_priority: PRIORITY };
    // Children and later threads must not inherit the class: a busy helper would starve the machine.
    let policy = libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK;
    // SAFETY: `parameters` lives through the call, and 0 means the calling thread.
    match unsafe { libc::sched_setscheduler(0, policy, &raw const parameters) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

fn pin(core: u16) -> io::Result<()> {
    let core = usize::from(core);
    if core >= libc::CPU_SETSIZE as usize {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    // SAFETY: a set of bits, for which all zeros is the empty set.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: `core` is below CPU_SETSIZE, and `set` lives through both calls; 0 means the calling thread.
    let result = unsafe {
        libc::CPU_SET(core, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set)
    };
    match result {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Everything that is there and everything that comes is in memory from the moment it is mapped, so that the
/// scan never waits for a page: neither for its own, nor for those of a plant that was applied.
///
/// Under a limit this is not asked for: with MCL_FUTURE the allocation that passes the limit would fail,
/// hours later and anywhere, which is worse than a page fault.
fn lock_memory() -> Result<(), String> {
    if !may_lock_all() {
        return Err("the memlock limit is finite".to_owned());
    }
    // SAFETY: takes no pointers; it only changes how pages are kept.
    match unsafe { libc::mlockall(libc::MCL_CURRENT | libc::MCL_FUTURE) } {
        -1 => Err(io::Error::last_os_error().to_string()),
        _ => Ok(()),
    }
}

fn may_lock_all() -> bool {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a valid rlimit to write to.
    let read = unsafe { libc::getrlimit(libc::RLIMIT_MEMLOCK, &raw mut limit) } == 0;
    (read && limit.rlim_cur == libc::RLIM_INFINITY)
        || std::fs::read_to_string("/proc/self/status").is_ok_and(|status| has_ipc_lock(&status))
}

/// The capability to lock memory beyond the limit, in the words of `/proc/self/status`.
fn has_ipc_lock(status: &str) -> bool {
    const CAP_IPC_LOCK: u64 = 14;
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let effective = line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    effective.is_some_and(|mask| mask >> CAP_IPC_LOCK & 1 == 1)
}

#[inline(never)]
fn touch_stack() {
    let mut stack = [0u8; STACK_BYTES];
    for page in stack.chunks_mut(4096) {
        page[0] = 1;
    }
    std::hint::black_box(&mut stack);
}

/// Gives back what the compiler has freed: of a plant of 50,000 tags more than the plant and its engine need, and the
/// C library would keep it for good. To be called before [`enter`]: locked pages cannot be given back.
pub fn give_back_memory() {
    // SAFETY: takes no pointers, and what is in use stays where it is.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0);
    }
}

/// The monotonic clock, since an arbitrary start.
pub fn now() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid timespec to write to; CLOCK_MONOTONIC always exists.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Processor time that this process has used.
pub fn cpu_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid timespec to write to; the process clock always exists.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Sleeps until `instant` of [`now`]'s clock. The clock decides when that is, not the sleep: one that was
/// interrupted goes on, and one that returns early, or that the kernel refuses, begins no scan before its time.
pub fn sleep_until(instant: Duration) {
    let time = libc::timespec {
        tv_sec: instant.as_secs() as libc::time_t,
        tv_nsec: libc::c_long::from(instant.subsec_nanos() as i32),
    };
    loop {
        let left = instant.saturating_sub(now());
        if left.is_zero() {
            return;
        }
        // SAFETY: `time` is a valid timespec, and an absolute sleep needs no remainder.
        let result = unsafe {
            libc::clock_nanosleep(
                libc::CLOCK_MONOTONIC,
                libc::TIMER_ABSTIME,
                &raw const time,
                std::ptr::null_mut(),
            )
        };
        if !matches!(result, 0 | libc::EINTR) {
            std::thread::sleep(left);
        }
    }
}

/// Asks that this process gets SIGTERM when its parent dies, so that a demo leaves no orphans.
pub fn die_with_parent() {
    // SAFETY: takes no pointers.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM) };
}

/// Asks a child process to stop in order.
pub fn terminate(process: u32) {
    if let Ok(process) = libc::pid_t::try_from(process) {
        // SAFETY: takes no pointers; a process that has gone is no error for us.
        unsafe { libc::kill(process, libc::SIGTERM) };
    }
}

/// A file that has grown to the process's limit (`ulimit -f`, `LimitFSIZE=`) is a write that fails, as on a full
/// disk, and not the end of the process in the middle of a scan.
pub fn outlive_the_file_size_limit() {
    // SAFETY: no other thread exists yet, and a signal that is ignored runs no code of ours.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
}

/// A command that prints ends quietly when nobody reads on, as in `catholyte check --schema | head`.
pub fn end_with_the_pipe() {
    // SAFETY: no other thread exists yet, and the default action runs no code of ours.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
    }
}

#[cfg(test)]
mod tests {
    use super::{give_back_memory, has_ipc_lock, keep_to, now, sleep_until};
    use std::time::Duration;

    #[test]
    fn a_core_that_does_not_exist_is_refused_with_what_to_do_and_the_scan_runs_all_the_same() {
        let granted = keep_to(Some(60_000));
        assert!(granted.contains("any core (core 60000 refused"), "{granted}");
        assert!(granted.contains("set [scan] core"), "{granted}");
    }

    #[test]
    fn the_right_to_lock_memory_is_read_from_the_status_of_the_process() {
        assert!(has_ipc_lock("Name:\tx\nCapEff:\t000001ffffffffff\n"));
        assert!(!has_ipc_lock("CapEff:\t0000000000000000\n"));
        assert!(!has_ipc_lock("CapPrm:\t000001ffffffffff\n"));
    }

    #[cfg(target_env = "gnu")]
    #[test]
    fn what_was_freed_below_something_that_lives_goes_back_to_the_system() {
        let resident_kb = || {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
            line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap()
        };
        let mut texts: Vec<_> = (0..512 * 1024_u64).map(|n| Box::new([n; 32])).collect();
        let last = texts.pop();
        drop(texts);
        let before = resident_kb();
        give_back_memory();
        // Of the 128 MB; other tests of this process come and go meanwhile.
        assert!(resident_kb() + 64 * 1024 < before, "{before} kB before, {} kB now", resident_kb());
        drop(last);
    }

    #[test]
    fn a_sleep_until_the_past_returns_at_once_and_one_until_later_does_not_return_early() {
        sleep_until(Duration::ZERO);
        let wake = now() + Duration::from_millis(2);
        sleep_until(wake);
        assert!(now() >= wake);
    }
}
