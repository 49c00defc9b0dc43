//! A simulated GitHub and a home that mirrors its wikis: what the tests by git share.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::home::{Home, Said};
use crate::support::github::{Class, GitHub};
use crate::tunnel;

pub(super) const DAEMON: &str = env!("CARGO_BIN_EXE_context-syncd");
/// Only the wiki is asked for.
pub(super) const WIKI_ONLY: &str = "files = []\ndiscussions = false\nissues = false\nreleases = false\nretry_base_ms = 5\n";

/// Both.
pub(super) struct Stage {
    pub(super) site: GitHub,
    pub(super) home: Home,
}

impl Stage {
    /// `acme/app` with a wiki of these files.
    pub(super) fn with_wiki(files: &[(&str, &str)]) -> Self {
        let site = GitHub::new();
        site.edit(|m| {
            let mut app = m.add_repository("acme/app");
            app.commit("main", &[("README.md", "# App\n")]);
            if !files.is_empty() {
                app.commit_wiki(files);
            }
        });
        let stage = Self { site, home: Home::new(DAEMON) };
        stage.configure("");
        stage
    }

    /// The usual configuration and `more`.
    pub(super) fn configure(&self, more: &str) {
        self.home.configure(&self.site.config(&format!("repos = [\"acme/app\"]\n{WIKI_ONLY}{more}")));
    }

    /// One run that must go well.
    pub(super) fn synced(&self) -> Said {
        self.site.clear_requests();
        let said = self.home.once();
        assert_eq!(said.code, Some(0), "{said:#?}\n{}", self.site.transcript());
        said
    }

    /// One run, however it goes.
    pub(super) fn once(&self) -> Said {
        self.site.clear_requests();
        self.home.once()
    }

    /// The mirrored files, without state, trash and index.
    pub(super) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let root = self.home.output().join("github");
        let paths = crate::home::files(&root).into_iter().filter(|path| !path.starts_with(".trash/"));
        paths.map(|path| (path.clone(), std::fs::read(root.join(path)).unwrap())).collect()
    }

    /// Their paths.
    pub(super) fn paths(&self) -> Vec<String> {
        self.files().into_keys().collect()
    }

    /// The text of one of them.
    pub(super) fn text(&self, path: &str) -> String {
        String::from_utf8(self.files().remove(path).unwrap_or_else(|| panic!("no {path} in {:?}", self.paths()))).unwrap()
    }

    /// Conversations of git: beginnings, lists of references, packs.
    pub(super) fn git_requests(&self) -> [usize; 3] {
        [Class::GitHello, Class::GitRefs, Class::GitPack].map(|class| self.site.count(class))
    }
}

/// A proxy that lets through those who bring the right name and password.
pub(super) struct Proxy {
    pub(super) port: u16,
    /// What was asked for, and whether it was let through.
    pub(super) seen: Arc<Mutex<Vec<(String, bool)>>>,
}

impl Proxy {
    pub(super) fn new(name: &str, password: &str) -> Self {
        use base64::Engine as _;
        let right = format!("basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{name}:{password}")).to_lowercase());
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, seen) = (socket.local_addr().unwrap().port(), Arc::<Mutex<Vec<_>>>::default());
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            while let Ok((stream, _)) = socket.accept() {
                let (seen, right) = (Arc::clone(&shared), right.clone());
                std::thread::spawn(move || let_through(stream, &right, &seen));
            }
        });
        Self { port, seen }
    }
}

fn let_through(mut stream: TcpStream, right: &str, seen: &Mutex<Vec<(String, bool)>>) {
    loop {
        let Some(head) = tunnel::head(&mut stream) else { return };
        let first = head.lines().next().unwrap_or_default().to_owned();
        let fine = head.to_lowercase().contains(right);
        seen.lock().unwrap().push((first.clone(), fine));
        if !fine {
            let refusal = b"HTTP/1.1 407 No\r\nproxy-authenticate: Basic realm=\"proxy\"\r\ncontent-length: 0\r\n\r\n";
            if stream.write_all(refusal).is_err() {
                return;
            }
            continue;
        }
        if let Some(there) = first.split(' ').nth(1).and_then(|target| TcpStream::connect(target).ok()) {
            tunnel::tunnel(stream, there);
        }
        return;
    }
}
