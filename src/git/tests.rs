//! The room against real repositories on this disk, and against a program that only plays git.

#![allow(clippy::disallowed_methods, reason = "a test writes its own files")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::*;

mod hostile;

/// A bare repository and what reads it.
struct Stage {
    dir: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        let stage = Self { dir: tempfile::tempdir().unwrap() };
        stage.git(&["init", "-q", "--bare", "-b", "master", "."], b"");
        for key in ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"] {
            stage.git(&["config", key, "true"], b"");
        }
        stage
    }

    fn origin(&self) -> PathBuf {
        let path = self.dir.path().join("origin.git");
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    fn url(&self) -> Url {
        Url::from_file_path(self.origin()).unwrap()
    }

    fn git(&self, arguments: &[&str], input: &[u8]) -> String {
        use std::io::Write as _;
        let mut child = Command::new("git")
            .args(arguments)
            .current_dir(self.origin())
            .env_clear()
            .envs([("PATH", std::env::var("PATH").unwrap()), ("HOME", "/nonexistent".to_owned())])
            .envs(["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"].map(|name| (name, "ann")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let said = child.wait_with_output().unwrap();
        assert!(said.status.success(), "git {arguments:?}");
        String::from_utf8(said.stdout).unwrap().trim_end().to_owned()
    }

    /// A commit of just these files, without a parent, at the branch.
    fn commit(&self, files: &[(&str, &[u8])]) -> String {
        let lines: String =
            files.iter().map(|(path, bytes)| format!("100644 blob {}\t{path}\n", self.git(&["hash-object", "-w", "--stdin"], bytes))).collect();
        let tree = self.git(&["mktree"], lines.as_bytes());
        let commit = self.git(&["commit-tree", "-m", "a commit", &tree], b"");
        self.git(&["update-ref", "refs/heads/master", &commit], b"");
        commit
    }

    fn room(&self) -> Git {
        self.room_with(|_| {})
    }

    fn room_with(&self, change: impl FnOnce(&mut Setup)) -> Git {
        let mut setup = Setup {
            program: "git".into(),
            folder: self.dir.path().join("cache"),
            trusted: Url::parse("https://git.example").unwrap().origin(),
            allow_plain_http: false,
            ca_file: None,
            client_certificate: None,
            client_key: None,
            proxy: None,
            proxy_credentials: None,
            silence: Duration::from_secs(30),
            max_bytes: 64 << 20,
        };
        change(&mut setup);
        Git::new(setup)
    }

    /// A script in place of git, which must answer to `version` first.
    fn played(&self, script: &str) -> PathBuf {
        let path = self.dir.path().join("played");
        let all = format!("#!/bin/sh\ncase \"$*\" in version) echo git version 2.47.3; exit 0;; esac\n{script}\n");
        std::fs::write(&path, all).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn copy(&self) -> PathBuf {
        self.dir.path().join("cache/git/wiki.git")
    }
}

async fn texts(copy: &Copy<'_>) -> Vec<(String, String)> {
    let entries = copy.entries().await.unwrap();
    let shas: Vec<String> = entries.iter().map(|entry| entry.sha.clone()).collect();
    let blobs = copy.blobs(&shas, 1 << 20).await.unwrap();
    let text = |blob: Blob| match blob {
        Blob::Here(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        other => format!("{other:?}"),
    };
    entries.into_iter().zip(blobs).map(|(entry, blob)| (String::from_utf8_lossy(&entry.path).into_owned(), text(blob))).collect()
}

fn pairs(found: &[(&str, &str)]) -> Vec<(String, String)> {
    found.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

#[tokio::test]
async fn the_head_is_seen_and_an_empty_or_missing_repository_is_told() {
    let stage = Stage::new();
    let git = stage.room();
    assert_eq!(git.head(&stage.url()).await, Ok(None));
    let sha = stage.commit(&[("Home.md", b"hello\n")]);
    assert_eq!(git.head(&stage.url()).await, Ok(Some(Head { branch: Some("master".to_owned()), sha })));
    let nowhere = Url::from_file_path(stage.dir.path().join("nowhere.git")).unwrap();
    assert!(git.head(&nowhere).await.is_err());
}

#[tokio::test]
async fn a_copy_is_fetched_once_and_follows_history_that_was_rewritten() {
    let stage = Stage::new();
    let git = stage.room();
    let first = stage.commit(&[("Home.md", b"hello\n"), ("Ops.md", b"ops\n")]);
    let copy = git.fetch(&stage.url(), "wiki", &first, Filter::None).await.unwrap();
    assert_eq!(texts(&copy).await, pairs(&[("Home.md", "hello\n"), ("Ops.md", "ops\n")]));
    let asked = git.traffic().0;
    assert_eq!(asked, 1);
    let again = stage.room();
    let copy = again.fetch(&stage.url(), "wiki", &first, Filter::None).await.unwrap();
    assert_eq!(texts(&copy).await.len(), 2);
    assert_eq!(again.kept(&stage.url(), "wiki").await.unwrap().commit(), first);
    assert_eq!(again.traffic().0, 0, "what is there was asked for again");
    // Every commit of the stage is without a parent, as after a forced push.
    let second = stage.commit(&[("Home.md", b"hello, again\n")]);
    let copy = git.fetch(&stage.url(), "wiki", &second, Filter::None).await.unwrap();
    assert_eq!(texts(&copy).await, pairs(&[("Home.md", "hello, again\n")]));
    assert!(git.fetch(&stage.url(), "../wiki", &second, Filter::None).await.is_err());
    assert!(git.fetch(&stage.url(), "wiki", "--upload-pack=touch", Filter::None).await.is_err());
}

#[tokio::test]
async fn contents_come_when_they_are_asked_for_and_never_one_by_one() {
    let stage = Stage::new();
    let sha = stage.commit(&[("a.md", b"a\n"), ("b.md", b"b\n"), ("big.png", &[7; 5000])]);
    for (filter, missing) in [(Filter::NoBlobs, 3), (Filter::Below(1000), 1)] {
        let git = stage.room();
        let name = format!("copy-{missing}");
        let copy = git.fetch(&stage.url(), &name, &sha, filter).await.unwrap();
        let entries = copy.entries().await.unwrap();
        assert_eq!(entries.iter().filter(|entry| entry.size.is_none()).count(), missing);
        let shas: Vec<String> = entries.iter().map(|entry| entry.sha.clone()).collect();
        assert_eq!(copy.blobs(&shas, 10_000).await.unwrap().iter().filter(|blob| **blob == Blob::Missing).count(), missing);
        assert_eq!(git.traffic().0, 1, "reading the copy asked the other side");
        copy.bring(&shas).await.unwrap();
        assert_eq!(git.traffic().0, 2);
        assert_eq!(copy.blobs(&shas, 1000).await.unwrap()[2], Blob::TooLarge(5000));
        assert!(copy.blobs(&shas, 10_000).await.unwrap().iter().all(|blob| matches!(blob, Blob::Here(_))));
        copy.bring(&shas).await.unwrap();
        assert_eq!(git.traffic().0, 2, "what is there was asked for again");
    }
}

#[tokio::test]
async fn a_copy_that_is_half_made_or_broken_is_made_anew() {
    let stage = Stage::new();
    let git = stage.room();
    let sha = stage.commit(&[("Home.md", b"hello\n")]);
    git.fetch(&stage.url(), "wiki", &sha, Filter::None).await.unwrap();
    // Killed in the middle of a fetch.
    std::fs::write(stage.copy().join("busy"), "").unwrap();
    std::fs::write(stage.copy().join("shallow.lock"), "").unwrap();
    assert!(git.kept(&stage.url(), "wiki").await.is_none());
    let copy = git.fetch(&stage.url(), "wiki", &sha, Filter::None).await.unwrap();
    assert_eq!(texts(&copy).await, pairs(&[("Home.md", "hello\n")]));
    // A disk that lost what it had.
    for pack in std::fs::read_dir(stage.copy().join("objects/pack")).unwrap() {
        let path = pack.unwrap().path();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&path, "x").unwrap();
    }
    let copy = git.fetch(&stage.url(), "wiki", &sha, Filter::None).await.unwrap();
    assert!(copy.entries().await.is_err());
    let copy = git.fetch(&stage.url(), "wiki", &sha, Filter::None).await.unwrap();
    assert_eq!(texts(&copy).await, pairs(&[("Home.md", "hello\n")]));
    // A file where the copy should be.
    std::fs::remove_dir_all(stage.copy()).unwrap();
    std::fs::write(stage.copy(), "").unwrap();
    assert!(git.fetch(&stage.url(), "wiki", &sha, Filter::None).await.is_ok());
}

#[tokio::test]
async fn what_is_larger_than_the_limit_is_given_up_and_removed() {
    let stage = Stage::new();
    let noise = (0_u32..3 << 20).scan(1_u32, |seed, _| {
        *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Some((*seed >> 24) as u8)
    });
    let noise = noise.collect::<Vec<u8>>();
    let sha = stage.commit(&[("noise.png", &noise)]);
    let git = stage.room_with(|setup| setup.max_bytes = 1 << 20);
    assert_eq!(git.fetch(&stage.url(), "wiki", &sha, Filter::None).await.unwrap_err(), GitError::TooLarge);
    assert!(!stage.copy().exists());
    let copy = git.fetch(&stage.url(), "wiki", &sha, Filter::Below(1 << 20)).await.unwrap();
    assert_eq!(copy.entries().await.unwrap()[0].size, None);
}

#[tokio::test]
async fn what_unpacks_to_a_hundred_times_its_size_is_never_held_whole() {
    let stage = Stage::new();
    let sha = stage.commit(&[("zeros.md", &vec![0; 100 << 20])]);
    let git = stage.room_with(|setup| setup.max_bytes = 1 << 20);
    let copy = git.fetch(&stage.url(), "wiki", &sha, Filter::None).await.unwrap();
    let entry = copy.entries().await.unwrap().remove(0);
    assert_eq!(copy.blobs(&[entry.sha], 1 << 20).await, Ok(vec![Blob::TooLarge(100 << 20)]));
}

#[tokio::test]
async fn hostile_paths_are_names_and_no_files() {
    let stage = Stage::new();
    let git = stage.room();
    let blob = stage.git(&["hash-object", "-w", "--stdin"], b"#!/bin/sh\ntouch /tmp/executed\n");
    let raw = |names: &[(&str, &[u8], &str)]| {
        let mut tree = Vec::new();
        for (mode, name, sha) in names {
            tree.extend_from_slice(format!("{mode} ").as_bytes());
            tree.extend_from_slice(name);
            tree.push(0);
            tree.extend((0..20).map(|at| u8::from_str_radix(&sha[2 * at..2 * at + 2], 16).unwrap()));
        }
        stage.git(&["hash-object", "-t", "tree", "-w", "--literally", "--stdin"], &tree)
    };
    let commit = |tree: &str| {
        let sha = stage.git(&["commit-tree", "-m", "bad", tree], b"");
        stage.git(&["update-ref", "refs/heads/master", &sha], b"");
        sha
    };
    let long = vec![b'x'; 3000];
    let sha = commit(&raw(&[
        ("120000", b"link.md", &blob),
        ("100644", b"new\nline.md", &blob),
        ("100644", b"n\xff.md", &blob),
        ("100755", b"post-checkout", &blob),
        ("100644", &long, &blob),
    ]));
    let copy = git.fetch(&stage.url(), "wiki", &sha, Filter::None).await.unwrap();
    let entries = copy.entries().await.unwrap();
    let paths: Vec<&[u8]> = entries.iter().map(|entry| entry.path.as_slice()).collect();
    assert_eq!(paths, [b"link.md".as_slice(), b"new\nline.md", b"n\xff.md", b"post-checkout", &long]);
    assert_eq!(entries[0].mode, "120000");
    let mut here: Vec<String> = std::fs::read_dir(stage.copy()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    here.sort_unstable();
    assert_eq!(here, ["HEAD", "config", "filter", "objects", "refs", "shallow"]);
    // What git itself would never have made is not taken at all.
    for name in ["..", ".git", "a/b"] {
        let inner = raw(&[("100755", b"post-checkout", &blob)]);
        let sha = commit(&raw(&[("40000", name.as_bytes(), &inner)]));
        assert!(matches!(git.fetch(&stage.url(), "wiki", &sha, Filter::None).await, Err(GitError::Failed(said)) if said.contains("sound")), "{name}");
        assert!(!stage.copy().exists());
    }
}

#[tokio::test]
async fn a_credential_stands_in_the_environment_and_nowhere_else() {
    let stage = Stage::new();
    let seen = stage.dir.path().join("seen");
    let program =
        stage.played(&format!("echo \"$@\" > {0}.arguments; env > {0}.environment; echo 'token-that-is-secret' >&2; exit 1", seen.display()));
    let git = stage.room_with(|setup| {
        setup.program = program;
        setup.proxy = Some("http://proxy.example:3128".to_owned());
        setup.proxy_credentials = Some(("ann".to_owned(), Secret::new("p@ss word".to_owned())));
        setup.client_certificate = Some("/some/client.pem".into());
    });
    git.authorize(Some(Secret::new("Basic token-that-is-secret".to_owned())));
    let error = git.head(&Url::parse("https://git.example/acme/app.wiki.git").unwrap()).await.unwrap_err();
    assert!(!format!("{error} {error:?} {git:?}").contains("secret"));
    let arguments = std::fs::read_to_string(seen.with_extension("arguments")).unwrap();
    assert_eq!(arguments.trim_end(), "-c protocol.version=0 ls-remote --quiet --symref -- https://git.example/acme/app.wiki.git HEAD");
    let environment = std::fs::read_to_string(seen.with_extension("environment")).unwrap();
    for line in [
        "=http.https://git.example/.extraHeader",
        "=Authorization: Basic token-that-is-secret",
        "=http.https://git.example/.sslCert",
        "=http://ann:p%40ss%20word@proxy.example:3128",
        "GIT_CONFIG_NOSYSTEM=1",
        "GIT_CONFIG_GLOBAL=/dev/null",
        "GIT_TERMINAL_PROMPT=0",
        "GIT_ALLOW_PROTOCOL=https",
    ] {
        assert!(environment.contains(line), "{line}\n{environment}");
    }
    let home = format!("HOME={}", stage.dir.path().join("cache/git").display());
    assert!(environment.lines().any(|line| line == home), "{environment}");
    // Another origin is shown nothing.
    let _ = git.head(&Url::parse("https://elsewhere.example/x.git").unwrap()).await;
    let environment = std::fs::read_to_string(seen.with_extension("environment")).unwrap();
    assert!(!environment.contains("secret") && !environment.contains("client.pem"), "{environment}");
}

#[tokio::test]
async fn giving_up_ends_the_program_and_all_that_it_started() {
    let stage = Stage::new();
    let pids = stage.dir.path().join("pids");
    let program = stage.played(&format!("sleep 1000 & echo $$ $! > {0}.new; mv {0}.new {0}; wait", pids.display()));
    let git = stage.room_with(|setup| setup.program = program);
    let url = stage.url();
    let started = async {
        while !pids.exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        _ = git.head(&url) => panic!("it ended by itself"),
        () = started => {}
    }
    let pids = std::fs::read_to_string(pids).unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    for pid in pids.split_whitespace() {
        while lives(pid) {
            assert!(Instant::now() < deadline, "{pid} lives on");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn lives(pid: &str) -> bool {
    let status = std::fs::read_to_string(Path::new("/proc").join(pid).join("status")).unwrap_or_default();
    status.contains("State:") && !status.contains("State:\tZ")
}

#[tokio::test]
async fn a_silent_program_is_given_up_and_a_missing_one_is_named() {
    let stage = Stage::new();
    let program = stage.played("sleep 1000");
    let git = stage.room_with(|setup| {
        setup.program = program;
        setup.silence = Duration::from_millis(100);
    });
    assert!(matches!(git.head(&stage.url()).await, Err(GitError::Network(said)) if said.contains("nothing came")));
    for name in ["git-that-is-not-there", "/nowhere/git"] {
        let git = stage.room_with(|setup| setup.program = name.into());
        assert_eq!(git.head(&stage.url()).await, Err(GitError::NotInstalled));
    }
}
