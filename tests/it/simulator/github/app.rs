//! GitHub Apps: the token that an App signs for itself, and those that it is given.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::client::{get_with, request};
use crate::support::github::{APP_ID, CLIENT_ID, GitHub};
use crate::support::wire::machine_now;

fn signed(site: &GitHub, claims: &Value) -> String {
    let key: String = site.app_key().lines().filter(|line| !line.starts_with('-')).collect();
    let key = RsaKeyPair::from_der(&STANDARD.decode(key).unwrap()).unwrap();
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(&json!({"alg": "RS256", "typ": "JWT"})), part(claims));
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn an_app_signs_for_itself_and_reads_with_the_token_that_it_is_given() {
    let site = GitHub::new();
    let (installation, second) = site.edit(|m| {
        let first = m.add_repository("acme/app").id;
        m.repo("acme/app").make_private();
        m.add_repository("acme/other").make_private();
        (m.install("acme", Some(&[first])), m.add_repository("else/app").id)
    });
    let now = machine_now() / 1000;
    let ask = |claims: &Value, path: &str| get_with(&site, path, &[("authorization", &format!("Bearer {}", signed(&site, claims)))]);
    let good = json!({"iat": now - 60, "exp": now + 540, "iss": CLIENT_ID});
    let found = ask(&good, "/repos/acme/app/installation");
    assert_eq!((found.status, &found.json()["id"]), (200, &json!(installation)), "{}", found.text());
    assert_eq!(ask(&json!({"iat": now - 60, "exp": now + 540, "iss": APP_ID.to_string()}), "/app").status, 200);
    for wrong in [
        json!({"iat": now + 120, "exp": now + 540, "iss": CLIENT_ID}),
        json!({"iat": now - 60, "exp": now + 5000, "iss": CLIENT_ID}),
        json!({"iat": now - 700, "exp": now - 100, "iss": CLIENT_ID}),
        json!({"exp": now + 540, "iss": CLIENT_ID}),
    ] {
        assert_eq!(ask(&wrong, "/app").status, 401, "{wrong}");
    }
    assert_eq!(ask(&json!({"iat": now - 60, "exp": now + 540, "iss": "other"}), "/app").status, 404);
    assert_eq!(ask(&good, "/repos/else/app/installation").status, 404, "it is not installed there ({second})");
    assert_eq!(get_with(&site, "/app", &[("authorization", "Bearer a.b.c")]).status, 401);
    let url = format!("{}/app/installations/{installation}/access_tokens", site.api_url());
    let jwt = format!("Bearer {}", signed(&site, &good));
    let given = request(&site, "POST", &url, &[("user-agent", "test"), ("authorization", &jwt)], "");
    assert_eq!(given.status, 201, "{}", given.text());
    let token = format!("Bearer {}", given.json()["token"].as_str().unwrap());
    let seen = get_with(&site, "/installation/repositories?per_page=100", &[("authorization", &token)]).json();
    assert_eq!((&seen["total_count"], &seen["repositories"][0]["full_name"]), (&json!(1), &json!("acme/app")));
    assert_eq!(get_with(&site, "/repos/acme/app", &[("authorization", &token)]).status, 200);
    assert_eq!(get_with(&site, "/repos/acme/other", &[("authorization", &token)]).status, 404);
}
