//! What a worker can do, once it is low and fenced in: one file per operation.
//!
//! Knows which operation needs the service, and so secrets; those that only tidy up ask for none.

use std::collections::BTreeMap;
use std::sync::Arc;

use context_sync_protocol::event::Finished;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use super::error::WorkerError;
use super::events::Events;
use crate::config::job::{ConnectorConfig, Job, Operation};
use crate::config::secret;
use crate::connectors::connector::Connector;
use crate::model::{ConnectorName, Secret};
use crate::sync::clock::{Clock, SystemClock, day_of};

mod cleanup;
mod explain;
mod items;
mod network;
mod open;
mod restore;
mod sync;
mod validate;

/// All that an operation needs from outside, had before the fence went up.
pub(super) struct Ready {
    name: ConnectorName,
    secrets: BTreeMap<String, Secret>,
    connector: ConnectorConfig,
    operation: Operation,
    trash_days: u32,
}

/// Gets what the job's operation needs from outside: secrets, if it talks to the service.
pub(super) fn ready(job: &Job) -> Result<Ready, WorkerError> {
    let name = ConnectorName::new(&job.connector.name)?;
    let mut secrets = BTreeMap::new();
    if matches!(job.operation, Operation::Sync { .. } | Operation::Validate) {
        for (setting, reference) in &job.connector.secrets {
            let resolved = secret::resolve(reference).map_err(|source| WorkerError::Secret {
                connector: job.connector.name.clone(),
                setting: setting.clone(),
                source,
            })?;
            secrets.insert(setting.clone(), resolved);
        }
    }
    Ok(Ready { name, secrets, connector: job.connector.clone(), operation: job.operation.clone(), trash_days: job.trash_days })
}

/// Carries out the operation.
pub(super) async fn run(ready: Ready, events: Events, cancel: CancellationToken) -> Result<Finished, WorkerError> {
    let Ready { name, secrets, connector: config, operation, trash_days } = ready;
    // Authorities and certificates are read from files.
    let (kind, settings, cache) = (config.kind.clone(), config.settings.clone(), config.cache.clone());
    let connector = async move {
        let built =
            spawn_blocking(move || crate::connectors::build(&kind, &name, &settings, secrets, &cache).map(Arc::<dyn Connector>::from)).await?;
        Ok::<_, WorkerError>(built?)
    };
    match operation {
        Operation::Sync { full, accept_deletions } => {
            let connector = connector.await?;
            let both = open::both(&config.folder, &events, &cancel).await?;
            let wishes = sync::Wishes { full, accept_deletions, ..Default::default() };
            let work = sync::run(&config, Arc::clone(&connector), both, events.clone(), cancel, wishes);
            Ok(network::told(&events, connector.as_ref(), work).await)
        }
        Operation::Rerender => {
            // It reads what was kept and asks the service nothing, so it needs no secret.
            let reader = config.clone();
            let built = spawn_blocking(move || {
                let name = ConnectorName::new(&reader.name)?;
                Ok::<_, WorkerError>(crate::connectors::reader(&reader.kind, &name, &reader.settings)?)
            });
            let connector = Arc::from(built.await??);
            let both = open::both(&config.folder, &events, &cancel).await?;
            Ok(sync::run(&config, connector, both, events, cancel, sync::Wishes { rerender: true, ..Default::default() }).await)
        }
        Operation::Explain { what } => {
            let both = open::both(&config.folder, &events, &cancel).await?;
            spawn_blocking(move || explain::run(&both.state, &both.mirror, &what)).await?
        }
        Operation::Validate => {
            let connector = connector.await?;
            network::told(&events, connector.as_ref(), validate::run(connector.as_ref(), &cancel)).await
        }
        Operation::Cleanup { apply } => {
            let both = open::both(&config.folder, &events, &cancel).await?;
            spawn_blocking(move || {
                let now_ms = SystemClock.now_ms();
                let keep_from = cleanup::expiry::keep_from(now_ms, trash_days, &both.state.site()?);
                cleanup::run(&config.folder, &both, &cleanup::Wishes { apply, keep_from, today: day_of(now_ms) }, &cancel)
            })
            .await?
        }
        Operation::Restore { paths } => {
            let both = open::both(&config.folder, &events, &cancel).await?;
            spawn_blocking(move || restore::run(&both.mirror, &paths, &cancel)).await?
        }
    }
}
