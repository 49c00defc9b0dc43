//! Listeners, TLS and hyper, on one thread with a small runtime of its own, so that a blocked test cannot block the service.

use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::Duration;

use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::header::{ACCEPT_ENCODING, AUTHORIZATION, COOKIE, HOST, HeaderMap, HeaderName, RANGE, USER_AGENT};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use super::habits::Fault;
use super::log::Seen;
use super::played::{Played, play};
use super::reading;
use super::service::{Service, World, locked};
use super::wire::{Listener, Request};

/// The largest request body that is read.
const MAX_REQUEST_BYTES: usize = 4 << 20;

/// The running thread; dropping it ends all connections.
pub(super) struct Server {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Binds all doors, then serves the world made for them.
    pub(super) fn start<S: Service>(tls: Option<Arc<ServerConfig>>, make: impl FnOnce(&[String]) -> World<S>) -> (Arc<Mutex<World<S>>>, Self) {
        let sockets: Vec<(Listener, TcpListener)> = S::DOORS.iter().map(|door| (*door, bind())).collect();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let origins: Vec<String> = sockets.iter().map(|(_, socket)| format!("{scheme}://{}", socket.local_addr().unwrap())).collect();
        let world = Arc::new(Mutex::new(make(&origins)));
        let (stop, stopped) = oneshot::channel();
        let (shared, acceptor) = (Arc::clone(&world), tls.map(TlsAcceptor::from));
        let thread = std::thread::Builder::new().name(format!("simulated-{}", S::NAME));
        let thread = thread.spawn(move || run(sockets, acceptor.as_ref(), &shared, stopped)).unwrap();
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

fn bind() -> TcpListener {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    socket.set_nonblocking(true).unwrap();
    socket
}

fn run<S: Service>(
    sockets: Vec<(Listener, TcpListener)>,
    acceptor: Option<&TlsAcceptor>,
    world: &Arc<Mutex<World<S>>>,
    stopped: oneshot::Receiver<()>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for (door, socket) in sockets {
            let socket = tokio::net::TcpListener::from_std(socket).unwrap();
            tokio::spawn(accept(door, socket, acceptor.cloned(), Arc::clone(world)));
        }
        let _ = stopped.await;
    });
}

async fn accept<S: Service>(door: Listener, socket: tokio::net::TcpListener, acceptor: Option<TlsAcceptor>, world: Arc<Mutex<World<S>>>) {
    while let Ok((stream, _)) = socket.accept().await {
        if locked(&world).habits.offline {
            let _ = stream.set_zero_linger();
            continue;
        }
        let _ = stream.set_nodelay(true);
        let cut = Arc::new(AtomicBool::new(false));
        let stream = Cuttable { stream, cut: Arc::clone(&cut) };
        let (acceptor, world) = (acceptor.clone(), Arc::clone(&world));
        tokio::spawn(async move {
            let Some(acceptor) = acceptor else { return connection(door, stream, world, cut).await };
            // A client that does not trust us ends here.
            if let Ok(stream) = acceptor.accept(stream).await {
                connection(door, stream, world, cut).await;
            }
        });
    }
}

async fn connection<S: Service>(
    door: Listener,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    world: Arc<Mutex<World<S>>>,
    cut: Arc<AtomicBool>,
) {
    let service = service_fn(move |request| serve(door, request, Arc::clone(&world), Arc::clone(&cut)));
    // An error here is a connection that the client or a fault ended.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn serve<S: Service>(
    door: Listener,
    request: hyper::Request<Incoming>,
    world: Arc<Mutex<World<S>>>,
    cut: Arc<AtomicBool>,
) -> io::Result<hyper::Response<Played>> {
    let request = read(door, request).await?;
    let seen = Seen::<S>::of(&request);
    let (number, fault, latency) = {
        let mut world = locked(&world);
        let number = world.log.arrived(seen.clone());
        if reading::is_ours(&request) && !S::may_be_sent(&request) {
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
    let answer = match fault.as_ref().and_then(Fault::own_answer::<S>) {
        Some(answer) => answer,
        None => S::answer(&world, &request, &seen, number).await,
    };
    let habit = {
        let mut world = locked(&world);
        for edit in world.habits.edits_after(&seen) {
            edit(&mut world.model);
        }
        let chunked = world.habits.chunked.then_some(Fault::Drip { bytes: 8192, every: Duration::ZERO });
        chunked.or((world.habits.gzip && request.accepts_gzip).then_some(Fault::Gzip))
    };
    open.status = Some(answer.status);
    drop(open);
    // What is late is late already.
    let fault = fault.filter(|fault| !matches!(fault, Fault::Late(_)));
    Ok(play(answer, fault.or(habit), cut))
}

struct Open<'a, S: Service> {
    world: &'a Mutex<World<S>>,
    number: usize,
    status: Option<u16>,
}

impl<S: Service> Drop for Open<'_, S> {
    fn drop(&mut self) {
        locked(self.world).log.answered(self.number, self.status);
    }
}

async fn read(listener: Listener, request: hyper::Request<Incoming>) -> io::Result<Request> {
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
struct Cuttable {
    stream: TcpStream,
    cut: Arc<AtomicBool>,
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
