//! Reads images: Confluence's, with captions, and HTML's.

use crate::connectors::confluence::keys;
use crate::markdown::{Block, Inline, Target};
use crate::model::Treatment;

use super::blocks::Walk;
use super::dom::{Id, Tag};
use super::flow::Flow;
use super::href;
use super::resource::Resource;

impl<'d> Walk<'d> {
    /// `<ac:image>`: the image, and its caption in a paragraph after it.
    pub(super) fn image(&mut self, id: Id, tag: Tag<'d>, flow: &mut Flow) {
        let caption = self.dom.child(id, "ac:caption").map(|caption| self.blocks(caption)).unwrap_or_default();
        let (target, file) = match self.resource(id) {
            Some(Resource::Address(address)) => (href::target(&address, self.context).map(image_target), None),
            Some(file @ Resource::File { .. }) => {
                let name = file.words().unwrap_or_default();
                let target = file.file_key(self.context).map(|key| Target::Remote { key, anchor: None, fallback: None, name: name.clone() });
                (target, Some(name))
            }
            _ => (None, None),
        };
        let alt = self.alt(tag, file, self.dom.child(id, "ac:caption"));
        self.put_image(target, alt, "ac:image", flow);
        if !caption.is_empty() {
            flow.append_blocks(caption.into_iter().map(emphasise).collect());
        }
    }

    /// `<img>`.
    pub(super) fn html_image(&mut self, tag: Tag<'d>, flow: &mut Flow) {
        let target = tag.attribute("src").and_then(|source| href::target(&source, self.context)).map(image_target);
        let alt = ["alt", "title"].into_iter().find_map(|name| tag.attribute(name)).unwrap_or_default();
        self.put_image(target, alt.trim().to_owned(), "img", flow);
    }

    fn put_image(&mut self, target: Option<Target>, alt: String, element: &str, flow: &mut Flow) {
        // Between blocks an image stands alone.
        let apart = !flow.in_text();
        match target {
            Some(target) => flow.inline(Inline::Image { target, alt }),
            None => {
                self.note(format!("element:{element}"), Treatment::Lost);
                flow.inline(Inline::Marker(if alt.is_empty() { "image".to_owned() } else { format!("image: {alt}") }));
            }
        }
        if apart {
            flow.end_run();
        }
    }

    /// The alternative text: what the author wrote, else the caption's words, else the file's name.
    fn alt(&self, tag: Tag<'d>, file: Option<String>, caption: Option<Id>) -> String {
        let file = file.unwrap_or_default();
        let written = ["ac:alt", "ac:title"].into_iter().filter_map(|name| tag.attribute(name));
        let mut written = written.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty() && *text != file && !is_generated(text));
        written
            .next()
            .or_else(|| {
                let words = self.dom.text(caption?, false);
                let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
                (!words.is_empty()).then_some(words)
            })
            .unwrap_or(file)
    }
}

/// Whether a program gave this name: `image-20250102-101112.png`, `Screenshot 2025-08-25 at 5.36.19 PM.png`.
fn is_generated(name: &str) -> bool {
    let rest = name.strip_prefix("image").unwrap_or_default();
    let stem = rest.rsplit_once('.').map_or("", |(stem, _)| stem);
    !stem.is_empty() && stem.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '_' | ' '))
}

/// The site's own images are mirrored or named; their addresses answer nobody without a session.
fn image_target(target: Target) -> Target {
    match target {
        Target::Remote { key, name, .. } if key.as_str().starts_with("file:") => Target::Remote { key, anchor: None, fallback: None, name },
        Target::Remote { fallback: Some(address), .. } => Target::Url(address),
        other => other,
    }
}

fn emphasise(block: Block) -> Block {
    match block {
        Block::Paragraph(content) => Block::Paragraph(vec![Inline::Emphasis(content)]),
        other => other,
    }
}

/// An image of the page that is read, by file name.
pub(super) fn of_page(page: &str, file: &str, alt: &str) -> Inline {
    let target = Target::Remote { key: keys::file(page, file), anchor: None, fallback: None, name: file.to_owned() };
    Inline::Image { target, alt: alt.to_owned() }
}
