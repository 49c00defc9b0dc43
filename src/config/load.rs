//! Puts the layers together, and resolves what comes out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use config::{Map, Source, Value, ValueKind};

use super::connector::{self, Outside};
use super::file::{self, Contents};
use super::origin::{Origin, Origins};
use super::reference::Files;
use super::settings::Settings;
use super::{Config, ConfigError, Connector, Place, env};
use crate::connectors::{Kind, kinds};

/// Reads the configuration. Blocking.
///
/// # Errors
/// Everything that is wrong with it, each with its key and its file or variable.
pub fn load(place: &Place) -> Result<Config, ConfigError> {
    let one = |problem: String| ConfigError(vec![problem]);
    let no_home = || one("neither HOME nor the XDG variables are set; set HOME to your home folder".to_owned());
    let path = place.config_file().ok_or_else(no_home)?;
    let written = file::toml(&path).map_err(|error| one(error.to_string()))?;
    if written.is_none() && place.explicit.is_some() {
        return Err(one(format!("{}: there is no such file", path.display())));
    }
    let Contents { content: tables, private: config_private } = written.unwrap_or(Contents { content: Map::new(), private: true });
    let dotenv_path = path.with_file_name(".env");
    let dotenv = file::dotenv(&dotenv_path).map_err(|error| one(error.to_string()))?.unwrap_or(Contents { content: Vec::new(), private: true });
    let dotenv_private = dotenv.private;
    let dotenv: BTreeMap<String, String> = dotenv.content.into_iter().collect();

    let mut origins = Origins::default();
    let mut problems = Vec::new();
    let kinds = instances(&path, &tables, &[&dotenv, &place.variables], &mut problems);
    let from_dotenv = |variable: &str| Origin::Dotenv { path: dotenv_path.clone(), variable: variable.to_owned() };
    let lower = layer(env::settings(&dotenv, &kinds), from_dotenv, &mut origins);
    let upper = layer(env::settings(&place.variables, &kinds), |variable| Origin::Variable(variable.to_owned()), &mut origins);
    let mut root = merge(vec![tables, lower, upper]).map_err(|error| one(error.to_string()))?;

    let mut connectors = take_tables(&path, &mut root, &mut problems);
    for name in kinds.keys() {
        connectors.entry(name.clone()).or_default();
    }
    let at = |carried: Option<&str>| match (origins.of(carried), carried) {
        (Origin::File, _) | (_, None) => path.display().to_string(),
        (_, Some(carried)) => carried.to_owned(),
    };
    let (settings, mut root) = settings(root, &at, &mut problems);
    let expand = |written: &str| place.expand(written);
    let origin_of = |root: &mut Map<String, Value>, key: &str| root.remove(key).and_then(|value| value.origin().map(str::to_owned));
    let folders = (expand(&settings.output_dir), place.state_dir(), place.cache_dir());
    let (Some(output_dir), Some(state_dir), Some(cache_dir)) = folders else { return Err(no_home()) };
    if output_dir.parent().is_none() || output_dir.components().any(|part| part == std::path::Component::ParentDir) {
        let origin = origin_of(&mut root, "output_dir");
        problems.push(format!("{}: `output_dir` is {}; it must be a folder of its own, without `..`", at(origin.as_deref()), output_dir.display()));
    }

    let outside = Outside {
        origins: &origins,
        files: Files { config: &path, config_private, dotenv_private },
        every: &settings.schedule.every,
        max_delete_percent: settings.max_delete_percent,
        output_dir: &output_dir,
        cache_dir: &cache_dir,
        expand: &expand,
    };
    let mut read = Vec::new();
    for (name, table) in connectors {
        let Some(kind) = kinds.get(&name) else { continue };
        match connector::read(&name, table, kind, &outside) {
            Ok(connector) => read.push(connector),
            Err(more) => problems.extend(more),
        }
    }
    problems.extend(shared_folders(&path, &read));
    if !problems.is_empty() {
        return Err(ConfigError(problems));
    }
    let notes = notes(&[&dotenv, &place.variables], &origins, &read);
    Ok(Config {
        output_dir,
        state_dir,
        cache_dir,
        max_parallel: usize::try_from(settings.max_parallel).unwrap_or(1),
        trash_days: settings.trash_days,
        log_days: settings.log_days,
        log_level: settings.log_level,
        schedule: settings.schedule,
        worker: settings.worker,
        connectors: read,
        notes,
        path,
    })
}

/// The instances that there are, with their types: those with a table, those that overrides name, and those that variables alone switch on.
fn instances(
    path: &Path,
    tables: &Map<String, Value>,
    layers: &[&BTreeMap<String, String>],
    problems: &mut Vec<String>,
) -> BTreeMap<String, &'static Kind> {
    let mut names: BTreeSet<String> = layers.iter().flat_map(|variables| env::instances(variables)).collect();
    let written = match tables.get("connectors").map(|value| &value.kind) {
        Some(ValueKind::Table(written)) => written.clone(),
        _ => Map::new(),
    };
    names.extend(written.keys().cloned());
    let all: BTreeMap<String, String> = layers.iter().flat_map(|variables| (*variables).clone()).collect();
    names.extend(kinds().iter().filter(|kind| env::switches_on(&all, kind)).map(|kind| kind.name.to_owned()));
    let mut found = BTreeMap::new();
    for name in names {
        let mut table = match written.get(&name).map(|value| value.kind.clone()) {
            Some(ValueKind::Table(table)) => table,
            _ => Map::new(),
        };
        // A type that an override sets is known before the layers are put together.
        let variable = format!("CONTEXT_SYNC__CONNECTORS__{}__TYPE", name.to_uppercase().replace('-', "_"));
        if let Some(word) = all.get(&variable) {
            table.insert("type".to_owned(), Value::new(None, word.as_str()));
        }
        match connector::type_of(&name, &table) {
            Ok(kind) => drop(found.insert(name, kind)),
            Err(problem) => problems.push(format!("{}: {problem}", path.display())),
        }
    }
    found
}

fn layer(settings: Vec<env::Setting>, origin: impl Fn(&str) -> Origin, origins: &mut Origins) -> Map<String, Value> {
    let value = |setting: env::Setting| (setting.key, Value::new(Some(&origins.note(origin(&setting.variable))), setting.value));
    settings.into_iter().map(value).collect()
}

/// One layer for the `config` crate, which puts them together key by key.
#[derive(Clone, Debug)]
struct Layer(Map<String, Value>);

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, config::ConfigError> {
        Ok(self.0.clone())
    }
}

fn merge(layers: Vec<Map<String, Value>>) -> Result<Map<String, Value>, config::ConfigError> {
    let mut builder = config::Config::builder().add_source(config::Config::try_from(&Settings::default())?);
    for layer in layers {
        builder = builder.add_source(Layer(layer));
    }
    builder.build()?.collect()
}

/// Takes `[connectors]` out of the root.
fn take_tables(path: &Path, root: &mut Map<String, Value>, problems: &mut Vec<String>) -> BTreeMap<String, Map<String, Value>> {
    let Some(all) = root.remove("connectors") else { return BTreeMap::new() };
    let ValueKind::Table(all) = all.kind else {
        problems.push(format!("{}: `connectors` must hold a table for each connector, such as [connectors.confluence]", path.display()));
        return BTreeMap::new();
    };
    let mut tables = BTreeMap::new();
    for (name, table) in all {
        match table.kind {
            ValueKind::Table(table) => drop(tables.insert(name, table)),
            _ => problems.push(format!("{}: `connectors.{name}` must be a table; write [connectors.{name}] above its settings", path.display())),
        }
    }
    tables
}

/// Everything outside `[connectors]`, and the values that it was made of. Defaults where something is wrong: the problem is noted.
fn settings(root: Map<String, Value>, at: &dyn Fn(Option<&str>) -> String, problems: &mut Vec<String>) -> (Settings, Map<String, Value>) {
    let known = serde_json::to_value(Settings::default()).unwrap_or_default();
    let before = problems.len();
    let mut origins = BTreeMap::new();
    unknown("", &root, &known, at, &mut origins, problems);
    if problems.len() > before {
        return (Settings::default(), root);
    }
    match Value::new(None, ValueKind::Table(root.clone())).try_deserialize::<Settings>() {
        Ok(settings) => {
            let place = |key: &str| origins.get(key).cloned().unwrap_or_else(|| at(None));
            problems.extend(settings.problems().into_iter().map(|(key, problem)| format!("{}: `{key}` {problem}", place(key))));
            (settings, root)
        }
        Err(error) => {
            problems.push(wrong_type(&error, at));
            (Settings::default(), root)
        }
    }
}

/// Notes each key that is none, by its full name; and for those that are, where they came from.
fn unknown(
    prefix: &str,
    table: &Map<String, Value>,
    known: &serde_json::Value,
    at: &dyn Fn(Option<&str>) -> String,
    origins: &mut BTreeMap<String, String>,
    problems: &mut Vec<String>,
) {
    for (key, value) in table {
        let dotted = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        let known = known.get(key);
        match &value.kind {
            ValueKind::Table(inner) if known.is_none_or(serde_json::Value::is_object) && !inner.is_empty() => {
                unknown(&dotted, inner, known.unwrap_or(&serde_json::Value::Null), at, origins, problems);
            }
            _ if known.is_none() => problems.push(format!("{}: there is no setting `{dotted}`; see config.example.toml", at(value.origin()))),
            _ => drop(origins.insert(dotted, at(value.origin()))),
        }
    }
}

fn wrong_type(error: &config::ConfigError, at: &dyn Fn(Option<&str>) -> String) -> String {
    match error {
        config::ConfigError::Type { origin, unexpected, expected, key } => {
            let key = key.as_deref().unwrap_or("a value");
            format!("{}: `{key}` must be {expected}, and is {unexpected}", at(origin.as_deref()))
        }
        config::ConfigError::At { error, origin, key } => match (error.as_ref(), key) {
            (config::ConfigError::Type { unexpected, expected, .. }, Some(key)) => {
                format!("{}: `{key}` must be {expected}, and is {unexpected}", at(origin.as_deref()))
            }
            (inner, _) => format!("{}: {inner}", at(origin.as_deref())),
        },
        other => format!("{}: {other}", at(None)),
    }
}

/// Two connectors must not write into one folder, nor one into another's.
fn shared_folders(path: &Path, connectors: &[Connector]) -> Vec<String> {
    let mut problems = Vec::new();
    for (at, one) in connectors.iter().enumerate() {
        for other in connectors.iter().skip(at + 1) {
            let (a, b) = (&one.config.folder, &other.config.folder);
            if a.starts_with(b) || b.starts_with(a) {
                let (one, other) = (&one.config.name, &other.config.name);
                problems.push(format!("{}: `connectors.{one}` and `connectors.{other}` share the folder {}", path.display(), a.display()));
            }
        }
    }
    problems
}

/// Variables of a type's namespace that nobody listens to: most often, the address is missing.
fn notes(layers: &[&BTreeMap<String, String>], origins: &Origins, connectors: &[Connector]) -> Vec<String> {
    let heard: BTreeSet<&str> = origins.variables().collect();
    let referenced = |variable: &str| {
        let is = |reference: &super::job::SecretRef| matches!(reference, super::job::SecretRef::Env(name) if name == variable);
        connectors.iter().any(|connector| connector.config.secrets.values().any(is))
    };
    let mut notes = Vec::new();
    for kind in kinds() {
        if connectors.iter().any(|connector| connector.config.name == kind.name) {
            continue;
        }
        let set =
            |variable: &&str| layers.iter().any(|variables| variables.contains_key(*variable)) && !heard.contains(*variable) && !referenced(variable);
        let unheard: Vec<&str> = kind.env.iter().map(|(variable, _)| *variable).filter(set).collect();
        if !unheard.is_empty() {
            let needed = kind.env.iter().filter(|(_, setting)| kind.required.contains(setting)).map(|(variable, _)| *variable);
            let needed = needed.collect::<Vec<_>>().join(", ");
            notes.push(format!("{} set, but no connector of this name is on; that takes {needed}.", unheard.join(", ")));
        }
    }
    notes
}
