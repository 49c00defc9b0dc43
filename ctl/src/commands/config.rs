//! `config path|show|check`: which file, what is in force, and whether a file would be taken.
//!
//! `path` and `check` work without a daemon. Only `context-syncd` knows how to read a configuration, so `check` runs it.

use std::path::{Path, PathBuf};
use std::process::Command;

use context_sync_protocol::error::{ErrorBody, ErrorKind};
use context_sync_protocol::reply::ConfigReport;
use context_sync_protocol::request::Op;
use serde_json::{Value, json};

use super::Context;
use crate::cli::Config;
use crate::programs;
use crate::stop::Stop;
use crate::text::clean;

pub(crate) fn run(context: &Context, action: Config) -> Result<u8, Stop> {
    match action {
        Config::Path => path(context),
        Config::Show => show(context),
        Config::Check { file } => check(context, file),
    }
}

/// The file that the running daemon has read, or the one that it would.
fn path(context: &Context) -> Result<u8, Stop> {
    let path = match running(context)? {
        Some(report) => report.path,
        None => default_path()?.to_string_lossy().into_owned(),
    };
    context.output.data(&json!({ "path": path }), |_| format!("{}\n", clean(&path)))?;
    Ok(0)
}

fn show(context: &Context) -> Result<u8, Stop> {
    let report: ConfigReport = context.ask(Op::Config {})?;
    context.output.data(&report, |report| {
        let mut out = format!("# {}\n", clean(&report.path));
        flatten("", &report.resolved, &mut out);
        out
    })?;
    Ok(0)
}

fn check(context: &Context, file: Option<PathBuf>) -> Result<u8, Stop> {
    let file = match file {
        Some(file) => Some(file),
        None => running(context)?.map(|report| PathBuf::from(report.path)),
    };
    let mut command = Command::new(programs::daemon(None)?);
    command.arg("--check-config");
    if let Some(file) = &file {
        command.arg("--config").arg(file);
    }
    let output = programs::run(&context.client, command)?;
    let (said, complained) = (lines(&output.stdout), lines(&output.stderr));
    if output.status.success() {
        let document = json!({ "valid": true, "notes": said.iter().chain(&complained).collect::<Vec<_>>() });
        context.output.data(&document, |_| said.iter().chain(&complained).map(|line| format!("{line}\n")).collect())?;
        return Ok(0);
    }
    let message = [complained, said].concat().join("\n");
    let message = message.trim_start_matches("error: ");
    let kind = if output.status.code() == Some(2) { ErrorKind::Misconfigured } else { ErrorKind::Failed };
    Err(ErrorBody::new(kind, message, "").into())
}

/// What the daemon says, if one runs.
fn running(context: &Context) -> Result<Option<ConfigReport>, Stop> {
    match context.ask(Op::Config {}) {
        Ok(report) => Ok(Some(report)),
        Err(Stop::Failed(error)) if error.kind == ErrorKind::DaemonUnreachable => Ok(None),
        Err(stop) => Err(stop),
    }
}

fn default_path() -> Result<PathBuf, Stop> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    folder("XDG_CONFIG_HOME")
        .or_else(|| folder("HOME").map(|home| home.join(".config")))
        .map(|base| base.join(Path::new("context-sync/config.toml")))
        .ok_or_else(|| Stop::failed(ErrorKind::Failed, "Neither XDG_CONFIG_HOME nor HOME is set.", "Set HOME to your home folder."))
}

fn lines(output: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(output).lines().map(|line| clean(line).into_owned()).filter(|line| !line.trim().is_empty()).collect()
}

/// One `dotted.key = value` a line, which TOML reads and grep finds.
fn flatten(prefix: &str, value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let dotted = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                flatten(&dotted, value, out);
            }
        }
        Value::Null => {}
        _ => out.push_str(&format!("{} = {}\n", clean(prefix), clean(&value.to_string()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_shown_one_a_line() {
        let mut out = String::new();
        let resolved = json!({ "connectors": { "wiki": { "url": "https://x", "api_token": { "env": "T" }, "none": null } }, "trash_days": 30 });
        flatten("", &resolved, &mut out);
        assert_eq!(out, "connectors.wiki.api_token.env = \"T\"\nconnectors.wiki.url = \"https://x\"\ntrash_days = 30\n");
    }
}
