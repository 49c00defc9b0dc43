//! Looks for configurations that the program cannot take or complains of badly: `cargo run --example fuzz_config -- [SECONDS] [SEED]`.
//!
//! Two kinds of input: a good configuration with exactly one fault, which must be refused by a message that names the key or the file and what is wrong; and texts
//! with damage of every kind, which must never make the reader panic. No message, and nothing that is shown of a configuration, may hold a secret; and what is shown
//! of one that works means the same when it is configured. Needs nothing but a stable compiler.
#![allow(clippy::expect_used, clippy::disallowed_methods, reason = "a tool for those who work on the program")]

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::ExitCode;

use context_syncd::config::{self, Config, ConfigError, Surroundings};
use fuzz::Random;
use serde_json::Value;

#[path = "fuzz/mod.rs"]
mod fuzz;

/// What nobody may ever read again.
const SECRET: &str = "hunter2-that-nobody-may-see";

/// Good lines outside of tables, in `[schedule]`, in `[worker]`, and in a connector's table.
const GOOD: [&[&str]; 4] = [
    &["output_dir = \"~/mirror\"", "max_parallel = 3", "trash_days = 0", "log_days = 1", "log_level = \"debug\"", "max_delete_percent = 100"],
    &["every = \"15m\"", "every = \"0 7 * * 1\"", "time_zone = \"Europe/Berlin\"", "jitter_secs = 0"],
    &["nice = 19", "io_class = \"idle\"", "io_level = 0", "sandbox = false"],
    &[
        "enabled = false",
        "every = \"daily\"",
        "max_delete_percent = 0",
        "username = \"ann\"",
        "spaces = [\"ENG\", \"OPS\"]",
        "blog_posts = false",
        "attachments = \"all\"",
        "labels = [\"a\"]",
        "cql = \"type = page\"",
        "max_body_bytes = 1024",
        "concurrency = 16",
        "cloud = true",
        "gateway_url = \"https://gateway.example\"",
        "retry_base_ms = 1",
        "api_token = { env = \"X\" }",
        "api_token = { file = \"~/token\" }",
        "api_token = { command = [\"pass\", \"show\"] }",
        "api_token = { credential = \"c\" }",
    ],
];

/// Faults: the table that they belong to, the line, and what the complaint must name.
const BAD: &[(usize, &str, &str)] = &[
    (0, "max_parallel = 0", "max_parallel"),
    (0, "max_parallel = \"many\"", "max_parallel"),
    (0, "trash_days = -1", "trash_days"),
    (0, "log_level = \"loud\"", "log_level"),
    (0, "max_delete_percent = 101", "max_delete_percent"),
    (0, "output_dir = 7", "output_dir"),
    (0, "colour = \"blue\"", "colour"),
    (0, "[colours]\nblue = 1", "colours"),
    (0, "worker = 3", "worker"),
    (0, "connectors = \"all\"", "connectors"),
    (1, "jitter_secs = 3601", "schedule.jitter_secs"),
    (1, "when = \"now\"", "schedule.when"),
    (2, "nice = -5", "worker.nice"),
    (2, "io_class = \"realtime\"", "worker.io_class"),
    (2, "sandbox = \"perhaps\"", "worker.sandbox"),
    (3, "space = [\"ENG\"]", "space"),
    (3, "concurrency = 17", "concurrency"),
    (3, "attachments = \"some\"", "attachments"),
    (3, "blog_posts = \"perhaps\"", "blog_posts"),
    (3, "url = \"http://wiki.example\"", "url"),
    (3, "url = \"\"", "url"),
    (3, "url = 7", "url"),
    (3, "spaces = [\"a,b\"]", "spaces"),
    (3, "pages = [\"no page\"]", "pages"),
    (3, "type = \"sharepoint\"", "sharepoint"),
    (3, "enabled = 3.5", "enabled"),
    (3, "max_delete_percent = 101", "max_delete_percent"),
    (3, "api_token = { secret = \"hunter2-that-nobody-may-see\" }", "api_token"),
    (3, "api_token = [\"hunter2-that-nobody-may-see\"]", "api_token"),
    (3, "password = 7", "password"),
    (3, "password = { command = [] }", "password"),
    (
        3,
        "output_dir = \"~/mirror\"\n[connectors.other]\ntype = \"confluence\"\nurl = \"https://b.example\"\noutput_dir = \"~/mirror/x\"",
        "output_dir",
    ),
];

const TOKENS: &[&str] = &[
    "\n",
    "\"",
    "\"\"\"",
    "'",
    "=",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    ",",
    ".",
    "#",
    "\\",
    "\0",
    "\r",
    "\u{feff}",
    "\u{202e}",
    "é",
    "-",
    "+",
    "inf",
    "nan",
    "1e400",
    "0x",
    "9223372036854775808",
    "true",
    "[worker]\n",
    "[connectors]\n",
    "[connectors.confluence]\n",
    "[connectors.\"../x\"]\n",
    "[connectors.A]\n",
    "url = \"https://wiki.example\"\n",
    "type = \"confluence\"\n",
    "api_token = \"hunter2-that-nobody-may-see\"\n",
    "password = \"hunter2-that-nobody-may-see",
    "CONFLUENCE_API_TOKEN=hunter2-that-nobody-may-see\n",
    "CONFLUENCE_URL=https://x.example\n",
    "CONTEXT_SYNC__WORKER__NICE=x\n",
    "$HOME",
    "${X}",
    "1979-05-27",
];

struct Input {
    toml: String,
    dotenv: String,
    /// What the complaint must name, of a configuration with one fault.
    fault: Option<&'static str>,
    sound: bool,
}

fn main() -> ExitCode {
    search(fuzz::arguments())
}

/// Searches for so many seconds, from this seed on.
pub(crate) fn search(arguments: (u64, u64)) -> ExitCode {
    let home = tempfile::tempdir().expect("a temporary folder");
    fuzz::run(
        "config",
        arguments,
        make,
        |input| format!("{}\n--- .env\n{}", input.toml, input.dotenv).into_bytes(),
        |input| check(input, home.path()),
    )
}

fn make(random: &mut Random) -> Input {
    let fault = (random.below(3) == 0).then(|| &BAD[random.below(BAD.len())]);
    let sound = fault.is_none() && random.below(3) == 0;
    let mut toml = String::new();
    for (table, name) in
        ["", "[schedule]", "[worker]", "[connectors.confluence]\ntype = \"confluence\"\nurl = \"https://wiki.example\""].into_iter().enumerate()
    {
        let mut lines: BTreeMap<&str, &str> = name.lines().skip(1).map(|line| (key(line), line)).collect();
        for _ in 0..random.below(5) {
            let line = random.of(GOOD[table]);
            lines.insert(key(line), line);
        }
        // No way in without a secret.
        if lines.contains_key("username") && !lines.contains_key("api_token") {
            lines.insert("api_token", "api_token = { env = \"X\" }");
        }
        if let Some((_, line, _)) = fault.filter(|fault| fault.0 == table) {
            lines.remove(key(line));
            // Where it is a table itself it comes last.
            lines.insert("~", line);
        }
        let head = name.lines().next().unwrap_or_default();
        // Not twice the same table.
        if table > 0 && toml.contains("worker = 3") && head == "[worker]" || toml.contains("connectors = ") && head.starts_with("[connectors") {
            continue;
        }
        toml.push_str(&format!("{head}\n"));
        lines.values().for_each(|line| toml.push_str(&format!("{line}\n")));
    }
    let mut dotenv = if random.one_in(3) { format!("# secrets\nOTHER='{SECRET}'\n") } else { String::new() };
    if fault.is_none() && !sound {
        for _ in 0..random.below(6) {
            fuzz::damage(&mut toml, TOKENS, random);
        }
        for _ in 0..random.below(3) {
            fuzz::damage(&mut dotenv, TOKENS, random);
        }
    }
    Input { toml, dotenv, fault: fault.map(|fault| fault.2), sound }
}

fn key(line: &str) -> &str {
    line.split('=').next().unwrap_or_default().trim()
}

fn check(input: &Input, home: &Path) -> Result<(), String> {
    match (load(&input.toml, &input.dotenv, home), input.fault) {
        (Ok(_), Some(fault)) => Err(format!("taken in spite of `{fault}`")),
        (Ok(config), None) => shown(&config, home),
        (Err(error), _) if input.sound => Err(format!("refused: {error}")),
        (Err(error), fault) => complaint(&error, fault, pasted_as_a_key(input)),
    }
}

fn load(toml: &str, dotenv: &str, home: &Path) -> Result<Config, ConfigError> {
    let folder = home.join(".config/context-sync");
    std::fs::create_dir_all(&folder).expect("a folder");
    for (name, text) in [("config.toml", toml), (".env", dotenv)] {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("a file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    }
    let environment = [("HOME".to_owned(), home.display().to_string()), ("X".to_owned(), SECRET.to_owned())].into();
    config::load(&Surroundings { environment, ..Surroundings::default() })
}

/// Whether damage has made the secret a name, which is told.
fn pasted_as_a_key(input: &Input) -> bool {
    input.toml.lines().chain(input.dotenv.lines()).any(|line| line.split('=').next().is_some_and(|name| name.contains(SECRET)))
}

fn complaint(error: &ConfigError, fault: Option<&str>, is_a_key: bool) -> Result<(), String> {
    let mut said = error.to_string();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(deeper) = cause {
        said.push_str(&format!(": {deeper}"));
        cause = deeper.source();
    }
    match fault {
        _ if !is_a_key && (said.contains(SECRET) || format!("{error:?}").contains(SECRET)) => Err(format!("the secret is told: {error:?}")),
        Some(fault) if !said.contains(fault) => Err(format!("`{fault}` is not named: {said}")),
        _ if !said.contains(".config/context-sync") && !said.contains('`') => Err(format!("neither key nor file is named: {said}")),
        _ => Ok(()),
    }
}

fn shown(config: &Config, home: &Path) -> Result<(), String> {
    let words = config.in_its_own_words();
    if words.to_string().contains(SECRET) || format!("{config:?}").contains(SECRET) {
        return Err(format!("the secret is shown: {words}"));
    }
    // A secret that stands somewhere itself is shown by its place, for which the file has no words.
    if words.to_string().contains("\"in\":") {
        return Ok(());
    }
    let mut toml = String::new();
    lines("", &words, &mut toml);
    let again = load(&toml, "", home).map_err(|error| format!("what is shown is refused: {error}\n{toml}"))?;
    if again.in_its_own_words() == words { Ok(()) } else { Err(format!("{words} came back as {}", again.in_its_own_words())) }
}

/// One dotted line for each value.
fn lines(prefix: &str, value: &Value, out: &mut String) {
    match value.as_object() {
        Some(fields) => {
            for (key, value) in fields {
                let key = if key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-') {
                    key.clone()
                } else {
                    format!("{key:?}")
                };
                lines(&if prefix.is_empty() { key } else { format!("{prefix}.{key}") }, value, out);
            }
        }
        None => out.push_str(&format!("{prefix} = {value}\n")),
    }
}
