//! An authority of our own, and certificates of every kind that a service should not have.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair, date_time_ymd};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// Who signs.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// What is wrong with a service's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Face {
    Good,
    Expired,
    NotYet,
    OtherName,
    SelfSigned,
    UnknownAuthority,
    /// Good, and it must see one of ours.
    Asks,
    /// Good, and it would like to see one of ours.
    Would,
}

impl Authority {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, KeyPair::generate().unwrap().public_key_pem());
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(super) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A client's certificate and key.
    pub(super) fn client(&self) -> (String, String) {
        let mut params = CertificateParams::new(vec!["mirror".to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }

    /// How a service with such a face, at `name`, speaks TLS.
    pub(super) fn server(&self, name: &str, face: Face) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let shown = if face == Face::OtherName { "other.example" } else { name };
        let mut params = CertificateParams::new(vec![shown.to_owned()]).unwrap();
        match face {
            Face::Expired => params.not_after = date_time_ymd(2020, 1, 1),
            Face::NotYet => params.not_before = date_time_ymd(3000, 1, 1),
            _ => {}
        }
        let certificate = match face {
            Face::SelfSigned => params.self_signed(&key),
            Face::UnknownAuthority => params.signed_by(&key, &Self::new().0),
            _ => params.signed_by(&key, &self.0),
        };
        let verifier = || {
            let mut roots = RootCertStore::empty();
            roots.add(self.0.der().clone()).unwrap();
            WebPkiClientVerifier::builder(roots.into())
        };
        let builder = match face {
            Face::Asks => ServerConfig::builder().with_client_cert_verifier(verifier().build().unwrap()),
            Face::Would => ServerConfig::builder().with_client_cert_verifier(verifier().allow_unauthenticated().build().unwrap()),
            _ => ServerConfig::builder().with_no_client_auth(),
        };
        let key = tokio_rustls::rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        Arc::new(builder.with_single_cert(vec![certificate.unwrap().der().clone()], key).unwrap())
    }
}
