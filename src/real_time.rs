//! What the operating system must be asked for: scheduling class, locked memory, absolute sleep.
//!
//! The one file with `unsafe`. Every right that is missing degrades the service and is told.
#![allow(unsafe_code)]

use std::io;
use std::time::Duration;

/// FIFO priority of the scan: above everything of this project, below the kernel's own threads.
const PRIORITY: i32 = 80;
/// Stack that the scan may need; touched once so that it never faults later.
const STACK_BYTES: usize = 256 << 10;

/// What was granted, as shown to people: `SCHED_FIFO 80, memory locked`.
pub fn enter() -> String {
    let scheduling = match set_fifo() {
        Ok(()) => format!("SCHED_FIFO {PRIORITY}"),
        Err(error) => format!("normal scheduling ({error}; grant CAP_SYS_NICE or an rtprio limit)"),
    };
    let memory = match lock_memory() {
        Ok(()) => "memory locked".to_owned(),
        Err(error) => format!("memory not locked ({error}; raise the memlock limit)"),
    };
    touch_stack();
    format!("{scheduling}, {memory}")
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

fn lock_memory() -> io::Result<()> {
    // SAFETY: takes no pointers; it only changes how pages are kept.
    match unsafe { libc::mlockall(libc::MCL_CURRENT | libc::MCL_ONFAULT) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

#[inline(never)]
fn touch_stack() {
    let mut stack = [0u8; STACK_BYTES];
    for page in stack.chunks_mut(4096) {
        page[0] = 1;
    }
    std::hint::black_box(&mut stack);
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

/// Sleeps until `instant` of [`now`]'s clock; an interrupted sleep goes on.
pub fn sleep_until(instant: Duration) {
    let time = libc::timespec {
        tv_sec: instant.as_secs() as libc::time_t,
        tv_nsec: libc::c_long::from(instant.subsec_nanos() as i32),
    };
    // SAFETY: `time` is a valid timespec, and an absolute sleep needs no remainder.
    while unsafe {
        libc::clock_nanosleep(
            libc::CLOCK_MONOTONIC,
            libc::TIMER_ABSTIME,
            &raw const time,
            std::ptr::null_mut(),
        )
    } == libc::EINTR
    {}
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

/// A command that prints ends quietly when nobody reads on, as in `catholyte check --schema | head`.
pub fn end_with_the_pipe() {
    // SAFETY: no other thread exists yet, and the default action runs no code of ours.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
    }
}

#[cfg(test)]
mod tests {
    use super::{now, sleep_until};
    use std::time::Duration;

    #[test]
    fn a_sleep_until_the_past_returns_at_once_and_one_until_later_does_not_return_early() {
        sleep_until(Duration::ZERO);
        let wake = now() + Duration::from_millis(2);
        sleep_until(wake);
        assert!(now() >= wake);
    }
}
