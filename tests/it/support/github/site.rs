//! The handle that tests hold: start a GitHub, edit it, give it habits, and ask what it saw. Dropping it ends its thread.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::app::App;
use super::budget::Budgets;
use super::habits::Habits;
use super::log::{Class, Log, Seen};
use super::model::Model;
use super::server::Server;

/// A token that sees everything.
pub const TOKEN: &str = "ghp_SimulatedTokenThatSeesEverything0001";

/// Which deployment it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deployment {
    /// github.com: the API has a host of its own.
    Com,
    /// Enterprise Server: the API lies below `/api/v3` and `/api/graphql` of the one host, and no limits are counted.
    Server,
}

/// Everything behind the lock that handle and server share.
pub struct World {
    pub model: Model,
    pub habits: Habits,
    pub budgets: Budgets,
    pub app: App,
    pub(super) log: Log,
    pub deployment: Deployment,
    pub origins: Origins,
}

/// Where the listeners are, as `https://127.0.0.1:PORT`.
#[derive(Clone, Debug)]
pub struct Origins {
    /// What people see, and git.
    pub web: String,
    /// REST and GraphQL; the same as `web` on Enterprise Server.
    pub api: String,
}

impl World {
    /// What stands before REST paths.
    pub(super) fn rest(&self) -> String {
        match self.deployment {
            Deployment::Com => self.origins.api.clone(),
            Deployment::Server => format!("{}/api/v3", self.origins.web),
        }
    }
}

/// A running service.
pub struct GitHub {
    world: Arc<Mutex<World>>,
    authority: String,
    ca_file: PathBuf,
    _server: Server,
    _dir: tempfile::TempDir,
}

impl GitHub {
    /// github.com, empty.
    pub fn new() -> Self {
        Self::start(Deployment::Com)
    }

    /// An Enterprise Server, empty.
    pub fn enterprise() -> Self {
        Self::start(Deployment::Server)
    }

    fn start(deployment: Deployment) -> Self {
        let dir = tempfile::Builder::new().prefix("simulated-github-").tempdir().unwrap();
        let model = Model::new(dir.path().to_owned());
        let (world, server, authority) = Server::start(deployment, |origins| World {
            model,
            habits: Habits::default(),
            budgets: Budgets::default(),
            app: App::default(),
            log: Log::default(),
            deployment,
            origins,
        });
        let ca_file = dir.path().join("ca.pem");
        std::fs::write(&ca_file, &authority).unwrap();
        Self { world, authority, ca_file, _server: server, _dir: dir }
    }

    /// What stands in for `https://github.com`: pages and git.
    pub fn url(&self) -> String {
        self.world().origins.web.clone()
    }

    /// What stands in for `https://api.github.com` (or `https://HOST/api/v3`).
    pub fn api_url(&self) -> String {
        self.world().rest()
    }

    /// Where GraphQL is.
    pub fn graphql_url(&self) -> String {
        let world = self.world();
        match world.deployment {
            Deployment::Com => format!("{}/graphql", world.origins.api),
            Deployment::Server => format!("{}/api/graphql", world.origins.web),
        }
    }

    /// The address to clone a repository from; `acme/app.wiki` for its wiki.
    pub fn git_url(&self, full_name: &str) -> String {
        format!("{}/{full_name}.git", self.url())
    }

    /// The authority's certificate: a file for `ca_file` and for `http.sslCAInfo`.
    pub fn ca_file(&self) -> &std::path::Path {
        &self.ca_file
    }

    /// The same as text.
    pub fn ca_pem(&self) -> &str {
        &self.authority
    }

    /// The table of a connector that mirrors this with the token that sees everything; `more` is added to it.
    pub fn config(&self, more: &str) -> String {
        self.config_as(&format!("token = \"{TOKEN}\"\n{more}"))
    }

    /// The table without a credential.
    pub fn config_as(&self, more: &str) -> String {
        let deployment = self.world().deployment;
        let apis = match deployment {
            Deployment::Com => format!("api_url = \"{}\"\ngraphql_url = \"{}\"\n", self.api_url(), self.graphql_url()),
            Deployment::Server => String::new(),
        };
        let ca = self.ca_file.display();
        format!("[schedule]\nevery = \"hourly\"\n\n[connectors.github]\nurl = \"{}\"\n{apis}ca_file = \"{ca}\"\n{more}\n", self.url())
    }

    /// Edits what there is, or looks at it.
    pub fn edit<T>(&self, edit: impl FnOnce(&mut Model) -> T) -> T {
        edit(&mut self.world().model)
    }

    /// Gives it habits.
    pub fn habits<T>(&self, change: impl FnOnce(&mut Habits) -> T) -> T {
        change(&mut self.world().habits)
    }

    /// Changes or looks at what is left of the hour.
    pub fn budgets<T>(&self, change: impl FnOnce(&mut Budgets) -> T) -> T {
        change(&mut self.world().budgets)
    }

    /// The App's private key, in the form that the service hands out.
    pub fn app_key(&self) -> String {
        self.world().app.private_key()
    }

    /// Changes the App.
    pub fn app<T>(&self, change: impl FnOnce(&mut App) -> T) -> T {
        change(&mut self.world().app)
    }

    /// Lets each request wait.
    pub fn latency(&self, latency: Duration) {
        self.world().habits.latency = latency;
    }

    /// The requests since the last [`GitHub::clear_requests`].
    pub fn requests(&self) -> Vec<Seen> {
        self.world().log.seen().to_vec()
    }

    /// Forgets the requests, not the violations.
    pub fn clear_requests(&self) {
        self.world().log.clear();
    }

    /// How many requests there were of each class.
    pub fn counts(&self) -> BTreeMap<Class, usize> {
        self.world().log.counts()
    }

    /// How many requests there were of one class.
    pub fn count(&self, class: Class) -> usize {
        self.counts().get(&class).copied().unwrap_or_default()
    }

    /// Points that GraphQL queries cost since the last [`GitHub::clear_requests`].
    pub fn points(&self) -> u64 {
        self.world().log.seen().iter().map(|seen| seen.points).sum()
    }

    /// The most requests that were being answered at one moment.
    pub fn peak_concurrency(&self) -> usize {
        self.world().log.peak()
    }

    /// What a client did that it must never do.
    pub fn violations(&self) -> Vec<String> {
        self.world().log.violations.clone()
    }

    /// The same, which are forgiven then: for tests that send what is wrong.
    pub fn take_violations(&self) -> Vec<String> {
        std::mem::take(&mut self.world().log.violations)
    }

    /// All requests, a line each, for a failed assertion's message.
    pub fn transcript(&self) -> String {
        self.world().log.transcript()
    }

    /// What lies behind: for the simulator's own tests.
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        locked(&self.world)
    }
}

impl Default for GitHub {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for GitHub {
    fn drop(&mut self) {
        let wrong = std::mem::take(&mut self.world().log.violations);
        assert!(std::thread::panicking() || wrong.is_empty(), "what was sent is not what GitHub documents, or not reading: {wrong:#?}");
    }
}

/// The world, also after a panic of another holder.
pub(super) fn locked(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}
