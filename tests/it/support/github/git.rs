//! A real, bare git repository in a temporary folder, written by `git fast-import` and read through one `git cat-file` that stays.
//!
//! It knows its branches by heart, as nobody else writes them, so a request for a head starts no program.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};

/// What becomes of one path in a commit.
#[derive(Clone, Debug)]
pub enum Put {
    File(Vec<u8>),
    Executable(Vec<u8>),
    /// The target's path.
    Symlink(Vec<u8>),
    /// The other repository's commit.
    Submodule(String),
    Gone,
}

impl Put {
    /// A pointer to a file of so many bytes that lies elsewhere (Git LFS).
    pub fn lfs(size: u64) -> Self {
        Self::File(format!("version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {size}\n", "4d7a".repeat(16)).into_bytes())
    }
}

impl From<&str> for Put {
    fn from(text: &str) -> Self {
        Self::File(text.as_bytes().to_vec())
    }
}

impl From<String> for Put {
    fn from(text: String) -> Self {
        Self::File(text.into_bytes())
    }
}

impl From<&[u8]> for Put {
    fn from(bytes: &[u8]) -> Self {
        Self::File(bytes.to_vec())
    }
}

impl From<Vec<u8>> for Put {
    fn from(bytes: Vec<u8>) -> Self {
        Self::File(bytes)
    }
}

impl<T: Into<Self>> From<Option<T>> for Put {
    fn from(content: Option<T>) -> Self {
        content.map_or(Self::Gone, Into::into)
    }
}

/// An entry of a tree, with its path from that tree.
#[derive(Clone, Debug)]
pub struct Entry {
    pub path: Vec<u8>,
    pub mode: u32,
    /// `blob`, `tree` or `commit`.
    pub kind: &'static str,
    pub oid: String,
    pub size: Option<u64>,
}

impl Entry {
    /// The path as JSON holds it: what is no UTF-8 is replaced.
    pub fn name(&self) -> String {
        String::from_utf8_lossy(&self.path).into_owned()
    }
}

/// What a commit object says.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    pub oid: String,
    pub tree: String,
    pub parents: Vec<String>,
    /// Name, address, seconds since 1970.
    pub author: (String, String, u64),
    pub committer: (String, String, u64),
    pub message: String,
}

/// Trees that were listed, deep or not.
type Trees = HashMap<(String, bool), Arc<Vec<Entry>>>;

/// A repository.
#[derive(Debug)]
pub struct Git {
    dir: PathBuf,
    pub branches: BTreeMap<String, String>,
    pub tags: BTreeMap<String, String>,
    reader: Mutex<Option<Reader>>,
    trees: Mutex<Trees>,
}

#[derive(Debug)]
struct Reader {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `git`, untouched by whatever its user has configured.
pub fn program(dir: &Path) -> Command {
    let mut command = Command::new("git");
    command.env_remove("GIT_DIR").env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").env("LC_ALL", "C");
    command.arg("--git-dir").arg(dir);
    command
}

impl Git {
    /// An empty repository whose `HEAD` names `branch`.
    pub fn create(dir: PathBuf, branch: &str) -> Self {
        // What `git init` makes, without starting it.
        for folder in ["objects/info", "objects/pack", "refs/heads", "refs/tags"] {
            std::fs::create_dir_all(dir.join(folder)).unwrap();
        }
        std::fs::write(dir.join("config"), "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n").unwrap();
        let git = Self { dir, branches: BTreeMap::new(), tags: BTreeMap::new(), reader: Mutex::default(), trees: Mutex::default() };
        git.set_head(branch);
        git
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Lets `HEAD` name another branch.
    pub fn set_head(&self, branch: &str) {
        std::fs::write(self.dir.join("HEAD"), format!("ref: refs/heads/{branch}\n")).unwrap();
    }

    /// Commits onto a branch, which is made where there is none; without a parent, the branch starts anew.
    pub fn commit<'a>(
        &mut self,
        branch: &str,
        parent: Option<&str>,
        who: (&str, &str, u64),
        message: &str,
        files: impl IntoIterator<Item = (&'a [u8], &'a Put)>,
    ) -> String {
        let (name, address, at) = who;
        let mut stream = format!(
            "commit refs/heads/{branch}\nmark :1\nauthor {name} <{address}> {at} +0000\ncommitter {name} <{address}> {at} +0000\ndata {}\n{message}\n",
            message.len()
        )
        .into_bytes();
        if let Some(parent) = parent {
            stream.extend_from_slice(format!("from {parent}\n").as_bytes());
        }
        for (path, put) in files {
            let (mode, bytes) = match put {
                Put::File(bytes) => ("100644", bytes),
                Put::Executable(bytes) => ("100755", bytes),
                Put::Symlink(target) => ("120000", target),
                Put::Submodule(commit) => {
                    stream.extend_from_slice(format!("M 160000 {commit} {}\n", quoted(path)).as_bytes());
                    continue;
                }
                Put::Gone => {
                    stream.extend_from_slice(format!("D {}\n", quoted(path)).as_bytes());
                    continue;
                }
            };
            stream.extend_from_slice(format!("M {mode} inline {}\ndata {}\n", quoted(path), bytes.len()).as_bytes());
            stream.extend_from_slice(bytes);
            stream.push(b'\n');
        }
        stream.extend_from_slice(b"\nget-mark :1\n");
        let said = self.run(&["fast-import", "--force", "--quiet"], &stream);
        let oid = String::from_utf8(said).unwrap().trim().to_owned();
        self.branches.insert(branch.to_owned(), oid.clone());
        oid
    }

    /// Writes an object as it is, however wrong it may be: names in trees that git itself would refuse.
    pub fn write_object(&self, kind: &str, bytes: &[u8]) -> String {
        let said = self.run(&["hash-object", "-w", "--literally", "--stdin", "-t", kind], bytes);
        String::from_utf8(said).unwrap().trim().to_owned()
    }

    /// Points a branch somewhere, or takes it away.
    pub fn set_branch(&mut self, branch: &str, oid: Option<&str>) {
        let name = format!("refs/heads/{branch}");
        match oid {
            Some(oid) => {
                self.run(&["update-ref", &name, oid], b"");
                self.branches.insert(branch.to_owned(), oid.to_owned());
            }
            None => {
                self.run(&["update-ref", "-d", &name], b"");
                self.branches.remove(branch);
            }
        }
    }

    /// Points a light tag somewhere.
    pub fn set_tag(&mut self, tag: &str, oid: &str) {
        self.run(&["update-ref", &format!("refs/tags/{tag}"), oid], b"");
        self.tags.insert(tag.to_owned(), oid.to_owned());
    }

    /// The commit that a reference, or part of one, or an object's name means.
    pub fn resolve(&self, reference: &str) -> Option<String> {
        let short = reference.strip_prefix("refs/").unwrap_or(reference);
        let branch = self.branches.get(short.strip_prefix("heads/").unwrap_or(short));
        let tag = || self.tags.get(short.strip_prefix("tags/").unwrap_or(short));
        if let Some(oid) = branch.or_else(tag) {
            return Some(oid.clone());
        }
        if reference == "HEAD" { self.head() } else { self.full(reference) }
    }

    /// Where `HEAD` leads.
    pub fn head(&self) -> Option<String> {
        let text = std::fs::read_to_string(self.dir.join("HEAD")).ok()?;
        self.branches.get(text.trim().strip_prefix("ref: refs/heads/")?).cloned()
    }

    /// The whole name of an object of which some digits are given.
    pub fn full(&self, name: &str) -> Option<String> {
        let looks = name.len() >= 4 && name.len() <= 40 && name.bytes().all(|b| b.is_ascii_hexdigit());
        looks.then(|| self.read(name).map(|(oid, ..)| oid)).flatten()
    }

    /// An object: its name, kind and bytes. Takes whatever `git rev-parse` takes, such as `main:docs/a.md`.
    pub fn read(&self, name: &str) -> Option<(String, String, Vec<u8>)> {
        if name.contains(['\n', '\0']) {
            return None;
        }
        let mut reader = self.reader.lock().unwrap();
        let reader = reader.get_or_insert_with(|| {
            let mut command = program(&self.dir);
            command.args(["cat-file", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
            let mut child = command.spawn().expect("git is needed: install the package `git`");
            let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
            Reader { child, input, output }
        });
        writeln!(reader.input, "{name}").unwrap();
        reader.input.flush().unwrap();
        let mut head = String::new();
        reader.output.read_line(&mut head).unwrap();
        let parts: Vec<&str> = head.split_whitespace().collect();
        let [oid, kind, size] = parts.as_slice() else { return None };
        let Ok(size) = size.parse::<usize>() else { return None };
        let mut bytes = vec![0; size + 1];
        reader.output.read_exact(&mut bytes).unwrap();
        bytes.pop();
        Some(((*oid).to_owned(), (*kind).to_owned(), bytes))
    }

    /// A commit.
    pub fn commit_of(&self, name: &str) -> Option<Commit> {
        let (oid, kind, bytes) = self.read(name)?;
        if kind != "commit" {
            return None;
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, message) = text.split_once("\n\n").unwrap_or((&text, ""));
        let mut commit = Commit { oid, message: message.to_owned(), ..Commit::default() };
        for line in head.lines() {
            match line.split_once(' ') {
                Some(("tree", tree)) => tree.clone_into(&mut commit.tree),
                Some(("parent", parent)) => commit.parents.push(parent.to_owned()),
                Some(("author", who)) => commit.author = person(who),
                Some(("committer", who)) => commit.committer = person(who),
                _ => {}
            }
        }
        Some(commit)
    }

    /// The tree of a commit or tree.
    pub fn tree_of(&self, name: &str) -> Option<String> {
        let (oid, kind, _) = self.read(name)?;
        match kind.as_str() {
            "tree" => Some(oid),
            "commit" => Some(self.commit_of(&oid)?.tree),
            _ => None,
        }
    }

    /// The entries of a tree, with those of its folders if `deep`.
    pub fn entries(&self, tree: &str, deep: bool) -> Arc<Vec<Entry>> {
        let key = (tree.to_owned(), deep);
        if let Some(known) = self.trees.lock().unwrap().get(&key) {
            return Arc::clone(known);
        }
        let mut arguments = vec!["ls-tree", "-z", "--long"];
        if deep {
            arguments.extend(["-r", "-t"]);
        }
        arguments.push(tree);
        let said = self.run(&arguments, b"");
        let entries = said.split(|b| *b == 0).filter(|line| !line.is_empty()).map(|line| {
            let tab = line.iter().position(|b| *b == b'\t').unwrap();
            let head = String::from_utf8(line[..tab].to_vec()).unwrap();
            let parts: Vec<&str> = head.split_whitespace().collect();
            let kind = match parts[1] {
                "blob" => "blob",
                "tree" => "tree",
                _ => "commit",
            };
            let (mode, size) = (u32::from_str_radix(parts[0], 8).unwrap(), parts[3].parse().ok());
            Entry { path: line[tab + 1..].to_vec(), mode, kind, oid: parts[2].to_owned(), size }
        });
        let entries = Arc::new(entries.collect::<Vec<_>>());
        self.trees.lock().unwrap().insert(key, Arc::clone(&entries));
        entries
    }

    /// What lies at a path below a tree.
    pub fn at(&self, tree: &str, path: &[u8]) -> Option<Entry> {
        let mut found: Option<Entry> = None;
        for part in path.split(|b| *b == b'/').filter(|part| !part.is_empty()) {
            let tree = found.as_ref().map_or(tree, |entry| entry.oid.as_str());
            if found.as_ref().is_some_and(|entry| entry.kind != "tree") {
                return None;
            }
            found = Some(self.entries(tree, false).iter().find(|entry| entry.path == part)?.clone());
        }
        found
    }

    /// Throws away what no reference leads to, as the service does some time after a force push.
    pub fn collect_garbage(&self) {
        *self.reader.lock().unwrap() = None;
        self.trees.lock().unwrap().clear();
        self.run(&["-c", "gc.reflogExpire=now", "gc", "--quiet", "--prune=now"], b"");
    }

    fn run(&self, arguments: &[&str], input: &[u8]) -> Vec<u8> {
        let mut command = program(&self.dir);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("git is needed: install the package `git`");
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        let writer = std::thread::spawn(move || stdin.write_all(&input));
        let output = child.wait_with_output().unwrap();
        let _ = writer.join();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }
}

/// A path as `fast-import` reads any bytes.
fn quoted(path: &[u8]) -> String {
    let plain = |b: u8| b.is_ascii_graphic() && b != b'"' && b != b'\\' || b == b' ';
    let escaped: String = path.iter().map(|b| if plain(*b) { char::from(*b).to_string() } else { format!("\\{b:03o}") }).collect();
    format!("\"{escaped}\"")
}

fn person(line: &str) -> (String, String, u64) {
    let (name, rest) = line.split_once(" <").unwrap_or((line, ""));
    let (address, rest) = rest.split_once("> ").unwrap_or((rest, ""));
    (name.to_owned(), address.to_owned(), rest.split(' ').next().and_then(|at| at.parse().ok()).unwrap_or_default())
}
