//! The heads of repositories without a token: one conditional request for each, which counts, and what changed with it is asked once more.
//!
//! An owner's repositories come by lists that are sorted by the last push: who was not pushed to is not asked.

use serde::Deserialize;

use super::api::SHA;
use super::heads::{Absence, GONE, Seen};
use super::memory::{Facts, Memory, Owner, Remembered};
use super::repository::{Condition, Head, Heads, Repository, encoded};
use super::slots::Without;
use super::wishes::Wish;
use super::{GitHub, refused};
use crate::connectors::connector::{Consequence, SourceError};
use crate::connectors::http::Failed;

/// Pages of an owner's list; who has more repositories has a token.
const MOST_PAGES: usize = 50;

/// A repository as REST spells it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Plain {
    id: u64,
    node_id: String,
    full_name: String,
    html_url: String,
    default_branch: Option<String>,
    archived: bool,
    disabled: bool,
    fork: bool,
    private: bool,
    has_wiki: Option<bool>,
    has_issues: Option<bool>,
    has_discussions: Option<bool>,
    pushed_at: Option<String>,
    size: Option<u64>,
}

#[derive(Deserialize)]
struct Account {
    #[serde(default, rename = "type")]
    kind: String,
}

impl GitHub {
    /// Asks for the heads of everything that the configuration names, one by one.
    pub(super) async fn plain_heads(&self, memory: &mut Memory, everything: bool) -> Result<Seen, SourceError> {
        let mut seen = Seen::default();
        for wish in &self.wishes {
            let key = wish.key();
            let asked = match wish {
                Wish::One { owner, name, branch } => {
                    self.plain_one(&format!("{owner}/{name}"), branch.as_deref(), &key, memory, everything, &mut seen).await
                }
                Wish::All { owner } => self.plain_owner(owner, &key, memory, everything, &mut seen).await,
            };
            if let Err(failed) = asked {
                seen.absent.insert(key, absence(failed)?);
            }
        }
        Ok(seen)
    }

    /// Asks after repositories that the lists of their owners lack.
    pub(super) async fn ask_numbers(&self, lost: &[(u64, String, String)]) -> Result<Seen, SourceError> {
        let mut seen = Seen::default();
        for (id, _, asked_as) in lost {
            match self.plain(&format!("the repository {id}"), &format!("/repositories/{id}")).await {
                Ok(plain) if format!("{}/*", plain.full_name.split('/').next().unwrap_or_default().to_lowercase()) == *asked_as => {
                    let repository = self.with_head(plain, None).await.map_err(|failed| failed.error)?;
                    seen.found.push((repository, asked_as.clone()));
                }
                Ok(_) => {
                    seen.unwanted.insert(*id);
                }
                Err(failed) => {
                    seen.lost.insert(*id, absence(failed)?);
                }
            }
        }
        Ok(seen)
    }

    async fn plain_one(
        &self,
        full_name: &str,
        branch: Option<&str>,
        key: &str,
        memory: &Memory,
        everything: bool,
        seen: &mut Seen,
    ) -> Result<(), Failed> {
        let branch = branch.map(str::to_owned).or_else(|| Some(self.config.branch.clone()).filter(|branch| !branch.is_empty()));
        let known =
            memory.named(full_name).filter(|(_, one)| one.facts.as_ref().is_some_and(|facts| branch.as_ref().is_none_or(|b| *b == facts.branch)));
        if let Some((id, remembered)) = known.filter(|_| !everything)
            && let Some(facts) = &remembered.facts
            && self.is_unchanged(remembered, facts).await?
        {
            seen.found.push((facts.repository(id, remembered, self.clone_url(&remembered.name)), key.to_owned()));
            return Ok(());
        }
        let plain = self.plain(&format!("the repository {full_name}"), &format!("/repos/{full_name}")).await?;
        seen.found.push((self.with_head(plain, branch).await?, key.to_owned()));
        Ok(())
    }

    /// One repository.
    async fn plain(&self, what: &str, path: &str) -> Result<Plain, Failed> {
        let plain: Plain = self.api.get(what, path).await?;
        if plain.is_one() { Ok(plain) } else { Err(self.api.bad_answer(what, "it does not say which repository it is").into()) }
    }

    /// Whether the branch points where it pointed: the one request of a run without change.
    async fn is_unchanged(&self, remembered: &Remembered, facts: &Facts) -> Result<bool, Failed> {
        if facts.commit.is_empty() {
            return Ok(false);
        }
        match self.commit(&remembered.name, &facts.branch, Some(&facts.commit)).await {
            Ok(commit) => Ok(commit.is_none_or(|commit| commit == facts.commit)),
            // The branch is gone, or the repository: what is asked next tells.
            Err(failed) if matches!(failed.status, Some(404 | 409 | 422)) => Ok(false),
            Err(failed) => Err(failed),
        }
    }

    /// Where a branch points; none where it is the commit that is known.
    async fn commit(&self, full_name: &str, branch: &str, known: Option<&str>) -> Result<Option<String>, Failed> {
        let path = format!("/repos/{full_name}/commits/heads/{}", encoded(branch));
        let mark = known.map(|known| format!("\"{known}\""));
        let reply = self.api.bytes(&format!("the head of {full_name}"), &path, SHA, mark.as_deref(), 1024).await?;
        let text = reply.body.map(|body| String::from_utf8_lossy(&body).trim().to_owned());
        match text {
            Some(text) if !is_oid(&text) => Err(self.api.bad_answer(&format!("the head of {full_name}"), "it is no name of a commit").into()),
            text => Ok(text),
        }
    }

    async fn with_head(&self, plain: Plain, branch: Option<String>) -> Result<Repository, Failed> {
        let branch = branch.or_else(|| plain.default_branch.clone()).unwrap_or_default();
        let mut repository = plain.repository(self.clone_url(&plain.full_name), branch);
        if repository.state == Condition::Good && !repository.branch.is_empty() {
            match self.commit(&repository.full_name, &repository.branch, None).await {
                Ok(commit) => repository.head = commit.map(|commit| Head { commit, tree: String::new(), date: None }),
                // Nothing was ever pushed, or not to this branch.
                Err(failed) if failed.json && failed.status == Some(409) => repository.empty = true,
                Err(failed) if failed.json && matches!(failed.status, Some(404 | 422)) => {
                    repository.empty = plain.size == Some(0) && plain.pushed_at.is_none()
                }
                Err(failed) => return Err(failed),
            }
        }
        Ok(repository)
    }

    /// All of an owner, page by page.
    async fn plain_owner(&self, owner: &str, key: &str, memory: &mut Memory, everything: bool, seen: &mut Seen) -> Result<(), Failed> {
        let mut known = memory.owners.get(&owner.to_lowercase()).cloned().unwrap_or_default();
        if known.user.is_none() {
            let account: Account = self.api.get(&format!("the account {owner}"), &format!("/users/{owner}")).await?;
            known.user = Some(account.kind != "Organization");
        }
        let (whose, kind) = if known.user == Some(true) { ("users", "owner") } else { ("orgs", "all") };
        let mut next = format!("/{whose}/{owner}/repos?type={kind}&sort=pushed&direction=desc&per_page=100");
        let mark = known.mark.clone().filter(|_| !everything);
        let mut listed: Vec<Plain> = Vec::new();
        for page in 0..MOST_PAGES {
            let what = format!("the repositories of {owner}");
            let reply = self.api.page::<Vec<Plain>>(&what, &next, mark.as_deref().filter(|_| page == 0)).await?;
            let Some(found) = reply.body else {
                // Nobody pushed, and none came or went: as it was. What the list lacked, it lacks still.
                for (id, one) in memory.repositories.iter().filter(|(id, one)| one.asked_as == key && !known.lacking.contains(id)) {
                    if let Some(facts) = &one.facts {
                        seen.found.push((facts.repository(*id, one, self.clone_url(&one.name)), key.to_owned()));
                    }
                }
                return Ok(());
            };
            if !found.iter().all(Plain::is_one) {
                return Err(self.api.bad_answer(&what, "it does not say which repositories these are").into());
            }
            if page == 0 {
                known.mark = reply.headers.get("etag").map(str::to_owned);
            }
            if reply.headers.get("x-github-sso").is_some_and(|sso| sso.starts_with("partial-results")) {
                seen.absent.insert(key.to_owned(), Absence::Denied(format!("the list leaves something out: {}", refused::SAML)));
            }
            listed.extend(found);
            match reply.headers.next_page() {
                Some(address) if address != next && page + 1 < MOST_PAGES => next = address.to_owned(),
                Some(_) => {
                    seen.absent.insert(key.to_owned(), Absence::Incomplete("the list of its repositories does not end".to_owned()));
                    break;
                }
                None => break,
            }
        }
        known.count = listed.len() as u64;
        let is_listed = |id: &u64| listed.iter().any(|plain| plain.id == *id);
        known.lacking = memory.repositories.iter().filter(|(id, one)| one.asked_as == key && !is_listed(id)).map(|(id, _)| *id).collect();
        // A list that is not whole is no measure for the next one.
        let mark = known.mark.take().filter(|_| !seen.absent.contains_key(key));
        memory.owners.insert(owner.to_lowercase(), known.clone());
        for plain in listed {
            if !self.config.wants_of_all(&plain.full_name, plain.archived, plain.fork) {
                seen.unwanted.insert(plain.id);
                continue;
            }
            let before = memory.repositories.get(&plain.id).and_then(|one| one.facts.as_ref());
            let branch =
                Some(self.config.branch.clone()).filter(|branch| !branch.is_empty()).or_else(|| plain.default_branch.clone()).unwrap_or_default();
            let same =
                before.filter(|facts| facts.pushed_at == plain.pushed_at && plain.pushed_at.is_some() && facts.branch == branch && !everything);
            let repository = match same {
                Some(facts) => {
                    let mut repository = plain.repository(self.clone_url(&plain.full_name), branch);
                    repository.head = (!facts.commit.is_empty()).then(|| Head { commit: facts.commit.clone(), tree: String::new(), date: None });
                    repository
                }
                None => self.with_head(plain, Some(branch)).await?,
            };
            seen.found.push((repository, key.to_owned()));
        }
        // Only what was followed to its end counts as known: else the next run would pass over the repositories behind a failure.
        memory.owners.insert(owner.to_lowercase(), Owner { mark, ..known });
        Ok(())
    }

    /// Keeps the facts that the next check of heads does not bring.
    pub(super) fn remember_facts(&self, listed: &[Repository], memory: &mut Memory) {
        for repository in listed {
            let Some(one) = memory.repositories.get_mut(&repository.id) else { continue };
            one.facts = Some(Facts {
                branch: repository.branch.clone(),
                commit: repository.head.as_ref().map(|head| head.commit.clone()).unwrap_or_default(),
                pushed_at: repository.pushed_at.clone(),
                html_url: repository.html_url.clone(),
                archived: repository.archived,
                fork: repository.fork,
                has_wiki: repository.has_wiki,
            });
        }
    }
}

impl Plain {
    /// Whether it says which repository it is.
    fn is_one(&self) -> bool {
        self.id != 0 && self.full_name.split_once('/').is_some_and(|(owner, name)| !owner.is_empty() && !name.is_empty())
    }

    fn repository(&self, clone_url: String, branch: String) -> Repository {
        Repository {
            id: self.id,
            node_id: self.node_id.clone(),
            full_name: self.full_name.clone(),
            folder: <[String; 2]>::default(),
            html_url: self.html_url.trim_end_matches('/').to_owned(),
            clone_url,
            branch,
            head: None,
            heads: Heads::default(),
            without: Without::new(),
            archived: self.archived,
            fork: self.fork,
            private: self.private,
            empty: false,
            state: if self.disabled { Condition::Blocked } else { Condition::Good },
            has_wiki: self.has_wiki.unwrap_or(true),
            has_discussions: self.has_discussions.unwrap_or(false),
            has_issues: self.has_issues.unwrap_or(true),
            pushed_at: self.pushed_at.clone(),
        }
    }
}

/// The name of a git object.
pub(super) fn is_oid(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// What a refusal means for one repository; an error where it ends the run.
pub(super) fn absence(failed: Failed) -> Result<Absence, SourceError> {
    let why = failed.refusal.as_ref().filter(|_| failed.json).and_then(|said| refused::of_rest(said));
    match failed.error {
        _ if failed.status == Some(451) || why.as_deref() == Some(refused::BLOCKED) => Ok(Absence::Blocked(refused::BLOCKED.to_owned())),
        SourceError::Denied { why: told, .. } if failed.json => Ok(Absence::Denied(why.unwrap_or(told))),
        SourceError::NotVisible { status: 404 | 410, .. } if failed.json => Ok(Absence::Missing(GONE.to_owned())),
        SourceError::NotVisible { status: status @ (404 | 410), .. } => {
            Ok(Absence::Incomplete(format!("{status}, but by a page for people and not by the service: something on the way answers in its place")))
        }
        ref error if error.consequence() == Consequence::Defer => Ok(Absence::Incomplete(why.unwrap_or_else(|| error.to_string()))),
        error => Err(error),
    }
}
