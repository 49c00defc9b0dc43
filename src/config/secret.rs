//! Follows a reference to its secret. Workers call it; the daemon never does.
//!
//! Guarantees that no error repeats what was found, that nothing waits longer than 30 seconds, and that a literal is used only while its file is its
//! owner's alone.

use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use config::{Map, Value, ValueKind};

use super::file;
use super::job::SecretRef;
use super::place::Place;
use crate::model::Secret;

/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest secret, in bytes.
const MAX_BYTES: u64 = 64 << 10;

/// Why a secret cannot be had; holds nothing of it.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The variable is not set, or empty.
    #[error(
        "the variable `{0}` is not set where the daemon runs; variables of a shell do not reach a service: put it into the .env file beside config.toml"
    )]
    NotSet(String),
    /// The variable has left the `.env` file, or is empty.
    #[error("`{variable}` is not set in {}; `context-syncctl reload` takes what is there now", path.display())]
    NotInDotenv {
        /// The file.
        path: PathBuf,
        /// The variable.
        variable: String,
    },
    /// The key has left the configuration file, or is empty.
    #[error("`{key}` is no text in {}; `context-syncctl reload` takes what is there now", path.display())]
    NotInConfig {
        /// The file.
        path: PathBuf,
        /// Its dotted key.
        key: String,
    },
    /// Others can read a file with a literal secret.
    #[error("{path} holds a secret and others can read it too; run `chmod 600 {path}`", path = .0.display())]
    Exposed(PathBuf),
    /// A file cannot be read.
    #[error("the secret's file {} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file's first line is empty.
    #[error("the first line of the secret's file {} is empty", .0.display())]
    Empty(PathBuf),
    /// `$CREDENTIALS_DIRECTORY` is not set.
    #[error("there is no credential `{0}`, because systemd handed over none; add `LoadCredential={0}:/path` to the unit")]
    NoCredentials(String),
    /// The home folder is not known.
    #[error("the secret's file {} lies in the home folder, and HOME is not set", .0.display())]
    NoHome(PathBuf),
    /// The command cannot be started, or its output not be read.
    #[error("the command `{program}` for the secret cannot be run: {source}")]
    CommandBroken {
        /// Its first word.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// The command failed.
    #[error("the command `{program}` for the secret ended with {status}; run it by hand to see why")]
    CommandFailed {
        /// Its first word.
        program: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// The command printed nothing.
    #[error("the command `{0}` for the secret printed an empty line, or none")]
    CommandSilent(String),
    /// The command took too long.
    #[error("the command `{0}` for the secret took longer than {PATIENCE:?}; it must not ask for anything, because nobody answers")]
    CommandSlow(String),
}

/// Gets a secret: a file's or a command's first line, a variable, a credential of systemd's, or what stands in one of our own files. Blocking.
///
/// # Errors
/// Why it cannot be had.
pub fn resolve(reference: &SecretRef) -> Result<Secret, SecretError> {
    match reference {
        SecretRef::Env(variable) => match std::env::var(variable) {
            Ok(text) if !text.trim().is_empty() => Ok(Secret::new(text)),
            _ => Err(SecretError::NotSet(variable.clone())),
        },
        SecretRef::File(path) => {
            let expanded = Place::of_process(None).expand(&path.to_string_lossy());
            first_line_of(&expanded.ok_or_else(|| SecretError::NoHome(path.clone()))?)
        }
        SecretRef::Credential(name) => {
            let folder = std::env::var_os("CREDENTIALS_DIRECTORY").ok_or_else(|| SecretError::NoCredentials(name.clone()))?;
            first_line_of(&Path::new(&folder).join(name))
        }
        SecretRef::Command(words) => command(words, PATIENCE),
        SecretRef::Dotenv { path, variable } => {
            let missing = || SecretError::NotInDotenv { path: path.clone(), variable: variable.clone() };
            let read = file::dotenv(path).map_err(|error| unreadable(path, io::Error::other(error)))?.ok_or_else(missing)?;
            if !read.private {
                return Err(SecretError::Exposed(path.clone()));
            }
            let found = read.content.into_iter().rev().find(|(name, value)| name == variable && !value.trim().is_empty());
            found.map(|(_, value)| Secret::new(value)).ok_or_else(missing)
        }
        SecretRef::Literal { path, key } => {
            let missing = || SecretError::NotInConfig { path: path.clone(), key: key.clone() };
            let read = file::toml(path).map_err(|error| unreadable(path, io::Error::other(error)))?.ok_or_else(missing)?;
            if !read.private {
                return Err(SecretError::Exposed(path.clone()));
            }
            literal(read.content, key).map(Secret::new).ok_or_else(missing)
        }
    }
}

fn unreadable(path: &Path, source: io::Error) -> SecretError {
    SecretError::Unreadable { path: path.to_owned(), source }
}

fn literal(root: Map<String, Value>, key: &str) -> Option<String> {
    let mut value = Value::new(None, ValueKind::Table(root));
    for part in key.split('.') {
        let ValueKind::Table(mut table) = value.kind else { return None };
        value = table.remove(part)?;
    }
    match value.kind {
        ValueKind::String(text) if !text.trim().is_empty() => Some(text),
        _ => None,
    }
}

fn first_line_of(path: &Path) -> Result<Secret, SecretError> {
    let file = std::fs::File::open(path).map_err(|source| unreadable(path, source))?;
    let line = first_line(file).map_err(|source| unreadable(path, source))?;
    if line.is_empty() { Err(SecretError::Empty(path.to_owned())) } else { Ok(Secret::new(line)) }
}

fn first_line(from: impl Read) -> io::Result<String> {
    let mut line = String::new();
    BufReader::new(from.take(MAX_BYTES)).read_line(&mut line)?;
    line.truncate(line.trim_end_matches(['\n', '\r']).len());
    Ok(line)
}

fn command(words: &[String], patience: Duration) -> Result<Secret, SecretError> {
    let [program, arguments @ ..] = words else { return Err(SecretError::CommandSilent(String::new())) };
    let broken = |source| SecretError::CommandBroken { program: program.clone(), source };
    let deadline = Instant::now() + patience;
    // A group of its own, so that what it starts ends with it.
    let mut child = Command::new(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).process_group(0).spawn().map_err(broken)?;
    let (sender, receiver) = mpsc::channel();
    let reader = child.stdout.take().map(|stdout| std::thread::spawn(move || sender.send(first_line(stdout))));
    let Ok(line) = receiver.recv_timeout(patience) else {
        end(&mut child);
        return Err(SecretError::CommandSlow(program.clone()));
    };
    let status = loop {
        match child.try_wait().map_err(broken)? {
            Some(status) => break status,
            None if Instant::now() >= deadline => {
                end(&mut child);
                return Err(SecretError::CommandSlow(program.clone()));
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    // It has sent, so it has ended; whoever calls may rely on being alone.
    reader.map(std::thread::JoinHandle::join);
    if !status.success() {
        return Err(SecretError::CommandFailed { program: program.clone(), status });
    }
    match line.map_err(broken)? {
        line if line.trim().is_empty() => Err(SecretError::CommandSilent(program.clone())),
        line => Ok(Secret::new(line)),
    }
}

fn end(child: &mut Child) {
    if let Ok(pid) = i32::try_from(child.id()) {
        // It may have ended by itself in this moment, which is as good.
        let _ = nix::sys::signal::killpg(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL);
    }
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn file(text: &str, mode: u32) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.as_file().set_permissions(std::fs::Permissions::from_mode(mode)).unwrap();
        file
    }

    fn shell(script: &str, patience: Duration) -> Result<Secret, SecretError> {
        command(&["/bin/sh".to_owned(), "-c".to_owned(), script.to_owned()], patience)
    }

    #[test]
    fn first_lines_are_taken_without_their_end() {
        assert_eq!(resolve(&SecretRef::File(file("hunter2\r\nmore\n", 0o644).path().into())).unwrap().expose(), "hunter2");
        assert_eq!(shell("echo hunter2; echo more", PATIENCE).unwrap().expose(), "hunter2");
        assert!(matches!(resolve(&SecretRef::File(file("\nhunter2", 0o600).path().into())), Err(SecretError::Empty(_))));
    }

    #[test]
    fn a_literal_is_found_again_while_its_file_is_private() {
        let toml = "[connectors.wiki-eu]\napi_token = \"hunter2\"\n";
        let private = file(toml, 0o600);
        let reference = |path: &Path, key: &str| SecretRef::Literal { path: path.into(), key: key.into() };
        assert_eq!(resolve(&reference(private.path(), "connectors.wiki-eu.api_token")).unwrap().expose(), "hunter2");
        assert!(matches!(resolve(&reference(private.path(), "connectors.wiki-eu.password")), Err(SecretError::NotInConfig { .. })));
        let exposed = file(toml, 0o644);
        let error = resolve(&reference(exposed.path(), "connectors.wiki-eu.api_token")).unwrap_err();
        assert!(error.to_string().contains("chmod 600") && !error.to_string().contains("hunter2"), "{error}");
    }

    #[test]
    fn a_dotenv_variable_is_found_again() {
        let dotenv = file("TOKEN=hunter2\nEMPTY=\n", 0o600);
        let reference = |variable: &str| SecretRef::Dotenv { path: dotenv.path().into(), variable: variable.into() };
        assert_eq!(resolve(&reference("TOKEN")).unwrap().expose(), "hunter2");
        assert!(matches!(resolve(&reference("EMPTY")), Err(SecretError::NotInDotenv { .. })));
    }

    #[test]
    fn a_command_that_fails_hangs_or_says_nothing_is_told_apart() {
        let told = |result: Result<Secret, SecretError>| result.unwrap_err().to_string();
        let failed = told(shell("echo hunter2; exit 3", PATIENCE));
        assert!(failed.contains("exit status: 3") && !failed.contains("hunter2"), "{failed}");
        assert!(matches!(shell(":", PATIENCE), Err(SecretError::CommandSilent(_))));
        assert!(matches!(shell("sleep 60", Duration::from_millis(50)), Err(SecretError::CommandSlow(_))));
        assert!(matches!(shell("echo hunter2; exec sleep 60", Duration::from_millis(50)), Err(SecretError::CommandSlow(_))));
        assert!(matches!(command(&["/no/such/program".to_owned()], PATIENCE), Err(SecretError::CommandBroken { .. })));
    }

    #[test]
    fn a_child_that_stays_behind_keeps_nobody_waiting() {
        assert_eq!(shell("sleep 5 & echo hunter2", Duration::from_secs(4)).unwrap().expose(), "hunter2");
    }

    #[test]
    fn what_is_not_there_says_what_to_do() {
        let error = resolve(&SecretRef::Env("CONTEXT_SYNC_TEST_NO_SUCH_VARIABLE".into())).unwrap_err().to_string();
        assert!(error.contains(".env"), "{error}");
    }
}
