//! What a disk can do to a mirror: full, out of inodes, read-only, failing, not ours any more, swapped under a run, and a damaged state. Each fault is real:
//! a small tmpfs in a mount namespace of its own, another user's eyes, a system call that strace makes fail, a file that is cut or flipped.
//!
//! Promised for each: one line that names the thing and the way out; no panic; one run and no more; nothing half-written; nothing deleted on doubt; and
//! once the cause is gone, the next run ends in the tree of a fresh sync without help.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::home::{Home, Said, said};
use crate::support::{Id, Site, Status};

mod failing;
mod folder;
mod full;
mod rights;
mod state;

const DAEMON: &str = env!("CARGO_BIN_EXE_context-syncd");
/// Set inside the namespace.
const INSIDE: &str = "CONTEXT_SYNC_TEST_DISK";

/// Runs `steps` in a mount namespace of their own. `test` is the calling test's path in this binary.
fn with_mounts(test: &str, steps: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        return steps();
    }
    // Without root, in a user namespace, where there are such.
    let whose: &[&str] = if nix::unistd::geteuid().is_root() { &[] } else { &["--user", "--map-root-user"] };
    let unshare = || {
        let mut command = Command::new("unshare");
        command.args(whose).args(["--mount", "--propagation", "private", "--"]);
        command
    };
    let can = unshare().args(["mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output().is_ok_and(|tried| tried.status.success());
    if !can {
        return not_run("a mount namespace cannot be had");
    }
    let output = unshare().arg(std::env::current_exe().unwrap()).args(["--exact", test, "--nocapture"]).env(INSIDE, "1").output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    // A test that was renamed would run nothing inside, and pass.
    assert!(output.status.success() && said.contains("1 passed"), "inside:\n{said}");
}

/// Passes, but says so; fails where nobody would notice.
fn not_run(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "{why}");
    println!("NOT RUN: {why}");
}

/// Mounts an empty file system; gone with the namespace.
fn mount(at: &Path, options: &str) {
    std::fs::create_dir_all(at).unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(at).status().unwrap();
    assert!(mounted.success(), "tmpfs at {}", at.display());
}

/// A small site, with pictures and a page that the next edits delete.
struct Small {
    site: Site,
    pages: Vec<Id>,
}

impl Small {
    fn new() -> Self {
        let site = Site::cloud();
        let pages = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            let words = "words and more words ".repeat(100);
            let mut pages: Vec<Id> = Vec::new();
            for n in 0..12_u8 {
                let parent = pages.last().copied().filter(|_| n % 4 == 3);
                let page = m.add_page("ENG", parent, &format!("Page {n}"), &format!("<p>Page {n}: {words}</p>"));
                if n % 6 == 0 {
                    m.add_attachment(page, "a.png", vec![n; 50_000], "image/png");
                    m.edit_page(page, &format!("<p>{words}</p><ac:image><ri:attachment ri:filename=\"a.png\" /></ac:image>"));
                }
                pages.push(page);
            }
            pages
        });
        Self { site, pages }
    }

    fn home(&self) -> Home {
        Home::for_site(DAEMON, &self.site, "")
    }

    /// Edits a page, renames one, deletes one, and adds one.
    fn edit(&self) {
        self.site.edit(|m| {
            let n = m.now;
            m.edit_page(self.pages[1], &format!("<p>Edited at {n}</p>"));
            m.rename_page(self.pages[2], &format!("Renamed at {n}"));
            // The one that was added last, or a page with a picture.
            let last = m.content.values().rfind(|content| content.title.starts_with("New at") && content.status == Status::Current);
            m.delete(last.map_or(self.pages[6], |last| last.id));
            m.add_page("ENG", Some(self.pages[0]), &format!("New at {n}"), "<p>New</p>");
        });
    }

    /// What a fresh mirror has.
    fn fresh(&self) -> BTreeMap<String, Vec<u8>> {
        let home = self.home();
        home.synced();
        home.living()
    }

    /// The cause is gone: one run, and the tree is as it should be.
    fn assert_heals(&self, home: &Home, story: &str) -> Said {
        let said = home.once();
        assert_eq!(said.code, Some(0), "{story}: {said:#?}");
        let (healed, fresh) = (home.living(), self.fresh());
        assert_eq!(healed.keys().collect::<Vec<_>>(), fresh.keys().collect::<Vec<_>>(), "{story}");
        assert!(healed == fresh, "{story}: bytes differ");
        said
    }
}

/// It failed with one clear line, which has `words`, without a panic, and left nothing half-written: each file that is there was there before, or is whole.
fn assert_refused(said: &Said, words: &[&str], story: &str) {
    assert_eq!(said.code, Some(1), "{story}: {said:#?}");
    assert!(!said.stderr.contains("panicked") && !said.stdout.contains("crashed"), "{story}: {said:#?}");
    assert_eq!(said.stdout.lines().count(), 1, "{story}: {said:#?}");
    for word in words {
        assert!(said.stdout.contains(word), "{story}: `{word}` in {said:#?}");
    }
}

fn assert_whole(home: &Home, before: &BTreeMap<String, Vec<u8>>, fresh: &BTreeMap<String, Vec<u8>>, story: &str) {
    for (path, bytes) in home.tree() {
        let known = |tree: &BTreeMap<String, Vec<u8>>| tree.get(&path).is_some_and(|there| *there == bytes);
        let is_trash = path.starts_with(".trash/") && before.values().any(|there| *there == bytes);
        assert!(known(before) || known(fresh) || is_trash, "{story}: {path} is neither old nor new");
    }
}
