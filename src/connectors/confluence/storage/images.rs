//! Pictures and their captions.

use super::Walk;
use super::address;
use super::flow::{Flow, Mark};
use super::links::Resource;
use super::xml::Element;
use crate::markdown::{Block, Inline, Target};

impl Walk<'_> {
    /// `ac:image`.
    pub(super) fn image(&mut self, element: &Element, flow: &mut Flow) {
        let caption = element.child("ac:caption").map(|caption| self.line_of(caption));
        let target = element.elements().find(|child| child.name.starts_with("ri:")).map(|child| self.resource(child, None));
        let named = element.get("ac:alt").or(element.get("ac:title"));
        match target {
            Some(Resource::Target { target, title }) => {
                let file = match &target {
                    Target::Remote { name, .. } => Some(name.clone()),
                    _ => title.as_deref().and_then(|url| url.rsplit('/').next()).map(str::to_owned),
                };
                let captioned = caption.as_ref().is_some_and(|(line, _)| !line.is_empty());
                let alt = named.map_or_else(|| file.filter(|_| !captioned).unwrap_or_default(), str::to_owned);
                flow.push(Inline::Image { target: shown(target), alt });
            }
            Some(Resource::Person(_)) | None => {
                self.lost("image");
                flow.push(Inline::Marker(format!("image: {}", named.unwrap_or("without a source"))));
            }
            Some(Resource::Unclear(words)) => {
                self.lost("image");
                flow.push(Inline::Marker(format!("image: {words}")));
            }
        }
        if let Some((line, rest)) = caption {
            if !line.is_empty() {
                let mut below = Flow::new();
                below.open(Mark::Emphasis);
                for inline in line {
                    match inline {
                        Inline::Emphasis(inner) => inner.into_iter().for_each(|inline| below.push(inline)),
                        inline => below.push(inline),
                    }
                }
                below.close();
                flow.extend(below.finish());
            }
            if !rest.is_empty() {
                flow.extend(rest);
            }
        }
    }

    /// HTML's `img`.
    pub(super) fn plain_image(&mut self, element: &Element, flow: &mut Flow) {
        let alt = element.get("alt").or(element.get("title")).unwrap_or_default().to_owned();
        match element.get("src").and_then(|src| address::target(src, self.context)) {
            Some(target) => flow.push(Inline::Image { target: shown(target), alt }),
            None => {
                self.lost("image");
                let words = if alt.is_empty() { "without a source" } else { &alt };
                flow.push(Inline::Marker(format!("image: {words}")));
            }
        }
    }

    /// A file shown as a picture in a paragraph of its own.
    pub(super) fn picture(&mut self, file: &str, holder: Option<&Element>, alt: &str, flow: &mut Flow) {
        let target = shown(self.file(file, holder, &None));
        flow.block(Block::Paragraph(vec![Inline::Image { target, alt: alt.to_owned() }]));
    }
}

/// A picture that is not mirrored is no picture at its web address, which asks for a login.
fn shown(target: Target) -> Target {
    match target {
        Target::Remote { key, name, .. } => Target::Remote { key, anchor: None, fallback: None, name },
        other => other,
    }
}
