//! What a process takes from itself before it meets content that it does not trust: core files, readability by others, and the right to write anywhere
//! but below its own folders.
//!
//! Guarantees: reading and the network stay as they were; the fence holds for the calling thread and all threads and processes that it makes later,
//! and cannot be taken down. There is no limit on address space or process count: sled maps its files, and the count is the whole user's.

use std::io;
use std::path::{Path, PathBuf};

use landlock::{ABI, AccessFs, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus};
use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// The newest interface whose write rights are used: it adds ioctls on devices, by which text can be typed into a terminal.
/// Truncation came with the third; older kernels enforce what they know.
const NEWEST: ABI = ABI::V5;

/// Descriptors that a worker needs at most: a batch of files being made durable, connections, the database; systemd's own default soft limit
/// (`DefaultLimitNOFILE=`, systemd-system.conf(5)), which a shell's `ulimit -n` may have lowered.
const DESCRIPTORS: u64 = 1024;

/// Whether a process is fenced in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confinement {
    /// It is, by Landlock's interface of this number.
    Confined {
        /// Landlock's ABI number, 2 to 5.
        abi: i32,
    },
    /// It is not, and why, for people.
    Open(String),
}

/// Why a process could not take something from itself.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A limit could not be set.
    #[error("{what} cannot be set; check the limits of the service that runs this process")]
    Limit {
        /// Which.
        what: &'static str,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
    /// A folder that stays writable is not there, or cannot be opened.
    #[error("`{}` cannot be opened to keep it writable; check that it exists and is yours", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the kernel said.
        #[source]
        source: landlock::PathFdError,
    },
    /// Landlock is there and refuses.
    #[error("Landlock refused the sandbox; `sandbox = false` in `[worker]` goes without")]
    Refused(#[source] landlock::RulesetError),
}

/// Turns off core files and the reading of this process's memory and environment by other processes, also of the same user: either may hold a token. What
/// it starts is as it was before, but without core files.
///
/// # Errors
/// When the kernel refuses.
pub fn close() -> Result<(), SandboxError> {
    setrlimit(Resource::RLIMIT_CORE, 0, 0).map_err(failed("the size of core files"))?;
    prctl::set_dumpable(false).map_err(failed("that other processes cannot read this one"))
}

/// Makes sure of enough descriptors.
///
/// # Errors
/// When the kernel refuses.
pub fn limit() -> Result<(), SandboxError> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).map_err(failed("the number of descriptors"))?;
    if soft < DESCRIPTORS.min(hard) {
        setrlimit(Resource::RLIMIT_NOFILE, DESCRIPTORS.min(hard), hard).map_err(failed("the number of descriptors"))?;
    }
    Ok(())
}

fn failed(what: &'static str) -> impl FnOnce(nix::Error) -> SandboxError {
    move |errno| SandboxError::Limit { what, source: errno.into() }
}

/// From now on the calling thread, and all that it makes, writes below `folders` and to `/dev/null` only. Files may move between the folders, which is
/// how they reach the trash. The folders must exist.
///
/// A kernel that cannot do this leaves the process as it was; that is no error.
///
/// # Errors
/// When a folder cannot be opened, or a Landlock that is there refuses.
pub fn confine(folders: &[&Path]) -> Result<Confinement, SandboxError> {
    let write = AccessFs::from_write(NEWEST);
    let mut rules = Ruleset::default()
        .handle_access(write)
        .map_err(SandboxError::Refused)?
        // Before its second interface Landlock refuses every rename between two folders: the trash would not work, so there is no fence then.
        .set_compatibility(CompatLevel::SoftRequirement)
        .handle_access(AccessFs::Refer)
        .map_err(SandboxError::Refused)?
        .create()
        .map_err(SandboxError::Refused)?
        .set_compatibility(CompatLevel::BestEffort);
    for &path in folders {
        rules = rules.add_rule(PathBeneath::new(open(path)?, write)).map_err(SandboxError::Refused)?;
    }
    let to_a_file = write & AccessFs::from_file(NEWEST);
    rules = rules.add_rule(PathBeneath::new(open(Path::new("/dev/null"))?, to_a_file)).map_err(SandboxError::Refused)?;
    let status = rules.restrict_self().map_err(SandboxError::Refused)?;
    Ok(match (status.ruleset, status.landlock) {
        (RulesetStatus::NotEnforced, landlock::LandlockStatus::Available { effective_abi, .. }) => {
            Confinement::Open(format!("the kernel's Landlock (interface {}) cannot move files between folders; Linux 5.19 can", effective_abi as i32))
        }
        (RulesetStatus::NotEnforced, landlock::LandlockStatus::NotEnabled) => {
            Confinement::Open("Landlock is built into the kernel but not enabled; add `landlock` to its `lsm=` parameter".to_owned())
        }
        (RulesetStatus::NotEnforced, _) => Confinement::Open("the kernel has no Landlock; Linux 5.19 or newer can have it".to_owned()),
        (_, landlock::LandlockStatus::Available { effective_abi, .. }) => Confinement::Confined { abi: (effective_abi as i32).min(NEWEST as i32) },
        _ => Confinement::Open("Landlock does not tell whether it is on".to_owned()),
    })
}

fn open(path: &Path) -> Result<PathFd, SandboxError> {
    PathFd::new(path).map_err(|source| SandboxError::Folder { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn takes_core_files_and_readability_away_and_keeps_enough_descriptors() {
        close().unwrap();
        limit().unwrap();
        assert_eq!(getrlimit(Resource::RLIMIT_CORE).unwrap(), (0, 0));
        assert!(!prctl::get_dumpable().unwrap());
        let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        assert!(soft >= DESCRIPTORS.min(hard));
    }

    // The fence holds per thread, so a thread of the test's own can put it up, and the test's main thread can still clean up.
    #[test]
    fn writes_stay_below_the_folders_and_reading_stays_free() {
        let [ours, cache, outside] = [(); 3].map(|()| tempfile::tempdir().unwrap());
        let [ours, cache, outside] = [ours.path(), cache.path(), outside.path()];
        let there = &outside.join("there");
        fs::File::create(there).unwrap();
        let denied = |what: &str, result: io::Result<()>| {
            assert_eq!(result.map_err(|error| error.kind()), Err(io::ErrorKind::PermissionDenied), "{what}");
        };
        std::thread::scope(|threads| {
            threads.spawn(|| {
                match confine(&[ours, cache]).unwrap() {
                    Confinement::Confined { abi } => assert!((2..=5).contains(&abi), "{abi}"),
                    Confinement::Open(why) => return eprintln!("NOT RUN: {why}"),
                }
                denied("create", fs::File::create(outside.join("new")).map(drop));
                denied("append", fs::OpenOptions::new().append(true).open(there).map(drop));
                denied("remove", fs::remove_file(there));
                denied("mkdir", fs::create_dir(outside.join("folder")));
                threads.spawn(|| denied("create, from a later thread", fs::File::create(outside.join("new")).map(drop)));
                assert!(fs::read(there).unwrap().is_empty());
                fs::read("/etc/passwd").unwrap();

                fs::create_dir(ours.join("folder")).unwrap();
                fs::File::create(ours.join("folder/file")).unwrap();
                fs::rename(ours.join("folder/file"), ours.join("file")).unwrap();
                fs::rename(ours.join("file"), cache.join("file")).unwrap();
                fs::File::options().write(true).open("/dev/null").unwrap();
            });
        });
    }

    #[test]
    fn a_folder_that_is_missing_is_named() {
        std::thread::spawn(|| {
            let error = confine(&[Path::new("/does/not/exist")]).unwrap_err();
            assert!(matches!(&error, SandboxError::Folder { path, .. } if path == Path::new("/does/not/exist")), "{error}");
        })
        .join()
        .unwrap();
    }
}
