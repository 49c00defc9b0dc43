//! Attackers: a site that gives hostile names and hostile content and tells what it was told, other users of the machine, and whoever reads what the program leaves.

mod content;
mod names;
mod secrets;
mod socket;
mod yaml;

const DAEMON: &str = env!("CARGO_BIN_EXE_context-syncd");

/// Characters that hide or turn text, or that a terminal obeys.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2061}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e01ef}')
}
