//! Turns: how much those who ask without end are answered before somebody else is. Counted, not timed: all of it happens on one thread.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use super::*;
use crate::config::{Surroundings, load};

#[tokio::test]
async fn whoever_asks_without_end_does_not_keep_others_waiting() {
    const FLOODERS: usize = 20;
    const REQUESTS: usize = 500;
    let home = tempfile::tempdir().unwrap();
    let around = Surroundings { environment: [("HOME".to_owned(), home.path().to_str().unwrap().to_owned())].into(), ..Default::default() };
    let config = Arc::new(load(&around).unwrap());
    let path = home.path().join("run/control.sock");
    let listener = Listener::open(&path).unwrap();
    let schedule = Schedule::new(&config).unwrap();
    let context =
        Context { supervisor: Supervisor::new(config).0, schedule, reload: mpsc::channel(1).0, started: Instant::now(), beside: Beside::default() };
    // Nobody is let in before this task waits for something, so all have asked by then.
    tokio::spawn(run(listener, context));
    let connect = || UnixStream::connect(&path).unwrap();
    let mut flooders: Vec<UnixStream> = (0..FLOODERS).map(|_| connect()).collect();
    for flooder in &mut flooders {
        flooder.write_all("{\"op\":\"status\"}\n".repeat(REQUESTS).as_bytes()).unwrap();
        flooder.set_nonblocking(true).unwrap();
    }
    let mut last = tokio::net::UnixStream::connect(&path).await.unwrap();
    last.write_all(b"{\"op\":\"status\"}\n").await.unwrap();
    let mut answer = String::new();
    BufReader::new(&mut last).read_line(&mut answer).await.unwrap();
    assert!(answer.contains("\"ok\""), "{answer}");
    let answered: usize = flooders.iter_mut().map(lines).sum();
    assert!(answered > 0, "nobody else asked, so this shows nothing");
    assert!(answered <= FLOODERS * 5, "{answered} others were answered first");
}

/// Lines that have come so far.
fn lines(stream: &mut UnixStream) -> usize {
    let mut came = Vec::new();
    let mut piece = [0; 65536];
    while let Ok(length @ 1..) = stream.read(&mut piece) {
        came.extend_from_slice(&piece[..length]);
    }
    came.iter().filter(|byte| **byte == b'\n').count()
}

#[tokio::test]
async fn work_for_clients_that_have_gone_is_not_done() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let (beside, done) = (Arc::new(Beside::default()), Arc::new(AtomicUsize::new(0)));
    let (open, gate) = std::sync::mpsc::channel::<()>();
    let gate = Arc::new(std::sync::Mutex::new(gate));
    let work = || {
        let (beside, done, gate) = (Arc::clone(&beside), Arc::clone(&done), Arc::clone(&gate));
        tokio::spawn(async move {
            let work = move || {
                // Stands still until the test lets it go.
                let _ = gate.lock().unwrap().recv();
                done.fetch_add(1, Ordering::SeqCst);
            };
            beside.work(work).await
        })
    };
    let first: Vec<_> = (0..MOST_BESIDE).map(|_| work()).collect();
    let gone: Vec<_> = (0..100).map(|_| work()).collect();
    // All have come as far as they get.
    for _ in 0..300 {
        tokio::task::yield_now().await;
    }
    gone.iter().for_each(tokio::task::JoinHandle::abort);
    drop(open);
    for task in first {
        task.await.unwrap().unwrap();
    }
    work().await.unwrap().unwrap();
    assert_eq!(done.load(Ordering::SeqCst), MOST_BESIDE + 1);
}
