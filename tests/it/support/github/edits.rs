//! What people do on the service: accounts, repositories and their life, commits, wikis.

use super::git::{Git, Put};
use super::model::{Block, Category, Id, Label, Milestone, Model, Owner, OwnerKind, Repository};

/// A repository being edited.
pub struct Repo<'m> {
    pub model: &'m mut Model,
    pub id: Id,
}

impl Model {
    /// A user.
    pub fn add_user(&mut self, login: &str) -> Id {
        self.add_owner(login, OwnerKind::User)
    }

    /// An organisation.
    pub fn add_organization(&mut self, login: &str) -> Id {
        self.add_owner(login, OwnerKind::Organization)
    }

    /// An account of any kind.
    pub fn add_owner(&mut self, login: &str, kind: OwnerKind) -> Id {
        let id = self.fresh();
        let created = self.now;
        self.owners.insert(id, Owner { id, login: login.to_owned(), name: None, kind, created, sso: None });
        id
    }

    /// The account's id; a test that names another is wrong.
    pub fn user(&self, login: &str) -> Id {
        self.owner(login).unwrap_or_else(|| panic!("the simulated GitHub has no account {login}")).id
    }

    /// Who writes from now on; nobody is an account that was deleted.
    pub fn write_as(&mut self, login: Option<&str>) {
        self.writer = login.map(|login| self.user(login));
    }

    /// An account goes; what it wrote stays, and has no author.
    pub fn delete_user(&mut self, login: &str) {
        let id = self.user(login);
        self.owners.remove(&id);
    }

    /// A public repository of `owner/name`, empty, with its owner made if need be, and with discussions, issues and wiki turned on.
    pub fn add_repository(&mut self, full_name: &str) -> Repo<'_> {
        let (login, name) = full_name.split_once('/').unwrap();
        let owner = self.owner(login).map(|owner| owner.id).unwrap_or_else(|| self.add_organization(login));
        assert!(self.named(login, name).is_none(), "{full_name} is there already");
        let (id, now) = (self.fresh(), self.tick());
        let git = Git::create(self.dir.join(format!("{id}.git")), "main");
        let categories =
            [("Announcements", "mega", false), ("General", "speech_balloon", false), ("Q&A", "pray", true), ("Polls", "ballot_box", false)];
        let categories = categories.map(|(name, emoji, answerable)| {
            let slug = name.to_lowercase().replace('&', "-");
            let (name, emoji) = (name.to_owned(), format!(":{emoji}:"));
            Category { id: self.fresh(), description: format!("About {name}"), name, slug, emoji, answerable, created: now }
        });
        let repository = Repository {
            id,
            owner,
            name: name.to_owned(),
            description: None,
            homepage: None,
            topics: Vec::new(),
            private: false,
            internal: false,
            archived: None,
            fork_of: None,
            template: false,
            disabled: false,
            locked: None,
            blocked: None,
            license: None,
            default_branch: "main".to_owned(),
            has_wiki: true,
            has_issues: true,
            has_discussions: true,
            created: now,
            updated: now,
            pushed: now,
            git,
            wiki: None,
            categories: categories.into(),
            labels: Vec::new(),
            milestones: Vec::new(),
            discussions: std::collections::BTreeMap::new(),
            issues: std::collections::BTreeMap::new(),
            releases: std::collections::BTreeMap::new(),
            left: std::collections::BTreeMap::new(),
            next_number: 1,
        };
        // Whoever takes a name takes its redirect away.
        self.former.remove(&full_name.to_lowercase());
        self.repositories.insert(id, repository);
        Repo { model: self, id }
    }

    /// A repository to edit, by today's full name.
    pub fn repo(&mut self, full_name: &str) -> Repo<'_> {
        let id = self.id_of(full_name);
        Repo { model: self, id }
    }

    /// A repository goes, with all that it holds; its former names lead nowhere.
    pub fn delete_repository(&mut self, full_name: &str) {
        let id = self.id_of(full_name);
        self.tick();
        self.repositories.remove(&id);
        self.former.retain(|_, of| *of != id);
    }

    /// The App is installed at an account, for these repositories or for all; the installation's id.
    pub fn install(&mut self, login: &str, repositories: Option<&[Id]>) -> Id {
        let (id, owner) = (self.fresh(), self.user(login));
        self.installations.insert(id, (owner, repositories.map(|some| some.iter().copied().collect())));
        id
    }

    /// Who writes, for commits: name and address.
    fn signature(&self) -> (String, String) {
        let writer = self.writer.and_then(|id| self.owners.get(&id));
        let name = writer.map_or("Ghost", |owner| owner.name.as_deref().unwrap_or(&owner.login)).to_owned();
        (name, format!("{}@users.example", writer.map_or("ghost", |owner| &owner.login)))
    }
}

impl Repo<'_> {
    /// The repository.
    pub fn it(&mut self) -> &mut Repository {
        self.model.repositories.get_mut(&self.id).unwrap()
    }

    /// The same repository once more, for a chain of edits.
    pub fn again(&mut self) -> Repo<'_> {
        Repo { model: self.model, id: self.id }
    }

    /// Today's `owner/name`.
    pub fn full_name(&self) -> String {
        self.model.full_name(&self.model.repositories[&self.id])
    }

    /// A commit on top of a branch, which begins with it where there is none; the commit's name.
    pub fn commit<P: AsRef<[u8]>>(&mut self, branch: &str, files: &[(P, impl Into<Put> + Clone)]) -> String {
        let parent = self.it().git.branches.get(branch).cloned();
        self.commit_after(branch, parent.as_deref(), files)
    }

    /// A branch whose history begins anew with one commit, pushed by force.
    pub fn force_push<P: AsRef<[u8]>>(&mut self, branch: &str, files: &[(P, impl Into<Put> + Clone)]) -> String {
        self.commit_after(branch, None, files)
    }

    /// A commit on top of any other, or of none.
    pub fn commit_after<P: AsRef<[u8]>>(&mut self, branch: &str, parent: Option<&str>, files: &[(P, impl Into<Put> + Clone)]) -> String {
        let now = self.model.tick();
        let (name, address) = self.model.signature();
        let files: Vec<(&[u8], Put)> = files.iter().map(|(path, put)| (path.as_ref(), put.clone().into())).collect();
        let message = files.first().map_or_else(|| "Nothing".to_owned(), |(path, _)| format!("Change {}", String::from_utf8_lossy(path)));
        let it = self.it();
        it.pushed = now;
        it.git.commit(branch, parent, (&name, &address, now), &message, files.iter().map(|(path, put)| (*path, put)))
    }

    /// A commit of a tree that git would not make: each entry is mode, name, object.
    pub fn commit_raw_tree(&mut self, branch: &str, entries: &[(&str, &[u8], String)]) -> String {
        let now = self.model.tick();
        let it = self.it();
        let mut bytes = Vec::new();
        for (mode, name, oid) in entries {
            bytes.extend_from_slice(mode.as_bytes());
            bytes.push(b' ');
            bytes.extend_from_slice(name);
            bytes.push(0);
            bytes.extend((0..40).step_by(2).map(|at| u8::from_str_radix(&oid[at..at + 2], 16).unwrap()));
        }
        let tree = it.git.write_object("tree", &bytes);
        let commit = format!("tree {tree}\nauthor Ann <ann@users.example> {now} +0000\ncommitter Ann <ann@users.example> {now} +0000\n\nRaw\n");
        let oid = it.git.write_object("commit", commit.as_bytes());
        it.git.set_branch(branch, Some(&oid));
        it.pushed = now;
        oid
    }

    /// A branch begins where another stands.
    pub fn add_branch(&mut self, branch: &str, from: &str) {
        let git = &mut self.it().git;
        let oid = git.resolve(from).unwrap();
        git.set_branch(branch, Some(&oid));
    }

    /// A branch goes.
    pub fn delete_branch(&mut self, branch: &str) {
        self.it().git.set_branch(branch, None);
    }

    /// Another branch is the default one.
    pub fn default_branch(&mut self, branch: &str) {
        let now = self.model.tick();
        let it = self.it();
        it.updated = now;
        branch.clone_into(&mut it.default_branch);
        it.git.set_head(branch);
    }

    /// A commit in the wiki, which comes into being with the first one. Its branch is `master`, as wikis have it.
    pub fn commit_wiki<P: AsRef<[u8]>>(&mut self, files: &[(P, impl Into<Put> + Clone)]) -> String {
        self.commit_wiki_after(false, files)
    }

    /// The wiki's history begins anew.
    pub fn force_push_wiki<P: AsRef<[u8]>>(&mut self, files: &[(P, impl Into<Put> + Clone)]) -> String {
        self.commit_wiki_after(true, files)
    }

    /// The wiki exists, and has no page.
    pub fn empty_wiki(&mut self) {
        let dir = self.model.dir.join(format!("{}.wiki.git", self.id));
        self.it().wiki = Some(Git::create(dir, "master"));
    }

    fn commit_wiki_after<P: AsRef<[u8]>>(&mut self, anew: bool, files: &[(P, impl Into<Put> + Clone)]) -> String {
        let now = self.model.tick();
        let (name, address) = self.model.signature();
        if self.it().wiki.is_none() {
            self.empty_wiki();
        }
        let wiki = self.it().wiki.as_mut().unwrap();
        let files: Vec<(&[u8], Put)> = files.iter().map(|(path, put)| (path.as_ref(), put.clone().into())).collect();
        let parent = wiki.branches.get("master").filter(|_| !anew).cloned();
        wiki.commit("master", parent.as_deref(), (&name, &address, now), "Updated", files.iter().map(|(path, put)| (*path, put)))
    }

    /// It is called otherwise from now on, and the old name leads here.
    pub fn rename(&mut self, name: &str) {
        let (old, now) = (self.full_name(), self.model.tick());
        self.model.former.insert(old.to_lowercase(), self.id);
        let it = self.it();
        name.clone_into(&mut it.name);
        it.updated = now;
        let new = self.full_name().to_lowercase();
        self.model.former.remove(&new);
    }

    /// It belongs to another account from now on, which is made if need be; the old name leads here.
    pub fn transfer(&mut self, login: &str) {
        let (old, now) = (self.full_name(), self.model.tick());
        let owner = self.model.owner(login).map(|owner| owner.id).unwrap_or_else(|| self.model.add_organization(login));
        self.model.former.insert(old.to_lowercase(), self.id);
        let it = self.it();
        it.owner = owner;
        it.updated = now;
        let new = self.full_name().to_lowercase();
        self.model.former.remove(&new);
    }

    /// Its name leads nowhere any more, as after a rename whose redirect is gone.
    pub fn forget_redirects(&mut self) {
        let id = self.id;
        self.model.former.retain(|_, of| *of != id);
    }

    /// Changes what it says of itself.
    pub fn set(&mut self, change: impl FnOnce(&mut Repository)) {
        let now = self.model.tick();
        let it = self.it();
        it.updated = now;
        change(it);
    }

    /// Nobody may see it but those who were let in.
    pub fn make_private(&mut self) {
        self.set(|it| it.private = true);
    }

    /// It only reads from now on.
    pub fn archive(&mut self) {
        let now = self.model.now;
        self.set(|it| it.archived = Some(now));
    }

    /// Nobody may read it: 403 (`tos`, ...) or 451 (`dmca`).
    pub fn block(&mut self, status: u16, reason: &str) {
        let reason = reason.to_owned();
        self.set(|it| it.blocked = Some(Block { status, reason }));
    }

    /// A label.
    pub fn add_label(&mut self, name: &str) {
        let (id, created) = (self.model.fresh(), self.model.now);
        if self.it().labels.iter().all(|label| label.name != name) {
            self.it().labels.push(Label { id, name: name.to_owned(), color: "d73a4a".to_owned(), description: None, created });
        }
    }

    /// A milestone; its number.
    pub fn add_milestone(&mut self, title: &str) -> u64 {
        let (id, created) = (self.model.fresh(), self.model.now);
        let it = self.it();
        let number = it.milestones.len() as u64 + 1;
        it.milestones.push(Milestone { id, number, title: title.to_owned(), description: None, created, due: None, closed: None });
        number
    }
}
