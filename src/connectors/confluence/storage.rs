//! Reads Confluence's storage format into the document tree.
//!
//! The way of a body: [`mend`] makes its markup safe for the XML reader, [`dom`] reads it into a flat list of bounded depth, [`blocks`] and its neighbours walk that
//! list once and fill a [`flow`]. Guarantees: any body gives a tree, in linear time and memory; no word is lost without a visible marker, and all that is not
//! rendered plainly is named by a [`Diagnostic`]. Pure: it knows neither the mirror nor the service; links carry keys.

mod adf_island;
mod anchors;
mod blocks;
mod code;
mod conditional;
mod cql;
mod diagnose;
mod diagram;
mod dom;
mod embed;
mod emoji;
mod entities;
mod flow;
mod href;
mod image;
mod inserts;
mod jira;
mod links;
mod lists;
mod macro_args;
mod macros;
mod marker;
mod math;
mod mend;
mod names;
mod panel;
mod plantuml_cloud;
mod resource;
mod roadmap;
mod steps;
mod table;
mod task;
#[cfg(test)]
mod tests;

use crate::markdown::Tree;
use crate::markdown::insert::Part;
use crate::model::Diagnostic;

/// Where a body comes from.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The site's base address with `/wiki` or the context path, without a slash at its end (`https://acme.atlassian.net/wiki`).
    pub base: &'a str,
    /// Key of the space that the page lies in.
    pub space: &'a str,
    /// The page's id.
    pub page: &'a str,
    /// Whether it is a Cloud site.
    pub cloud: bool,
}

/// What a body holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// All of it.
    pub tree: Tree,
    /// Parts of it that other pages may show.
    pub parts: Vec<Part>,
    /// Its macros, and what else could not be rendered plainly: each kind once, about 1,000 of them at most.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a body.
#[must_use]
pub fn read(body: &str, context: &Context<'_>) -> Reading {
    // The XML reader skips a byte order mark without counting it.
    let mended = mend::mend(body.trim_start_matches('\u{feff}'));
    let dom = dom::Dom::read(&mended);
    let mut walk = blocks::Walk::new(&dom, context);
    let blocks = walk.body();
    Reading { tree: Tree { blocks }, parts: walk.parts, diagnostics: walk.diagnostics.into_vec() }
}
