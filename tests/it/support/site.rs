//! The handle that tests hold: start a site, edit it, give it habits, and ask what it saw. Dropping it ends its thread.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::habits::Habits;
use super::log::{Class, Log, Seen};
use super::media::Tickets;
use super::model::{Flavour, Model};
use super::server::Server;

/// Cloud's id of the simulated site.
pub const CLOUD_ID: &str = "11111111-2222-3333-4444-555555555555";

/// What kind of site to start.
#[derive(Clone, Debug)]
pub struct Setup {
    pub flavour: Flavour,
    /// Data Center's context path: empty, or with a leading slash.
    pub context: String,
}

/// Everything behind the lock that handle and server share.
pub struct World {
    pub model: Model,
    pub habits: Habits,
    pub(super) log: Log,
    pub(super) tickets: Tickets,
    pub setup: Setup,
    pub origins: Origins,
}

/// Where the listeners are, as `http://127.0.0.1:PORT`.
#[derive(Clone, Debug)]
pub struct Origins {
    pub site: String,
    pub gateway: String,
    pub media: String,
}

/// A running site.
pub struct Site {
    world: Arc<Mutex<World>>,
    doors: [String; 2],
    _server: Server,
}

impl Site {
    /// An empty Cloud site.
    pub fn cloud() -> Self {
        Self::start(Setup { flavour: Flavour::Cloud, context: "/wiki".to_owned() })
    }

    /// An empty Data Center without a context path.
    pub fn data_center() -> Self {
        Self::data_center_below("")
    }

    /// An empty Data Center below a context path such as `/confluence`.
    pub fn data_center_below(context: &str) -> Self {
        Self::start(Setup { flavour: Flavour::DataCenter, context: context.to_owned() })
    }

    /// An empty site.
    pub fn start(setup: Setup) -> Self {
        let model = Model::new(setup.flavour);
        let (world, server) =
            Server::start(|origins| World { model, habits: Habits::default(), log: Log::default(), tickets: Tickets::default(), setup, origins });
        let origins = locked(&world).origins.clone();
        let doors = [origins.site, origins.media];
        Self { world, doors, _server: server }
    }

    /// What a user would configure: ends in `/wiki` on Cloud, in the context path on Data Center.
    pub fn base_url(&self) -> String {
        let world = self.world();
        format!("{}{}", world.origins.site, world.setup.context)
    }

    /// From now on the site is known by these origins: its own, and that of its downloads. Whoever stands there hands on what comes.
    pub fn stand_behind(&self, site: &str, media: &str) {
        let mut world = self.world();
        world.origins.site = site.to_owned();
        world.origins.media = media.to_owned();
    }

    /// Where the site's own listener is, and that of its downloads, whatever stands before them.
    pub fn doors(&self) -> [String; 2] {
        self.doors.clone()
    }

    /// The same site through Cloud's gateway, for tokens with scopes.
    pub fn gateway_url(&self) -> String {
        format!("{}/ex/confluence/{CLOUD_ID}/wiki", self.world().origins.gateway)
    }

    /// The gateway itself: what stands in for `https://api.atlassian.com`.
    pub fn gateway_origin(&self) -> String {
        self.world().origins.gateway.clone()
    }

    /// The host that Cloud's downloads are sent to.
    pub fn media_origin(&self) -> String {
        self.world().origins.media.clone()
    }

    /// Edits the site, or looks at it.
    pub fn edit<T>(&self, edit: impl FnOnce(&mut Model) -> T) -> T {
        edit(&mut self.world().model)
    }

    /// Gives the site habits.
    pub fn habits<T>(&self, change: impl FnOnce(&mut Habits) -> T) -> T {
        change(&mut self.world().habits)
    }

    /// Lets each request wait.
    pub fn latency(&self, latency: Duration) {
        self.world().habits.latency = latency;
    }

    /// The requests since the last [`Site::clear_requests`].
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

    /// The most requests that were being answered at one moment.
    pub fn peak_concurrency(&self) -> usize {
        self.world().log.peak()
    }

    /// What a client did that it must never do: show a credential to the media host, or try to write.
    pub fn violations(&self) -> Vec<String> {
        self.world().log.violations.clone()
    }

    /// All requests, a line each, for a failed assertion's message.
    pub fn transcript(&self) -> String {
        self.world().log.transcript()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        locked(&self.world)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let sent = std::mem::take(&mut self.world().log.not_reading);
        assert!(std::thread::panicking() || sent.is_empty(), "the program sent what is in no list of what it may send: {sent:#?}");
    }
}

/// The world, also after a panic of another holder: a test that fails must not make the next message obscure.
pub(super) fn locked(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}
