//! Releases, with a token and without.

use super::desk::Desk;
use crate::support::github::Class;

const ONLY: &str = "discussions = false\nissues = false\n";

fn two() -> Desk {
    Desk::new(ONLY, |repo| {
        let first = repo.add_release("v1.0", Some("The first"), Some("All is *new*.\r\n"));
        repo.add_asset(first, "app.zip", 1_500_000);
        repo.add_release("v1.1", None, Some("Small things, see #1"));
    })
}

#[test]
fn a_release_whose_author_is_gone_is_a_ghosts() {
    let desk = two();
    desk.edit(|repo| {
        repo.it().releases.values_mut().for_each(|release| release.author = None);
    });
    desk.synced();
    let documents = desk.documents();
    assert!(documents["_releases/v1.0.md"].contains("created_by: ghost\n"), "{}", documents["_releases/v1.0.md"]);
}

#[test]
fn they_are_mirrored_by_their_tags_and_a_quiet_run_asks_once() {
    let desk = two();
    desk.edit(|repo| {
        let draft = repo.add_release("v2.0", Some("Secret"), None);
        repo.edit_release(draft, |it| it.draft = true);
    });
    desk.synced();
    assert_eq!(desk.paths(), ["_releases/v1.0.md", "_releases/v1.1.md"]);
    assert_eq!(desk.queries()[1..], ["Releases", "Tags"], "{}", desk.site.transcript());
    let documents = desk.documents();
    let (first, second) = (&documents["_releases/v1.0.md"], &documents["_releases/v1.1.md"]);
    assert!(first.contains("# The first\n\nAll is *new*.\n") && first.contains("1.5 MB") && first.contains("type: release\n"), "{first}");
    assert!(second.contains("# v1.1\n"), "{second}");
    let looks = desk.looks();
    desk.synced();
    assert_eq!((desk.queries().len(), desk.looks() == looks), (1, true), "{}", desk.site.transcript());
}

#[test]
fn an_edited_release_is_found_at_once_or_within_a_day_and_a_deleted_one_leaves() {
    let desk = two();
    desk.edit(|repo| {
        repo.add_release("v1.2", None, None);
    });
    desk.synced();
    let ids: Vec<_> = desk.edit(|repo| repo.it().releases.keys().copied().collect());
    desk.edit(|repo| repo.edit_release(ids[2], |it| it.body = Some("Edited at once".to_owned())));
    desk.synced();
    assert!(desk.documents()["_releases/v1.2.md"].contains("Edited at once"), "{}", desk.site.transcript());
    desk.edit(|repo| repo.edit_release(ids[0], |it| it.body = Some("Edited later".to_owned())));
    desk.synced();
    assert_eq!(desk.queries().len(), 1, "the newest is as it was: {}", desk.site.transcript());
    desk.a_day_later();
    desk.synced();
    assert!(desk.documents()["_releases/v1.0.md"].contains("Edited later"));
    assert_eq!(desk.queries()[1..], ["Releases", "Tags"], "{}", desk.site.transcript());
    desk.edit(|repo| repo.delete_release(ids[1]));
    desk.synced();
    assert_eq!(desk.trash(), ["_releases/v1.1.md"], "{}", desk.site.transcript());
}

#[test]
fn without_a_token_they_are_listed_once_a_day_and_cost_no_request_more() {
    let desk = two();
    desk.configure_anonymous(ONLY);
    desk.synced();
    assert_eq!(desk.paths(), ["_releases/v1.0.md", "_releases/v1.1.md"]);
    assert_eq!(desk.site.count(Class::Releases), 1, "{}", desk.site.transcript());
    assert_eq!(desk.queries().len(), 0);
    let looks = desk.looks();
    desk.synced();
    assert_eq!((desk.site.count(Class::Releases), desk.looks() == looks), (0, true), "{}", desk.site.transcript());
    let ids: Vec<_> = desk.edit(|repo| repo.it().releases.keys().copied().collect());
    desk.edit(|repo| {
        repo.edit_release(ids[0], |it| it.body = Some("Edited".to_owned()));
        repo.delete_release(ids[1]);
    });
    desk.a_day_later();
    desk.synced();
    // The list, and what became of the one that is missing.
    assert_eq!(desk.site.count(Class::Releases), 2, "{}", desk.site.transcript());
    assert!(desk.documents()["_releases/v1.0.md"].contains("Edited"));
    assert_eq!(desk.trash(), ["_releases/v1.1.md"]);
}
