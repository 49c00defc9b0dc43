//! Issues and pull requests: what is mirrored of them, what is chosen, and what becomes of those that go elsewhere.

use super::desk::Desk;
use crate::support::github::faults;

const ONLY: &str = "discussions = false\nreleases = false\n";
const BOTH: &str = "discussions = false\nreleases = false\npull_requests = true\n";

fn mixed() -> Desk {
    Desk::new(BOTH, |repo| {
        repo.add_issue("It fails", "Always.");
        repo.add_issue("It is slow", "Sometimes, as in #1.");
        repo.add_pull("Mend it", "Closes #1", "fix");
    })
}

#[test]
fn accounts_that_are_gone_are_ghosts_in_issues_pull_requests_and_reviews() {
    let desk = mixed();
    desk.edit(|repo| {
        let (review, (_, remark)) = (repo.review(3, "APPROVED", "Fine now"), repo.review_thread(3, "src/a.rs", 7, "Why?"));
        for comment in [repo.comment(1, "Bye"), review, remark] {
            repo.change_comment(comment, |comment| comment.author = None);
        }
        for number in [1, 3] {
            repo.it().issues.get_mut(&number).unwrap().text.author = None;
        }
    });
    desk.synced();
    let documents = desk.documents();
    let (issue, pull) = (&documents["_issues/1-it-fails.md"], &documents["_issues/3-mend-it.md"]);
    assert!(issue.contains("created_by: ghost\n") && issue.contains("**@ghost**") && issue.contains("Bye"), "{issue}");
    assert!(pull.contains("created_by: ghost\n") && pull.contains("**@ghost**") && pull.contains("Fine now") && pull.contains("Why?"), "{pull}");
}

#[test]
fn issues_and_pull_requests_lie_together_and_a_quiet_run_asks_once() {
    let desk = mixed();
    desk.edit(|repo| {
        let (thread, _) = repo.review_thread(3, "src/a.rs", 7, "Why not `b`?");
        repo.review_reply(3, thread, "Good point");
        repo.review(3, "APPROVED", "Fine now");
        repo.comment(3, "Thanks");
        repo.merge(3);
        repo.close(1, "COMPLETED");
        let text = &mut repo.it().issues.get_mut(&1).unwrap().text;
        text.reactions.push(("HEART".to_owned(), text.author.unwrap()));
    });
    desk.synced();
    assert_eq!(desk.paths(), ["_issues/1-it-fails.md", "_issues/2-it-is-slow.md", "_issues/3-mend-it.md"]);
    assert_eq!(desk.queries()[1..], ["List", "List", "Numbers", "Numbers"], "{}", desk.site.transcript());
    let documents = desk.documents();
    let issue = &documents["_issues/1-it-fails.md"];
    assert!(issue.contains("type: issue\n") && issue.contains("state_reason: completed\n") && issue.contains("❤️ 1"), "{issue}");
    let pull = &documents["_issues/3-mend-it.md"];
    for part in [
        "type: pull_request\n",
        "state: merged\n",
        "[#1](1-it-fails.md)",
        "approved these changes",
        "Fine now",
        "`src/a.rs`",
        "line 7",
        "Good point",
        "Thanks",
    ] {
        assert!(pull.contains(part), "{part} in {pull}");
    }
    let looks = desk.looks();
    desk.synced();
    assert_eq!((desk.queries().len(), desk.looks() == looks), (1, true), "{}", desk.site.transcript());
    desk.a_day_later();
    desk.synced();
    assert_eq!(
        (desk.queries()[1..].to_vec(), desk.looks() == looks),
        (vec!["List".to_owned(), "List".to_owned()], true),
        "{}",
        desk.site.transcript()
    );
}

#[test]
fn a_hundred_issues_cost_a_point_to_list_and_four_to_fetch() {
    let desk = Desk::new(ONLY, |repo| {
        for number in 1..=100 {
            repo.add_issue(&format!("Issue {number}"), "x");
        }
    });
    desk.synced();
    let points: Vec<u64> = desk.site.requests().iter().filter(|seen| seen.operation == "Numbers").map(|seen| seen.points).collect();
    assert_eq!(points, [1, 1, 1, 1], "{}", desk.site.transcript());
    desk.edit(|repo| repo.comment(50, "News"));
    desk.synced();
    let lists: Vec<u64> = desk.site.requests().iter().filter(|seen| seen.operation == "List").map(|seen| seen.points).collect();
    assert_eq!(lists, [1], "{}", desk.site.transcript());
}

#[test]
fn a_resolved_thread_and_a_dismissed_review_are_found_within_a_day() {
    let desk = mixed();
    let (thread, _) = desk.edit(|repo| repo.review_thread(3, "src/a.rs", 7, "Why?"));
    desk.synced();
    let updated = desk.edit(|repo| repo.it().issues[&3].updated);
    desk.edit(|repo| {
        let pull = repo.it().issues.get_mut(&3).unwrap().pull.as_mut().unwrap();
        pull.threads.iter_mut().find(|it| it.id == thread).unwrap().resolved = true;
    });
    assert_eq!(desk.edit(|repo| repo.it().issues[&3].updated), updated);
    desk.a_day_later();
    desk.synced();
    assert!(desk.documents()["_issues/3-mend-it.md"].contains(", resolved"), "{}", desk.site.transcript());
}

#[test]
fn the_state_chooses_and_who_is_closed_leaves() {
    let desk = Desk::new(&format!("{BOTH}state = \"open\"\n"), |repo| {
        repo.add_issue("One", "x");
        repo.add_issue("Two", "x");
        repo.add_pull("Three", "x", "fix");
        repo.add_issue("Four", "x");
        repo.close(4, "COMPLETED");
    });
    desk.synced();
    assert_eq!(desk.paths(), ["_issues/1-one.md", "_issues/2-two.md", "_issues/3-three.md"]);
    desk.edit(|repo| {
        repo.close(1, "NOT_PLANNED");
        repo.merge(3);
    });
    desk.synced();
    assert_eq!(desk.paths(), ["_issues/2-two.md"]);
    assert_eq!(desk.trash(), ["_issues/1-one.md", "_issues/3-three.md"]);
    let looks = desk.looks();
    desk.a_day_later();
    desk.synced();
    assert_eq!(desk.looks(), looks);
}

#[test]
fn age_counts_back_from_the_newest_change_and_who_is_too_old_leaves_within_a_day() {
    let desk = Desk::new(&format!("{ONLY}max_age_days = 30\n").replace("max_age_days = 0\n", ""), |repo| {
        repo.add_issue("Old", "x");
        repo.add_issue("New", "x");
    });
    let text = std::fs::read_to_string(desk.home.config()).unwrap().replace("max_age_days = 0\n", "");
    desk.home.configure(&text);
    let days = |days: u64| days * 24 * 60 * 60;
    desk.edit(|repo| {
        let old = repo.it().issues.get_mut(&1).unwrap();
        old.updated -= days(29);
    });
    desk.synced();
    assert_eq!(desk.paths(), ["_issues/1-old.md", "_issues/2-new.md"]);
    desk.edit(|repo| {
        let new = repo.it().issues.get_mut(&2).unwrap();
        new.updated += days(2);
    });
    desk.a_day_later();
    desk.synced();
    assert_eq!(desk.paths(), ["_issues/2-new.md"]);
    assert_eq!(desk.trash(), ["_issues/1-old.md"]);
}

#[test]
fn an_issue_that_becomes_a_discussion_or_goes_elsewhere_leaves_its_place() {
    let desk = Desk::new("releases = false\n", |repo| {
        for title in ["One", "Two", "Three"] {
            repo.add_issue(title, "x");
        }
    });
    desk.site.edit(|m| {
        m.add_repository("acme/other").commit("main", &[("README.md", "x")]);
    });
    desk.synced();
    let number = desk.edit(|repo| {
        repo.transfer_conversation(2, "acme/other");
        repo.convert_to_discussion(1)
    });
    desk.synced();
    assert_eq!(desk.paths(), [format!("_discussions/{number}-one.md"), "_issues/3-three.md".to_owned()]);
    assert_eq!(desk.trash(), ["_issues/1-one.md", "_issues/2-two.md"]);
}

#[test]
fn issues_that_are_switched_off_stay_and_pull_requests_go_on() {
    let desk = mixed();
    desk.synced();
    desk.edit(|repo| {
        repo.set(|it| it.has_issues = false);
        repo.comment(3, "Still here");
    });
    let said = desk.synced();
    assert!(said.stderr.contains("its issues are switched off"), "{said:#?}");
    assert_eq!(desk.paths().len(), 3);
    assert!(desk.documents()["_issues/3-mend-it.md"].contains("Still here"));
    desk.a_day_later();
    let said = desk.synced();
    assert!(!said.stderr.contains("switched off"), "{said:#?}");
    assert_eq!(desk.paths().len(), 3);
}

#[test]
fn what_is_too_much_at_once_is_asked_for_in_halves() {
    let desk = Desk::new(ONLY, |repo| {
        for number in 1..=40 {
            repo.add_issue(&format!("Issue {number}"), "x");
        }
    });
    // 100 listed with 100 comments each are 10,000 nodes.
    desk.site.habits(|habits| habits.too_large = Some(3000));
    desk.synced();
    assert_eq!(desk.paths().len(), 40, "{}", desk.site.transcript());
    desk.site.habits(|habits| {
        habits.too_large = None;
        habits.next(1, "Numbers", faults::too_heavy());
    });
    desk.edit(|repo| {
        (1..=10).for_each(|number| {
            repo.comment(number, "News");
        })
    });
    desk.synced();
    assert_eq!(desk.documents().values().filter(|text| text.contains("News")).count(), 10, "{}", desk.site.transcript());
}

#[test]
fn a_kind_that_the_user_takes_out_stays_for_cleanup() {
    let desk = mixed();
    desk.synced();
    desk.configure(ONLY);
    desk.synced();
    assert_eq!(desk.paths().len(), 3);
    assert!(desk.trash().is_empty());
}
