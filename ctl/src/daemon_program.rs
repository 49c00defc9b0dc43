//! Where the daemon's program is: beside this one, as packages and cargo put it.

use std::path::{Path, PathBuf};

use context_sync_protocol::error::ErrorKind;

use crate::stop::Stop;

/// This program's own absolute path, and the folder that it lies in.
pub(crate) fn own_path() -> Result<PathBuf, Stop> {
    std::env::current_exe().map_err(|error| Stop::failed(ErrorKind::Failed, format!("The path of this program is not known: {error}."), ""))
}

/// The daemon's absolute path: `named`, or `context-syncd` beside this program.
pub(crate) fn find(named: Option<&Path>) -> Result<PathBuf, Stop> {
    let path = match named {
        Some(path) => std::path::absolute(path)
            .map_err(|error| Stop::failed(ErrorKind::Usage, format!("{} is no path: {error}.", path.display()), "Name the program's full path."))?,
        None => own_path()?.with_file_name("context-syncd"),
    };
    if path.is_file() {
        return Ok(path);
    }
    let hint = match named {
        Some(_) => "Name the program's full path.",
        None => "Install both programs into one folder, or name the daemon's program where the command takes it.",
    };
    Err(Stop::failed(ErrorKind::NotFound, format!("There is no program {}.", path.display()), hint))
}
