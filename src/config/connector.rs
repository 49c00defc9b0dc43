//! One `[connectors.NAME]`: tells what all types have from what its type has, and secrets from settings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use config::{Map, Value, ValueKind};
use serde_json::Value as Json;

use super::Connector;
use super::job::{ConnectorConfig, SecretRef};
use super::origin::{Origin, Origins};
use super::reference::{self, Files};
use crate::connectors::{Kind, kind, kinds};
use crate::model::ConnectorName;

/// What an instance takes from outside its table.
pub(super) struct Outside<'a> {
    pub(super) origins: &'a Origins,
    pub(super) files: Files<'a>,
    pub(super) every: &'a str,
    pub(super) max_delete_percent: u8,
    pub(super) output_dir: &'a Path,
    pub(super) cache_dir: &'a Path,
    /// Makes a path of what people write.
    pub(super) expand: &'a dyn Fn(&str) -> Option<PathBuf>,
}

/// The type of a table: its `type`, or its name.
///
/// # Errors
/// When there is no such type.
pub(super) fn type_of(name: &str, table: &Map<String, Value>) -> Result<&'static Kind, String> {
    let known = || kinds().iter().map(|kind| format!("`{}`", kind.name)).collect::<Vec<_>>().join(", ");
    match table.get("type").map(|value| &value.kind) {
        Some(ValueKind::String(word)) => {
            kind(word).ok_or_else(|| format!("`connectors.{name}.type` is `{word}`, which is no type of connector; there is {}", known()))
        }
        Some(_) => Err(format!("`connectors.{name}.type` must be text")),
        None => kind(name).ok_or_else(|| format!("`connectors.{name}` needs a `type`, because its name is none; there is {}", known())),
    }
}

/// Resolves one table.
///
/// # Errors
/// Everything that is wrong in it.
pub(super) fn read(name: &str, table: Map<String, Value>, kind: &Kind, outside: &Outside<'_>) -> Result<Connector, Vec<String>> {
    let mut table = Table { name, table, outside, problems: Vec::new() };
    if let Err(error) = ConnectorName::new(name) {
        table.problems.push(format!("{}: {error}", outside.files.config.display()));
    }
    table.take("type", |_| Some(()), "text");
    let enabled = table.take("enabled", |value| value.into_bool().ok(), "true or false");
    let every = table.take("schedule", text, "text");
    let folder = table.take("output_dir", |value| (outside.expand)(&text(value)?), "the path of a folder");
    let percent = |value: Value| value.into_uint().ok().and_then(|percent| u8::try_from(percent).ok()).filter(|percent| *percent <= 100);
    let percent = table.take("max_delete_percent", percent, "a number from 0 to 100");
    let secrets = table.secrets(kind);
    let settings = table.settings(kind);
    if !table.problems.is_empty() {
        return Err(table.problems);
    }
    let config = ConnectorConfig {
        name: name.to_owned(),
        kind: kind.name.to_owned(),
        folder: folder.unwrap_or_else(|| outside.output_dir.join(name)),
        cache: outside.cache_dir.join(name),
        max_delete_percent: percent.unwrap_or(outside.max_delete_percent),
        settings,
        secrets,
    };
    Ok(Connector { config, every: every.unwrap_or_else(|| outside.every.to_owned()), enabled: enabled.unwrap_or(true) })
}

fn text(value: Value) -> Option<String> {
    match value.kind {
        ValueKind::String(text) => Some(text),
        _ => None,
    }
}

/// A table of which things are taken until only the type's own settings are left.
struct Table<'a> {
    name: &'a str,
    table: Map<String, Value>,
    outside: &'a Outside<'a>,
    problems: Vec<String>,
}

impl Table<'_> {
    fn take<T>(&mut self, setting: &str, convert: impl FnOnce(Value) -> Option<T>, expected: &str) -> Option<T> {
        let value = self.table.remove(setting)?;
        let place = self.place(value.origin());
        let taken = convert(value);
        if taken.is_none() {
            self.problems.push(format!("{place}: `connectors.{}.{setting}` must be {expected}", self.name));
        }
        taken
    }

    fn secrets(&mut self, kind: &Kind) -> BTreeMap<String, SecretRef> {
        let mut secrets = BTreeMap::new();
        for setting in kind.secrets {
            let Some(value) = self.table.remove(*setting) else { continue };
            let (place, origin) = (self.place(value.origin()), self.outside.origins.of(value.origin()));
            match reference::read(&format!("connectors.{}.{setting}", self.name), value, origin, &self.outside.files) {
                Ok(reference) => drop(secrets.insert((*setting).to_owned(), reference)),
                Err(problem) => self.problems.push(format!("{place}: {problem}")),
            }
        }
        secrets
    }

    /// The type's own settings, checked, with its defaults.
    fn settings(&mut self, kind: &Kind) -> Json {
        let mut settings = serde_json::Map::new();
        let mut doubtful = Vec::new();
        let mut places = BTreeMap::new();
        for (setting, value) in std::mem::take(&mut self.table) {
            let from_file = self.outside.origins.of(value.origin()) == Origin::File;
            places.insert(setting.clone(), self.place(value.origin()));
            match (value.kind, kind.lists.contains(&setting.as_str())) {
                (ValueKind::String(text), true) => drop(settings.insert(setting, split(&text))),
                // A variable is text, and only the type knows whether a number was meant.
                (ValueKind::String(text), false) if !from_file && !as_json(&text).is_null() => doubtful.push((setting, text)),
                (other, _) => {
                    let json = Value::new(None, other).try_deserialize::<Json>().unwrap_or(Json::Null);
                    settings.insert(setting, json);
                }
            }
        }
        for (setting, text) in doubtful {
            let with = |value: Json| {
                let mut settings = settings.clone();
                settings.insert(setting.clone(), value);
                (kind.check)(&Json::Object(settings)).is_ok()
            };
            let meant = if !with(Json::String(text.clone())) && with(as_json(&text)) { as_json(&text) } else { Json::String(text) };
            settings.insert(setting, meant);
        }
        match (kind.check)(&Json::Object(settings.clone())) {
            Ok(checked) => checked,
            Err(problem) => {
                // Without the setting that is to blame, all is well, or something else is wrong.
                let without = |setting: &String| {
                    let mut rest = settings.clone();
                    rest.remove(setting);
                    (kind.check)(&Json::Object(rest)).err()
                };
                let blamed = settings.keys().find(|setting| without(setting).is_none_or(|other| other != problem));
                let place = blamed.and_then(|setting| places.get(setting)).cloned().unwrap_or_else(|| self.place(None));
                let key = blamed.map(|setting| format!(".{setting}")).unwrap_or_default();
                self.problems.push(format!("{place}: `connectors.{}{key}`: {problem}", self.name));
                Json::Null
            }
        }
    }

    /// The file or variable that a message must name.
    fn place(&self, carried: Option<&str>) -> String {
        match (self.outside.origins.of(carried), carried) {
            (Origin::File, _) | (_, None) => self.outside.files.config.display().to_string(),
            (_, Some(carried)) => carried.to_owned(),
        }
    }
}

fn split(text: &str) -> Json {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect::<Vec<_>>().into()
}

/// What else a variable's text may mean; null for nothing.
fn as_json(text: &str) -> Json {
    let text = text.trim();
    text.parse::<bool>().map(Json::from).or_else(|_| text.parse::<i64>().map(Json::from)).unwrap_or(Json::Null)
}
