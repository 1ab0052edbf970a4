//! Lets hubs tell what is new, instead of asking for it (WebSub): subscribes where a feed offers a hub, confirms, renews,
//! ends, and hands deliveries to the scheduler, which reads them like polls. Polling goes on, seldom, in case a hub is silent.
//!
//! Nothing of it happens without `serve.public_url`, the address under which hubs reach us.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{Mutex, mpsc, watch},
    task::JoinSet,
    time,
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::{Context, work::Work};
use crate::{
    fetch::{Fetch, Subscription},
    model::{Source, SourceId, SourceState, Time},
    serve::{HubCall, HubMessage},
    store::Reader,
    telemetry::metrics,
};

const TICK: Duration = Duration::from_secs(1);
/// A hub that does not say how long it delivers is asked again after this time; none is believed to deliver for longer.
const DEFAULT_LEASE: Duration = Duration::from_secs(5 * 24 * 3600);
const MAX_LEASE: Duration = Duration::from_secs(30 * 24 * 3600);

/// Until when hubs tell what is new in which source.
pub(crate) type Leases = Arc<HashMap<SourceId, Time>>;

/// What a feed says of its hub.
pub(crate) struct Offer {
    pub source: SourceId,
    pub hub: String,
    pub topic: String,
}

impl Offer {
    /// Returns what a source offers, if it does.
    pub fn of(source: &Source, state: &SourceState) -> Option<Self> {
        let polled = state.learned_url.as_ref().unwrap_or(&source.url);
        let topic = state.self_link.as_ref().unwrap_or(polled).clone();
        Some(Self { source: source.id, hub: state.hub.clone()?, topic })
    }
}

/// What a hub has delivered, signed.
pub(crate) struct Pushed {
    pub source: SourceId,
    pub topic: String,
    pub content_type: Option<String>,
    pub body: bytes::Bytes,
}

/// The ends of the channels by which the others reach this task, and it them.
pub(crate) struct Lines {
    pub offers: mpsc::Receiver<Offer>,
    pub calls: mpsc::Receiver<HubCall>,
    pub pushed: mpsc::Sender<Pushed>,
    pub leases: watch::Sender<Leases>,
}

struct Hubs {
    context: Arc<Context>,
    base: String,
    known: HashMap<SourceId, Subscription>,
    /// Those that are to end: what the hub is told when it asks.
    ending: HashMap<SourceId, String>,
    asking: JoinSet<()>,
    /// Hubs are asked one after the other, with a host's gap in between.
    turn: Arc<Mutex<()>>,
    pushed: mpsc::Sender<Pushed>,
    leases: watch::Sender<Leases>,
}

/// Takes up the subscriptions of the last run, at once, and then keeps them until told to stop. A pass, `once`, only knows
/// of them: no hub could reach it.
pub(crate) fn run(
    context: Arc<Context>,
    lines: Lines,
    once: bool,
    stop: CancellationToken,
) -> impl Future<Output = ()> {
    let base = context.settings.serve.public_url.clone();
    let hubs = base.map(|base| {
        let mut hubs = Hubs {
            known: HashMap::new(),
            ending: HashMap::new(),
            asking: JoinSet::new(),
            turn: Arc::default(),
            base,
            pushed: lines.pushed,
            leases: lines.leases,
            context,
        };
        let offers = hubs.recall();
        (hubs, offers)
    });
    async move {
        if let Some((mut hubs, offers)) = hubs.filter(|_| !once) {
            for offer in offers {
                hubs.consider(offer).await;
            }
            hubs.keep_on(lines.offers, lines.calls, stop).await;
        }
    }
}

impl Hubs {
    async fn keep_on(
        mut self,
        mut offers: mpsc::Receiver<Offer>,
        mut calls: mpsc::Receiver<HubCall>,
        stop: CancellationToken,
    ) {
        let mut tick = time::interval(TICK);
        tick.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                Some(offer) = offers.recv() => self.consider(offer).await,
                Some(call) = calls.recv() => self.answer(call).await,
                Some(_) = self.asking.join_next() => {}
                _ = tick.tick() => self.look_around().await,
                () = stop.cancelled() => return,
            }
        }
    }

    /// Takes up what the last run had, and returns what hubs the sources offered then.
    fn recall(&mut self) -> Vec<Offer> {
        let context = self.context.clone();
        let stored = context.read(Reader::sources).unwrap_or_default();
        let kept = context.read(|reader| {
            let kept = |id: SourceId| Some((id, serde_json::from_str(&reader.get_meta(&key(id)).ok()??).ok()?));
            stored.iter().filter_map(|stored| kept(stored.source.id)).collect()
        });
        self.known = kept;
        self.tell_leases();
        stored.iter().filter_map(|stored| Offer::of(&stored.source, &stored.state)).collect()
    }

    async fn consider(&mut self, offer: Offer) {
        let Offer { source, hub, topic } = offer;
        let is_known = self.known.get(&source).is_some_and(|known| known.hub == hub && known.topic == topic);
        if is_known || !self.context.sources.borrow().contains_key(&source) {
            return;
        }
        let Some(subscription) = Subscription::new(hub, topic, self.context.clock.now()) else {
            return warn!("the system has no randomness for a secret: no subscription");
        };
        self.ask(source, &subscription, true);
        self.keep(source, subscription).await;
    }

    /// Renews what comes to its end, and ends what nobody follows any more.
    async fn look_around(&mut self) {
        let now = self.context.clock.now();
        let followed: HashSet<SourceId> = self.context.sources.borrow().keys().copied().collect();
        let due: Vec<SourceId> = self
            .known
            .iter()
            .filter(|(id, known)| !followed.contains(id) || known.is_due(now))
            .map(|(id, _)| *id)
            .collect();
        for source in due {
            let Some(mut subscription) = self.known.remove(&source) else { continue };
            let goes_on = followed.contains(&source);
            self.ask(source, &subscription, goes_on);
            if goes_on {
                subscription.asked_at = now;
                self.keep(source, subscription).await;
            } else {
                self.context.hand_over(Work::Remember { key: key(source), value: String::new() }).await;
                self.ending.insert(source, subscription.topic);
                self.tell_leases();
            }
        }
    }

    /// Asks a hub to begin or end, without waiting for it: it may want an answer before it gives one.
    fn ask(&mut self, source: SourceId, subscription: &Subscription, begin: bool) {
        let callback = format!("{}/websub/{source}", self.base.trim_end_matches('/'));
        let request = subscription.request(begin, &callback);
        let (context, turn, hub) = (self.context.clone(), self.turn.clone(), subscription.hub.clone());
        self.asking.spawn(async move {
            let _turn = turn.lock().await;
            let asked = match context.fetcher.fetch(request).await {
                Ok(response) if (200..300).contains(&response.status) => Ok(()),
                Ok(response) => Err(super::poll::http_error(response.status)),
                Err(error) => Err(error.to_string()),
            };
            metrics().requests.with_label_values(&["hub"]).inc();
            match asked {
                Ok(()) => debug!(source.id = %source, hub, begin, "asked a hub"),
                Err(error) => warn!(source.id = %source, hub, error, "a hub could not be asked: {error}"),
            }
            time::sleep(context.settings.http.per_host_delay).await;
        });
    }

    async fn answer(&mut self, call: HubCall) {
        let HubCall { source, message, reply } = call;
        let answer = match message {
            HubMessage::Verify { mode, topic, lease } => self.verify(source, &mode, &topic, lease).await,
            HubMessage::Delivery { content_type, signature, body } => match self.known.get(&source) {
                Some(known) if known.has_signed(&signature, &body) => {
                    let topic = known.topic.clone();
                    self.pushed.send(Pushed { source, topic, content_type, body }).await.is_ok()
                }
                Some(_) => {
                    warn!(source.id = %source, "a delivery that the hub has not signed was dropped");
                    true
                }
                None => false,
            },
        };
        // The hub may have hung up.
        let _ = reply.send(answer);
    }

    async fn verify(&mut self, source: SourceId, mode: &str, topic: &str, lease: Option<Duration>) -> bool {
        let now = self.context.clock.now();
        let known = self.known.get(&source).filter(|known| known.topic == topic).cloned();
        match (mode, known) {
            ("subscribe", Some(mut known)) => {
                let until = now + lease.unwrap_or(DEFAULT_LEASE).min(MAX_LEASE);
                info!(source.id = %source, hub = known.hub, "a hub tells what is new in {topic}");
                known.lease = Some((now, until));
                self.keep(source, known).await;
                true
            }
            ("denied", Some(mut known)) => {
                warn!(source.id = %source, hub = known.hub, "a hub refuses {topic}");
                known.lease = None;
                self.keep(source, known).await;
                true
            }
            ("unsubscribe", None) if self.ending.get(&source).is_some_and(|ending| ending == topic) => {
                self.ending.remove(&source);
                true
            }
            _ => false,
        }
    }

    async fn keep(&mut self, source: SourceId, subscription: Subscription) {
        let value = serde_json::to_string(&subscription).expect("it is plain data");
        self.known.insert(source, subscription);
        self.tell_leases();
        self.context.hand_over(Work::Remember { key: key(source), value }).await;
    }

    fn tell_leases(&self) {
        let leases = self.known.iter().filter_map(|(id, known)| Some((*id, known.lease?.1))).collect();
        self.leases.send_replace(Arc::new(leases));
    }
}

/// Where the store keeps the subscription of a source.
fn key(source: SourceId) -> String {
    format!("websub:{source}")
}
