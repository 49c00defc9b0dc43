//! Reads the layers and lays them over each other: each value ends up with the place where its last word stands.
//!
//! Knows the shape of the configuration (settings, sections, connectors), and none of its meanings.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use config::{FileFormat, Source, Value, ValueKind};

use super::{ConfigError, Origin, Surroundings, settings};

/// Overrides any key: `CONTEXT_SYNC__SECTION__KEY`.
const PREFIX: &str = "CONTEXT_SYNC__";

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// Values by key.
pub(super) type Table = BTreeMap<String, Found>;

/// All layers, one over the other.
pub(super) struct Layers {
    /// The configuration file; it need not exist.
    pub(super) path: PathBuf,
    /// By dotted key (`schedule.every`).
    pub(super) settings: Table,
    /// By name.
    pub(super) connectors: BTreeMap<String, Table>,
    /// What connectors may find under their own names.
    pub(super) variables: BTreeMap<String, (String, Origin)>,
}

impl Layers {
    /// # Errors
    /// When a file cannot be read or parsed, or holds a key of no known shape.
    pub(super) fn read(around: &Surroundings) -> Result<Self, ConfigError> {
        let path = around.config_path()?;
        let mut layers = Self { path: path.clone(), settings: Table::new(), connectors: BTreeMap::new(), variables: BTreeMap::new() };
        match std::fs::read_to_string(&path) {
            Ok(text) => layers.add_toml(&text)?,
            // Only a file that somebody asked for has to be there.
            Err(error) if error.kind() == ErrorKind::NotFound && around.config.is_none() => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(ConfigError::Missing { path }),
            Err(source) => return Err(ConfigError::Read { path, source }),
        }
        layers.add_dotenv(&path.with_file_name(".env"))?;
        for (name, value) in &around.environment {
            layers.variables.insert(name.clone(), (value.clone(), Origin::Env(name.clone())));
        }
        layers.add_overrides()?;
        for (key, (option, value)) in &around.options {
            layers.settings.insert(key.clone(), text(value, Origin::CommandLine(option.clone())));
        }
        Ok(layers)
    }

    fn add_toml(&mut self, text: &str) -> Result<(), ConfigError> {
        let path = self.path.clone();
        let origin = Origin::File(path.clone());
        let values = config::File::from_str(text, FileFormat::Toml).collect().map_err(|error| match error {
            config::ConfigError::FileParse { cause, .. } => ConfigError::syntax(&path, &cause.to_string()),
            other => ConfigError::syntax(&path, &other.to_string()),
        })?;
        for (key, value) in values {
            if key == "connectors" {
                for (name, value) in table(value, "connectors", &origin)? {
                    let key = format!("connectors.{name}");
                    let found = table(value, &key, &origin)?.into_iter();
                    self.connectors.insert(name, found.map(|(key, value)| (key, Found { value, origin: origin.clone() })).collect());
                }
            } else if settings::is_section(&key) {
                for (inner, value) in table(value, &key, &origin)? {
                    self.put(format!("{key}.{inner}"), Found { value, origin: origin.clone() })?;
                }
            } else {
                self.put(key, Found { value, origin: origin.clone() })?;
            }
        }
        Ok(())
    }

    /// A setting outside of the connectors.
    fn put(&mut self, key: String, found: Found) -> Result<(), ConfigError> {
        if !settings::is_known(&key) {
            return Err(ConfigError::UnknownKey { key, origin: found.origin, known: settings::known() });
        }
        self.settings.insert(key, found);
        Ok(())
    }

    /// Reads `.env` without touching the process's environment.
    fn add_dotenv(&mut self, path: &Path) -> Result<(), ConfigError> {
        // A folder or a pipe of that name is no list of variables.
        let lines = match dotenvy::from_path_iter(path) {
            Ok(lines) => lines,
            Err(dotenvy::Error::Io(error)) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(dotenvy::Error::Io(source)) => return Err(ConfigError::Read { path: path.to_owned(), source }),
            Err(_) => return Err(ConfigError::syntax(path, "it is no list of variables")),
        };
        for line in lines {
            match line {
                Ok((name, value)) => {
                    let origin = Origin::Dotenv { path: path.to_owned(), variable: name.clone() };
                    self.variables.insert(name, (value, origin));
                }
                // The error quotes the line, which may hold a secret: only the place in it is told.
                Err(dotenvy::Error::LineParse(_, column)) => {
                    let after = self.variables.keys().next_back().map(|_| self.variables.len()).unwrap_or_default();
                    let why = format!(
                        "a line after {after} variables is not of the form NAME=value (at its character {column}); put quotes around the value"
                    );
                    return Err(ConfigError::Syntax { path: path.to_owned(), why });
                }
                Err(dotenvy::Error::Io(source)) => return Err(ConfigError::Read { path: path.to_owned(), source }),
                Err(_) => return Err(ConfigError::syntax(path, "it is no list of variables")),
            }
        }
        Ok(())
    }

    /// `CONTEXT_SYNC__KEY`, `CONTEXT_SYNC__SECTION__KEY` and `CONTEXT_SYNC__CONNECTORS__NAME__KEY`.
    fn add_overrides(&mut self) -> Result<(), ConfigError> {
        let overrides: Vec<(String, String, Origin)> = self
            .variables
            .iter()
            .filter_map(|(name, (value, origin))| Some((name.strip_prefix(PREFIX)?.to_lowercase(), value.clone(), origin.clone())))
            .collect();
        for (name, value, origin) in overrides {
            let found = text(&value, origin);
            match name.strip_prefix("connectors__").and_then(|rest| rest.split_once("__")) {
                Some((connector, key)) => {
                    let connector = self.named(connector);
                    self.connectors.entry(connector).or_default().insert(key.to_owned(), found);
                }
                None => self.put(name.replace("__", "."), found)?,
            }
        }
        Ok(())
    }

    /// The connector that a variable means: those have no `-`.
    fn named(&self, variable: &str) -> String {
        let spelled = |name: &&String| name.replace('-', "_") == variable;
        self.connectors.keys().find(spelled).cloned().unwrap_or_else(|| variable.replace('_', "-"))
    }

    /// A variable's value and place, if it holds anything.
    pub(super) fn variable(&self, name: &str) -> Option<(&str, &Origin)> {
        self.variables.get(name).map(|(value, origin)| (value.as_str(), origin)).filter(|(value, _)| !value.is_empty())
    }
}

/// What a variable or an option says.
pub(super) fn text(value: &str, origin: Origin) -> Found {
    Found { value: Value::new(Some(&origin.to_string()), ValueKind::String(value.to_owned())), origin }
}

fn table(value: Value, key: &str, origin: &Origin) -> Result<BTreeMap<String, Value>, ConfigError> {
    match value.kind {
        ValueKind::Table(table) => Ok(table.into_iter().collect()),
        _ => Err(ConfigError::bad(key, origin, format!("must be a table; write `[{key}]`"))),
    }
}
