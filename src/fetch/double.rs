//! Answers that a program makes up: a whole web without a socket, for simulations.

use std::{fmt, pin::Pin};

use super::{Error, Fetch, Request, Response};

type Answering = Pin<Box<dyn Future<Output = Result<Response, Error>> + Send>>;

/// Answers requests by a function. It stands for the network, so hosts keep their gaps and robots.txt is asked for.
pub struct Double(Box<dyn Fn(Request) -> Answering + Send + Sync>);

impl Double {
    /// Returns a double that answers as `answer` does.
    pub fn new<A>(answer: impl Fn(Request) -> A + Send + Sync + 'static) -> Self
    where
        A: Future<Output = Result<Response, Error>> + Send + 'static,
    {
        Self(Box::new(move |request| Box::pin(answer(request))))
    }
}

impl Fetch for Double {
    async fn fetch(&self, request: Request) -> Result<Response, Error> {
        (self.0)(request).await
    }
}

impl fmt::Debug for Double {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Double")
    }
}
