//! Where a page, post or folder stands, what revision it has, and under which keys others point to it: pure, the same for both flavours.

use super::api;
use super::keys;
use super::list::{Kind, Space};
use crate::markdown::slug;
use crate::model::{Place, RemoteId, Revision};

/// What a place is made of.
pub(super) struct Facts<'f> {
    /// Its id.
    pub(super) id: &'f str,
    /// Its title.
    pub(super) title: &'f str,
    /// Page or post.
    pub(super) kind: Kind,
    /// What it lies below.
    pub(super) parent: Option<&'f str>,
    /// Its address below the web base.
    pub(super) webui: Option<&'f str>,
    /// When it was begun.
    pub(super) created: Option<&'f str>,
}

/// The place of a page or post.
pub(super) fn of(facts: &Facts<'_>, space: &Space, web: &str) -> Place {
    let home = space.home.as_deref() == Some(facts.id);
    let mut container = vec![component(&space.key)];
    let mut aliases = Vec::new();
    match facts.kind {
        Kind::Page => aliases.push(keys::title(&space.key, facts.title)),
        Kind::Post => {
            container.push("blog".to_owned());
            if let Some(day) = posting_day(facts.webui, facts.created) {
                aliases.push(keys::blog(&space.key, &day, facts.title));
            }
        }
    }
    if home {
        aliases.push(keys::space(&space.key));
    }
    Place {
        scope: space.scope.clone(),
        container: container.into(),
        kind: facts.kind.name().into(),
        title: facts.title.to_owned(),
        parent: facts.parent.filter(|_| facts.kind == Kind::Page).map(RemoteId::new),
        stem: slug::stem(facts.title, facts.id),
        ending: ".md".into(),
        transparent: home,
        url: web_url(web, facts.webui, facts.id),
        aliases,
    }
}

/// The place of a page's or post's comments: beside it, under its name.
pub(super) fn comments(page: &str, title: &str, kind: Kind, parent: Option<&str>, space: &Space, web: &str) -> Place {
    let mut container = vec![component(&space.key)];
    if kind == Kind::Post {
        container.push("blog".to_owned());
    }
    Place {
        scope: space.scope.clone(),
        container: container.into(),
        kind: super::comments::KIND.into(),
        title: format!("Comments on {title}"),
        parent: parent.map(RemoteId::new),
        stem: format!("{}.comments", slug::stem(title, page)),
        ending: ".md".into(),
        transparent: false,
        url: web_url(web, None, page),
        aliases: Vec::new(),
    }
}

/// The place of a folder, whiteboard, database or embed; `title` is none where nobody told it.
pub(super) fn node(id: &str, kind: &str, title: Option<&str>, parent: Option<&str>, webui: Option<&str>, space: &Space, web: &str) -> Place {
    let title = title.map_or_else(|| format!("folder-{id}"), str::to_owned);
    Place {
        scope: space.scope.clone(),
        container: vec![component(&space.key)].into(),
        kind: kind.into(),
        stem: slug::stem(&title, id),
        ending: ".md".into(),
        title,
        parent: parent.map(RemoteId::new),
        transparent: false,
        url: web_url(web, webui, id),
        aliases: Vec::new(),
    }
}

/// The place of a page that we do not see: no folder of its own, only a step on the way up.
pub(super) fn hidden(id: &str, parent: Option<&str>, space: &Space, web: &str) -> Place {
    Place { title: String::new(), transparent: true, ..node(id, Kind::Page.name(), None, parent, None, space, web) }
}

/// A space's folder: its key, or what a file system and assistants may see of it.
pub(super) fn component(key: &str) -> String {
    match slug::guard_instruction_file(&slug::file_name(key)) {
        // The folder of attachments is no space's.
        name if name.starts_with('_') => format!("-{name}"),
        name => name,
    }
}

/// `7@2025-08-22T08:13:34.255Z/98306`. The space is part of it, because a move to another space leaves version and date alone, and yet changes what the
/// links in the body mean.
pub(super) fn revision(number: u64, when: Option<&str>, space: &str) -> Revision {
    Revision::new(format!("{number}@{}/{space}", when.map(api::utc).unwrap_or_default()))
}

/// The same for an archived page: to be put into the archive and taken out again is no new version.
pub(super) fn archived(revision: &Revision) -> Revision {
    Revision::new(format!("{revision}/archived"))
}

fn web_url(web: &str, webui: Option<&str>, id: &str) -> String {
    match webui {
        Some(path) if path.starts_with('/') => format!("{web}{path}"),
        _ => format!("{web}/pages/viewpage.action?pageId={id}"),
    }
}

/// The day under which links know a post, as the service itself writes it in the post's address; its own zone decides that day.
fn posting_day(webui: Option<&str>, created: Option<&str>) -> Option<String> {
    let parts: Vec<&str> = webui.unwrap_or_default().split('/').collect();
    let is = |text: &str, digits: usize| text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    let found = parts.windows(3).find(|day| is(day[0], 4) && is(day[1], 2) && is(day[2], 2));
    found.map(|day| day.join("/")).or_else(|| Some(created?.get(..10)?.replace('-', "/")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Scope, component_is_safe};

    fn space() -> Space {
        Space {
            scope: Scope::new("98306"),
            id: "98306".to_owned(),
            key: "ENG".to_owned(),
            home: Some("1".to_owned()),
            personal: false,
            archived: false,
        }
    }

    #[test]
    fn pages_posts_and_homes() {
        let facts =
            Facts { id: "7", title: "Release: Checklist", kind: Kind::Page, parent: Some("1"), webui: Some("/spaces/ENG/pages/7"), created: None };
        let page = of(&facts, &space(), "https://acme.atlassian.net/wiki");
        assert_eq!(*page.container, ["ENG"]);
        assert_eq!(page.url, "https://acme.atlassian.net/wiki/spaces/ENG/pages/7");
        assert_eq!((page.parent, page.transparent, page.stem.as_str()), (Some(RemoteId::new("1")), false, "release-checklist--7"));
        assert_eq!(page.aliases, [keys::title("ENG", "release: checklist")]);
        let home = of(&Facts { id: "1", parent: None, webui: None, ..facts }, &space(), "https://w");
        assert!(home.transparent && home.aliases.contains(&keys::space("ENG")));
        let post = Facts {
            id: "9",
            title: "News",
            kind: Kind::Post,
            parent: None,
            webui: Some("/display/ENG/2025/01/31/News"),
            created: Some("2025-02-01T00:30:00Z"),
        };
        let post = of(&post, &space(), "https://w");
        assert_eq!(*post.container, ["ENG", "blog"]);
        assert_eq!(post.aliases, [keys::blog("ENG", "2025/01/31", "News")]);
    }

    #[test]
    fn the_day_comes_from_the_date_where_the_address_has_none() {
        assert_eq!(posting_day(Some("/pages/viewpage.action?pageId=9"), Some("2025-02-01T00:30:00Z")).as_deref(), Some("2025/02/01"));
        assert_eq!(posting_day(None, None), None);
    }

    #[test]
    fn odd_keys_are_made_safe() {
        for plain in ["ENG", "~712020abc", "~ann.lee@acme.example"] {
            assert_eq!(component(plain), plain);
        }
        for odd in
            ["../x", ".hidden", ".trash", ".sync_state", "a/b", "", "E\u{202e}NG", "A\u{301}", "_assets", "CLAUDE.md", "x.mdc", &"K".repeat(300)]
        {
            let made = component(odd);
            assert!(component_is_safe(&made).is_ok() && made != odd && made.len() < 200 && !made.starts_with(['.', '_']), "{odd}: {made}");
            assert!(!slug::is_instruction_file(&made), "{made}");
        }
    }
}
