//! Certificates: a bad one is an error with a way out, an authority of one's own and a certificate of one's own come by configuration, and nobody is shown
//! ours but the configured host.

use std::os::unix::fs::PermissionsExt;

use super::authority::Face;
use super::ways::Stage;

#[test]
fn a_site_with_an_authority_of_its_own_is_mirrored_once_that_is_configured() {
    let stage = Stage::new();
    let said = stage.once();
    assert_eq!(said.code, Some(0), "{said:#?}\n{}", stage.site.transcript());
    assert!(stage.home.tree().keys().any(|path| path.contains("/_assets/")), "the picture came from the other host");
    assert!(stage.site.violations().is_empty(), "{:?}", stage.site.violations());
    let text = std::fs::read_to_string(stage.home.config()).unwrap();
    stage.home.configure(&text.replace("ca_file = \"ca.pem\"", ""));
    let said = stage.once();
    assert_eq!(said.code, Some(5), "{said:#?}");
    assert!(said.stdout.contains("does not know") && said.stdout.contains("`ca_file`"), "{said:#?}");
}

#[test]
fn a_file_that_holds_no_authority_is_named_and_nothing_is_asked() {
    let stage = Stage::new();
    std::fs::write(stage.home.path().join("empty.pem"), "nothing\n").unwrap();
    for (file, named) in [("missing.pem", "cannot be read"), ("empty.pem", "no certificate in PEM form")] {
        let text = std::fs::read_to_string(stage.home.config()).unwrap();
        stage.home.configure(&text.replace("\"ca.pem\"", &format!("\"{file}\"")));
        let said = stage.once();
        assert_eq!(said.code, Some(2), "{said:#?}");
        assert!(said.stdout.contains(&format!("{}/{file}", stage.home.path().display())) && said.stdout.contains(named), "{said:#?}");
        stage.home.configure(&text);
    }
    assert_eq!(stage.front.connections(), 0);
}

#[test]
fn a_certificate_of_ours_is_shown_to_the_site_and_to_nobody_else() {
    let stage = Stage::new();
    stage.front.show(&stage.authority, Face::Asks);
    stage.media.show(&stage.authority, Face::Would);
    let said = stage.once();
    assert_eq!(said.code, Some(5), "{said:#?}");
    assert!(said.stdout.contains("asks for a certificate of ours") && said.stdout.contains("`client_certificate`"), "{said:#?}");
    let (certificate, key) = stage.authority.client();
    let write = |name: &str, text: &str, mode: u32| {
        let path = stage.home.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    write("client.pem", &certificate, 0o644);
    write("client.key", &key, 0o640);
    stage.configure("client_certificate = \"client.pem\"\nclient_key = \"client.key\"");
    let said = stage.once();
    assert_eq!(said.code, Some(2), "others can read the key: {said:#?}");
    assert!(said.stdout.contains("chmod 600") && said.stdout.contains("client.key"), "{said:#?}");
    write("client.key", &key, 0o600);
    let said = stage.once();
    assert_eq!(said.code, Some(0), "{said:#?}\n{}", stage.site.transcript());
    assert!(stage.front.certificates_seen() > 0);
    assert!(stage.media.connections() > 0 && stage.media.certificates_seen() == 0, "the host of downloads was shown our certificate");
    // Both in one file, for its owner alone.
    write("both.pem", &format!("{certificate}{key}"), 0o600);
    stage.configure("client_certificate = \"both.pem\"");
    assert_eq!(stage.once().code, Some(0));
    write("both.pem", &certificate, 0o600);
    let said = stage.once();
    assert_eq!(said.code, Some(2), "{said:#?}");
    assert!(said.stdout.contains("both.pem") && said.stdout.contains("private key"), "{said:#?}");
}

#[test]
fn an_attachment_behind_a_bad_certificate_is_deferred_and_documents_are_not() {
    let stage = Stage::new();
    stage.media.show(&stage.authority, Face::UnknownAuthority);
    let said = stage.once();
    assert_eq!(said.code, Some(8), "{said:#?}");
    assert!(stage.home.tree().keys().any(|path| path.ends_with(".md")));
    stage.media.show(&stage.authority, Face::Good);
    assert_eq!(stage.once().code, Some(0));
    assert!(stage.home.tree().keys().any(|path| path.contains("/_assets/")));
}
