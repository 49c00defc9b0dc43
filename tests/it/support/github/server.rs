//! Listeners, TLS and hyper, on one thread with a small runtime of its own, so that a blocked test cannot block the service.

use std::io;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use super::log::{Class, Seen};
use super::site::{Deployment, Origins, World, locked};
use super::{graphql, rest, smart, tls};
use crate::support::habits::Fault;
use crate::support::played::{Played, play};
use crate::support::reading;
use crate::support::server::{Cuttable, bind, read};
use crate::support::wire::{Answer, Listener, Request};

/// The running thread; dropping it ends all connections.
pub(super) struct Server {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Binds all listeners, then serves the world made for them; also the authority in PEM form.
    pub(super) fn start(deployment: Deployment, make: impl FnOnce(Origins) -> World) -> (Arc<Mutex<World>>, Self, String) {
        let (acceptor, authority) = {
            let (config, authority) = tls::certificate(&["127.0.0.1", "localhost"]);
            (TlsAcceptor::from(config), authority)
        };
        let sockets = [Listener::Web, Listener::Api].map(|kind| (kind, bind()));
        let origin = |at: usize| format!("https://{}", sockets[at].1.local_addr().unwrap());
        let api = usize::from(deployment == Deployment::Com);
        let mut world = make(Origins { web: origin(0), api: origin(api) });
        world.budgets.off = deployment == Deployment::Server;
        let world = Arc::new(Mutex::new(world));
        let (stop, stopped) = oneshot::channel();
        let shared = Arc::clone(&world);
        let thread = std::thread::Builder::new().name("simulated-github".to_owned());
        let thread = thread.spawn(move || run(sockets, &acceptor, &shared, stopped)).unwrap();
        (world, Self { stop: Some(stop), thread: Some(thread) }, authority)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(sockets: [(Listener, TcpListener); 2], acceptor: &TlsAcceptor, world: &Arc<Mutex<World>>, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for (kind, socket) in sockets {
            let socket = tokio::net::TcpListener::from_std(socket).unwrap();
            tokio::spawn(accept(kind, socket, acceptor.clone(), Arc::clone(world)));
        }
        let _ = stopped.await;
    });
}

async fn accept(kind: Listener, socket: tokio::net::TcpListener, acceptor: TlsAcceptor, world: Arc<Mutex<World>>) {
    while let Ok((stream, _)) = socket.accept().await {
        if locked(&world).habits.offline {
            let _ = stream.set_zero_linger();
            continue;
        }
        let _ = stream.set_nodelay(true);
        tokio::spawn(connection(kind, stream, acceptor.clone(), Arc::clone(&world)));
    }
}

async fn connection(kind: Listener, stream: TcpStream, acceptor: TlsAcceptor, world: Arc<Mutex<World>>) {
    let cut = Arc::new(AtomicBool::new(false));
    // A client that does not trust us ends here.
    let Ok(stream) = acceptor.accept(Cuttable { stream, cut: Arc::clone(&cut) }).await else { return };
    let service = service_fn(move |request| serve(kind, request, Arc::clone(&world), Arc::clone(&cut)));
    // An error here is a connection that the client or a fault ended.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn serve(
    kind: Listener,
    request: hyper::Request<Incoming>,
    world: Arc<Mutex<World>>,
    cut: Arc<AtomicBool>,
) -> io::Result<hyper::Response<Played>> {
    let request = read(kind, request).await?;
    let seen = Seen::of(&request);
    let (number, fault, latency) = {
        let mut world = locked(&world);
        let number = world.log.arrived(seen.clone());
        if !reading::github_allows(&request) {
            world.log.violations.push(format!("{} {} is not in the list of what may be sent", request.method, request.target()));
        }
        let fault = if world.habits.offline { Some(Fault::Reset) } else { world.habits.fault_for(&seen) };
        (number, fault, world.habits.latency)
    };
    // However this future ends, dropped by the client included, the request is no longer being answered.
    let mut open = Open { world: &world, number, status: None };
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    match &fault {
        Some(Fault::Silence) => std::future::pending::<()>().await,
        Some(Fault::Late(late)) => tokio::time::sleep(*late).await,
        Some(Fault::Reset) => {
            cut.store(true, Ordering::Relaxed);
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        _ => {}
    }
    let answer = match fault.as_ref().and_then(Fault::own_answer) {
        Some(answer) => answer,
        None if smart::is_git(&request.path) => {
            let prepared = smart::prepare(&mut locked(&world), &request);
            match prepared {
                Ok(pack) => tokio::task::spawn_blocking(move || pack.run()).await.unwrap(),
                Err(refusal) => refusal,
            }
        }
        None => answer(&mut locked(&world), &request, &seen, number),
    };
    let habit = {
        let mut world = locked(&world);
        for edit in world.habits.edits_after(&seen) {
            edit(&mut world.model);
        }
        let chunked = world.habits.chunked.then_some(Fault::Drip { bytes: 8192, every: std::time::Duration::ZERO });
        chunked.or((world.habits.gzip && request.accepts_gzip).then_some(Fault::Gzip))
    };
    open.status = Some(answer.status);
    drop(open);
    let fault = fault.filter(|fault| !matches!(fault, Fault::Late(_)));
    Ok(play(answer, fault.or(habit), cut))
}

fn answer(world: &mut World, request: &Request, seen: &Seen, number: usize) -> Answer {
    let prefix = match (world.deployment, request.listener) {
        (Deployment::Server, Listener::Web) if seen.class == Class::Graphql => return graphql::answer(world, request, number),
        (Deployment::Com, Listener::Api) if request.path == "/graphql" => return graphql::answer(world, request, number),
        (Deployment::Server, Listener::Web) if request.path.starts_with("/api/v3") => "/api/v3",
        (Deployment::Com, Listener::Api) => "",
        _ => {
            return Answer::html(404, "<!DOCTYPE html><html><head><title>Page not found &middot; GitHub</title></head><body></body></html>");
        }
    };
    let path = request.path.strip_prefix(prefix).unwrap().to_owned();
    rest::answer(world, request, &path)
}

struct Open<'a> {
    world: &'a Mutex<World>,
    number: usize,
    status: Option<u16>,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        locked(self.world).log.answered(self.number, self.status);
    }
}
