//! Configurations of version 1, which every later program reads as they were meant (`tests/fossils/config-v1`). What is there is only added to.

use super::*;

const TOML: &str = include_str!("../../../tests/fossils/config-v1/config.toml");
const DOTENV: &str = include_str!("../../../tests/fossils/config-v1/dotenv");
const MEANT: &str = include_str!("../../../tests/fossils/config-v1/resolved.json");

/// As it is shown, with the home folder as `HOME`.
fn shown(home: &Home) -> serde_json::Value {
    let text = home.loaded().in_its_own_words().to_string();
    serde_json::from_str(&text.replace(home.folder.path().to_str().unwrap(), "HOME")).unwrap()
}

/// Whether `now` says all that `then` says. New settings may have come, with their defaults.
fn says(now: &serde_json::Value, then: &serde_json::Value, path: &str) {
    match then.as_object() {
        Some(fields) => fields.iter().for_each(|(key, then)| says(&now[key], then, &format!("{path}.{key}"))),
        None => assert_eq!(now, then, "`{path}` means something else"),
    }
}

#[test]
fn a_configuration_of_version_1_means_what_it_meant() {
    let home = Home::with(TOML);
    home.put(".env", DOTENV);
    let (now, then) = (shown(&home), serde_json::from_str::<serde_json::Value>(MEANT).unwrap());
    assert_eq!(then["connectors"].as_object().unwrap().len(), 8);
    says(&now, &then, "");
    let literal = home.loaded().connectors.iter().find(|c| c.config.name == "literal").unwrap().config.secrets["api_token"].clone();
    assert_eq!(super::super::secret::resolve(&literal).unwrap().expose(), "hunter2");
}

#[test]
fn the_fossil_has_every_key_there_is() {
    let general = settings::KEYS.iter().filter(|key| **key != "connectors").map(|key| key.rsplit('.').next().unwrap());
    let names = |key: &str, text: &str| text.lines().any(|line| line.split_once(" = ").is_some_and(|(left, _)| left == key));
    for key in general.chain(connectors::COMMON) {
        assert!(names(key, TOML), "add `{key}` to tests/fossils/config-v1");
    }
    for (kind, least) in [("confluence", json!({ "url": "https://a.example" })), ("github", json!({ "repos": ["acme/app"] }))] {
        // The tables of this type alone: what another one has with the same name says nothing of this.
        let type_of = |table: &str| if table.contains("type = \"confluence\"") || table.starts_with("confluence]") { "confluence" } else { "github" };
        let tables: Vec<&str> = TOML.split("[connectors.").skip(1).filter(|table| type_of(table) == kind).collect();
        let registered = crate::connectors::kind(kind).unwrap();
        let filled = (registered.check)(&least).unwrap();
        for key in filled.as_object().unwrap().keys().map(String::as_str).chain(registered.secrets.iter().copied()) {
            assert!(names(key, &tables.concat()), "add `{key}` of {kind} to tests/fossils/config-v1");
        }
    }
}
