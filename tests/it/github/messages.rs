//! What people read when something of GitHub's does not work: `validate`, `sync`, `status` and the log name the thing and the way out.

use super::stage::DAEMON;
use crate::home::{Home, Said};
use crate::support::github::{APP_ID, GitHub, TOKEN, Token, faults};

const FAST: &str = "retry_base_ms = 5\nlimit_pause_ms = 20\n";
const BOTH: &str = "repos = [\"acme/app\", \"acme/other\"]\n";

fn site() -> GitHub {
    let site = GitHub::new();
    for name in ["acme/app", "acme/other"] {
        site.edit(|m| {
            let mut repo = m.add_repository(name);
            repo.commit("main", &[("README.md", "# One\n"), ("docs/a.md", "# A\n")]);
            repo.commit_wiki(&[("Home.md", "hi\n")]);
            repo.add_discussion("General", "Talk", "Text");
            repo.add_issue("Problem", "Text");
            repo.add_release("v1", Some("One"), Some("Text"));
        });
    }
    site
}

fn ctl(home: &Home, arguments: &[&str]) -> Said {
    let mut command = home.command(std::path::Path::new(DAEMON).with_file_name("context-syncctl"));
    command.args(arguments).args(["-o", "text"]);
    crate::home::said(command)
}

/// What is said, and what may not be.
struct Case<'c> {
    name: &'c str,
    /// Exit codes of `validate` and `sync`.
    codes: [i32; 2],
    /// In what `validate` says.
    validate: &'c [&'c str],
    /// In what `sync` says, or the log.
    sync: &'c [&'c str],
    /// Nowhere.
    never: &'c [&'c str],
}

/// Asks a daemon for everything; `path` is where programs are found.
#[track_caller]
fn read(case: &Case<'_>, site: &GitHub, home: &Home, path: Option<&str>) {
    let daemon = home.start_with(|command| {
        if let Some(path) = path {
            command.env("PATH", path);
        }
    });
    let validated = ctl(home, &["validate"]);
    let synced = ctl(home, &["sync"]);
    let status = ctl(home, &["status", "github"]).stdout;
    let log = ctl(home, &["logs", "github"]).stdout;
    drop(daemon);
    site.take_violations();
    let story = format!("{}: {validated:#?}\n{synced:#?}\n{status}\n{log}\n{}", case.name, site.transcript());
    assert_eq!([validated.code, synced.code], case.codes.map(Some), "{story}");
    let (validated, synced) = (format!("{}{}", validated.stdout, validated.stderr), format!("{}{}{log}", synced.stdout, synced.stderr));
    for words in case.validate {
        assert!(validated.contains(words), "`{words}` is not said by validate: {story}");
    }
    for words in case.sync {
        assert!(synced.contains(words), "`{words}` is not said by sync: {story}");
    }
    for words in case.never.iter().chain(&[TOKEN, "ghs_", "Bearer", "MII"]) {
        assert!(![&validated, &synced, &status].iter().any(|text| text.contains(words)), "`{words}` is said: {story}");
    }
    // Each way out stands once in each answer.
    if case.codes[1] != 0 {
        let words = case.sync[0];
        assert!(status.contains(words), "`{words}` is not said by status: {story}");
    }
}

fn usual(site: &GitHub) -> Home {
    let home = Home::new(DAEMON);
    home.configure(&site.config(&format!("{BOTH}{FAST}")));
    home
}

/// A home with another token than the usual one.
fn with_token(site: &GitHub, token: impl FnOnce(u64) -> Token) -> Home {
    let secret = "github_pat_SimulatedAndOfAnn";
    let user = site.edit(|m| m.add_user("ann"));
    site.edit(|m| m.tokens.insert(secret.to_owned(), token(user)));
    let home = Home::new(DAEMON);
    home.configure(&site.config_as(&format!("token = \"{secret}\"\n{BOTH}{FAST}")));
    home
}

fn app(site: &GitHub, more: &str, key: &str) -> Home {
    let home = Home::new(DAEMON);
    let file = home.path().join("app.pem");
    std::fs::write(&file, key).unwrap();
    home.configure(&site.config_as(&format!("{BOTH}private_key = {{ file = \"{}\" }}\n{more}\n{FAST}", file.display())));
    home
}

#[test]
fn tokens_that_are_wrong_or_may_too_little_are_told_what_they_lack() {
    let site = site();
    site.edit(|m| m.tokens.get_mut(TOKEN).unwrap().revoked = true);
    let words = ["refused the credentials (401)", "wrong, expired or revoked", "/settings/personal-access-tokens"];
    read(&Case { name: "revoked", codes: [3, 3], validate: &words, sync: &words, never: &[] }, &site, &usual(&site), None);
    for (lacks, permission, setting) in [("issues", "Issues: read", "issues = false"), ("discussions", "Discussions: read", "discussions = false")] {
        let site = self::site();
        let home = with_token(&site, |user| Token { lacks: [lacks.to_owned()].into(), ..Token::fine_grained(user, []) });
        let told = format!("the token lacks `{permission}`; give it that, or set `{setting}`");
        let (validate, sync) = (format!("the {lacks} of acme/app and of 1 more cannot be read: {told}"), format!("the {lacks} of acme/app: {told}"));
        read(&Case { name: lacks, codes: [8, 8], validate: &[&validate], sync: &[&sync], never: &["not accessible"] }, &site, &home, None);
    }
    let site = self::site();
    let home = with_token(&site, |user| Token { lacks: ["contents".to_owned()].into(), ..Token::fine_grained(user, []) });
    let validate = [
        "the files of acme/app and of 1 more cannot be read: the token lacks `Contents: read`",
        "the releases of acme/app and of 1 more cannot be read",
    ];
    let sync = ["the files of acme/app: the token lacks `Contents: read`", "the releases of acme/app: the token lacks", "the wiki of acme/app: 403"];
    read(&Case { name: "contents", codes: [8, 8], validate: &validate, sync: &sync, never: &["no branch ``"] }, &site, &home, None);
    let site = self::site();
    site.edit(|m| m.repo("acme/app").make_private());
    let home = with_token(&site, |user| Token::classic(user, &[]));
    let validate =
        ["acme/app: it is not there, or not for us (404). Check its spelling, and that the token may read it.", "`repo` is for private ones"];
    read(&Case { name: "no scope", codes: [8, 8], validate: &validate, sync: &["not there, or not for us"], never: &[] }, &site, &home, None);
}

#[test]
fn organisations_that_close_themselves_say_how_to_get_in() {
    let site = site();
    site.edit(|m| {
        let acme = m.user("acme");
        m.owners.get_mut(&acme).unwrap().sso = Some("https://github.example/orgs/acme/sso".to_owned());
    });
    let words = ["login by SAML", "`Configure SSO`"];
    read(
        &Case { name: "sso", codes: [8, 8], validate: &words, sync: &words, never: &["Check its spelling", "0 repositories"] },
        &site,
        &usual(&site),
        None,
    );
    // GraphQL refuses with a 200 or with a 403, REST with a 403.
    let message = "Although you appear to have the correct authorization credentials, the `acme` organization has an IP allow list enabled, and your IP address is not permitted to access this resource.";
    for graphql in [true, false] {
        let site = self::site();
        let errors = |at: &str| serde_json::json!({"type": "FORBIDDEN", "path": [at], "message": message});
        let refusal = serde_json::json!({"data": {"r0": null, "r1": null}, "errors": [errors("r0"), errors("r1")]});
        let fault = crate::support::Fault::Other(crate::support::wire::Answer::json(&refusal));
        site.habits(|h| if graphql { h.always("Heads", fault) } else { h.always("/graphql", faults::ip_allow_list()) });
        let codes = if graphql { [8, 8] } else { [5, 5] };
        let words = ["IP allow list", "ask its owners"];
        read(
            &Case { name: "allow list", codes, validate: &words, sync: &words, never: &["Check its spelling", "is not there"] },
            &site,
            &usual(&site),
            None,
        );
    }
    let site = self::site();
    site.habits(|h| h.always("/graphql", faults::status(403, "`acme` forbids access via a personal access token (classic).")));
    let words = ["does not let this kind of token in", "a GitHub App"];
    read(&Case { name: "kind of token", codes: [5, 5], validate: &words, sync: &words, never: &[] }, &site, &usual(&site), None);
}

#[test]
fn an_app_is_told_which_of_its_settings_is_wrong() {
    let site = site();
    let (id, key) = (format!("app_id = {APP_ID}"), site.app_key());
    let case = |name, code, words| Case { name, codes: [code, code], validate: words, sync: words, never: &[] };
    read(&case("nowhere", 2, &["is not installed for acme", "`installation_id`"]), &site, &app(&site, &id, &key), None);
    read(&case("no such App", 2, &["there is no App 77", "`app_id`"]), &site, &app(&site, "app_id = 77", &key), None);
    let other = format!("{id}\ninstallation_id = 99");
    read(&case("no such installation", 2, &["has no installation 99", "`installation_id`"]), &site, &app(&site, &other, &key), None);
    read(&case("no key", 2, &["`private_key` is no RSA private key"]), &site, &app(&site, &id, "hello"), None);
    let foreign = GitHub::new().app_key();
    read(&case("another's key", 3, &["refused the credentials", "`private_key`"]), &site, &app(&site, &id, &foreign), None);
    site.edit(|m| m.install("acme", None));
    site.habits(|h| h.always("access_tokens", faults::status(403, "This installation has been suspended")));
    read(&case("suspended", 2, &["is suspended", "`Installed GitHub Apps`"]), &site, &app(&site, &id, &key), None);
}

#[test]
fn an_app_signs_by_the_services_clock_where_ours_is_wrong() {
    for hours in [-5, 5] {
        let site = site();
        site.edit(|m| m.install("acme", None));
        site.app(|app| app.clock_secs = hours * 3600);
        let home = app(&site, &format!("app_id = {APP_ID}"), &site.app_key());
        let said = home.once();
        assert_eq!(said.code, Some(0), "{hours}: {said:#?}\n{}", site.transcript());
        assert_eq!(site.requests().iter().filter(|seen| seen.status == Some(401)).count(), 1, "{}", site.transcript());
    }
}

#[test]
fn what_is_missing_or_blocked_is_named() {
    let site = site();
    let home = Home::new(DAEMON);
    home.configure(&site.config(&format!("repos = [\"acme/app\", \"acme/ohter\", \"amce/*\"]\n{FAST}")));
    let words = ["acme/ohter: it is not there, or not for us (404)", "amce/*: it is not there, or not for us (404)"];
    read(&Case { name: "typos", codes: [8, 8], validate: &words, sync: &["acme/ohter", "amce/*"], never: &[] }, &site, &home, None);
    home.configure(&site.config_as(&format!("repos = [\"acme/app\", \"acme/ohter\"]\n{FAST}")));
    let words = ["acme/ohter: it is not there, or not for us (404). Check its spelling; what is private needs a token."];
    read(&Case { name: "typos, nobody", codes: [8, 8], validate: &words, sync: &["acme/ohter"], never: &["may read it"] }, &site, &home, None);
    for (status, reason) in [(451, "dmca"), (403, "tos")] {
        let site = self::site();
        site.edit(|m| m.repo("acme/app").block(status, reason));
        let words = ["acme/app: the service has blocked it; what is mirrored of it stays"];
        read(&Case { name: reason, codes: [8, 0], validate: &words, sync: &words, never: &["Check its spelling"] }, &site, &usual(&site), None);
    }
    let site = self::site();
    home.configure(&site.config(&format!("{BOTH}{FAST}")).replace("/graphql\"", "/elsewhere/graphql\""));
    let words = ["there is no GraphQL at", "`graphql_url`"];
    read(&Case { name: "wrong address", codes: [5, 5], validate: &words, sync: &words, never: &[] }, &site, &home, None);
}

#[test]
fn a_machine_without_git_is_told_by_validate_too() {
    let site = site();
    let words = ["the program `git` is not installed", "wikis are not mirrored", "the package `git`", "`wiki = false`"];
    read(&Case { name: "a token", codes: [8, 0], validate: &words, sync: &words, never: &[] }, &site, &usual(&site), Some("/nowhere"));
    let home = Home::new(DAEMON);
    home.configure(&site.config_as(&format!("{BOTH}{FAST}")));
    let words = ["the program `git` is not installed", "files come one by one, within the 60 requests an hour"];
    read(&Case { name: "nobody", codes: [8, 0], validate: &words, sync: &words, never: &[] }, &site, &home, Some("/nowhere"));
    // What is not had by git is not missed.
    let home = Home::new(DAEMON);
    home.configure(&site.config(&format!("{BOTH}wiki = false\n{FAST}")));
    read(&Case { name: "no wiki", codes: [0, 0], validate: &[], sync: &[], never: &["`git`"] }, &site, &home, Some("/nowhere"));
    let bin = home.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    std::fs::write(bin.join("git"), "#!/bin/sh\necho git version 2.25.1\n").unwrap();
    std::fs::set_permissions(bin.join("git"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let words = ["`git` is too old: it is version 2.25.1, and 2.31 is needed", "version 2.31 or newer"];
    let case = Case { name: "old", codes: [8, 0], validate: &words, sync: &words, never: &[] };
    read(&case, &site, &usual(&site), Some(bin.to_str().unwrap()));
}

#[test]
fn a_limit_says_until_when_it_lasts() {
    let site = site();
    let home = usual(&site);
    home.synced();
    site.edit(|m| m.repo("acme/app").commit("main", &[("docs/a.md", "# A, again\n")]));
    site.budgets(|b| b.leave(TOKEN, "graphql", 100, 1800));
    let daemon = home.start();
    let said = ctl(&home, &["sync"]);
    assert_eq!(said.code, Some(6), "{said:#?}");
    let status = ctl(&home, &["status", "github"]).stdout;
    drop(daemon);
    assert!(status.contains("limits our rate") && status.contains("graphql: 9") && status.contains("of 5,000 left"), "{status}");
}
