//! Reads the two files, `config.toml` and `.env`, without ever repeating a line of theirs in an error: it may hold a secret.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use config::{FileFormat, Format, Map, Value};

/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    /// It is there, and it cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no TOML.
    #[error("{}: {what}", path.display())]
    NotToml {
        /// The file.
        path: PathBuf,
        /// Where, and what is wrong, without the line.
        what: String,
    },
    /// It is no `.env` file.
    #[error("{}: what follows {after} is no `NAME=value`; quote values that hold blanks, `#`, `$` or quotes", path.display())]
    NotDotenv {
        /// The file.
        path: PathBuf,
        /// The last thing that could be read. The line itself may hold a secret.
        after: String,
    },
}

/// A file that was read.
pub(super) struct Contents<T> {
    /// What is in it.
    pub(super) content: T,
    /// Whether its owner alone, who is this process's user, can read it.
    pub(super) private: bool,
}

/// The configuration file's tables; none if there is no such file.
pub(super) fn toml(path: &Path) -> Result<Option<Contents<Map<String, Value>>>, FileError> {
    let Some((text, private)) = text(path)? else { return Ok(None) };
    let uri = path.display().to_string();
    match FileFormat::Toml.parse(Some(&uri), &text) {
        Ok(content) => Ok(Some(Contents { content, private })),
        Err(error) => Err(FileError::NotToml { path: path.to_owned(), what: without_source(&error.to_string()) }),
    }
}

/// The variables of a `.env` file in their order; none if there is no such file.
pub(super) fn dotenv(path: &Path) -> Result<Option<Contents<Vec<(String, String)>>>, FileError> {
    let Some((_, private)) = text(path)? else { return Ok(None) };
    let unreadable = |source| FileError::Unreadable { path: path.to_owned(), source };
    let lines = dotenvy::from_path_iter(path).map_err(|error| unreadable(io::Error::other(kind_only(&error))))?;
    let mut content: Vec<(String, String)> = Vec::new();
    for variable in lines {
        match variable {
            Ok(variable) => content.push(variable),
            // Its own words would repeat the line.
            Err(_) => {
                let after = content.last().map_or_else(|| "its beginning".to_owned(), |(name, _)| format!("`{name}`"));
                return Err(FileError::NotDotenv { path: path.to_owned(), after });
            }
        }
    }
    Ok(Some(Contents { content, private }))
}

/// The TOML reader's words without the excerpt of the file between position and reason.
fn without_source(words: &str) -> String {
    let is_excerpt = |line: &str| line.trim_start().trim_start_matches(|c: char| c.is_ascii_digit()).trim_start().starts_with('|');
    let lines: Vec<&str> = words.lines().map(str::trim_end).filter(|line| !line.is_empty() && !is_excerpt(line)).collect();
    lines.join(": ")
}

fn kind_only(error: &dotenvy::Error) -> String {
    match error {
        dotenvy::Error::Io(source) => source.to_string(),
        _ => "it is no text".to_owned(),
    }
}

fn text(path: &Path) -> Result<Option<(String, bool)>, FileError> {
    let unreadable = |source| FileError::Unreadable { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let meta = file.metadata().map_err(unreadable)?;
    if !meta.is_file() {
        return Err(unreadable(io::Error::other("it is no file")));
    }
    if meta.len() > MAX_BYTES {
        return Err(unreadable(io::Error::other("it is larger than a mebibyte")));
    }
    let mut text = String::new();
    file.take(MAX_BYTES).read_to_string(&mut text).map_err(unreadable)?;
    Ok(Some((text, is_private(&meta))))
}

/// Whether a file is readable by its owner alone, and that is us.
pub(super) fn is_private(meta: &Metadata) -> bool {
    meta.mode() & 0o077 == 0 && meta.uid() == nix::unistd::geteuid().as_raw()
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    #[test]
    fn no_error_repeats_what_is_in_the_file() {
        for broken in ["[connectors.wiki]\napi_token = \"hunter2\n", "a = 1\na = \"hunter2\"\n", "url = hunter2\n", "x = {a = \"hunter2\""] {
            let file = file(broken);
            let error = toml(file.path()).err().unwrap().to_string();
            assert!(!error.contains("hunter2"), "{error}");
            assert!(error.contains("line ") && error.contains(file.path().to_str().unwrap()), "{error}");
        }
        let file = file("# first\nA=1\nB='two\nlines'\nTOKEN=hunter2 hunter2\nC=3\n");
        let error = dotenv(file.path()).err().unwrap().to_string();
        assert!(!error.contains("hunter2") && error.contains("`B`"), "{error}");
    }

    #[test]
    fn a_missing_file_is_none_and_a_folder_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(toml(&folder.path().join("none")).unwrap().is_none());
        assert!(dotenv(&folder.path().join("none")).unwrap().is_none());
        assert!(toml(folder.path()).is_err());
    }

    #[test]
    fn private_is_for_the_owner_alone() {
        let file = file("A=1\n");
        for (mode, private) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
            std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(dotenv(file.path()).unwrap().unwrap().private, private, "{mode:o}");
        }
    }

    #[test]
    fn variables_are_taken_as_they_stand() {
        let file = file("export A=\"a b\"\nB='$HOME'\n# no\nC=x,y\n");
        let variables = dotenv(file.path()).unwrap().unwrap().content;
        let expected = [("A", "a b"), ("B", "$HOME"), ("C", "x,y")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(variables, expected);
    }
}
