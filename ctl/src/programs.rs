//! Other programs: where the daemon's is (beside this one, as packages and cargo put it), and running one within the time that is left.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::mpsc::{RecvTimeoutError, channel};

use context_sync_protocol::error::ErrorKind;

use crate::client::Client;
use crate::stop::Stop;

/// This program's own absolute path, and the folder that it lies in.
pub(crate) fn own_path() -> Result<PathBuf, Stop> {
    std::env::current_exe().map_err(|error| Stop::failed(ErrorKind::Failed, format!("The path of this program is not known: {error}."), ""))
}

/// The daemon's absolute path: `named`, or `context-syncd` beside this program.
pub(crate) fn daemon(named: Option<&Path>) -> Result<PathBuf, Stop> {
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

/// Runs a program to its end and gives what it said. When the time is over it is left to itself.
pub(crate) fn run(client: &Client, mut command: Command) -> Result<Output, Stop> {
    let shown = command.get_program().to_string_lossy().into_owned();
    let (sender, receiver) = channel();
    // The thread ends with the process at the latest; nothing of it is left to be joined.
    std::thread::spawn(move || sender.send(command.output()));
    let output = match client.time_left()? {
        None => receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
        Some(left) => receiver.recv_timeout(left),
    };
    match output {
        Ok(Ok(output)) => Ok(output),
        Ok(Err(error)) => Err(Stop::failed(ErrorKind::Failed, format!("{shown} cannot be run: {error}."), "Is it installed?")),
        Err(_) => Err(client.timed_out()),
    }
}
