//! What others answer, or the service itself where it repeats, changes or drags out what it was asked for.

use super::*;

const SECRET: &str = "token-that-nobody-may-see";

#[tokio::test]
async fn whoever_sends_us_back_does_not_choose_what_is_asked_with_credentials() {
    let home = Arc::new(Mutex::new(None::<Url>));
    let back = Arc::clone(&home);
    let (stranger, _) = serve(move |_, _| {
        let to = back.lock().unwrap().clone().unwrap().join("/private").unwrap();
        answer(302, &[("location", to.as_str())], "")
    })
    .await;
    let (site, saw) = serve(move |path, _| match path {
        "/first" => answer(200, &[("content-type", "application/json"), ("set-cookie", "s=1")], "{}"),
        "/out" => answer(302, &[("location", stranger.as_str())], ""),
        _ => ok(&json!({})),
    })
    .await;
    *home.lock().unwrap() = Some(site.clone());
    let client = client(&site);
    get(&client, &site, "/first").await.unwrap();
    client.json::<Value>(Request::get(site.join("/out").unwrap(), "the thing").with_cookies()).await.unwrap();
    let saw = saw.lock().unwrap().clone();
    let shown: Vec<_> = saw.iter().map(|(_, path, authorization, cookie)| (path.as_str(), authorization.is_some(), cookie.is_some())).collect();
    assert_eq!(shown, [("/first", true, false), ("/out", true, true), ("/private", false, false)]);
}

#[tokio::test]
async fn nothing_changed_is_a_word_of_whom_we_told_what_we_have() {
    let (stranger, _) = serve(|_, _| answer(304, &[], "")).await;
    let (site, _) = serve(move |path, _| match path {
        "/away" => answer(302, &[("location", stranger.as_str())], ""),
        _ => answer(304, &[("etag", "\"1\"")], ""),
    })
    .await;
    let client = client(&site);
    let ask = |path: &str| Request::get(site.join(path).unwrap(), "the thing");
    let reply = client.reply::<Value>(ask("/here").unless("\"1\"")).await.unwrap();
    assert_eq!((reply.status, reply.body), (304, None));
    for request in [ask("/away").unless("\"1\""), ask("/here")] {
        let failed = client.reply::<Value>(request).await.unwrap_err();
        assert!(matches!(failed.error, SourceError::BadAnswer { .. }), "{failed:?}");
    }
}

#[tokio::test]
async fn a_head_that_repeats_the_credentials_is_neither_kept_nor_shown() {
    let marks = [("etag", "\"token-that-nobody-may-see\""), ("x-accepted-github-permissions", "token-that-nobody-may-see=read"), ("x-other", "1")];
    let (site, _) = serve(move |path, _| {
        let mut headers = marks.to_vec();
        headers.push(("content-type", "application/json"));
        answer(if path == "/well" { 200 } else { 403 }, &headers, "{}")
    })
    .await;
    let habits = Habits { keeps_refusals: true, ..Habits::default() };
    let client = Client::new(Setup { habits, ..setup_of(&site) }).unwrap();
    let request = |path: &str| Request::get(site.join(path).unwrap(), "the thing");
    let reply = client.reply::<Value>(request("/well")).await.unwrap();
    assert_eq!((reply.headers.get("etag"), reply.headers.get("x-other")), (None, Some("1")));
    let whole = client.bytes(request("/well")).await.unwrap();
    assert_eq!(whole.headers.get("etag"), None);
    let failed = client.reply::<Value>(request("/refused")).await.unwrap_err();
    let refusal = failed.refusal.unwrap();
    assert_eq!((refusal.headers.get("x-accepted-github-permissions"), refusal.headers.get("x-other")), (None, Some("1")));
    assert!(!format!("{refusal:?}").contains(SECRET));
}

#[tokio::test]
async fn a_refusal_that_drips_for_ever_keeps_nobody() {
    for head in [
        "HTTP/1.1 403 Forbidden\r\ncontent-length: 10000000\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 10000000\r\n\r\n",
    ] {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let site = Url::parse(&format!("http://{}", socket.local_addr().unwrap())).unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = socket.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(head.as_bytes()).await;
            while stream.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        let habits = Habits { keeps_refusals: true, ..Habits::default() };
        let patience = Patience { silence: Duration::from_millis(300), ..Patience::default() };
        let client = Client::new(Setup { habits, patience, ..setup_of(&site) }).unwrap();
        // At fifty milliseconds a byte, what is looked at of it would take a quarter of an hour.
        let download = client.download(Request::get(site.clone(), "a file"), false);
        let ended = tokio::time::timeout(Duration::from_secs(60), download).await.unwrap();
        assert!(ended.is_err());
    }
}

#[tokio::test]
async fn a_part_that_nobody_asked_for_is_not_taken_for_the_whole() {
    let (site, _) = serve(|_, _| answer(206, &[("content-type", "application/json"), ("content-range", "bytes 0-1/9")], "{}")).await;
    let client = client(&site);
    let request = || Request::get(site.clone(), "a file");
    let json = client.json::<Value>(request()).await.unwrap_err();
    let bytes = client.bytes(request()).await.unwrap_err();
    let file = client.download(request(), false).await.err().unwrap();
    for failed in [json, bytes, file] {
        assert!(matches!(&failed.error, SourceError::BadAnswer { detail, .. } if detail.contains("a part")), "{failed:?}");
    }
}

#[tokio::test]
async fn a_file_that_changes_while_it_comes_is_not_put_together_of_two() {
    let first = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\netag: \"1\"\r\nconnection: close\r\n\r\n01234";
    for (second, why) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 10\r\netag: \"2\"\r\nconnection: close\r\n\r\nabcdefghij", "changed"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 12\r\nconnection: close\r\n\r\nabcdefghijkl", "changed"),
        ("HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 5-8/9\r\ncontent-length: 4\r\nconnection: close\r\n\r\nfghi", "changed"),
        ("HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 7-9/10\r\ncontent-length: 3\r\nconnection: close\r\n\r\n789", "another part"),
        ("HTTP/1.1 206 Partial Content\r\ncontent-length: 5\r\nconnection: close\r\n\r\n56789", "another part"),
    ] {
        let (site, heard) = scripted_and_heard(vec![first, second]).await;
        let download = client(&site).download(Request::get(site.clone(), "a file"), false).await.unwrap();
        let chunks: Vec<_> = download.bytes.collect().await;
        let Some(Err(SourceError::BadAnswer { detail, .. })) = chunks.last() else { panic!("{second}: {chunks:?}") };
        assert!(detail.contains(why), "{second}: {detail}");
        let again = heard.lock().unwrap()[1].clone();
        assert!(again.contains("range: bytes=5-") && again.contains("if-range: \"1\""), "{again}");
    }
    // A part that begins earlier than asked for is of use.
    let earlier = "HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 3-9/10\r\ncontent-length: 7\r\nconnection: close\r\n\r\n3456789";
    let site = scripted(vec![first, earlier]).await;
    let download = client(&site).download(Request::get(site.clone(), "a file"), false).await.unwrap();
    let bytes: Vec<Bytes> = download.bytes.map(Result::unwrap).collect().await;
    assert_eq!(bytes.concat(), b"0123456789");
}

#[tokio::test]
async fn where_no_length_is_told_a_file_is_asked_for_from_its_beginning() {
    let first = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n5\r\n01234\r\n";
    let second = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\na\r\n0123456789\r\n0\r\n\r\n";
    let (site, heard) = scripted_and_heard(vec![first, second]).await;
    let download = client(&site).download(Request::get(site.clone(), "a file"), false).await.unwrap();
    let bytes: Vec<Bytes> = download.bytes.map(Result::unwrap).collect().await;
    assert_eq!(bytes.concat(), b"0123456789");
    assert!(!heard.lock().unwrap()[1].contains("range:"), "a server may count in compressed bytes");
}

#[tokio::test]
async fn credentials_that_fit_in_no_header_are_not_left_out_silently() {
    let (site, saw) = serve(|_, _| ok(&json!({}))).await;
    let request = Request::get(site.clone(), "the thing").authorized(Secret::new("Bearer two\nlines".to_owned()));
    let failed = client(&site).json::<Value>(request).await.unwrap_err();
    assert!(!format!("{failed:?}").contains("lines"), "{failed:?}");
    assert!(saw.lock().unwrap().is_empty());
    // Nor does a header of a request let anybody write another one.
    let request = Request::get(site.clone(), "the thing").unless("\"1\"\r\nx-more: 1");
    assert!(!request.is_conditional());
}

#[tokio::test]
async fn a_stranger_who_wants_rest_keeps_only_requests_to_himself_waiting() {
    let (stranger, stranger_saw) = serve(|_, _| answer(429, &[("retry-after", "86400")], "")).await;
    let (site, _) = serve(move |path, _| if path == "/away" { answer(302, &[("location", stranger.as_str())], "") } else { ok(&json!({})) }).await;
    let dir = tempfile::tempdir().unwrap();
    let client = Client::new(Setup { cache: Some(dir.path().to_owned()), ..setup_of(&site) }).unwrap();
    let away = tokio::spawn({
        let (client, site) = (client.clone(), site.clone());
        async move { get(&client, &site, "/away").await }
    });
    while client.0.budget.gates.how_many_wait() == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let home = tokio::time::timeout(Duration::from_secs(30), get(&client, &site, "/home")).await;
    assert!(home.unwrap().is_ok() && !away.is_finished());
    assert_eq!((stranger_saw.lock().unwrap().len(), std::fs::read_dir(dir.path()).unwrap().count()), (1, 0));
    away.abort();
}
