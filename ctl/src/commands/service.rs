//! `service install|uninstall`: the user unit, with the right paths. Touches no unit that it has not written.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use context_sync_protocol::error::ErrorKind;
use serde_json::json;

use super::Context;
use crate::cli::Service;
use crate::programs;
use crate::stop::Stop;

/// The unit as it is kept in the sources, with the programs where a user would install them.
const UNIT: &str = include_str!("../../../systemd/context-syncd.service");

/// The programs' paths as they stand in it.
const DAEMON_IN_UNIT: &str = "%h/.local/bin/context-syncd";
const CTL_IN_UNIT: &str = "%h/.local/bin/context-syncctl";

/// The first line of a unit that is ours to replace and to remove.
const MARK: &str = "# Installed by `context-syncctl service install`; `context-syncctl service uninstall` removes it.";

const NAME: &str = "context-syncd.service";

pub(crate) fn run(context: &Context, action: Service) -> Result<u8, Stop> {
    let path = unit_path()?;
    match action {
        Service::Install { daemon } => install(context, &path, daemon.as_deref()),
        Service::Uninstall => uninstall(context, &path),
    }
}

/// What to type where no daemon runs.
pub(crate) fn how_to_start() -> String {
    let installed = unit_path().is_ok_and(|path| path.exists())
        || ["/etc/systemd/user", "/usr/local/lib/systemd/user", "/usr/lib/systemd/user"].iter().any(|folder| Path::new(folder).join(NAME).exists());
    if installed {
        "Start it with `systemctl --user start context-syncd`.".to_owned()
    } else {
        "Have systemd run it with `context-syncctl service install`, or run `context-syncd` in a terminal.".to_owned()
    }
}

fn install(context: &Context, path: &Path, daemon: Option<&Path>) -> Result<u8, Stop> {
    let daemon = programs::daemon(daemon)?;
    let text = unit_text(&daemon, &programs::own_path()?)?;
    refuse_foreign(path)?;
    write(path, &text).map_err(|error| Stop::failed(ErrorKind::Failed, format!("{} cannot be written: {error}.", path.display()), ""))?;
    systemctl(context, &["daemon-reload"])?;
    systemctl(context, &["enable", NAME])?;
    // Not `enable --now`: a daemon that runs already, from an older program, has to be replaced.
    systemctl(context, &["restart", NAME])?;
    context.output.data(&json!({ "unit": path, "daemon": daemon, "installed": true }), |_| {
        format!(
            "{} is installed, enabled and started.\nIt runs while you are logged in; `loginctl enable-linger` keeps it running.\n",
            path.display()
        )
    })?;
    Ok(0)
}

fn uninstall(context: &Context, path: &Path) -> Result<u8, Stop> {
    let there = path.symlink_metadata().is_ok();
    if there {
        refuse_foreign(path)?;
        systemctl(context, &["disable", "--now", NAME])?;
        fs::remove_file(path).map_err(|error| Stop::failed(ErrorKind::Failed, format!("{} cannot be removed: {error}.", path.display()), ""))?;
        systemctl(context, &["daemon-reload"])?;
    }
    context.output.data(&json!({ "unit": path, "installed": false }), |_| {
        if there { format!("{} is stopped, disabled and removed.\n", path.display()) } else { "It was not installed.\n".to_owned() }
    })?;
    Ok(0)
}

fn unit_path() -> Result<PathBuf, Stop> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    folder("XDG_CONFIG_HOME")
        .or_else(|| folder("HOME").map(|home| home.join(".config")))
        .map(|config| config.join("systemd/user").join(NAME))
        .ok_or_else(|| Stop::failed(ErrorKind::Failed, "Neither XDG_CONFIG_HOME nor HOME is set.", "Set HOME to your home folder."))
}

/// The unit with these programs.
fn unit_text(daemon: &Path, ctl: &Path) -> Result<String, Stop> {
    // The longer name first would be needed if one were a prefix of the other; they are not.
    Ok(format!("{MARK}\n{}", UNIT.replace(DAEMON_IN_UNIT, &escaped(daemon)?).replace(CTL_IN_UNIT, &escaped(ctl)?)))
}

/// A path as systemd reads it in a command line: blanks within quotes, `%` doubled. What would need more than that is refused.
fn escaped(path: &Path) -> Result<String, Stop> {
    let text = path.to_str().filter(|text| !text.chars().any(|c| c.is_control() || matches!(c, '"' | '\'' | '\\' | '$')));
    let text = text.ok_or_else(|| {
        let message = format!("A systemd unit cannot run {} by that name.", path.display());
        Stop::failed(ErrorKind::Usage, message, "Install the programs into a folder without quotes, backslashes and dollar signs in its path.")
    })?;
    let text = text.replace('%', "%%");
    Ok(if text.contains(' ') { format!("\"{text}\"") } else { text })
}

/// Fails if there is a unit, or anything else, that we have not written.
fn refuse_foreign(path: &Path) -> Result<(), Stop> {
    let ours = match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(_) => false,
        Ok(metadata) => metadata.is_file() && fs::read_to_string(path).is_ok_and(|text| text.lines().next() == Some(MARK)),
    };
    if ours {
        return Ok(());
    }
    Err(Stop::failed(
        ErrorKind::Busy,
        format!("{} was not written by `context-syncctl service install`, so it is left alone.", path.display()),
        format!("If you do not need it, `systemctl --user disable --now {NAME}`, remove the file, and try again."),
    ))
}

/// Writes the unit whole or not at all.
fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let staged = path.with_extension("service.new");
    let mut file = File::create(&staged)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&staged, path)
}

fn systemctl(context: &Context, arguments: &[&str]) -> Result<(), Stop> {
    let shown = format!("systemctl --user {}", arguments.join(" "));
    let mut command = Command::new("systemctl");
    command.arg("--user").args(arguments);
    let output = programs::run(&context.client, command)?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let hint = if said.contains("bus") {
        "There is no user manager here: log in to a real session, or have one with `loginctl enable-linger`, then try again."
    } else {
        "See why with `journalctl --user -u context-syncd -n 20`."
    };
    Err(Stop::failed(ErrorKind::Failed, format!("`{shown}` failed: {}", said.trim()), hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_names_the_programs_where_they_are() {
        let text = unit_text(Path::new("/opt/a b/context-syncd"), Path::new("/opt/100%/context-syncctl")).unwrap();
        assert_eq!(text.lines().next(), Some(MARK));
        assert!(text.contains("\nExecStart=\"/opt/a b/context-syncd\"\n"), "{text}");
        assert!(text.contains("\nExecReload=/opt/100%%/context-syncctl reload\n"), "{text}");
        assert!(!text.lines().any(|line| line.starts_with("Exec") && line.contains(".local/bin")), "{text}");
        assert!(unit_text(Path::new("/opt/$HOME/context-syncd"), Path::new("/c")).is_err());
    }

    #[test]
    fn only_a_unit_of_ours_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("systemd/user").join(NAME);
        refuse_foreign(&path).unwrap();
        write(&path, &format!("{MARK}\n[Unit]\n")).unwrap();
        refuse_foreign(&path).unwrap();
        write(&path, "[Unit]\n").unwrap();
        assert!(matches!(refuse_foreign(&path), Err(Stop::Failed(error)) if error.kind == ErrorKind::Busy));
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/null", &path).unwrap();
        assert!(refuse_foreign(&path).is_err());
    }
}
