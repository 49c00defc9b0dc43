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
use crate::connectors::connector::{Connector, SourceError};
use crate::model::{ConnectorName, Secret};

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
    match ready.operation.clone() {
        Operation::Validate => match connector(ready) {
            Ok(connector) => validate::run(connector.as_ref(), &cancel).await,
            Err(error) => outcome::of_source(&error),
        },
        Operation::Sync { .. } | Operation::Cleanup { .. } | Operation::Restore { .. } => outcome::cancelled(),
    }
}

fn connector(ready: Ready) -> Result<Arc<dyn Connector>, SourceError> {
    let Ready { name, secrets, connector, .. } = ready;
    Ok(Arc::from(crate::connectors::build(&connector.kind, name, &connector.settings, secrets)?))
}
