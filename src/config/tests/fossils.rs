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
    for key in general.chain(connectors::COMMON) {
        assert!(is_written(key, TOML), "add `{key}` to tests/fossils/config-v1");
    }
    for kind in crate::connectors::kinds() {
        // The tables of this type alone: what another one has with the same name says nothing of this.
        let is_of_it = |table: &&str| match table.split_once("\ntype = \"") {
            Some((_, named)) => named.starts_with(&format!("{kind}\"")),
            None => table.starts_with(&format!("{kind}]")),
        };
        let tables: String = TOML.split("[connectors.").skip(1).filter(is_of_it).collect();
        let filled = with_the_least(kind).settings;
        let secrets = crate::connectors::kind(kind).unwrap().secrets;
        for key in filled.as_object().unwrap().keys().map(String::as_str).chain(secrets.iter().copied()) {
            assert!(is_written(key, &tables), "add `{key}` of {kind} to tests/fossils/config-v1");
        }
    }
}
