//! Files without a token, by git: one request of REST for each repository, and the contents of what is wanted in one go.

use context_syncd::git::{Blob, Filter, Git, Setup};

use crate::support::github::{Class, GitHub, Put};

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

#[test]
fn contents_that_nobody_asks_for_are_not_fetched() {
    let site = GitHub::new();
    let commit = site.edit(|m| {
        let mut app = m.add_repository("acme/app");
        app.commit("main", &[("docs/a.md", Put::from("# A\n")), ("docs/b.md", Put::from("# B\n")), ("src/large.bin", Put::from(vec![7; 300_000]))])
    });
    let folder = tempfile::tempdir().unwrap();
    let url = url::Url::parse(&site.git_url("acme/app")).unwrap();
    let git = Git::new(Setup {
        program: "git".into(),
        folder: folder.path().to_owned(),
        trusted: url.origin(),
        allow_plain_http: false,
        ca_file: Some(site.ca_file().to_owned()),
        client_certificate: None,
        client_key: None,
        proxy: None,
        proxy_credentials: None,
        silence: std::time::Duration::from_secs(30),
        max_bytes: 8 << 20,
    });
    run(async {
        let copy = git.fetch(&url, "app", &commit, Filter::NoBlobs).await.unwrap();
        let entries = copy.entries().await.unwrap();
        let paths: Vec<&[u8]> = entries.iter().map(|entry| entry.path.as_slice()).collect();
        assert_eq!(paths, [&b"docs/a.md"[..], b"docs/b.md", b"src/large.bin"]);
        let shas: Vec<String> = entries[..2].iter().map(|entry| entry.sha.clone()).collect();
        site.clear_requests();
        copy.bring(&shas).await.unwrap();
        assert_eq!(site.count(Class::GitPack), 1, "{}", site.transcript());
        let blobs = copy.blobs(&shas, 1 << 20).await.unwrap();
        assert_eq!(blobs, [Blob::Here("# A\n".into()), Blob::Here("# B\n".into())]);
        let large = [entries[2].sha.clone()];
        assert_eq!(copy.blobs(&large, 1 << 20).await.unwrap(), [Blob::Missing]);
    });
}
