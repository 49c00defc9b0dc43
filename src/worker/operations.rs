//! What a worker can do, once it is low and fenced in: one file per operation.
//!
//! Knows which operation needs the service, and so secrets; those that only tidy up ask for none.

use std::collections::BTreeMap;
use std::sync::Arc;

use context_sync_protocol::event::Finished;
use tokio_util::sync::CancellationToken;

use super::error::WorkerError;
use super::events::Events;
use super::outcome;
use crate::config::job::{ConnectorConfig, Job, Operation};
use crate::config::secret;
use crate::connectors::connector::Connector;
use crate::model::{ConnectorName, Secret};

mod open;
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
pub(super) async fn run(ready: Ready, events: Events, cancel: CancellationToken) -> Finished {
    match carry_out(ready, events, cancel).await {
        Ok(finished) | Err(finished) => finished,
    }
}

/// `Err` is as much a last word as `Ok`: it came early.
async fn carry_out(ready: Ready, events: Events, cancel: CancellationToken) -> Result<Finished, Finished> {
    let Ready { name, secrets, connector: config, operation, trash_days } = ready;
    let connector = || {
        let built = crate::connectors::build(&config.kind, name, &config.settings, secrets);
        built.map(Arc::<dyn Connector>::from).map_err(|error| outcome::of_source(&error))
    };
    match operation {
        Operation::Sync { full, accept_deletions } => {
            let connector = connector()?;
            let both = open::both(&config.folder, &events, &cancel).await?;
            Ok(sync::run(&config, connector, both, events, cancel, (full, accept_deletions)).await)
        }
        Operation::Validate => Ok(validate::run(connector()?.as_ref(), &cancel).await),
        Operation::Cleanup { .. } | Operation::Restore { .. } => Ok(outcome::cancelled()),
    }
}
