//! What a token is, and what its bearer may see.

use std::collections::BTreeSet;

use super::model::{Id, Model, Repository};

/// What kind of token it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    Classic,
    FineGrained,
    Installation,
}

/// A token.
#[derive(Clone, Debug)]
pub struct Token {
    pub user: Id,
    pub kind: TokenKind,
    /// Of a classic one.
    pub scopes: Vec<String>,
    /// What `github-authentication-token-expiration` says: `2026-12-01 12:00:00 UTC`.
    pub expires: Option<String>,
    /// When it ends, in milliseconds of the machine's clock.
    pub ends_ms: Option<u64>,
    /// The private repositories that it may see; none are all.
    pub repositories: Option<BTreeSet<Id>>,
    /// Permissions that it lacks: `contents`, `issues`, `pull_requests`, `discussions`.
    pub lacks: BTreeSet<String>,
    /// Organisations with SSO that let it in.
    pub sso: BTreeSet<Id>,
    /// It was taken back: 401.
    pub revoked: bool,
}

impl Token {
    /// A classic token of a user with these scopes.
    pub fn classic(user: Id, scopes: &[&str]) -> Self {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        Self {
            user,
            kind: TokenKind::Classic,
            scopes,
            expires: None,
            ends_ms: None,
            repositories: None,
            lacks: BTreeSet::new(),
            sso: BTreeSet::new(),
            revoked: false,
        }
    }

    /// A fine-grained token of a user, for these repositories.
    pub fn fine_grained(user: Id, repositories: impl IntoIterator<Item = Id>) -> Self {
        let repositories = Some(repositories.into_iter().collect());
        Self { kind: TokenKind::FineGrained, repositories, scopes: Vec::new(), ..Self::classic(user, &[]) }
    }
}

/// Who is asking.
#[derive(Clone, Debug)]
pub struct Caller {
    /// None is anonymous.
    pub token: Option<(String, Token)>,
}

impl Caller {
    /// Whether the bearer may know that a repository exists.
    pub fn sees(&self, repository: &Repository) -> bool {
        if !repository.private {
            return true;
        }
        let Some((_, token)) = &self.token else { return false };
        match token.kind {
            TokenKind::Classic => token.scopes.iter().any(|scope| scope == "repo") && self.admits(repository),
            _ => self.admits(repository),
        }
    }

    fn admits(&self, repository: &Repository) -> bool {
        let token = self.token.as_ref().map(|(_, token)| token);
        token.is_some_and(|token| token.repositories.as_ref().is_none_or(|some| some.contains(&repository.id)))
    }

    /// The permission that the token lacks, of those that a part of a repository needs.
    pub fn lacks(&self, permission: &str) -> bool {
        self.token.as_ref().is_some_and(|(_, token)| token.lacks.contains(permission))
    }

    /// Whether the owner's SSO keeps this token out; the page that would let it in.
    pub fn sso_of<'m>(&self, model: &'m Model, repository: &Repository) -> Option<&'m str> {
        let owner = model.owners.get(&repository.owner)?;
        let page = owner.sso.as_deref()?;
        let (_, token) = self.token.as_ref()?;
        (!token.sso.contains(&owner.id)).then_some(page)
    }
}
