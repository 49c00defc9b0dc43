//! Raw bodies, one compressed file each: `raw/<2 hex>/<name>.zst`.
//!
//! Guarantees that a damaged file reads as none, that reading never inflates beyond [`MAX_RAW_BYTES`], and that a reader sees an old or a new body,
//! never a half. Knows nothing of records.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use zstd::bulk::{Compressor, Decompressor};

use super::error::StateError;
use crate::model::{ContentHash, RemoteId};

/// The largest raw body that is kept, in bytes before compression: well above `max_body_bytes`, and what damage can make us allocate at most.
pub const MAX_RAW_BYTES: usize = 256 << 20;

/// Raw JSON and XML shrink to a fifth at level 1 already; 3 takes twice the time for a tenth less.
const LEVEL: i32 = 1;

pub(super) struct RawFiles {
    folder: PathBuf,
    temporary: PathBuf,
    next: AtomicU64,
    compressors: Pool<Compressor<'static>>,
    decompressors: Pool<Decompressor<'static>>,
}

/// Contexts for those who need one at the same time. One is large enough to be mapped, cleared and unmapped by the kernel, so it is not made for each body.
struct Pool<T>(Mutex<Vec<T>>);

impl<T> Pool<T> {
    fn with<R>(&self, make: impl FnOnce() -> io::Result<T>, work: impl FnOnce(&mut T) -> io::Result<R>) -> io::Result<R> {
        let pooled = self.0.lock().map_or(None, |mut pool| pool.pop());
        let mut context = match pooled {
            Some(context) => context,
            None => make()?,
        };
        let done = work(&mut context);
        if let Ok(mut pool) = self.0.lock() {
            pool.push(context);
        }
        done
    }
}

impl RawFiles {
    /// Opens the folder and empties the one for unfinished files: the caller holds the state's lock.
    pub(super) fn open(state: &Path) -> Result<Self, StateError> {
        let (folder, temporary) = (state.join("raw"), state.join("tmp"));
        match fs::remove_dir_all(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(StateError::io("empty", &temporary)(error)),
            _ => {}
        }
        for path in [&folder, &temporary] {
            DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(StateError::io("create", path))?;
        }
        Ok(Self { folder, temporary, next: AtomicU64::new(0), compressors: Pool(Mutex::default()), decompressors: Pool(Mutex::default()) })
    }

    pub(super) fn put(&self, id: &RemoteId, raw: &[u8]) -> Result<(), StateError> {
        if raw.len() > MAX_RAW_BYTES {
            return Err(StateError::TooLarge { id: id.to_string(), bytes: raw.len() });
        }
        let path = self.path(id);
        let packed = self.compress(raw).map_err(StateError::io("compress the body for", &path))?;
        let temporary = self.temporary.join(self.next.fetch_add(1, Ordering::Relaxed).to_string());
        let write = || -> io::Result<()> {
            OpenOptions::new().create_new(true).write(true).mode(0o600).open(&temporary)?.write_all(&packed)?;
            match fs::rename(&temporary, &path) {
                // The first body of its sixteenth of a sixteenth.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    DirBuilder::new().recursive(true).mode(0o700).create(path.parent().unwrap_or(&self.folder))?;
                    fs::rename(&temporary, &path)
                }
                renamed => renamed,
            }
        };
        write().map_err(|error| {
            let _ = fs::remove_file(&temporary);
            StateError::io("write", &path)(error)
        })
    }

    fn compress(&self, raw: &[u8]) -> io::Result<Vec<u8>> {
        let make = || {
            let mut compressor = Compressor::new(LEVEL)?;
            compressor.include_checksum(true)?;
            Ok(compressor)
        };
        self.compressors.with(make, |compressor| compressor.compress(raw))
    }

    fn inflate(&self, packed: &[u8]) -> Option<Vec<u8>> {
        let size = usize::try_from(zstd::zstd_safe::get_frame_content_size(packed).ok()??).ok()?;
        if size > MAX_RAW_BYTES {
            return None;
        }
        let mut raw = Vec::new();
        raw.try_reserve_exact(size).ok()?;
        let written = self.decompressors.with(Decompressor::new, |decompressor| decompressor.decompress_to_buffer(packed, &mut raw)).ok()?;
        (written == size).then_some(raw)
    }

    pub(super) fn get(&self, id: &RemoteId) -> Result<Option<Vec<u8>>, StateError> {
        let path = self.path(id);
        match fs::read(&path) {
            Ok(packed) => Ok(self.inflate(&packed)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StateError::io("read", path)(error)),
        }
    }

    pub(super) fn remove(&self, id: &RemoteId) -> Result<(), StateError> {
        let path = self.path(id);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StateError::io("remove", path)(error)),
            _ => Ok(()),
        }
    }

    /// The bodies whose file is none of `kept`.
    pub(super) fn strays(&self, kept: &HashSet<PathBuf>) -> Result<Vec<PathBuf>, StateError> {
        let mut strays = Vec::new();
        for shard in list(&self.folder)? {
            let is_stray = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "zst") && !kept.contains(path);
            strays.extend(list(&shard)?.into_iter().filter(is_stray));
        }
        Ok(strays)
    }

    /// Removes the bodies whose file is none of `kept`; how many.
    pub(super) fn sweep(&self, kept: &HashSet<PathBuf>) -> Result<u64, StateError> {
        let strays = self.strays(kept)?;
        for path in &strays {
            fs::remove_file(path).map_err(StateError::io("remove", path))?;
        }
        Ok(strays.len() as u64)
    }

    pub(super) fn path(&self, id: &RemoteId) -> PathBuf {
        let hash = ContentHash::of(id.as_str().as_bytes());
        let mut path = self.folder.clone();
        path.push(format!("{:02x}", hash.0[0]));
        path.push(file_name(id, &hash));
        path
    }
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, StateError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(Vec::new()),
        Err(error) => return Err(StateError::io("list", folder)(error)),
    };
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(StateError::io("list", folder))).collect()
}

/// The id itself where it is short and plain, with all else escaped as `%` and two digits; else its hash. No two ids share a name, as a long one's
/// begins with `%%`.
fn file_name(id: &RemoteId, hash: &ContentHash) -> String {
    let mut name = String::new();
    for (at, byte) in id.as_str().bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
            b'.' if at > 0 => name.push('.'),
            _ => {
                let _ = write!(name, "%{byte:02x}");
            }
        }
    }
    if name.len() > 200 {
        name = "%%".to_owned();
        for byte in hash.0 {
            let _ = write!(name, "{byte:02x}");
        }
    }
    name + ".zst"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> (tempfile::TempDir, RawFiles) {
        let folder = tempfile::tempdir().unwrap();
        let files = RawFiles::open(folder.path()).unwrap();
        (folder, files)
    }

    #[test]
    fn bodies_come_back_whatever_their_id() {
        let (_folder, files) = files();
        let long = "x/".repeat(300);
        let ids = ["98411", "98411#comments", "../../etc/passwd", "..", ".", "", "a%b", "ü", "a.b", long.as_str()];
        for (n, id) in ids.iter().enumerate() {
            files.put(&RemoteId::new(id), format!("body {n}").as_bytes()).unwrap();
        }
        for (n, id) in ids.iter().enumerate() {
            assert_eq!(files.get(&RemoteId::new(id)).unwrap().unwrap(), format!("body {n}").into_bytes(), "{id}");
            assert!(files.path(&RemoteId::new(id)).starts_with(&files.folder));
        }
        files.put(&RemoteId::new("98411"), b"").unwrap();
        assert_eq!(files.get(&RemoteId::new("98411")).unwrap().unwrap(), b"");
        assert_eq!(files.get(&RemoteId::new("other")).unwrap(), None);
    }

    #[test]
    fn every_damage_reads_as_none() {
        let (_folder, files) = files();
        let id = RemoteId::new("1");
        let raw: Vec<u8> = (0..4000_u32).flat_map(|n| (n * n % 251).to_le_bytes()).collect();
        files.put(&id, &raw).unwrap();
        let path = files.path(&id);
        let good = fs::read(&path).unwrap();
        let mut survivors = 0;
        for at in 0..good.len() {
            for damaged in [good[..at].to_vec(), good.iter().enumerate().map(|(n, byte)| if n == at { byte ^ 0x40 } else { *byte }).collect()] {
                put_file(&path, &damaged);
                match files.get(&id).unwrap() {
                    None => {}
                    // A bit that zstd does not use: then the body is right.
                    Some(body) => {
                        assert_eq!(body, raw, "byte {at}");
                        survivors += 1;
                    }
                }
            }
        }
        assert!(survivors < 4, "{survivors} damaged files were read");
    }

    #[test]
    fn a_header_that_promises_the_moon_allocates_nothing() {
        let (_folder, files) = files();
        let id = RemoteId::new("1");
        files.put(&id, b"x").unwrap();
        // Magic, single segment with an eight-byte size (RFC 8878, 3.1.1.1), 2^60 bytes.
        let mut bomb = vec![0x28, 0xb5, 0x2f, 0xfd, 0xe0];
        bomb.extend_from_slice(&(1_u64 << 60).to_le_bytes());
        put_file(&files.path(&id), &bomb);
        assert_eq!(files.get(&id).unwrap(), None);
        assert!(matches!(files.put(&id, &vec![0; MAX_RAW_BYTES + 1]), Err(StateError::TooLarge { .. })));
    }

    #[test]
    fn sweeping_keeps_what_is_named_and_reopening_empties_the_unfinished() {
        let (folder, files) = files();
        for id in ["1", "2", "3"] {
            files.put(&RemoteId::new(id), b"body").unwrap();
        }
        let kept = HashSet::from([files.path(&RemoteId::new("2"))]);
        assert_eq!(files.sweep(&kept).unwrap(), 2);
        assert!(files.get(&RemoteId::new("2")).unwrap().is_some() && files.get(&RemoteId::new("1")).unwrap().is_none());
        put_file(&folder.path().join("tmp/7"), b"half");
        let again = RawFiles::open(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
        assert!(again.get(&RemoteId::new("2")).unwrap().is_some());
    }

    fn put_file(path: &Path, bytes: &[u8]) {
        OpenOptions::new().create(true).truncate(true).write(true).open(path).unwrap().write_all(bytes).unwrap();
    }
}
