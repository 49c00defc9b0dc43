//! Bodies of files: up to fifty and a megabyte of them in one query, whatever repositories they are of; all that are wanted of a repository in one go by git,
//! where they are many (`docs/decisions/0007-many-files.md`); what comes by neither way, one by one.
//!
//! Guarantees that each body is the content that the tree names: its git name is reckoned anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use bytes::Bytes;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::GitHub;
use super::api::RAW;
use super::parts::Outcome;
use super::repository::{Part, Repository};
use super::tree::Tree;
use super::trouble::Trouble;
use super::{file, locked, plain};
use crate::connectors::connector::{Consequence, Fetched, SourceError, Wanted};
use crate::git::Blob;
use crate::model::{RemoteId, Revision};

/// Contents in one query.
const IN_A_QUERY: usize = 50;
/// So many bytes of them together.
const BYTES_IN_A_QUERY: u64 = 1 << 20;
/// Larger ones come cut short in a query.
const LARGE: u64 = 400 << 10;

/// What would take so many queries comes by git.
const QUERIES_FOR_GIT: u64 = 20;
/// So many of one repository in one call are a run that fetches everything anew.
const MANY: usize = 300;

/// How the contents of a repository come in this run.
pub(super) enum ByGit {
    /// In one go, these and those that are asked for first.
    Due(Vec<String>),
    /// They were brought.
    Brought,
    /// Git did not get through.
    Failed,
}

/// A content that is wanted.
struct Due {
    wanted: Wanted,
    repository: Arc<Repository>,
    path: String,
    content: String,
    revision: String,
    size: u64,
}

impl Due {
    fn asked(&self) -> Asked<'_> {
        Asked { repository: &self.repository, content: &self.content, size: self.size }
    }
}

/// A content that a query asks for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'d> {
    pub(super) repository: &'d Repository,
    /// Its git name.
    pub(super) content: &'d str,
    /// In bytes, or a guess.
    pub(super) size: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Text {
    #[serde(default)]
    is_binary: Option<bool>,
    #[serde(default)]
    is_truncated: bool,
    #[serde(default)]
    text: Option<String>,
}

impl GitHub {
    /// Fetches a batch of files.
    pub(super) async fn file_bodies(&self, batch: Vec<Wanted>) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(batch.len());
        let mut due = Vec::new();
        for wanted in batch {
            match self.due(wanted) {
                Ok(one) => due.push(one),
                Err(outcome) => outcomes.push(outcome),
            }
        }
        let mut bytes: FxHashMap<String, Bytes> = FxHashMap::default();
        self.bring_by_git(&due, &mut bytes).await;
        let got = if self.is_anonymous() { Ok(()) } else { self.bring_by_query(due.iter().map(Due::asked), &mut bytes).await };
        for one in due {
            let outcome = match (bytes.get(&one.content), &got) {
                (Some(bytes), _) => Ok(bytes.clone()),
                (None, Err(error)) => Err(error.clone()),
                (None, Ok(())) => self.blob(&one.repository, &one.content, &one.path, self.config.max_file_bytes).await,
            };
            if let Ok(got) = &outcome {
                bytes.entry(one.content.clone()).or_insert_with(|| got.clone());
            }
            let fetched = outcome.and_then(|bytes| {
                let raw = file::encode(one.repository.id, &one.path, &bytes)?;
                Ok(Fetched { raw, revision: Revision::new(&one.revision), labels: None })
            });
            outcomes.push((one.wanted.id, fetched));
        }
        outcomes
    }

    /// The size of a file, where the tree tells it.
    pub(super) fn file_size(&self, id: &RemoteId) -> Option<u64> {
        let (number, _, path) = Part::of_id(id.as_str())?;
        self.kept_tree(number)?.0.files.get(path)?.size
    }

    fn due(&self, wanted: Wanted) -> Result<Due, Outcome> {
        let found = Part::of_id(wanted.id.as_str()).and_then(|(number, _, path)| {
            let (repository, (tree, _)) = (self.repository(number)?, self.kept_tree(number)?);
            let file = tree.files.get(path)?;
            Some((repository, path.to_owned(), file.content()?.to_owned(), file.revision()?, file.size))
        });
        match found {
            Some((repository, path, content, revision, size)) => Ok(Due { wanted, repository, path, content, revision, size: size.unwrap_or(LARGE) }),
            None => {
                let what = wanted.id.to_string();
                Err((wanted.id, Err(SourceError::NotVisible { what, status: 404 })))
            }
        }
    }

    /// What queries can carry of it; an error is for all that is not there then.
    pub(super) async fn bring_by_query(
        &self,
        asked: impl Iterator<Item = Asked<'_>>,
        bytes: &mut FxHashMap<String, Bytes>,
    ) -> Result<(), SourceError> {
        let mut open: Vec<Asked<'_>> =
            asked.filter(|one| one.size < LARGE && plain::is_oid(one.content) && !bytes.contains_key(one.content)).collect();
        open.sort_by_key(|one| (one.repository.id, one.content));
        open.dedup_by(|a, b| a.content == b.content);
        let mut most = IN_A_QUERY;
        while !open.is_empty() {
            let (mut count, mut sum) = (0, 0);
            while count < open.len().min(most) && (count == 0 || sum + open[count].size <= BYTES_IN_A_QUERY) {
                sum += open[count].size;
                count += 1;
            }
            let (query, variables) = query(&open[..count]);
            match self.api.graphql::<Map<String, Value>>(&format!("{count} files"), &query, variables).await {
                Ok(answer) => {
                    take(&open[..count], answer.data, bytes);
                    open.drain(..count);
                }
                Err(Trouble::TooMuch(_)) if count > 1 => most = count / 2,
                Err(trouble) => {
                    let error = SourceError::from(trouble);
                    if error.consequence() != Consequence::Defer {
                        return Err(error);
                    }
                    // One by one it may go.
                    open.drain(..count);
                }
            }
        }
        Ok(())
    }

    /// Notes what a listing found to be new: without a token all of it comes by git; with one, what would take many queries.
    pub(super) fn note_new(&self, repository: &Repository, before: Option<&Tree>, tree: &Tree, is_document: impl Fn(&str) -> bool) {
        let known = |path: &str| before.and_then(|before| before.files.get(path)?.content());
        let (mut new, mut bytes) = (Vec::new(), 0);
        for (path, file) in &tree.files {
            if let Some(content) = file.content()
                && known(path) != Some(content)
                && is_document(path)
            {
                bytes += file.size.unwrap_or(0);
                new.push(content.to_owned());
            }
        }
        if self.is_anonymous() || (new.len() / IN_A_QUERY) as u64 >= QUERIES_FOR_GIT || bytes / BYTES_IN_A_QUERY >= QUERIES_FOR_GIT {
            locked(&self.by_git).insert(repository.id, ByGit::Due(new));
        }
    }

    /// What git brings. What does not come so comes by queries, or by REST, as far as the allowance lasts.
    async fn bring_by_git(&self, due: &[Due], bytes: &mut FxHashMap<String, Bytes>) {
        let mut of: BTreeMap<u64, Vec<&Due>> = BTreeMap::new();
        for one in due.iter().filter(|one| plain::is_oid(&one.content)) {
            of.entry(one.repository.id).or_default().push(one);
        }
        for (id, due) in of {
            let (Some(together), Some(first)) = (self.together(id, due.len()), due.first()) else { continue };
            let shas: Vec<String> = due.iter().map(|one| one.content.clone()).collect();
            let brought = self.blobs_by_git(&first.repository, &shas, &together, self.config.max_file_bytes).await;
            locked(&self.by_git).insert(id, if brought.is_ok() { ByGit::Brought } else { ByGit::Failed });
            for (sha, blob) in shas.into_iter().zip(brought.unwrap_or_default()) {
                if let Blob::Here(found) = blob {
                    bytes.insert(sha, found);
                }
            }
        }
    }

    /// Whether git is to bring contents of a repository, and which are to come along with these.
    fn together(&self, id: u64, asked: usize) -> Option<Vec<String>> {
        let of_tree = || {
            let (tree, _) = self.kept_tree(id)?;
            let choice = self.choice();
            Some(tree.files.iter().filter(|(path, _)| choice.is_document(path)).filter_map(|(_, file)| file.content().map(str::to_owned)).collect())
        };
        let noted = locked(&self.by_git).get_mut(&id).map(|way| match way {
            ByGit::Due(new) => Some(std::mem::take(new)),
            ByGit::Brought => Some(Vec::new()),
            ByGit::Failed => None,
        });
        match noted {
            Some(noted) => noted,
            // Nothing is new, and everything is asked for.
            None if asked >= MANY => of_tree(),
            None => self.is_anonymous().then(Vec::new),
        }
    }

    /// One content by REST.
    pub(super) async fn blob(&self, repository: &Repository, sha: &str, path: &str, most: u64) -> Result<Bytes, SourceError> {
        let what = format!("{path} of {}", repository.full_name);
        let address = format!("/repos/{}/git/blobs/{sha}", repository.full_name);
        let reply = self.api.bytes(&what, &address, RAW, None, most).await.map_err(|failed| failed.error)?;
        let bytes = reply.body.unwrap_or_default();
        if name_of(&bytes, sha.len()) == sha { Ok(bytes) } else { Err(self.api.bad_answer(&what, "it is another content than the tree names")) }
    }
}

fn query(due: &[Asked<'_>]) -> (String, Value) {
    let (mut heads, mut body, mut variables) = (String::new(), String::new(), Map::new());
    let mut last = None;
    for (at, one) in due.iter().enumerate() {
        if last != Some(one.repository.id) {
            if last.is_some() {
                body.push_str("  }\n");
            }
            last = Some(one.repository.id);
            let (owner, name) = one.repository.owner_and_name();
            let comma = if heads.is_empty() { "" } else { ", " };
            let _ = write!(heads, "{comma}$o{at}: String!, $n{at}: String!");
            variables.insert(format!("o{at}"), json!(owner));
            variables.insert(format!("n{at}"), json!(name));
            let _ = writeln!(body, "  r{at}: repository(owner: $o{at}, name: $n{at}) {{");
        }
        let _ = writeln!(body, "    b{at}: object(oid: \"{}\") {{ ... on Blob {{ oid byteSize isBinary isTruncated text }} }}", one.content);
    }
    (format!("query Blobs({heads}) {{\n{body}  }}\n  rateLimit {{ cost remaining resetAt }}\n}}"), Value::Object(variables))
}

/// Takes what is whole and what the tree names; all else is asked for by itself.
fn take(due: &[Asked<'_>], data: Map<String, Value>, bytes: &mut FxHashMap<String, Bytes>) {
    for (_, repository) in data {
        let Value::Object(repository) = repository else { continue };
        for (alias, value) in repository {
            let Some(one) = alias.strip_prefix('b').and_then(|at| due.get(at.parse::<usize>().ok()?)) else { continue };
            let Ok(text) = serde_json::from_value::<Text>(value) else { continue };
            if let (false, false, Some(text)) = (text.is_truncated, text.is_binary == Some(true), text.text)
                && name_of(text.as_bytes(), one.content.len()) == one.content
            {
                bytes.insert(one.content.to_owned(), Bytes::from(text));
            }
        }
    }
}

/// The name that git has for a content, as long as the other names are.
pub(super) fn name_of(bytes: &[u8], length: usize) -> String {
    let mut context = Context::new(if length == 64 { &SHA256 } else { &SHA1_FOR_LEGACY_USE_ONLY });
    context.update(format!("blob {}\0", bytes.len()).as_bytes());
    context.update(bytes);
    let mut name = String::with_capacity(length);
    for byte in context.finish().as_ref() {
        let _ = write!(name, "{byte:02x}");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_have_the_names_that_git_gives_them() {
        assert_eq!(name_of(b"", 40), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(name_of(b"hello\n", 40), "ce013625030ba8dba906f756967f9e9ca394464a");
        assert_eq!(name_of(b"", 64), "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813");
    }
}
