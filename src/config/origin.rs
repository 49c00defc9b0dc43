//! Where a value came from, so that each message names the file or the variable that must be changed, and each secret can stay where it is.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// A value's source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The configuration file.
    File,
    /// A variable in the `.env` file.
    Dotenv {
        /// The file.
        path: PathBuf,
        /// The variable.
        variable: String,
    },
    /// A variable of the process.
    Variable(String),
}

/// Origins by the text that the `config` crate carries with each value.
#[derive(Debug, Default)]
pub(super) struct Origins(BTreeMap<String, Origin>);

impl Origins {
    /// Notes an origin; the text to carry.
    pub(super) fn note(&mut self, origin: Origin) -> String {
        let text = match &origin {
            Origin::File => String::new(),
            Origin::Dotenv { path, variable } => format!("`{variable}` in {}", path.display()),
            Origin::Variable(variable) => format!("the variable `{variable}`"),
        };
        self.0.insert(text.clone(), origin);
        text
    }

    /// What a carried text stands for: whatever was not noted is the configuration file.
    pub(super) fn of(&self, text: Option<&str>) -> Origin {
        text.and_then(|text| self.0.get(text)).cloned().unwrap_or(Origin::File)
    }

    /// Every variable that set something.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        self.0.values().filter_map(|origin| match origin {
            Origin::File => None,
            Origin::Dotenv { variable, .. } | Origin::Variable(variable) => Some(variable.as_str()),
        })
    }
}
