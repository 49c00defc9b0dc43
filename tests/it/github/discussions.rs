//! Discussions: what is mirrored of them, what each run costs, and what becomes of those that change or go.

use super::desk::Desk;
use crate::support::github::{GitHub, faults};
use crate::support::habits::RetryAfter;

const ONLY: &str = "issues = false\nreleases = false\n";

fn three() -> Desk {
    Desk::new(ONLY, |repo| {
        for title in ["How to begin?", "An idea", "Hello"] {
            repo.add_discussion("q-a", title, "The text, see #1.");
        }
    })
}

#[test]
fn the_first_run_brings_all_and_the_second_asks_once_and_writes_nothing() {
    let desk = three();
    desk.synced();
    assert_eq!(desk.paths(), ["_discussions/1-how-to-begin.md", "_discussions/2-an-idea.md", "_discussions/3-hello.md"]);
    assert_eq!(desk.queries()[1..], ["List", "Numbers"], "{}", desk.site.transcript());
    let text = &desk.documents()["_discussions/2-an-idea.md"];
    assert!(text.contains("type: discussion\n") && text.contains("container: acme/app\n") && text.contains("category: Q&A"), "{text}");
    assert!(text.contains("[#1](1-how-to-begin.md)"), "{text}");
    let looks = desk.looks();
    desk.synced();
    assert_eq!(desk.queries().len(), 1, "{}", desk.site.transcript());
    assert_eq!(desk.looks(), looks);
    desk.a_day_later();
    desk.synced();
    assert_eq!(desk.queries()[1..], ["List"], "{}", desk.site.transcript());
    assert_eq!(desk.looks(), looks);
}

#[test]
fn what_moves_a_discussion_is_fetched_alone() {
    let desk = three();
    desk.synced();
    let comment = desk.edit(|repo| repo.comment(1, "First comment"));
    desk.synced();
    assert_eq!(desk.queries()[1..], ["List", "Numbers"], "{}", desk.site.transcript());
    assert!(
        desk.site.requests().iter().any(|seen| seen.graphql.contains("discussion(number: 1)") && !seen.graphql.contains("discussion(number: 2)"))
    );
    assert!(desk.documents()["_discussions/1-how-to-begin.md"].contains("First comment"));
    desk.edit(|repo| {
        repo.reply(1, comment, "A reply");
        repo.answer(1, comment);
        repo.edit_discussion(1, |it| it.title = "How to start".to_owned());
    });
    desk.synced();
    let text = &desk.documents()["_discussions/1-how-to-start.md"];
    assert!(text.contains("answered: \"true\"") || text.contains("answered: true"), "{text}");
    assert!(text.contains("> [!TIP]\n> **Answer by @ann") && text.contains("A reply"), "{text}");
    assert_eq!(desk.paths().len(), 3);
    let others = &desk.documents()["_discussions/2-an-idea.md"];
    assert!(others.contains("[#1](1-how-to-start.md)"), "links follow: {others}");
}

#[test]
fn comments_that_change_without_moving_their_discussion_are_found_within_a_day() {
    let desk = three();
    let [kept, gone, hidden] = desk.edit(|repo| ["Kept", "Gone", "Hidden"].map(|body| repo.comment(2, body)));
    let reply = desk.edit(|repo| repo.reply(2, kept, "Reply"));
    desk.synced();
    let file = "_discussions/2-an-idea.md";
    for (edit, there, not_there) in [
        (Box::new(|desk: &Desk| desk.edit(|repo| repo.edit_comment(kept, "Better", false))) as Box<dyn Fn(&Desk)>, "Better", "Kept"),
        (Box::new(|desk| desk.edit(|repo| repo.delete_comment(gone))), "Better", "Gone"),
        (Box::new(|desk| desk.edit(|repo| repo.minimize(hidden, "spam"))), "1 comment left out, hidden at GitHub: 1 as spam", "Hidden\n"),
        (Box::new(|desk| desk.edit(|repo| repo.edit_comment(reply, "Second thought", false))), "Second thought", "Reply\n"),
        (Box::new(|desk| desk.edit(|repo| repo.delete_comment(kept))), "(deleted)", "Better"),
    ] {
        edit(&desk);
        desk.synced();
        assert_eq!(desk.queries().len(), 1, "nothing moved: {}", desk.site.transcript());
        desk.a_day_later();
        desk.synced();
        let text = &desk.documents()[file];
        assert!(text.contains(there) && !text.contains(not_there), "{there}, not {not_there}: {text}");
    }
}

#[test]
fn a_deleted_discussion_leaves_in_the_run_that_sees_the_count_fall() {
    let desk = three();
    desk.synced();
    desk.edit(|repo| repo.delete_conversation(2));
    desk.synced();
    assert_eq!(desk.queries()[1..], ["List", "Numbers"], "{}", desk.site.transcript());
    assert_eq!(desk.paths(), ["_discussions/1-how-to-begin.md", "_discussions/3-hello.md"]);
    assert_eq!(desk.trash(), ["_discussions/2-an-idea.md"]);
    let looks = desk.looks();
    desk.synced();
    assert_eq!((desk.queries().len(), desk.looks()), (1, looks));
}

#[test]
fn a_huge_discussion_is_whole() {
    let desk = three();
    desk.edit(|repo| {
        let first = repo.comment(3, "Comment 1 of 300.");
        for number in 1..=150 {
            repo.reply(3, first, &format!("Reply {number} of 150."));
        }
        for number in 2..=300 {
            repo.comment(3, &format!("Comment {number} of 300."));
        }
    });
    desk.synced();
    let text = &desk.documents()["_discussions/3-hello.md"];
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words} is missing"));
    assert!((1..300).all(|number| at(&format!("Comment {number} of 300.")) < at(&format!("Comment {} of 300.", number + 1))));
    assert!((1..150).all(|number| at(&format!("Reply {number} of 150.")) < at(&format!("Reply {} of 150.", number + 1))));
    assert!(at("Reply 150 of 150.") < at("Comment 2 of 300."));
    // 30 + 100 + 100 + 70 comments; 20 + 100 + 30 replies.
    assert_eq!(desk.queries().iter().filter(|query| *query == "Rest").count(), 5, "{}", desk.site.transcript());
}

#[test]
fn a_broken_discussion_waits_and_harms_no_other() {
    let desk = three();
    desk.site.habits(|habits| habits.fail_field("Discussion.comments", None, "Something odd.", 6, 1));
    let said = desk.run();
    assert_eq!(said.code, Some(8), "{said:#?}");
    assert_eq!(desk.paths().len(), 2, "{:?}\n{}", desk.paths(), desk.site.transcript());
    desk.synced();
    assert_eq!(desk.paths().len(), 3, "{}", desk.site.transcript());
}

#[test]
fn a_listing_with_errors_names_what_is_whole_and_takes_nothing_away() {
    let desk = three();
    desk.synced();
    desk.edit(|repo| {
        repo.delete_conversation(1);
        repo.comment(3, "News");
    });
    desk.site.habits(|habits| habits.fail_field("Discussion.comments", Some("SERVICE_UNAVAILABLE"), "Not now.", 2, 1));
    let said = desk.run();
    assert_eq!(said.code, Some(8), "{said:#?}");
    assert_eq!(desk.paths().len(), 3, "nothing is inferred");
    desk.synced();
    assert_eq!(desk.paths(), ["_discussions/2-an-idea.md", "_discussions/3-hello.md"]);
    assert!(desk.documents()["_discussions/3-hello.md"].contains("News"));
}

#[test]
fn a_list_without_end_ends_and_pages_that_overlap_do_no_harm() {
    let desk = Desk::new(ONLY, |repo| {
        for number in 0..130 {
            repo.add_discussion("general", &format!("Idea {number}"), "x");
        }
    });
    desk.site.habits(|habits| habits.repeat_across_pages = true);
    desk.synced();
    assert_eq!(desk.paths().len(), 130);
    desk.site.habits(|habits| {
        habits.repeat_across_pages = false;
        habits.endless_cursor = true;
    });
    desk.a_day_later();
    let said = desk.run();
    assert_eq!(said.code, Some(8), "{said:#?}");
    assert_eq!(desk.paths().len(), 130, "nothing is inferred");
    assert!(desk.queries().len() < 8, "{}", desk.site.transcript());
}

#[test]
fn nobody_is_a_ghost_and_empty_texts_are_no_fault() {
    let desk = three();
    desk.edit(|repo| {
        repo.edit_discussion(1, |it| {
            it.text.author = None;
            it.text.body = None;
        });
        let comment = repo.comment(1, "Bye");
        repo.change_comment(comment, |comment| comment.author = None);
        repo.poll(1, "Tabs?", &[("Yes", 2), ("No", 1)]);
    });
    desk.synced();
    let text = &desk.documents()["_discussions/1-how-to-begin.md"];
    assert!(text.contains("created_by: ghost\n") && text.contains("**@ghost**") && text.contains("| Yes | 2 |"), "{text}");
}

#[test]
fn a_limit_in_mid_run_is_waited_for_and_after_a_failure_the_next_run_goes_on() {
    let desk = Desk::new(ONLY, |repo| {
        for number in 0..60 {
            repo.add_discussion("general", &format!("Idea {number}"), "x");
        }
    });
    desk.site.habits(|habits| habits.after(1, 1, "Numbers", faults::graphql_secondary(200, RetryAfter::Seconds(1))));
    desk.synced();
    assert_eq!(desk.paths().len(), 60);
    assert_eq!(desk.queries().iter().filter(|query| *query == "Numbers").count(), 4, "{}", desk.site.transcript());
    desk.edit(|repo| {
        (1..=60).for_each(|number| {
            repo.comment(number, "News");
        })
    });
    desk.site.habits(|habits| habits.after(1, usize::MAX, "Numbers", faults::status(500, "Sorry")));
    let said = desk.run();
    assert_eq!(said.code, Some(8), "{said:#?}");
    let fresh = || desk.documents().values().filter(|text| text.contains("News")).count();
    assert_eq!(fresh(), 25, "{}", desk.site.transcript());
    desk.site.habits(|habits| habits.forgive());
    desk.synced();
    assert_eq!(fresh(), 60, "{}", desk.site.transcript());
}

#[test]
fn labels_choose_and_who_loses_one_leaves() {
    let labelled = format!("{ONLY}labels = [\"Keep\"]\n");
    let desk = Desk::new(&labelled, |repo| {
        for title in ["One", "Two", "Three"] {
            let number = repo.add_discussion("general", title, "x");
            repo.set_labels(number, &["keep", "other"]);
        }
        repo.add_discussion("general", "Four", "x");
    });
    desk.synced();
    assert_eq!(desk.paths(), ["_discussions/1-one.md", "_discussions/2-two.md", "_discussions/3-three.md"]);
    assert!(desk.documents()["_discussions/1-one.md"].contains("labels:\n  - keep\n  - other\n"));
    desk.edit(|repo| repo.set_labels(2, &["other"]));
    desk.synced();
    assert_eq!(desk.trash(), ["_discussions/2-two.md"]);
    desk.edit(|repo| repo.set_labels(4, &["keep"]));
    desk.synced();
    assert_eq!(desk.paths(), ["_discussions/1-one.md", "_discussions/3-three.md", "_discussions/4-four.md"]);
    // Another choice of the user takes nothing away: that is for `cleanup`.
    desk.edit(|repo| repo.set_labels(1, &["keep", "special"]));
    desk.configure(&format!("{ONLY}labels = [\"special\"]\n"));
    desk.synced();
    assert_eq!(desk.paths(), ["_discussions/1-one.md", "_discussions/3-three.md", "_discussions/4-four.md"]);
    assert_eq!(desk.trash(), ["_discussions/2-two.md"]);
}

#[test]
fn discussions_that_are_switched_off_stay_and_it_is_said_once() {
    let desk = three();
    desk.synced();
    desk.edit(|repo| repo.set(|it| it.has_discussions = false));
    let said = desk.synced();
    assert!(said.stderr.contains("its discussions are switched off"), "{said:#?}");
    let said = desk.synced();
    assert!(!said.stderr.contains("switched off"), "{said:#?}");
    assert_eq!(desk.paths().len(), 3);
    desk.edit(|repo| {
        repo.set(|it| it.has_discussions = true);
        repo.delete_conversation(3);
    });
    desk.synced();
    assert_eq!(desk.paths().len(), 2);
}

#[test]
fn a_discussion_that_moves_to_another_repository_follows() {
    let desk = three();
    desk.site.edit(|m| {
        m.add_repository("acme/other").commit("main", &[("README.md", "x")]);
    });
    desk.home.configure(&std::fs::read_to_string(desk.home.config()).unwrap().replace("[\"acme/app\"]", "[\"acme/app\", \"acme/other\"]"));
    desk.synced();
    desk.edit(|repo| repo.transfer_conversation(2, "acme/other"));
    desk.synced();
    assert_eq!(desk.trash(), ["_discussions/2-an-idea.md"]);
    assert!(desk.mirror().join("acme/other/_discussions/1-an-idea.md").is_file());
}

#[test]
fn an_old_server_without_the_youngest_fields_is_read() {
    let desk = Desk::at(GitHub::enterprise(), ONLY, |repo| {
        let number = repo.add_discussion("general", "One", "The text");
        repo.comment(number, "A comment");
    });
    desk.site.habits(|habits| habits.undefined.extend(["Discussion.poll", "Discussion.stateReason"].map(str::to_owned)));
    desk.synced();
    assert!(desk.documents()["_discussions/1-one.md"].contains("A comment"), "{}", desk.site.transcript());
}
