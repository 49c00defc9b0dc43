//! Whole syncs under the unit: with a token that systemd hands over, with one that a password store gives out, and with the fence around the worker.

use super::life::{configure, ctl, install, start};
use super::{as_a_user, home, journal, put, run, systemctl};
use crate::support::{EMAIL, Site, TOKEN};

fn site() -> Site {
    let site = Site::cloud();
    site.edit(|model| {
        model.add_space("ENG", "Engineering");
        model.add_page("ENG", None, "Guide", "<p>The guide.</p>")
    });
    site
}

/// A connector whose token comes from `token`, and whose bells ring at the start only.
fn connector(site: &Site, token: &str, more: &str) -> String {
    let url = site.base_url();
    let schedule = "[schedule]\nevery = \"daily\"\njitter_secs = 0\n";
    format!(
        "{schedule}{more}\n[connectors.wiki]\ntype = \"confluence\"\nurl = \"{url}\"\nusername = \"{EMAIL}\"\napi_token = {token}\ncloud = true\n"
    )
}

/// Syncs through the daemon, and returns whether that went well, and what was said.
fn sync() -> (bool, String) {
    ctl(&["-o", "json", "sync", "wiki"])
}

fn guide() -> Option<String> {
    let folder = std::fs::read_dir(home().join("context-sync/wiki/ENG")).ok()?;
    let path = folder.flatten().map(|entry| entry.path()).find(|path| path.to_str().unwrap().contains("guide--"))?;
    std::fs::read_to_string(path).ok()
}

#[track_caller]
fn assert_synced() {
    let (ok, said) = sync();
    assert!(ok, "{said}\n{}", journal(&[]));
    assert!(guide().is_some_and(|text| text.contains("The guide.")), "{said}");
    let seen = journal(&["-o", "json"]);
    assert!(!seen.contains(TOKEN), "the token is in the journal: {seen}");
}

#[test]
fn a_credential_of_systemd_is_the_token_of_a_sync() {
    as_a_user("systemd::secrets::a_credential_of_systemd_is_the_token_of_a_sync", || {
        let site = site();
        configure(&connector(&site, "{ credential = \"wiki-token\" }", ""));
        put("secret", &format!("{TOKEN}\n"));
        install("[Service]\nLoadCredential=wiki-token:%h/secret\n");
        start();
        assert_synced();
        // Without systemd's folder the name means nothing, and that is said.
        install("[Service]\nLoadCredential=\n");
        assert!(systemctl(&["restart", "context-syncd"]).0);
        let (ok, said) = sync();
        assert!(!ok && said.contains("wiki-token"), "{said}");
    });
}

#[test]
fn a_password_store_with_a_key_and_agent_of_its_own_gives_out_the_token() {
    as_a_user("systemd::secrets::a_password_store_with_a_key_and_agent_of_its_own_gives_out_the_token", || {
        if !run("sh", &["-c", "command -v pass gpg gpg-agent"]).0 {
            assert!(std::env::var_os("CI").is_none(), "pass or gpg is missing");
            return println!("NOT RUN: pass or gpg is missing");
        }
        let key = "gpg --batch --quiet --passphrase '' --quick-generate-key tester@example.org future-default default never";
        let fill = format!("{key} && pass init tester@example.org && echo {TOKEN} | pass insert -e wiki/token");
        let (ok, said) = run("sh", &["-c", &fill]);
        assert!(ok, "{said}");
        // The unit's gpg has to start its agent itself: neither ours nor one that systemd would start is there.
        let _ =
            run("sh", &["-c", "systemctl --user stop 'gpg-agent*.socket'; systemctl --user mask --runtime gpg-agent.service; gpgconf --kill all"]);
        let site = site();
        configure(&connector(&site, "{ command = [\"pass\", \"show\", \"wiki/token\"] }", ""));
        install("");
        start();
        assert_synced();
        let (_, processes) = run("systemctl", &["--user", "--no-pager", "status", "context-syncd"]);
        assert!(processes.contains("gpg-agent"), "the agent came from elsewhere: {processes}");
    });
}

#[test]
fn a_worker_under_the_unit_cannot_write_outside_of_its_folders() {
    as_a_user("systemd::secrets::a_worker_under_the_unit_cannot_write_outside_of_its_folders", || {
        let site = site();
        let token = "{ file = \"~/secret\" }";
        put("secret", TOKEN);
        // A link leads the bodies of pages out of the connector's folder, which nothing but the fence is against.
        let elsewhere = home().join("elsewhere");
        std::fs::create_dir(&elsewhere).unwrap();
        std::fs::create_dir_all(home().join("context-sync/wiki/.sync_state")).unwrap();
        std::os::unix::fs::symlink(&elsewhere, home().join("context-sync/wiki/.sync_state/raw")).unwrap();
        let arrived = || std::fs::read_dir(&elsewhere).unwrap().count();

        configure(&connector(&site, token, "[worker]\nsandbox = true\n"));
        install("");
        start();
        let (ok, said) = sync();
        // Asked outside of the unit: one that denies Landlock is no excuse.
        if !run("perl", &["-e", "exit(syscall(444, 0, 0, 1) == -1)"]).0 {
            return println!("NOT RUN: this kernel has no Landlock");
        }
        assert!(!ok, "{said}");
        assert_eq!(arrived(), 0, "something was written outside");
        assert!(said.contains(".sync_state/raw"), "not the fence, but something else stopped it: {said}");

        configure(&connector(&site, token, "[worker]\nsandbox = false\n"));
        assert!(systemctl(&["reload", "context-syncd"]).0);
        let (ok, said) = sync();
        assert!(ok && arrived() > 0, "without the fence nothing arrives either, so this shows nothing: {said}");
    });
}
