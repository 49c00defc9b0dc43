//! The output folder is deleted, moved away or replaced, before a run and in its midst.

use std::time::Duration;

use super::*;
use crate::home::wait_for;
use crate::support::Class;

/// A home whose sync has just asked for something of `moment`; `act` then does something to it. What the run said.
fn in_mid_run(small: &Small, home: &Home, moment: Class, act: impl FnOnce()) -> Said {
    small.site.clear_requests();
    small.site.latency(Duration::from_millis(60));
    let mut command = home.daemon_command(&["--once"]);
    command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    wait_for("the moment", || small.site.count(moment) > 0, || small.site.transcript());
    act();
    let output = child.wait_with_output().unwrap();
    small.site.latency(Duration::ZERO);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

/// What may happen to a folder.
const DOINGS: [&str; 5] = ["deleted", "moved away", "replaced by a folder", "replaced by a file", "replaced by a link"];

fn befall(doing: &str, folder: &Path, aside: &Path) {
    match doing {
        "deleted" => std::fs::remove_dir_all(folder).unwrap(),
        _ => std::fs::rename(folder, aside).unwrap(),
    }
    match doing {
        "replaced by a folder" => std::fs::create_dir(folder).unwrap(),
        "replaced by a file" => std::fs::write(folder, "a file").unwrap(),
        "replaced by a link" => std::os::unix::fs::symlink(aside, folder).unwrap(),
        _ => {}
    }
}

/// Takes away what stands in the way of a mirror, as its user would.
fn clear_the_way(doing: &str, folder: &Path) {
    if matches!(doing, "replaced by a file" | "replaced by a link") {
        std::fs::remove_file(folder).unwrap();
    }
}

#[test]
fn a_folder_that_goes_in_mid_run_is_named_and_the_next_run_makes_all_anew() {
    let small = Small::new();
    for whole in [true, false] {
        for doing in DOINGS {
            let story = format!("{} {doing}", if whole { "the output folder is" } else { "the connector's folder is" });
            let home = small.home();
            home.synced();
            small.edit();
            let folder = if whole { home.output() } else { home.mirror() };
            let aside = home.path().join("aside");
            let said = in_mid_run(&small, &home, Class::Bodies, || befall(doing, &folder, &aside));
            if whole && doing == "replaced by a link" {
                // The same folder, by another way.
                assert_eq!(said.code, Some(0), "{story}: {said:#?}");
            } else {
                assert_refused(&said, &["was", "moved", "replaced while", &home.output().display().to_string()], &story);
            }
            if aside.exists() && doing != "replaced by a link" {
                // What was moved away is its user's, whole.
                let kept = if whole { aside.join("confluence") } else { aside.clone() };
                assert!(!crate::home::files(&kept).is_empty(), "{story}");
            }
            clear_the_way(doing, &folder);
            small.assert_heals(&home, &story);
        }
    }
}

#[test]
fn a_run_whose_folder_was_moved_away_at_its_end_is_no_success() {
    let small = Small::new();
    let home = small.home();
    let aside = home.path().join("aside");
    let said = in_mid_run(&small, &home, Class::Downloads, || befall("moved away", &home.mirror(), &aside));
    assert_refused(&said, &["was moved away, deleted or replaced while it was written to. The next run writes again what is missing"], "moved away");
    small.assert_heals(&home, "moved away");
}

#[test]
fn what_stands_in_the_folders_place_is_named_and_left_alone() {
    let small = Small::new();
    for (whole, doing) in [(true, "replaced by a file"), (true, "replaced by a link"), (false, "replaced by a file"), (false, "replaced by a link")] {
        let story = format!("{whole} {doing}");
        let home = small.home();
        home.synced();
        small.edit();
        let folder = if whole { home.output() } else { home.mirror() };
        let aside = home.path().join("aside");
        befall(doing, &folder, &aside);
        small.site.clear_requests();
        let said = home.once();
        let is_link = doing == "replaced by a link";
        if whole && is_link {
            // People put their mirrors elsewhere so; the connector's folder behind it is a real one.
            assert_eq!(said.code, Some(0), "{story}: {said:#?}");
        } else {
            assert_refused(&said, &[&folder.display().to_string()], &story);
            assert_eq!(small.site.requests().len(), 0, "{story}: {}", small.site.transcript());
        }
        assert_eq!(std::fs::symlink_metadata(&folder).unwrap().is_symlink(), is_link, "{story}");
        std::fs::remove_file(&folder).unwrap();
        std::fs::rename(&aside, &folder).unwrap();
        small.assert_heals(&home, &story);
    }
}

#[test]
fn files_that_vanished_are_no_reason_to_delete_and_come_back() {
    let small = Small::new();
    let home = small.home();
    home.synced();
    let before = home.living();
    std::fs::remove_dir_all(home.mirror().join("ENG")).unwrap();
    small.site.clear_requests();
    let said = home.synced();
    assert!(!said.stdout.contains("removed"), "{said:#?}");
    // From kept bodies; only what was attached has to be asked for.
    assert_eq!(small.site.count(Class::Bodies), 0, "{}", small.site.transcript());
    assert_eq!(home.living(), before);
}

#[test]
fn a_daemon_whose_folder_is_taken_says_so_in_status_and_tries_once() {
    let small = Small::new();
    let home = small.home();
    std::fs::write(home.output(), "a file").unwrap();
    let daemon = home.start();
    let ask = |line: &str| crate::soak::ask(&home, line);
    ask(r#"{"v":1,"id":1,"op":"sync","names":["confluence"],"full":false}"#);
    let status = || ask(r#"{"v":1,"id":2,"op":"status"}"#);
    let connector = || status()["ok"]["connectors"][0].clone();
    assert_eq!(connector()["last_outcome"], "failed", "{}", connector());
    let text = connector().to_string();
    assert!(text.contains(&home.output().display().to_string()), "{text}");
    std::thread::sleep(Duration::from_secs(2));
    let runs = ask(r#"{"v":1,"id":3,"op":"history"}"#);
    let count = runs["ok"]["runs"].as_array().unwrap().len();
    assert!(count <= 2, "the start's bell and ours: {runs}");
    assert_eq!(small.site.requests().len(), 0);
    std::fs::remove_file(home.output()).unwrap();
    ask(r#"{"v":1,"id":4,"op":"sync","names":["confluence"],"full":false}"#);
    assert_eq!(connector()["last_outcome"], "done", "{}", connector());
    assert!(daemon.stop().success());
    assert!(home.living() == small.fresh());
}
