//! Queries as a mirror of GitHub asks them.

pub(super) const BLOBS: &str = r#"query Blobs($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) {
    databaseId
    b0: object(oid: "OID0") { ... on Blob { oid byteSize isBinary isTruncated text } }
    b1: object(oid: "OID1") { ... on Blob { oid byteSize isBinary isTruncated text } }
  }
  rateLimit { cost remaining resetAt }
}"#;

pub(super) const HEADS: &str = r"query Heads($ids: [ID!]!) {
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

pub(super) const DISCUSSION_PAGE: &str = r"query DiscussionPage($owner: String!, $name: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    databaseId
    discussions(first: 25, after: $after, orderBy: {field: UPDATED_AT, direction: DESC}) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes {
        id databaseId number title url body createdAt updatedAt lastEditedAt
        author { login }
        category { id name slug emoji isAnswerable }
        labels(first: 20) { nodes { name } }
        closed closedAt stateReason locked isAnswered answerChosenAt
        answer { id }
        upvoteCount
        poll { question totalVoteCount options(first: 20) { nodes { option totalVoteCount } } }
        comments(first: 50) {
          totalCount
          pageInfo { hasNextPage endCursor }
          nodes {
            id databaseId url body createdAt updatedAt lastEditedAt deletedAt
            isAnswer isMinimized minimizedReason upvoteCount
            author { login }
            replies(first: 20) {
              totalCount
              pageInfo { hasNextPage endCursor }
              nodes { id url body createdAt updatedAt deletedAt isMinimized author { login } }
            }
          }
        }
      }
    }
  }
  rateLimit { cost remaining resetAt }
}";

pub(super) const DISCUSSION_COMMENTS: &str = r"query DiscussionComments($id: ID!, $after: String) {
  node(id: $id) {
    ... on Discussion {
      comments(first: 100, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { id url body createdAt updatedAt deletedAt isAnswer isMinimized author { login }
          replies(first: 20) { totalCount pageInfo { hasNextPage endCursor } nodes { id url body createdAt deletedAt isMinimized author { login } } } }
      }
    }
  }
}";

pub(super) const COMMENT_REPLIES: &str = r"query CommentReplies($id: ID!, $after: String) {
  node(id: $id) {
    ... on DiscussionComment {
      replies(first: 100, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { id url body createdAt updatedAt deletedAt isMinimized author { login } }
      }
    }
  }
}";

pub(super) const CATEGORIES: &str = r"query Categories($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) {
    hasDiscussionsEnabled
    discussionCategories(first: 25) { nodes { id name slug emoji description isAnswerable } }
  }
}";

pub(super) const ISSUE_PAGE: &str = r"query IssuePage($owner: String!, $name: String!, $since: DateTime, $after: String) {
  repository(owner: $owner, name: $name) {
    issues(first: 50, after: $after, orderBy: {field: UPDATED_AT, direction: ASC}, filterBy: {since: $since}) {
      pageInfo { hasNextPage endCursor }
      nodes {
        number title url state stateReason body createdAt updatedAt closedAt
        author { login } labels(first: 20) { nodes { name } } assignees(first: 10) { nodes { login } } milestone { title }
        comments(first: 50) { totalCount pageInfo { hasNextPage endCursor } nodes { id url body createdAt updatedAt isMinimized author { login } } }
      }
    }
  }
  rateLimit { cost remaining resetAt }
}";

pub(super) const PULL_PAGE: &str = r"query PullPage($owner: String!, $name: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequests(first: 25, after: $after, orderBy: {field: UPDATED_AT, direction: DESC}) {
      pageInfo { hasNextPage endCursor }
      nodes {
        number title url state isDraft merged mergedAt body createdAt updatedAt closedAt baseRefName headRefName
        author { login } labels(first: 20) { nodes { name } }
        comments(first: 30) { totalCount pageInfo { hasNextPage endCursor } nodes { id url body createdAt updatedAt isMinimized author { login } } }
        reviews(first: 20) { totalCount pageInfo { hasNextPage endCursor } nodes { id url state body submittedAt author { login } } }
        reviewThreads(first: 20) { totalCount pageInfo { hasNextPage endCursor }
          nodes { id isResolved isOutdated path line comments(first: 20) { totalCount nodes { id url body diffHunk createdAt author { login } } } } }
      }
    }
  }
  rateLimit { cost remaining resetAt }
}";
