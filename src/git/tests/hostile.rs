//! What answers in git's place, what never ends, what is left behind, and what the user's own settings of git would do.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use super::super::*;
use super::{Stage, pairs, texts};

/// Answers every request alike, over plain http on this machine; how often it was asked.
fn answers(answer: &'static str) -> (Url, std::sync::Arc<AtomicU64>) {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}/acme/app.wiki.git", socket.local_addr().unwrap())).unwrap();
    let asked = std::sync::Arc::new(AtomicU64::new(0));
    let count = std::sync::Arc::clone(&asked);
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = socket.accept() {
            count.fetch_add(1, Ordering::Relaxed);
            let (mut head, mut byte) = (Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
                head.extend(byte);
            }
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (url, asked)
}

#[tokio::test]
async fn a_page_to_log_in_is_no_empty_repository() {
    let stage = Stage::new();
    for answer in [
        "HTTP/1.0 200 OK\r\ncontent-type: text/html\r\n\r\n<html><form>log in</form></html>",
        "HTTP/1.0 200 OK\r\ncontent-type: text/html\r\n\r\n",
        "HTTP/1.0 200 OK\r\ncontent-type: application/x-git-upload-pack-advertisement\r\n\r\n<html>",
    ] {
        let (url, _) = answers(answer);
        assert_eq!(stage.room().head(&url).await, Err(GitError::no_git()), "{answer}");
    }
}

#[tokio::test]
async fn nobody_sends_us_elsewhere() {
    let stage = Stage::new();
    let secret = stage.commit(&[("Home.md", b"of this machine\n")]);
    let (there, asked) = answers("HTTP/1.0 200 OK\r\n\r\n");
    for target in
        [there.to_string(), stage.url().to_string(), "ssh://git@elsewhere.example/x".to_owned(), "ext::sh -c touch% /tmp/executed".to_owned()]
    {
        let answer: &'static str = format!("HTTP/1.0 302 Found\r\nlocation: {target}/info/refs?service=git-upload-pack\r\n\r\n").leak();
        let (url, _) = answers(answer);
        let git = stage.room_with(|setup| setup.trusted = url.origin());
        git.authorize(Some(Secret::new("Basic token-that-is-secret".to_owned())));
        assert!(matches!(git.head(&url).await, Err(GitError::Failed(said)) if said.contains("elsewhere")), "{target}");
        assert!(git.fetch(&url, "wiki", &secret, Filter::None).await.is_err());
    }
    assert_eq!(asked.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_byte_now_and_then_is_an_end_too() {
    let stage = Stage::new();
    let program = stage.played("while :; do echo -n . >&2; sleep 0.01; done");
    let git = stage.room_with(|setup| {
        setup.program = program;
        setup.silence = Duration::from_millis(50);
    });
    assert_eq!(git.head(&stage.url()).await, Err(GitError::Slow));
    assert_eq!(git.traffic().0, 1, "it was asked again");
}

#[tokio::test]
async fn what_broken_fetches_leave_does_not_pile_up() {
    let stage = Stage::new();
    let sha = stage.commit(&[("Home.md", b"hello\n")]);
    stage.room().fetch(&stage.url(), "wiki", &sha, Filter::None).await.unwrap();
    let next = stage.commit(&[("Home.md", b"hello, again\n")]);
    let copy = stage.copy();
    let program = stage.played(&format!(
        "head -c 500000 /dev/zero > {0}/objects/pack/tmp_pack_$$; echo > {0}/shallow.lock; echo fatal: early EOF >&2; exit 128",
        copy.display()
    ));
    let git = stage.room_with(|setup| (setup.program, setup.max_bytes) = (program, 1 << 20));
    for _ in 0..2 {
        // Three tries each: more than the limit, were they kept.
        assert!(matches!(git.fetch(&stage.url(), "wiki", &next, Filter::None).await, Err(GitError::Network(_))));
    }
    let git = stage.room();
    let copy = git.fetch(&stage.url(), "wiki", &next, Filter::None).await.unwrap();
    assert_eq!(texts(&copy).await, pairs(&[("Home.md", "hello, again\n")]));
}

#[tokio::test]
async fn a_copy_that_was_made_with_another_filter_is_made_anew() {
    let stage = Stage::new();
    let sha = stage.commit(&[("a.md", b"a\n"), ("big.md", &[b'x'; 5000])]);
    let sizes = async |filter| {
        let git = stage.room();
        let copy = git.fetch(&stage.url(), "wiki", &sha, filter).await.unwrap();
        copy.entries().await.unwrap().into_iter().map(|entry| entry.size).collect::<Vec<_>>()
    };
    assert_eq!(sizes(Filter::Below(1000)).await, [Some(2), None]);
    assert_eq!(sizes(Filter::Below(10_000)).await, [Some(2), Some(5000)]);
    assert_eq!(sizes(Filter::Below(1000)).await, [Some(2), None]);
}

#[tokio::test]
async fn contents_that_are_much_together_are_read_in_parts() {
    let stage = Stage::new();
    let large: Vec<Vec<u8>> = (0..3_u8).map(|byte| vec![byte; 25 << 20]).collect();
    let files: Vec<(String, &[u8])> = large.iter().enumerate().map(|(at, bytes)| (format!("{at}.md"), bytes.as_slice())).collect();
    let sha = stage.commit(&files.iter().map(|(path, bytes)| (path.as_str(), *bytes)).collect::<Vec<_>>());
    let git = stage.room();
    let copy = git.fetch(&stage.url(), "wiki", &sha, Filter::None).await.unwrap();
    let shas: Vec<String> = copy.entries().await.unwrap().into_iter().map(|entry| entry.sha).collect();
    let lengths = |blobs: Vec<Blob>| blobs.into_iter().map(|blob| if let Blob::Here(bytes) = blob { bytes.len() } else { 0 }).collect::<Vec<_>>();
    assert_eq!(lengths(copy.blobs(&shas, 100 << 20).await.unwrap()), [25 << 20; 3]);
}

/// What a repository could ask git to do, and what lies in wait in the folder that git is given as its home.
#[tokio::test]
async fn attributes_modules_and_settings_start_nothing() {
    let stage = Stage::new();
    let ran = stage.dir.path().join("ran");
    let touch = format!("touch {}", ran.display());
    let home = stage.dir.path().join("cache/git");
    std::fs::create_dir_all(home.join("git")).unwrap();
    let wicked = format!(
        "[filter \"x\"]\n\tsmudge = {touch}\n\tclean = {touch}\n\tprocess = {touch}\n[core]\n\tfsmonitor = {touch}\n\tsshCommand = {touch}\n\tpager = {touch}\n\
         [credential]\n\thelper = \"!{touch}\"\n[uploadpack]\n\tpackObjectsHook = {touch}\n[url \"file:///nowhere/\"]\n\tinsteadOf = file:///\n"
    );
    std::fs::write(home.join(".gitconfig"), &wicked).unwrap();
    std::fs::write(home.join("git/config"), &wicked).unwrap();
    let modules = format!("[submodule \"x\"]\n\tpath = x\n\turl = ext::{touch}\n\tupdate = !{touch}\n");
    let sha = stage.commit(&[
        (".gitattributes", b"* filter=x diff=x merge=x\n"),
        (".gitmodules", modules.as_bytes()),
        (".lfsconfig", b"[lfs]\n\turl = https://elsewhere.example\n"),
        ("Home.md", b"version https://git-lfs.github.com/spec/v1\n"),
    ]);
    let git = stage.room();
    // Modules like these are refused as they come; all else is text.
    let refused = git.fetch(&stage.url(), "wiki", &sha, Filter::None).await;
    assert!(matches!(&refused, Err(GitError::Failed(said)) if said.contains("sound")), "{refused:?}");
    let sha =
        stage.commit(&[(".gitattributes", b"* filter=x\n"), (".gitmodules", b"[submodule \"x\"]\n\tpath = x\n\turl = ../x\n"), ("Home.md", b"hi\n")]);
    assert_eq!(git.head(&stage.url()).await.unwrap().unwrap().sha, sha);
    let copy = git.fetch(&stage.url(), "wiki", &sha, Filter::None).await.unwrap();
    assert_eq!(texts(&copy).await.len(), 3);
    assert!(!ran.exists(), "something was started");
}

#[tokio::test]
async fn a_copy_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let stage = Stage::new();
    let sha = stage.commit(&[("Home.md", b"hello\n")]);
    stage.room().fetch(&stage.url(), "wiki", &sha, Filter::None).await.unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&stage.dir.path().join("cache/git")), 0o700, "what lies below it cannot be reached by others, whatever its mode");
    assert_eq!(mode(&stage.copy()), 0o700);
}
