//! Macros that show something of other pages: the engine puts it in place from the mirror, and a marker stands there while it cannot.

use crate::markdown::insert::{Insert, Part, PartKind, Piece, Root, Selection};
use crate::markdown::{Inline, Target};
use crate::model::Treatment;

use super::blocks::Walk;
use super::cql;
use super::flow::Flow;
use super::href::encode_words;
use super::macro_args::Macro;
use super::resource::Resource;

/// How deep a part may lie in others to be kept.
const MAX_PART_DEPTH: usize = 2;

impl<'d> Walk<'d> {
    /// Another page, or its excerpt, shown within this one.
    pub(super) fn include(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        let Some((target, text)) = self.named_page(call).and_then(|page| page.target(self.context, None)) else {
            return self.unknown_macro(call, flow);
        };
        let piece = match &target {
            Target::Remote { key, .. } if call.name == "excerpt-include" => Some(Piece::Part {
                of: key.clone(),
                name: call.text("name"),
                framed: call.text("nopanel").is_none_or(|nopanel| nopanel != "true") && !flow.in_text(),
            }),
            Target::Remote { key, .. } => Some(Piece::Body(key.clone())),
            Target::Url(_) | Target::Anchor(_) => None,
        };
        let link = Inline::Link { target, content: text.map(Inline::Text).into_iter().collect() };
        let otherwise = vec![Inline::Marker(format!("Confluence macro: {}", call.name)), Inline::Text(" ".to_owned()), link];
        self.insert(call, piece, otherwise, flow);
    }

    fn named_page(&self, call: &Macro<'d>) -> Option<Resource> {
        let named = || call.text("").map(|title| Resource::named(&title));
        call.resource(self, "").or_else(|| call.resource(self, "page")).or_else(named)
    }

    /// A part that other pages may show: it stands here too.
    pub(super) fn part(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        self.part_depth += 1;
        self.frame(call, flow);
        self.part_depth -= 1;
        // A part in a part in a part would be kept once more at each level.
        let Some(body) = call.rich.filter(|_| self.part_depth < MAX_PART_DEPTH) else { return };
        let (kind, name) = match call.name.as_str() {
            "details" => (PartKind::Properties, call.text("id")),
            _ => (PartKind::Excerpt, call.any_text(&["name", "MultiExcerptName"])),
        };
        // What is said of it is said where it stands; parts within it are kept already; its footnotes are its own.
        let diagnostics = std::mem::take(&mut self.diagnostics);
        let (footnotes, shown) = (std::mem::take(&mut self.footnotes), std::mem::take(&mut self.footnotes_shown));
        let outside = std::mem::replace(&mut self.part_depth, MAX_PART_DEPTH);
        let mut alone = Flow::new();
        self.children(body, &mut alone);
        self.show_footnotes(&mut alone);
        let body = alone.finish();
        (self.diagnostics, self.footnotes, self.footnotes_shown, self.part_depth) = (diagnostics, footnotes, shown, outside);
        self.parts.push(Part { kind, name, body });
    }

    /// Links to the pages below one.
    pub(super) fn page_list(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        let named = call.param("page").or_else(|| call.param("root")).or_else(|| call.param(""));
        let root = match named.and_then(|id| self.resource_in(id)) {
            None => match call.any_text(&["page", "root", ""]).as_deref() {
                None | Some("@self") => Some(Root::This),
                Some("@parent") => Some(Root::Parent),
                Some("@home") => Some(Root::Key(crate::connectors::confluence::keys::space(self.context.space))),
                Some(title) => self.root(&Resource::named(title)),
            },
            Some(Resource::Page { title, .. }) if title == "@self" => Some(Root::This),
            Some(Resource::Page { title, .. }) if title == "@parent" => Some(Root::Parent),
            Some(Resource::Page { space, title }) if title == "@home" => {
                Some(Root::Key(crate::connectors::confluence::keys::space(space.as_deref().unwrap_or(self.context.space))))
            }
            Some(resource) => self.root(&resource),
        };
        // A page tree is closed below its first levels until somebody opens it.
        let depth = match call.any_text(&["depth", "startDepth"]).and_then(|depth| depth.parse::<u8>().ok()) {
            Some(depth) if depth > 0 => Some(depth),
            _ if call.text("all").is_some_and(|all| all == "true") => None,
            _ => Some(1),
        };
        self.insert(call, root.map(|root| Piece::Below { root, depth }), self.elsewhere(call), flow);
    }

    fn root(&self, resource: &Resource) -> Option<Root> {
        match resource.target(self.context, None)?.0 {
            Target::Remote { key, .. } => Some(Root::Key(key)),
            Target::Url(_) | Target::Anchor(_) => None,
        }
    }

    /// Links to pages that bear labels.
    pub(super) fn labelled(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        let piece = self.selection(call).map(Piece::Labelled);
        self.insert(call, piece, self.elsewhere(call), flow);
    }

    /// The table of the properties of pages that bear labels.
    pub(super) fn report(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        let piece = self.selection(call).map(|selection| Piece::Report {
            selection,
            first: call.text("firstcolumn").unwrap_or_else(|| "Title".to_owned()),
            columns: call.text("headings").map(|headings| words(&headings)).unwrap_or_default(),
            name: call.text("id"),
        });
        self.insert(call, piece, self.elsewhere(call), flow);
    }

    fn selection(&self, call: &Macro<'d>) -> Option<Selection> {
        let mut selection = match call.text("cql") {
            Some(query) => cql::selection(&query, self.context.space)?,
            None => {
                let labels = words(&call.any_text(&["labels", "label"])?);
                if labels.is_empty() || labels.iter().any(|label| label.starts_with(['-', '+'])) {
                    return None;
                }
                let all = call.text("operator").is_some_and(|operator| operator.eq_ignore_ascii_case("and"));
                let containers = self.spaces(call);
                let labels = if all { labels.into_iter().map(|label| vec![label]).collect() } else { vec![labels] };
                Selection { labels, containers, ..Selection::default() }
            }
        };
        selection.most = call.any_text(&["max", "maxResults"]).and_then(|most| most.parse().ok());
        Some(selection)
    }

    fn spaces(&self, call: &Macro<'d>) -> Vec<String> {
        let mut spaces = Vec::new();
        for (_, id) in call.params().filter(|(name, _)| matches!(*name, "spaces" | "space")) {
            for child in self.dom.children(id) {
                if let Some(Resource::Space { key }) = self.resource_at(child) {
                    spaces.push(key);
                }
            }
        }
        if spaces.is_empty() {
            spaces = call.any_text(&["spaces", "space"]).map(|spaces| words(&spaces)).unwrap_or_default();
        }
        if spaces.iter().any(|space| space == "@all" || space == "*") {
            return Vec::new();
        }
        spaces.into_iter().map(|space| if space == "@self" { self.context.space.to_owned() } else { space }).collect()
    }

    /// What files a page has.
    pub(super) fn files(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        let root = match call.param("page").and_then(|id| self.resource_in(id)) {
            Some(page) => self.root(&page),
            None => match call.text("page") {
                Some(title) => self.root(&Resource::named(&title)),
                None => Some(Root::This),
            },
        };
        let piece = root.map(|root| Piece::Files { root, images: call.name == "gallery" });
        let page = match call.resource(self, "page") {
            Some(Resource::Content { id }) => id,
            _ => self.context.page.to_owned(),
        };
        let address = format!("{}/pages/viewpageattachments.action?pageId={}", self.context.base, encode_words(&page));
        self.insert(call, piece, marker_and(call.marker(self), address, "files of the page"), flow);
    }

    /// A marker, and the page that it names, or else the live page, which shows what it stands for.
    fn elsewhere(&self, call: &Macro<'d>) -> Vec<Inline> {
        let named = self.named_in(call);
        if !named.is_empty() {
            let apart = named.into_iter().flat_map(|inline| [Inline::Text(" ".to_owned()), inline]);
            return std::iter::once(Inline::Marker(call.marker(self))).chain(apart).collect();
        }
        let address = format!("{}/pages/viewpage.action?pageId={}", self.context.base, encode_words(self.context.page));
        marker_and(call.marker(self), address, "see the page")
    }

    /// In running text, or by itself, as the macro stands.
    fn insert(&mut self, call: &Macro<'d>, piece: Option<Piece>, otherwise: Vec<Inline>, flow: &mut Flow) {
        let apart = !flow.in_text();
        match piece {
            Some(piece) => {
                let construct = format!("macro:{}", call.name);
                self.diagnostics.add(&construct, Treatment::Rendered, "as the mirror has it");
                flow.inline(Inline::Insert(Box::new(Insert { construct, piece, otherwise })));
            }
            None => {
                self.lost(call, "what it shows of other pages");
                otherwise.into_iter().for_each(|inline| flow.inline(inline));
            }
        }
        if apart {
            flow.end_run();
        }
    }
}

fn marker_and(marker: String, address: String, text: &str) -> Vec<Inline> {
    let link = Inline::Link { target: Target::Url(address), content: vec![Inline::Text(text.to_owned())] };
    vec![Inline::Marker(marker), Inline::Text(" ".to_owned()), link]
}

/// Words between commas.
fn words(list: &str) -> Vec<String> {
    list.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
