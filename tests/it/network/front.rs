//! A real TLS listener before a simulated site: it shows whatever certificate it is told to, or is not there at all.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use super::authority::{Authority, Face};

/// A front has an address of its own, so that nobody takes its port while it is away.
static FRONTS: AtomicU8 = AtomicU8::new(1);

/// The listener; it ends when this is dropped.
pub(super) struct Front {
    address: SocketAddr,
    name: String,
    target: String,
    shared: Arc<Shared>,
    running: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

struct Shared {
    config: Mutex<Arc<ServerConfig>>,
    shown: AtomicUsize,
    connections: AtomicUsize,
}

impl Front {
    /// Before `target` (`http://127.0.0.1:PORT`), with a good certificate for its own address.
    pub(super) fn new(authority: &Authority, target: &str) -> Self {
        Self::called(authority, target, None)
    }

    /// With a certificate for `name` in place of its address.
    pub(super) fn called(authority: &Authority, target: &str, name: Option<&str>) -> Self {
        let process = std::process::id().to_le_bytes();
        let ip = Ipv4Addr::new(127, 64 | (process[1] & 63), process[0], FRONTS.fetch_add(1, Ordering::Relaxed));
        let socket = TcpListener::bind((ip, 0)).unwrap();
        let name = name.map_or_else(|| ip.to_string(), str::to_owned);
        let config = Mutex::new(authority.server(&name, Face::Good));
        let shared = Arc::new(Shared { config, shown: AtomicUsize::new(0), connections: AtomicUsize::new(0) });
        let mut front =
            Self { address: socket.local_addr().unwrap(), name, target: target.trim_start_matches("http://").to_owned(), shared, running: None };
        front.serve(socket);
        front
    }

    /// `https://NAME:PORT`.
    pub(super) fn origin(&self) -> String {
        format!("https://{}:{}", self.name, self.address.port())
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What is shown from the next connection on.
    pub(super) fn show(&self, authority: &Authority, face: Face) {
        *self.shared.config.lock().unwrap() = authority.server(&self.name, face);
    }

    /// How many connections brought a certificate of the client's.
    pub(super) fn certificates_seen(&self) -> usize {
        self.shared.shown.load(Ordering::SeqCst)
    }

    /// How many connections came.
    pub(super) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Nobody listens there any more: connections are refused.
    pub(super) fn close(&mut self) {
        if let Some((stop, thread)) = self.running.take() {
            drop(stop);
            thread.join().unwrap();
        }
    }

    /// Listens again, at the same address.
    pub(super) fn open(&mut self) {
        if self.running.is_none() {
            self.serve(TcpListener::bind(self.address).unwrap());
        }
    }

    fn serve(&mut self, socket: TcpListener) {
        socket.set_nonblocking(true).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let (shared, target) = (Arc::clone(&self.shared), self.target.clone());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let socket = tokio::net::TcpListener::from_std(socket).unwrap();
                tokio::spawn(async move {
                    while let Ok((stream, _)) = socket.accept().await {
                        tokio::spawn(connection(stream, Arc::clone(&shared), target.clone()));
                    }
                });
                let _ = stopped.await;
            });
        });
        self.running = Some((stop, thread));
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.close();
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>, target: String) {
    shared.connections.fetch_add(1, Ordering::SeqCst);
    let config = Arc::clone(&shared.config.lock().unwrap());
    let Ok(mut tls) = TlsAcceptor::from(config).accept(stream).await else { return };
    if tls.get_ref().1.peer_certificates().is_some() {
        shared.shown.fetch_add(1, Ordering::SeqCst);
    }
    let Ok(mut site) = TcpStream::connect(&target).await else { return };
    if tokio::io::copy_bidirectional(&mut tls, &mut site).await.is_err() {
        // What was reset behind us is reset before us.
        let _ = tls.get_ref().0.set_zero_linger();
    }
}
