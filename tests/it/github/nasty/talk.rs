//! Conversations and releases in which people write whatever they like, and some pretend to be others.

use super::Nasty;
use crate::support::github::GitHub;

const ONLY: &str = "pull_requests = true\n";

/// What somebody writes who wants to be taken for others, and for this program.
const FORGED: &str = "---\ntitle: Fake\nsource: github\n---\n\n<!-- a template -->\nIt fails.\n\n## Comments\n\n- **@boss**, [2026-01-05 09:00 UTC](x)\n\n  I approve\n";

#[test]
fn who_writes_speaks_for_nobody_else_and_for_no_program() {
    let nasty = Nasty::new(ONLY, |repo| {
        repo.commit("main", &[("README.md", "# App\n")]);
        let issue = repo.add_issue("It `fails` <b> | #1", FORGED);
        repo.model.write_as(Some("boss"));
        repo.comment(issue, &format!("{FORGED}```\nopen"));
        repo.comment(
            issue,
            "On Mon, Ann wrote:\n> quoted\n>> deeper\n\n| a | b |\n|-|-|\n| 1 | 2 |\n\n<details><summary>log</summary>\n\n- [ ] task\n",
        );
        let discussion = repo.add_discussion("Polls", "Which?", "Vote\n\n## Answer\n\n> [!TIP]\n> **Answer by @ann**\n> yes");
        repo.poll(discussion, "A | B?\n## x", &[("a | b", 3), ("c\nd", 0)]);
        let first = repo.comment(discussion, "first");
        let answer = repo.reply(discussion, first, "the answer ```");
        repo.answer(discussion, answer);
        let pull = repo.add_pull("Mend", "Fixes #1", "fix");
        let (thread, _) = repo.review_thread(pull, "src/`a`.rs", 7, "```suggestion\n- a\n```\n\n- **@ann** approved these changes");
        repo.review_reply(pull, thread, "ok");
        repo.edit_pull(pull, |pull| {
            for thread in &mut pull.threads {
                "@@ -1 +1 @@\n ```\n-a\n+````\n".clone_into(&mut thread.diff_hunk);
                (thread.outdated, thread.resolved, thread.line) = (true, true, None);
            }
        });
        repo.add_release("v1", None, Some("New\n\nAssets\n---\n\n| Name |\n|---|\n| [x](https://evil.example) |"));
    });
    nasty.synced();
    let issue = nasty.body("_issues/1-it-fails-b-1.md");
    let quoted = "# It \\`fails\\` \\<b> | #1\n\n**@ann** wrote:\n\n> ---\n> title: Fake\n> source: github\n> ---\n>\n> It fails.\n>\n> ## Comments\n>\n> - **[@boss]";
    assert!(issue.starts_with(quoted), "{issue}");
    // Ours are the only ones of the document itself.
    let own = |text: &str, line: &str| text.lines().filter(|found| found.starts_with(line)).count();
    assert_eq!((own(&issue, "## Comments"), own(&issue, "- **@boss**, ["), own(&issue, "- **")), (1, 2, 2), "{issue}");
    assert!(
        issue.contains("\n  ```\n  open\n  ```\n") && issue.contains("\n  > quoted\n  >> deeper\n") && issue.contains("\n  - [ ] task\n"),
        "{issue}"
    );
    assert!(issue.contains("</details>") && !issue.contains("a template"), "{issue}");
    assert!(nasty.front("_issues/1-it-fails-b-1.md").starts_with("title: \"It `fails` <b> | #1\"\nsource: github\n"));
    let discussion = nasty.body("_discussions/2-which.md");
    assert_eq!((own(&discussion, "## Answer"), own(&discussion, "> ## Answer")), (1, 1), "{discussion}");
    assert!(discussion.contains("## Poll: A | B? ## x\n\n| Option | Votes |\n| --- | --- |\n| a \\| b | 3 |\n| c d | 0 |\n"), "{discussion}");
    let pull = nasty.body("_issues/3-mend.md");
    assert!(pull.starts_with("# Mend\n\nFixes [#1](1-it-fails-b-1.md)\n"), "{pull}");
    assert!(
        pull.contains("\n  `````diff\n  @@ -1 +1 @@\n   ```\n  -a\n  +````\n  `````\n")
            && pull.contains("line 7 of an earlier state, outdated, resolved"),
        "{pull}"
    );
    assert_eq!((own(&pull, "- **"), own(&pull, "  - **@boss**")), (1, 2), "{pull}");
    let release = nasty.body("_releases/v1.md");
    assert!(release.starts_with("# v1\n\n**@boss** wrote:\n\n> New\n>\n> Assets\n> ---\n"), "{release}");
}

#[test]
fn what_is_named_in_whatever_way_is_linked_and_code_is_not() {
    let site = GitHub::new();
    let web = site.url();
    let nasty = Nasty::at(site, ONLY, |repo| {
        repo.commit("main", &[("README.md", "# App\n"), ("docs/guide.md", "# Guide\n")]);
        repo.commit_wiki(&[("Home.md", "# Wiki\n"), ("What-is-this?.md", "x\n")]);
        repo.add_issue("One", "x");
        let w = format!("{web}/acme/app");
        let body = format!(
            "#1 GH-1 acme/app#1 acme/other#3 1a2b3c4 acme/app@1a2b3c4 @ann `#1 @ann` $#1$ [g](../blob/main/docs/guide.md)\n\
             {w}/issues/1#issuecomment-7 {w}/blob/main/docs/guide.md#L3 {w}/blob/0123456789abcdef0123456789abcdef01234567/docs/guide.md#L1-L2\n\
             {w} {w}/tree/main {w}/pull/1/files <{w}/issues/1> [v]({w}/releases/tag/v1) [w](../wiki/What-is-this%3F) {w}/wiki\n\n    #1 {w}/issues/1\n"
        );
        repo.add_issue("Two", &body);
        repo.add_release(
            "v1",
            Some("One"),
            Some(&format!("* One by @ann in {web}/acme/app/pull/1\n\n**Full Changelog**: {web}/acme/app/compare/v0...v1")),
        );
    });
    nasty.synced();
    let w = format!("{web}/acme/app");
    let expected = format!(
        "# Two\n\n[#1](1-one.md) [GH-1](1-one.md) [acme/app#1](1-one.md) [acme/other#3]({web}/acme/other/issues/3) [1a2b3c4]({w}/commit/1a2b3c4) \
         [acme/app@1a2b3c4]({w}/commit/1a2b3c4) [@ann]({web}/ann) `#1 @ann` $#1$ [g](../docs/guide.md)\n\
         [{w}/issues/1#issuecomment-7](1-one.md#issuecomment-7) [{w}/blob/main/docs/guide.md#L3](../docs/guide.md#L3) \
         [{w}/blob/0123456789abcdef0123456789abcdef01234567/docs/guide.md#L1-L2](../docs/guide.md#L1-L2)\n\
         [{w}](../README.md) [{w}/tree/main](../README.md) {w}/pull/1/files [{w}/issues/1](1-one.md) [v](../_releases/v1.md) \
         [w](../_wiki/What-is-this%3F.md) [{w}/wiki](../_wiki/Home.md)\n\n    #1 {w}/issues/1\n"
    );
    assert_eq!(nasty.body("_issues/2-two.md"), expected);
    let release = format!("# One\n\n* One by [@ann]({web}/ann) in [{w}/pull/1](../_issues/1-one.md)\n\n**Full Changelog**: {w}/compare/v0...v1\n");
    assert_eq!(nasty.body("_releases/v1.md"), release);
}
