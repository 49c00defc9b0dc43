//! Ways in: an App that finds its installation, its key out of a command, and a token that ends soon.

use super::files::{FILES_ONLY, paths, synced};
use super::stage::DAEMON;
use crate::home::Home;
use crate::support::github::{APP_ID, Class, GitHub, TOKEN};

fn site() -> GitHub {
    let site = GitHub::new();
    site.edit(|m| {
        m.add_repository("acme/app").commit("main", &[("README.md", "# App\n")]);
    });
    site
}

/// A home whose App has its key in `app.pem`.
fn home_of_app(site: &GitHub, repos: &str, key: impl FnOnce(&str) -> String) -> Home {
    let home = Home::new(DAEMON);
    let file = home.path().join("app.pem");
    std::fs::write(&file, site.app_key()).unwrap();
    let key = key(file.to_str().unwrap());
    home.configure(&site.config_as(&format!("repos = [\"{repos}\"]\napp_id = {APP_ID}\nprivate_key = {key}\n{FILES_ONLY}")));
    home
}

fn in_a_file(path: &str) -> String {
    format!("{{ file = \"{path}\" }}")
}

fn asked_of_the_app(site: &GitHub) -> Vec<(String, Option<u16>)> {
    site.requests().into_iter().filter(|seen| seen.class == Class::App).map(|seen| (seen.path, seen.status)).collect()
}

#[test]
fn an_app_finds_its_installation_by_the_owner() {
    let site = site();
    let installed = site.edit(|m| m.install("acme", None));
    let home = home_of_app(&site, "acme/*", in_a_file);
    synced(&site, &home);
    assert_eq!(paths(&home), ["acme/app/README.md"]);
    let token = format!("/app/installations/{installed}/access_tokens");
    assert_eq!(asked_of_the_app(&site), [("/orgs/acme/installation".to_owned(), Some(200)), (token, Some(201))]);
}

#[test]
fn an_app_of_a_user_or_of_other_repositories_is_found_too() {
    let site = site();
    let (of_ann, of_acme) = site.edit(|m| {
        m.add_user("ann");
        m.add_repository("ann/notes").commit("main", &[("README.md", "# Notes\n")]);
        let other = m.add_repository("acme/other").id;
        (m.install("ann", None), m.install("acme", Some(&[other])))
    });
    let home = home_of_app(&site, "ann/*", in_a_file);
    synced(&site, &home);
    assert_eq!(paths(&home), ["ann/notes/README.md"]);
    let ways = ["/orgs/ann/installation".to_owned(), "/users/ann/installation".to_owned(), format!("/app/installations/{of_ann}/access_tokens")];
    assert_eq!(asked_of_the_app(&site).into_iter().map(|(path, _)| path).collect::<Vec<_>>(), ways);
    // It is installed for another repository than the first of the list.
    let home = home_of_app(&site, "acme/app", in_a_file);
    synced(&site, &home);
    let ways =
        ["/repos/acme/app/installation".to_owned(), "/orgs/acme/installation".to_owned(), format!("/app/installations/{of_acme}/access_tokens")];
    assert_eq!(asked_of_the_app(&site).into_iter().map(|(path, _)| path).collect::<Vec<_>>(), ways);
}

#[test]
fn an_app_that_is_installed_nowhere_says_so() {
    let site = site();
    let home = home_of_app(&site, "acme/*", in_a_file);
    let said = home.once();
    assert!(said.stderr.contains("is not installed for acme") && said.stderr.contains("installation_id"), "{said:#?}");
    assert_eq!(site.requests().len(), 2, "{}", site.transcript());
}

#[test]
fn a_key_of_many_lines_comes_out_of_a_command() {
    let site = site();
    site.edit(|m| m.install("acme", None));
    let home = home_of_app(&site, "acme/app", |path| format!("{{ command = [\"sh\", \"-c\", \"cat {path}; echo more\"] }}"));
    synced(&site, &home);
    assert_eq!(paths(&home), ["acme/app/README.md"]);
    let said = home.once();
    assert!(!said.stderr.contains("BEGIN") && !said.stdout.contains("BEGIN"), "{said:#?}");
}

#[test]
fn a_token_that_ends_within_a_week_is_said_by_runs_and_by_validate() {
    let site = site();
    let ends = |days: i64| {
        let at = chrono::Utc::now() + chrono::Duration::days(days) + chrono::Duration::hours(1);
        let text = at.format("%Y-%m-%d %H:%M:%S UTC").to_string();
        site.edit(|m| m.tokens.get_mut(TOKEN).unwrap().expires = Some(text));
    };
    let home = Home::new(DAEMON);
    home.configure(&site.config(&format!("repos = [\"acme/app\"]\n{FILES_ONLY}")));
    ends(8);
    let said = synced(&site, &home);
    assert!(!said.stderr.contains("token ends"), "{}", said.stderr);
    ends(3);
    let said = synced(&site, &home);
    assert!(said.stderr.contains("the token ends in 3 days") && said.stderr.contains("make a new one"), "{}", said.stderr);
    assert_eq!(site.requests().len(), 1, "it costs no request: {}", site.transcript());
    let said = synced(&site, &home);
    assert!(!said.stderr.contains("token ends"), "once a day is enough: {}", said.stderr);
    let daemon = home.start();
    let validate = || {
        let mut command = home.command(std::path::Path::new(DAEMON).with_file_name("context-syncctl"));
        command.args(["validate", "-o", "text"]);
        let said = crate::home::said(command);
        (said.code, format!("{}{}", said.stdout, said.stderr))
    };
    let (code, text) = validate();
    assert!(code != Some(0) && text.contains("the token ends in 3 days") && text.contains("Make a new one"), "{code:?} {text}");
    ends(30);
    let (code, text) = validate();
    assert!(code == Some(0) && text.contains("the token ends 2"), "{code:?} {text}");
    drop(daemon);
}
