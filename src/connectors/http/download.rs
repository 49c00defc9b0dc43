//! Streams a file: the redirect to another host without credentials, a broken connection taken up again where it broke, length and limit checked.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::{BoxStream, try_unfold};
use reqwest::header::{CONTENT_RANGE, ETAG, HeaderValue, IF_RANGE, RANGE};
use reqwest::{Response, StatusCode};

use super::failed::{Failure, without_answer};
use super::{Answer, BACKOFF_MAX, Client, Failed, Request, body, range, wait};
use crate::connectors::connector::SourceError;

/// A connection that breaks is taken up again at most so often.
const RESUMES: u32 = 3;
/// Files that come slower than this would never end.
const LEAST_BYTES_PER_SECOND: f64 = 1024.0;

/// A file that is coming.
pub struct Download {
    /// Its length where the service announced one.
    pub length: Option<u64>,
    /// Its bytes; an end without error means that all of it came.
    pub bytes: BoxStream<'static, Result<Bytes, SourceError>>,
}

struct Course {
    client: Client,
    request: Request,
    answer: Option<Answer>,
    length: Option<u64>,
    /// Which state of the file this is, if the service says so (a strong `ETag`).
    mark: Option<HeaderValue>,
    got: u64,
    /// Bytes of a repeated answer that were handed out already.
    skip: u64,
    resumes: u32,
    pace: Pace,
}

/// How fast the bytes come; what is done with them takes its own time.
#[derive(Default)]
struct Pace {
    waited: Duration,
    bytes: u64,
}

impl Client {
    /// Streams what `request` asks for, at most its limit. With `page` the file may be a web page itself; otherwise one that comes in its place is an error.
    ///
    /// # Errors
    /// When it cannot be had, after retries.
    pub async fn download(&self, request: Request, page: bool) -> Result<Download, Failed> {
        let request = Request { file: true, ..request };
        let answer = self.begin(&request).await?;
        if !page && body::is_html(&answer.response) {
            let from = answer.response.url().clone();
            let start = body::start(answer.response, 64 << 10, self.0.setup.patience.silence).await;
            return Err(self.page_for_people(&start, &request, &from));
        }
        let length = answer.response.content_length();
        if length.is_some_and(|length| length > request.max_bytes) {
            return Err(Failed::of(answer.response.status(), too_large(&request)));
        }
        let mark = mark(&answer.response);
        let (client, answer) = (self.clone(), Some(answer));
        let course = Course { client, request, answer, length, mark, got: 0, skip: 0, resumes: 0, pace: Pace::default() };
        Ok(Download { length, bytes: try_unfold(course, Course::next).boxed() })
    }

    /// The head of the answer. Where files fail in a row, no more are asked for; the documents are another matter.
    async fn begin(&self, request: &Request) -> Result<Answer, Failed> {
        let storm = &self.0.storms[1];
        if let Some(count) = storm.rages() {
            let why = format!("it is not asked for, because {count} files in a row failed");
            return Err(Failed::before(self.bad_answer(&request.what, &why)));
        }
        let mut tries = 0;
        loop {
            tries += 1;
            let failure = match self.send(request, &range(0), None).await {
                Ok(answer) => {
                    storm.calm();
                    return Ok(answer);
                }
                Err(failure) => failure,
            };
            if let Err(failed) = self.pause(failure, tries, request.tries).await {
                if failed.status.is_some_and(|status| status >= 500) {
                    storm.failed();
                }
                return Err(failed);
            }
        }
    }
}

impl Course {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, SourceError> {
        loop {
            let Some(answer) = &mut self.answer else { return Ok(None) };
            let began = Instant::now();
            let came = answer.response.chunk().await;
            self.pace.waited += began.elapsed();
            match came {
                Ok(Some(chunk)) => {
                    self.keep_pace(chunk.len() as u64)?;
                    self.client.0.bytes.fetch_add(chunk.len() as u64, Ordering::Relaxed);
                    let known = self.skip.min(chunk.len() as u64);
                    self.skip -= known;
                    let fresh = chunk.slice(usize::try_from(known).unwrap_or(chunk.len())..);
                    self.got += fresh.len() as u64;
                    if self.got > self.request.max_bytes {
                        return Err(too_large(&self.request));
                    }
                    if !fresh.is_empty() {
                        return Ok(Some((fresh, self)));
                    }
                }
                Ok(None) if self.skip == 0 && self.length.is_none_or(|length| length == self.got) => return Ok(None),
                Ok(None) => {
                    let error = self.client.bad_answer(&self.request.what, "it ended before its announced length");
                    self.resume(Failed::of(StatusCode::OK, error)).await?;
                }
                Err(error) => {
                    let (Failure::Again(failed) | Failure::Final(failed) | Failure::Limited { failed, .. }) =
                        without_answer(&self.client.0.setup.service, error);
                    self.resume(failed).await?;
                }
            }
        }
    }

    fn keep_pace(&mut self, bytes: u64) -> Result<(), SourceError> {
        self.pace.bytes += bytes;
        let span = self.client.0.setup.patience.pace;
        if self.pace.waited < span {
            return Ok(());
        }
        let enough = self.pace.bytes as f64 >= self.pace.waited.as_secs_f64() * LEAST_BYTES_PER_SECOND;
        self.pace = Pace::default();
        if enough { Ok(()) } else { Err(self.client.bad_answer(&self.request.what, "it comes slower than a kilobyte a second")) }
    }

    /// Asks for the rest; for all of it where a length is unknown, since then a server may count in compressed bytes. Servers that know no ranges send all of it
    /// again as well.
    async fn resume(&mut self, broken: Failed) -> Result<(), SourceError> {
        self.answer = None;
        let mut broken = broken;
        while self.resumes < RESUMES {
            self.resumes += 1;
            tokio::time::sleep(wait::backoff(self.client.0.setup.retry_base, self.resumes, BACKOFF_MAX)).await;
            let mut from = range(if self.length.is_some() { self.got } else { 0 });
            from.extend(self.mark.clone().filter(|_| from.contains_key(RANGE)).map(|mark| (IF_RANGE, mark)));
            match self.client.send(&self.request, &from, None).await {
                Ok(answer) => {
                    let (begins, whole) = extent(&answer.response);
                    let same = |here: Option<u64>| self.length.is_none() || here.is_none() || self.length == here;
                    if !same(whole) || mark(&answer.response).is_some_and(|mark| self.mark.as_ref().is_some_and(|before| *before != mark)) {
                        return Err(self.client.bad_answer(&self.request.what, "it changed while it was fetched"));
                    }
                    let Some(skip) = begins.and_then(|begins| self.got.checked_sub(begins)) else {
                        return Err(self.client.bad_answer(&self.request.what, "another part of it than the one that was asked for"));
                    };
                    self.skip = skip;
                    self.answer = Some(answer);
                    return Ok(());
                }
                Err(Failure::Final(failed)) => return Err(failed.error),
                Err(Failure::Again(failed) | Failure::Limited { failed, .. }) => broken = failed,
            }
        }
        Err(broken.error)
    }
}

/// Where an answer begins, and how long the whole is, as far as it tells.
fn extent(response: &Response) -> (Option<u64>, Option<u64>) {
    if response.status() != StatusCode::PARTIAL_CONTENT {
        return (Some(0), response.content_length());
    }
    let range = response.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok()?.strip_prefix("bytes ")?.split_once('/'));
    let Some((part, whole)) = range else { return (None, None) };
    (part.split('-').next().and_then(|begins| begins.parse().ok()), whole.parse().ok())
}

fn mark(response: &Response) -> Option<HeaderValue> {
    response.headers().get(ETAG).filter(|mark| mark.as_bytes().starts_with(b"\"")).cloned()
}

fn too_large(request: &Request) -> SourceError {
    SourceError::TooLarge { what: request.what.clone(), limit_bytes: request.max_bytes }
}
