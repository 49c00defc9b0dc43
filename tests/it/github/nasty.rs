//! A repository whose authors did everything that authors do, read as a coding assistant would read its mirror.

mod files;
mod talk;
mod wiki;

use std::collections::BTreeMap;

use super::stage::DAEMON;
use crate::home::{Home, Said};
use crate::support::github::{GitHub, Repo};

/// Settings that keep tests quick.
const QUICK: &str = "retry_base_ms = 5\nlimit_pause_ms = 5\nrequests_per_second = 1000\nburst = 1000\nmax_age_days = 0\n";

/// A simulated GitHub and a home that mirrors all of `acme/app`.
struct Nasty {
    site: GitHub,
    home: Home,
}

impl Nasty {
    /// `acme/app`, furnished; `more` are lines of the connector's table.
    fn new(more: &str, furnish: impl FnOnce(&mut Repo<'_>)) -> Self {
        Self::at(GitHub::new(), more, furnish)
    }

    /// The same at a site that is there already.
    fn at(site: GitHub, more: &str, furnish: impl FnOnce(&mut Repo<'_>)) -> Self {
        site.edit(|m| {
            m.add_user("boss");
            furnish(&mut m.add_repository("acme/app"));
        });
        let nasty = Self { home: Home::new(DAEMON), site };
        nasty.home.configure(&nasty.site.config(&format!("repos = [\"acme/app\"]\n{QUICK}{more}")));
        nasty
    }

    /// One run that must go well, and a second one, which must write nothing.
    fn synced(&self) -> Said {
        let said = self.home.synced();
        assert!(self.site.violations().is_empty(), "{:#?}", self.site.violations());
        let looks = self.home.looks();
        let again = self.home.synced();
        assert_eq!(self.home.looks(), looks, "the second run wrote something: {again:#?}");
        said
    }

    /// What is mirrored, by its path below the repository's folder.
    fn mirrored(&self) -> BTreeMap<String, Vec<u8>> {
        self.home.living().into_iter().filter_map(|(path, bytes)| Some((path.strip_prefix("acme/app/")?.to_owned(), bytes))).collect()
    }

    /// A mirrored document's body, below its front matter.
    fn body(&self, path: &str) -> String {
        let all = self.mirrored();
        let bytes = all.get(path).unwrap_or_else(|| panic!("no {path} in {:#?}", all.keys()));
        let text = String::from_utf8(bytes.clone()).unwrap();
        let rest = text.strip_prefix("---\n").unwrap_or_else(|| panic!("{path} has no front matter: {text}"));
        rest.split_once("\n---\n").unwrap().1.trim_start_matches('\n').to_owned()
    }

    /// Its front matter.
    fn front(&self, path: &str) -> String {
        let text = String::from_utf8(self.mirrored()[path].clone()).unwrap();
        text.strip_prefix("---\n").unwrap().split_once("\n---\n").unwrap().0.to_owned()
    }
}
