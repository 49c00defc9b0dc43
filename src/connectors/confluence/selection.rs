//! A part of the spaces only: pages and what is below them, labels, a search of the user's own. The listing then is a search, and every run asks it whole.
//!
//! Search is an index. A document that it no longer names is out of scope only if it finds the document without the filter, and not with it.

use rustc_hash::FxHashSet;

use super::api::{Stop, quoted};
use super::cards::{Card, is_card};
use super::list::{Kind, Listing, Space};
use super::nodes::in_spaces;
use super::site::Site;
use super::v1::Content;
use super::{Confluence, data_center, labels, locked};
use crate::connectors::connector::{Completion, Listed, SourceError};

/// What a listing needs of each document.
const EXPAND: &str = "version,ancestors,metadata.labels,history,space";
/// Items of a page: the search's own limit with expansions.
const PAGE: &str = "200";
/// The longest filter, which stands in an address with the keys of spaces.
const MOST_BYTES: usize = 3000;

/// What the configuration asks for of the spaces that it chooses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wishes<'c> {
    /// Ids: these and all below them.
    pub(super) pages: &'c [String],
    /// Ids: neither these nor what is below them.
    pub(super) exclude_pages: &'c [String],
    /// One of these.
    pub(super) labels: &'c [String],
    /// None of these.
    pub(super) exclude_labels: &'c [String],
    /// What this finds.
    pub(super) cql: &'c str,
}

impl Wishes<'_> {
    /// All of it in one clause; none where whole spaces are asked for.
    ///
    /// # Errors
    /// What is wrong, naming the setting.
    pub(super) fn clause(&self) -> Result<Option<String>, String> {
        let mut parts = Vec::new();
        let ids = |name: &str, pages: &[String]| -> Result<String, String> {
            let ids: Option<Vec<String>> = pages.iter().map(|page| page_id(page)).collect();
            ids.map(|ids| ids.join(",")).ok_or_else(|| format!("`{name}` holds what is no page's id or address; copy the address from the browser"))
        };
        if !self.pages.is_empty() {
            let ids = ids("pages", self.pages)?;
            parts.push(format!("(id in ({ids}) or ancestor in ({ids}))"));
        }
        if !self.exclude_pages.is_empty() {
            let ids = ids("exclude_pages", self.exclude_pages)?;
            parts.push(format!("id not in ({ids}) and ancestor not in ({ids})"));
        }
        let list = |labels: &[String]| labels.iter().map(|label| quoted(label.trim())).collect::<Vec<_>>().join(",");
        if !self.labels.is_empty() {
            parts.push(format!("label in ({})", list(self.labels)));
        }
        if !self.exclude_labels.is_empty() {
            parts.push(format!("label not in ({})", list(self.exclude_labels)));
        }
        let cql = self.cql.trim();
        if !cql.is_empty() {
            if cql.to_lowercase().contains("order by") {
                return Err("`cql` must not say `order by`: the order is not yours to choose here".to_owned());
            }
            parts.push(format!("({cql})"));
        }
        let clause = parts.join(" and ");
        if clause.len() > MOST_BYTES {
            return Err(format!("`pages`, `labels` and `cql` together are longer than a request can be ({MOST_BYTES} bytes); name fewer"));
        }
        Ok((!clause.is_empty()).then_some(clause))
    }
}

/// A page's id, given as such or in one of the forms of its address.
fn page_id(text: &str) -> Option<String> {
    let text = text.trim();
    let digits = |text: &str| -> Option<String> {
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        (!digits.is_empty()).then_some(digits)
    };
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits(text);
    }
    ["/pages/", "/folder/", "/whiteboard/", "/database/", "/blog/", "pageId="].iter().find_map(|before| {
        let (_, after) = text.split_once(before)?;
        // A post's address has its day before its id.
        if *before == "/blog/" { after.split('/').nth(3).and_then(digits) } else { digits(after) }
    })
}

impl Listing<'_> {
    /// The documents that the filter finds; true where that went well.
    pub(super) async fn selected(&self, filter: &str) -> Result<Vec<bool>, SourceError> {
        let types = match (self.conn.config.blog_posts, self.site.cloud && self.conn.config.link_cards) {
            (true, true) => "type in (page,blogpost,whiteboard,database,embed)",
            (true, false) => "type in (page,blogpost)",
            (false, true) => "type in (page,whiteboard,database,embed)",
            (false, false) => "type=page",
        };
        let labels = labels::Intake::closed();
        let mut completion = Completion::CompleteSelection;
        for cql in in_spaces(&self.spaces, types) {
            match self.select(&format!("{cql} and {filter} order by created asc"), &labels).await {
                Ok(()) => {}
                Err(Stop::Failed(failed)) if failed.status == Some(400) => {
                    completion = Completion::Incomplete("the service does not accept `pages`, `labels` or `cql` of the configuration".to_owned());
                }
                // A search that is refused says nothing of spaces.
                Err(stop) => completion = Completion::Incomplete(self.bears("the selection", stop)?),
            }
        }
        let whole = completion == Completion::CompleteSelection;
        for space in &self.spaces {
            let cursor = whole.then(|| super::spaces::Known::new(space).cursor());
            let (scope, name, completion) = (space.scope.clone(), space.key.clone(), completion.clone());
            self.out.send(Listed::ScopeDone { scope, name, completion, cursor }).await;
        }
        Ok(vec![whole; self.spaces.len()])
    }

    async fn select(&self, cql: &str, labels: &labels::Intake) -> Result<(), Stop> {
        let rest = self.conn.rest(&self.site);
        let all = self.conn.searching(&self.site, cql, EXPAND, PAGE);
        let mut list = rest.list::<Content>("/rest/api/content/search", all, "the list of what is selected");
        while let Some(page) = list.next().await? {
            for found in page.iter().filter(|found| found.is_there(self.conn.config.archived)) {
                let there = |space: &Space| found.space.as_ref().is_some_and(|at| at.id == space.id || at.key == space.key);
                let Some(at) = self.spaces.iter().position(there) else { continue };
                self.conn.remember_people(found);
                match found.kind.as_str() {
                    kind if is_card(kind) => locked(&self.selected_cards).push(Card::of(found, &self.spaces[at])),
                    kind => {
                        let kind = if kind == Kind::Post.name() { Kind::Post } else { Kind::Page };
                        self.seen(at, data_center::item(found, &self.spaces[at], kind, &self.site.web), labels).await;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Confluence {
    /// Which of these the filter no longer finds although search knows them. Silence of the search is no answer.
    pub(super) async fn not_selected(&self, site: &Site, ids: &[&str]) -> Result<FxHashSet<String>, SourceError> {
        let mut out = FxHashSet::default();
        let Some(filter) = self.config.filter() else { return Ok(out) };
        for ids in ids.chunks(labels::AT_ONCE) {
            let these = format!("id in ({})", ids.join(","));
            let found = async { Ok::<_, Stop>((self.found(site, &these).await?, self.found(site, &format!("{these} and {filter}")).await?)) };
            match found.await {
                Ok((known, selected)) => out.extend(known.difference(&selected).cloned()),
                Err(stop) => match stop.into_error(&self.host(), "the selection") {
                    error @ (SourceError::Network { .. } | SourceError::Untrusted { .. } | SourceError::RateLimited { .. }) => return Err(error),
                    _ => return Ok(FxHashSet::default()),
                },
            }
        }
        Ok(out)
    }

    async fn found(&self, site: &Site, cql: &str) -> Result<FxHashSet<String>, Stop> {
        let all = self.searching(site, cql, "space", PAGE);
        let found = self.rest(site).list::<Content>("/rest/api/content/search", all, "the selection").all().await?;
        Ok(found.into_iter().map(|content| content.id).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clause(pages: &[&str], labels: &[&str], cql: &str) -> Result<Option<String>, String> {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let (pages, labels) = (owned(pages), owned(labels));
        Wishes { pages: &pages, exclude_pages: &[], labels: &labels, exclude_labels: &[], cql }.clause()
    }

    #[test]
    fn wishes_are_joined_and_quoted() {
        assert_eq!(clause(&[], &[], "  "), Ok(None));
        let all = clause(&["7", "https://acme.atlassian.net/wiki/spaces/ENG/pages/98411/Guide"], &["a\"b"], "creator = ann or title ~ x").unwrap();
        assert_eq!(all.as_deref(), Some("(id in (7,98411) or ancestor in (7,98411)) and label in (\"a\\\"b\") and (creator = ann or title ~ x)"));
        for wrong in [clause(&["Guide"], &[], ""), clause(&[], &[], "type=page ORDER BY title"), clause(&[], &[&"x".repeat(4000)], "")] {
            assert!(wrong.is_err());
        }
    }

    #[test]
    fn pages_are_named_by_id_or_by_any_of_their_addresses() {
        for (text, id) in [
            ("98411", Some("98411")),
            (" 98411 ", Some("98411")),
            ("https://wiki.corp/pages/viewpage.action?pageId=98411#x", Some("98411")),
            ("https://acme.atlassian.net/wiki/spaces/ENG/pages/98411", Some("98411")),
            ("https://acme.atlassian.net/wiki/spaces/ENG/folder/120001?a=b", Some("120001")),
            ("https://acme.atlassian.net/wiki/spaces/ENG/blog/2025/01/31/77/News", Some("77")),
            ("https://wiki.corp/display/ENG/Guide", None),
            ("", None),
            ("12x", None),
        ] {
            assert_eq!(page_id(text).as_deref(), id, "{text}");
        }
    }
}
