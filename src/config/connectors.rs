//! From tables and variables to connector instances: `[connectors.NAME]`, and `NAME_…` as users of the script era have it in their `.env`.
//!
//! Knows the keys that every connector has; what else a type has, the register says.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json};

use super::job::ConnectorConfig;
use super::layers::{Found, Layers, Table, text};
use super::settings::Get;
use super::{ConfigError, Instance, Origin, Surroundings, check};
use crate::connectors::{self, Kind};
use crate::model::ConnectorName;

/// Keys that every connector has, besides those of its type.
pub(super) const COMMON: [&str; 5] = ["type", "enabled", "every", "output_dir", "max_delete_percent"];

/// What connectors inherit.
pub(super) struct Places<'a> {
    pub(super) output_dir: &'a Path,
    pub(super) cache_dir: PathBuf,
    pub(super) every: &'a str,
    pub(super) max_delete_percent: u8,
}

/// All instances, by name: those with a table, and those whose variables alone turn them on.
pub(super) fn resolve(layers: &Layers, around: &Surroundings, places: &Places<'_>, notes: &mut Vec<String>) -> Result<Vec<Instance>, ConfigError> {
    let mut tables = layers.connectors.clone();
    for name in connectors::kinds() {
        let Some(kind) = connectors::kind(name) else { continue };
        if tables.contains_key(*name) {
            continue;
        }
        let missing: Vec<&str> = kind.required.iter().copied().filter(|variable| layers.variable(variable).is_none()).collect();
        let set = kind.env.iter().map(|(variable, _)| *variable).find(|variable| layers.variable(variable).is_some());
        match set {
            _ if missing.is_empty() => drop(tables.insert((*name).to_owned(), Table::new())),
            // Another instance of the type may refer to it.
            Some(set) if !tables.values().any(|table| Get(table).text("type", "").is_ok_and(|kind| kind == *name)) => {
                notes.push(format!("`{set}` is set, but `{}` is not, so that there is no connector `{name}`.", missing.join("`, `")));
            }
            _ => {}
        }
    }
    tables.into_iter().map(|(name, table)| instance(&name, table, layers, around, places, notes)).collect()
}

fn instance(
    name: &str,
    mut table: Table,
    layers: &Layers,
    around: &Surroundings,
    places: &Places<'_>,
    notes: &mut Vec<String>,
) -> Result<Instance, ConfigError> {
    let place = table.values().next().map_or_else(|| Origin::File(layers.path.clone()), |found| found.origin.clone());
    let broken = |why: String| ConfigError::Connector { name: name.to_owned(), origin: place.clone(), why };
    if let Err(error) = ConnectorName::new(name) {
        return Err(broken(error.to_string()));
    }
    let kind_name = Get(&table).text("type", name)?;
    let Some(kind) = connectors::kind(&kind_name) else {
        let known = connectors::kinds().join("`, `");
        let beside: Vec<String> = table.keys().map(|key| format!("`{key}`")).collect();
        let beside = if beside.is_empty() { String::new() } else { format!(" beside {}", beside.join(", ")) };
        return Err(broken(format!("there is no type `{kind_name}`; write `type = …`{beside} with one of `{known}`")));
    };
    add_variables(name, kind, layers, &mut table);

    let mut common = Table::new();
    for key in COMMON {
        if let Some(found) = table.remove(key) {
            common.insert(format!("connectors.{name}.{key}"), found);
        }
    }
    let get = Get(&common);
    let key = |key: &str| format!("connectors.{name}.{key}");
    let folder = match get.text(&key("output_dir"), "")? {
        path if path.is_empty() => places.output_dir.join(name),
        path => around.expand(&path, "the connector's folder")?,
    };
    let mut secrets = std::collections::BTreeMap::new();
    for secret in kind.secrets {
        if let Some(found) = table.remove(*secret) {
            secrets.insert((*secret).to_owned(), check::secret(&key(secret), &found)?);
        }
    }
    let mut settings = settings(kind, &table).map_err(|(culprit, why)| {
        let origin = culprit.as_ref().and_then(|key| table.get(key)).map_or_else(|| place.clone(), |found| found.origin.clone());
        let why = culprit.filter(|key| !why.contains(&format!("`{key}`"))).map(|key| format!("`{key}`: {why}")).unwrap_or(why);
        ConfigError::Connector { name: name.to_owned(), origin, why }
    })?;
    for path in kind.paths {
        if let Some(Json::String(text)) = settings.get_mut(*path) {
            *text = around.expand(text, "a file of the connector")?.display().to_string();
        }
    }
    notes.extend(connectors::host_notes(kind.name, &settings).into_iter().map(|note| format!("{name}: {note}")));
    Ok(Instance {
        every: get.text(&key("every"), places.every)?,
        enabled: get.boolean(&key("enabled"), true)?,
        config: ConnectorConfig {
            name: name.to_owned(),
            kind: kind.name.to_owned(),
            folder,
            cache: places.cache_dir.join(name),
            max_delete_percent: get.number(&key("max_delete_percent"), i64::from(places.max_delete_percent), 0..=100)?,
            settings,
            secrets,
        },
    })
}

/// Lays the connector's own variables over its table. They are spelled with the instance's name in place of the type's.
fn add_variables(name: &str, kind: &Kind, layers: &Layers, table: &mut Table) {
    let upper = |name: &str| name.to_uppercase().replace('-', "_");
    let (own, general) = (upper(name), upper(kind.name));
    let mut filled: Vec<&str> = Vec::new();
    let variables =
        kind.env.iter().map(|(variable, setting)| (variable.strip_prefix(&general).unwrap_or(variable).trim_start_matches('_'), *setting));
    for (suffix, setting) in variables.chain([("OUTPUT_DIR", "output_dir")]) {
        // Of two variables for one setting the first counts.
        if filled.contains(&setting) {
            continue;
        }
        // What was said with `CONTEXT_SYNC__` is meant for exactly this key, so it stays.
        if table.get(setting).is_some_and(|found| !matches!(found.origin, Origin::File(_))) {
            continue;
        }
        if let Some((value, origin)) = layers.variable(&format!("{own}_{suffix}")) {
            table.insert(setting.to_owned(), text(value, origin.clone()));
            filled.push(setting);
        }
    }
}

/// The type's own settings, checked and completed; or the key that is wrong, where one can be told, and why.
fn settings(kind: &Kind, table: &Table) -> Result<Json, (Option<String>, String)> {
    let from_file: Map<String, Json> =
        table.iter().filter(|(_, found)| !spoken(found)).map(|(key, found)| (key.clone(), json(&found.value))).collect();
    let mut all: Map<String, Json> = table.iter().map(|(key, found)| (key.clone(), json(&found.value))).collect();
    // A variable is a text. The type's answer, with all defaults filled in, shows what each setting is meant to be.
    let texts: Map<String, Json> = all
        .iter()
        .filter(|(key, _)| kind.env.iter().any(|(_, setting)| setting == key) && !kind.lists.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let mut known = from_file;
    known.extend(texts);
    let shapes = (kind.check)(&Json::Object(known)).unwrap_or_default();
    for (key, found) in table.iter().filter(|(_, found)| spoken(found)) {
        let said = found.value.clone().into_string().unwrap_or_default();
        let shape = if kind.lists.contains(&key.as_str()) { Some(Json::Array(Vec::new())) } else { shapes.get(key).cloned() };
        all.insert(key.clone(), shaped(said, shape.as_ref()));
    }
    let all = Json::Object(all);
    (kind.check)(&all).map_err(|why| (culprit(kind, &all, &why), why))
}

/// Whether a value was said in a variable or an option, and so is a text whatever it means.
fn spoken(found: &Found) -> bool {
    !matches!(found.origin, Origin::File(_))
}

fn shaped(said: String, shape: Option<&Json>) -> Json {
    match shape {
        Some(Json::Array(_)) => said.split(',').map(str::trim).filter(|item| !item.is_empty()).map(Json::from).collect(),
        Some(Json::Number(_)) => said.trim().parse::<u64>().map_or(Json::String(said), Json::from),
        // An option without a default does not show what it is; only these two words are no texts.
        Some(Json::Bool(_) | Json::Null) => match said.trim() {
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            _ => Json::String(said),
        },
        _ => Json::String(said),
    }
}

/// The setting without which the complaint would be another one.
fn culprit(kind: &Kind, settings: &Json, why: &str) -> Option<String> {
    let fields = settings.as_object()?;
    if let Some(key) = fields.keys().find(|key| why.contains(&format!("`{key}`"))) {
        return Some(key.clone());
    }
    fields
        .keys()
        .find(|key| {
            let mut others = fields.clone();
            others.remove(*key);
            (kind.check)(&Json::Object(others)).err().as_deref() != Some(why)
        })
        .cloned()
}

fn json(value: &config::Value) -> Json {
    use config::ValueKind;
    match &value.kind {
        ValueKind::Nil => Json::Null,
        ValueKind::Boolean(value) => Json::from(*value),
        ValueKind::I64(value) => Json::from(*value),
        ValueKind::U64(value) => Json::from(*value),
        // Not in TOML: no file of ours has numbers of that size.
        ValueKind::I128(value) => Json::from(value.to_string()),
        ValueKind::U128(value) => Json::from(value.to_string()),
        ValueKind::Float(value) => Json::from(*value),
        ValueKind::String(value) => Json::from(value.as_str()),
        ValueKind::Table(table) => Json::Object(table.iter().map(|(key, value)| (key.clone(), json(value))).collect()),
        ValueKind::Array(array) => array.iter().map(json).collect(),
    }
}
