//! The words that every room speaks: names, ids, revisions, paths, documents.
//!
//! Plain data without IO and without serde: what is written to disk or to the socket has types of its own in the room that writes it.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::sync::Arc;

use crate::markdown::{Authored, Block, Tree};

mod doc_path;
mod line;
mod secret;
mod stamp;

pub use doc_path::{DocPath, PathError, component_is_safe};
pub use line::one_line;
pub use secret::Secret;
pub use stamp::Stamp;

/// A connector instance's name: `[a-z0-9][a-z0-9-]*`, at most 64 bytes. Names its folder, state, log field and environment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectorName(Arc<str>);

impl ConnectorName {
    /// # Errors
    /// When `name` is empty, longer than 64 bytes, or holds anything but lower-case letters, digits and (not first) `-`.
    pub fn new(name: &str) -> Result<Self, NameError> {
        let fits = (1..=64).contains(&name.len())
            && !name.starts_with('-')
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits { Ok(Self(name.into())) } else { Err(NameError(name.to_owned())) }
    }

    /// The name as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ConnectorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name that no connector can bear.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no connector name: use lower-case letters, digits and `-`, at most 64, and do not begin with `-`")]
pub struct NameError(String);

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the service's own spelling.
            #[must_use]
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(text.as_ref().into())
            }

            /// The service's own spelling.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        // Maps can be asked by text: equality, order and hash are those of the text.
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                self.as_str()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:?})", stringify!($name), self.as_str())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::new(text)
            }
        }
    };
}

text_id! {
    /// A document's id at its service, unique within one connector (`98411`).
    RemoteId
}
text_id! {
    /// A space, project, repository or channel: the unit in which listings are complete or not. An id that survives renames where the service has one.
    Scope
}
text_id! {
    /// What the service says changes when the document's body changes; compared for equality only (`7@2025-08-22T08:13:34.255Z`).
    Revision
}
text_id! {
    /// Where to go on listing a scope next time, and what the connector wants to remember with it; opaque to all but its connector.
    Cursor
}
text_id! {
    /// Something that a document may point to: a document (by id or by an alias such as space and title), an attachment, a person. The connector
    /// mints keys; the engine compares them for equality only. By convention the first word tells the kind: `doc:98411`, `title:ENG:release checklist`,
    /// `file:98411:diagram.png`, `user:712020:bbbb`.
    Key
}

/// SHA-256 of a file's bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentHash(pub [u8; 32]);

impl ContentHash {
    /// Hashes `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest;
        Self(sha2::Sha256::digest(bytes).into())
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in &self.0[..6] {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

/// Where a document stands in its scope, and what the service calls it: all that its path on disk and its links depend on. A listing brings it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The scope that listed it.
    pub scope: Scope,
    /// The folder of the scope below the connector's folder; safe components (`["ENG"]`). Shared, as all documents of a scope lie there.
    pub container: Arc<[String]>,
    /// The service's word for what it is (`page`, `blogpost`); the front matter's `type`, and a hint for `fetch`.
    pub kind: Arc<str>,
    /// Title in the service's own spelling.
    pub title: String,
    /// The document or node that it lies below, if any.
    pub parent: Option<RemoteId>,
    /// Name of its file without its ending, and of the folder of its children: a safe component, unique by holding the id (`release-checklist--98411`).
    pub stem: String,
    /// Ending of its file with the dot (`.md`, `.mdx`, `.rst`); may be empty.
    pub ending: Arc<str>,
    /// True where its children lie beside it and not below it: a space's home page, whose rename must not move a whole space.
    pub transparent: bool,
    /// Web address.
    pub url: String,
    /// Keys besides `doc:<id>` under which other documents may point to it (`title:ENG:release checklist`).
    pub aliases: Vec<Key>,
}

/// A body as the service sent it, in a form that the connector's `read` understands for ever: kept compressed in the state. It holds no secret and no
/// short-lived address.
#[derive(Clone, PartialEq, Eq)]
pub struct Raw(pub bytes::Bytes);

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Raw({} bytes)", self.0.len())
    }
}

/// What a connector makes of a raw body: everything that is written, but for what only the engine knows (paths, ancestors, names of people, labels).
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Facts for the front matter.
    pub facts: Facts,
    /// The body.
    pub body: Body,
    /// Parts of it that other documents may show.
    pub parts: Vec<crate::markdown::insert::Part>,
    /// What the reader could not express, by construct.
    pub diagnostics: Vec<Diagnostic>,
}

/// A document's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A tree for the writer, below `# Title`.
    Tree(Tree),
    /// Markdown that its author wrote, its bytes kept but for link targets and hidden characters: below our front matter, without a title of ours.
    Markdown(Authored),
    /// Kept as it is: no front matter, not a byte changed.
    Verbatim(bytes::Bytes),
}

impl Body {
    /// Every key of its links, images and persons, sorted, each once.
    #[must_use]
    pub fn keys(&self) -> Vec<Key> {
        match self {
            Self::Tree(tree) => tree.keys(),
            Self::Markdown(text) => text.keys(),
            Self::Verbatim(_) => Vec::new(),
        }
    }

    /// Its blocks, where others may show them; what is kept as it is has none.
    #[must_use]
    pub fn blocks(&self) -> Vec<Block> {
        match self {
            Self::Tree(tree) => tree.blocks.clone(),
            Self::Markdown(text) => vec![Block::Authored(text.clone())],
            Self::Verbatim(_) => Vec::new(),
        }
    }
}

/// Something that a source says of a document, for the front matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// One text.
    Text(String),
    /// Several, in order.
    List(Vec<Fact>),
    /// Named ones, in order.
    Map(Vec<(String, Fact)>),
}

impl From<String> for Fact {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Fact {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Facts of the source for the front matter, but for those of [`Place`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// RFC 3339, UTC.
    pub created_at: Option<String>,
    /// A person's key.
    pub created_by: Option<Key>,
    /// RFC 3339, UTC.
    pub updated_at: Option<String>,
    /// A person's key.
    pub updated_by: Option<Key>,
    /// The service's own version (`7`).
    pub version: Option<String>,
    /// What only this type of connector has, in the order to write it.
    pub extra: Vec<(String, Fact)>,
}

/// One kind of thing that a reader met: every macro, and whatever else it did not render plainly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The construct (`macro:jira`, `element:foo`, `depth`).
    pub what: String,
    /// How it was treated.
    pub treatment: Treatment,
    /// What is missing, or in which form it is there; empty where the treatment says all.
    pub detail: Cow<'static, str>,
    /// How many there were.
    pub count: u32,
}

/// How it was treated, and how often: `lost, 2 times: the list of issues`.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.treatment {
            Treatment::Rendered => "rendered",
            Treatment::Kept => "kept",
            Treatment::Lost => "lost",
        })?;
        if self.count != 1 {
            write!(f, ", {} times", self.count)?;
        }
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}

/// How a construct was treated; the worse is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Treatment {
    /// All that it shows is there.
    Rendered,
    /// Its text is there, its meaning or form is not; a marker says so.
    Kept,
    /// Something that a reader would miss is not there; a marker says so.
    Lost,
}

/// Whose an attachment is: what its listing is judged with, and what it leaves the mirror with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owner {
    /// The document that it hangs on.
    Document(RemoteId),
    /// A scope, whose documents all may show it: an image among a repository's files.
    Scope(Scope),
}

impl Owner {
    /// The document, where it is one.
    #[must_use]
    pub fn document(&self) -> Option<&RemoteId> {
        match self {
            Self::Document(id) => Some(id),
            Self::Scope(_) => None,
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document(id) => f.write_str(id.as_str()),
            Self::Scope(scope) => f.write_str(scope.as_str()),
        }
    }
}

/// An attachment or image as a listing names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetRef {
    /// The service's id (`att99001`).
    pub id: RemoteId,
    /// Whose it is.
    pub owner: Owner,
    /// Changes when its bytes do.
    pub revision: Revision,
    /// Keys under which documents point to it (`file:98411:diagram.png`).
    pub keys: Vec<Key>,
    /// Its name at the service, unsafe as a file name.
    pub name: String,
    /// Folder below the connector's folder (`["ENG", "_assets", "98411"]`); of a document's, the first component is that of its
    /// owner's container, and follows it.
    pub folder: Vec<String>,
    /// Safe file name.
    pub file_name: String,
    /// In bytes, where the service tells it.
    pub size: Option<u64>,
    /// MIME type as the service tells it.
    pub media_type: Option<String>,
    /// When these bytes came to be, in seconds since 1970: the file's modification time, by which an unchanged asset is known again without state.
    pub modified_secs: Option<i64>,
    /// Web address to show where the asset is not mirrored; never short-lived.
    pub url: String,
    /// What the connector needs to download it again; never secret, never short-lived.
    pub source: String,
    /// To be mirrored whether or not a document shows it.
    pub always: bool,
}

impl RemoteId {
    /// The document that this one lies beside, because it changes by a clock of its own (`98411#comments`).
    #[must_use]
    pub fn accompanies(&self) -> Option<&str> {
        self.as_str().split_once('#').map(|(document, _)| document)
    }

    /// The key under which any document may point to this one by its id.
    #[must_use]
    pub fn key(&self) -> Key {
        Key::new(format!("doc:{}", self.as_str()))
    }
}

impl Key {
    /// The id of the document that the key of [`RemoteId::key`] names.
    #[must_use]
    pub fn document(&self) -> Option<&str> {
        self.as_str().strip_prefix("doc:")
    }

    /// True for a person's key, by the convention of [`Key`].
    #[must_use]
    pub fn is_person(&self) -> bool {
        self.as_str().starts_with("user:") || self.as_str().starts_with("username:")
    }

    /// True for an attachment's key, by the convention of [`Key`].
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.as_str().starts_with("file:")
    }
}
