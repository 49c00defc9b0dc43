//! GitHub, as the contract needs it: files, a wiki, discussions, issues and a release of one repository.

use std::time::Duration;

use super::{Service, keeps_the_contract};
use crate::home::Home;
use crate::support::github::{Class, GitHub, Seen, TOKEN, faults};
use crate::support::{Fault, RetryAfter};

const DAEMON: &str = env!("CARGO_BIN_EXE_context-syncd");
const SETTINGS: &str = "repos = [\"acme/app\"]\nissues = true\npull_requests = true\nretry_base_ms = 5\n";

struct Hub {
    site: GitHub,
}

impl Service for Hub {
    fn start() -> Self {
        let site = GitHub::new();
        site.edit(|m| {
            let mut app = m.add_repository("acme/app");
            let mut files: Vec<(String, Vec<u8>)> = (0..16).map(|n| (format!("docs/page-{n}.md"), text(n, "first").into_bytes())).collect();
            files.push(("docs/bad.md".to_owned(), b"Bad\n".to_vec()));
            files.push(("README.md".to_owned(), b"# App\n\n![Plan](docs/img/plan.png)\n".to_vec()));
            files.push(("docs/img/plan.png".to_owned(), b"\x89PNG picture".to_vec()));
            app.commit("main", &files);
            app.commit_wiki(&[("Home.md", "See [[How to]].\n"), ("How-to.md", "So.\n")]);
            let talk = app.add_discussion("general", "How do we ship?", "As #2 says.");
            app.comment(talk, "Weekly.");
            app.add_issue("It breaks", "At night, see docs/page-1.md");
            app.add_release("v1.0", Some("One"), Some("First"));
        });
        Self { site }
    }

    fn home(&self) -> Home {
        Home::for_github(DAEMON, &self.site, SETTINGS)
    }

    fn secret(&self) -> String {
        TOKEN.to_owned()
    }

    fn edit(&mut self, round: usize) {
        self.site.edit(|m| {
            let mut app = m.repo("acme/app");
            let (changed, new) = (text(1, &format!("in round {round}")), text(round, "new"));
            let files = [
                ("docs/page-1.md".to_owned(), Some(changed.into_bytes())),
                (format!("docs/new-{round}.md"), Some(new.into_bytes())),
                (format!("docs/page-{}.md", 2 + round), None),
            ];
            app.commit("main", &files);
            app.commit_wiki(&[("How-to.md", format!("So, in round {round}.\n"))]);
            app.comment(1, &format!("Also in round {round}."));
            app.add_issue(&format!("Issue of round {round}"), "Text");
        });
    }

    fn limit(&self) {
        let bodies = |seen: &Seen| seen.class == Class::Graphql && seen.operation == "Blobs";
        self.site.habits(|h| h.next_where(1, bodies, faults::secondary(429, RetryAfter::Seconds(1))));
    }

    fn refuse(&self, after: usize) {
        self.site.habits(|h| h.token_expires_after(after));
    }

    fn spoil(&self) -> String {
        let oid = self.site.edit(|m| {
            let git = &m.look("acme/app").git;
            git.at(&git.tree_of("main").unwrap(), b"docs/bad.md").unwrap().oid
        });
        let names_it = move |seen: &Seen| seen.path.contains(&oid) || seen.graphql.contains(&oid) || seen.variables.to_string().contains(&oid);
        self.site.habits(|h| h.next_where(usize::MAX, names_it, Fault::Status(500)));
        "docs/bad.md".to_owned()
    }

    fn forgive(&self) {
        self.site.habits(crate::support::github::Habits::forgive);
    }

    fn slow(&self, each: Duration) {
        self.site.latency(each);
    }

    fn brought(&self) -> usize {
        let heads = |operation: &str| operation.starts_with("Heads");
        let asked = self.site.requests();
        let bodies = asked.iter().filter(|seen| match seen.class {
            Class::Graphql => !heads(&seen.operation),
            Class::Blobs | Class::Trees | Class::GitPack => true,
            _ => false,
        });
        let brought = bodies.count();
        self.site.clear_requests();
        brought
    }

    fn transcript(&self) -> String {
        self.site.transcript()
    }
}

fn text(n: usize, when: &str) -> String {
    format!("# Page {n}\n\nWritten {when}; before it [comes](page-0.md) the first, and [code](../src/main.rs).\n")
}

keeps_the_contract!(Hub);
