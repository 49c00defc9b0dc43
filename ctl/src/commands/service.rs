//! `service install|uninstall`: the user unit, with the right paths. Touches no unit that it has not written.
//!
//! Part of the unit's hardening needs user namespaces, which some machines deny to ordinary users. Whether this one does shows when the unit is started;
//! then a drop-in takes that part back, and the next `install` tries again.

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

/// What takes back of it what needs user namespaces.
const NO_USER_NAMESPACES: &str = include_str!("../../../systemd/no-user-namespaces.conf");
/// How systemd says that it could not set up a user namespace, take capabilities away, or set up other namespaces (`EXIT_USER` and so on, systemd.exec(5)).
const NAMESPACE_DENIED: [&str; 3] = ["217", "218", "226"];

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
    // The machine may have changed its mind since.
    remove_drop_in(path)?;
    systemctl(context, &["daemon-reload"])?;
    systemctl(context, &["enable", NAME])?;
    let namespaces = start(context, path)?;
    context.output.data(&json!({ "unit": path, "daemon": daemon, "installed": true, "user_namespaces": namespaces }), |_| {
        let without =
            "This machine denies user namespaces to ordinary users, so part of the service's hardening is off (systemd/README.md says which).\n";
        format!(
            "{} is installed, enabled and started.\n{}It runs while you are logged in; `loginctl enable-linger` keeps it running.\n",
            path.display(),
            if namespaces { "" } else { without }
        )
    })?;
    Ok(0)
}

/// Starts the unit; false if that is possible only without user namespaces.
fn start(context: &Context, path: &Path) -> Result<bool, Stop> {
    // Not `enable --now`: a daemon that runs already, from an older program, has to be replaced.
    let Err(refused) = systemctl(context, &["restart", NAME]) else { return Ok(true) };
    let status = systemctl(context, &["show", "-P", "ExecMainStatus", NAME]).unwrap_or_default();
    if !NAMESPACE_DENIED.contains(&status.trim()) {
        return Err(refused);
    }
    let drop_in = drop_in(path);
    write(&drop_in, &format!("{MARK}\n{NO_USER_NAMESPACES}"))
        .map_err(|error| Stop::failed(ErrorKind::Failed, format!("{} cannot be written: {error}.", drop_in.display()), ""))?;
    systemctl(context, &["daemon-reload"])?;
    systemctl(context, &["restart", NAME])?;
    Ok(false)
}

/// Where the drop-in for machines without user namespaces lies.
fn drop_in(unit: &Path) -> PathBuf {
    unit.with_extension("service.d").join("no-user-namespaces.conf")
}

/// Removes the drop-in if it is ours, and its folder if nothing else is in it.
fn remove_drop_in(unit: &Path) -> Result<(), Stop> {
    let path = drop_in(unit);
    if !is_ours(&path) {
        return Ok(());
    }
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(Stop::failed(ErrorKind::Failed, format!("{} cannot be removed: {error}.", path.display()), ""));
        }
        _ => {}
    }
    if let Some(folder) = path.parent() {
        // It may hold the user's own drop-ins, and then stays.
        let _ = fs::remove_dir(folder);
    }
    Ok(())
}

fn uninstall(context: &Context, path: &Path) -> Result<u8, Stop> {
    let there = path.symlink_metadata().is_ok();
    if there {
        refuse_foreign(path)?;
        systemctl(context, &["disable", "--now", NAME])?;
        fs::remove_file(path).map_err(|error| Stop::failed(ErrorKind::Failed, format!("{} cannot be removed: {error}.", path.display()), ""))?;
        remove_drop_in(path)?;
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
    if is_ours(path) {
        return Ok(());
    }
    Err(Stop::failed(
        ErrorKind::Busy,
        format!("{} was not written by `context-syncctl service install`, so it is left alone.", path.display()),
        format!("If you do not need it, `systemctl --user disable --now {NAME}`, remove the file, and try again."),
    ))
}

/// Whether there is nothing, or what we have written.
fn is_ours(path: &Path) -> bool {
    match path.symlink_metadata() {
        Err(error) => error.kind() == io::ErrorKind::NotFound,
        Ok(metadata) => metadata.is_file() && fs::read_to_string(path).is_ok_and(|text| text.lines().next() == Some(MARK)),
    }
}

/// Writes a unit or drop-in whole or not at all.
fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let staged = path.with_extension("new");
    let mut file = File::create(&staged)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&staged, path)
}

/// What it says on its standard output.
fn systemctl(context: &Context, arguments: &[&str]) -> Result<String, Stop> {
    let shown = format!("systemctl --user {}", arguments.join(" "));
    let mut command = Command::new("systemctl");
    command.arg("--user").args(arguments);
    let output = programs::run(&context.client, command)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
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
