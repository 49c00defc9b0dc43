//! Names on disk of owners, repositories and paths in them.

use crate::markdown::slug;
use crate::model::component_is_safe;

/// Folders of ours in a repository's folder: its own of these names are called otherwise.
const OURS: [&str; 4] = ["_wiki", "_discussions", "_issues", "_releases"];

/// A name as a component of a path below the connector's folder.
pub(super) fn component(name: &str) -> String {
    let guarded = slug::guard_instruction_file(name);
    if component_is_safe(&guarded).is_ok() { guarded } else { slug::file_name(name) }
}

/// A folder of a repository, or of a folder in it.
pub(super) fn folder(name: &str, is_top: bool) -> String {
    if is_top && OURS.iter().any(|ours| name.eq_ignore_ascii_case(ours)) { format!("{name}.repository") } else { component(name) }
}
