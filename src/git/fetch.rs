//! Brings copies up to date, and makes them anew where they are not sound.
//!
//! A copy is a bare repository of our own making, without remotes, hooks or history: one commit, shallow, under one branch of ours.

use std::ffi::OsString;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::spawn_blocking;
use url::Url;

use super::copy::Copy;
use super::environment::Environment;
use super::process::Call;
use super::{Filter, Git, GitError, is_sha};

/// The branch of ours.
pub(super) const SYNCED: &str = "refs/heads/synced";
/// Stands in a copy while git works on it: a copy that has it when nobody does was left half made.
const BUSY: &str = "busy";
/// Says which contents a copy was made without: with another filter it is made anew, as nobody would send what it seems to have.
const FILTER: &str = "filter";
/// A copy's whole configuration; git writes into it what a partial copy needs, and we take it out again, or a missing content would be asked for one by one.
const CONFIG: &str = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n";
/// Packs in a copy before it is made anew: each fetch leaves one.
const MOST_PACKS: usize = 50;
/// Tries where the network fails.
const TRIES: u32 = 3;
/// The first pause between two; it doubles.
const PAUSE: Duration = Duration::from_millis(500);

impl Git {
    /// A copy of `commit` of the repository at `url`, kept as `name` in the cache. It asks nobody if the copy is there already; if an earlier commit is, only
    /// what changed comes. History that was rewritten is no matter.
    ///
    /// # Errors
    /// What went wrong, after another try where that may help.
    pub async fn fetch(&self, url: &Url, name: &str, commit: &str, filter: Filter) -> Result<Copy<'_>, GitError> {
        if !is_sha(commit) || !name_is_plain(name) {
            return Err(GitError::Failed("what is asked for is no commit, or has no name".to_owned()));
        }
        self.found().await?;
        let _turn = self.turn.lock().await;
        let copy = Copy { git: self, folder: self.root().join(format!("{name}.git")), commit: commit.to_owned(), url: url.clone() };
        let filter = match filter {
            Filter::None => None,
            Filter::Below(bytes) => Some(format!("blob:limit={bytes}")),
            Filter::NoBlobs => Some("blob:none".to_owned()),
        };
        match copy.begin(commit, filter.clone().unwrap_or_default()).await? {
            Begun::There => return Ok(copy),
            Begun::Anew | Begun::Earlier => {}
        }
        let wanted = format!("+{commit}:{SYNCED}");
        copy.bring_in(filter.as_deref(), &["--depth=1", "--update-shallow"], &wanted, Vec::new()).await?;
        Ok(copy)
    }

    /// A copy without any commit, kept as `name` in the cache, for contents that are asked for by their names: [`Copy::bring`] fetches them. Asks nobody.
    ///
    /// # Errors
    /// When it cannot be made, or there is no program.
    pub async fn shelf(&self, url: &Url, name: &str) -> Result<Copy<'_>, GitError> {
        if !name_is_plain(name) {
            return Err(GitError::Failed("a copy has no name".to_owned()));
        }
        self.found().await?;
        let _turn = self.turn.lock().await;
        let folder = self.root().join(format!("{name}.git"));
        let there = folder.clone();
        let made = spawn_blocking(move || {
            let is_sound = there.join("config").is_file() && !there.join(BUSY).exists() && packs(&there) < MOST_PACKS;
            if is_sound { Ok(()) } else { anew(&there, "") }
        });
        made.await.unwrap_or_else(|error| Err(GitError::Failed(error.to_string())))?;
        Ok(Copy { git: self, folder, commit: String::new(), url: url.clone() })
    }

    /// A copy that an earlier fetch left, with the commit that it has, or none; asks nobody.
    pub async fn kept(&self, url: &Url, name: &str) -> Option<Copy<'_>> {
        let folder = self.root().join(format!("{name}.git"));
        let there = folder.clone();
        let commit = spawn_blocking(move || commit_of(&there).filter(|_| !there.join(BUSY).exists())).await.ok().flatten()?;
        self.found().await.ok()?;
        Some(Copy { git: self, folder, commit, url: url.clone() })
    }

    /// Removes every copy whose name is not kept: of repositories that are mirrored no more.
    pub async fn forget_others(&self, keep: impl Fn(&str) -> bool + Send + 'static) {
        let root = self.root();
        let _ = spawn_blocking(move || {
            for entry in std::fs::read_dir(root).into_iter().flatten().flatten() {
                let name = entry.file_name();
                if name.to_str().and_then(|name| name.strip_suffix(".git")).is_some_and(|name| !keep(name)) {
                    let _ = std::fs::remove_dir_all(entry.path());
                }
            }
        })
        .await;
    }

    pub(super) fn root(&self) -> PathBuf {
        self.setup.folder.join("git")
    }

    /// Asks `url` with a git command, again where the network failed; what it said, also in its protocol.
    pub(super) async fn remote(&self, url: &Url, command: &[&str], behind: &[&str]) -> Result<(Vec<u8>, String), GitError> {
        let found = self.found().await?;
        let environment = Environment::remote(self, found, url, None)?.telling();
        let arguments: Vec<OsString> = command.iter().copied().chain(["--", url.as_str()]).chain(behind.iter().copied()).map(Into::into).collect();
        let mut tries = 0;
        loop {
            let call = Call {
                program: &found.program,
                environment: &environment,
                arguments: arguments.clone(),
                input: Vec::new(),
                most_output: 1 << 20,
                grows: None,
            };
            self.calls.fetch_add(1, Ordering::Relaxed);
            match self.run_and_listen(call).await {
                Err(error) if may_try_again(&error, &mut tries).await => {}
                other => return other,
            }
        }
    }
}

/// What is there before a fetch.
enum Begun {
    /// The wanted commit.
    There,
    /// Another one.
    Earlier,
    /// Nothing.
    Anew,
}

impl Copy<'_> {
    /// Looks at what is there; what is not sound, was made with another filter, or has grown too large, is removed.
    async fn begin(&self, commit: &str, filter: String) -> Result<Begun, GitError> {
        let (folder, commit) = (self.folder.clone(), commit.to_owned());
        let begun = spawn_blocking(move || {
            let as_now = std::fs::read_to_string(folder.join(FILTER)).is_ok_and(|made_with| made_with == filter);
            match commit_of(&folder).filter(|_| as_now && !folder.join(BUSY).exists()) {
                Some(there) if there == commit => return Ok(Begun::There),
                Some(_) if packs(&folder) < MOST_PACKS => return Ok(Begun::Earlier),
                _ => {}
            }
            anew(&folder, &filter)?;
            Ok(Begun::Anew)
        });
        begun.await.unwrap_or_else(|error| Err(GitError::Failed(error.to_string())))
    }

    /// Has git fetch into the copy. A failure that may have touched it removes it.
    pub(super) async fn bring_in(&self, filter: Option<&str>, options: &[&str], wanted: &str, input: Vec<u8>) -> Result<(), GitError> {
        let found = self.git.found().await?;
        let environment = Environment::remote(self.git, found, &self.url, filter)?;
        let mut arguments: Vec<OsString> = vec!["--git-dir".into(), self.folder.clone().into()];
        if wanted.is_empty() {
            // Contents have no history to talk about.
            arguments.extend(["-c", "fetch.negotiationAlgorithm=noop"].map(OsString::from));
        }
        arguments.push("fetch".into());
        arguments
            .extend(["--progress", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--recurse-submodules=no"].map(OsString::from));
        arguments.extend(options.iter().map(OsString::from));
        if let Some(filter) = filter {
            arguments.push(format!("--filter={filter}").into());
        }
        arguments.push("origin".into());
        arguments.extend((!wanted.is_empty()).then(|| wanted.into()));
        let mut tries = 0;
        loop {
            match self.fetch_once(&found.program, &environment, &arguments, &input).await {
                Err(error) if may_try_again(&error, &mut tries).await => {}
                other => return other,
            }
        }
    }

    async fn fetch_once(&self, program: &Path, environment: &Environment, arguments: &[OsString], input: &[u8]) -> Result<(), GitError> {
        self.mark(true).await?;
        let (arguments, input, grows) = (arguments.to_vec(), input.to_vec(), Some(self.folder.as_path()));
        self.git.calls.fetch_add(1, Ordering::Relaxed);
        let fetched = match self.git.run(Call { program, environment, arguments, input, most_output: 1 << 20, grows }).await {
            // The last look at the size was a moment ago, and who is ended by the limit of a file's size cannot say why.
            Ok(_) | Err(GitError::Failed(_)) if super::process::measure(self.folder.clone()).await > self.git.setup.max_bytes => {
                Err(GitError::TooLarge)
            }
            other => other,
        };
        match fetched {
            Ok(_) => self.mark(false).await,
            Err(error) if error.leaves_the_copy() => {
                self.mark(false).await?;
                Err(error)
            }
            Err(error) => {
                self.remove().await;
                Err(error)
            }
        }
    }

    /// Removes the copy: the next fetch makes it anew.
    pub(super) async fn remove(&self) {
        let folder = self.folder.clone();
        let _ = spawn_blocking(move || std::fs::remove_dir_all(folder)).await;
    }

    /// Begins or ends the time in which the copy is not to be trusted.
    async fn mark(&self, busy: bool) -> Result<(), GitError> {
        let folder = self.folder.clone();
        let marked = spawn_blocking(move || {
            if busy {
                return put(&folder.join(BUSY), "");
            }
            put(&folder.join("config"), CONFIG)?;
            tidy(&folder);
            std::fs::remove_file(folder.join(BUSY))
        });
        let failed = |error: std::io::Error| GitError::Failed(format!("{} cannot be written: {error}", self.folder.display()));
        marked.await.map_err(|error| GitError::Failed(error.to_string()))?.map_err(failed)
    }
}

/// Pauses before another try, where that may help and there were not too many.
async fn may_try_again(error: &GitError, tries: &mut u32) -> bool {
    let again = error.may_pass() && *tries + 1 < TRIES;
    if again {
        tokio::time::sleep(PAUSE * 2_u32.pow(*tries)).await;
        *tries += 1;
    }
    again
}

/// Makes an empty copy, in place of whatever is there.
fn anew(folder: &Path, filter: &str) -> Result<(), GitError> {
    let failed = |error: std::io::Error| GitError::Failed(format!("{} cannot be made: {error}", folder.display()));
    match std::fs::symlink_metadata(folder) {
        Ok(found) if found.is_dir() => std::fs::remove_dir_all(folder).map_err(failed)?,
        Ok(_) => std::fs::remove_file(folder).map_err(failed)?,
        Err(_) => {}
    }
    for below in ["objects/info", "objects/pack", "refs/heads", "refs/tags"] {
        make(&folder.join(below))?;
    }
    put(&folder.join("HEAD"), &format!("ref: {SYNCED}\n")).map_err(failed)?;
    put(&folder.join(FILTER), filter).map_err(failed)?;
    put(&folder.join("config"), CONFIG).map_err(failed)
}

pub(super) fn make(folder: &Path) -> Result<(), GitError> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| GitError::Failed(format!("{} cannot be made: {error}", folder.display())))
}

fn put(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?.write_all(text.as_bytes())
}

/// The commit of our branch in the copy.
fn commit_of(folder: &Path) -> Option<String> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(folder.join(SYNCED)).ok()?.take(100).read_to_string(&mut text).ok()?;
    Some(text.trim_end().to_owned()).filter(|sha| is_sha(sha))
}

fn packs(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder.join("objects/pack")).into_iter().flatten().flatten();
    entries.filter(|entry| entry.path().extension().is_some_and(|ending| ending == "pack")).count()
}

/// Removes what a fetch leaves that did not come to its end: it would count for the limit, and locks would stay.
fn tidy(folder: &Path) {
    for (place, is_left) in [("objects/pack", "tmp_"), (".", ".lock"), ("refs/heads", ".lock")] {
        for entry in std::fs::read_dir(folder.join(place)).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(is_left) || is_left == ".lock" && name.ends_with(is_left) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}

/// A name that is one plain component.
fn name_is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 100
        && !name.starts_with(['.', '-'])
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}
