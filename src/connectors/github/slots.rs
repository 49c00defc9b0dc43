//! What the query for heads asks for, slot by slot: a repository by its name or number, or a page of an owner's; and the query's text.
//!
//! Pure.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::config::Config;
use super::trouble::Lack;

/// Fields of a repository that it is asked for without, by their names, and why.
pub(super) type Without = BTreeMap<String, Lack>;

/// The field by which files are found.
pub(super) const BRANCHES: &str = "defaultBranchRef";
/// Fields of a repository that a permission of their own opens.
pub(super) const PARTS: [&str; 5] = ["discussions", "issues", "pullRequests", "releases", BRANCHES];

/// What people call it.
pub(super) fn plural(field: &str) -> &str {
    match field {
        "pullRequests" => "pull requests",
        BRANCHES => "files",
        other => other,
    }
}

/// One thing that a query asks for.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) what: What,
    /// Fields that are left out.
    pub(super) without: Without,
    /// How often it was asked again with less.
    pub(super) tries: usize,
    /// Pages of an owner's list before this one.
    pub(super) pages: usize,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    Name {
        owner: String,
        name: String,
        branch: Option<String>,
    },
    /// A repository that a listing lacks.
    Node {
        number: u64,
        id: String,
        asked_as: String,
        branch: Option<String>,
    },
    Owner {
        login: String,
        after: Option<String>,
        expected: usize,
    },
}

impl Slot {
    pub(super) fn key(&self) -> String {
        match &self.what {
            What::Name { owner, name, .. } => format!("{owner}/{name}").to_lowercase(),
            What::Node { asked_as, .. } => asked_as.clone(),
            What::Owner { login, .. } => format!("{login}/*").to_lowercase(),
        }
    }

    /// The branch that is asked for.
    pub(super) fn branch(&self) -> Option<String> {
        match &self.what {
            What::Name { branch, .. } | What::Node { branch, .. } => branch.clone(),
            What::Owner { .. } => None,
        }
    }

    /// How many repositories it brings at most.
    pub(super) fn size(&self, room: usize) -> usize {
        match &self.what {
            What::Name { .. } | What::Node { .. } => 1,
            What::Owner { expected, .. } => room.min((*expected).max(1)),
        }
    }
}

/// The first slot that fits, or an owner's, which fits anywhere.
pub(super) fn fitting(open: &VecDeque<Slot>, left: usize) -> Option<usize> {
    let exact = |slot: &Slot| match &slot.what {
        What::Owner { expected, .. } => *expected <= left,
        _ => true,
    };
    open.iter().position(exact).or_else(|| open.iter().position(|slot| matches!(slot.what, What::Owner { .. })))
}

/// The query for these, each of so many repositories, with its variables; `lacks` are fields that the server does not know.
pub(super) fn query(asked: &[(Slot, usize)], config: &Config, lacks: &BTreeSet<String>) -> (String, Value) {
    let (mut heads, mut body, mut variables) = (String::new(), String::new(), Map::new());
    for (at, (slot, size)) in asked.iter().enumerate() {
        let mut declare = |name: String, kind: &str, value: Value| {
            let comma = if heads.is_empty() { "" } else { ", " };
            let _ = write!(heads, "{comma}${name}: {kind}");
            variables.insert(name, value);
        };
        let branch = match &slot.what {
            What::Name { branch, .. } | What::Node { branch, .. } => branch.clone(),
            What::Owner { .. } => config.named_branch(),
        };
        let branch = branch.filter(|_| !slot.without.contains_key(BRANCHES));
        if let Some(branch) = &branch {
            declare(format!("b{at}"), "String!", json!(format!("refs/heads/{branch}")));
        }
        let fields = fields(config, &slot.without, lacks, branch.is_some().then_some(at));
        match &slot.what {
            What::Name { owner, name, .. } => {
                declare(format!("o{at}"), "String!", json!(owner));
                declare(format!("n{at}"), "String!", json!(name));
                let _ = writeln!(body, "  r{at}: repository(owner: $o{at}, name: $n{at}, followRenames: true) {{ {fields} }}");
            }
            What::Node { id, .. } => {
                declare(format!("i{at}"), "ID!", json!(id));
                let _ = writeln!(body, "  r{at}: node(id: $i{at}) {{ ... on Repository {{ {fields} }} }}");
            }
            What::Owner { login, after, .. } => {
                declare(format!("o{at}"), "String!", json!(login));
                declare(format!("a{at}"), "String", json!(after));
                let forks = if config.forks { "" } else { ", isFork: false" };
                let _ = writeln!(
                    body,
                    "  r{at}: repositoryOwner(login: $o{at}) {{ login repositories(first: {size}, after: $a{at}, ownerAffiliations: [OWNER]{forks}, \
                     orderBy: {{field: NAME, direction: ASC}}) {{ totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ {fields} }} }} }}"
                );
            }
        }
    }
    (format!("query Heads({heads}) {{\n{body}  rateLimit {{ cost remaining resetAt }}\n}}"), Value::Object(variables))
}

/// What is asked of a repository.
fn fields(config: &Config, without: &Without, lacks: &BTreeSet<String>, branch: Option<usize>) -> String {
    let left_out = |name: &str| without.contains_key(name) || lacks.contains(name);
    let commit = "target { oid ... on Commit { committedDate tree { oid } } }";
    let mut fields = String::from("id databaseId nameWithOwner url");
    let plain = "isPrivate isArchived isFork isDisabled isLocked isEmpty hasIssuesEnabled hasWikiEnabled hasDiscussionsEnabled pushedAt";
    for name in plain.split(' ').filter(|name| !left_out(name)) {
        let _ = write!(fields, " {name}");
    }
    if !without.contains_key(BRANCHES) {
        let _ = write!(fields, " {BRANCHES} {{ name {commit} }}");
    }
    if let Some(at) = branch {
        let _ = write!(fields, " branch: ref(qualifiedName: $b{at}) {{ name {commit} }}");
    }
    for (name, wanted, order) in [
        ("discussions", config.discussions, "UPDATED_AT"),
        ("issues", config.issues, "UPDATED_AT"),
        ("pullRequests", config.pull_requests, "UPDATED_AT"),
        ("releases", config.releases, "CREATED_AT"),
    ] {
        if wanted && !left_out(name) {
            let _ = write!(fields, " {name}(first: 1, orderBy: {{field: {order}, direction: DESC}}) {{ totalCount nodes {{ updatedAt }} }}");
        }
    }
    fields
}
