//! The handle that tests hold: start a site, edit it, give it habits, and ask what it saw. Dropping it ends its thread.

use std::ops::Deref;
use std::sync::Mutex;

use super::class::{self, Class};
use super::habits::Traits;
use super::media::{self, Tickets};
use super::model::{Flavour, Model};
use super::{cloud, data_center};
use crate::support::habits::RetryAfter;
use crate::support::log::Seen;
use crate::support::reading;
use crate::support::service::{Running, Service, locked};
use crate::support::wire::{Answer, Listener, Request, iso, machine_now};

/// Cloud's id of the simulated site.
pub const CLOUD_ID: &str = "11111111-2222-3333-4444-555555555555";

/// What kind of site to start.
#[derive(Clone, Debug)]
pub struct Setup {
    pub flavour: Flavour,
    /// Data Center's context path: empty, or with a leading slash.
    pub context: String,
}

/// What stands behind the lock besides model, habits and log.
pub struct Confluence {
    pub(super) tickets: Tickets,
    pub setup: Setup,
    pub origins: Origins,
}

/// The world of a site.
pub(super) type World = crate::support::service::World<Confluence>;

/// Where the listeners are, as `http://127.0.0.1:PORT`.
#[derive(Clone, Debug)]
pub struct Origins {
    pub site: String,
    pub gateway: String,
    pub media: String,
}

impl Service for Confluence {
    const NAME: &'static str = "confluence";
    const DOORS: &'static [Listener] = &[Listener::Site, Listener::Gateway, Listener::Media];
    type Model = Model;
    type Traits = Traits;
    type Class = Class;
    type Note = ();

    fn note(request: &Request) -> (Class, ()) {
        (class::of(request), ())
    }

    fn may_be_sent(request: &Request) -> bool {
        reading::confluence_allows(request)
    }

    fn error(status: u16, message: &str) -> Answer {
        Answer::v2_error(status, "SIMULATED", message)
    }

    fn limited(wait: RetryAfter, reason: &str) -> Answer {
        let answer = wait.on(Answer::v1_error(429, "Rate limit exceeded")).with("ratelimit-reason", reason).with("x-ratelimit-remaining", "0");
        match wait {
            // The seconds may be missing on live sites: `2026-01-01T15:00Z`.
            RetryAfter::Seconds(seconds) | RetryAfter::Date(seconds) => {
                answer.with("x-ratelimit-reset", format!("{}Z", &iso(machine_now() + seconds * 1000)[..16]))
            }
            RetryAfter::Absent => answer,
        }
    }

    async fn answer(world: &Mutex<World>, request: &Request, _: &Seen<Self>, _: usize) -> Answer {
        let world = &mut *locked(world);
        let only_reads = matches!(request.method.as_str(), "GET" | "HEAD") || request.path.ends_with("/users-bulk");
        if !only_reads {
            world.log.violations.push(format!("{} {} is no reading", request.method, request.path));
        }
        match (request.listener, world.model.flavour) {
            (Listener::Media, _) => media::host(world, request),
            (_, Flavour::Cloud) => cloud::answer(world, request),
            (_, Flavour::DataCenter) => data_center::answer(world, request),
        }
    }
}

/// A running site.
pub struct Site {
    running: Running<Confluence>,
    doors: [String; 2],
}

impl Deref for Site {
    type Target = Running<Confluence>;

    fn deref(&self) -> &Self::Target {
        &self.running
    }
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
        let running = Running::start(None, Model::new(setup.flavour), |origins| {
            let [site, gateway, media] = origins else { unreachable!("an origin for each door") };
            let origins = Origins { site: site.clone(), gateway: gateway.clone(), media: media.clone() };
            Confluence { tickets: Tickets::default(), setup, origins }
        });
        let Origins { site, media, .. } = running.world().origins.clone();
        Self { running, doors: [site, media] }
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
}
