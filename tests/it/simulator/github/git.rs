//! git over HTTPS with the real `git`.

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::home::{Said, said};
use crate::support::github::{Class, GitHub, TOKEN};

fn git(site: &GitHub, token: Option<&str>, arguments: &[&str]) -> Said {
    let mut command = Command::new("git");
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", "/nonexistent");
    for (name, value) in [("GIT_TERMINAL_PROMPT", "0"), ("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null"), ("LC_ALL", "C")] {
        command.env(name, value);
    }
    command.env("GIT_SSL_CAINFO", site.ca_file());
    if let Some(token) = token {
        let basic = STANDARD.encode(format!("x-access-token:{token}"));
        command.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", format!("http.{}/.extraHeader", site.url()));
        command.env("GIT_CONFIG_VALUE_0", format!("Authorization: Basic {basic}"));
    }
    command.args(arguments);
    said(command)
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn read(dir: &Path, what: &str) -> String {
    let mut command = Command::new("git");
    command.arg("--git-dir").arg(dir).args(["show", what]);
    said(command).stdout
}

#[test]
fn a_public_repository_is_cloned_without_a_token_and_a_private_one_with_it() {
    let site = GitHub::new();
    let head = site.edit(|m| m.add_repository("acme/app").commit("main", &[("docs/a.md", "# A\n")]));
    let listed = git(&site, None, &["ls-remote", "--symref", &site.git_url("acme/app"), "HEAD"]);
    assert_eq!(listed.stdout, format!("ref: refs/heads/main\tHEAD\n{head}\tHEAD\n"), "{listed:#?}");
    assert_eq!((site.count(Class::GitHello), site.count(Class::GitRefs)), (1, 1), "{}", site.transcript());
    site.edit(|m| m.repo("acme/app").make_private());
    let dir = folder();
    let target = dir.path().join("clone");
    let clone = |token| git(&site, token, &["clone", "-q", "--bare", "--depth=1", &site.git_url("acme/app"), target.to_str().unwrap()]);
    let refused = clone(None);
    assert!(refused.stderr.contains("terminal prompts disabled"), "{refused:#?}");
    let wrong = clone(Some("ghp_wrong"));
    assert!(wrong.stderr.contains("Authentication failed") || wrong.stderr.contains("terminal prompts disabled"), "{wrong:#?}");
    let good = clone(Some(TOKEN));
    assert_eq!(good.code, Some(0), "{good:#?}");
    assert_eq!(read(&target, "HEAD:docs/a.md"), "# A\n");
}

#[test]
fn a_wiki_is_missing_then_empty_then_there_and_survives_a_force_push() {
    let site = GitHub::new();
    site.edit(|m| drop(m.add_repository("acme/app").commit("main", &[("a.md", "x")])));
    let url = site.git_url("acme/app.wiki");
    let list = || git(&site, Some(TOKEN), &["ls-remote", &url, "HEAD"]);
    assert!(list().stderr.contains("not found"), "{:#?}", list());
    site.edit(|m| m.repo("acme/app").empty_wiki());
    assert_eq!((list().code, list().stdout), (Some(0), String::new()));
    site.edit(|m| drop(m.repo("acme/app").commit_wiki(&[("Home.md", "one\n")])));
    let dir = folder();
    let target = dir.path().join("wiki");
    assert_eq!(
        git(&site, Some(TOKEN), &["clone", "-q", "--bare", "--depth=1", "--single-branch", "--no-tags", &url, target.to_str().unwrap()]).code,
        Some(0)
    );
    site.edit(|m| drop(m.repo("acme/app").force_push_wiki(&[("Home.md", "two\n")])));
    let into = format!("--git-dir={}", target.display());
    let fetched = git(&site, Some(TOKEN), &[&into, "fetch", "-q", "--depth=1", "--no-tags", &url, "+HEAD:refs/heads/synced"]);
    assert_eq!(fetched.code, Some(0), "{fetched:#?}");
    assert_eq!(read(&target, "synced:Home.md"), "two\n");
}

#[test]
fn a_partial_clone_gets_its_blobs_when_it_asks_for_them_by_name() {
    let site = GitHub::new();
    site.edit(|m| drop(m.add_repository("acme/app").commit("main", &[("docs/a.md", "# A\n"), ("src/b.rs", "fn b() {}\n")])));
    let dir = folder();
    let target = dir.path().join("clone");
    let url = site.git_url("acme/app");
    let cloned = git(&site, None, &["clone", "-q", "--bare", "--depth=1", "--filter=blob:none", &url, target.to_str().unwrap()]);
    assert_eq!(cloned.code, Some(0), "{cloned:#?}");
    let blob = site.edit(|m| m.look("acme/app").git.read("main:docs/a.md").unwrap().0);
    let into = format!("--git-dir={}", target.display());
    let packs = site.count(Class::GitPack);
    // git asks for what it finds missing, by its name alone.
    let shown = git(&site, None, &[&into, "cat-file", "-p", &blob]);
    assert_eq!(shown.stdout, "# A\n", "{shown:#?}\n{}", site.transcript());
    assert_eq!(site.count(Class::GitPack), packs + 1, "{}", site.transcript());
}

#[test]
fn refusals_tell_permission_from_absence() {
    let site = GitHub::new();
    site.edit(|m| {
        m.add_repository("acme/app").commit("main", &[("a.md", "x")]);
        m.repo("acme/app").block(403, "tos");
    });
    let said = git(&site, Some(TOKEN), &["ls-remote", &site.git_url("acme/app")]);
    assert!(said.stderr.contains("returned error: 403"), "{said:#?}");
    let said = git(&site, Some(TOKEN), &["ls-remote", &site.git_url("acme/none")]);
    assert!(said.stderr.contains("not found"), "{said:#?}");
}

#[test]
#[should_panic(expected = "only git-upload-pack reads")]
fn pushing_fails_the_test_that_did_it() {
    let site = GitHub::new();
    site.edit(|m| drop(m.add_repository("acme/app").commit("main", &[("a.md", "x")])));
    let from = site.edit(|m| m.look("acme/app").git.dir().to_owned());
    let pushed = git(&site, Some(TOKEN), &[&format!("--git-dir={}", from.display()), "push", &site.git_url("acme/app"), "main"]);
    assert_ne!(pushed.code, Some(0));
}
