//! Jira's macros: links to issues and searches, where the page tells which Jira it is.

use crate::markdown::Inline;

use super::blocks::Walk;
use super::flow::Flow;
use super::macro_args::Macro;
use super::macros::flow_link;

impl<'d> Walk<'d> {
    /// `jira`: one issue, or what a query finds.
    pub(super) fn jira(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        let site = self.context.base.strip_suffix("/wiki").filter(|_| self.context.cloud);
        let query = call.any_text(&["jqlQuery", "jql"]);
        let apart = !flow.in_text();
        match (call.text("key"), query, site) {
            (Some(key), _, Some(site)) => {
                self.kept(call, "a link; its summary and state are Jira's");
                flow_link(format!("{site}/browse/{}", super::href::encode_words(&key)), Inline::Text(key), flow);
            }
            // On Data Center nothing tells which Jira it is.
            (Some(key), _, None) => {
                self.kept(call, "the key, without a link");
                flow.text(&key);
            }
            (None, Some(query), site) => {
                self.lost(call, "the issues that the query finds");
                flow.text("Jira issues: ");
                match site {
                    Some(site) => {
                        let words: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
                        flow_link(format!("{site}/issues/?jql={words}"), Inline::Code(query), flow);
                    }
                    None => flow.inline(Inline::Code(query)),
                }
            }
            (None, None, _) => return self.unknown_macro(call, flow),
        }
        if apart {
            flow.end_run();
        }
    }
}
