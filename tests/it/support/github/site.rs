//! The handle that tests hold: start a GitHub, edit it, give it habits, and ask what it saw. Dropping it ends its thread.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Mutex;

use super::app::App;
use super::budget::Budgets;
use super::habits::Traits;
use super::log::{self, Class, Note};
use super::model::Model;
use super::{graphql, rest, smart};
use crate::support::log::Seen;
use crate::support::reading;
use crate::support::service::{Running, Service, locked};
use crate::support::tls;
use crate::support::wire::{Answer, Listener, Request};

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

/// What stands behind the lock besides model, habits and log.
pub struct Forge {
    pub budgets: Budgets,
    pub app: App,
    pub deployment: Deployment,
    pub origins: Origins,
}

/// The world of a GitHub.
pub(super) type World = crate::support::service::World<Forge>;

/// Where the listeners are, as `https://127.0.0.1:PORT`.
#[derive(Clone, Debug)]
pub struct Origins {
    /// What people see, and git.
    pub web: String,
    /// REST and GraphQL; the same as `web` on Enterprise Server.
    pub api: String,
}

impl Forge {
    /// What stands before REST paths.
    pub(super) fn rest(&self) -> String {
        match self.deployment {
            Deployment::Com => self.origins.api.clone(),
            Deployment::Server => format!("{}/api/v3", self.origins.web),
        }
    }
}

impl Service for Forge {
    const NAME: &'static str = "github";
    const DOORS: &'static [Listener] = &[Listener::Web, Listener::Api];
    type Model = Model;
    type Traits = Traits;
    type Class = Class;
    type Note = Note;

    fn note(request: &Request) -> (Class, Note) {
        log::of(request)
    }

    fn told(seen: &Seen<Self>) -> String {
        match seen.class {
            Class::Graphql => format!(" {} {} ({} points)", seen.operation, seen.variables, seen.points),
            _ => String::new(),
        }
    }

    /// Queries also go by the name of their operation.
    fn is_called(seen: &Seen<Self>, part: &str) -> bool {
        !seen.operation.is_empty() && seen.operation.contains(part)
    }

    fn may_be_sent(request: &Request) -> bool {
        reading::github_allows(request)
    }

    fn error(status: u16, message: &str) -> Answer {
        rest::error(status, message)
    }

    async fn answer(world: &Mutex<World>, request: &Request, seen: &Seen<Self>, number: usize) -> Answer {
        if !smart::is_git(&request.path) {
            return of_apis(&mut locked(world), request, seen, number);
        }
        let prepared = smart::prepare(&mut locked(world), request);
        match prepared {
            Ok(pack) => tokio::task::spawn_blocking(move || pack.run()).await.unwrap(),
            Err(refusal) => refusal,
        }
    }
}

fn of_apis(world: &mut World, request: &Request, seen: &Seen<Forge>, number: usize) -> Answer {
    let prefix = match (world.deployment, request.listener) {
        (Deployment::Server, Listener::Web) if seen.class == Class::Graphql => return graphql::answer(world, request, number),
        (Deployment::Com, Listener::Api) if request.path == "/graphql" => return graphql::answer(world, request, number),
        (Deployment::Server, Listener::Web) if request.path.starts_with("/api/v3") => "/api/v3",
        (Deployment::Com, Listener::Api) => "",
        _ => {
            return Answer::html(404, "<!DOCTYPE html><html><head><title>Page not found &middot; GitHub</title></head><body></body></html>");
        }
    };
    let path = request.path.strip_prefix(prefix).unwrap().to_owned();
    rest::answer(world, request, &path)
}

/// A running GitHub.
pub struct GitHub {
    running: Running<Forge>,
    authority: String,
    ca_file: PathBuf,
    _dir: tempfile::TempDir,
}

impl Deref for GitHub {
    type Target = Running<Forge>;

    fn deref(&self) -> &Self::Target {
        &self.running
    }
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
        let (tls, authority) = tls::certificate(&["127.0.0.1", "localhost"]);
        let running = Running::start(Some(tls), Model::new(dir.path().to_owned()), |origins| {
            let [web, api] = origins else { unreachable!("an origin for each door") };
            let api = if deployment == Deployment::Com { api } else { web };
            let mut budgets = Budgets::default();
            budgets.off = deployment == Deployment::Server;
            Forge { budgets, app: App::default(), deployment, origins: Origins { web: web.clone(), api: api.clone() } }
        });
        let ca_file = dir.path().join("ca.pem");
        std::fs::write(&ca_file, &authority).unwrap();
        Self { running, authority, ca_file, _dir: dir }
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

    /// Points that GraphQL queries cost since the last [`Running::clear_requests`].
    pub fn points(&self) -> u64 {
        self.world().log.seen().iter().map(|seen| seen.points).sum()
    }
}

impl Default for GitHub {
    fn default() -> Self {
        Self::new()
    }
}
