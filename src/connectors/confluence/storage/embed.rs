//! Things shown within a page that live elsewhere: files, videos, frames.

use crate::markdown::{Inline, Target};
use crate::model::Treatment;

use super::blocks::Walk;
use super::dom::{Id, Tag};
use super::flow::{Flow, Mark};
use super::macro_args::Macro;
use super::resource::Resource;
use super::{href, marker};

/// Parameters that hold the address.
const ADDRESSES: [&str; 7] = ["url", "src", "link", "href", "", "documentUrl", "location"];

/// How many parameters are looked at; no app has that many.
const MAX_PARAMETERS: usize = 100;

impl<'d> Walk<'d> {
    /// A file shown in a frame: a link to it, which stands by itself.
    pub(super) fn view_file(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        let named = call.text("name").map(|name| Resource::File { name, of: None });
        let file = call.resource(self, "name").or_else(|| call.resource(self, "")).or(named);
        // The file may hang on another page, which a parameter of its own names.
        let file = match (file, call.resource(self, "page")) {
            (Some(Resource::File { name, of: None }), Some(page)) => Some(Resource::File { name, of: Some(Box::new(page)) }),
            (file, _) => file,
        };
        let Some((target, text)) = file.as_ref().and_then(|file| file.target(self.context, None)) else { return self.unknown_macro(call, flow) };
        flow.end_run();
        flow.open(Mark::Link(target, 0));
        flow.close(text.as_deref());
        flow.end_run();
    }

    /// Something of another site, or a film among the attachments.
    pub(super) fn embed(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        if matches!(call.resource(self, "name"), Some(Resource::File { .. })) {
            return self.view_file(call, flow);
        }
        let addresses = self.addresses(call);
        if addresses.is_empty() {
            self.unknown_macro(call, flow);
        }
        for (at, address) in addresses.iter().enumerate() {
            if at > 0 && flow.in_text() {
                flow.text(" ");
            }
            self.put_embedded(address, &call.name, flow);
        }
        if let Some(body) = call.rich {
            self.boundary(body, flow);
        }
    }

    /// The addresses in a macro's parameters, each once, first those that are what the macro shows.
    pub(super) fn addresses(&self, call: &Macro<'d>) -> Vec<String> {
        let known = ADDRESSES.iter().filter_map(|name| call.param(name));
        let mut found: Vec<String> = Vec::new();
        for id in known.chain(call.params().map(|(_, id)| id)).take(MAX_PARAMETERS) {
            let address = match self.resource_in(id) {
                Some(Resource::Address(address)) => Some(address),
                Some(_) => None,
                None => Some(self.dom.text(id, false).trim().to_owned()).filter(|text| is_web(text) && !text.contains(char::is_whitespace)),
            };
            found.extend(address.filter(|address| !found.contains(address)));
        }
        found
    }

    /// What a marker's words cannot do: links to what the parameters name, and people.
    pub(super) fn named_in(&self, call: &Macro<'d>) -> Vec<Inline> {
        let mut found = Vec::new();
        for (_, id) in call.params().take(MAX_PARAMETERS) {
            match self.resource_in(id) {
                Some(Resource::Person(key)) => found.push(Inline::Person(key)),
                Some(Resource::Address(_)) | None => {}
                Some(resource) => {
                    let link = resource.target(self.context, None);
                    found.extend(link.map(|(target, text)| Inline::Link { target, content: text.map(Inline::Text).into_iter().collect() }));
                }
            }
        }
        let bare = |address: String| Some(Inline::Link { target: href::target(&address, self.context)?, content: vec![Inline::Text(address)] });
        found.extend(self.addresses(call).into_iter().filter_map(bare));
        found
    }

    /// The description of an interface: in the macro, in a file, or elsewhere.
    pub(super) fn interface(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        if let Some(body) = call.body().filter(|body| !body.trim().is_empty()) {
            let language = if body.trim_start().starts_with(['{', '[']) { "json" } else { "yaml" };
            return self.code(call, Some(language), flow);
        }
        let file = call.params().find_map(|(_, id)| self.resource_in(id).filter(|resource| matches!(resource, Resource::File { .. })));
        match file.and_then(|file| file.target(self.context, None)) {
            Some((target, text)) => {
                flow.end_run();
                flow.open(Mark::Link(target, 0));
                flow.close(text.as_deref());
                flow.end_run();
            }
            None => self.embed(call, flow),
        }
    }

    /// HTML's own frames and films: a link, and what would be shown where they cannot be.
    pub(super) fn embedded_element(&mut self, id: Id, tag: Tag<'d>, flow: &mut Flow) {
        match ["src", "data"].into_iter().find_map(|name| tag.attribute(name)) {
            Some(address) => self.put_embedded(&address, tag.name(), flow),
            None => self.note(format!("element:{}", tag.name()), Treatment::Kept),
        }
        self.children(id, flow);
    }

    fn put_embedded(&mut self, address: &str, what: &str, flow: &mut Flow) {
        let Some(target) = href::target(address, self.context) else {
            self.diagnostics.add(&format!("element:{what}"), Treatment::Lost, "its address, which is no address of a document");
            return flow.inline(Inline::Marker(format!("embedded: {}", marker::short(address, 80))));
        };
        let apart = !flow.in_text();
        let text = match &target {
            Target::Url(url) => format!("Embedded: {}", host(url)),
            Target::Remote { name, .. } => format!("Embedded: {name}"),
            Target::Anchor(anchor) => format!("Embedded: {anchor}"),
        };
        flow.inline(Inline::Link { target, content: vec![Inline::Text(text)] });
        if apart {
            flow.end_run();
        }
    }
}

/// Whether it is an address of the web.
pub(super) fn is_web(address: &str) -> bool {
    let head = address.get(..8).unwrap_or(address).to_ascii_lowercase();
    head.starts_with("http://") || head.starts_with("https://") || head.starts_with("//")
}

fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest).rsplit('@').next().unwrap_or(rest)
}
