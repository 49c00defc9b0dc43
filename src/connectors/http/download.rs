//! Streams a file: the redirect to another host without credentials, a broken connection taken up again where it broke, length and limit checked.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::{BoxStream, try_unfold};
use reqwest::header::CONTENT_RANGE;
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
            let start = body::start(answer.response, 64 << 10).await;
            return Err(self.page_for_people(start.as_bytes(), &request, &from));
        }
        let length = answer.response.content_length();
        if length.is_some_and(|length| length > request.max_bytes) {
            return Err(Failed::of(answer.response.status(), too_large(&request)));
        }
        let course = Course { client: self.clone(), request, answer: Some(answer), length, got: 0, skip: 0, resumes: 0, pace: Pace::default() };
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

    /// Asks for the rest. Servers that know no ranges send all of it again.
    async fn resume(&mut self, broken: Failed) -> Result<(), SourceError> {
        self.answer = None;
        let mut broken = broken;
        while self.resumes < RESUMES {
            self.resumes += 1;
            tokio::time::sleep(wait::backoff(self.client.0.setup.retry_base, self.resumes, BACKOFF_MAX)).await;
            match self.client.send(&self.request, &range(self.got), None).await {
                Ok(answer) => {
                    self.skip = if starts_at(&answer.response) == Some(self.got) { 0 } else { self.got };
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

/// Where a partial answer begins.
fn starts_at(response: &Response) -> Option<u64> {
    let range = response.headers().get(CONTENT_RANGE).filter(|_| response.status() == StatusCode::PARTIAL_CONTENT)?;
    range.to_str().ok()?.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}

fn too_large(request: &Request) -> SourceError {
    SourceError::TooLarge { what: request.what.clone(), limit_bytes: request.max_bytes }
}
