//! git over HTTP, the smart protocol: what `git upload-pack` answers, behind the service's checks. Pushing is not there.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::access::{self, Refused};
use super::git;
use super::site::World;
use crate::support::wire::{Answer, Request};

/// What is to be run once the world is let go.
pub(super) struct Pack {
    dir: PathBuf,
    advertise: bool,
    protocol: Option<String>,
    input: Vec<u8>,
}

/// Whether a path is git's.
pub(super) fn is_git(path: &str) -> bool {
    path.ends_with(".git/info/refs") || path.ends_with(".git/git-upload-pack") || path.ends_with(".git/git-receive-pack")
}

/// Checks a request; what is to be run, or the refusal.
pub(super) fn prepare(world: &mut World, request: &Request) -> Result<Pack, Answer> {
    let parts = request.segments(&request.path);
    let [owner, name, rest @ ..] = parts.as_slice() else { return Err(text(404, "Not Found")) };
    let bare = name.strip_suffix(".git").unwrap_or(name);
    let (name, is_wiki) = bare.strip_suffix(".wiki").map_or((bare, false), |name| (name, true));
    let service = match rest {
        [info, refs] if info == "info" && refs == "refs" => request.one("service").unwrap_or_default().to_owned(),
        [service] => service.to_string(),
        _ => String::new(),
    };
    if service != "git-upload-pack" {
        world.log.violations.push(format!("{} {}: only git-upload-pack reads", request.method, request.target()));
        return Err(text(403, "Simulated: only reading"));
    }
    let secret = match request.authorization.as_deref().map(|given| given.split_once(' ').unwrap_or(("", given))) {
        None => None,
        Some((scheme, given)) if scheme.eq_ignore_ascii_case("basic") => {
            let plain = STANDARD.decode(given).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
            Some(plain.split_once(':').map_or_else(String::new, |(_, secret)| secret.to_owned()))
        }
        Some((_, given)) => Some(given.to_owned()),
    };
    let caller = match access::caller_of(world, secret.as_deref()) {
        Ok(caller) => caller,
        Err(Refused) => {
            return Err(unauthorized("remote: Invalid username or token. Password authentication is not supported for Git operations.\n"));
        }
    };
    let anonymous = caller.token.is_none();
    let hidden = || if anonymous { unauthorized("Repository not found.\n") } else { text(404, "Repository not found.\n") };
    let model = &world.model;
    let Some(repository) = model.named(owner, name).or_else(|| model.formerly(owner, name)) else { return Err(hidden()) };
    if !caller.sees(repository) {
        return Err(hidden());
    }
    if let Some(block) = &repository.blocked {
        return Err(text(403, &format!("remote: Repository access blocked: {}\n", block.reason)));
    }
    if repository.disabled {
        return Err(text(403, "remote: Access to this repository has been disabled by GitHub staff.\n"));
    }
    if caller.lacks("contents") {
        return Err(text(403, "remote: Write access to repository not granted.\n"));
    }
    if caller.sso_of(model, repository).is_some() {
        return Err(text(
            403,
            "remote: The organization has enabled or enforced SAML SSO. To access\nremote: this repository, you must re-authorize your token.\n",
        ));
    }
    let git = if is_wiki {
        let wiki = repository.wiki.as_ref().filter(|_| repository.has_wiki);
        // Asked without a credential, a wiki that is not there looks like a private one.
        wiki.ok_or_else(hidden)?
    } else {
        &repository.git
    };
    let gzipped = request.header("content-encoding").is_some_and(|how| how.contains("gzip"));
    let mut input = Vec::new();
    if gzipped {
        flate2::read::GzDecoder::new(&request.body[..]).read_to_end(&mut input).unwrap();
    } else {
        input.extend_from_slice(&request.body);
    }
    Ok(Pack { dir: git.dir().to_owned(), advertise: rest.len() == 2, protocol: request.header("git-protocol").map(str::to_owned), input })
}

impl Pack {
    /// Runs `git upload-pack`: takes its time, so not where others wait.
    pub(super) fn run(self) -> Answer {
        let mut command = git::program(&self.dir);
        for set in ["uploadpack.allowFilter=true", "uploadpack.allowAnySHA1InWant=true", "uploadpack.hideRefs=refs/internal", "safe.directory=*"] {
            command.args(["-c", set]);
        }
        command.args(["upload-pack", "--strict", "--stateless-rpc"]);
        if self.advertise {
            command.arg("--http-backend-info-refs");
        }
        command.arg(&self.dir);
        if let Some(protocol) = &self.protocol {
            command.env("GIT_PROTOCOL", protocol);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = self.input;
        let writer = std::thread::spawn(move || stdin.write_all(&input));
        let output = child.wait_with_output().unwrap();
        let _ = writer.join();
        let mut body = Vec::new();
        let kind = if self.advertise { "advertisement" } else { "result" };
        if self.advertise && !self.protocol.as_deref().is_some_and(|protocol| protocol.contains("version=2")) {
            body.extend_from_slice(b"001e# service=git-upload-pack\n0000");
        }
        body.extend_from_slice(&output.stdout);
        Answer {
            status: 200,
            headers: vec![("content-type", format!("application/x-git-upload-pack-{kind}")), ("cache-control", "no-cache".to_owned())],
            body: Bytes::from(body),
        }
    }
}

fn text(status: u16, text: &str) -> Answer {
    Answer { status, headers: vec![("content-type", "text/plain; charset=utf-8".to_owned())], body: Bytes::from(text.to_owned()) }
}

fn unauthorized(message: &str) -> Answer {
    text(401, message).with("www-authenticate", "Basic realm=\"GitHub\"")
}
