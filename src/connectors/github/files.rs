//! Files of a repository: which there are, where they lie, and what became of those that are not there any more.
//!
//! Where the commit is the one that is known, nothing is asked; a new name, folder or branch is told from what is remembered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::choice::Choice;
use super::globs::Globs;
use super::out::Out;
use super::place::{folders, parent};
use super::repository::{Part, Repository};
use super::slots::BRANCHES;
use super::tree::{Outline, Tree};
use super::{GitHub, locked, place, refused};
use crate::connectors::connector::{Completion, Depth, Listed, Presence, SourceError, Wanted};
use crate::markdown::slug::split_ending;
use crate::model::{ContentHash, Cursor, Key, Place, RemoteId, Revision, Scope};

/// The label of what will not change any more.
const ARCHIVED: &str = "archived";

/// What is known of a repository's files in this run.
pub(super) enum KeptTree {
    /// As the last run left it, unread.
    Text(Cursor),
    /// As this run knows it; and whether it was selected otherwise than before.
    Read(Arc<Tree>, bool),
}

impl GitHub {
    /// Lists the files of a repository.
    pub(super) async fn list_files(&self, repository: &Repository, since: Option<&Cursor>, depth: Depth, out: &mut Out) -> Result<(), SourceError> {
        let Some(head) = &repository.head else { return self.without_head(repository, since, out).await };
        let choice = self.choice();
        let selection = self.selection();
        if depth != Depth::Everything && since.and_then(Outline::recall).is_some_and(|outline| outline.is_of(repository, &selection)) {
            // What is known stays as it is remembered, unread.
            out.done(repository, Part::Files, Completion::News, since.cloned()).await;
            return Ok(());
        }
        let before = since.and_then(Tree::recall).map(Arc::new);
        let reselected = before.as_ref().is_some_and(|before| before.choice != selection);
        let same_files = before
            .as_ref()
            .filter(|before| before.commit == head.commit || (!head.tree.is_empty() && before.root == head.tree))
            .filter(|_| !reselected);
        let tree = match same_files {
            Some(before) => {
                self.keep_tree(repository.id, Arc::clone(before), false);
                Tree { commit: head.commit.clone(), ..Tree::clone(before) }
            }
            None => {
                let usable = before.as_deref().filter(|_| !reselected);
                let mut looked = self.look(repository, head, &choice, usable).await?;
                self.resolve_links(repository, head, &choice, usable, &mut looked.tree).await?;
                self.say(repository, &looked, out).await;
                if let Some(why) = looked.incomplete {
                    let why = format!("the files of {}: {why}", repository.full_name);
                    let tree = Arc::new(looked.tree);
                    self.note_new(repository, before.as_deref(), &tree, |path| choice.is_document(path));
                    self.keep_tree(repository.id, Arc::clone(&tree), reselected);
                    self.name_all(repository, &tree, &choice, out).await;
                    out.done(repository, Part::Files, Completion::Incomplete(why), None).await;
                    return Ok(());
                }
                Tree { commit: head.commit.clone(), choice: selection, ..looked.tree }
            }
        };
        let tree = Arc::new(Tree {
            name: repository.full_name.clone(),
            folder: repository.folder.clone(),
            branch: repository.branch.clone(),
            archived: repository.archived,
            ..tree
        });
        // Bodies of what is named may be asked for before all is named.
        self.note_new(repository, before.as_deref(), &tree, |path| choice.is_document(path));
        self.keep_tree(repository.id, Arc::clone(&tree), reselected);
        let documents = self.name_all(repository, &tree, &choice, out).await;
        if let Some(before) = &before {
            self.name_renamed(repository, before, &tree, &documents, &choice, out).await;
        }
        let completion = if reselected { Completion::CompleteSelection } else { Completion::Complete };
        out.done(repository, Part::Files, completion, tree.cursor()).await;
        Ok(())
    }

    /// Nothing was ever pushed, or the branch that is asked for is not there.
    async fn without_head(&self, repository: &Repository, since: Option<&Cursor>, out: &Out) -> Result<(), SourceError> {
        if let Some(lack) = repository.lack(BRANCHES) {
            out.lacking(repository, Part::Files, lack).await;
        } else if repository.empty {
            out.done(repository, Part::Files, Completion::Complete, Tree::default().cursor()).await;
        } else if repository.branch.is_empty() {
            // It says neither that it is empty nor what its branch is.
            let why = format!("the files of {}: {}", repository.full_name, refused::no_branch(&self.config, self.way));
            out.done(repository, Part::Files, Completion::Incomplete(why), since.cloned()).await;
        } else {
            let why =
                format!("the files of {0}: it has no branch `{1}`; correct it in `repos` (or `branch`)", repository.full_name, repository.branch);
            out.done(repository, Part::Files, Completion::Incomplete(why), since.cloned()).await;
        }
        Ok(())
    }

    async fn say(&self, repository: &Repository, looked: &super::walk::Looked, out: &Out) {
        let name = &repository.full_name;
        if looked.too_large > 0 {
            out.warn(format!("{name}: {} files are larger than `max_file_bytes` (images: `max_asset_bytes`) and left out", looked.too_large)).await;
        }
        if looked.submodules > 0 {
            out.warn(format!("{name}: {} submodules are other repositories and left out; name them in `repos` to mirror them", looked.submodules))
                .await;
        }
        if looked.unsound > 0 {
            out.warn(format!("{name}: {} paths can be those of no file here and are left out", looked.unsound)).await;
        }
    }

    /// Names every document and image; returns the documents' paths.
    async fn name_all<'t>(&self, repository: &Repository, tree: &'t Tree, choice: &Choice, out: &Out) -> BTreeSet<&'t str> {
        let readmes = tree.readmes(|path| choice.is_document(path));
        let mut containers: BTreeMap<&str, Arc<[String]>> = BTreeMap::new();
        let kind: Arc<str> = "file".into();
        let scope = repository.scope(Part::Files);
        let labels: Vec<String> = repository.archived.then(|| ARCHIVED.to_owned()).into_iter().collect();
        let mut documents = BTreeSet::new();
        for (path, file) in &tree.files {
            let Some(revision) = file.revision() else { continue };
            if !choice.is_document(path) {
                if !file.is_link() {
                    out.send(Listed::Asset(self.image(repository, path, file))).await;
                }
                continue;
            }
            let folder = parent(path);
            let container = containers.entry(folder).or_insert_with(|| folders(&repository.folder, folder).into());
            let id = RemoteId::new(format!("{}:file/{path}", repository.id));
            let is_readme = readmes.get(folder) == Some(&&**path);
            let place = place_of(repository, &scope, Arc::clone(container), &kind, path, is_readme.then_some(folder));
            documents.insert(&**path);
            out.send(Listed::Seen { id: id.clone(), revision: Revision::new(revision), place, people: Vec::new() }).await;
            out.send(Listed::Labels { id, labels: labels.clone() }).await;
        }
        out.send(Listed::AssetsDone { scope }).await;
        documents
    }

    /// Says of documents that are not there any more, and whose content is there under a new path, that they live on.
    async fn name_renamed(&self, repository: &Repository, before: &Tree, tree: &Tree, documents: &BTreeSet<&str>, choice: &Choice, out: &Out) {
        let new: BTreeSet<&str> =
            documents.iter().filter(|path| !before.files.contains_key(**path)).filter_map(|path| tree.files.get(*path)?.content()).collect();
        for (path, file) in before.files.iter().filter(|(path, _)| !documents.contains(&***path) && choice.is_document(path)) {
            if file.content().is_some_and(|content| new.contains(content)) {
                let id = RemoteId::new(format!("{}:file/{path}", repository.id));
                out.send(Listed::Gone { id, why: Presence::Renamed }).await;
            }
        }
    }

    pub(super) fn choice(&self) -> Choice {
        // They were checked when the configuration was read.
        Choice { files: Globs::new(&self.config.files).unwrap_or_default(), images: Globs::new(&self.config.images).unwrap_or_default() }
    }

    /// All settings by which files are chosen, in short.
    fn selection(&self) -> String {
        let config = &self.config;
        let all = serde_json::json!([config.files, config.images, config.max_file_bytes, config.max_asset_bytes]).to_string();
        ContentHash::of(all.as_bytes()).0[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn keep_tree(&self, repository: u64, tree: Arc<Tree>, reselected: bool) {
        locked(&self.kept_trees).insert(repository, KeptTree::Read(tree, reselected));
    }

    /// What is known of a repository's files, and whether they were selected anew.
    pub(super) fn kept_tree(&self, repository: u64) -> Option<(Arc<Tree>, bool)> {
        let mut kept = locked(&self.kept_trees);
        let slot = kept.get_mut(&repository)?;
        if let KeptTree::Text(cursor) = slot {
            *slot = KeptTree::Read(Arc::new(Tree::recall(cursor)?), false);
        }
        match slot {
            KeptTree::Read(tree, reselected) => Some((Arc::clone(tree), *reselected)),
            KeptTree::Text(_) => None,
        }
    }

    /// What became of files that the listing does not name any more.
    pub(super) async fn file_presence(&self, ids: Vec<Wanted>) -> Result<Vec<(RemoteId, Presence)>, SourceError> {
        let choice = self.choice();
        let mut all = Vec::with_capacity(ids.len());
        let mut gone: BTreeMap<u64, Presence> = BTreeMap::new();
        for wanted in ids {
            let Some((number, _, path)) = super::repository::Part::of_id(wanted.id.as_str()) else { continue };
            let presence = match (self.repository(number), self.kept_tree(number)) {
                (Some(repository), _) if repository.head.is_none() && !repository.empty => Presence::Present,
                (Some(_), Some((tree, _))) if tree.files.get(path).is_some_and(|file| file.content().is_some()) && choice.is_document(path) => {
                    Presence::Present
                }
                // What the patterns leave out now is no deletion there.
                (Some(_), Some((_, reselected))) if reselected => Presence::Unwanted,
                (Some(_), _) => Presence::Gone,
                (None, _) => match gone.get(&number) {
                    Some(presence) => *presence,
                    None => {
                        let presence = self.repository_presence(number).await?;
                        gone.insert(number, presence);
                        presence
                    }
                },
            };
            all.push((wanted.id, presence));
        }
        Ok(all)
    }

    /// Whether a repository that this run did not find is there. That others were found, or that we are known, proves that the answer is for us.
    pub(super) async fn repository_presence(&self, number: u64) -> Result<Presence, SourceError> {
        let what = format!("what became of the repository {number}");
        match self.api.get::<serde_json::Value>(&what, &format!("/repositories/{number}")).await {
            Ok(_) => Ok(Presence::Present),
            Err(failed) => match super::plain::absence(failed)? {
                super::heads::Absence::Missing(_) => {
                    if locked(&self.repositories).is_empty() && !self.is_anonymous() && self.way != "App" {
                        self.api.get::<serde_json::Value>("the account", "/user").await.map_err(|failed| failed.error)?;
                    }
                    Ok(Presence::Gone)
                }
                _ => Ok(Presence::Present),
            },
        }
    }
}

/// Where a document lies, and under which names others may link to it. `shown_for` is the folder whose README it is.
fn place_of(repository: &Repository, scope: &Scope, container: Arc<[String]>, kind: &Arc<str>, path: &str, shown_for: Option<&str>) -> Place {
    let name = place::component(path.rsplit('/').next().unwrap_or(path));
    let (stem, ending) = split_ending(&name);
    let (id, whole) = (repository.id, repository.key());
    let branches = [repository.branch.as_str(), "HEAD"];
    let mut aliases = vec![Key::new(format!("path:{id}:{path}"))];
    aliases.extend(branches.iter().map(|branch| Key::new(format!("web:{whole}/blob/{branch}/{path}"))));
    if let Some(folder) = shown_for {
        aliases.push(Key::new(format!("path:{id}:{folder}")));
        match folder {
            "" => {
                aliases.push(Key::new(format!("web:{whole}")));
                aliases.extend(branches.iter().map(|branch| Key::new(format!("web:{whole}/tree/{branch}"))));
            }
            folder => aliases.extend(branches.iter().map(|branch| Key::new(format!("web:{whole}/tree/{branch}/{folder}")))),
        }
    }
    Place {
        scope: scope.clone(),
        container,
        kind: Arc::clone(kind),
        title: path.to_owned(),
        parent: None,
        stem: stem.to_owned(),
        ending: ending.into(),
        transparent: false,
        url: repository.web("blob", path),
        aliases,
    }
}
