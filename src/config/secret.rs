//! Resolves references to secrets: the one moment in which a secret is read.
//!
//! Only workers do this, before they fence themselves in. Guarantees that no error repeats what was read.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::config::job::SecretRef;
use crate::model::Secret;

/// No token is longer; what is, is another file.
const MOST_BYTES: u64 = 64 << 10;

/// Why a secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The variable is not there.
    #[error("the environment variable `{0}` is not set; a service sees only what its unit or a `.env` file sets")]
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
    #[error("the command `{program}` cannot be run; give its whole path if it is not in the service's PATH")]
    Run {
        /// Its program.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// The command failed.
    #[error("the command `{program}` failed ({status}); run it by hand to see why")]
    Failed {
        /// Its program.
        program: String,
        /// How.
        status: std::process::ExitStatus,
    },
    /// There is nothing in it.
    #[error("{0} holds nothing")]
    Empty(String),
    /// The folder of credentials is not known.
    #[error("the credential `{0}` is not there: CREDENTIALS_DIRECTORY is not set; add `LoadCredential=` to the unit")]
    NoCredentials(String),
    /// The place changed since the configuration was read.
    #[error("{} no longer holds `{key}`; run `context-syncctl reload`", path.display())]
    Moved {
        /// The file.
        path: PathBuf,
        /// The key or variable.
        key: String,
    },
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
        SecretRef::Command(words) => command(words),
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

fn command(words: &[String]) -> Result<Secret, SecretError> {
    let Some((program, arguments)) = words.split_first() else { return Err(SecretError::Empty("the command".to_owned())) };
    // Its complaints go to the journal with the worker's own; it may not read the worker's job.
    let mut command = std::process::Command::new(program);
    command.args(arguments).stdin(std::process::Stdio::null()).stderr(std::process::Stdio::inherit());
    let output = command.output().map_err(|source| SecretError::Run { program: program.clone(), source })?;
    if !output.status.success() {
        return Err(SecretError::Failed { program: program.clone(), status: output.status });
    }
    first_line(&String::from_utf8_lossy(&output.stdout), &format!("what the command `{program}` printed"))
}

fn read(path: &Path) -> Result<String, SecretError> {
    let failed = |source| SecretError::File { path: path.to_owned(), source };
    let mut text = String::new();
    std::fs::File::open(path).map_err(failed)?.take(MOST_BYTES).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

fn first_line(text: &str, what: &str) -> Result<Secret, SecretError> {
    match text.lines().next().map(str::trim) {
        Some(line) if !line.is_empty() => Ok(Secret::new(line.to_owned())),
        _ => Err(SecretError::Empty(what.to_owned())),
    }
}

fn expand(path: &Path) -> PathBuf {
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
}
