//! What every simulated service is made of: the world behind a lock, the handle that tests hold, and what a service says of itself ([`Service`]).

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_rustls::rustls::ServerConfig;

use super::habits::{Habits, RetryAfter};
use super::log::{Log, Seen};
use super::server::Server;
use super::wire::{Answer, Listener, Request};

/// What a service says of itself. The value is what stands behind the lock besides model, habits and log: origins, tickets, budgets.
pub trait Service: Sized + Send + 'static {
    /// For messages and the thread's name.
    const NAME: &'static str;
    /// Where it listens; the origins come in this order.
    const DOORS: &'static [Listener];
    /// What there is. What people do to it are its methods.
    type Model: Send;
    /// Habits that others do not have; none of them at the start.
    type Traits: Default + Send;
    /// What a request is for: what tests count.
    type Class: Copy + Ord + Debug + Send;
    /// What is remembered of a request besides what is remembered of all.
    type Note: Clone + Send;

    /// What a request is for, and what is to be remembered of it.
    fn note(request: &Request) -> (Self::Class, Self::Note);

    /// The same in words, for a transcript.
    fn told(_: &Seen<Self>) -> String {
        String::new()
    }

    /// Whether a rule for requests that contain `part` concerns this one although its path and query do not contain it.
    fn is_called(_: &Seen<Self>, _part: &str) -> bool {
        false
    }

    /// Whether the program may send this; asked for its requests alone, see `reading`.
    fn may_be_sent(request: &Request) -> bool;

    /// An error in the service's own form.
    fn error(status: u16, message: &str) -> Answer;

    /// 429 in the service's own form; `reason` is a word that some give.
    fn limited(wait: RetryAfter, _reason: &str) -> Answer {
        wait.on(Self::error(429, "Rate limit exceeded"))
    }

    /// The right answer; `number` is the request's in the log. What takes long lets go of the world meanwhile.
    fn answer(world: &Mutex<World<Self>>, request: &Request, seen: &Seen<Self>, number: usize) -> impl Future<Output = Answer> + Send;
}

/// Everything behind the lock that handle and server share.
pub struct World<S: Service> {
    pub model: S::Model,
    pub habits: Habits<S>,
    pub(super) log: Log<S>,
    /// What only this service has; its fields are the world's.
    pub own: S,
}

impl<S: Service> Deref for World<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.own
    }
}

impl<S: Service> DerefMut for World<S> {
    fn deref_mut(&mut self) -> &mut S {
        &mut self.own
    }
}

/// The world, also after a panic of another holder: a test that fails must not make the next message obscure.
pub(super) fn locked<S: Service>(world: &Mutex<World<S>>) -> MutexGuard<'_, World<S>> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running service. Dropping it ends its thread, and fails the test whose client did what it must never do.
pub struct Running<S: Service> {
    world: Arc<Mutex<World<S>>>,
    _server: Server,
}

impl<S: Service> Running<S> {
    /// Starts it with what there is at first; `own` is given the origins of its doors.
    pub(super) fn start(tls: Option<Arc<ServerConfig>>, model: S::Model, own: impl FnOnce(&[String]) -> S) -> Self {
        let world = |origins: &[String]| World { model, habits: Habits::default(), log: Log::default(), own: own(origins) };
        let (world, server) = Server::start(tls, world);
        Self { world, _server: server }
    }

    /// Edits what there is, or looks at it.
    pub fn edit<T>(&self, edit: impl FnOnce(&mut S::Model) -> T) -> T {
        edit(&mut self.world().model)
    }

    /// Gives it habits.
    pub fn habits<T>(&self, change: impl FnOnce(&mut Habits<S>) -> T) -> T {
        change(&mut self.world().habits)
    }

    /// Lets each request wait.
    pub fn latency(&self, latency: Duration) {
        self.world().habits.latency = latency;
    }

    /// The requests since the last [`Running::clear_requests`].
    pub fn requests(&self) -> Vec<Seen<S>> {
        self.world().log.seen().to_vec()
    }

    /// Forgets the requests, not the violations.
    pub fn clear_requests(&self) {
        self.world().log.clear();
    }

    /// How many requests there were of each class.
    pub fn counts(&self) -> BTreeMap<S::Class, usize> {
        self.world().log.counts()
    }

    /// How many requests there were of one class.
    pub fn count(&self, class: S::Class) -> usize {
        self.counts().get(&class).copied().unwrap_or_default()
    }

    /// The most requests that were being answered at one moment.
    pub fn peak_concurrency(&self) -> usize {
        self.world().log.peak()
    }

    /// What a client did that it must never do: try to write, send what the service does not know, show a credential to a host that is not to see it.
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

    /// What lies behind: for the simulator's own parts and tests.
    pub(super) fn world(&self) -> MutexGuard<'_, World<S>> {
        locked(&self.world)
    }
}

impl<S: Service> Drop for Running<S> {
    fn drop(&mut self) {
        let wrong = self.take_violations();
        assert!(std::thread::panicking() || wrong.is_empty(), "{} was sent what it must never be sent: {wrong:#?}", S::NAME);
    }
}
