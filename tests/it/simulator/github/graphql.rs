//! GraphQL: validation, costs, pages, errors.

use serde_json::json;

use super::client::{data, post, query};
use crate::support::github::{GitHub, TOKEN};

const HEADS: &str = "query Heads($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on Repository {
      id databaseId nameWithOwner isArchived isDisabled isEmpty isLocked isPrivate
      hasWikiEnabled hasIssuesEnabled hasDiscussionsEnabled pushedAt updatedAt
      defaultBranchRef { name target { oid } }
      discussions(first: 1, orderBy: {field: UPDATED_AT, direction: DESC}) { totalCount nodes { number updatedAt } }
      issues(first: 1, orderBy: {field: UPDATED_AT, direction: DESC}) { totalCount nodes { number updatedAt } }
      pullRequests(first: 1, orderBy: {field: UPDATED_AT, direction: DESC}) { totalCount nodes { number updatedAt } }
      releases(first: 1, orderBy: {field: CREATED_AT, direction: DESC}) { totalCount nodes { tagName updatedAt } }
    }
  }
  rateLimit { cost remaining resetAt }
}";

#[test]
fn heads_of_many_repositories_cost_a_point() {
    let site = GitHub::new();
    let (ids, head) = site.edit(|m| {
        let ids: Vec<String> = (0..25).map(|n| crate::support::github::node_id(m.add_repository(&format!("acme/r{n}")).id)).collect();
        let mut first = m.repo("acme/r0");
        let head = first.commit("main", &[("a.md", "x")]);
        first.add_issue("One", "text");
        first.add_issue("Two", "text");
        first.add_release("v1", None, Some("notes"));
        (ids, head)
    });
    let data = data(&site, HEADS, &json!({"ids": ids}));
    let first = &data["nodes"][0];
    assert_eq!((&first["nameWithOwner"], &first["defaultBranchRef"]["target"]["oid"]), (&json!("acme/r0"), &json!(head)));
    assert_eq!((&first["issues"]["totalCount"], &first["issues"]["nodes"][0]["number"]), (&json!(2), &json!(2)));
    assert_eq!((&first["releases"]["nodes"][0]["tagName"], &first["discussions"]["nodes"]), (&json!("v1"), &json!([])));
    assert_eq!((&data["nodes"][24]["isEmpty"], &data["nodes"][24]["defaultBranchRef"]), (&json!(true), &json!(null)));
    assert_eq!((&data["rateLimit"]["cost"], &data["rateLimit"]["remaining"]), (&json!(1), &json!(4999)));
    assert_eq!(site.points(), 1);
}

#[test]
fn nobody_asks_without_a_token() {
    let site = GitHub::new();
    assert_eq!(post(&site, "Bearer wrong", "{ viewer { login } }", &json!({})).status, 401);
    assert_eq!(query(&site, "{ viewer { login } }", &json!({}))["data"]["viewer"]["login"], "mira");
    let _ = TOKEN;
}
