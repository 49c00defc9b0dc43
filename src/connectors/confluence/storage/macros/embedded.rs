//! Things from elsewhere that a page shows in a frame: links to each of their addresses.

use super::super::Walk;
use super::super::address;
use super::super::flow::{Flow, Mark};
use super::Macro;
use crate::markdown::{Block, Target};

impl Walk<'_> {
    /// `widget`, `iframe` and their kin.
    pub(super) fn embedded(&mut self, m: &Macro<'_>, flow: &mut Flow) {
        let own_line = !flow.in_line();
        let mut shown = false;
        for (_, parameter) in &m.parameters {
            let value = match super::resource_in(parameter) {
                Some(found) if found.name == "ri:attachment" => {
                    if let Some(name) = found.get("ri:filename") {
                        shown = true;
                        self.kept(format!("macro:{}", m.name));
                        let target = self.file(name, found.elements().next(), &None);
                        flow.open(Mark::Link(target));
                        flow.text(name);
                        flow.close();
                        flow.blank();
                    }
                    continue;
                }
                Some(found) => found.get("ri:value").unwrap_or_default().to_owned(),
                None => parameter.text().trim().to_owned(),
            };
            if !value.starts_with("http://") && !value.starts_with("https://") {
                continue;
            }
            let host = url::Url::parse(&value).ok().and_then(|url| url.host_str().map(str::to_owned));
            if let (Some(host), Some(target)) = (host, address::target(&value, self.context)) {
                shown = true;
                self.kept(format!("macro:{}", m.name));
                // Another way to show the same thing is no key of ours.
                let target = match target {
                    Target::Remote { fallback: Some(url), .. } => Target::Url(url),
                    other => other,
                };
                flow.open(Mark::Link(target));
                flow.text(&format!("Embedded: {host}"));
                flow.close();
                flow.blank();
            }
        }
        if shown && own_line {
            flow.flush();
        }
        match (m.rich.is_some(), m.text().trim().is_empty()) {
            (true, false) => {
                self.body(m, flow);
            }
            (false, false) => {
                self.kept(format!("macro:{}", m.name));
                let text = super::code::trimmed(&m.text());
                let language = if text.trim_start().starts_with('{') { "json" } else { "yaml" };
                let api = m.name.contains("api") || m.name.starts_with("swagger");
                flow.block(Block::Code { language: api.then(|| language.to_owned()), text });
            }
            (_, true) if !shown => self.dynamic(m, flow),
            (_, true) => {}
        }
    }
}
