//! The habits that only GitHub has, errors of single fields of GraphQL among them. The answers of its many limits and refusals are in `faults`.

use std::collections::BTreeSet;

use super::model::Id;

/// An error that GraphQL reports at a field, which is null then.
#[derive(Clone, Debug)]
pub struct FieldFault {
    /// `Repository.discussions`.
    pub field: String,
    /// `FORBIDDEN`, `RESOURCE_LIMITS_EXCEEDED`, `SERVICE_UNAVAILABLE`; none has no type.
    pub kind: Option<String>,
    pub message: String,
    /// `extensions.saml_failure`.
    pub saml: bool,
    /// Only for what belongs to this repository.
    pub repository: Option<Id>,
    pub skip: usize,
    pub left: usize,
}

/// What it does otherwise, until it is changed back.
#[derive(Default)]
pub struct Traits {
    pub(super) field_faults: Vec<FieldFault>,
    /// Fields that this server does not know yet: `Repository.hasDiscussionsEnabled`. How an old Enterprise Server is.
    pub undefined: BTreeSet<String>,
    /// A recursive tree has at most so many entries, then `truncated`.
    pub tree_limit: Option<usize>,
    /// `page=` beyond so many items is refused in lists of issues; 1,000 unless set.
    pub deep_page: Option<usize>,
    /// A query that asks for more than so many nodes at one connection times out: 502.
    pub too_large: Option<u64>,
    /// `text` of a blob longer than so many bytes is cut, with `isTruncated`; 512,000 unless set.
    pub text_limit: Option<usize>,
    /// Answers carry no `x-ratelimit-*`.
    pub no_rate_headers: bool,
    /// Answers carry no ETag.
    pub no_etags: bool,
}

impl Traits {
    /// GraphQL fails at a field (`Discussion.comments`), `left` times after `skip` that go well.
    pub fn fail_field(&mut self, field: &str, kind: Option<&str>, message: &str, skip: usize, left: usize) {
        let (field, kind, message) = (field.to_owned(), kind.map(str::to_owned), message.to_owned());
        self.field_faults.push(FieldFault { field, kind, message, saml: false, repository: None, skip, left });
    }

    /// The same, as one wants it.
    pub fn fail_field_with(&mut self, fault: FieldFault) {
        self.field_faults.push(fault);
    }

    /// The fault that a field meets now.
    pub(super) fn field_fault(&mut self, field: &str, repository: Option<Id>) -> Option<FieldFault> {
        let mut concerned = self.field_faults.iter_mut().filter(|fault| fault.left > 0 && fault.field == field);
        let fault = concerned.find(|fault| fault.repository.is_none() || fault.repository == repository)?;
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        fault.left -= usize::from(fault.left != usize::MAX);
        Some(fault.clone())
    }
}
