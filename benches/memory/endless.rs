//! A service of any number of documents that are made up as they are asked for: one space, one tree, bodies of some 2 KB that link to each other.

use async_trait::async_trait;
use context_syncd::connectors::connector::{
    AssetStream, Completion, Connector, Depth, Fetched, Listed, Presence, ReadError, SourceError, Traffic, Validation, Wanted,
};
use context_syncd::markdown::{Block, Inline, Target, Tree};
use context_syncd::model::{AssetRef, Body, ConnectorName, Cursor, Document, Facts, Key, Place, Raw, RemoteId, Revision, Scope};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

/// Children of one document.
const CHILDREN: usize = 30;
/// Lines of a body.
const LINES: usize = 24;
/// The first document's id.
const FIRST: usize = 100_000_000;

/// The service.
#[derive(Clone)]
pub(crate) struct Endless {
    name: ConnectorName,
    documents: usize,
    top: String,
}

impl Endless {
    /// So many documents below one with the title `top`.
    pub(crate) fn new(documents: usize, top: &str) -> Self {
        Self { name: ConnectorName::new("endless").unwrap(), documents, top: top.to_owned() }
    }

    fn title(&self, number: usize) -> String {
        if number == 0 { self.top.clone() } else { format!("How the quarterly review of part {number} is prepared") }
    }

    fn place(&self, number: usize) -> Place {
        let title = self.title(number);
        let alias = Key::new(format!("title:ONE:{}", title.to_lowercase()));
        Place {
            scope: Scope::new("98304"),
            container: vec!["ONE".to_owned()].into(),
            kind: "page".into(),
            parent: (number > 0).then(|| id((number - 1) / CHILDREN)),
            stem: format!("{}--{}", title.to_lowercase().replace(' ', "-"), FIRST + number),
            ending: ".md".into(),
            transparent: false,
            url: format!("https://wiki.example.com/wiki/spaces/ONE/pages/{}/{}", FIRST + number, title.replace(' ', "+")),
            title,
            aliases: vec![alias],
        }
    }

    fn body(&self, number: usize) -> String {
        let mut body = String::new();
        for line in 0..LINES {
            match line % 8 {
                3 => body.push_str(&format!("link title:ONE:{}\n", self.title((number * 7 + line * 31) % self.documents).to_lowercase())),
                _ => body
                    .push_str(&format!("Step {line} of {number} is done by those who know it, in the order of the list, and is checked by two.\n")),
            }
        }
        body
    }
}

fn id(number: usize) -> RemoteId {
    RemoteId::new((FIRST + number).to_string())
}

fn number(id: &RemoteId) -> usize {
    id.as_str().parse::<usize>().unwrap() - FIRST
}

fn revision(number: usize) -> Revision {
    Revision::new(format!("{}@2026-03-01T10:00:00.000Z", number % 9 + 1))
}

#[async_trait]
impl Connector for Endless {
    fn name(&self) -> &ConnectorName {
        &self.name
    }

    async fn validate(&self) -> Result<Validation, SourceError> {
        Ok(Validation { account: "endless".to_owned(), notes: Vec::new(), problems: Vec::new() })
    }

    fn changes(&self, _: Vec<(Scope, Cursor)>, _: Depth) -> BoxStream<'_, Result<Listed, SourceError>> {
        let seen = |n| {
            // A listing comes over a network: others take their turns meanwhile.
            let item = Listed::Seen { id: id(n), revision: revision(n), place: self.place(n), people: Vec::new() };
            async move {
                if n % 250 == 0 {
                    tokio::task::yield_now().await;
                }
                Ok(item)
            }
        };
        let done = Listed::ScopeDone {
            scope: Scope::new("98304"),
            name: "ONE".to_owned(),
            completion: Completion::Complete,
            cursor: Some(Cursor::new("c")),
        };
        stream::iter(0..self.documents).then(seen).chain(stream::iter([Ok(done)])).boxed()
    }

    fn batch_size(&self) -> usize {
        200
    }

    fn fetch(&self, batch: Vec<Wanted>) -> BoxStream<'_, (RemoteId, Result<Fetched, SourceError>)> {
        let fetched = |wanted: Wanted| {
            let number = number(&wanted.id);
            let raw = Raw(self.body(number).into());
            (wanted.id, Ok(Fetched { raw, revision: revision(number), labels: wanted.labels.then(Vec::new) }))
        };
        stream::iter(batch).map(fetched).boxed()
    }

    async fn confirm(&self, ids: Vec<Wanted>) -> Result<Vec<(RemoteId, Presence)>, SourceError> {
        Ok(ids.into_iter().map(|wanted| (wanted.id, Presence::Present)).collect())
    }

    async fn people(&self, _: Vec<Key>) -> Result<Vec<(Key, String)>, SourceError> {
        Ok(Vec::new())
    }

    fn read(&self, raw: &Raw, _: &Place) -> Result<Document, ReadError> {
        let text = std::str::from_utf8(&raw.0).map_err(|error| ReadError::Unreadable(error.to_string()))?;
        let inline = |line: &str| match line.strip_prefix("link ") {
            Some(key) => Inline::Link {
                target: Target::Remote { key: Key::new(key), anchor: None, fallback: None, name: key.to_owned() },
                content: Vec::new(),
            },
            None => Inline::Text(line.to_owned()),
        };
        let blocks = text.lines().map(|line| Block::Paragraph(vec![inline(line)])).collect();
        Ok(Document { facts: Facts::default(), body: Body::Tree(Tree { blocks }), parts: Vec::new(), diagnostics: Vec::new() })
    }

    async fn asset(&self, asset: &AssetRef) -> Result<AssetStream, SourceError> {
        Err(SourceError::NotVisible { what: asset.id.to_string(), status: 404 })
    }

    fn traffic(&self) -> Traffic {
        Traffic::default()
    }
}
