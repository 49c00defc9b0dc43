//! Two repositories on which people work: files written, moved and taken away, pushes by force, names changed, a wiki, and conversations.

use super::Dice;
use crate::support::github::{GitHub, Id};

/// Never taken away, so that no part is ever empty.
const LANDMARK: &str = "docs/landmark.md";

/// A repository as its people know it.
struct Repo {
    id: Id,
    /// Files that may go.
    files: Vec<String>,
    pages: Vec<String>,
    numbers: Vec<u64>,
    /// With the number of the conversation.
    comments: Vec<(u64, Id)>,
    releases: Vec<Id>,
}

/// The site.
pub struct Repositories {
    pub site: GitHub,
    all: Vec<Repo>,
    counter: u64,
    unseen: bool,
}

impl Repositories {
    /// `acme/app` and `acme/lib`, with so many files together.
    pub fn new(files: usize, dice: &mut Dice) -> Self {
        let site = GitHub::new();
        let mut upstream = Self { site, all: Vec::new(), counter: 0, unseen: false };
        for name in ["acme/app", "acme/lib"] {
            let (id, number) = upstream.site.edit(|m| {
                let mut repo = m.add_repository(name);
                let id = repo.it().id;
                repo.commit(
                    "main",
                    &[("README.md", "# Home\n\nSee [the landmark](docs/landmark.md).\n"), (LANDMARK, "# Landmark\n"), ("src/main.rs", "//\n")],
                );
                repo.commit("main", &[("docs/img/plan.png", b"\x89PNG first".to_vec())]);
                repo.commit_wiki(&[("Home.md", "Welcome, see [[How to]].\n"), ("How-to.md", "So.\n")]);
                repo.add_discussion("general", "Landmark talk", "Here.");
                repo.add_release("v0.1", Some("Landmark"), Some("First."));
                (id, repo.add_issue("Landmark issue", "Here."))
            });
            upstream.all.push(Repo { id, files: Vec::new(), pages: Vec::new(), numbers: vec![number], comments: Vec::new(), releases: Vec::new() });
        }
        for n in 0..files {
            upstream.add_file(n % 2, dice);
        }
        for n in 0..12 {
            upstream.open(n % 2, dice);
            upstream.say(n % 2, dice);
        }
        upstream
    }

    /// So many edits; how many.
    pub fn disturb(&mut self, dice: &mut Dice, edits: u64) -> usize {
        for _ in 0..edits {
            let which = usize::try_from(dice.roll(2)).unwrap();
            self.one(which, dice);
        }
        usize::try_from(edits).unwrap()
    }

    /// Whether something happened that no newest time tells, and that only a listing of everything finds.
    pub fn unseen(&self) -> bool {
        self.unseen
    }

    /// Everything was listed.
    pub fn seen_all(&mut self) {
        self.unseen = false;
    }

    fn repo<T>(&self, which: usize, edit: impl FnOnce(&mut crate::support::github::Repo<'_>) -> T) -> T {
        let id = self.all[which].id;
        self.site.edit(|m| {
            let name = m.full_name(&m.repositories[&id]);
            edit(&mut m.repo(&name))
        })
    }

    fn one(&mut self, which: usize, dice: &mut Dice) {
        match dice.roll(16) {
            0..=3 => self.write(which, dice),
            4 => self.add_file(which, dice),
            5 => self.take_file(which, dice),
            6 => self.move_file(which, dice),
            7 => self.draw(which, dice),
            8 if dice.once_in(3) => self.push_by_force(which),
            8 | 9 => self.write_wiki(which, dice),
            10 => self.open(which, dice),
            11 | 12 => self.say(which, dice),
            13 => self.unsay(which, dice),
            14 => self.close(which, dice),
            _ if dice.once_in(3) => {
                let n = self.next();
                self.repo(which, |repo| repo.rename(&format!("renamed-{n}")));
            }
            _ => self.end(which, dice),
        }
    }

    fn next(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    fn text(&mut self, which: usize, dice: &mut Dice) -> String {
        let n = self.next();
        let target = if self.all[which].files.is_empty() { LANDMARK.to_owned() } else { dice.pick(&self.all[which].files).clone() };
        let words = "words and more words ".repeat(usize::try_from(dice.roll(120)).unwrap());
        let picture = if dice.once_in(3) { "" } else { "![Plan](/docs/img/plan.png)\n\n" };
        format!("# Written in {n}\n\nSee [that](/{target}), [the landmark](/{LANDMARK}) and [code](/src/main.rs).\n\n{picture}{words}\n")
    }

    fn write(&mut self, which: usize, dice: &mut Dice) {
        let Some(path) = pick(&self.all[which].files, dice) else { return };
        let text = self.text(which, dice);
        self.repo(which, |repo| repo.commit("main", &[(path, text)]));
    }

    fn add_file(&mut self, which: usize, dice: &mut Dice) {
        let text = self.text(which, dice);
        let n = self.next();
        let path = if dice.once_in(2) { format!("docs/guide/page-{n}.md") } else { format!("docs/page-{n}.md") };
        self.repo(which, |repo| repo.commit("main", &[(path.clone(), text)]));
        self.all[which].files.push(path);
    }

    fn take_file(&mut self, which: usize, dice: &mut Dice) {
        if self.all[which].files.len() < 5 {
            return;
        }
        let path = take(&mut self.all[which].files, dice);
        self.repo(which, |repo| repo.commit("main", &[(path, None::<String>)]));
    }

    fn move_file(&mut self, which: usize, dice: &mut Dice) {
        if self.all[which].files.is_empty() {
            return;
        }
        let (old, n) = (take(&mut self.all[which].files, dice), self.next());
        let new = format!("docs/moved/page-{n}.md");
        self.repo(which, |repo| {
            let tree = repo.it().git.tree_of("main").unwrap();
            let oid = repo.it().git.at(&tree, old.as_bytes()).unwrap().oid;
            let bytes = repo.it().git.read(&oid).unwrap().2;
            repo.commit("main", &[(old.clone(), None), (new.clone(), Some(bytes))]);
        });
        self.all[which].files.push(new);
    }

    fn draw(&mut self, which: usize, dice: &mut Dice) {
        let bytes: Vec<u8> = (0..1000 + dice.roll(60_000)).map(|at| u8::try_from((at * 7 + self.counter) % 251).unwrap()).collect();
        self.repo(which, |repo| repo.commit("main", &[("docs/img/plan.png", bytes)]));
    }

    /// The history begins anew, with what is there.
    fn push_by_force(&mut self, which: usize) {
        let n = self.next();
        self.repo(which, |repo| {
            let tree = repo.it().git.tree_of("main").unwrap();
            let entries = repo.it().git.entries(&tree, true);
            let files: Vec<_> = entries.iter().filter(|entry| entry.kind == "blob").map(|entry| (entry.path.clone(), entry.oid.clone())).collect();
            let mut all: Vec<(Vec<u8>, Vec<u8>)> = files.into_iter().map(|(path, oid)| (path, repo.it().git.read(&oid).unwrap().2)).collect();
            all.push((b"src/main.rs".to_vec(), format!("// {n}\n").into_bytes()));
            repo.force_push("main", &all);
        });
    }

    fn write_wiki(&mut self, which: usize, dice: &mut Dice) {
        let n = self.next();
        if self.all[which].pages.len() > 3 && dice.once_in(3) {
            let page = take(&mut self.all[which].pages, dice);
            self.repo(which, |repo| repo.commit_wiki(&[(page, None::<String>)]));
            return;
        }
        let page = if dice.once_in(2) { format!("Page-{n}.md") } else { "How-to.md".to_owned() };
        self.repo(which, |repo| repo.commit_wiki(&[(page.clone(), format!("Written in {n}, see [[Home]].\n"))]));
        if page != "How-to.md" {
            self.all[which].pages.push(page);
        }
    }

    fn open(&mut self, which: usize, dice: &mut Dice) {
        let n = self.next();
        let other = pick(&self.all[which].numbers, dice).unwrap_or(1);
        let kind = dice.roll(4);
        if kind == 3 {
            let id = self.repo(which, |repo| repo.add_release(&format!("v1.{n}"), Some(&format!("Release {n}")), Some(&format!("Mends #{other}."))));
            self.all[which].releases.push(id);
            return;
        }
        let number = self.repo(which, |repo| match kind {
            0 => repo.add_discussion("general", &format!("Talk {n}"), &format!("As #{other} says.")),
            1 => repo.add_issue(&format!("Issue {n}"), &format!("As in #{other}, see {LANDMARK}.")),
            _ => repo.add_pull(&format!("Change {n}"), &format!("Mends #{other}."), "topic"),
        });
        self.all[which].numbers.push(number);
    }

    fn say(&mut self, which: usize, dice: &mut Dice) {
        let (n, Some(number)) = (self.next(), pick(&self.all[which].numbers, dice)) else { return };
        let id = self.repo(which, |repo| repo.comment(number, &format!("Said in {n}, as #{number} does.")));
        self.all[which].comments.push((number, id));
    }

    /// A comment is changed or deleted, which a conversation's newest time need not tell.
    fn unsay(&mut self, which: usize, dice: &mut Dice) {
        if self.all[which].comments.is_empty() {
            return;
        }
        let n = self.next();
        self.unseen = true;
        if dice.once_in(2) {
            let (_, id) = *dice.pick(&self.all[which].comments);
            self.repo(which, |repo| repo.edit_comment(id, &format!("Said otherwise in {n}."), n.is_multiple_of(2)));
        } else {
            let (_, id) = take(&mut self.all[which].comments, dice);
            self.repo(which, |repo| repo.delete_comment(id));
        }
    }

    fn close(&mut self, which: usize, dice: &mut Dice) {
        let (n, Some(number)) = (self.next(), pick(&self.all[which].numbers, dice)) else { return };
        self.repo(which, |repo| {
            if n.is_multiple_of(2) {
                repo.close(number, "completed");
            } else {
                repo.set_labels(number, &["soak", if n.is_multiple_of(3) { "three" } else { "other" }]);
            }
        });
    }

    /// A release or a conversation goes; what named it stays.
    fn end(&mut self, which: usize, dice: &mut Dice) {
        self.unseen = true;
        if self.all[which].numbers.len() > 5 && dice.once_in(2) {
            // The first one is the landmark.
            let at = 1 + usize::try_from(dice.roll(self.all[which].numbers.len() as u64 - 1)).unwrap();
            let number = self.all[which].numbers.swap_remove(at);
            self.repo(which, |repo| repo.delete_conversation(number));
            self.all[which].comments.retain(|(of, _)| *of != number);
        } else if !self.all[which].releases.is_empty() {
            let id = take(&mut self.all[which].releases, dice);
            self.repo(which, |repo| repo.delete_release(id));
        }
    }
}

fn pick<T: Clone>(of: &[T], dice: &mut Dice) -> Option<T> {
    (!of.is_empty()).then(|| dice.pick(of).clone())
}

fn take<T>(of: &mut Vec<T>, dice: &mut Dice) -> T {
    let at = usize::try_from(dice.roll(of.len() as u64)).unwrap();
    of.swap_remove(at)
}
