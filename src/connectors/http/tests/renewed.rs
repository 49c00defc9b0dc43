//! Credentials that end and are renewed, while several requests need them.

use std::sync::atomic::AtomicU32;

use async_trait::async_trait;

use super::*;

/// Makes `token-1`, `token-2`, …, by a request for each.
struct Numbered {
    made: AtomicU32,
    at: Url,
    lives: Duration,
}

#[async_trait]
impl Renewal for Numbered {
    async fn renew(&self, client: &Client) -> Result<Renewed, SourceError> {
        let own = Secret::new("Bearer who-we-are".to_owned());
        client.json::<Value>(Request::get(self.at.join("/token").unwrap(), "a token").authorized(own)).await?;
        let number = self.made.fetch_add(1, Ordering::SeqCst) + 1;
        Ok(Renewed { authorization: Secret::new(format!("Bearer token-{number}")), lives: self.lives })
    }

    fn account(&self) -> String {
        "us".to_owned()
    }
}

fn renewing(site: &Url, concurrency: usize) -> Client {
    living(site, concurrency, Duration::from_secs(3600))
}

fn living(site: &Url, concurrency: usize, lives: Duration) -> Client {
    let renewal = Arc::new(Numbered { made: AtomicU32::new(0), at: site.clone(), lives });
    let habits = Habits { renewal: Some(renewal), ..Habits::default() };
    Client::new(Setup { habits, authorization: None, concurrency, ..setup_of(site) }).unwrap()
}

fn tokens(saw: &Seen) -> Vec<String> {
    saw.lock().unwrap().iter().filter(|(_, path, ..)| path == "/token").map(|(_, path, ..)| path.clone()).collect()
}

#[tokio::test]
async fn requests_that_are_refused_at_the_same_time_renew_once() {
    // The first token is refused to everybody; each refusal takes longer than the one before, so that some come when there is a new token already.
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let site = Url::parse(&format!("http://{}", socket.local_addr().unwrap())).unwrap();
    let (asked, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counts = (Arc::clone(&asked), Arc::clone(&refused));
    tokio::spawn(async move {
        while let Ok((stream, _)) = socket.accept().await {
            let (asked, refused) = (Arc::clone(&asked), Arc::clone(&refused));
            let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                let first = request.headers().get("authorization").is_some_and(|value| value == "Bearer token-1");
                if request.uri().path() == "/token" {
                    asked.fetch_add(1, Ordering::SeqCst);
                }
                let nth = if first { refused.fetch_add(1, Ordering::SeqCst) } else { 0 };
                async move {
                    tokio::time::sleep(Duration::from_millis(60 * nth as u64)).await;
                    Ok::<_, Infallible>(if first { answer(401, &[], "") } else { ok(&json!({})) })
                }
            });
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    let client = renewing(&site, 4);
    let all = futures_util::future::join_all((0..4).map(|_| get(&client, &site, "/x"))).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    let (asked, refused) = (counts.0.load(Ordering::SeqCst), counts.1.load(Ordering::SeqCst));
    assert!(refused > 1, "the test wants several at once: {refused}");
    assert_eq!(asked, 2, "one at the start, one when it was refused");
}

#[tokio::test]
async fn one_place_is_enough_to_renew_and_a_token_that_is_always_refused_ends() {
    let (site, saw) = serve(|path, _| if path == "/token" { ok(&json!({})) } else { answer(401, &[], "") }).await;
    let failed = get(&renewing(&site, 1), &site, "/x").await.unwrap_err();
    assert!(matches!(failed.error, SourceError::Unauthorized { .. }), "{failed:?}");
    assert_eq!((tokens(&saw).len(), saw.lock().unwrap().len()), (2, 4));
}

#[tokio::test]
async fn a_refusal_of_somebody_else_renews_nothing() {
    let (portal, portal_saw) = serve(|_, _| answer(401, &[], "")).await;
    let (site, saw) = serve(move |path, _| if path == "/token" { ok(&json!({})) } else { answer(302, &[("location", portal.as_str())], "") }).await;
    let client = renewing(&site, 1);
    for _ in 0..2 {
        let failed = get(&client, &site, "/x").await.unwrap_err();
        assert!(matches!(failed.error, SourceError::Untrusted { .. }), "{failed:?}");
    }
    assert_eq!((tokens(&saw).len(), portal_saw.lock().unwrap().len()), (1, 2));
}

#[tokio::test]
async fn credentials_that_never_live_long_are_not_renewed_for_each_request() {
    for (lives, made) in [(Duration::from_secs(200), 1), (Duration::ZERO, 3)] {
        let (site, saw) = serve(|_, _| ok(&json!({}))).await;
        let client = living(&site, 1, lives);
        for _ in 0..3 {
            get(&client, &site, "/x").await.unwrap();
        }
        assert_eq!(tokens(&saw).len(), made, "{lives:?}");
    }
}
