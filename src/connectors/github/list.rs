//! The listing: heads of all repositories first, then, one after the other, the parts of those that changed.
//!
//! One repository that is gone, closed or broken says so in its own scopes and harms no other; a dead network or refused credentials end all.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::Utc;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use tokio::sync::mpsc;

use super::conversation::turn;
use super::files::KeptTree;
use super::memory::Memory;
use super::out::Out;
use super::repositories::{Fate, Plan};
use super::repository::{Condition, Part, Repository};
use super::scopes::{Kept, Scopes};
use super::trouble::Lack;
use super::{GitHub, ends, locked};
use crate::connectors::connector::{Completion, Depth, Listed, SourceError};
use crate::model::{Cursor, Scope};

/// Items that may wait for the engine.
const WAITING: usize = 512;

impl GitHub {
    /// The listing as a stream: it makes requests only while it is polled, and leaves nothing behind when it is dropped.
    pub(super) fn listing(&self, since: Vec<(Scope, Cursor)>, depth: Depth) -> BoxStream<'_, Result<Listed, SourceError>> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let driver = async move {
            if let Err(error) = self.list(since, depth, Out::new(sender.clone())).await {
                let _ = sender.send(Err(error)).await;
            }
        };
        let driver = stream::once(driver).filter_map(|()| async { None });
        let items = stream::unfold(receiver, |mut receiver| async { receiver.recv().await.map(|item| (item, receiver)) });
        stream::select(driver, items).boxed()
    }

    async fn list(&self, since: Vec<(Scope, Cursor)>, depth: Depth, mut out: Out) -> Result<(), SourceError> {
        self.forget_contents().await;
        let of = self.api.address().web_base().to_owned();
        let remembered = since.iter().find(|(scope, _)| scope.as_str().is_empty()).and_then(|(_, cursor)| Memory::recall(cursor, &of));
        // The first sync may take all that there is; later ones leave something to the account's other programs.
        if remembered.is_some() {
            self.api.client().reserve(self.config.reserve_percent);
        }
        let mut memory = Memory { of, ..remembered.unwrap_or_default() };
        let scopes = Scopes::read(&since);
        let known = scopes.repositories();
        let everything = turn(&mut memory.waited, 0, depth) == Depth::Everything;
        let seen = match self.is_anonymous() {
            true => self.plain_heads(&mut memory, everything).await?,
            false => self.heads(&mut memory, everything).await?,
        };
        let mut plan = self.plan(seen, &mut memory, &known, everything).await?;
        // An App's tokens end within the hour, and are renewed.
        let ends = self.api.token_ends().filter(|_| self.way != "App").and_then(|ends| ends::soon(&ends, Utc::now()));
        plan.notes.extend(ends.map(|said| format!("{said}; make a new one, or nothing is brought up to date after that")));
        self.keep(&plan, &scopes);
        let mut notes = plan.notes.clone();
        if self.is_anonymous() {
            notes.extend(self.without_git().await);
        }
        self.say_of_others(&plan, &scopes, &out).await;
        for repository in &plan.listed {
            self.list_repository(repository, &scopes, depth, &mut notes, &mut out).await?;
        }
        if self.is_anonymous() {
            self.remember_facts(&plan.listed, &mut memory);
            self.note_what_needs_a_token(&mut notes);
        }
        self.forget_copies(plan.listed.iter().map(|repository| repository.id).chain(known).collect()).await;
        // What is still so was said already.
        for note in notes.difference(&memory.said) {
            out.warn(note.clone()).await;
        }
        memory.said = notes;
        let (scope, name) = (Scope::new(""), "the list of repositories".to_owned());
        out.send(Listed::ScopeDone { scope, name, completion: Completion::Complete, cursor: memory.cursor() }).await;
        Ok(())
    }

    /// What this run needs of repositories to fetch what it lists.
    fn keep(&self, plan: &Plan, scopes: &Scopes) {
        locked(&self.repositories).extend(plan.listed.iter().map(|repository| (repository.id, Arc::new(repository.clone()))));
        locked(&self.kept_trees).extend(scopes.cursors(Part::Files).map(|(id, cursor)| (id, KeptTree::Text(cursor.clone()))));
    }

    async fn say_of_others(&self, plan: &Plan, scopes: &Scopes, out: &Out) {
        for (id, (name, fate)) in &plan.others {
            for (part, kept) in scopes.of(*id) {
                let cursor = (*fate == Fate::Unwanted).then(|| kept.left_out());
                say(part.scope(*id), name, fate, cursor, out).await;
            }
        }
        for (entry, fate) in &plan.entries {
            say(Scope::new(entry), entry, fate, None, out).await;
        }
    }

    async fn list_repository(
        &self,
        repository: &Repository,
        scopes: &Scopes,
        depth: Depth,
        notes: &mut BTreeSet<String>,
        out: &mut Out,
    ) -> Result<(), SourceError> {
        match repository.state {
            Condition::Good => {}
            Condition::Locked => {
                notes.insert(format!("{} is locked at the service, as while it is moved; it is left as it is meanwhile", repository.full_name));
            }
            Condition::Blocked => {
                notes.insert(format!("{} is blocked by the service; what is mirrored of it stays", repository.full_name));
            }
        }
        for part in Part::ALL {
            let kept = scopes.part(repository.id, part);
            if !self.is_wanted(part) {
                if let Some(kept) = kept {
                    out.done(repository, part, Completion::Unwanted, Some(kept.left_out())).await;
                }
                continue;
            }
            if repository.state != Condition::Good {
                if kept.is_some() {
                    out.done(repository, part, Completion::News, None).await;
                }
                continue;
            }
            let kept = kept.cloned().unwrap_or_default();
            self.list_wanted(part, repository, &kept, depth, out).await?;
        }
        Ok(())
    }

    /// Lists a part that can be looked into.
    async fn list_wanted(&self, part: Part, repository: &Repository, kept: &Kept, depth: Depth, out: &mut Out) -> Result<(), SourceError> {
        // Nobody looked while it was left out.
        let depth = if kept.out { Depth::Everything } else { depth };
        let lack = match self.list_part(part, repository, kept.cursor.as_ref(), depth, out).await {
            Ok(()) => return Ok(()),
            Err(error) => Lack::after(error)?,
        };
        out.lacking(repository, part, lack.of(&format!("the {} of {}", part.name(), repository.full_name))).await;
        Ok(())
    }

    pub(super) fn note_what_needs_a_token(&self, notes: &mut BTreeSet<String>) {
        let closed: Vec<&str> =
            [(self.config.discussions, "discussions"), (self.config.issues, "issues"), (self.config.pull_requests, "pull requests")]
                .into_iter()
                .filter_map(|(wanted, name)| wanted.then_some(name))
                .collect();
        if !closed.is_empty() {
            notes.insert(format!("without a token, {} cannot be read: set `token`, or turn them off", closed.join(", ")));
        }
    }
}

/// What is said of the scope of something that is not listed.
async fn say(scope: Scope, name: &str, fate: &Fate, cursor: Option<Cursor>, out: &Out) {
    let (completion, denied) = fate.told();
    if let Some(why) = denied {
        out.send(Listed::Denied { scope: scope.clone(), why: why.clone() }).await;
    }
    out.send(Listed::ScopeDone { scope, name: name.to_owned(), completion, cursor }).await;
}
