//! Attachments of ours that no record knows any more: a state that was lost forgot them, or a run was killed between the file and its record.
//!
//! Never on doubt: what bears no name that we would give, in a folder of a document that we know, may be its user's, and is not even listed.

use std::collections::HashSet;

use super::super::super::error::WorkerError;
use super::super::open::Both;
use super::plan::Leaving;
use crate::model::DocPath;

/// Looks at the folders of attachments. A state that has never listed everything knows too few to say anything.
pub(super) fn look(both: &Both) -> Result<Vec<Leaving>, WorkerError> {
    if both.state.site()?.last_everything_ms == 0 {
        return Ok(Vec::new());
    }
    let (mut paths, mut attachments, mut documents) = (HashSet::new(), HashSet::new(), HashSet::new());
    for asset in both.state.assets() {
        let (id, record) = asset?;
        paths.extend(record.path);
        attachments.insert(id.to_string());
    }
    for document in both.state.documents() {
        documents.insert(document?.0.to_string());
    }
    let unknown = both.mirror.strangers(&paths)?.into_iter();
    let ours = unknown.filter(|found| is_ours(&found.path, &documents, &attachments));
    Ok(ours.map(|found| Leaving { id: "".into(), path: Some(found.path), bytes: found.bytes, reason: "nothing is known of it".to_owned() }).collect())
}

/// Whether this is `_assets/<document>/<attachment>-<name>`, with a document that is known and an attachment that is, or that is called as only services call
/// theirs: letters and a number. A number alone may be the date of somebody's photograph.
fn is_ours(path: &DocPath, documents: &HashSet<String>, attachments: &HashSet<String>) -> bool {
    let owner = path.components().rev().nth(1).unwrap_or_default();
    let Some((id, _)) = path.file_name().split_once('-') else { return false };
    let number = id.trim_start_matches(|c: char| c.is_ascii_lowercase());
    let is_an_id = number.len() < id.len() && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    documents.contains(owner) && (attachments.contains(id) || is_an_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_that_we_give_is_ours() {
        let known = |id: &str| HashSet::from([id.to_owned()]);
        let ours = |path: &str| is_ours(&DocPath::new(path).unwrap(), &known("98411"), &known("77"));
        assert!(ours("ENG/_assets/98411/att5-plan.png"));
        assert!(ours("ENG/_assets/98411/77-an-older-name.png"));
        for path in
            ["ENG/_assets/98412/att5-plan.png", "ENG/_assets/98411/78-plan.png", "ENG/_assets/98411/plan.png", "ENG/_assets/98411/my-plan.png"]
        {
            assert!(!ours(path), "{path}");
        }
    }
}
