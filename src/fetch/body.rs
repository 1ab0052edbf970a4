//! What bodies may take of the memory, all of them together: a body grows against a common budget, from its first byte
//! until the last reader lets go of it.
//!
//! Every body has a little of its own, which is enough for most. Beyond that it takes from what all share, and when that is
//! used up it waits: for others to end, or to be the one body that may grow to the limit. So one is always getting on,
//! whatever the others do, and whoever waits longer than `http.timeout` is cut off like any slow answer.

use std::{mem, sync::Arc};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What every body has of its own: as much as nearly all feeds and pages need.
const OWN_BYTES: usize = 256 << 10;
/// What bodies share beyond that. With thirty-two requests under way and `http.max_body` at 8 MiB, bodies stay below
/// 8 + 8 + 8 MiB.
const SHARED_BYTES: usize = 8 << 20;
/// The most by which a body grows at once.
const STEP_BYTES: usize = 1 << 20;
/// The most that is set aside ahead, for a body that has grown beyond its own: it moves once, and what is set aside costs
/// nothing until it is filled.
const MAX_AHEAD_BYTES: usize = 16 << 20;
/// What a body begins with, once it has a byte.
const START_BYTES: usize = 16 << 10;

/// The memory of all bodies.
#[derive(Debug)]
pub(super) struct Budget {
    shared: Arc<Semaphore>,
    /// Who has it may grow to the limit.
    turn: Arc<Semaphore>,
    limit: usize,
}

/// A body in the making.
#[derive(Debug, Default)]
pub(super) struct Body {
    bytes: Vec<u8>,
    /// How far it may grow without asking.
    granted: usize,
    /// How often its bytes are kept, the decoder's memory counted.
    weight: usize,
    shares: Vec<OwnedSemaphorePermit>,
    turn: Option<OwnedSemaphorePermit>,
}

impl Budget {
    /// Returns the budget for bodies of at most `limit` bytes.
    pub fn new(limit: u64) -> Self {
        Self {
            shared: Arc::new(Semaphore::new(SHARED_BYTES)),
            turn: Arc::new(Semaphore::new(1)),
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
        }
    }

    /// Appends to a body, when there is room for it. Returns whether it is within the limit; what is not is left out.
    pub async fn append(&self, body: &mut Body, piece: &[u8]) -> bool {
        let len = body.bytes.len() + piece.len();
        if len > self.limit {
            return false;
        }
        if len > body.granted {
            let larger = (body.granted * 2).min(body.granted + STEP_BYTES);
            let larger = larger.clamp(START_BYTES, self.limit.max(START_BYTES)).max(len);
            self.claim(body, larger - larger.min(body.granted.max(OWN_BYTES))).await;
            body.granted = larger;
        }
        if len > body.bytes.capacity() {
            let ahead = if body.granted > OWN_BYTES { self.limit.min(MAX_AHEAD_BYTES) } else { 0 };
            body.bytes.reserve_exact(body.granted.max(ahead) - body.bytes.len());
        }
        body.bytes.extend_from_slice(piece);
        true
    }

    async fn claim(&self, body: &mut Body, more: usize) {
        if more == 0 || body.turn.is_some() {
            return;
        }
        let shares = u32::try_from(more * body.weight).unwrap_or(u32::MAX);
        tokio::select! {
            biased;
            Ok(share) = self.shared.clone().acquire_many_owned(shares) => body.shares.push(share),
            Ok(turn) = self.turn.clone().acquire_owned() => {
                body.turn = Some(turn);
                body.shares.clear();
            }
            else => {}
        }
    }
}

impl Body {
    /// Returns an empty body, whose bytes are kept twice where its decoder remembers them.
    pub fn new(remembered: bool) -> Self {
        Self { weight: if remembered { 2 } else { 1 }, ..Self::default() }
    }

    /// Returns the body as it is handed on: its part of the budget is free again when the last of these is gone.
    pub fn finish(mut self) -> Bytes {
        // A handful of bytes more than needed is cheaper than moving them.
        if self.bytes.capacity() > self.bytes.len() + OWN_BYTES / 4 {
            self.bytes.shrink_to_fit();
        }
        if self.shares.is_empty() && self.turn.is_none() {
            return mem::take(&mut self.bytes).into();
        }
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::Future,
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use super::*;

    /// Appends until nothing more fits, waits for nobody, and returns how many bytes the body has.
    fn fill(budget: &Budget, body: &mut Body) -> usize {
        let piece = [b'x'; 10_000];
        loop {
            let ready = {
                let append = pin!(budget.append(body, &piece));
                append.poll(&mut Context::from_waker(Waker::noop()))
            };
            if ready != Poll::Ready(true) {
                return body.bytes.len();
            }
        }
    }

    #[test]
    fn bodies_together_stay_within_the_budget_and_one_gets_on() {
        let limit = 8 << 20;
        let budget = Budget::new(limit);
        let mut bodies: Vec<Body> = (0..32).map(|_| Body::new(false)).collect();
        let sizes: Vec<usize> = bodies.iter_mut().map(|body| fill(&budget, body)).collect();
        let granted: usize = bodies.iter().map(|body| body.granted).sum();
        assert!(granted <= 32 * OWN_BYTES + SHARED_BYTES + limit as usize, "{granted}");
        assert!(sizes[0] + 10_000 > limit as usize || sizes[1] + 10_000 > limit as usize, "{sizes:?}");
        assert!(sizes.iter().all(|size| *size + 10_000 > OWN_BYTES / 2), "{sizes:?}");
        bodies.truncate(16);
        bodies.drain(..2);
        assert!(fill(&budget, &mut bodies[0]) + 10_000 > limit as usize, "what was freed is there for others");
    }

    #[test]
    fn a_finished_body_counts_until_it_is_dropped() {
        let budget = Budget::new(8 << 20);
        let mut body = Body::new(false);
        fill(&budget, &mut body);
        let free = budget.shared.available_permits();
        let finished = body.finish();
        assert_eq!(finished.len() / 10_000, (8 << 20) / 10_000);
        let part = finished.slice(..10);
        drop(finished);
        assert_eq!(budget.shared.available_permits(), free);
        drop(part);
        assert_eq!((budget.shared.available_permits(), budget.turn.available_permits()), (SHARED_BYTES, 1));
    }

    #[test]
    fn what_the_decoder_keeps_counts_too() {
        let budget = Budget::new(64 << 20);
        let mut body = Body::new(true);
        let piece = vec![b'x'; OWN_BYTES + (1 << 20)];
        let append = pin!(budget.append(&mut body, &piece));
        assert_eq!(append.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(true));
        assert_eq!(budget.shared.available_permits(), SHARED_BYTES - (2 << 20));
    }
}
