//! Confluence Cloud, as the contract needs it.

use std::time::Duration;

use super::{Service, keeps_the_contract};
use crate::home::Home;
use crate::support::{Class, Fault, Id, Site, TOKEN};

const DAEMON: &str = env!("CARGO_BIN_EXE_context-syncd");

struct Confluence {
    site: Site,
    pages: Vec<Id>,
    bad: Id,
}

impl Service for Confluence {
    fn start() -> Self {
        let site = Site::cloud();
        let (pages, bad) = site.edit(|m| {
            m.add_space("ENG", "Engineering");
            let home = m.home("ENG");
            let pages: Vec<Id> = (0..24)
                .map(|n| {
                    m.add_page(
                        "ENG",
                        Some(home),
                        &format!("Page {n}"),
                        &format!("<p>Text of {n}, after <ac:link><ri:page ri:content-title=\"Page 0\" /></ac:link>.</p>"),
                    )
                })
                .collect();
            m.add_attachment(pages[0], "plan.png", b"picture".to_vec(), "image/png");
            m.edit_page(pages[0], "<ac:image><ri:attachment ri:filename=\"plan.png\" /></ac:image>");
            let bad = m.add_post("ENG", "Bad news", "<p>News</p>");
            (pages, bad)
        });
        Self { site, pages, bad }
    }

    fn home(&self) -> Home {
        Home::for_site(DAEMON, &self.site, "")
    }

    fn secret(&self) -> String {
        TOKEN.to_owned()
    }

    fn edit(&mut self, round: usize) {
        let pages = &mut self.pages;
        self.site.edit(|m| {
            m.edit_page(pages[1], &format!("<p>Edited in round {round}</p>"));
            m.rename_page(pages[0], &format!("Renamed {round}"));
            m.delete(pages.remove(2));
            pages.push(m.add_page("ENG", None, &format!("New in {round}"), "<p>New</p>"));
        });
    }

    fn limit(&self) {
        self.site.habits(|h| h.next_where(1, |seen| seen.class == Class::Bodies, Fault::too_many(1)));
    }

    fn refuse(&self, after: usize) {
        self.site.habits(|h| h.token_expires_after(after));
    }

    fn spoil(&self) -> String {
        let id = self.bad.to_string();
        let names_it = move |seen: &crate::support::Seen| seen.class == Class::Bodies && seen.target().contains(&id);
        self.site.habits(|h| h.next_where(usize::MAX, names_it, Fault::Status(500)));
        format!("bad-news--{}.md", self.bad)
    }

    fn forgive(&self) {
        self.site.habits(super::super::support::Habits::forgive);
    }

    fn slow(&self, each: Duration) {
        self.site.latency(each);
    }

    fn brought(&self) -> usize {
        let brought = self.site.count(Class::Bodies) + self.site.count(Class::Downloads);
        self.site.clear_requests();
        brought
    }

    fn transcript(&self) -> String {
        self.site.transcript()
    }
}

keeps_the_contract!(Confluence);
