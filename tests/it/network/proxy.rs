//! Proxies: by configuration or environment, with credentials of their own; and what is for this machine never goes through one.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::authority::Authority;
use super::front::Front;
use super::ways::{DAEMON, Stage, discreet, fill};
use crate::home::{Home, said};
use crate::support::Site;
use crate::tunnel;

const NAME: &str = "wiki.example";
const PASSWORD: &str = "proxy-password-that-nobody-may-see";

/// A proxy that lets through to one address, whatever name is asked for; it lives as long as the test.
struct Proxy {
    address: SocketAddr,
    /// The first line of each request.
    seen: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Sends `refuses` (a status) to everybody, or 407 to those who do not bring the password where one is wanted.
    fn new(target: SocketAddr, wants_password: bool, refuses: Option<u16>) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            while let Ok((stream, _)) = socket.accept() {
                let seen = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, target, wants_password, refuses, &seen));
            }
        });
        Self { address, seen }
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, target: SocketAddr, wants_password: bool, refuses: Option<u16>, seen: &Mutex<Vec<String>>) {
    let Some(head) = tunnel::head(&mut stream) else { return };
    seen.lock().unwrap().push(head.lines().next().unwrap_or_default().to_owned());
    use base64::Engine as _;
    let right = base64::engine::general_purpose::STANDARD.encode(format!("ann:{PASSWORD}"));
    let refused = match refuses {
        None if wants_password && !head.contains(&format!("Basic {right}")) => Some(407),
        refuses => refuses,
    };
    if let Some(status) = refused {
        let _ = stream.write_all(format!("HTTP/1.1 {status} No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes());
        return;
    }
    if let Ok(there) = TcpStream::connect(target) {
        tunnel::tunnel(stream, there);
    }
}

/// A site whose name nothing but a proxy knows.
fn behind() -> (Site, Front, Home, impl Fn(&str) -> String) {
    let (site, authority) = (Site::cloud(), Authority::new());
    let front = Front::called(&authority, &site.doors()[0], Some(NAME));
    site.stand_behind(&front.origin(), &site.media_origin());
    fill(&site);
    let home = Home::new(DAEMON);
    std::fs::write(home.path().join("ca.pem"), authority.pem()).unwrap();
    let usual = crate::home::site_config(&site, "ca_file = \"ca.pem\"\nretry_base_ms = 5\nattachments = \"none\"");
    (site, front, home, move |more| format!("{usual}\n{more}\n"))
}

#[test]
fn a_proxy_comes_by_configuration_with_credentials_of_its_own() {
    let (site, front, home, config) = behind();
    let proxy = Proxy::new(front.address(), true, None);
    home.configure(&config(&format!("proxy = \"http://{}\"", proxy.address)));
    let answer = discreet(home.once());
    assert_eq!(answer.code, Some(5), "{answer:#?}");
    assert!(answer.stdout.contains(NAME) && answer.stdout.contains("proxy") && answer.stdout.contains("`proxy_password`"), "{answer:#?}");
    let credentials = format!("proxy = \"http://{}\"\nproxy_username = \"ann\"\nproxy_password = \"{PASSWORD}\"", proxy.address);
    home.configure(&config(&credentials));
    let answer = discreet(home.once());
    assert_eq!(answer.code, Some(0), "{answer:#?}\n{}", site.transcript());
    assert!(!answer.stderr.contains(PASSWORD), "{answer:#?}");
    let seen = proxy.seen();
    assert!(seen.iter().all(|line| *line == format!("CONNECT {NAME}:{} HTTP/1.1", front.address().port())), "{seen:?}");
}

#[test]
fn a_proxy_that_refuses_or_is_not_there_is_named_with_the_way_out() {
    let (_site, front, home, config) = behind();
    let proxy = Proxy::new(front.address(), false, Some(403));
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (address, said) in [(proxy.address, "the proxy refuses the way there"), (gone, "cannot be reached")] {
        home.configure(&config(&format!("proxy = \"http://{address}\"")));
        let answer = discreet(home.once());
        assert_eq!(answer.code, Some(5), "{answer:#?}");
        assert!(answer.stdout.contains(said) && answer.stdout.to_lowercase().contains("proxy"), "{answer:#?}");
    }
    for (more, named) in [
        ("proxy = \"http://ann:hunter2@proxy.example\"", "proxy_password"),
        ("proxy = \"proxy.example\"", "http://HOST:PORT"),
        ("proxy_username = \"ann\"\nproxy_password = \"x\"", "need a `proxy`"),
    ] {
        home.configure(&config(more));
        let answer = home.once();
        assert_eq!(answer.code, Some(2), "{answer:#?}");
        let all = format!("{}{}", answer.stdout, answer.stderr);
        assert!(all.contains(named) && !all.contains("hunter2"), "{answer:#?}");
    }
}

#[test]
fn the_environments_proxy_counts_unless_the_configuration_says_none() {
    let stage = Stage::new();
    let proxy = Proxy::new(stage.front.address(), false, None);
    let run = || {
        let mut command = stage.home.daemon_command(&["--once"]);
        command.env("HTTPS_PROXY", format!("http://{}", proxy.address));
        discreet(said(command))
    };
    stage.configure("attachments = \"none\"");
    assert_eq!(run().code, Some(0));
    let before = proxy.seen().len();
    assert!(before > 0);
    stage.configure("attachments = \"none\"\nproxy = \"none\"");
    assert_eq!(run().code, Some(0));
    assert_eq!(proxy.seen().len(), before);
}

#[test]
fn plain_http_to_this_machine_goes_through_no_proxy_whatever_the_environment_says() {
    let site = Site::cloud();
    fill(&site);
    let home = Home::for_site(DAEMON, &site, "");
    let proxy = Proxy::new(site.doors()[0].trim_start_matches("http://").parse().unwrap(), false, None);
    let mut command = home.daemon_command(&["--once"]);
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        command.env(name, format!("http://{}", proxy.address));
    }
    let answer = discreet(said(command));
    assert_eq!(answer.code, Some(0), "{answer:#?}");
    let told: Vec<String> = proxy.seen().into_iter().filter(|line| line.contains(site.doors()[0].as_str())).collect();
    assert!(told.is_empty(), "the proxy was shown what is for this machine alone: {told:?}");
}
