//! One file with the system's authorities and ours: git's own setting replaces the system's, and ours are trusted *besides* them, as everywhere else.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::GitError;

/// Where systems keep all their authorities in one file.
const BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/var/lib/ca-certificates/ca-bundle.pem",
];
/// No bundle of certificates is larger.
const MOST_BYTES: u64 = 8 << 20;

/// The file to name to git, made in `folder` where there are authorities of ours; none: git's own choice is right. Blocking.
pub(super) fn bundle(ours: Option<&Path>, folder: &Path) -> Result<Option<PathBuf>, GitError> {
    let system = std::env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty()).map(PathBuf::from);
    let Some(ours) = ours else { return Ok(system) };
    let mut all = system.into_iter().chain(BUNDLES.iter().map(PathBuf::from)).find_map(|path| read(&path).ok()).unwrap_or_default();
    all.push(b'\n');
    all.extend(read(ours).map_err(|error| GitError::Failed(format!("`ca_file` cannot be read: {error}")))?);
    let (path, new) = (folder.join("authorities.pem"), folder.join("authorities.pem.new"));
    // Some hundred kilobytes, which are the same from run to run.
    if read(&path).is_ok_and(|there| there == all) {
        return Ok(Some(path));
    }
    let failed = |error: std::io::Error| GitError::Failed(format!("the authorities cannot be written to {}: {error}", path.display()));
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new).map_err(failed)?;
    file.write_all(&all).map_err(failed)?;
    std::fs::rename(&new, &path).map_err(failed)?;
    Ok(Some(path))
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MOST_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}
