//! The control program against the real daemon and a simulated site: a user's day with it, and its answers when things go wrong.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::home::{Daemon, Home, Said, said, wait_for};
use crate::support::{Fault, Id, Site, TOKEN};

const DAEMON: &str = env!("CARGO_BIN_EXE_context-syncd");

/// The control program, which cargo builds beside the daemon where the whole workspace is tested.
fn program() -> PathBuf {
    let path = PathBuf::from(DAEMON).with_file_name("context-syncctl");
    assert!(path.exists(), "{} is not built; run the tests with `cargo test --workspace`", path.display());
    path
}

/// Runs the control program as text.
pub(crate) fn text(home: &Home, arguments: &[&str]) -> Said {
    let mut command = home.command(program());
    command.args(arguments).args(["-o", "text"]);
    said(command)
}

/// Runs it for its document, and checks the exit code.
#[track_caller]
fn document(home: &Home, arguments: &[&str], code: i32) -> Value {
    let mut command = home.command(program());
    command.args(arguments).args(["-o", "json"]);
    let said = said(command);
    assert_eq!((said.code, said.stderr.as_str()), (Some(code), ""), "{arguments:?}: {said:#?}");
    let document: Value = serde_json::from_str(&said.stdout).unwrap_or_else(|error| panic!("{error}: {said:#?}"));
    assert_eq!(document["schema_version"], 1);
    document
}

/// The one connector's status.
fn status(home: &Home) -> Value {
    document(home, &["status", "confluence"], 0)["connectors"][0].clone()
}

fn site() -> (Site, Id) {
    let site = Site::cloud();
    let page = site.edit(|model| {
        model.add_space("ENG", "Engineering");
        model.add_page("ENG", None, "Guide", "<p>The guide.</p>");
        model.add_page("ENG", None, "Old page", "<p>To go.</p>")
    });
    (site, page)
}

#[test]
fn a_service_that_makes_us_wait_is_seen_to_be_waited_for() {
    let (site, _) = site();
    site.habits(|habits| habits.always("/wiki/", Fault::too_many(3600)));
    let home = Home::for_site(DAEMON, &site, "");
    let daemon = home.start();
    wait_for("the wait", || status(&home)["state"] == "waiting", || format!("{:#}\n{}", status(&home), daemon.log()));
    let now = status(&home);
    // It is still the first sync, not one that failed and is tried again.
    let (started, until) = (now["started_ms"].as_u64().unwrap(), now["until_ms"].as_u64().unwrap());
    assert!(until > started + 3_000_000, "{now:#}");
    assert!(now["why"].as_str().unwrap().contains("rate"), "{now:#}");
}

/// A daemon whose first sync, soon after its start, is over.
pub(crate) fn settled(home: &Home) -> Daemon<'_> {
    let daemon = home.start();
    document(home, &["sync"], 0);
    daemon
}

#[test]
fn a_day_with_the_control_program() {
    let (site, page) = site();
    let home = Home::for_site(DAEMON, &site, "");
    let _daemon = settled(&home);

    let now = status(&home);
    assert_eq!((&now["state"], &now["last_outcome"], &now["deferred"]), (&json!("idle"), &json!("done"), &json!(0)), "{now:#}");
    assert_eq!(now["documents"], 3, "the home page and two others: {now:#}");
    assert!(now["last_success_ms"].is_u64() && now["next_run_ms"].is_u64(), "{now:#}");

    // A page goes upstream, and with it here: to the trash, from where it comes back.
    site.edit(|model| model.delete(page));
    let run = text(&home, &["sync", "confluence"]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert!(run.stdout.starts_with("confluence: done\n") && run.stdout.contains(", 1 removed; "), "{run:#?}");
    let list = text(&home, &["restore"]);
    let listed = list.stdout.split_whitespace().find(|word| word.ends_with(".md")).unwrap_or_else(|| panic!("{list:#?}")).to_owned();
    assert!(listed.starts_with("confluence/") && listed.contains(&format!("/ENG/old-page--{page}.md")), "{listed}");
    let restored = text(&home, &["restore", &listed]);
    assert_eq!(restored.code, Some(0), "{restored:#?}");
    assert!(home.page(&format!("ENG/old-page--{page}.md")).contains("To go."));
    assert_eq!(document(&home, &["restore", "confluence/no-such.md"], 4)["runs"][0]["outcome"], "not_found");
    assert_eq!(document(&home, &["restore", "/etc/passwd"], 4)["error"]["kind"], "not_found");

    let history = document(&home, &["history", "-n", "50"], 0);
    let operations: Vec<&Value> = history["runs"].as_array().unwrap().iter().map(|run| &run["operation"]).collect();
    assert!(operations.starts_with(&[&json!("restore"), &json!("restore")]) && operations.contains(&&json!("sync")), "{operations:?}");
    assert_eq!(document(&home, &["cleanup"], 0)["runs"][0]["outcome"], "done");
    let valid = text(&home, &["validate"]);
    assert_eq!(valid.code, Some(0), "{valid:#?}");
    assert!(valid.stdout.starts_with("confluence: works\n"), "{valid:#?}");
    let logs = text(&home, &["logs", "confluence"]);
    assert!(logs.code == Some(0) && logs.stdout.contains("confluence"), "{logs:#?}");
}

#[test]
fn a_pause_holds_and_a_sync_that_is_asked_for_runs_all_the_same() {
    let (site, _) = site();
    let home = Home::for_site(DAEMON, &site, "");
    let daemon = settled(&home);
    assert_eq!(document(&home, &["pause"], 0)["connectors"], json!(["confluence"]));
    assert_eq!(document(&home, &["pause"], 0)["connectors"], json!([]), "it is paused already");
    assert_eq!(status(&home)["state"], "paused");
    document(&home, &["sync"], 0);
    assert_eq!(status(&home)["state"], "paused");
    assert!(daemon.stop().success());

    let _daemon = home.start();
    assert_eq!(status(&home)["state"], "paused", "after a restart");
    assert_eq!(document(&home, &["resume", "confluence"], 0)["connectors"], json!(["confluence"]));
    assert_ne!(status(&home)["state"], "paused");
}

#[test]
fn the_configuration_is_shown_without_secrets_checked_and_read_again() {
    let (site, _) = site();
    let home = Home::for_site(DAEMON, &site, "");
    let good = std::fs::read_to_string(home.config()).unwrap();
    let _daemon = settled(&home);

    let shown = text(&home, &["config", "show"]);
    assert!(shown.code == Some(0) && shown.stdout.contains(&site.base_url()) && !shown.stdout.contains(TOKEN), "{shown:#?}");
    assert_eq!(document(&home, &["config", "path"], 0)["path"], json!(home.config()));
    assert_eq!(document(&home, &["config", "check"], 0)["valid"], true);
    document(&home, &["reload"], 0);

    home.configure(&format!("{good}\nspces = [\"ENG\"]\n"));
    let error = document(&home, &["reload"], 2)["error"].clone();
    assert_eq!(error["kind"], "misconfigured");
    assert!(error["message"].as_str().unwrap().contains("spces"), "{error:#}");
    let error = document(&home, &["config", "check"], 2)["error"].clone();
    assert!(error["message"].as_str().unwrap().contains("spces"), "{error:#}");
    document(&home, &["sync"], 0);

    home.configure("");
    assert_eq!(document(&home, &["reload"], 0)["removed"], json!(["confluence"]));
    let error = document(&home, &["sync", "confluence"], 4)["error"].clone();
    assert!(error["message"].as_str().unwrap().contains("confluence") && error["hint"] != "", "{error:#}");
    let text = text(&home, &["status"]);
    assert!(text.code == Some(0) && text.stdout.contains("No connector is configured"), "{text:#?}");
}

#[test]
fn refused_credentials_are_3_and_status_says_what_to_do() {
    let (site, _) = site();
    let home = Home::for_site(DAEMON, &site, "");
    home.configure(&std::fs::read_to_string(home.config()).unwrap().replace(TOKEN, "an-old-token"));
    let _daemon = home.start();
    let run = text(&home, &["sync"]);
    assert_eq!(run.code, Some(3), "{run:#?}");
    assert!(run.stdout.starts_with("confluence: credentials refused: "), "{run:#?}");
    let now = status(&home);
    assert_eq!(now["state"], "suspended", "{now:#}");
    assert!(now["todo"].as_str().is_some_and(|todo| !todo.is_empty()), "{now:#}");
    assert_eq!(document(&home, &["validate"], 3)["runs"][0]["outcome"], "unauthorized");
}

#[test]
fn waiting_can_end_before_the_sync_does() {
    let (site, _) = site();
    site.habits(|habits| habits.always("/wiki/", Fault::Silence));
    let home = Home::for_site(DAEMON, &site, "");
    let daemon = home.start();
    let error = document(&home, &["sync", "--timeout", "1"], 11)["error"].clone();
    assert_eq!(error["kind"], "timeout");
    wait_for("a running sync", || status(&home)["state"] == "running", || daemon.log());
    assert_eq!(document(&home, &["cancel"], 0)["connectors"], json!(["confluence"]));
    wait_for("the end of it", || status(&home)["last_outcome"] == "cancelled", || daemon.log());

    let mut waiting = home.command(program());
    let waiting = waiting.args(["sync", "-o", "text"]).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    wait_for("a running sync", || status(&home)["state"] == "running", || daemon.log());
    daemon.kill();
    let output = waiting.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(9), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("went away"), "{output:?}");
    assert_eq!(document(&home, &["status"], 9)["error"]["kind"], "daemon_unreachable");
}

#[test]
fn how_faithful_the_mirror_is_can_be_asked_and_everything_written_again() {
    let site = Site::cloud();
    let page = site.edit(|model| {
        model.add_space("ENG", "Engineering");
        model.add_page("ENG", None, "Plain", "<p>Words.</p>");
        let novel = "<ac:structured-macro ac:name=\"novel\" /><ac:structured-macro ac:name=\"status\"><ac:parameter ac:name=\"title\">OK</ac:parameter></ac:structured-macro>";
        model.add_page("ENG", None, "Odd", novel)
    });
    let home = Home::for_site(DAEMON, &site, "");
    let _daemon = settled(&home);
    let told = document(&home, &["status", "--fidelity"], 0)["connectors"][0]["fidelity"].clone();
    assert_eq!((&told["whole"], &told["lossy"]), (&json!(2), &json!(1)), "{told:#}");
    assert_eq!((&told["constructs"][0]["what"], &told["constructs"][0]["lost"]), (&json!("macro:novel"), &json!(1)), "{told:#}");
    assert_eq!(status(&home)["fidelity"], Value::Null, "only where it is asked for");

    let file = format!("confluence/ENG/odd--{page}.md");
    let path = home.output().join(&file).display().to_string();
    for what in [page.to_string(), file, path, format!("{}/spaces/ENG/pages/{page}/Odd?x=1", site.base_url())] {
        let said = text(&home, &["explain", &what]);
        assert_eq!(said.code, Some(0), "{what}: {said:#?}");
        assert!(said.stdout.contains("Odd") && said.stdout.contains("macro:novel   lost"), "{said:#?}");
    }
    assert_eq!(text(&home, &["explain", "12345678"]).code, Some(4));

    let requests = site.requests().len();
    let run = document(&home, &["sync", "--rerender"], 0)["runs"][0].clone();
    assert_eq!((&run["operation"], &run["summary"]["relinked"], &run["summary"]["written"]), (&json!("rerender"), &json!(3), &json!(0)), "{run:#}");
    assert_eq!(site.requests().len(), requests, "no request");
}
