//! Where the socket lies: one resolver for both sides.
//!
//! `--socket`; else `$XDG_RUNTIME_DIR/context-sync/control.sock`; where that variable is unset (cron, a bare ssh session), the same below
//! `/run/user/<uid>` if that folder exists, because a daemon that systemd started listens there; else below `$XDG_STATE_HOME`, by default
//! `~/.local/state`. Only computes the path: who listens creates the folder, mode 0700.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

/// The longest path that a Unix socket can have on Linux, its final NUL excluded.
const MAX_PATH_BYTES: usize = 107;

/// Why there is no path for the socket.
#[derive(Debug, PartialEq, Eq)]
pub enum SocketError {
    /// Neither a runtime folder nor a home folder is known.
    NoFolder,
    /// The path is longer than the kernel takes.
    TooLong(PathBuf),
}

impl fmt::Display for SocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFolder => {
                f.write_str("no folder for the socket: neither XDG_RUNTIME_DIR, XDG_STATE_HOME nor HOME is set; name one with --socket")
            }
            Self::TooLong(path) => write!(
                f,
                "the socket's path {} is longer than the {MAX_PATH_BYTES} bytes that the kernel takes; name a shorter one with --socket",
                path.display()
            ),
        }
    }
}

impl std::error::Error for SocketError {}

/// The socket's path: `explicit` (of `--socket`) if given, else from this process's environment and `uid`.
///
/// # Errors
/// When no folder is known or the path is too long.
pub fn resolve(explicit: Option<&Path>, uid: u32) -> Result<PathBuf, SocketError> {
    resolve_with(explicit, uid, |name| std::env::var_os(name), Path::is_dir)
}

/// As [`resolve`], with the environment and the look at the disk handed in.
fn resolve_with(
    explicit: Option<&Path>,
    uid: u32,
    variable: impl Fn(&str) -> Option<OsString>,
    is_dir: impl Fn(&Path) -> bool,
) -> Result<PathBuf, SocketError> {
    // The XDG specification has relative paths ignored.
    let folder = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let path = match explicit {
        Some(path) => path.to_owned(),
        None => {
            let runtime = folder("XDG_RUNTIME_DIR").or_else(|| Some(PathBuf::from(format!("/run/user/{uid}"))).filter(|path| is_dir(path)));
            let base = runtime.or_else(|| folder("XDG_STATE_HOME")).or_else(|| folder("HOME").map(|home| home.join(".local/state")));
            base.ok_or(SocketError::NoFolder)?.join("context-sync/control.sock")
        }
    };
    if path.as_os_str().len() > MAX_PATH_BYTES { Err(SocketError::TooLong(path)) } else { Ok(path) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(explicit: Option<&str>, variables: &[(&str, &str)], runtime_folder: bool) -> Result<PathBuf, SocketError> {
        let variable = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value));
        resolve_with(explicit.map(Path::new), 1000, variable, |path| runtime_folder && path == Path::new("/run/user/1000"))
    }

    #[test]
    fn the_first_folder_that_is_known_holds_the_socket() {
        let all = [("XDG_RUNTIME_DIR", "/run/x"), ("XDG_STATE_HOME", "/state"), ("HOME", "/home/a")];
        let expect = |path: &str| Ok(PathBuf::from(path));
        assert_eq!(resolved(Some("here.sock"), &all, true), expect("here.sock"));
        assert_eq!(resolved(None, &all, true), expect("/run/x/context-sync/control.sock"));
        assert_eq!(resolved(None, &all[1..], true), expect("/run/user/1000/context-sync/control.sock"));
        assert_eq!(resolved(None, &all[1..], false), expect("/state/context-sync/control.sock"));
        assert_eq!(resolved(None, &all[2..], false), expect("/home/a/.local/state/context-sync/control.sock"));
        assert_eq!(resolved(None, &[], false), Err(SocketError::NoFolder));
    }

    #[test]
    fn relative_and_empty_variables_are_ignored() {
        let variables = [("XDG_RUNTIME_DIR", ""), ("XDG_STATE_HOME", "state"), ("HOME", "/home/a")];
        assert_eq!(resolved(None, &variables, false), Ok(PathBuf::from("/home/a/.local/state/context-sync/control.sock")));
    }

    #[test]
    fn a_path_that_the_kernel_would_cut_is_refused() {
        let long = format!("/{}", "x".repeat(107));
        assert!(matches!(resolved(Some(&long), &[], false), Err(SocketError::TooLong(_))));
        assert!(resolved(Some(&long[..107]), &[], false).is_ok());
    }
}
