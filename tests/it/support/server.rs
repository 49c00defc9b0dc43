//! Listeners and hyper, on one thread with a small runtime of its own, so that a blocked test cannot block the site.

use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::thread::JoinHandle;

use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::header::{ACCEPT_ENCODING, AUTHORIZATION, COOKIE, HOST, HeaderMap, HeaderName, RANGE, USER_AGENT};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::habits::Fault;
use super::log::Seen;
use super::model::Flavour;
use super::played::{Played, play};
use super::site::{Origins, World, locked};
use super::wire::{Answer, Listener, Request};
use super::{cloud, data_center, media, reading};

/// The largest request body that is read.
const MAX_REQUEST_BYTES: usize = 4 << 20;

/// The running thread; dropping it ends all connections.
pub(super) struct Server {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Binds all listeners, then serves the world made for them.
    pub(super) fn start(make: impl FnOnce(Origins) -> World) -> (Arc<Mutex<World>>, Self) {
        let sockets = [Listener::Site, Listener::Gateway, Listener::Media].map(|kind| (kind, bind()));
        let origin = |at: usize| format!("http://{}", sockets[at].1.local_addr().unwrap());
        let world = Arc::new(Mutex::new(make(Origins { site: origin(0), gateway: origin(1), media: origin(2) })));
        let (stop, stopped) = oneshot::channel();
        let shared = Arc::clone(&world);
        let thread = std::thread::Builder::new().name("simulated-site".to_owned()).spawn(move || run(sockets, &shared, stopped)).unwrap();
        (world, Self { stop: Some(stop), thread: Some(thread) })
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

pub(super) fn bind() -> TcpListener {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    socket.set_nonblocking(true).unwrap();
    socket
}

fn run(sockets: [(Listener, TcpListener); 3], world: &Arc<Mutex<World>>, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for (kind, socket) in sockets {
            let socket = tokio::net::TcpListener::from_std(socket).unwrap();
            tokio::spawn(accept(kind, socket, Arc::clone(world)));
        }
        let _ = stopped.await;
    });
}

async fn accept(kind: Listener, socket: tokio::net::TcpListener, world: Arc<Mutex<World>>) {
    while let Ok((stream, _)) = socket.accept().await {
        if locked(&world).habits.offline {
            let _ = stream.set_zero_linger();
            continue;
        }
        let _ = stream.set_nodelay(true);
        tokio::spawn(connection(kind, stream, Arc::clone(&world)));
    }
}

async fn connection(kind: Listener, stream: TcpStream, world: Arc<Mutex<World>>) {
    let cut = Arc::new(AtomicBool::new(false));
    let wire = TokioIo::new(Cuttable { stream, cut: Arc::clone(&cut) });
    let service = service_fn(move |request| serve(kind, request, Arc::clone(&world), Arc::clone(&cut)));
    // An error here is a connection that the client or a fault ended.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(wire, service).await;
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
        let ours = request.user_agent.as_deref().is_some_and(|agent| agent.starts_with("context-sync/"));
        if ours && !reading::is_allowed(&request) {
            world.log.not_reading.push(format!("{} {}", request.method, request.path));
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
    let (answer, gzip) = {
        let mut world = locked(&world);
        let answer = fault.as_ref().and_then(Fault::own_answer).unwrap_or_else(|| answer(&mut world, &request));
        for edit in world.habits.edits_after(&seen) {
            edit(&mut world.model);
        }
        (answer, world.habits.gzip && request.accepts_gzip)
    };
    open.status = Some(answer.status);
    drop(open);
    Ok(play(answer, fault.or(gzip.then_some(Fault::Gzip)), cut))
}

fn answer(world: &mut World, request: &Request) -> Answer {
    let only_reads = matches!(request.method.as_str(), "GET" | "HEAD") || request.path.ends_with("/users-bulk");
    if !only_reads {
        world.log.violations.push(format!("{} {} is no reading", request.method, request.path));
    }
    match (request.listener, world.model.flavour) {
        (Listener::Media, _) => media::host(world, request),
        (_, Flavour::Cloud) => cloud::answer(world, request),
        (_, Flavour::DataCenter) => data_center::answer(world, request),
    }
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

pub(super) async fn read(listener: Listener, request: hyper::Request<Incoming>) -> io::Result<Request> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MAX_REQUEST_BYTES).collect().await.map_err(io::Error::other)?.to_bytes();
    let query = head.uri.query().unwrap_or_default().to_owned();
    let text = |name: HeaderName| header(&head.headers, &name);
    Ok(Request {
        listener,
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        params: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        query,
        host: text(HOST).unwrap_or_default(),
        authorization: text(AUTHORIZATION),
        cookie: text(COOKIE),
        range: text(RANGE),
        user_agent: text(USER_AGENT),
        accepts_gzip: text(ACCEPT_ENCODING).is_some_and(|accepted| accepted.contains("gzip")),
        headers: head.headers.keys().filter_map(|name| Some((name.as_str().to_owned(), header(&head.headers, name)?))).collect(),
        body,
    })
}

fn header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// A connection that resets, instead of closing, once it is told to.
pub(super) struct Cuttable {
    pub(super) stream: TcpStream,
    pub(super) cut: Arc<AtomicBool>,
}

impl Drop for Cuttable {
    fn drop(&mut self) {
        if self.cut.load(Ordering::Relaxed) {
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Cuttable {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, parts: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }
}
