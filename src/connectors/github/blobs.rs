//! Bodies of files: up to fifty and a megabyte of them in one query, whatever repositories they are of; the rest, and what a query cannot carry, one by one.
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
use super::trouble::Trouble;
use super::{file, plain};
use crate::connectors::connector::{Consequence, Fetched, SourceError, Wanted};
use crate::git::Blob;
use crate::model::Revision;

/// Contents in one query.
const IN_A_QUERY: usize = 50;
/// So many bytes of them together.
const BYTES_IN_A_QUERY: u64 = 1 << 20;
/// Larger ones come cut short in a query.
const LARGE: u64 = 400 << 10;

/// A content that is wanted.
struct Due {
    wanted: Wanted,
    repository: Arc<Repository>,
    path: String,
    content: String,
    revision: String,
    size: u64,
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
        let got = if self.is_anonymous() { self.bring_by_git(&due, &mut bytes).await } else { self.bring_by_query(&due, &mut bytes).await };
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
    async fn bring_by_query(&self, due: &[Due], bytes: &mut FxHashMap<String, Bytes>) -> Result<(), SourceError> {
        let mut open: Vec<&Due> = due.iter().filter(|one| one.size < LARGE && plain::is_oid(&one.content)).collect();
        open.sort_by(|a, b| (a.repository.id, &a.content).cmp(&(b.repository.id, &b.content)));
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

    async fn bring_by_git(&self, due: &[Due], bytes: &mut FxHashMap<String, Bytes>) -> Result<(), SourceError> {
        let mut of: BTreeMap<u64, Vec<&Due>> = BTreeMap::new();
        for one in due {
            of.entry(one.repository.id).or_default().push(one);
        }
        for due in of.into_values() {
            let Some((repository, head)) = due.first().and_then(|one| Some((&one.repository, one.repository.head.as_ref()?))) else { continue };
            let shas: Vec<String> = due.iter().map(|one| one.content.clone()).collect();
            // Where it does not go by git, it goes by REST, as far as the allowance lasts.
            let Ok(blobs) = self.blobs_by_git(repository, &head.commit, &shas, self.config.max_file_bytes).await else { continue };
            for (sha, blob) in shas.into_iter().zip(blobs) {
                if let Blob::Here(found) = blob {
                    bytes.insert(sha, found);
                }
            }
        }
        Ok(())
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

fn query(due: &[&Due]) -> (String, Value) {
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
fn take(due: &[&Due], data: Map<String, Value>, bytes: &mut FxHashMap<String, Bytes>) {
    for (_, repository) in data {
        let Value::Object(repository) = repository else { continue };
        for (alias, value) in repository {
            let Some(one) = alias.strip_prefix('b').and_then(|at| due.get(at.parse::<usize>().ok()?)) else { continue };
            let Ok(text) = serde_json::from_value::<Text>(value) else { continue };
            if let (false, false, Some(text)) = (text.is_truncated, text.is_binary == Some(true), text.text)
                && name_of(text.as_bytes(), one.content.len()) == one.content
            {
                bytes.insert(one.content.clone(), Bytes::from(text));
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
