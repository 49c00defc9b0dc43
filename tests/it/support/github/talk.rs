//! What people do in a repository's conversations: discussions, issues, pull requests, comments, reviews; and its releases.

use super::edits::Repo;
use super::model::{Asset, Comment, Discussion, Id, Issue, Poll, Pull, Release, Repository, Review, Thread};

impl Repo<'_> {
    /// A text by whoever writes now.
    fn text(&mut self, body: &str) -> Comment {
        let (id, now) = (self.model.fresh(), self.model.tick());
        Comment { id, author: self.model.writer, body: Some(body.to_owned()), created: now, updated: now, ..Comment::default() }
    }

    fn number(&mut self) -> u64 {
        let it = self.it();
        it.next_number += 1;
        it.next_number - 1
    }

    /// A discussion in the category of this name or slug; its number.
    pub fn add_discussion(&mut self, category: &str, title: &str, body: &str) -> u64 {
        let (text, number) = (self.text(body), self.number());
        let it = self.it();
        let found = it.categories.iter().find(|known| known.name == category || known.slug == category);
        let category = found.unwrap_or_else(|| panic!("there is no category {category}")).id;
        let discussion = Discussion { number, title: title.to_owned(), category, updated: text.updated, text, ..Discussion::default() };
        it.discussions.insert(number, discussion);
        number
    }

    /// An issue; its number.
    pub fn add_issue(&mut self, title: &str, body: &str) -> u64 {
        let (text, number) = (self.text(body), self.number());
        self.it().issues.insert(number, Issue { number, title: title.to_owned(), updated: text.updated, text, ..Issue::default() });
        number
    }

    /// A pull request from a branch into the default one; its number.
    pub fn add_pull(&mut self, title: &str, body: &str, head: &str) -> u64 {
        let number = self.add_issue(title, body);
        let (id, of) = (self.model.fresh(), self.id);
        let it = self.it();
        let base = it.default_branch.clone();
        let oid = |name: &str| it.git.branches.get(name).cloned().unwrap_or_else(|| "0".repeat(40));
        let (base_oid, head_oid) = (oid(&base), oid(head));
        let pull = Pull { id, base, head: head.to_owned(), base_oid, head_oid, head_repository: Some(of), size: (3, 1, 1), ..Pull::default() };
        it.issues.get_mut(&number).unwrap().pull = Some(pull);
        number
    }

    /// A comment on a discussion, issue or pull request; its id.
    pub fn comment(&mut self, number: u64, body: &str) -> Id {
        let text = self.text(body);
        let (id, now) = (text.id, text.updated);
        let it = self.it();
        match it.discussions.get_mut(&number) {
            Some(discussion) => {
                discussion.comments.push(text);
                discussion.updated = now;
            }
            None => {
                let issue = it.issues.get_mut(&number).unwrap();
                issue.comments.push(text);
                issue.updated = now;
            }
        }
        id
    }

    /// A reply to a comment of a discussion; its id.
    pub fn reply(&mut self, number: u64, comment: Id, body: &str) -> Id {
        let text = self.text(body);
        let (id, now) = (text.id, text.updated);
        let discussion = self.it().discussions.get_mut(&number).unwrap();
        discussion.comments.iter_mut().find(|known| known.id == comment).unwrap().replies.push(text);
        discussion.updated = now;
        id
    }

    /// Changes a discussion; it moves up.
    pub fn edit_discussion(&mut self, number: u64, change: impl FnOnce(&mut Discussion)) {
        let now = self.model.tick();
        let discussion = self.it().discussions.get_mut(&number).unwrap();
        discussion.updated = now;
        discussion.text.updated = now;
        change(discussion);
    }

    /// Changes an issue or pull request; it moves up.
    pub fn edit_issue(&mut self, number: u64, change: impl FnOnce(&mut Issue)) {
        let now = self.model.tick();
        let issue = self.it().issues.get_mut(&number).unwrap();
        issue.updated = now;
        issue.text.updated = now;
        change(issue);
    }

    /// Changes the pull request's own part; it moves up.
    pub fn edit_pull(&mut self, number: u64, change: impl FnOnce(&mut Pull)) {
        self.edit_issue(number, |issue| change(issue.pull.as_mut().unwrap()));
    }

    /// Another first text.
    pub fn set_body(&mut self, number: u64, body: Option<&str>) {
        let now = self.model.tick();
        let it = self.it();
        let (text, updated) = match it.discussions.get_mut(&number) {
            Some(discussion) => (&mut discussion.text, &mut discussion.updated),
            None => {
                let issue = it.issues.get_mut(&number).unwrap();
                (&mut issue.text, &mut issue.updated)
            }
        };
        text.body = body.map(str::to_owned);
        text.edited = Some(now);
        text.updated = now;
        *updated = now;
    }

    /// Another text in a comment, reply, review or review comment. `moves`: what it stands in moves up, which the service does not promise.
    pub fn edit_comment(&mut self, id: Id, body: &str, moves: bool) {
        let now = self.model.tick();
        self.change_comment(id, |comment| {
            comment.body = Some(body.to_owned());
            comment.edited = Some(now);
            comment.updated = now;
        });
        if moves {
            self.touch_home_of(id, now);
        }
    }

    /// Changes anything about a comment, and nothing else moves.
    pub fn change_comment(&mut self, id: Id, change: impl FnOnce(&mut Comment)) {
        change(find(self.it(), id).unwrap_or_else(|| panic!("there is no comment {id}")));
    }

    /// A comment or reply goes; what it stands in does not move. One of a discussion that has replies stays, marked as deleted.
    pub fn delete_comment(&mut self, id: Id) {
        let now = self.model.tick();
        for discussion in self.it().discussions.values_mut() {
            if let Some(comment) = discussion.comments.iter_mut().find(|comment| comment.id == id && !comment.replies.is_empty()) {
                comment.deleted = Some(now);
                comment.body = Some(String::new());
                return;
            }
            discussion.comments.retain(|comment| comment.id != id);
            for comment in &mut discussion.comments {
                comment.replies.retain(|reply| reply.id != id);
            }
            discussion.answer = discussion.answer.filter(|(answer, ..)| *answer != id);
        }
        for issue in self.it().issues.values_mut() {
            issue.comments.retain(|comment| comment.id != id);
            if let Some(pull) = &mut issue.pull {
                pull.threads.iter_mut().for_each(|thread| thread.comments.retain(|comment| comment.id != id));
                pull.threads.retain(|thread| !thread.comments.is_empty());
            }
        }
    }

    /// A comment is hidden, for a reason such as `spam` or `outdated`; nothing moves.
    pub fn minimize(&mut self, id: Id, reason: &str) {
        self.change_comment(id, |comment| comment.minimized = Some(reason.to_owned()));
    }

    /// Somebody reacts: `THUMBS_UP`, `HEART`...; nothing moves.
    pub fn react(&mut self, id: Id, login: &str, content: &str) {
        let who = self.model.user(login);
        self.change_comment(id, |comment| comment.reactions.push((content.to_owned(), who)));
    }

    /// A comment or reply is the answer.
    pub fn answer(&mut self, number: u64, comment: Id) {
        let (now, writer) = (self.model.tick(), self.model.writer);
        let discussion = self.it().discussions.get_mut(&number).unwrap();
        discussion.answer = Some((comment, now, writer));
        discussion.updated = now;
    }

    /// A poll with its options and votes.
    pub fn poll(&mut self, number: u64, question: &str, options: &[(&str, u64)]) {
        let id = self.model.fresh();
        let options = options.iter().map(|(option, votes)| (self.model.fresh(), (*option).to_owned(), *votes)).collect();
        self.it().discussions.get_mut(&number).unwrap().poll = Some(Poll { id, question: question.to_owned(), options });
    }

    /// Labels, made if need be; it moves up.
    pub fn set_labels(&mut self, number: u64, labels: &[&str]) {
        let now = self.model.tick();
        labels.iter().for_each(|label| self.add_label(label));
        let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
        let it = self.it();
        match it.discussions.get_mut(&number) {
            Some(discussion) => {
                discussion.labels = labels;
                discussion.updated = now;
            }
            None => {
                let issue = it.issues.get_mut(&number).unwrap();
                issue.labels = labels;
                issue.updated = now;
            }
        }
    }

    /// An issue, pull request or discussion is closed: `COMPLETED`, `NOT_PLANNED`, `DUPLICATE`; `RESOLVED`, `OUTDATED` for discussions.
    pub fn close(&mut self, number: u64, reason: &'static str) {
        let now = self.model.tick();
        let it = self.it();
        match it.discussions.get_mut(&number) {
            Some(discussion) => (discussion.closed, discussion.state_reason, discussion.updated) = (Some(now), Some(reason), now),
            None => {
                let issue = it.issues.get_mut(&number).unwrap();
                (issue.closed, issue.updated) = (Some(now), now);
                issue.state_reason = (!issue.is_pull()).then_some(reason);
            }
        }
    }

    /// A pull request is merged.
    pub fn merge(&mut self, number: u64) {
        let (now, writer) = (self.model.tick(), self.model.writer);
        let issue = self.it().issues.get_mut(&number).unwrap();
        (issue.closed, issue.updated) = (Some(now), now);
        let pull = issue.pull.as_mut().unwrap();
        pull.merged = Some((now, writer));
        pull.merge_commit = Some(pull.head_oid.clone());
    }

    /// A review; its id.
    pub fn review(&mut self, number: u64, state: &'static str, body: &str) -> Id {
        let text = self.text(body);
        let (id, now) = (text.id, text.updated);
        let submitted = (state != "PENDING").then_some(now);
        let issue = self.it().issues.get_mut(&number).unwrap();
        issue.updated = now;
        issue.pull.as_mut().unwrap().reviews.push(Review { text, state, submitted });
        id
    }

    /// A thread at a line of a file, begun with a comment; the thread's id and the comment's.
    pub fn review_thread(&mut self, number: u64, path: &str, line: u64, body: &str) -> (Id, Id) {
        let (text, id) = (self.text(body), self.model.fresh());
        let (comment, now) = (text.id, text.updated);
        let issue = self.it().issues.get_mut(&number).unwrap();
        issue.updated = now;
        let pull = issue.pull.as_mut().unwrap();
        let review = pull.reviews.last().map(|review| review.text.id);
        let diff_hunk = format!("@@ -{line},2 +{line},2 @@\n-old line\n+new line");
        pull.threads.push(Thread {
            id,
            path: path.to_owned(),
            line: Some(line),
            original_line: Some(line),
            diff_hunk,
            review,
            comments: vec![text],
            ..Thread::default()
        });
        (id, comment)
    }

    /// An answer in a thread; its id.
    pub fn review_reply(&mut self, number: u64, thread: Id, body: &str) -> Id {
        let text = self.text(body);
        let (id, now) = (text.id, text.updated);
        let issue = self.it().issues.get_mut(&number).unwrap();
        issue.updated = now;
        let threads = &mut issue.pull.as_mut().unwrap().threads;
        threads.iter_mut().find(|known| known.id == thread).unwrap().comments.push(text);
        id
    }

    /// A discussion, issue or pull request goes.
    pub fn delete_conversation(&mut self, number: u64) {
        self.model.tick();
        let it = self.it();
        let gone = it.discussions.remove(&number).is_some() || it.issues.remove(&number).is_some();
        assert!(gone, "there is no number {number}");
        it.left.insert(number, None);
    }

    /// An issue or discussion moves to another repository, under a new number there, which is returned.
    pub fn transfer_conversation(&mut self, number: u64, to: &str) -> u64 {
        let (target, now) = (self.model.id_of(to), self.model.tick());
        let (issue, discussion) = (self.it().issues.remove(&number), self.it().discussions.remove(&number));
        let mut there = Repo { model: self.model, id: target };
        let new = there.number();
        let it = there.it();
        if let Some(issue) = issue {
            it.issues.insert(new, Issue { number: new, updated: now, ..issue });
        } else if let Some(discussion) = discussion {
            let category = it.categories[1].id;
            it.discussions.insert(new, Discussion { number: new, updated: now, category, ..discussion });
        }
        self.it().left.insert(number, Some((target, new)));
        new
    }

    /// An issue becomes a discussion, under a new number, which is returned.
    pub fn convert_to_discussion(&mut self, number: u64) -> u64 {
        let now = self.model.tick();
        let issue = self.it().issues.remove(&number).unwrap();
        let new = self.number();
        let it = self.it();
        let category = it.categories[1].id;
        let (title, text, comments) = (issue.title, issue.text, issue.comments);
        it.discussions.insert(new, Discussion { number: new, title, text, comments, category, updated: now, ..Discussion::default() });
        it.left.insert(number, None);
        new
    }

    /// A published release; its id.
    pub fn add_release(&mut self, tag: &str, name: Option<&str>, body: Option<&str>) -> Id {
        let (id, now) = (self.model.fresh(), self.model.tick());
        let author = self.model.writer;
        let it = self.it();
        let target = it.default_branch.clone();
        if let Some(oid) = it.git.branches.get(&target).cloned() {
            it.git.set_tag(tag, &oid);
        }
        let (tag, name, body) = (tag.to_owned(), name.map(str::to_owned), body.map(str::to_owned));
        let release = Release { id, tag, name, body, author, target, created: now, updated: now, published: Some(now), ..Release::default() };
        it.releases.insert(id, release);
        id
    }

    /// Changes a release; its `updatedAt` moves, its place in lists does not.
    pub fn edit_release(&mut self, id: Id, change: impl FnOnce(&mut Release)) {
        let now = self.model.tick();
        let release = self.it().releases.get_mut(&id).unwrap();
        release.updated = now;
        change(release);
    }

    /// A file of a release.
    pub fn add_asset(&mut self, release: Id, name: &str, size: u64) {
        let (id, created) = (self.model.fresh(), self.model.tick());
        let asset = Asset { id, name: name.to_owned(), size, content_type: "application/gzip".to_owned(), downloads: 12, created };
        self.edit_release(release, |release| release.assets.push(asset));
    }

    /// A release goes.
    pub fn delete_release(&mut self, id: Id) {
        self.model.tick();
        self.it().releases.remove(&id).unwrap();
    }

    fn touch_home_of(&mut self, id: Id, now: u64) {
        for discussion in self.it().discussions.values_mut() {
            if discussion.comments.iter_mut().any(|comment| within(comment, id).is_some()) {
                discussion.updated = now;
            }
        }
        for issue in self.it().issues.values_mut() {
            if texts(issue).any(|text| text.id == id) {
                issue.updated = now;
            }
        }
    }
}

fn within(comment: &mut Comment, id: Id) -> Option<&mut Comment> {
    if comment.id == id { Some(comment) } else { comment.replies.iter_mut().find(|reply| reply.id == id) }
}

/// All comments of an issue, those of reviews and threads included, and its own text.
fn texts(issue: &mut Issue) -> impl Iterator<Item = &mut Comment> {
    let pull = issue.pull.iter_mut();
    let inner = pull.flat_map(|pull| {
        let reviews = pull.reviews.iter_mut().map(|review| &mut review.text);
        reviews.chain(pull.threads.iter_mut().flat_map(|thread| thread.comments.iter_mut()))
    });
    std::iter::once(&mut issue.text).chain(issue.comments.iter_mut()).chain(inner)
}

fn find(repository: &mut Repository, id: Id) -> Option<&mut Comment> {
    let talks =
        repository.discussions.values_mut().flat_map(|discussion| std::iter::once(&mut discussion.text).chain(discussion.comments.iter_mut()));
    if let Some(found) = talks.filter_map(|comment| within(comment, id)).next() {
        return Some(found);
    }
    repository.issues.values_mut().flat_map(texts).find(|text| text.id == id)
}
