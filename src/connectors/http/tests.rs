//! The client against small servers on this machine that misbehave as real ones do.

use std::convert::Infallible;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use bytes::Bytes;
use futures_util::StreamExt as _;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use url::Url;

use super::*;

mod renewed;
mod spent;
mod strangers;

type Answered = hyper::Response<Full<Bytes>>;

/// Method, path with query, Authorization and Cookie of each request that came.
type Seen = Arc<Mutex<Vec<(String, String, Option<String>, Option<String>)>>>;

/// Serves `answer(path, number of the request)`; returns the origin and what it saw.
async fn serve(answer: impl Fn(&str, usize) -> Answered + Send + Sync + 'static) -> (Url, Seen) {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = Url::parse(&format!("http://{}", socket.local_addr().unwrap())).unwrap();
    let (seen, answer, count) = (Seen::default(), Arc::new(answer), Arc::new(AtomicUsize::new(0)));
    let shared = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = socket.accept().await {
            let (seen, answer, count) = (Arc::clone(&shared), Arc::clone(&answer), Arc::clone(&count));
            let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
                let path = request.uri().path_and_query().unwrap().to_string();
                seen.lock().unwrap().push((request.method().to_string(), path.clone(), header("authorization"), header("cookie")));
                let answered = answer(&path, count.fetch_add(1, Ordering::SeqCst));
                async move { Ok::<_, Infallible>(answered) }
            });
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    (origin, seen)
}

/// A server that writes these bytes to each connection, one after the other, and hangs up.
async fn scripted(answers: Vec<&'static str>) -> Url {
    scripted_and_heard(answers).await.0
}

/// The same, with the heads of the requests as they came.
async fn scripted_and_heard(answers: Vec<&'static str>) -> (Url, Arc<Mutex<Vec<String>>>) {
    let heard = Arc::<Mutex<Vec<String>>>::default();
    let hears = Arc::clone(&heard);
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = Url::parse(&format!("http://{}", socket.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        for answer in answers {
            let (mut stream, _) = socket.accept().await.unwrap();
            let mut request = [0; 4096];
            let length = stream.read(&mut request).await.unwrap_or_default();
            hears.lock().unwrap().push(String::from_utf8_lossy(&request[..length]).to_ascii_lowercase());
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (origin, heard)
}

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answered {
    let mut builder = hyper::Response::builder().status(status);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(Full::new(Bytes::from(body.to_owned()))).unwrap()
}

fn ok(value: &Value) -> Answered {
    answer(200, &[("content-type", "application/json")], &value.to_string())
}

fn client(trusted: &Url) -> Client {
    Client::new(Setup {
        service: "wiki.example".to_owned(),
        trusted: vec![trusted.origin()],
        authorization: Some(Secret::new("Bearer token-that-nobody-may-see".to_owned())),
        is_password: false,
        cache: None,
        hint: "Make a new token.".to_owned(),
        post_paths: &["/users-bulk"],
        allow_plain_http: false,
        concurrency: 4,
        requests_per_second: 1000,
        burst: 1000,
        retry_base: Duration::from_millis(1),
        patience: Patience { silence: Duration::from_millis(300), answer: Duration::from_secs(5), pace: Duration::from_millis(500) },
        ways: Ways::default(),
        habits: Habits::default(),
    })
    .unwrap()
}

async fn get(client: &Client, url: &Url, path: &str) -> Result<Value, Failed> {
    client.json(Request::get(url.join(path).unwrap(), "the thing")).await
}

fn says_nothing_secret(failed: &Failed) {
    let said = format!("{} {:?} {}", failed.error, failed, failed.error.hint());
    assert!(!said.contains("nobody-may-see") && !said.contains("query=") && !said.contains('?'), "{said}");
}

#[tokio::test]
async fn credentials_and_cookies_stay_at_their_origin() {
    let (media, media_saw) = serve(|_, _| answer(200, &[("set-cookie", "m=1")], "picture")).await;
    let target = media.join("/file?token=jwt").unwrap();
    let (site, site_saw) = serve(move |path, _| match path {
        "/first" => answer(200, &[("content-type", "application/json"), ("set-cookie", "JSESSIONID=s; Path=/")], "{}"),
        "/again" => answer(302, &[("location", "/download")], ""),
        _ => answer(302, &[("location", target.as_str())], ""),
    })
    .await;
    let client = client(&site);
    get(&client, &site, "/first").await.unwrap();
    let download = client.download(Request::get(site.join("/again").unwrap(), "a file").with_cookies(), false).await.unwrap();
    let bytes: Vec<Bytes> = download.bytes.map(Result::unwrap).collect().await;
    assert_eq!(bytes.concat(), b"picture");
    let site_saw = site_saw.lock().unwrap().clone();
    assert_eq!(site_saw.len(), 3);
    assert!(site_saw.iter().all(|(_, _, authorization, _)| authorization.is_some()), "{site_saw:?}");
    assert_eq!((&site_saw[0].3, site_saw[2].3.as_deref()), (&None, Some("JSESSIONID=s")));
    let media_saw = media_saw.lock().unwrap().clone();
    assert_eq!(media_saw, [("GET".to_owned(), "/file?token=jwt".to_owned(), None, None)]);
    assert_eq!(client.traffic().requests, 4);
}

#[tokio::test]
async fn credentials_do_not_pass_from_one_trusted_origin_to_another_nor_to_anonymous_requests() {
    let (gateway, gateway_saw) = serve(|_, _| ok(&json!({}))).await;
    let target = gateway.join("/x").unwrap();
    let (site, site_saw) = serve(move |_, _| answer(307, &[("location", target.as_str())], "")).await;
    let both = Setup { trusted: vec![site.origin(), gateway.origin()], ..setup_of(&site) };
    let client = Client::new(both).unwrap();
    get(&client, &site, "/x").await.unwrap();
    assert_eq!(gateway_saw.lock().unwrap()[0].2, None);
    get(&client, &gateway, "/y").await.unwrap();
    assert!(gateway_saw.lock().unwrap()[1].2.is_some());
    client.json::<Value>(Request::get(site.join("/z").unwrap(), "x").anonymous()).await.unwrap();
    assert_eq!(site_saw.lock().unwrap()[1].2, None);
}

fn setup_of(trusted: &Url) -> Setup {
    Setup {
        service: "wiki.example".to_owned(),
        trusted: vec![trusted.origin()],
        authorization: Some(Secret::new("Bearer token-that-nobody-may-see".to_owned())),
        is_password: false,
        cache: None,
        hint: String::new(),
        post_paths: &[],
        allow_plain_http: false,
        concurrency: 1,
        requests_per_second: 1000,
        burst: 1000,
        retry_base: Duration::from_millis(1),
        patience: Patience::default(),
        ways: Ways::default(),
        habits: Habits::default(),
    }
}

#[tokio::test]
async fn endless_and_downward_redirects_end() {
    let (site, saw) = serve(|path, _| match path {
        "/plain" => answer(302, &[("location", "http://wiki.example/x?query=1")], ""),
        "/file" => answer(302, &[("location", "file:///etc/passwd")], ""),
        "/nowhere" => answer(302, &[], ""),
        _ => answer(302, &[("location", "/round?query=1")], ""),
    })
    .await;
    let client = client(&site);
    for path in ["/round", "/plain", "/file", "/nowhere"] {
        let failed = get(&client, &site, path).await.unwrap_err();
        assert!(matches!(failed.error, SourceError::BadAnswer { .. }), "{failed:?}");
        says_nothing_secret(&failed);
    }
    assert_eq!(saw.lock().unwrap().len(), 6 + 3);
}

#[tokio::test]
async fn plain_http_and_posts_that_are_no_reading_are_never_sent() {
    let (site, saw) = serve(|_, _| ok(&json!({"results": []}))).await;
    let client = client(&site);
    let other = Url::parse("http://wiki.example/").unwrap();
    assert!(matches!(get(&client, &other, "/x").await.unwrap_err().error, SourceError::Misconfigured { .. }));
    let post = |path: &str| Request::post(site.join(path).unwrap(), "x", "{}".to_owned());
    assert!(client.json::<Value>(post("/pages")).await.is_err());
    assert!(saw.lock().unwrap().is_empty());
    client.json::<Value>(post("/api/v2/users-bulk")).await.unwrap();
    assert_eq!(saw.lock().unwrap()[0].0, "POST");
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_what_is_final_is_not() {
    for (status, tries) in [(408, 4), (502, 4), (503, 4), (504, 4), (520, 4), (524, 4), (400, 1), (401, 1), (403, 1), (404, 1), (410, 1), (500, 1)] {
        let (site, saw) = serve(move |_, _| answer(status, &[("content-type", "application/json")], "{}")).await;
        let failed = get(&client(&site), &site, "/x?query=1").await.unwrap_err();
        assert_eq!((failed.status, saw.lock().unwrap().len()), (Some(status), tries), "{status}");
        says_nothing_secret(&failed);
    }
    let (site, saw) = serve(|_, n| if n < 2 { answer(503, &[], "") } else { ok(&json!({"a": 1})) }).await;
    assert_eq!(get(&client(&site), &site, "/x").await.unwrap(), json!({"a": 1}));
    assert_eq!(saw.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_captcha_and_a_login_page_are_refused_credentials() {
    let login = "<html><title>Log in</title><form id=\"login\"><input type=\"password\"></form></html>";
    let (site, saw) = serve(move |path, _| match path {
        "/captcha" => answer(403, &[("x-seraph-loginreason", "AUTHENTICATION_DENIED")], ""),
        "/login" => answer(200, &[("content-type", "text/html")], login),
        "/scope" => answer(401, &[], "{\"code\":401,\"message\":\"Unauthorized; scope does not match\"}"),
        _ => answer(200, &[("content-type", "text/html")], "<html>Welcome</html>"),
    })
    .await;
    let client = client(&site);
    for path in ["/captcha", "/login", "/scope"] {
        let failed = get(&client, &site, path).await.unwrap_err();
        let SourceError::Unauthorized { detail, hint, .. } = &failed.error else { panic!("{failed:?}") };
        assert_eq!(hint, "Make a new token.");
        assert_eq!(detail.contains("scope"), path == "/scope", "{detail}");
    }
    assert!(matches!(get(&client, &site, "/other").await.unwrap_err().error, SourceError::BadAnswer { .. }));
    assert_eq!(saw.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn retry_after_holds_all_requests_and_shows_until_when() {
    let (site, saw) = serve(|_, n| if n == 0 { answer(429, &[("retry-after", "1")], "") } else { ok(&json!({})) }).await;
    let client = client(&site);
    let began = std::time::Instant::now();
    let other = async {
        while client.traffic().waiting_until_ms.is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        get(&client, &site, "/other").await.unwrap();
        began.elapsed()
    };
    let (first, other) = tokio::join!(get(&client, &site, "/first"), other);
    first.unwrap();
    assert!(other >= Duration::from_millis(950), "{other:?}");
    assert_eq!(client.traffic().waiting_until_ms, None);
    assert_eq!(saw.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_service_near_its_limit_is_asked_half_as_often() {
    let near = [("x-ratelimit-nearlimit", "true")];
    let (site, _) = serve(move |path, _| if path.contains("near") { answer(200, &near, "{}") } else { ok(&json!({})) }).await;
    let client = client(&site);
    get(&client, &site, "/well").await.unwrap();
    let before = client.traffic().requests_per_second;
    get(&client, &site, "/near").await.unwrap();
    get(&client, &site, "/near").await.unwrap();
    assert_eq!(client.traffic().requests_per_second, before / 2, "one complaint, however often it is made at once");
}

#[tokio::test]
async fn a_rate_limit_without_end_is_given_up() {
    let (site, saw) = serve(|_, _| answer(429, &[], "")).await;
    let failed = get(&client(&site), &site, "/x").await.unwrap_err();
    assert!(matches!(failed.error, SourceError::RateLimited { .. }), "{failed:?}");
    assert_eq!(saw.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn bodies_are_bounded_after_decompression() {
    use std::io::Write as _;
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&vec![b' '; 8 << 20]).unwrap();
    let bomb = Bytes::from(bomb.finish().unwrap());
    let (site, _) = serve(move |_, _| {
        let builder = hyper::Response::builder().header("content-type", "application/json").header("content-encoding", "gzip");
        builder.body(Full::new(bomb.clone())).unwrap()
    })
    .await;
    let client = client(&site);
    let request = Request::get(site.join("/x").unwrap(), "the thing").at_most(1 << 20);
    let failed = client.json::<Value>(request).await.unwrap_err();
    assert!(matches!(failed.error, SourceError::TooLarge { limit_bytes: 1_048_576, .. }), "{failed:?}");
    assert!(client.traffic().bytes < 2 << 20, "{}", client.traffic().bytes);
}

#[tokio::test]
async fn answers_that_break_off_are_asked_for_again() {
    let whole = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 8\r\nconnection: close\r\n\r\n{\"a\": 1}";
    let short = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 8\r\nconnection: close\r\n\r\n{\"a\"";
    let cut = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5\r\nconnection: close\r\n\r\n{\"a\":";
    let site = scripted(vec![short, cut, "", whole]).await;
    assert_eq!(get(&client(&site), &site, "/x").await.unwrap(), json!({"a": 1}));
    let gone = scripted(vec![]).await;
    let failed = get(&client(&gone), &gone, "/x?query=1").await.unwrap_err();
    assert!(matches!(failed.error, SourceError::Network { .. }), "{failed:?}");
    says_nothing_secret(&failed);
}

#[tokio::test]
async fn silence_is_not_waited_for_for_ever() {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let site = Url::parse(&format!("http://{}", socket.local_addr().unwrap())).unwrap();
    let failed = get(&client(&site), &site, "/x").await.unwrap_err();
    assert!(failed.slow && matches!(failed.error, SourceError::Network { .. }), "{failed:?}");
}

#[tokio::test]
async fn a_download_that_breaks_is_taken_up_where_it_broke() {
    let first = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\nconnection: close\r\n\r\n01234";
    for second in [
        "HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 5-9/10\r\ncontent-length: 5\r\nconnection: close\r\n\r\n56789",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\nconnection: close\r\n\r\n0123456789",
    ] {
        let site = scripted(vec![first, second]).await;
        let download = client(&site).download(Request::get(site.clone(), "a file"), false).await.unwrap();
        assert_eq!(download.length, Some(10));
        let bytes: Vec<Bytes> = download.bytes.map(Result::unwrap).collect().await;
        assert_eq!(bytes.concat(), b"0123456789");
    }
    let site = scripted(vec![first, first, first, first, first]).await;
    let download = client(&site).download(Request::get(site.clone(), "a file"), false).await.unwrap();
    let chunks: Vec<_> = download.bytes.collect().await;
    assert!(matches!(chunks.last(), Some(Err(SourceError::Network { .. }))), "{chunks:?}");
}

#[tokio::test]
async fn a_page_in_place_of_a_file_and_a_file_beyond_the_limit_are_errors() {
    let (site, _) = serve(|path, _| match path {
        "/page" => answer(200, &[("content-type", "text/html")], "<html><title>Log in</title></html>"),
        _ => answer(200, &[("content-type", "image/png")], "0123456789"),
    })
    .await;
    let client = client(&site);
    let ask = |path: &str| Request::get(site.join(path).unwrap(), "a file");
    assert!(matches!(client.download(ask("/page"), false).await.err().unwrap().error, SourceError::Unauthorized { .. }));
    assert!(client.download(ask("/page"), true).await.is_ok());
    assert!(matches!(client.download(ask("/big").at_most(9), false).await.err().unwrap().error, SourceError::TooLarge { .. }));
}

#[tokio::test]
async fn what_somebody_else_answers_after_a_redirect_is_no_word_of_the_service() {
    let login = "<html><form id=\"login\"><input type=\"password\"></form></html>";
    let (portal, portal_saw) = serve(move |path, _| match path {
        "/page" => answer(200, &[("content-type", "text/html")], login),
        path => answer(path[1..].parse().unwrap(), &[("content-type", "application/json")], "{}"),
    })
    .await;
    let (site, saw) = serve(move |path, _| answer(302, &[("location", portal.join(path).unwrap().as_str())], "")).await;
    let client = client(&site);
    for path in ["/page", "/401", "/403", "/404", "/410"] {
        let failed = get(&client, &site, path).await.unwrap_err();
        assert!(matches!(failed.error, SourceError::Untrusted { .. }), "{path}: {failed:?}");
        assert!(failed.error.hint().contains("browser"), "{failed:?}");
        says_nothing_secret(&failed);
    }
    assert_eq!(saw.lock().unwrap().len(), 5, "nothing is asked twice");
    assert!(portal_saw.lock().unwrap().iter().all(|(_, _, authorization, _)| authorization.is_none()));
}

#[tokio::test]
async fn a_network_or_a_proxy_that_wants_a_login_is_no_refusal_of_our_credentials() {
    for (status, way_out) in [(511, "browser"), (407, "proxy_username")] {
        let (site, saw) = serve(move |_, _| answer(status, &[("content-type", "text/html")], "<html>Log in</html>")).await;
        let failed = get(&client(&site), &site, "/x?query=1").await.unwrap_err();
        assert!(matches!(&failed.error, SourceError::Untrusted { hint, .. } if hint.contains(way_out)), "{failed:?}");
        assert_eq!(saw.lock().unwrap().len(), 1);
        says_nothing_secret(&failed);
    }
}

#[tokio::test]
async fn a_service_that_fails_at_everything_is_left_alone_and_one_bad_page_is_not_everything() {
    let json = [("content-type", "application/json")];
    let (site, saw) = serve(move |path, _| answer(if path == "/well" { 200 } else { 500 }, &json, "{}")).await;
    let client = client(&site);
    for n in 0..24 {
        assert!(matches!(get(&client, &site, "/x").await.unwrap_err().error, SourceError::BadAnswer { .. }), "{n}");
    }
    get(&client, &site, "/well").await.unwrap();
    for _ in 0..24 {
        get(&client, &site, "/x").await.unwrap_err();
    }
    let failed = get(&client, &site, "/x").await.unwrap_err();
    assert!(matches!(&failed.error, SourceError::Network { detail, .. } if detail.contains("25 requests in a row")), "{failed:?}");
    assert_eq!(saw.lock().unwrap().len(), 50);
}

#[tokio::test]
async fn files_that_fail_in_a_row_are_asked_for_no_more_and_documents_still_are() {
    let (site, saw) = serve(|path, _| if path == "/json" { ok(&json!({})) } else { answer(503, &[], "") }).await;
    let client = client(&site);
    for _ in 0..40 {
        let failed = client.download(Request::get(site.join("/file").unwrap(), "a file"), false).await.err().unwrap();
        assert!(matches!(failed.error, SourceError::BadAnswer { .. }), "it is deferred: {failed:?}");
    }
    assert_eq!(saw.lock().unwrap().len(), 25 * 4);
    get(&client, &site, "/json").await.unwrap();
}

#[tokio::test]
async fn an_answer_that_drips_for_ever_is_given_up_and_counts_as_slow() {
    let site = dripping(Duration::from_millis(50), 1).await;
    let patience = Patience { silence: Duration::from_secs(5), answer: Duration::from_millis(300), pace: Duration::from_secs(5) };
    let client = Client::new(Setup { patience, ..setup_of(&site) }).unwrap();
    let failed = get(&client, &site, "/x").await.unwrap_err();
    assert!(failed.slow && matches!(failed.error, SourceError::Network { .. }), "{failed:?}");
}

#[tokio::test]
async fn a_file_that_drips_is_given_up_and_one_that_is_only_slow_is_not() {
    for (bytes_each, comes) in [(1, false), (4000, true)] {
        let site = dripping(Duration::from_millis(50), bytes_each).await;
        let download = client(&site).download(Request::get(site.clone(), "a file"), false).await.unwrap();
        let chunks: Vec<_> = download.bytes.take(30).collect().await;
        match chunks.last() {
            Some(Err(SourceError::BadAnswer { detail, .. })) => assert!(!comes && detail.contains("slower"), "{detail}"),
            last => assert!(comes && chunks.len() == 30, "{last:?}"),
        }
    }
}

/// A server whose body never ends: so many bytes at a time.
async fn dripping(every: Duration, bytes: usize) -> Url {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = Url::parse(&format!("http://{}", socket.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = socket.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 10000000\r\n\r\n";
                let _ = stream.write_all(head.as_bytes()).await;
                while stream.write_all(&vec![b' '; bytes]).await.is_ok() {
                    tokio::time::sleep(every).await;
                }
            });
        }
    });
    origin
}
