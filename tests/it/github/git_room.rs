//! What git is told and what becomes of it, in a real worker: the credential, authorities, proxies, and an end in the middle of a fetch.

use std::path::Path;

use super::stage::{Proxy, Stage, WIKI_ONLY};
use crate::home::{children, wait_for};
use crate::support::github::{Class, TOKEN};

/// Command line of each process below these, git's among them.
fn lines(pids: &[u32]) -> Vec<(u32, String)> {
    let mut found = Vec::new();
    let mut waiting = pids.to_vec();
    while let Some(pid) = waiting.pop() {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        found.push((pid, String::from_utf8_lossy(&line).replace('\0', " ")));
        for task in std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
            let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
            waiting.extend(children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
        }
    }
    found
}

fn secrets() -> [String; 2] {
    use base64::Engine as _;
    [TOKEN.to_owned(), base64::engine::general_purpose::STANDARD.encode(format!("x-access-token:{TOKEN}"))]
}

fn lives(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status.contains("State:") && !status.contains("State:\tZ")
}

/// Every file below `root` that holds one of the secrets.
fn holding(root: &Path, secrets: &[String]) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root).unwrap().flatten() {
        let path = entry.path();
        if path.symlink_metadata().unwrap().is_dir() {
            found.extend(holding(&path, secrets));
        } else if path.is_file() && !path.ends_with("config.toml") {
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            if secrets.iter().any(|secret| text.contains(secret)) {
                found.push(path);
            }
        }
    }
    found
}

/// A daemon whose worker stands in the middle of git's fetch; what to do then gets the processes of git.
fn in_the_middle_of_a_fetch(stage: &Stage, then: impl FnOnce(&crate::home::Daemon<'_>, u32, &[(u32, String)])) {
    stage.site.habits(|h| h.always("git-upload-pack", crate::support::Fault::Silence));
    let daemon = stage.home.start();
    let mut git = Vec::new();
    let mut worker = 0;
    wait_for(
        "a fetch",
        || {
            let workers = daemon.workers();
            worker = workers.first().copied().unwrap_or_default();
            git = lines(&workers).into_iter().filter(|(pid, _)| *pid != worker).collect();
            git.iter().any(|(_, line)| line.contains("git-remote-https") || line.contains("remote-https"))
        },
        || daemon.log(),
    );
    then(&daemon, worker, &git);
}

#[test]
fn the_token_is_in_no_argument_and_in_no_file_and_nothing_outlives_a_stop() {
    let stage = Stage::with_wiki(&[("Home.md", "hello\n")]);
    in_the_middle_of_a_fetch(&stage, |_, worker, git| {
        for (_, line) in git.iter().chain(&lines(&[worker])) {
            assert!(!secrets().iter().any(|secret| line.contains(secret)), "{line}");
        }
        assert_eq!(holding(stage.home.path(), &secrets()), Vec::<std::path::PathBuf>::new());
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(i32::try_from(worker).unwrap()), nix::sys::signal::Signal::SIGTERM).unwrap();
        wait_for("the end of git", || git.iter().all(|(pid, _)| !lives(*pid)), || format!("{git:?}"));
    });
    stage.site.habits(|h| h.forgive());
    stage.synced();
    assert_eq!(stage.paths(), ["acme/app/_wiki/Home.md"]);
    assert_eq!(holding(stage.home.path(), &secrets()), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_worker_that_is_killed_takes_git_along_and_the_next_run_heals() {
    let stage = Stage::with_wiki(&[("Home.md", "hello\n")]);
    in_the_middle_of_a_fetch(&stage, |_, worker, git| {
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(i32::try_from(worker).unwrap()), nix::sys::signal::Signal::SIGKILL).unwrap();
        wait_for("the end of git", || git.iter().all(|(pid, _)| !lives(*pid)), || format!("{git:?}"));
    });
    stage.site.habits(|h| h.forgive());
    let left = stage.home.path().join("cache/context-sync/github/git");
    std::fs::create_dir_all(left.join("7.wiki.git/objects")).unwrap();
    stage.synced();
    assert_eq!(stage.paths(), ["acme/app/_wiki/Home.md"]);
    assert!(children(std::process::id()).iter().all(|pid| !lines(&[*pid])[0].1.contains("read -r _; kill")));
}

#[test]
fn git_goes_through_the_proxy_with_its_password_and_trusts_our_authority_besides() {
    let stage = Stage::with_wiki(&[("Home.md", "hello\n")]);
    let proxy = Proxy::new("ann", "p@ss");
    let run = |password: &str| {
        let mut command = stage.home.daemon_command(&["--once"]);
        command.env("HTTPS_PROXY", format!("http://ann:{password}@127.0.0.1:{}", proxy.port));
        crate::home::said(command)
    };
    let said = run("p%40ss");
    assert_eq!(said.code, Some(0), "{said:#?}");
    assert_eq!(stage.paths(), ["acme/app/_wiki/Home.md"]);
    let web = stage.site.url().replace("https://", "CONNECT ");
    assert!(proxy.seen.lock().unwrap().iter().any(|(line, fine)| line.starts_with(&web) && *fine), "{:?}", proxy.seen.lock().unwrap());
    // The system's authorities and ours, in one file.
    let bundle = std::fs::read_to_string(stage.home.path().join("cache/context-sync/github/git/authorities.pem")).unwrap();
    assert!(bundle.contains(stage.site.ca_pem().trim()));
    if let Ok(system) = std::fs::read_to_string("/etc/ssl/certs/ca-certificates.crt") {
        assert!(bundle.contains(system.trim()));
    }
    assert!(stage.site.count(Class::GitHello) > 0);
}

#[test]
fn an_authority_that_nobody_knows_is_not_trusted_by_git() {
    let stage = Stage::with_wiki(&[("Home.md", "hello\n")]);
    let url = url::Url::parse(&stage.site.git_url("acme/app.wiki")).unwrap();
    let head = |ca_file: Option<std::path::PathBuf>| {
        let git = context_syncd::git::Git::new(context_syncd::git::Setup {
            program: "git".into(),
            folder: stage.home.path().join("room"),
            trusted: url.origin(),
            allow_plain_http: false,
            ca_file,
            client_certificate: None,
            client_key: None,
            proxy: Some("none".to_owned()),
            proxy_credentials: None,
            silence: std::time::Duration::from_secs(30),
            max_bytes: 1 << 20,
        });
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(git.head(&url))
    };
    assert!(matches!(head(Some(stage.site.ca_file().to_owned())), Ok(Some(_))));
    assert_eq!(head(None), Err(context_syncd::git::GitError::Untrusted("its certificate cannot be trusted")));
    let _ = WIKI_ONLY;
}
