//! What is seen of a secret's place from outside, without reading it: enough to notice that it may hold another one now.
//!
//! Knows no secret, so whoever keeps a trace keeps none.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::job::SecretRef;
use super::secret::expand;

/// The trace of a place; another one as soon as its file was written. None where only another life of this process can see another secret (its
/// environment, systemd's credentials), so that nothing can be said across lives. Blocking, for one look at a file.
#[must_use]
pub fn trace(reference: &SecretRef) -> Option<String> {
    match reference {
        SecretRef::Env(_) | SecretRef::Credential(_) => None,
        // What a command would say is not known without running it.
        SecretRef::Command(_) => Some(String::new()),
        SecretRef::File(path) => Some(look(&expand(path))),
        SecretRef::Dotenv { path, .. } | SecretRef::Literal { path, .. } => Some(look(path)),
    }
}

fn look(path: &Path) -> String {
    match std::fs::metadata(path) {
        Ok(meta) => format!("{}:{}:{}:{}.{:09}", meta.dev(), meta.ino(), meta.size(), meta.mtime(), meta.mtime_nsec()),
        Err(error) => error.kind().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_written_leaves_another_trace() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        let reference = SecretRef::Dotenv { path: path.clone(), variable: "A_TOKEN".to_owned() };
        let missing = trace(&reference).unwrap();
        let write = |text: &str| std::io::Write::write_all(&mut std::fs::File::create(&path).unwrap(), text.as_bytes()).unwrap();
        write("A_TOKEN=wrong\n");
        let there = trace(&reference).unwrap();
        assert_ne!(there, missing);
        assert_eq!(trace(&reference).unwrap(), there);
        write("A_TOKEN=right-now\n");
        assert_ne!(trace(&reference).unwrap(), there);
        assert_eq!(trace(&SecretRef::Env("A_TOKEN".to_owned())), None);
    }
}
