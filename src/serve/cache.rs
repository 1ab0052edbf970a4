//! Conditional requests: who has an answer already is not sent it again (RFC 9110, section 13).

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

/// Gives each answer a validator made of its content, and answers 304 to who has it.
///
/// The archive is asked all the same: ages in a question and freshness in a score change with the clock, so that only
/// the answer itself tells whether it is another.
pub(super) async fn revalidate(request: Request, next: Next) -> Response {
    let is_get = request.method() == Method::GET;
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let response = next.run(request).await;
    if !is_get || response.status() != StatusCode::OK {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let tag = tag(&body);
    head.headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
    head.headers.insert(header::ETAG, tag.clone());
    if known.is_some_and(|known| fits(&known, &tag)) {
        let kept = [header::ETAG, header::CACHE_CONTROL];
        let headers: HeaderMap =
            kept.into_iter().filter_map(|name| Some((name.clone(), head.headers.remove(&name)?))).collect();
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    Response::from_parts(head, Body::from(body))
}

/// A weak validator: compressed or not, it is the same answer.
fn tag(body: &[u8]) -> HeaderValue {
    let hash: String = Sha256::digest(body)[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::from_str(&format!("W/\"{hash}\"")).expect("hexadecimal digits and quotes")
}

/// Tells whether a list of validators has this one; their strength does not matter here.
fn fits(known: &HeaderValue, tag: &HeaderValue) -> bool {
    let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let (Ok(known), Ok(tag)) = (known.to_str(), tag.to_str()) else { return false };
    known.trim() == "*" || known.split(',').any(|one| strong(one) == strong(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_validators_is_read() {
        let tag = tag(b"x");
        let strong = tag.to_str().expect("text").trim_start_matches("W/").to_owned();
        let fits = |known: &str| fits(&HeaderValue::from_str(known).expect("a value"), &tag);
        assert!(fits("*") && fits(&strong) && fits(&format!("\"a\", W/{strong}")));
        assert!(!fits("\"a\"") && !fits(""));
    }
}
