//! Where hubs reach us (WebSub): they ask whether a subscription is meant, and deliver what a feed has published.
//!
//! Nothing is decided here. What a hub says is handed on with a way to answer, few at a time, since anybody may knock.

use std::{collections::HashMap, time::Duration};

use axum::{
    body,
    extract::{Path, Query, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use tokio::{
    sync::{mpsc, oneshot},
    time,
};

use super::Shared;
use crate::model::SourceId;

/// Larger deliveries are refused; the next poll brings what they announced.
const MAX_DELIVERY_BYTES: usize = 2 << 20;
/// A hub that takes longer to deliver is cut off.
const PATIENCE: Duration = Duration::from_secs(10);
/// Deliveries read at once: this bounds the memory that strangers can fill.
pub(super) const AT_ONCE: usize = 4;

/// What a hub says about a source.
#[derive(Debug)]
pub struct HubCall {
    /// The source whose callback was called.
    pub source: SourceId,
    /// What it says.
    pub message: HubMessage,
    /// Takes the answer: whether that is what was asked for.
    pub reply: oneshot::Sender<bool>,
}

/// What a hub can say.
#[derive(Debug)]
pub enum HubMessage {
    /// It was asked to begin or end, and asks whether that is meant.
    Verify {
        /// `subscribe`, `unsubscribe` or `denied`.
        mode: String,
        /// The address of the feed.
        topic: String,
        /// How long it will deliver.
        lease: Option<Duration>,
    },
    /// The feed has published.
    Delivery {
        /// The `Content-Type`.
        content_type: Option<String>,
        /// `X-Hub-Signature`.
        signature: String,
        /// A document with what is new.
        body: Bytes,
    },
}

/// Answers a hub that asks whether a subscription is meant: with its challenge, if it is.
pub(super) async fn verify(
    State(shared): State<Shared>,
    Path(source): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let part = |name: &str| query.get(name).cloned().unwrap_or_default();
    let lease = query.get("hub.lease_seconds").and_then(|text| text.parse().ok()).map(Duration::from_secs);
    let message = HubMessage::Verify { mode: part("hub.mode"), topic: part("hub.topic"), lease };
    if tell(shared.hub_calls.as_ref(), &source, message).await == Some(true) {
        return ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], part("hub.challenge")).into_response();
    }
    StatusCode::NOT_FOUND.into_response()
}

/// Takes a delivery. Whoever sends one with a wrong signature is not told so, as the specification has it; one for a source
/// that is not followed is told that it is gone.
pub(super) async fn deliver(State(shared): State<Shared>, Path(source): Path<String>, request: Request) -> Response {
    let Ok(_place) = shared.deliveries.try_acquire() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let content_type = text(&request, "content-type");
    let signature = text(&request, "x-hub-signature").unwrap_or_default();
    let reading = body::to_bytes(request.into_body(), MAX_DELIVERY_BYTES);
    let Ok(Ok(body)) = time::timeout(PATIENCE, reading).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    match tell(shared.hub_calls.as_ref(), &source, HubMessage::Delivery { content_type, signature, body }).await {
        Some(true) => StatusCode::ACCEPTED.into_response(),
        Some(false) => StatusCode::GONE.into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn text(request: &Request, name: &str) -> Option<String> {
    request.headers().get(name)?.to_str().ok().map(str::to_owned)
}

async fn tell(calls: Option<&mpsc::Sender<HubCall>>, source: &str, message: HubMessage) -> Option<bool> {
    let (reply, answer) = oneshot::channel();
    calls?.send(HubCall { source: source.parse().ok()?, message, reply }).await.ok()?;
    answer.await.ok()
}
