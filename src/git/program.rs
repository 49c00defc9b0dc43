//! The program itself: where it is, and whether it is new enough.

use std::path::{Path, PathBuf};

use tokio::task::spawn_blocking;

use super::environment::Environment;
use super::fetch::make;
use super::process::Call;
use super::{Found, Git, GitError, authorities};

/// The oldest version that takes its settings by the environment.
const OLDEST: (u32, u32) = (2, 31);

impl Git {
    /// Finds the program and reads its version, once; makes the folder.
    pub(super) async fn found(&self) -> Result<&Found, GitError> {
        let found = self.found.get_or_init(|| async {
            let (program, root, ours) = (self.setup.program.clone(), self.root(), self.setup.ca_file.clone());
            let looked = spawn_blocking(move || {
                let program = find(&program)?;
                make(&root)?;
                Ok(Found { program, authorities: authorities::bundle(ours.as_deref(), &root)? })
            });
            let found = looked.await.unwrap_or_else(|error| Err(GitError::Failed(error.to_string())))?;
            let environment = Environment::local(self);
            let call = Call {
                program: &found.program,
                environment: &environment,
                arguments: vec!["version".into()],
                input: Vec::new(),
                most_output: 4096,
                grows: None,
            };
            let said = self.run(call).await?;
            new_enough(&String::from_utf8_lossy(&said))?;
            Ok(found)
        });
        found.await.as_ref().map_err(Clone::clone)
    }
}

/// The program by its path, or by `PATH`.
fn find(program: &Path) -> Result<PathBuf, GitError> {
    use std::os::unix::fs::PermissionsExt as _;
    let runs = |path: &PathBuf| std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0);
    if program.components().count() > 1 {
        return Some(program.to_owned()).filter(runs).ok_or(GitError::NotInstalled);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(runs).ok_or(GitError::NotInstalled)
}

fn new_enough(said: &str) -> Result<(), GitError> {
    let version = said.trim().strip_prefix("git version ").unwrap_or_default();
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if found >= OLDEST {
        return Ok(());
    }
    let shown: String = version.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '.').take(20).collect();
    Err(GitError::TooOld(if shown.is_empty() { "its version is not known".to_owned() } else { format!("it is version {shown}") }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_program_is_said_by_its_version() {
        for fine in ["git version 2.47.3\n", "git version 2.31.0.windows.1", "git version 3.0.1"] {
            assert_eq!(new_enough(fine), Ok(()), "{fine}");
        }
        assert!(matches!(new_enough("git version 2.25.1"), Err(GitError::TooOld(said)) if said.contains("2.25.1")));
        assert!(matches!(new_enough("busybox"), Err(GitError::TooOld(_))));
    }
}
