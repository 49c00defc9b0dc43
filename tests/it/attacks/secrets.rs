//! Where a credential must not turn up: in nothing that the program writes, prints, answers or sends to anybody else, even where the service repeats it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use serde_json::{Value, json};

use super::DAEMON;
use crate::home::{Home, said, wait_for};
use crate::support::wire::Answer;
use crate::support::{EMAIL, Fault, PASSWORD, PERSONAL_TOKEN, Site, TOKEN, USER_NAME};

/// How the secret is written where it is sent.
fn basic(name: &str, secret: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(format!("{name}:{secret}"))
}

/// Panics where one of `secrets` is in `text`, in any case, since slugs are in lower case.
#[track_caller]
fn nothing_of(secrets: &[&str], what: &str, text: &[u8]) {
    let folded = String::from_utf8_lossy(text).to_lowercase();
    for secret in secrets {
        if let Some(at) = folded.find(&secret.to_lowercase()) {
            let from = folded.floor_char_boundary(at.saturating_sub(200));
            let to = folded.ceil_char_boundary((at + 200).min(folded.len()));
            panic!("`{secret}` is in {what}: {}", &folded[from..to]);
        }
    }
}

/// All that the program has written below `home`: names and bytes, compressed ones as they were before. The user's own files, `mine`, are left out.
fn written(home: &Path, mine: &[&Path]) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![home.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let kind = path.symlink_metadata().unwrap().file_type();
            if kind.is_dir() {
                waiting.push(path.clone());
            }
            let is_mine = mine.contains(&path.as_path());
            let bytes = if kind.is_file() && !is_mine { std::fs::read(&path).unwrap() } else { Vec::new() };
            let bytes = if path.extension().is_some_and(|e| e == "zst") { zstd::bulk::decompress(&bytes, 64 << 20).unwrap() } else { bytes };
            found.insert(path, bytes);
        }
    }
    found
}

#[track_caller]
fn nothing_written_of(secrets: &[&str], home: &Home, mine: &[&Path]) {
    let written = written(home.path(), mine);
    assert!(written.keys().any(|path| path.extension().is_some_and(|e| e == "zst")), "the state's bodies are looked at");
    for (path, bytes) in written {
        nothing_of(secrets, &path.display().to_string(), path.to_string_lossy().as_bytes());
        nothing_of(secrets, &path.display().to_string(), &bytes);
    }
}

/// Somebody else's server, which keeps what it is sent.
struct Elsewhere {
    origin: String,
    got: Arc<Mutex<Vec<u8>>>,
}

impl Elsewhere {
    fn answering(answer: &'static str) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let (origin, got) = (format!("http://{}", socket.local_addr().unwrap()), Arc::new(Mutex::new(Vec::new())));
        let shared = Arc::clone(&got);
        std::thread::spawn(move || {
            for stream in socket.incoming() {
                let mut stream = stream.unwrap();
                let mut request = [0; 16 << 10];
                let length = stream.read(&mut request).unwrap_or(0);
                shared.lock().unwrap().extend_from_slice(&request[..length]);
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { origin, got }
    }

    fn got(&self) -> Vec<u8> {
        self.got.lock().unwrap().clone()
    }
}

/// A site that repeats `secrets` wherever it can: in names, titles, bodies, labels, people, errors, redirects and cookies.
fn echoing(site: &Site, secrets: &[&str], elsewhere: &Elsewhere) {
    let [plain, telling] = site.edit(|m| {
        let echo = secrets.join(" and ");
        let mallory = m.add_user("mallory", &format!("Mallory {echo}"));
        m.write_as(&mallory);
        m.set_user_name(&m.users[0].id.clone(), &format!("Mira {echo}"));
        m.add_space("ENG", &format!("Space {echo}"));
        let page = m.add_page("ENG", None, &format!("Title {echo}"), &format!("<p>You sent {echo}.</p><pre>{echo}</pre>"));
        let labels: Vec<String> = secrets.iter().map(|secret| format!("label-{}", secret.replace(' ', "-"))).collect();
        m.set_labels(page, &labels.iter().map(String::as_str).collect::<Vec<_>>());
        m.add_attachment(page, &format!("file {echo}.png"), b"picture".to_vec(), "image/png");
        m.add_comment(page, None, &format!("<p>Again: {echo}</p>"));
        m.add_page("ENG", Some(page), "Broken", "<p>text</p>");
        ["elsewhere.png", "away.png"].map(|name| (m.add_attachment(page, name, b"picture".to_vec(), "image/png"), name))
    });
    let echo = secrets.join(" ");
    site.habits(|h| {
        // One request of each kind is refused with a message that repeats them; two downloads lead elsewhere, one of them with them in its address.
        for (part, status) in [("/spaces", 500), ("/pages", 503), ("search", 500)] {
            let answer =
                Answer { status, ..Answer::v2_error(status, &echo, &echo) }.with("set-cookie", "JSESSIONID=cookie-that-nobody-may-see; Path=/");
            h.after(1, 1, part, Fault::Other(answer));
        }
        let mut lead = |(id, name): (u64, &'static str), to: String| {
            let asked = move |seen: &crate::support::Seen| seen.path.contains(&format!("{id}/download")) || seen.path.ends_with(name);
            h.next_where(1, asked, Fault::RedirectTo(to));
        };
        lead(plain, format!("{}/plain.png", elsewhere.origin));
        lead(telling, format!("{}/?{}", elsewhere.origin, crate::support::wire::encode(secrets[0])));
    });
}

#[test]
fn a_site_that_repeats_the_credentials_finds_nobody_who_writes_them_down() {
    let elsewhere = Elsewhere::answering("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\npicture");
    let site = Site::cloud();
    let sent = basic(EMAIL, TOKEN);
    let secrets = [TOKEN, sent.as_str()];
    echoing(&site, &secrets, &elsewhere);
    let home = Home::for_site(DAEMON, &site, "attachments = \"all\"\nretry_base_ms = 1");
    let config = home.config();
    let daemon = home.start();
    let mut client = UnixStream::connect(home.socket()).unwrap();
    client.set_read_timeout(Some(crate::home::PATIENCE)).unwrap();
    let mut replies = BufReader::new(client.try_clone().unwrap());
    let mut heard = String::new();
    let mut ask = |request: Value| {
        writeln!(client, "{request}").unwrap();
        loop {
            let mut line = String::new();
            assert_ne!(replies.read_line(&mut line).unwrap(), 0, "it hung up after {request}");
            heard.push_str(&line);
            let line: Value = serde_json::from_str(&line).unwrap();
            if line.get("event").is_none() {
                return line;
            }
        }
    };
    site.latency(std::time::Duration::from_millis(20));
    ask(json!({ "op": "sync", "wait": false }));
    let mut command_lines = Vec::new();
    wait_for(
        "a worker",
        || {
            command_lines.extend(daemon.workers().iter().map(|pid| std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default()));
            command_lines.iter().any(|line| line.windows(6).any(|word| word == b"worker"))
        },
        || daemon.log(),
    );
    command_lines.push(std::fs::read(format!("/proc/{}/cmdline", daemon.pid())).unwrap());
    let first = ask(json!({ "op": "sync", "full": true }));
    assert!(matches!(first["ok"]["runs"][0]["outcome"].as_str(), Some("done" | "partial")), "{first}");
    let page = site.edit(|m| m.content.values().find(|content| content.title.starts_with("Title")).unwrap().id);
    for request in [
        json!({ "op": "status", "fidelity": true }),
        json!({ "op": "validate" }),
        json!({ "op": "history" }),
        json!({ "op": "explain", "what": page.to_string() }),
        json!({ "op": "sync", "rerender": true }),
        json!({ "op": "cleanup", "apply": true }),
        json!({ "op": "restore" }),
        json!({ "op": "config" }),
        json!({ "op": "reload" }),
        json!({ "op": "pause" }),
        json!({ "op": "resume" }),
        json!({ "op": "cancel" }),
        json!({ "op": "logs", "lines": 10_000 }),
    ] {
        let answer = ask(request.clone());
        assert!(answer["ok"].is_object(), "{request}: {answer}");
    }
    // And when it takes them for wrong.
    site.habits(|h| h.always("", Fault::Other(Answer::unauthorized(&secrets.join(" ")))));
    let refused = ask(json!({ "op": "sync" }));
    assert_eq!(refused["ok"]["runs"][0]["outcome"], "unauthorized", "{refused}");
    assert!(ask(json!({ "op": "status" }))["ok"].is_object());

    let secrets = [TOKEN, sent.as_str(), "cookie-that-nobody-may-see"];
    nothing_of(&secrets, "the replies", heard.as_bytes());
    nothing_of(&secrets, "the standard error", daemon.log().as_bytes());
    command_lines.iter().for_each(|line| nothing_of(&secrets, "a command line", line));
    nothing_of(&secrets, "requests to others", &elsewhere.got());
    assert!(String::from_utf8(elsewhere.got()).unwrap().contains("GET /plain.png"), "the other server was asked");
    assert!(site.violations().is_empty(), "{:?}", site.violations());
    nothing_written_of(&secrets, &home, &[&config]);
    let text = home.page(&format!("--{page}.md"));
    assert!(text.contains("\n# Title [credential removed] and"), "{text}");
    let answered = said(home.daemon_command(&["--check-config"]));
    nothing_of(&secrets, "--check-config", format!("{answered:?}").as_bytes());
}

#[test]
fn by_whichever_way_a_secret_comes_it_goes_nowhere_else() {
    let elsewhere = Elsewhere::answering("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
    for way in ["literal", "dotenv", "env", "file", "command", "credential", "password"] {
        let site = Site::data_center();
        let (secret, name) = if way == "password" { (PASSWORD, "password") } else { (PERSONAL_TOKEN, "api_token") };
        let sent = if way == "password" { basic(USER_NAME, PASSWORD) } else { PERSONAL_TOKEN.to_owned() };
        echoing(&site, &[secret, &sent], &elsewhere);
        let home = Home::new(DAEMON);
        let put = |file: &str, text: &str| {
            let path = home.config().with_file_name(file);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            path
        };
        let file = put("token", &format!("{secret}\n"));
        let dotenv = put(".env", &if way == "dotenv" { format!("CONFLUENCE_API_TOKEN='{secret}'\n") } else { String::new() });
        let reference = match way {
            "literal" | "password" => format!("{name} = \"{secret}\""),
            "env" => format!("{name} = {{ env = \"MY_TOKEN\" }}"),
            "file" => format!("{name} = {{ file = \"{}\" }}", file.display()),
            "command" => format!("{name} = {{ command = [\"sh\", \"-c\", \"echo noise >&2; cat '{}'\"] }}", file.display()),
            "credential" => format!("{name} = {{ credential = \"token\" }}"),
            _ => String::new(),
        };
        let user = if way == "password" { format!("username = \"{USER_NAME}\"\n") } else { String::new() };
        home.configure(&format!(
            "log_level = \"debug\"\n[connectors.confluence]\nurl = \"{}\"\ncloud = false\nattachments = \"all\"\nretry_base_ms = 1\n{user}{reference}\n",
            site.base_url()
        ));
        // Twice, since what is refused the first time comes the second time.
        for _ in 0..2 {
            let mut once = home.daemon_command(&["--once"]);
            once.env("MY_TOKEN", secret).env("CREDENTIALS_DIRECTORY", home.config().parent().unwrap());
            let done = said(once);
            assert!(matches!(done.code, Some(0 | 8)), "{way}: {done:#?}");
            nothing_of(&[secret, &sent], way, format!("{done:?}").as_bytes());
        }
        let (config, mine) = (home.config(), [file.as_path(), dotenv.as_path()]);
        nothing_written_of(&[secret, &sent], &home, &[&config, mine[0], mine[1]]);
        nothing_of(&[secret, &sent], "requests to others", &elsewhere.got());
    }
    assert!(String::from_utf8(elsewhere.got()).unwrap().contains("GET /plain.png"), "the other server was asked");
}

#[test]
fn a_proxy_s_password_is_sent_to_the_proxy_and_told_to_nobody() {
    let password = "proxy-password-that-nobody-may-see";
    let sent = basic("ann", password);
    let echo: &'static str = Box::leak(
        format!("HTTP/1.1 502 {password}\r\nx-echo: {sent}\r\ncontent-length: {}\r\n\r\n{password}{sent}", password.len() + sent.len())
            .into_boxed_str(),
    );
    let proxy = Elsewhere::answering(echo);
    let site = Site::cloud();
    site.edit(|m| m.add_space("ENG", "Engineering"));
    let home = Home::for_site(DAEMON, &site, "retry_base_ms = 1");
    home.synced();
    // What is for this machine goes through no proxy.
    let config = crate::home::site_config(&site, "retry_base_ms = 1\nallow_plain_http = true");
    home.configure(&config.replace(&site.base_url(), "http://wiki.example/wiki"));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (origin, answers) in [(proxy.origin.trim_start_matches("http://").to_owned(), true), (closed.to_string(), false)] {
        let mut once = home.daemon_command(&["--once"]);
        once.env("http_proxy", format!("http://ann:{password}@{origin}"));
        let done = said(once);
        assert!(!matches!(done.code, Some(0)), "{done:#?}");
        nothing_of(&[password, &sent], "what it said", format!("{done:?}").as_bytes());
        assert!(!answers || String::from_utf8_lossy(&proxy.got()).contains(&sent), "the proxy was shown the password");
    }
    nothing_written_of(&[password, &sent], &home, &[]);
}
