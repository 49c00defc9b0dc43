//! Standing back behind what else the machine does: nice value, I/O priority, and memory that is not needed.
//!
//! Guarantees that no priority is ever raised: a process that was started lower than asked stays there. Both hold per thread and pass to threads that are
//! made afterwards, so a worker lowers itself before there are any. Knows no configuration file and no worker.
#![allow(unsafe_code)]

use std::io;

mod code;

pub use code::let_go_of_code;

/// `IOPRIO_WHO_PROCESS`, ioprio_set(2): `who` names a thread, 0 the calling one. Neither libc nor nix has the numbers of this call.
const WHO_PROCESS: libc::c_int = 1;
/// `IOPRIO_CLASS_SHIFT`, linux/ioprio.h: the class stands above the 13 bits of data.
const CLASS_SHIFT: libc::c_int = 13;
/// `IOPRIO_CLASS_BE`, ioprio_set(2): best effort, levels 0 to 7.
const CLASS_BEST_EFFORT: libc::c_int = 2;
/// `IOPRIO_CLASS_IDLE`, ioprio_set(2): served only when nobody else asks; its level means nothing.
const CLASS_IDLE: libc::c_int = 3;
/// The lowest level of the best-effort class, ioprio_set(2).
const LAST_LEVEL: u8 = 7;
/// The range of nice values in which lowering needs no privilege, setpriority(2).
const NICE: std::ops::RangeInclusive<i32> = 0..=19;

/// Where a thread stands among those that wait for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IoPriority {
    /// The best-effort class at a level, 0 (first) to 7 (last).
    BestEffort(u8),
    /// The idle class.
    Idle,
}

/// Why a thread was not lowered.
#[derive(Debug, thiserror::Error)]
pub enum PriorityError {
    /// A value outside of what the kernel knows.
    #[error("`{what}` cannot be {value}: {allowed}")]
    OutOfRange {
        /// The setting.
        what: &'static str,
        /// What it was.
        value: String,
        /// What it may be.
        allowed: &'static str,
    },
    /// The kernel refused.
    #[error("the kernel refused {what}; check the limits of the service that runs this process")]
    Refused {
        /// The setting and its value.
        what: String,
        /// What it said.
        #[source]
        source: io::Error,
    },
}

impl IoPriority {
    /// # Errors
    /// When `class` is neither `best-effort` nor `idle`, or `level` is above 7.
    pub fn new(class: &str, level: u8) -> Result<Self, PriorityError> {
        match class {
            "best-effort" if level <= LAST_LEVEL => Ok(Self::BestEffort(level)),
            "best-effort" => Err(PriorityError::OutOfRange { what: "io_level", value: level.to_string(), allowed: "use 0 (first) to 7 (last)" }),
            "idle" => Ok(Self::Idle),
            _ => Err(PriorityError::OutOfRange { what: "io_class", value: format!("`{class}`"), allowed: "use `best-effort` or `idle`" }),
        }
    }

    fn bits(self) -> libc::c_int {
        match self {
            Self::BestEffort(level) => (CLASS_BEST_EFFORT << CLASS_SHIFT) | libc::c_int::from(level),
            Self::Idle => CLASS_IDLE << CLASS_SHIFT,
        }
    }
}

/// Lowers the calling thread to `nice` (0 to 19) and `io`, and with it every thread that it makes later.
///
/// # Errors
/// When `nice` is out of range, or the kernel refuses.
pub fn lower(nice: i32, io: IoPriority) -> Result<(), PriorityError> {
    if !NICE.contains(&nice) {
        return Err(PriorityError::OutOfRange { what: "nice", value: nice.to_string(), allowed: "use 0 to 19" });
    }
    // Going back up is a privilege that a user service lacks: asking for it would only fail.
    if current_nice() < nice {
        set_nice(nice).map_err(|source| PriorityError::Refused { what: format!("nice {nice}"), source })?;
    }
    // Numbers grow as priority falls, across classes too; class 0 (none set) counts as best effort.
    if current_io() < io.bits() {
        set_io(io).map_err(|source| PriorityError::Refused { what: format!("I/O priority {io:?}"), source })?;
    }
    Ok(())
}

fn current_nice() -> i32 {
    // SAFETY: getpriority takes no pointers. It fails only for a thread that does not exist, and 0 is the caller; so -1 is a nice value here.
    unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) }
}

fn set_nice(nice: i32) -> io::Result<()> {
    // SAFETY: setpriority takes no pointers.
    done(i64::from(unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) }))
}

fn current_io() -> libc::c_int {
    // SAFETY: ioprio_get takes two integers and no pointers. It fails only for a thread that does not exist, and 0 is the caller.
    let bits = unsafe { libc::syscall(libc::SYS_ioprio_get, WHO_PROCESS, 0) };
    libc::c_int::try_from(bits).unwrap_or(0)
}

fn set_io(io: IoPriority) -> io::Result<()> {
    // SAFETY: ioprio_set takes three integers and no pointers.
    done(unsafe { libc::syscall(libc::SYS_ioprio_set, WHO_PROCESS, 0, io.bits()) })
}

fn done(result: i64) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Each test lowers a thread of its own, because there is no way back.
    fn on_a_thread_of_its_own(test: impl FnOnce() + Send + 'static) {
        std::thread::spawn(test).join().unwrap();
    }

    #[test]
    fn lowers_this_thread_and_those_it_makes() {
        on_a_thread_of_its_own(|| {
            lower(10, IoPriority::BestEffort(7)).unwrap();
            let seen = std::thread::spawn(|| (current_nice(), current_io())).join().unwrap();
            assert_eq!(seen, (10, IoPriority::BestEffort(7).bits()));
        });
    }

    #[test]
    fn never_raises() {
        on_a_thread_of_its_own(|| {
            lower(15, IoPriority::Idle).unwrap();
            lower(5, IoPriority::BestEffort(0)).unwrap();
            assert_eq!((current_nice(), current_io()), (15, IoPriority::Idle.bits()));
        });
    }

    #[test]
    fn refuses_what_the_kernel_does_not_know() {
        assert!(IoPriority::new("realtime", 0).is_err());
        assert!(IoPriority::new("best-effort", 8).is_err());
        assert_eq!(IoPriority::new("idle", 8).unwrap(), IoPriority::Idle);
        let error = lower(-1, IoPriority::Idle).unwrap_err().to_string();
        assert!(error.contains("nice") && error.contains("0 to 19"), "{error}");
    }
}
