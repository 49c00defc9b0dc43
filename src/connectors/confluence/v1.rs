//! The shapes of REST v1: all of Data Center's, and Cloud's search.
//!
//! Everything in an answer may be missing, null or new; nothing here fails for it.

use serde::{Deserialize, Deserializer};

use super::api::{Identified, Links};

/// Content of v1: page, post, folder, attachment.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Content {
    /// Its id.
    #[serde(deserialize_with = "text")]
    pub(super) id: String,
    /// Its type.
    #[serde(rename = "type", deserialize_with = "text")]
    pub(super) kind: String,
    /// `current`, `trashed`, ...
    pub(super) status: Option<String>,
    /// Its title.
    #[serde(deserialize_with = "text")]
    pub(super) title: String,
    /// Its space.
    pub(super) space: Option<SpaceRef>,
    /// Who began it.
    pub(super) history: Option<History>,
    /// Its version.
    pub(super) version: Option<Version>,
    /// From the top to the parent.
    pub(super) ancestors: Option<Vec<Content>>,
    /// Labels.
    pub(super) metadata: Option<Metadata>,
    /// What an attachment or a comment hangs on.
    pub(super) container: Option<Box<Content>>,
    /// What an attachment or a comment has of its own.
    pub(super) extensions: Option<Extensions>,
    /// Its body.
    pub(super) body: Option<Body>,
    /// Links.
    #[serde(rename = "_links")]
    pub(super) links: Links,
}

impl Identified for Content {
    fn identity(&self) -> &str {
        &self.id
    }
}

/// A space that content names.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SpaceRef {
    /// Its id.
    #[serde(deserialize_with = "text")]
    pub(super) id: String,
    /// Its key.
    #[serde(deserialize_with = "text")]
    pub(super) key: String,
}

/// Who began content, and when.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct History {
    /// Who.
    pub(super) created_by: Option<Person>,
    /// When.
    pub(super) created_date: Option<String>,
}

/// A version of v1.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Version {
    /// Its number.
    pub(super) number: u64,
    /// When it was made.
    pub(super) when: Option<String>,
    /// By whom.
    pub(super) by: Option<Person>,
}

/// Somebody.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Person {
    /// `known` or `anonymous`.
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    /// Cloud.
    pub(super) account_id: Option<String>,
    /// Data Center.
    pub(super) user_key: Option<String>,
    /// Data Center.
    pub(super) username: Option<String>,
    /// What people call them.
    pub(super) display_name: Option<String>,
}

/// Labels.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Metadata {
    /// Labels.
    pub(super) labels: Option<Labels>,
}

/// Labels.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Labels {
    /// Each.
    pub(super) results: Vec<Label>,
}

/// A label.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Label {
    /// `global`, or somebody's own.
    pub(super) prefix: Option<String>,
    /// Its name.
    #[serde(deserialize_with = "text")]
    pub(super) name: String,
}

/// What an attachment or a comment has of its own.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Extensions {
    /// MIME type.
    pub(super) media_type: Option<String>,
    /// Bytes.
    pub(super) file_size: Option<u64>,
    /// Comments: `footer`, `inline` or `resolved`.
    pub(super) location: Option<String>,
    /// Inline comments: what they are about.
    pub(super) inline_properties: Option<InlineProperties>,
    /// Comments: whether they are settled.
    pub(super) resolution: Option<Resolution>,
}

/// What an inline comment is about.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct InlineProperties {
    /// The words that it was put on. Older answers write it with hyphens.
    #[serde(alias = "original-selection")]
    pub(super) original_selection: Option<String>,
}

/// Whether a comment is settled.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Resolution {
    /// `open`, `reopened`, `resolved`, `dangling`.
    pub(super) status: Option<String>,
}

/// A body.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Body {
    /// In storage format.
    pub(super) storage: Option<Storage>,
}

/// Storage format.
#[derive(Debug, Deserialize)]
pub(super) struct Storage {
    /// The text.
    pub(super) value: String,
}

impl Content {
    /// Whether it is there for readers; a draft or an old version never is.
    pub(super) fn is_there(&self, archived: bool) -> bool {
        self.status.as_deref().is_none_or(|status| status == "current") || (archived && self.is_archived())
    }

    /// Whether it is archived (Cloud).
    pub(super) fn is_archived(&self) -> bool {
        self.status.as_deref() == Some("archived")
    }

    /// A comment's state, where it has one.
    pub(super) fn resolution(&self) -> Option<&str> {
        self.extensions.as_ref()?.resolution.as_ref()?.status.as_deref().filter(|status| !status.is_empty())
    }

    /// Labels that are everybody's, sorted; none where they were not asked for.
    pub(super) fn labels(&self) -> Option<Vec<String>> {
        let labels = &self.metadata.as_ref()?.labels.as_ref()?.results;
        let shared = labels.iter().filter(|label| label.prefix.as_deref().is_none_or(|prefix| prefix == "global"));
        let mut names: Vec<String> = shared.map(|label| label.name.clone()).collect();
        names.sort();
        names.dedup();
        Some(names)
    }
}

/// A text, also where a number or null stands in its place.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Any {
        Text(String),
        Number(serde_json::Number),
        Null,
    }
    Ok(match Any::deserialize(deserializer)? {
        Any::Text(text) => text,
        Any::Number(number) => number.to_string(),
        Any::Null => String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_with_nulls_and_numbers_are_read() {
        let json = r#"{"id":7,"type":"page","title":null,"space":{"id":98306,"key":"ENG"},"version":null,"metadata":{"labels":{"results":[
            {"name":"b","prefix":"global"},{"name":"a"},{"name":"mine","prefix":"my"}]}},"ancestors":null,"new":{"x":1}}"#;
        let content: Content = serde_json::from_str(json).unwrap();
        assert_eq!((content.id.as_str(), content.title.as_str(), content.space.as_ref().unwrap().id.as_str()), ("7", "", "98306"));
        assert_eq!(content.labels().unwrap(), ["a", "b"]);
    }
}
