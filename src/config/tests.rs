//! What users write and what comes of it: layers, variables, secrets, complaints, and the example file.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::json;

use super::job::SecretRef;
use super::{Config, ConfigError, Surroundings, connectors, load, settings};

mod fossils;

/// A home folder with a configuration.
struct Home {
    folder: tempfile::TempDir,
    around: Surroundings,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join(".config/context-sync")).unwrap();
        let around = Surroundings { environment: [("HOME".to_owned(), folder.path().display().to_string())].into(), ..Surroundings::default() };
        Self { folder, around }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(".config/context-sync").join(name)
    }

    fn put(&self, name: &str, text: &str) {
        std::io::Write::write_all(&mut std::fs::File::create(self.path(name)).unwrap(), text.as_bytes()).unwrap();
        self.mode(name, 0o600);
    }

    fn mode(&self, name: &str, mode: u32) {
        std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }

    fn with(text: &str) -> Self {
        let home = Self::new();
        home.put("config.toml", text);
        home
    }

    fn set(mut self, name: &str, value: &str) -> Self {
        self.around.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    fn load(&self) -> Result<Config, ConfigError> {
        load(&self.around)
    }

    fn loaded(&self) -> Config {
        self.load().unwrap_or_else(|error| panic!("{error}"))
    }

    fn refused(&self) -> String {
        self.load().unwrap_err().to_string()
    }
}

const WIKI: &str = "[connectors.confluence]\nurl = \"https://wiki.example\"\n";

#[test]
fn nothing_at_all_is_a_configuration() {
    let home = Home::new();
    let config = home.loaded();
    assert_eq!((config.max_parallel, config.trash_days, config.log_days, config.log_level.as_str()), (2, 30, 14, "info"));
    assert_eq!(config.output_dir, home.folder.path().join("context-sync"));
    assert_eq!(config.state_dir, home.folder.path().join(".local/state/context-sync"));
    assert!(config.connectors.is_empty());
    let named = Surroundings { config: Some(home.path("other.toml")), ..home.around.clone() };
    assert!(matches!(load(&named), Err(ConfigError::Missing { .. })));
}

#[test]
fn each_layer_lies_over_the_one_before() {
    let mut home = Home::with(&format!("max_parallel = 3\ntrash_days = 3\nlog_days = 3\nlog_level = \"error\"\n{WIKI}"));
    home.put(".env", "CONTEXT_SYNC__TRASH_DAYS=4\nCONTEXT_SYNC__LOG_DAYS=4\nCONTEXT_SYNC__LOG_LEVEL=warn\nCONTEXT_SYNC__WORKER__SANDBOX=false\n");
    home = home.set("CONTEXT_SYNC__LOG_DAYS", "5").set("CONTEXT_SYNC__LOG_LEVEL", "info");
    home.around.options.insert("log_level".to_owned(), ("--log-level".to_owned(), "debug".to_owned()));
    let config = home.loaded();
    assert_eq!((config.max_parallel, config.trash_days, config.log_days, config.log_level.as_str()), (3, 4, 5, "debug"));
    assert!(!config.worker.sandbox);
}

#[test]
fn variables_alone_turn_a_connector_on() {
    let home = Home::new();
    home.put(".env", "CONFLUENCE_URL=https://acme.atlassian.net\nCONFLUENCE_EMAIL=ann@acme.example\nCONFLUENCE_API_TOKEN='$ecret'\n");
    let home = home.set("CONFLUENCE_SPACES", "ENG, OPS,").set("CONFLUENCE_OUTPUT_DIR", "~/wiki").set("CONFLUENCE_USERNAME", "");
    let config = home.loaded();
    let connector = &config.connectors[0].config;
    assert_eq!((connector.name.as_str(), connector.kind.as_str()), ("confluence", "confluence"));
    assert_eq!(connector.folder, home.folder.path().join("wiki"));
    assert_eq!(connector.settings["spaces"], json!(["ENG", "OPS"]));
    assert_eq!(connector.settings["username"], json!("ann@acme.example"));
    let expected = SecretRef::Dotenv { path: home.path(".env"), variable: "CONFLUENCE_API_TOKEN".to_owned() };
    assert_eq!(connector.secrets["api_token"], expected);
    let shown = config.in_its_own_words().to_string() + &format!("{config:?}");
    assert!(!shown.contains("$ecret"), "{shown}");
}

#[test]
fn a_second_site_has_a_name_of_its_own_everywhere() {
    let home =
        Home::with(&format!("{WIKI}[connectors.wiki-eu]\ntype = \"confluence\"\nurl = \"https://eu.example\"\nconcurrency = 2\nevery = \"15m\"\n"));
    let home = home.set("CONFLUENCE_SPACES", "A").set("WIKI_EU_SPACES", "B").set("CONTEXT_SYNC__CONNECTORS__WIKI_EU__CONCURRENCY", "7");
    let home = home.set("WIKI_EU_API_TOKEN", "00123e5").set("CONTEXT_SYNC__CONNECTORS__WIKI_EU__BLOG_POSTS", "false");
    let config = home.loaded();
    let (first, second) = (&config.connectors[0], &config.connectors[1]);
    assert_eq!(first.config.settings["spaces"], json!(["A"]));
    assert_eq!(second.config.settings["spaces"], json!(["B"]));
    assert_eq!((&second.config.settings["concurrency"], &second.config.settings["blog_posts"]), (&json!(7), &json!(false)));
    assert_eq!(second.config.secrets["api_token"], SecretRef::Env("WIKI_EU_API_TOKEN".to_owned()));
    assert_eq!((first.every.as_str(), second.every.as_str()), ("hourly", "15m"));
    assert_eq!(second.config.folder, home.folder.path().join("context-sync/wiki-eu"));
}

#[test]
fn texts_that_look_like_numbers_stay_texts() {
    let home = Home::with(WIKI).set("CONFLUENCE_USERNAME", "00123e5").set("CONFLUENCE_SPACES", "007");
    let config = home.loaded();
    assert_eq!(config.connectors[0].config.settings["username"], json!("00123e5"));
    assert_eq!(config.connectors[0].config.settings["spaces"], json!(["007"]));
}

#[test]
fn secrets_are_references() {
    for (written, reference) in [
        ("{ env = \"X\" }", SecretRef::Env("X".into())),
        ("{ file = \"~/token\" }", SecretRef::File("~/token".into())),
        ("{ command = [\"pass\", \"show\"] }", SecretRef::Command(vec!["pass".into(), "show".into()])),
        ("{ credential = \"wiki\" }", SecretRef::Credential("wiki".into())),
    ] {
        let home = Home::with(&format!("{WIKI}api_token = {written}\n"));
        home.mode("config.toml", 0o644);
        assert_eq!(home.loaded().connectors[0].config.secrets["api_token"], reference);
    }
    for wrong in ["{ file = 5 }", "{ command = [] }", "{ vault = \"x\" }", "{ env = \"X\", file = \"y\" }", "7", "\"\""] {
        let said = Home::with(&format!("{WIKI}api_token = {wrong}\n")).refused();
        assert!(said.contains("connectors.confluence.api_token"), "{wrong}: {said}");
    }
}

#[test]
fn a_secret_that_lies_open_is_refused_with_the_way_out() {
    let home = Home::with(&format!("{WIKI}api_token = \"hunter2\"\n"));
    let literal = SecretRef::Literal { path: home.path("config.toml"), key: "connectors.confluence.api_token".into() };
    assert_eq!(home.loaded().connectors[0].config.secrets["api_token"], literal);
    home.mode("config.toml", 0o640);
    let said = home.refused();
    assert!(said.contains(&format!("chmod 600 {}", home.path("config.toml").display())) && !said.contains("hunter2"), "{said}");
    let home = Home::with(WIKI);
    home.put(".env", "CONFLUENCE_API_TOKEN=hunter2\n");
    home.mode(".env", 0o644);
    assert!(home.refused().contains("chmod 600"));
}

#[test]
fn complaints_name_key_and_place_and_no_secret() {
    let file = |text: &str| Home::with(text).refused();
    for (said, parts) in [
        (file("max_paralel = 1\n"), ["max_paralel", "config.toml"]),
        (file("[schedule]\nevry = \"daily\"\n"), ["schedule.evry", "config.toml"]),
        (file("[daemon]\nno_such_key = 1\n"), ["daemon", "config.toml"]),
        (file("max_parallel = 0\n"), ["1 to 64", "config.toml"]),
        (file("log_level = \"loud\"\n"), ["`log_level`", "\"debug\""]),
        (file("worker = 5\n"), ["`worker`", "[worker]"]),
        (file("[connectors]\nwiki = 5\n"), ["connectors.wiki", "table"]),
        (file("[connectors.Wiki]\n"), ["`Wiki`", "lower-case"]),
        (file("[connectors.wiki]\n"), ["`wiki`", "`confluence`"]),
        (file("[connectors.confluence]\n"), ["`url`", "config.toml"]),
        (file(&format!("{WIKI}colour = 1\n")), ["`colour`", "config.toml"]),
        (file(&format!("{WIKI}concurrency = \"many\"\n")), ["`concurrency`", "config.toml"]),
        (file(&format!("{WIKI}enabled = \"perhaps\"\n")), ["connectors.confluence.enabled", "true or false"]),
        (file(&format!("{WIKI}api_token = \"hunter2\n")), ["config.toml", "line 3"]),
        (Home::new().set("CONTEXT_SYNC__NONSENSE", "1").refused(), ["nonsense", "CONTEXT_SYNC__NONSENSE"]),
        (Home::new().set("CONTEXT_SYNC__TRASH_DAYS", "soon").refused(), ["trash_days", "CONTEXT_SYNC__TRASH_DAYS"]),
    ] {
        assert!(parts.iter().all(|part| said.contains(part)), "{parts:?} in {said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    let home = Home::with(WIKI);
    home.put(".env", "GOOD=1\nCONFLUENCE_API_TOKEN=hunter2 with blanks\n");
    let said = home.refused();
    assert!(said.contains(".env") && !said.contains("hunter2"), "{said}");
}

#[test]
fn folders_that_would_have_two_writers_are_refused() {
    let second = |folder: &str| format!("{WIKI}[connectors.b]\ntype = \"confluence\"\nurl = \"https://b.example\"\noutput_dir = \"{folder}\"\n");
    for folder in ["~/context-sync/confluence", "~/context-sync/confluence/b", "~/context-sync", "~", "~/context-sync/logs"] {
        let said = Home::with(&second(folder)).refused();
        assert!(said.contains("output_dir"), "{folder}: {said}");
    }
    Home::with(&second("~/elsewhere")).loaded();
}

#[test]
fn what_is_shown_means_the_same_when_it_is_configured() {
    fn lines(prefix: &str, value: &serde_json::Value, out: &mut String) {
        match value.as_object() {
            Some(fields) => {
                for (key, value) in fields {
                    lines(&if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") }, value, out);
                }
            }
            None => out.push_str(&format!("{prefix} = {value}\n")),
        }
    }
    let text = "max_parallel = 3\n[schedule]\nevery = \"15m\"\n[worker]\nnice = 5\n[connectors.wiki-eu]\ntype = \"confluence\"\nurl = \"https://b.example\"\nspaces = [\"ENG\"]\napi_token = { file = \"~/token\" }\n[connectors.confluence]\nurl = \"https://a.example\"\nenabled = false\n";
    let home = Home::with(text);
    let meant = home.loaded();
    let mut shown = String::new();
    lines("", &meant.in_its_own_words(), &mut shown);
    assert!(shown.contains("connectors.wiki-eu.api_token.file = \"~/token\"\n"), "{shown}");
    let again = Home::with(&shown).loaded();
    let expected = Config { path: again.path.clone(), state_dir: again.state_dir.clone(), notes: again.notes.clone(), ..meant };
    // Caches lie in each home's own place, and are nobody's setting.
    let mut again = again;
    for (one, other) in again.connectors.iter_mut().zip(&expected.connectors) {
        one.config.cache.clone_from(&other.config.cache);
    }
    assert_eq!(again, expected);
}

#[test]
fn a_secret_is_shown_by_its_place() {
    let home = Home::with(&format!("{WIKI}api_token = \"hunter2\"\n"));
    let config = home.loaded();
    let shown = config.in_its_own_words();
    assert_eq!(shown["connectors"]["confluence"]["api_token"], serde_json::json!({ "in": config.path }));
    assert!(!shown.to_string().contains("hunter2"), "{shown}");
}

/// The example with its keys that are comments brought to life.
fn example() -> String {
    let text = include_str!("../../config.example.toml");
    let live = |line: &str| match line.strip_prefix('#') {
        Some(key) if key.starts_with(|c: char| c == '[' || c.is_ascii_lowercase()) => key.to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(|line| live(line) + "\n").collect()
}

#[test]
fn the_example_has_every_key_with_its_default() {
    let (home, plain) = (Home::with(&example()), Home::with(WIKI));
    let (shown, meant) = (home.loaded(), plain.loaded());
    // As users see it, before they take the first `#` away.
    Home::with(include_str!("../../config.example.toml")).loaded();
    let expected = Config {
        path: shown.path.clone(),
        output_dir: shown.folder_of(&home, &meant.output_dir, &plain),
        state_dir: shown.state_dir.clone(),
        connectors: shown.connectors.clone(),
        notes: shown.notes.clone(),
        ..meant.clone()
    };
    assert_eq!(shown, expected);
    let (shown, meant) = (&shown.connectors[0], &meant.connectors[0]);
    assert_eq!((&shown.every, shown.enabled, shown.config.max_delete_percent), (&meant.every, meant.enabled, meant.config.max_delete_percent));
    let general = settings::KEYS.iter().filter(|key| **key != "connectors").map(|key| key.rsplit('.').next().unwrap());
    for key in general.chain(connectors::COMMON) {
        assert!(is_written(key, &example()), "`{key}` is not in config.example.toml");
    }
}

#[test]
fn the_example_has_every_key_of_each_type_with_its_default() {
    let shown = Home::with(&example()).loaded();
    let text = example();
    for name in crate::connectors::kinds() {
        let meant = with_the_least(name);
        let shown = shown.connectors.iter().find(|connector| connector.config.name == *name).unwrap_or_else(|| panic!("no `{name}` in the example"));
        let table = text.split_once(&format!("[connectors.{name}]")).unwrap().1.split("\n[").next().unwrap();
        // What is as for another type is named there, and written above.
        let above = table.lines().find_map(|line| line.strip_prefix("# As above: ")).unwrap_or_default();
        for (key, default) in meant.settings.as_object().unwrap() {
            // What has no default is shown with an example.
            if !default.is_null() && !is_written(key, least(name)) {
                assert_eq!(shown.config.settings[key], *default, "`{key}` of the example of {name} is not the default");
            }
        }
        for key in
            meant.settings.as_object().unwrap().keys().map(String::as_str).chain(crate::connectors::kind(name).unwrap().secrets.iter().copied())
        {
            let found = is_written(key, table) || above.trim_end_matches('.').split(", ").any(|named| named == key);
            assert!(found, "`{key}` of {name} is not in config.example.toml");
        }
    }
}

/// Whether a table has a line for a key.
fn is_written(key: &str, table: &str) -> bool {
    table.lines().any(|line| line.split_once('=').is_some_and(|(left, _)| left.trim() == key))
}

/// The least that a connector of a type has to be told.
fn least(kind: &str) -> &'static str {
    match kind {
        "confluence" => "url = \"https://acme.atlassian.net\"",
        "github" => "repos = [\"acme/app\"]",
        other => panic!("say here what is the least that a connector of the type `{other}` has to be told"),
    }
}

/// The connector that is told no more than that.
fn with_the_least(kind: &str) -> super::job::ConnectorConfig {
    Home::with(&format!("[connectors.{kind}]\n{}\n", least(kind))).loaded().connectors[0].config.clone()
}

impl Config {
    /// The other home's folder, in this one.
    fn folder_of(&self, home: &Home, folder: &std::path::Path, other: &Home) -> PathBuf {
        home.folder.path().join(folder.strip_prefix(other.folder.path()).unwrap())
    }
}
