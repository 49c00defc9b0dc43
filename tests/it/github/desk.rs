//! A simulated GitHub, a home that mirrors what is said in `acme/app`, and the looks that tests take at both.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::time::Duration;

use context_syncd::state::{Change, SiteRecord, State};

use crate::home::{Home, Said, files};
use crate::support::github::{GitHub, Repo};

/// Settings that keep tests quick.
const QUICK: &str = "retry_base_ms = 5\nlimit_pause_ms = 5\nrequests_per_second = 1000\nburst = 1000\n";

/// Both.
pub(super) struct Desk {
    pub(super) site: GitHub,
    pub(super) home: Home,
}

impl Desk {
    /// `acme/app`, furnished, of which `more` (lines of the connector's table) says what is mirrored: no files and no wiki.
    pub(super) fn new(more: &str, furnish: impl FnOnce(&mut Repo<'_>)) -> Self {
        Self::at(GitHub::new(), more, furnish)
    }

    /// The same at another deployment.
    pub(super) fn at(site: GitHub, more: &str, furnish: impl FnOnce(&mut Repo<'_>)) -> Self {
        site.edit(|m| {
            let mut repo = m.add_repository("acme/app");
            repo.commit("main", &[("README.md", "# App\n")]);
            furnish(&mut repo);
        });
        let desk = Self { home: Home::new(env!("CARGO_BIN_EXE_context-syncd")), site };
        desk.configure(more);
        desk
    }

    /// Other settings.
    pub(super) fn configure(&self, more: &str) {
        self.home.configure(&self.site.config(&format!("repos = [\"acme/app\"]\nfiles = []\nwiki = false\nmax_age_days = 0\n{QUICK}{more}")));
    }

    /// The same without a token.
    pub(super) fn configure_anonymous(&self, more: &str) {
        self.home.configure(&self.site.config_as(&format!("repos = [\"acme/app\"]\nfiles = []\nwiki = false\n{QUICK}{more}")));
    }

    /// Edits the repository.
    pub(super) fn edit<T>(&self, edit: impl FnOnce(&mut Repo<'_>) -> T) -> T {
        self.site.edit(|m| edit(&mut m.repo("acme/app")))
    }

    /// A run, of which the requests are then those of the site's log.
    pub(super) fn run(&self) -> Said {
        self.site.clear_requests();
        let said = self.home.once();
        assert!(self.site.violations().is_empty(), "{:#?}", self.site.violations());
        said
    }

    /// A run that must go well.
    pub(super) fn synced(&self) -> Said {
        let said = self.run();
        assert_eq!(said.code, Some(0), "{said:#?}\n{}", self.site.transcript());
        said
    }

    /// The names of the queries of the last run, in order.
    pub(super) fn queries(&self) -> Vec<String> {
        self.site.requests().into_iter().map(|seen| seen.operation.clone()).filter(|operation| !operation.is_empty()).collect()
    }

    /// The next run lists everything, as it does once a day.
    pub(super) fn a_day_later(&self) {
        let (state, _) = State::open(&self.mirror().join(".sync_state"), Duration::from_secs(10)).unwrap();
        let site: SiteRecord = state.site().unwrap();
        state.commit(vec![Change::PutSite(SiteRecord { last_everything_ms: 1, ..site })]).unwrap();
    }

    pub(super) fn mirror(&self) -> PathBuf {
        self.home.output().join("github")
    }

    /// Documents by path below the repository's folder, without the trash.
    pub(super) fn documents(&self) -> BTreeMap<String, String> {
        let paths = files(&self.mirror()).into_iter().filter(|path| path.starts_with("acme/app/"));
        paths.map(|path| (path["acme/app/".len()..].to_owned(), std::fs::read_to_string(self.mirror().join(&path)).unwrap())).collect()
    }

    pub(super) fn paths(&self) -> Vec<String> {
        self.documents().into_keys().collect()
    }

    /// What lies in the trash, by its path within the repository's folder.
    pub(super) fn trash(&self) -> Vec<String> {
        let paths = files(&self.mirror()).into_iter().filter(|path| path.starts_with(".trash/"));
        paths.filter_map(|path| path.split_once("acme/app/").map(|(_, path)| path.to_owned())).collect()
    }

    /// Inode, time and size of all files.
    pub(super) fn looks(&self) -> BTreeMap<String, (u64, i64, i64, u64)> {
        let look = |path: String| {
            let meta = std::fs::symlink_metadata(self.mirror().join(&path)).unwrap();
            (path, (meta.ino(), meta.mtime(), meta.mtime_nsec(), meta.size()))
        };
        files(&self.mirror()).into_iter().map(look).collect()
    }
}
