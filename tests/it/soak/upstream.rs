//! A site on which people work: bodies, renames, moves, deletions, restores, new pages, attachments, comments and labels, all at random.

use super::Dice;
use crate::support::{Id, Model, Site};

const SPACES: [&str; 2] = ["ENG", "OPS"];

/// The site.
pub struct Upstream {
    pub site: Site,
    pages: Vec<Id>,
    trashed: Vec<Id>,
    /// Pages that are never deleted, so that others may link to them by their titles: the service rewrites such links without a new version, and a link
    /// to what is gone shows the title that its page had when the body was fetched.
    landmarks: Vec<Id>,
    comments: Vec<Id>,
    counter: u64,
    unseen: bool,
}

impl Upstream {
    /// A new site of so many pages.
    pub fn new(pages: usize, dice: &mut Dice) -> Self {
        let site = Site::cloud();
        let mut upstream =
            Self { site, pages: Vec::new(), trashed: Vec::new(), landmarks: Vec::new(), comments: Vec::new(), counter: 0, unseen: false };
        upstream.site.edit(|m| {
            m.add_space("ENG", "Engineering");
            m.add_space("OPS", "Operations");
            upstream.landmarks = (0..5).map(|n| m.add_page("ENG", None, &format!("Landmark {n}"), "<p>Here.</p>")).collect();
        });
        for _ in 0..pages {
            upstream.add_page(dice);
        }
        for n in 0..pages {
            upstream.write(upstream.pages[n], dice);
            match n % 10 {
                0 => upstream.attach(upstream.pages[n], dice),
                1 => upstream.comment(upstream.pages[n]),
                _ => {}
            }
        }
        upstream
    }

    /// So many edits; how many.
    pub fn disturb(&mut self, dice: &mut Dice, edits: u64) -> usize {
        for _ in 0..edits {
            self.one(dice);
        }
        usize::try_from(edits).unwrap()
    }

    /// Whether something happened that no feed tells, and that only a listing of everything finds.
    pub fn unseen(&self) -> bool {
        self.unseen
    }

    /// Everything was listed.
    pub fn seen_all(&mut self) {
        self.unseen = false;
    }

    fn one(&mut self, dice: &mut Dice) {
        self.counter += 1;
        let n = self.counter;
        let page = *dice.pick(&self.pages);
        match dice.roll(14) {
            0..=2 => self.write(page, dice),
            3 => {
                let which = if dice.once_in(4) { *dice.pick(&self.landmarks) } else { page };
                self.site.edit(|m| m.rename_page(which, &format!("Renamed {n}")));
            }
            4 => {
                let space = *dice.pick(&SPACES);
                self.site.edit(|m| m.move_to_space(page, space));
            }
            5 => {
                let parent = *dice.pick(&self.pages);
                self.site.edit(|m| {
                    let below = parent == page || m.ancestors(m.get(parent)).iter().any(|above| above.id == page);
                    if !below {
                        m.move_page(page, parent);
                    }
                });
            }
            6 => {
                let at = self.pages.iter().position(|other| *other == page).unwrap();
                self.pages.swap_remove(at);
                self.trashed.push(page);
                self.site.edit(|m| m.delete(page));
            }
            7 if !self.trashed.is_empty() => {
                let at = usize::try_from(dice.roll(self.trashed.len() as u64)).unwrap();
                let back = self.trashed.swap_remove(at);
                // Its comments are older than what the feed tells, and so are its attachments, and that some of them were deleted meanwhile.
                self.unseen = true;
                self.site.edit(|m| m.restore(back));
                self.pages.push(back);
            }
            7 | 8 => self.add_page(dice),
            9 => self.attach(page, dice),
            10 => self.change_attachment(dice),
            11 => self.comment(page),
            12 => self.change_comment(dice),
            _ => {
                self.unseen = true;
                self.site.edit(|m| m.set_labels(page, &["soak", if n.is_multiple_of(2) { "even" } else { "odd" }]));
            }
        }
    }

    fn add_page(&mut self, dice: &mut Dice) {
        self.counter += 1;
        let n = self.counter;
        let parent = (!self.pages.is_empty() && dice.once_in(3)).then(|| *dice.pick(&self.pages));
        let space = *dice.pick(&SPACES);
        let id = self.site.edit(|m| {
            let space = parent.map_or(space.to_owned(), |parent| m.space_of(m.get(parent)).key.clone());
            m.add_page(&space, parent, &format!("Page {n}"), &format!("<p>New in {n}.</p>"))
        });
        self.pages.push(id);
    }

    /// A body with a link by id, one by title, and, mostly, the pictures of the page.
    fn write(&mut self, page: Id, dice: &mut Dice) {
        self.counter += 1;
        let (n, target, landmark, hidden) = (self.counter, *dice.pick(&self.pages), *dice.pick(&self.landmarks), dice.once_in(5));
        let words = "words and more words ".repeat(usize::try_from(dice.roll(120)).unwrap());
        self.site.edit(|m| {
            let (title, space) = (m.get(landmark).title.clone(), m.space_of(m.get(landmark)).key.clone());
            let pictures = if hidden { String::new() } else { pictures(m, page) };
            let body = format!(
                "<p>Written in {n}, see <ac:link><ri:content-entity ri:content-id=\"{target}\" /></ac:link> and <ac:link><ri:page \
                 ri:content-title=\"{title}\" ri:space-key=\"{space}\" /></ac:link>.</p><p>{words}</p>{pictures}"
            );
            m.edit_page(page, &body);
        });
    }

    fn attach(&mut self, page: Id, dice: &mut Dice) {
        self.counter += 1;
        let n = self.counter;
        let bytes = noise(n, dice);
        self.site.edit(|m| {
            m.add_attachment(page, &format!("picture {n}.png"), bytes, "image/png");
            let body = format!("<p>With a picture in {n}.</p>{}", pictures(m, page));
            m.edit_page(page, &body);
        });
    }

    fn change_attachment(&mut self, dice: &mut Dice) {
        self.counter += 1;
        let bytes = noise(self.counter, dice);
        let ids: Vec<Id> = self.site.edit(|m| m.attachments.keys().copied().collect());
        if ids.is_empty() {
            return;
        }
        let id = *dice.pick(&ids);
        self.unseen = true;
        if dice.once_in(3) {
            self.site.edit(|m| m.delete_attachment(id));
        } else {
            self.site.edit(|m| m.replace_attachment(id, bytes));
        }
    }

    fn comment(&mut self, page: Id) {
        self.counter += 1;
        let n = self.counter;
        let id = self.site.edit(|m| m.add_comment(page, None, &format!("<p>Remark {n}</p>")));
        self.comments.push(id);
    }

    fn change_comment(&mut self, dice: &mut Dice) {
        self.counter += 1;
        let n = self.counter;
        self.comments.retain(|id| self.site.edit(|m| m.comments.contains_key(id)));
        if self.comments.is_empty() {
            return;
        }
        let id = *dice.pick(&self.comments);
        if dice.once_in(3) {
            self.unseen = true;
            self.site.edit(|m| m.delete_comment(id));
        } else {
            self.site.edit(|m| m.edit_comment(id, &format!("<p>Remark changed in {n}</p>")));
        }
    }
}

fn pictures(m: &Model, page: Id) -> String {
    m.attachments_of(page).map(|a| format!("<ac:image><ri:attachment ri:filename=\"{}\" /></ac:image>", a.name)).collect()
}

fn noise(n: u64, dice: &mut Dice) -> Vec<u8> {
    let bytes = 1000 + dice.roll(60_000);
    (0..bytes).map(|at| u8::try_from((at * (n | 1) + n) % 251).unwrap()).collect()
}
