//! A shallow copy of one commit: what is in it, and the contents by their names.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

use bytes::Bytes;
use rustc_hash::FxHashMap;
use url::Url;

use super::environment::Environment;
use super::process::Call;
use super::{Git, GitError, is_sha};

/// Longest list of paths: some hundred thousand.
const MOST_ENTRIES_BYTES: usize = 64 << 20;
/// Contents that are asked for in one fetch: some hundred kilobytes of names, which no server and no proxy finds too long.
const ASKED_AT_ONCE: usize = 10_000;
/// Contents that are read in one go, in bytes together.
const AT_ONCE_BYTES: u64 = 32 << 20;
/// What git says of each content besides: its name, kind and size.
const LINE_BYTES: u64 = 128;

/// A copy; it asks the network for nothing but in [`Copy::bring`].
#[derive(Debug)]
pub struct Copy<'g> {
    pub(super) git: &'g Git,
    pub(super) folder: PathBuf,
    pub(super) commit: String,
    pub(super) url: Url,
}

/// A path of the commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// From the root, with `/` between; any bytes but NUL.
    pub path: Vec<u8>,
    /// As git writes it: `100644`, `100755`, `120000` (symbolic link), `160000` (submodule).
    pub mode: String,
    /// The content's name.
    pub sha: String,
    /// Its size; none where the content is not in the copy.
    pub size: Option<u64>,
}

/// A content that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blob {
    /// Its bytes.
    Here(Bytes),
    /// It is larger than was asked for: this many bytes.
    TooLarge(u64),
    /// It is not in the copy.
    Missing,
}

impl Copy<'_> {
    /// The commit.
    #[must_use]
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// Everything in the commit, in the order of paths.
    ///
    /// # Errors
    /// When the copy is broken: it is removed, and the next fetch makes it anew.
    pub async fn entries(&self) -> Result<Vec<Entry>, GitError> {
        let said = self.ask(&["ls-tree", "-r", "-z", "--long", "--full-tree", &self.commit], Vec::new(), MOST_ENTRIES_BYTES).await?;
        let entries: Option<Vec<Entry>> = said.split(|byte| *byte == 0).filter(|line| !line.is_empty()).map(entry).collect();
        entries.ok_or_else(|| GitError::Failed("what git lists cannot be read".to_owned()))
    }

    /// Fetches those of these contents that are not in the copy, in one go.
    ///
    /// # Errors
    /// What went wrong, after another try where that may help.
    pub async fn bring(&self, shas: &[String]) -> Result<(), GitError> {
        let _turn = self.git.turn.lock().await;
        let sizes = self.sizes(shas).await?;
        let missing: BTreeSet<&str> = shas.iter().map(String::as_str).filter(|sha| sizes.get(sha) == Some(&None)).collect();
        let missing: Vec<&str> = missing.into_iter().collect();
        for some in missing.chunks(ASKED_AT_ONCE) {
            let input = some.iter().flat_map(|sha| sha.bytes().chain([b'\n'])).collect();
            self.bring_in(Some("blob:none"), &["--stdin"], "", input).await?;
        }
        Ok(())
    }

    /// Contents by name, none of more than `most` bytes, in the order of `shas`; names that are asked for twice come twice.
    ///
    /// # Errors
    /// When the copy is broken: it is removed, and the next fetch makes it anew.
    pub async fn blobs(&self, shas: &[String], most: u64) -> Result<Vec<Blob>, GitError> {
        let sizes = self.sizes(shas).await?;
        let mut wanted: Vec<(&str, u64)> = sizes.iter().filter_map(|(sha, size)| Some((*sha, size.filter(|size| *size <= most)?))).collect();
        let mut found = FxHashMap::default();
        while !wanted.is_empty() {
            let (mut input, mut bytes) = (Vec::new(), 0);
            while let Some((sha, size)) = wanted.pop_if(|(_, size)| bytes == 0 || bytes + *size <= AT_ONCE_BYTES) {
                input.extend_from_slice(format!("{sha}\n").as_bytes());
                bytes += size + LINE_BYTES;
            }
            let most_output = usize::try_from(bytes).unwrap_or(usize::MAX);
            let said = Bytes::from(self.ask(&["cat-file", "--batch"], input, most_output).await?);
            found.extend(contents(&said).ok_or_else(|| GitError::Failed("what git shows cannot be read".to_owned()))?);
        }
        let of = |sha: &String| match (found.get(sha), sizes.get(sha.as_str())) {
            (Some(bytes), _) => Blob::Here(bytes.clone()),
            (None, Some(Some(size))) => Blob::TooLarge(*size),
            _ => Blob::Missing,
        };
        Ok(shas.iter().map(of).collect())
    }

    /// Sizes of contents; none for those that are not in the copy.
    async fn sizes<'s>(&self, shas: &'s [String]) -> Result<FxHashMap<&'s str, Option<u64>>, GitError> {
        let mut sizes = FxHashMap::default();
        let mut input = Vec::new();
        for sha in shas.iter().filter(|sha| is_sha(sha)) {
            if sizes.insert(sha.as_str(), None).is_none() {
                input.extend_from_slice(format!("{sha}\n").as_bytes());
            }
        }
        let said = self.ask(&["cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)"], input, MOST_ENTRIES_BYTES).await?;
        for line in String::from_utf8_lossy(&said).lines() {
            let mut parts = line.split(' ');
            if let (Some(sha), Some("blob"), Some(Ok(size))) = (parts.next(), parts.next(), parts.next().map(str::parse))
                && let Some(known) = sizes.get_mut(sha)
            {
                *known = Some(size);
            }
        }
        Ok(sizes)
    }

    /// Asks the copy itself.
    async fn ask(&self, arguments: &[&str], input: Vec<u8>, most_output: usize) -> Result<Vec<u8>, GitError> {
        if input.is_empty() && arguments.first() == Some(&"cat-file") {
            return Ok(Vec::new());
        }
        let found = self.git.found().await?;
        let environment = Environment::local(self.git);
        let all: Vec<OsString> = ["--git-dir".into(), self.folder.clone().into()].into_iter().chain(arguments.iter().map(OsString::from)).collect();
        let call = Call { program: &found.program, environment: &environment, arguments: all, input, most_output, grows: None };
        let said = self.git.run(call).await;
        if matches!(said, Err(GitError::Failed(_))) {
            self.remove().await;
        }
        said
    }
}

/// Reads `<mode> <type> <sha> <size>\t<path>`.
fn entry(line: &[u8]) -> Option<Entry> {
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    let mut parts = std::str::from_utf8(&line[..tab]).ok()?.split_ascii_whitespace();
    let (mode, _, sha, size) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    Some(Entry { path: line[tab + 1..].to_vec(), mode: mode.to_owned(), sha: sha.to_owned(), size: size.parse().ok() })
}

/// Reads `<sha> blob <size>\n<bytes>\n`, one behind the other.
fn contents(said: &Bytes) -> Option<FxHashMap<String, Bytes>> {
    let (mut found, mut at) = (FxHashMap::default(), 0);
    while at < said.len() {
        let end = at + said[at..].iter().position(|byte| *byte == b'\n')?;
        let mut parts = std::str::from_utf8(&said[at..end]).ok()?.split(' ');
        let (sha, kind) = (parts.next()?, parts.next()?);
        at = end + 1;
        if kind == "missing" {
            continue;
        }
        let size: usize = parts.next()?.parse().ok()?;
        let bytes = (at + size <= said.len()).then(|| said.slice(at..at + size))?;
        found.insert(sha.to_owned(), bytes);
        at += size + 1;
    }
    Some(found)
}
