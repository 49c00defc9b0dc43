//! Resolves references to secrets: the one moment in which a secret is read.
//!
//! Only workers do this, before they fence themselves in. Guarantees that no error repeats what was read, and that a command that waits for somebody who
//! is not there is given up.

use std::io::{self, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::config::job::SecretRef;
use crate::model::Secret;

/// No token is longer; what is, is another file.
const MOST_BYTES: usize = 64 << 10;
/// How a secret of several lines begins.
const KEY: &str = "-----BEGIN ";
/// How a command may end one.
const KEY_END: &[u8] = b"-----END ";
/// How the system ends who writes to nobody.
const SIGPIPE: i32 = nix::libc::SIGPIPE;
/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The variable is not there.
    #[error("the environment variable `{0}` is not set")]
    Unset(String),
    /// The file cannot be read.
    #[error("the file {} cannot be read", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The command cannot be run.
    #[error("the command `{program}` cannot be run")]
    Run {
        /// Its program.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// The command failed.
    #[error("the command `{program}` failed ({status})")]
    Failed {
        /// Its program.
        program: String,
        /// How.
        status: std::process::ExitStatus,
    },
    /// The command took too long.
    #[error("the command `{0}` took longer than {PATIENCE:?} and was ended")]
    Slow(String),
    /// There is nothing in it.
    #[error("{0} holds nothing")]
    Empty(String),
    /// The folder of credentials is not known.
    #[error("the credential `{0}` is not there, because CREDENTIALS_DIRECTORY is not set")]
    NoCredentials(String),
    /// The place changed since the configuration was read.
    #[error("{} no longer holds `{key}`", path.display())]
    Moved {
        /// The file.
        path: PathBuf,
        /// The key or variable.
        key: String,
    },
}

impl SecretError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Unset(name) => format!(
                "A service sees only what its unit sets: put the secret into `.env` beside the configuration, or `Environment={name}=…` into the unit."
            ),
            Self::File { path, .. } => format!("Check the path, the owner and the permissions of {}.", path.display()),
            Self::Run { program, .. } => format!("Give the whole path of `{program}`, if it is not in the service's PATH."),
            Self::Failed { .. } => "Run the command by hand to see why; a key ring may have to be unlocked first.".to_owned(),
            Self::Slow(program) => format!(
                "Nobody can answer `{program}` here, so it must not ask for anything: unlock its key ring first, or keep the secret in a file."
            ),
            Self::Empty(what) => format!("The first line of {what} must be the secret."),
            Self::NoCredentials(name) => format!("Add `LoadCredential={name}:PATH` to the unit: `systemctl --user edit context-syncd`."),
            Self::Moved { path, key } => format!("Put `{key}` back into {}, or run `context-syncctl reload`.", path.display()),
        }
    }
}

/// The secret that a reference means.
///
/// # Errors
/// When the secret cannot be had.
pub fn resolve(reference: &SecretRef) -> Result<Secret, SecretError> {
    match reference {
        SecretRef::Env(name) => std::env::var(name).map(Secret::new).map_err(|_| SecretError::Unset(name.clone())),
        SecretRef::File(path) => file(&expand(path)),
        SecretRef::Credential(name) => {
            let folder = std::env::var_os("CREDENTIALS_DIRECTORY").ok_or_else(|| SecretError::NoCredentials(name.clone()))?;
            file(&Path::new(&folder).join(name))
        }
        SecretRef::Command(words) => command(words, PATIENCE),
        SecretRef::Dotenv { path, variable } => {
            let moved = || SecretError::Moved { path: path.clone(), key: variable.clone() };
            let lines = dotenvy::from_path_iter(path).map_err(|_| moved())?;
            // Of two lines the last one counts, as in the configuration.
            lines.flatten().filter(|(name, _)| name == variable).last().map(|(_, value)| Secret::new(value)).ok_or_else(moved)
        }
        SecretRef::Literal { path, key } => {
            let moved = || SecretError::Moved { path: path.clone(), key: key.clone() };
            let text = read(path)?;
            let file = config::File::from_str(&text, config::FileFormat::Toml);
            let values = config::Config::builder().add_source(file).build().map_err(|_| moved())?;
            values.get_string(key).map(Secret::new).map_err(|_| moved())
        }
    }
}

fn file(path: &Path) -> Result<Secret, SecretError> {
    first_line(&read(path)?, &path.display().to_string())
}

fn command(words: &[String], patience: Duration) -> Result<Secret, SecretError> {
    let Some((program, arguments)) = words.split_first() else { return Err(SecretError::Empty("the command".to_owned())) };
    let broken = |source| SecretError::Run { program: program.clone(), source };
    let deadline = Instant::now() + patience;
    // Its complaints go to the journal with the worker's own; it may not read the worker's job. In a group of its own, what it starts ends with it.
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).process_group(0);
    let mut child = command.spawn().map_err(broken)?;
    let (sender, receiver) = mpsc::channel();
    // Only a line is waited for: what the command left running in the background may hold its output open for ever.
    let reader = child.stdout.take().map(|output| std::thread::spawn(move || sender.send(text_of(output, true))));
    let Ok(line) = receiver.recv_timeout(patience) else {
        end(&mut child);
        return Err(SecretError::Slow(program.clone()));
    };
    let status = loop {
        match child.try_wait().map_err(broken)? {
            Some(status) => break status,
            None if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(5)),
            None => {
                end(&mut child);
                return Err(SecretError::Slow(program.clone()));
            }
        }
    };
    // It has sent its line, so it ends now: the worker relies on being one thread until it is fenced in.
    reader.map(std::thread::JoinHandle::join);
    // More than the secret is not read: a command that goes on to write ends by that, and did what it was asked for.
    let ended_by_us = line.is_ok() && (status.signal() == Some(SIGPIPE) || status.code() == Some(128 + SIGPIPE));
    if !status.success() && !ended_by_us {
        return Err(SecretError::Failed { program: program.clone(), status });
    }
    first_line(&line.map_err(broken)?, &format!("what the command `{program}` printed"))
}

/// What `input` holds, up to [`MOST_BYTES`]; with `one_line`, no more than comes with its first line. The buffer is as large as it can become, since one that
/// grows leaves copies behind.
fn text_of(mut input: impl Read, one_line: bool) -> io::Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(vec![0; MOST_BYTES]);
    let mut length = 0;
    let is_whole = |read: &[u8]| match read.starts_with(KEY.as_bytes()) {
        true => read.windows(KEY_END.len()).position(|at| at == KEY_END).is_some_and(|end| read[end..].contains(&b'\n')),
        false => read.contains(&b'\n'),
    };
    while length < bytes.len() && !(one_line && is_whole(&bytes[..length])) {
        match input.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let text = std::str::from_utf8(&bytes[..length]).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is no UTF-8"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn end(child: &mut Child) {
    if let Ok(pid) = i32::try_from(child.id()) {
        // It may have ended by itself just now; it has not been waited for, so the number is still its own.
        let _ = nix::sys::signal::killpg(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL);
    }
    let _ = child.wait();
}

fn read(path: &Path) -> Result<Zeroizing<String>, SecretError> {
    std::fs::File::open(path).and_then(|file| text_of(file, false)).map_err(|source| SecretError::File { path: path.to_owned(), source })
}

/// Its first line, which is the secret; a private key (PEM) is all of its lines.
fn first_line(text: &str, what: &str) -> Result<Secret, SecretError> {
    if text.trim_start().starts_with(KEY) {
        return Ok(Secret::new(text.trim().to_owned()));
    }
    match text.lines().next().map(str::trim) {
        Some(line) if !line.is_empty() => Ok(Secret::new(line.to_owned())),
        _ => Err(SecretError::Empty(what.to_owned())),
    }
}

/// A path with the home folder in place of `~`.
pub(super) fn expand(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::var_os("HOME")) {
        (Ok(rest), Some(home)) => Path::new(&home).join(rest),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exposed(reference: &SecretRef) -> String {
        resolve(reference).unwrap().expose().to_owned()
    }

    #[test]
    fn each_reference_leads_to_its_secret() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::io::Write::write_all(&mut std::fs::File::create(&path).unwrap(), text.as_bytes()).unwrap();
            path
        };
        let file = put("token", "from-a-file\nsecond line\n");
        let dotenv = put(".env", "# comment\nA_TOKEN=first\nA_TOKEN='from $dotenv'\n");
        let toml = put("config.toml", "[connectors.wiki-eu]\napi_token = \"00123e5\"\n");
        assert_eq!(exposed(&SecretRef::File(file)), "from-a-file");
        assert_eq!(exposed(&SecretRef::Command(vec!["echo".into(), "from a command".into()])), "from a command");
        assert_eq!(exposed(&SecretRef::Dotenv { path: dotenv.clone(), variable: "A_TOKEN".into() }), "from $dotenv");
        assert_eq!(exposed(&SecretRef::Literal { path: toml, key: "connectors.wiki-eu.api_token".into() }), "00123e5");
        assert!(matches!(resolve(&SecretRef::Dotenv { path: dotenv, variable: "B".into() }), Err(SecretError::Moved { .. })));
        assert!(matches!(resolve(&SecretRef::Command(vec!["false".into()])), Err(SecretError::Failed { .. })));
        assert!(matches!(resolve(&SecretRef::Command(vec![])), Err(SecretError::Empty(_))));
    }

    #[test]
    fn a_command_that_waits_is_given_up_and_what_it_leaves_behind_is_not_waited_for() {
        let shell = |script: &str, patience| command(&["sh".to_owned(), "-c".to_owned(), script.to_owned()], patience);
        let soon = Duration::from_millis(100);
        assert!(matches!(shell("sleep 60", soon), Err(SecretError::Slow(_))));
        assert!(matches!(shell("echo hunter2; exec sleep 60", soon), Err(SecretError::Slow(_))));
        assert_eq!(shell("sleep 5 & echo hunter2", Duration::from_secs(4)).unwrap().expose(), "hunter2");
        let error = shell("echo hunter2; exit 3", PATIENCE).unwrap_err().to_string();
        assert!(error.contains("exit status: 3") && !error.contains("hunter2"), "{error}");
    }
}
