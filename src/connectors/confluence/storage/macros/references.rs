//! Macros that point elsewhere: Jira's issues, included pages, shown files, people.

use super::super::Walk;
use super::super::address;
use super::super::flow::{Flow, Mark};
use super::super::links::Resource;
use super::Macro;
use crate::markdown::{Inline, Target};

impl Walk<'_> {
    /// `jira`: on Cloud it lives on the same host; where it lives elsewhere no page says.
    pub(super) fn jira(&mut self, m: &Macro<'_>, flow: &mut Flow) {
        self.kept(format!("macro:{}", m.name));
        let host = self.context.cloud.then(|| address::origin(self.context)).filter(|origin| !origin.is_empty());
        let query = m.first(&["jqlQuery", "jql"]);
        let (path, words) = match (m.get("key"), query) {
            (Some(key), _) => (format!("/browse/{}", address::form(&key)), key),
            (None, Some(jql)) => (format!("/issues/?jql={}", address::form(&jql)), format!("Jira issues: {jql}")),
            (None, None) => return self.dynamic(m, flow),
        };
        match host {
            Some(host) => {
                flow.open(Mark::Link(Target::Url(format!("{host}{path}"))));
                flow.text(&words);
                flow.close();
            }
            None => flow.marker(if words.starts_with("Jira") { words } else { format!("Jira issue: {words}") }),
        }
    }

    /// `include`, `excerpt-include`: a note, and a link to what stands there.
    pub(super) fn include(&mut self, m: &Macro<'_>, flow: &mut Flow) {
        let found = m.holds("").or(m.holds("page")).or(m.any_resource());
        let plain = m.first(&["", "page"]);
        let target = match (found, plain) {
            (Some(found), _) => match self.resource(found, None) {
                Resource::Target { target, title } => Some((target, title)),
                _ => None,
            },
            (None, Some(text)) => Some(self.by_words(&text)),
            (None, None) => None,
        };
        let Some((target, title)) = target else { return self.dynamic(m, flow) };
        self.lost(format!("macro:{}", m.name));
        let own_line = !flow.in_line();
        flow.push(Inline::Marker(format!("Confluence macro: {}", m.name)));
        flow.blank();
        match title {
            Some(title) => {
                flow.open(Mark::Link(target));
                flow.text(&title);
                flow.close();
            }
            None => flow.push(Inline::Link { target, content: Vec::new() }),
        }
        if own_line {
            flow.flush();
        }
    }

    /// A page as old macros name it: `KEY:Title` or `Title`.
    fn by_words(&self, text: &str) -> (Target, Option<String>) {
        let is_key = |key: &str| !key.is_empty() && key.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'~');
        let (space, title) = text.split_once(':').filter(|(key, _)| is_key(key)).unwrap_or((self.context.space, text));
        let key = super::super::super::keys::title(space, title);
        let fallback = Some(address::of_title(space, title, self.context));
        (Target::Remote { key, anchor: None, fallback, name: format!("{space}:{title}") }, Some(title.to_owned()))
    }

    /// `view-file` and its kin: a link to the attachment.
    pub(super) fn view_file(&mut self, m: &Macro<'_>, flow: &mut Flow) {
        let holder = m.holds("page").filter(|found| found.name != "ri:attachment");
        let found = m.holds("name").or(m.any_resource().filter(|found| found.name == "ri:attachment"));
        let name = found.and_then(|found| found.get("ri:filename").map(str::to_owned)).or(m.first(&["name", "file", ""]));
        let Some(name) = name else { return self.dynamic(m, flow) };
        self.kept(format!("macro:{}", m.name));
        let own_line = !flow.in_line();
        let target = self.file(&name, found.and_then(|found| found.elements().next()).or(holder), &None);
        flow.open(Mark::Link(target));
        flow.text(&name);
        flow.close();
        if own_line {
            flow.flush();
        }
    }

    /// `profile`.
    pub(super) fn profile(&mut self, m: &Macro<'_>, flow: &mut Flow) {
        match m.any_resource().map(|found| self.resource(found, None)) {
            Some(Resource::Person(key)) => flow.push(Inline::Person(key)),
            _ => self.dynamic(m, flow),
        }
    }

    /// What only the live page can show.
    pub(super) fn dynamic(&mut self, m: &Macro<'_>, flow: &mut Flow) {
        self.lost(format!("macro:{}", m.name));
        let words = self.described(m);
        flow.marker(words);
    }
}
