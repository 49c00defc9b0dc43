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

/// `docs/security.md` is as good as the tests that it names.
#[test]
fn every_measure_names_a_test_that_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("docs/security.md")).unwrap();
    let mut sources = String::new();
    for folder in ["src", "tests/it", "ctl/src", "ctl/tests", "ctl/protocol"] {
        for file in crate::home::files(&root.join(folder)).iter().filter(|file| file.ends_with(".rs")) {
            sources.push_str(&format!("mod {};", std::path::Path::new(file).file_stem().unwrap().display()));
            sources.push_str(&std::fs::read_to_string(root.join(folder).join(file)).unwrap());
        }
    }
    let rows = text.lines().filter(|line| line.starts_with("| "));
    let names: Vec<&str> = rows.flat_map(|row| row.rsplit(" | ").next().unwrap().split('`').skip(1).step_by(2)).collect();
    assert!(names.len() > 30, "{names:?}");
    for name in names {
        let last = name.rsplit("::").next().unwrap();
        let there = match name.ends_with(".rs") {
            true => root.join(name).exists(),
            false => sources.contains(&format!("fn {last}(")) || sources.contains(&format!("mod {last};")) || name == "ctl",
        };
        assert!(there, "`{name}` of docs/security.md is no test");
    }
}
