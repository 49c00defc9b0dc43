//! Another configuration comes into force while work goes on.
//!
//! Guarantees that a run ends as it began, and that whoever reloads has every suspension looked at again.

use std::collections::BTreeSet;
use std::sync::Arc;

use context_sync_protocol::reply::ReloadReport;

use super::Supervisor;
use super::desk::Desk;
use super::stop::give_up;
use crate::config::Config;

impl Supervisor {
    /// Puts another configuration in force. What runs goes on as it began; what is configured no more is stopped. Says what changed, and which
    /// connectors have a reason to sync now. Blocking, for little files.
    pub fn put_in_force(&self, config: Arc<Config>) -> (ReloadReport, Vec<String>) {
        let memory = &self.shared.memory;
        let paused = memory.paused();
        let mut inner = self.lock();
        let mut report = ReloadReport { notes: config.notes.clone(), ..ReloadReport::default() };
        let mut woken = Vec::new();
        for instance in config.enabled() {
            let name = &instance.config.name;
            match inner.desks.get_mut(name) {
                Some(desk) => {
                    let changed = desk.gone || desk.instance != *instance;
                    if changed {
                        let list = if desk.gone { &mut report.added } else { &mut report.changed };
                        list.push(name.clone());
                        desk.instance = instance.clone();
                        desk.gone = false;
                    }
                    // Whoever reloads may have mended something that the configuration only refers to.
                    if desk.suspended.take().is_some() || changed {
                        woken.push(name.clone());
                    }
                }
                None => {
                    report.added.push(name.clone());
                    inner.desks.insert(name.clone(), Desk::new(instance.clone(), memory.runs(name), paused.contains(name)));
                }
            }
        }
        let kept: BTreeSet<&String> = config.enabled().map(|instance| &instance.config.name).collect();
        for (name, desk) in inner.desks.iter_mut().filter(|(name, desk)| !kept.contains(name) && !desk.gone) {
            report.removed.push(name.clone());
            desk.gone = true;
            for order in desk.queue.drain(..) {
                give_up(name, order);
            }
            if let Some(running) = &desk.running {
                running.cancel.cancel();
            }
        }
        inner.desks.retain(|_, desk| !desk.gone || desk.running.is_some());
        inner.config = config;
        drop(inner);
        self.keep_suspended();
        (report, woken)
    }

    /// Starts what waits, where there is room for it: a new configuration may have made some.
    pub fn start_waiting(&self) {
        self.start_what_can(&mut self.lock());
    }
}
