//! Reads a kept release into a document: its notes as they were written, then its files. Pure.

use super::super::conversation::{Release, Texts, cell, heading, link, person, reactions_line, table, text};
use super::super::raw::Kept;
use crate::connectors::connector::ReadError;
use crate::markdown::{Inline, Tree};
use crate::model::{Body, Document, Fact, Facts, Place};

/// Reads it.
pub(in crate::connectors::github) fn read(kept: &Kept<'_>, place: &Place) -> Result<Document, ReadError> {
    let release: Release = kept.head()?;
    let mut texts = Texts::of(place);
    let mut blocks = Vec::new();
    texts.first(&release.body, release.author.as_deref(), &mut blocks);
    blocks.extend(reactions_line(&release.reactions, 0));
    if !release.assets.is_empty() {
        blocks.push(heading(2, "Assets"));
        let rows = release
            .assets
            .iter()
            .map(|asset| vec![cell(link(&texts.web.today(&asset.url), vec![Inline::Code(asset.name.clone())])), cell(vec![text(&size(asset.size))])]);
        blocks.push(table(&["Name", "Size"], rows));
    }
    let mut extra = vec![("tag".to_owned(), Fact::Text(release.tag)), ("prerelease".to_owned(), Fact::Text(release.prerelease.to_string()))];
    extra.extend(release.published_at.map(|moment| ("published_at".to_owned(), Fact::Text(moment))));
    extra.extend(release.commit.map(|commit| ("commit".to_owned(), Fact::Text(commit))));
    let facts = Facts {
        created_at: Some(release.created_at).filter(|moment| !moment.is_empty()),
        created_by: Some(person(release.author.as_deref())),
        updated_at: release.updated_at,
        extra,
        ..Facts::default()
    };
    Ok(Document { facts, body: Body::Tree(Tree { blocks }), parts: Vec::new(), diagnostics: texts.met.into_diagnostics() })
}

/// `1.5 MB`, by thousands.
fn size(bytes: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let mut value = bytes;
    let mut tenths = 0;
    let mut unit = 0;
    while value >= 1000 && unit + 1 < units.len() {
        tenths = value % 1000 / 100;
        value /= 1000;
        unit += 1;
    }
    if unit == 0 { format!("{value} B") } else { format!("{value}.{tenths} {}", units[unit]) }
}
