//! `restore`: move files from the trash back to their places, or list them.

use std::path::{Component, Path};

use context_sync_protocol::error::{ErrorBody, ErrorKind};
use context_sync_protocol::reply::Runs;

use super::asker::{Answer, Asker, ok};
use super::{Context, runs};
use crate::config::Config;
use crate::config::job::Operation;

pub(super) async fn answer(context: &Context, asker: &Asker, paths: &[String]) -> Answer {
    let names = context.supervisor.names();
    let mut orders: Vec<(String, Vec<String>)> = Vec::new();
    if paths.is_empty() {
        orders = names.into_iter().map(|name| (name, Vec::new())).collect();
    } else {
        let config = context.supervisor.config();
        for path in paths {
            let Some((name, inner)) = place(&config, path).filter(|(name, _)| names.contains(name)) else {
                let message = format!("`{path}` lies in no connector's folder.");
                return Err(ErrorBody::new(ErrorKind::NotFound, message, "`context-syncctl restore` lists what can be restored."));
            };
            match orders.iter_mut().find(|(known, _)| *known == name) {
                Some((_, inners)) => inners.push(inner),
                None => orders.push((name, vec![inner])),
            }
        }
    }
    let orders = orders.into_iter().map(|(name, paths)| (name, Operation::Restore { paths })).collect();
    let mut runs = Runs { runs: runs::carry_out(context, asker, orders).await?, ..Runs::default() };
    runs.fit();
    ok(&runs)
}

/// The connector whose file this is, and the file's place in its trash or its mirror.
pub(super) fn place(config: &Config, path: &str) -> Option<(String, String)> {
    let path = Path::new(path);
    if path.components().any(|part| part == Component::ParentDir) {
        return None;
    }
    let inner = config.connectors.iter().find_map(|instance| {
        let connector = &instance.config;
        let inner = match path.is_absolute() {
            true => path.strip_prefix(&connector.folder),
            false => path.strip_prefix(&connector.name),
        };
        Some((connector.name.clone(), inner.ok()?))
    });
    let (name, inner) = inner?;
    let inner = inner.strip_prefix(".trash").unwrap_or(inner);
    // An empty list of paths would list the trash, which is not what a path asks for.
    Some((name, inner.to_str().filter(|inner| !inner.is_empty())?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_found_by_folder_or_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let around = crate::config::Surroundings {
            environment: [("HOME", folder.path().to_str().unwrap()), ("CONFLUENCE_URL", "https://wiki.example")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            ..Default::default()
        };
        let config = crate::config::load(&around).unwrap();
        let expected = Some(("confluence".to_owned(), "2026-01-02/ENG/a.md".to_owned()));
        assert_eq!(place(&config, "confluence/2026-01-02/ENG/a.md"), expected);
        let absolute = folder.path().join("context-sync/confluence/.trash/2026-01-02/ENG/a.md");
        assert_eq!(place(&config, absolute.to_str().unwrap()), expected);
        for path in ["confluence", "confluence/.trash", "confluence/../other/a.md", "other/a.md", "/etc/passwd"] {
            assert_eq!(place(&config, path), None, "{path}");
        }
    }
}
