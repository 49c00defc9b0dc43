//! A simulated site behind TLS, and a home that mirrors it: what the tests of this folder share.

use super::authority::Authority;
use super::front::Front;
use crate::home::{Home, Said, said};
use crate::support::{EMAIL, Id, Site, TOKEN};

pub(super) const DAEMON: &str = env!("CARGO_BIN_EXE_context-syncd");

/// What the credentials are on the wire.
pub(super) fn secrets() -> [String; 2] {
    use base64::Engine as _;
    [TOKEN.to_owned(), base64::engine::general_purpose::STANDARD.encode(format!("{EMAIL}:{TOKEN}"))]
}

/// Site, fronts, home.
pub(super) struct Stage {
    pub(super) authority: Authority,
    pub(super) site: Site,
    pub(super) front: Front,
    pub(super) media: Front,
    pub(super) home: Home,
    pub(super) guide: Id,
}

impl Stage {
    /// Two spaces behind TLS, with a picture, labels and a comment, and a home that trusts the authority.
    pub(super) fn new() -> Self {
        let (site, authority) = (Site::cloud(), Authority::new());
        let [door, downloads] = site.doors();
        let (front, media) = (Front::new(&authority, &door), Front::new(&authority, &downloads));
        site.stand_behind(&front.origin(), &media.origin());
        let guide = fill(&site);
        let home = Home::new(DAEMON);
        std::fs::write(home.path().join("ca.pem"), authority.pem()).unwrap();
        let stage = Self { authority, site, front, media, home, guide };
        stage.configure("");
        stage
    }

    /// The usual configuration, with pauses that tests have, and `more`.
    pub(super) fn configure(&self, more: &str) {
        self.home.configure(&crate::home::site_config(&self.site, &format!("ca_file = \"ca.pem\"\nretry_base_ms = 5\n{more}")));
    }

    /// One run; whatever it says holds no secret.
    pub(super) fn once(&self) -> Said {
        let mut command = self.home.daemon_command(&["--once"]);
        // A name server that does not answer is not waited for.
        command.env("RES_OPTIONS", "timeout:1 attempts:1");
        discreet(said(command))
    }
}

/// What was said, if it holds no secret.
pub(super) fn discreet(said: Said) -> Said {
    for secret in secrets() {
        assert!(!said.stdout.contains(&secret) && !said.stderr.contains(&secret), "a secret was said: {said:#?}");
    }
    for telling in ["Authorization", "cursor=", "cql=", "token="] {
        assert!(!said.stdout.contains(telling) && !said.stderr.contains(telling), "{telling}: {said:#?}");
    }
    said
}

/// Fills a site; the page that tests edit.
pub(super) fn fill(site: &Site) -> Id {
    site.edit(|m| {
        m.add_space("ENG", "Engineering");
        m.add_space("OPS", "Operations");
        let guide = m.add_page("ENG", None, "Guide", "<p>One</p><ac:image><ri:attachment ri:filename=\"a.png\" /></ac:image>");
        m.add_attachment(guide, "a.png", b"picture".to_vec(), "image/png");
        m.set_labels(guide, &["runbook"]);
        m.add_comment(guide, None, "<p>Hm</p>");
        for n in 0..8 {
            m.add_page("ENG", Some(guide), &format!("Chapter {n}"), "<p>Text</p>");
        }
        m.add_page("OPS", None, "Index", "<p><ac:link><ri:page ri:content-title=\"Guide\" ri:space-key=\"ENG\" /></ac:link></p>");
        m.add_post("ENG", "News", "<p>Hello</p>");
        guide
    })
}
