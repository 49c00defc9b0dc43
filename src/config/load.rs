//! From the layers to one resolved [`Config`].

use super::layers::Layers;
use super::settings::Settings;
use super::{Config, ConfigError, Surroundings, check, connectors};

/// Reads and resolves the configuration.
///
/// # Errors
/// When anything in it cannot work: the daemon keeps the one that it has.
pub fn load(around: &Surroundings) -> Result<Config, ConfigError> {
    let layers = Layers::read(around)?;
    let settings = Settings::resolve(&layers.settings)?;
    let output_dir = around.expand(&settings.output_dir, "the output folder")?;
    let mut notes = Vec::new();
    let places = connectors::Places {
        output_dir: &output_dir,
        cache_dir: around.cache_dir()?,
        every: &settings.schedule.every,
        max_delete_percent: settings.max_delete_percent,
    };
    let connectors = connectors::resolve(&layers, around, &places, &mut notes)?;
    check::folders(&connectors, &output_dir, &layers)?;
    Ok(Config {
        path: layers.path,
        output_dir,
        state_dir: around.state_dir()?,
        max_parallel: settings.max_parallel,
        trash_days: settings.trash_days,
        log_days: settings.log_days,
        log_level: settings.log_level,
        schedule: settings.schedule,
        worker: settings.worker,
        connectors,
        notes,
    })
}
