//! Looks through a commit: the root first, then only folders that can hold something and whose tree is another than last time.

use std::sync::Arc;

use serde::Deserialize;

use super::GitHub;
use super::choice::Choice;
use super::clone::CloneError;
use super::place::is_sound;
use super::repository::{Head, Repository};
use super::tree::{File, Mode, Tree};
use crate::connectors::connector::{Consequence, SourceError};
use crate::connectors::http::Failed;

/// Folders that are asked for in one run, of one repository, before it is given up: a tree that is no tree.
const MOST_FOLDERS: usize = 20_000;

/// What a look brought.
#[derive(Debug, Default)]
pub(super) struct Looked {
    pub(super) tree: Tree,
    /// Files that are larger than the limits.
    pub(super) too_large: usize,
    /// Submodules where something was looked for.
    pub(super) submodules: usize,
    /// Paths that no file of ours can have.
    pub(super) unsound: usize,
    /// Why it is not all.
    pub(super) incomplete: Option<String>,
}

/// Both must be there: a tree that says nothing is no empty tree.
#[derive(Deserialize)]
struct Answer {
    tree: Vec<Found>,
    truncated: bool,
}

/// Names are REST's.
#[derive(Deserialize)]
struct Found {
    path: String,
    mode: String,
    #[serde(default, rename = "type")]
    kind: String,
    sha: String,
    #[serde(default)]
    size: Option<u64>,
}

#[derive(Deserialize)]
struct Commit {
    tree: Named,
}

#[derive(Deserialize)]
struct Named {
    sha: String,
}

impl GitHub {
    /// Everything that is wanted of a commit. Without a token by git, where there is one; else by REST.
    pub(super) async fn look(&self, repository: &Repository, head: &Head, choice: &Choice, before: Option<&Tree>) -> Result<Looked, SourceError> {
        if self.is_anonymous() {
            match self.look_by_git(repository, head, choice).await {
                Ok(looked) => return Ok(looked),
                Err(CloneError::Source(error)) if error.consequence() != Consequence::Defer => return Err(error),
                // Without the program, or where it does not get through, what REST allows has to do.
                Err(_) => {}
            }
        }
        let root = match head.tree.as_str() {
            "" => self.root_of(repository, &head.commit).await?,
            known => known.to_owned(),
        };
        let mut looked = Looked { tree: Tree { root: root.clone(), ..Tree::default() }, ..Looked::default() };
        let mut open = vec![(String::new(), root)];
        let mut asked = 0;
        while let Some((folder, sha)) = open.pop() {
            if let Some(before) = before.filter(|before| before.folders.get(&folder) == Some(&sha)) {
                before.take_below(&folder, &mut looked.tree);
                continue;
            }
            asked += 1;
            if asked > MOST_FOLDERS {
                looked.incomplete = Some("it has more folders than can be looked into".to_owned());
                break;
            }
            let mut recursive = choice.lists_below(&folder);
            let mut answer = self.tree(repository, &sha, recursive).await?;
            if answer.truncated && recursive {
                // Too much for one answer: folder by folder.
                recursive = false;
                answer = self.tree(repository, &sha, false).await?;
            }
            if answer.truncated {
                looked.incomplete = Some(format!("the folder `{folder}` is too large for one answer"));
            }
            looked.tree.folders.insert(folder.clone(), sha);
            for found in answer.tree {
                let path = if folder.is_empty() { found.path.clone() } else { format!("{folder}/{}", found.path) };
                if found.kind == "tree" && !recursive && choice.looks_into(&path) {
                    open.push((path, found.sha));
                } else if found.kind != "tree" {
                    self.take_file(path, found.mode, found.sha, found.size, choice, &mut looked);
                }
            }
        }
        Ok(looked)
    }

    async fn look_by_git(&self, repository: &Repository, head: &Head, choice: &Choice) -> Result<Looked, CloneError> {
        let mut looked = Looked { tree: Tree { root: head.tree.clone(), ..Tree::default() }, ..Looked::default() };
        for entry in self.tree_by_git(repository, &head.commit).await? {
            match String::from_utf8(entry.path) {
                Ok(path) => self.take_file(path, entry.mode, entry.sha, entry.size, choice, &mut looked),
                Err(_) => looked.unsound += 1,
            }
        }
        Ok(looked)
    }

    fn take_file(&self, path: String, mode: String, sha: String, size: Option<u64>, choice: &Choice, looked: &mut Looked) {
        let (document, image) = (choice.is_document(&path), choice.is_image(&path));
        match (mode.as_str(), Mode::of(&mode)) {
            ("160000", _) => looked.submodules += usize::from(choice.looks_into(&path)),
            _ if !document && !image => {}
            _ if !is_sound(&path) => looked.unsound += 1,
            (_, Some(mode)) => {
                let limit = if document { self.config.max_file_bytes } else { self.config.max_asset_bytes };
                if size.is_some_and(|size| size > limit) {
                    looked.too_large += 1;
                    return;
                }
                looked.tree.files.insert(path.into(), Arc::new(File { sha: sha.into(), mode, size, target: None, content: None }));
            }
            (_, None) => {}
        }
    }

    async fn root_of(&self, repository: &Repository, commit: &str) -> Result<String, Failed> {
        let what = format!("the commit {commit} of {}", repository.full_name);
        let found: Commit = self.api.get(&what, &format!("/repos/{}/git/commits/{commit}", repository.full_name)).await?;
        Ok(found.tree.sha)
    }

    async fn tree(&self, repository: &Repository, sha: &str, recursive: bool) -> Result<Answer, Failed> {
        let what = format!("a tree of {}", repository.full_name);
        let query = if recursive { "?recursive=1" } else { "" };
        self.api.get(&what, &format!("/repos/{}/git/trees/{sha}{query}", repository.full_name)).await
    }
}
