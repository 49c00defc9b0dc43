//! One log line as text: `LEVEL [connector] message field=value …`, always one line.

use std::fmt;

use tracing::field::{Field, Visit};

use crate::model::one_line;

/// What stands for the daemon itself between the brackets; no connector can be called so.
const DAEMON: &str = "-";

/// A line is cut off at so many bytes: what a service names in its answers has no limit.
const LONGEST: usize = 8 << 10;

/// What an event says.
#[derive(Default)]
pub(super) struct Words {
    message: String,
    connector: String,
    fields: Vec<(&'static str, String)>,
}

impl Words {
    /// The connector; empty for the daemon itself.
    pub(super) fn connector(&self) -> &str {
        &self.connector
    }

    /// The line, without its time.
    pub(super) fn line(&self, level: tracing::Level) -> String {
        let connector = if self.connector.is_empty() { DAEMON } else { &self.connector };
        let mut line = format!("{level} [{connector}] {}", self.message);
        for (name, value) in &self.fields {
            line.push_str(&format!(" {name}={value}"));
        }
        if line.len() > LONGEST {
            line.truncate(line.floor_char_boundary(LONGEST));
            line.push('…');
        }
        one_line(&line).into_owned()
    }

    fn put(&mut self, field: &Field, value: String) {
        match field.name() {
            "message" => self.message = value,
            "connector" => self.connector = value,
            name => self.fields.push((name, value)),
        }
    }
}

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }

    // Without this a string would be recorded by its debug form, in quotation marks.
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.to_owned());
    }
}

/// The connector of a line as it stands in a file: `TIME LEVEL [connector] …`.
pub(super) fn connector(line: &str) -> Option<&str> {
    let name = line.split(' ').nth(2)?.strip_prefix('[')?.strip_suffix(']')?;
    (name != DAEMON).then_some(name)
}
