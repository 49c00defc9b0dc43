//! The GraphQL queries for discussions, issues and pull requests.
//!
//! Costs, by GitHub's formula (one point for each hundred lists that are opened, at least one): a page of a hundred issues 1, of pull requests 3, of discussions 7;
//! labels one more each. Twenty-five bodies: issues 1, pull requests 7, discussions 10; a further page of comments 1.

use std::fmt::Write as _;

use super::kind::Kind;

/// Conversations on a page of a listing.
pub(super) const LISTED: u32 = 100;
/// Bodies in one query.
pub(in crate::connectors::github) const BODIES: usize = 25;
/// Numbers that are asked after in one query.
pub(super) const ASKED: usize = 50;

/// What a listing shows of each, by which its revision is made: bodies bring it too.
fn shown(kind: Kind) -> &'static str {
    match kind {
        Kind::Discussion => {
            "number title url updatedAt closed author { login } answer { id } \
             said: comments(last: 100) { totalCount nodes { updatedAt isMinimized deletedAt } } \
             last: comments(last: 5) { nodes { replies(last: 50) { totalCount nodes { updatedAt isMinimized deletedAt } } } }"
        }
        Kind::Issue => "number title url updatedAt state author { login } said: comments(last: 100) { totalCount nodes { updatedAt isMinimized } }",
        Kind::Pull => {
            "number title url updatedAt state author { login } said: comments(last: 100) { totalCount nodes { updatedAt isMinimized } } \
             judged: reviews(last: 100) { totalCount nodes { updatedAt isMinimized state } } \
             hung: reviewThreads(last: 100) { totalCount nodes { isResolved isOutdated } }"
        }
    }
}

const LABELS: &str = "labels(first: 100) { nodes { name } }";

/// A page of a listing, by what changed last: `$id` is the repository's.
pub(super) fn list(kind: Kind, labels: bool, open_only: Option<bool>) -> String {
    let (connection, states) = match (kind, open_only) {
        (Kind::Discussion, _) => ("discussions", ""),
        (Kind::Issue, Some(true)) => ("issues", ", states: [OPEN]"),
        (Kind::Issue, Some(false)) => ("issues", ", states: [CLOSED]"),
        (Kind::Issue, None) => ("issues", ""),
        (Kind::Pull, Some(true)) => ("pullRequests", ", states: [OPEN]"),
        (Kind::Pull, Some(false)) => ("pullRequests", ", states: [CLOSED, MERGED]"),
        (Kind::Pull, None) => ("pullRequests", ""),
    };
    format!(
        "query List($id: ID!, $first: Int!, $after: String) {{ node(id: $id) {{ ... on Repository {{ \
         list: {connection}(first: $first, after: $after, orderBy: {{field: UPDATED_AT, direction: DESC}}{states}) {{ \
         totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ {} {} }} }} }} }} rateLimit {{ cost remaining resetAt }} }}",
        shown(kind),
        if labels { LABELS } else { "" }
    )
}

/// A comment of a kind of conversation, without replies. Younger fields are left out where the server is old.
fn comment(kind: Kind, old: bool) -> String {
    let reactions = reacted(old);
    match kind {
        Kind::Discussion => {
            format!("id url body createdAt lastEditedAt deletedAt isAnswer isMinimized minimizedReason upvoteCount author {{ login }} {reactions}")
        }
        Kind::Issue | Kind::Pull => format!("id url body createdAt lastEditedAt isMinimized minimizedReason author {{ login }} {reactions}"),
    }
}

/// The reactions to a first text, with their numbers.
pub(in crate::connectors::github) fn reactions(old: bool) -> &'static str {
    if old { "" } else { "reactionGroups { content reactors(first: 1) { totalCount } }" }
}

/// Those to a comment: which there are, but not how many, as counting them would cost eight times as much as all else.
fn reacted(old: bool) -> &'static str {
    if old { "" } else { "reactionGroups { content createdAt }" }
}

fn review(old: bool) -> String {
    format!("id url body state submittedAt createdAt lastEditedAt isMinimized minimizedReason author {{ login }} {}", reacted(old))
}

fn hung(old: bool) -> String {
    format!("id url body createdAt lastEditedAt isMinimized minimizedReason diffHunk author {{ login }} {}", reacted(old))
}

const PAGE: &str = "totalCount pageInfo { hasNextPage endCursor }";

fn replies(old: bool, arguments: &str) -> String {
    format!("replies({arguments}) {{ {PAGE} nodes {{ {} }} }}", comment(Kind::Discussion, old))
}

fn comments(kind: Kind, old: bool, arguments: &str) -> String {
    let replies = if kind == Kind::Discussion { replies(old, "first: 20") } else { String::new() };
    format!("comments({arguments}) {{ {PAGE} nodes {{ {} {replies} }} }}", comment(kind, old))
}

fn reviews(old: bool, arguments: &str) -> String {
    format!("reviews({arguments}) {{ {PAGE} nodes {{ {} }} }}", review(old))
}

fn thread_comments(old: bool, arguments: &str) -> String {
    format!("comments({arguments}) {{ {PAGE} nodes {{ {} }} }}", hung(old))
}

fn threads(old: bool, arguments: &str) -> String {
    format!(
        "reviewThreads({arguments}) {{ {PAGE} nodes {{ id path line startLine originalLine originalStartLine isResolved isOutdated \
         resolvedBy {{ login }} {} }} }}",
        thread_comments(old, "first: 30")
    )
}

/// Bodies of one kind, each under its alias. `old` leaves out what servers of some years ago do not know; `first` is the number of comments that come along.
pub(super) fn bodies(kind: Kind, wanted: &[(String, u64)], first: u32, old: bool) -> String {
    let (kind_name, _) = kind.graphql();
    let common = "id number body createdAt lastEditedAt closedAt locked author { login } editor { login }";
    let own = match kind {
        Kind::Discussion => format!(
            "category {{ name isAnswerable }} isAnswered {} upvoteCount",
            if old { "" } else { "stateReason poll { question totalVoteCount options(first: 20) { nodes { option totalVoteCount } } }" }
        ),
        Kind::Issue => format!("{} milestone {{ title }} assignees(first: 20) {{ nodes {{ login }} }}", if old { "" } else { "stateReason" }),
        Kind::Pull => format!(
            "isDraft merged mergedAt mergedBy {{ login }} baseRefName headRefName isCrossRepository headRepository {{ nameWithOwner }} \
             milestone {{ title }} assignees(first: 20) {{ nodes {{ login }} }} {} {}",
            reviews(old, "first: 50"),
            threads(old, "first: 20")
        ),
    };
    let shown = shown(kind);
    // An old server's discussions can neither be closed nor tell when they were.
    let (common, shown) = match (kind, old) {
        (Kind::Discussion, true) => (common.replace(" closedAt", ""), shown.replace(" closed ", " ")),
        _ => (common.to_owned(), shown.to_owned()),
    };
    let comments = comments(kind, old, &format!("first: {first}"));
    let mut query = by_number(kind, wanted, "...body");
    let _ = write!(query, " fragment body on {kind_name} {{ {common} {shown} {own} {LABELS} {} {comments} }}", reactions(old));
    query
}

/// Whether they are still there, and what decides whether they are asked for.
pub(super) fn presence(kind: Kind, wanted: &[(String, u64)]) -> String {
    let state = if kind == Kind::Discussion { "" } else { "state" };
    by_number(kind, wanted, &format!("number updatedAt {state} repository {{ databaseId }} {LABELS}"))
}

/// `wanted` are repositories and numbers, those of one repository next to each other. The names travel as variables.
fn by_number(kind: Kind, wanted: &[(String, u64)], selection: &str) -> String {
    let (_, field) = kind.graphql();
    let repositories = repositories(wanted);
    let mut query = String::from("query Numbers(");
    for at in 0..repositories.len() {
        let _ = write!(query, "$o{at}: String!, $n{at}: String! ");
    }
    query.push_str(") {");
    for (at, repository) in repositories.iter().enumerate() {
        let _ = write!(query, " r{at}: repository(owner: $o{at}, name: $n{at}) {{");
        for (index, _) in wanted.iter().enumerate().filter(|(_, (of, _))| of == repository) {
            let _ = write!(query, " n{index}: {field}(number: {}) {{ {selection} }}", wanted[index].1);
        }
        query.push_str(" }");
    }
    query.push_str(" rateLimit { cost remaining resetAt } }");
    query
}

/// Each repository of `wanted` once.
pub(in crate::connectors::github) fn repositories<T>(wanted: &[(String, T)]) -> Vec<&str> {
    let mut all: Vec<&str> = Vec::new();
    for (repository, _) in wanted {
        if !all.contains(&repository.as_str()) {
            all.push(repository);
        }
    }
    all
}

/// The variables that go with the repositories of `wanted`.
pub(in crate::connectors::github) fn variables<T>(wanted: &[(String, T)]) -> serde_json::Value {
    let mut variables = serde_json::Map::new();
    for (at, repository) in repositories(wanted).into_iter().enumerate() {
        let (owner, name) = repository.split_once('/').unwrap_or((repository, ""));
        variables.insert(format!("o{at}"), owner.into());
        variables.insert(format!("n{at}"), name.into());
    }
    variables.into()
}

/// The lists that may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    Comments(Kind),
    Replies,
    Reviews,
    Threads,
    ThreadComments,
}

/// The next page of a list of `$id`.
pub(super) fn rest(of: Rest, old: bool) -> String {
    let arguments = "first: $first, after: $after";
    let (kind, list) = match of {
        Rest::Comments(kind) => (kind.graphql().0, comments(kind, old, arguments)),
        Rest::Replies => ("DiscussionComment", replies(old, arguments)),
        Rest::Reviews => ("PullRequest", reviews(old, arguments)),
        Rest::Threads => ("PullRequest", threads(old, arguments)),
        Rest::ThreadComments => ("PullRequestReviewThread", thread_comments(old, arguments)),
    };
    format!(
        "query Rest($id: ID!, $first: Int!, $after: String) {{ node(id: $id) {{ ... on {kind} {{ list: {list} }} }} rateLimit {{ cost remaining resetAt }} }}"
    )
}
