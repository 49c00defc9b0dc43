//! `status`: how things stand, from memory alone.

use context_sync_protocol::reply::{ConnectorStatus, DaemonStatus, State, StatusReport};

use super::asker::{Answer, ok};
use super::{Context, names};
use crate::schedule::Why;

pub(super) fn answer(context: &Context, name: Option<&str>, fidelity: bool) -> Answer {
    let config = context.supervisor.config();
    let mut connectors = context.supervisor.status();
    let mut problems = Vec::new();
    if connectors.is_empty() {
        let path = config.path.display();
        problems.push(format!("No connector is configured: add a table like [connectors.confluence] to {path}, then `context-syncctl reload`."));
    }
    if let Some(name) = name {
        connectors.retain(|connector| connector.name == name);
        if connectors.is_empty() {
            return Err(names::unknown(context, name));
        }
    }
    for connector in &mut connectors {
        if !fidelity {
            connector.fidelity = None;
        }
        if !connector.paused && connector.state != State::Suspended {
            next(connector, context.schedule.next(&connector.name));
        }
    }
    let daemon = DaemonStatus {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        uptime_ms: u64::try_from(context.started.elapsed().as_millis()).unwrap_or(u64::MAX),
        config: config.path.display().to_string(),
        output_dir: config.output_dir.display().to_string(),
        problems,
    };
    ok(&StatusReport { daemon, connectors })
}

fn next(connector: &mut ConnectorStatus, next: Option<(u64, Why)>) {
    let Some((at_ms, why)) = next else { return };
    connector.next_run_ms = Some(at_ms);
    if why == Why::Retry && connector.state == State::Idle {
        connector.state = State::Waiting;
        connector.until_ms = Some(at_ms);
        "the network or the service failed, it is tried again".clone_into(&mut connector.why);
    }
}
