//! The listing: heads of all repositories first, then, one after the other, the parts of those that changed.
//!
//! One repository that is gone, closed or broken says so in its own scopes and harms no other; a dead network or refused credentials end all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::Utc;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use tokio::sync::mpsc;

use super::files::KeptTree;
use super::memory::Memory;
use super::out::Out;
use super::repositories::Plan;
use super::repository::{Condition, Part, Repository};
use super::{GitHub, ends, locked};
use crate::connectors::connector::{Completion, Consequence, Depth, Listed, SourceError};
use crate::model::{Cursor, Scope};

/// Items that may wait for the engine.
const WAITING: usize = 512;

/// Cursors of the parts of repositories.
pub(super) type Cursors = BTreeMap<(u64, &'static str), Cursor>;

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
        let parts = since.into_iter().filter_map(|(scope, cursor)| Some((Part::of_scope(&scope)?, cursor)));
        let cursors: Cursors = parts.map(|((id, part), cursor)| ((id, part.name()), cursor)).collect();
        let known: BTreeSet<u64> = cursors.keys().map(|(id, _)| *id).collect();
        let everything = depth == Depth::Everything;
        let seen = match self.is_anonymous() {
            true => self.plain_heads(&mut memory, everything).await?,
            false => self.heads(&mut memory, everything).await?,
        };
        let mut plan = self.plan(seen, &mut memory, &known).await?;
        // An App's tokens end within the hour, and are renewed.
        let ends = self.api.token_ends().filter(|_| self.way != "App").and_then(|ends| ends::soon(&ends, Utc::now()));
        plan.notes.extend(ends.map(|said| format!("{said}; make a new one, or nothing is brought up to date after that")));
        self.keep(&plan, &cursors);
        let mut notes = plan.notes.clone();
        self.say_of_others(&plan, &cursors, &out).await;
        for repository in &plan.listed {
            self.list_repository(repository, &cursors, depth, &mut notes, &mut out).await?;
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
    fn keep(&self, plan: &Plan, cursors: &Cursors) {
        locked(&self.repositories).extend(plan.listed.iter().map(|repository| (repository.id, Arc::new(repository.clone()))));
        let files = cursors.iter().filter(|((_, part), _)| *part == Part::Files.name());
        locked(&self.kept_trees).extend(files.map(|((id, _), cursor)| (*id, KeptTree::Text(cursor.clone()))));
    }

    async fn say_of_others(&self, plan: &Plan, cursors: &Cursors, out: &Out) {
        for (id, (name, completion)) in &plan.others {
            for (_, part) in cursors.keys().filter(|(of, _)| of == id) {
                let scope = Scope::new(format!("{id}:{part}"));
                out.send(Listed::ScopeDone { scope, name: name.clone(), completion: completion.clone(), cursor: None }).await;
            }
        }
        for (entry, completion) in &plan.never {
            out.send(Listed::ScopeDone { scope: Scope::new(entry), name: entry.clone(), completion: completion.clone(), cursor: None }).await;
        }
    }

    async fn list_repository(
        &self,
        repository: &Repository,
        cursors: &Cursors,
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
            let since = cursors.get(&(repository.id, part.name()));
            if !self.is_wanted(part) {
                if since.is_some() {
                    out.done(repository, part, Completion::Unwanted, None).await;
                }
                continue;
            }
            if repository.state != Condition::Good {
                if let Some(since) = since {
                    out.done(repository, part, Completion::News, Some(since.clone())).await;
                }
                continue;
            }
            match self.list_part(part, repository, since, depth, out).await {
                Ok(()) => {}
                Err(error) if error.consequence() == Consequence::Defer => {
                    let why = format!("the {} of {}: {error}", part.name(), repository.full_name);
                    out.done(repository, part, Completion::Incomplete(why), None).await;
                }
                Err(error) => return Err(error),
            }
        }
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
