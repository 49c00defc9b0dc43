//! Formulas in TeX, as their macros keep them: in a body or a parameter, encoded or not, with delimiters of their own or without.

use crate::markdown::{Block, Inline};

use super::blocks::Walk;
use super::flow::Flow;
use super::macro_args::Macro;

impl<'d> Walk<'d> {
    /// A formula: in text, or a block.
    pub(super) fn math(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        let Some(formula) = call.body().filter(|body| !body.trim().is_empty()).or_else(|| call.any_text(&["body", "equation", ""])) else {
            return self.unknown_macro(call, flow);
        };
        let formula = match formula.strip_prefix("--uriencoded--") {
            Some(encoded) => percent_encoding::percent_decode_str(encoded).decode_utf8_lossy().into_owned(),
            None => formula,
        };
        let formula = bare_formula(&formula);
        if call.name.contains("inline") || (call.name == "latex" && flow.in_text()) {
            flow.inline(Inline::Math(formula.split_whitespace().collect::<Vec<_>>().join(" ")));
        } else {
            flow.block(Block::Code { language: Some("math".to_owned()), text: super::code::exact(&formula) });
        }
    }
}

/// A formula without the delimiters that some macros want around it.
fn bare_formula(formula: &str) -> String {
    let trimmed = formula.trim();
    let inner = [("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)"), ("$", "$")]
        .iter()
        .find_map(|(open, close)| trimmed.strip_prefix(open)?.strip_suffix(close))
        .filter(|inner| !inner.is_empty() && !inner.contains('$') && !inner.contains("\\["));
    inner.unwrap_or(formula).to_owned()
}
