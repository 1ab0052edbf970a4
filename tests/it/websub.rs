//! Hubs (WebSub): a feed that offers one is subscribed to, what the hub delivers is read at once, and only what it signed.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use crate::world::{
    Answer, Daemon, Dateline, Item, Outlet, Web, ago, feed, free_address, get, page, paragraphs, wait_for,
};

/// A feed that offers a hub, and a daemon that the hub can reach.
struct Scene {
    outlet: Outlet,
    hub: Outlet,
    listen: String,
    dateline: Dateline,
}

fn item(outlet: &Outlet, n: usize) -> Item {
    let path = format!("/{n}.html");
    outlet.serve(&path, Answer::html(page(&format!("Report number {n}"), &paragraphs(n), ago(60))));
    Item::new(outlet.url(&path), &format!("Report number {n}"), ago(60))
}

fn scene() -> Scene {
    let web = Web::new();
    let (outlet, hub) = (web.outlet(1), web.outlet(2));
    hub.serve("/hub", Answer::status(202));
    let links = format!("<{}>; rel=\"hub\", <{}>; rel=self", hub.url("/hub"), outlet.url("/feed.xml"));
    outlet.serve("/feed.xml", Answer::feed(feed("Paper", &[item(&outlet, 1)])).header("link", &links));
    let listen = free_address();
    let dateline = Dateline::following(&[outlet.url("/feed.xml")])
        .set("serve.listen", &format!("\"{listen}\""))
        .set("serve.public_url", &format!("\"http://{listen}\""));
    // A daemon takes its time for the first poll; this one knows the feed and its hub already.
    dateline.pass();
    Scene { outlet, hub, listen, dateline }
}

/// A field of the nth form that was posted to the hub.
fn form(hub: &Outlet, n: usize, name: &str) -> String {
    let body = hub.asked("/hub")[n].body.clone();
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    fields.into_iter().find(|(known, _)| known == name).map(|(_, value)| value).unwrap_or_default()
}

impl Scene {
    /// Starts the daemon and waits until it has asked the hub so often.
    fn start(&self, asked: usize) -> Daemon {
        let daemon = self.dateline.start_ready(&self.listen);
        wait_for("the hub is asked", || (self.hub.asked("/hub").len() >= asked).then_some(()));
        daemon
    }

    /// Where the hub calls back.
    fn callback(&self) -> String {
        let callback = form(&self.hub, 0, "hub.callback");
        callback.strip_prefix(&format!("http://{}", self.listen)).expect("it is ours").to_owned()
    }

    /// Asks like a hub whether a subscription is meant.
    fn verify(&self, mode: &str, topic: &str) -> (u16, String) {
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let query = format!("hub.mode={mode}&hub.topic={}&hub.challenge=c%26d&hub.lease_seconds=4000", encode(topic));
        get(&self.listen, &format!("{}?{query}", self.callback()), "").expect("the daemon answers")
    }

    /// Delivers a feed with these reports, and returns the status of the answer.
    fn deliver(&self, reports: &[usize], secret: &str) -> u16 {
        use hmac::{Hmac, KeyInit, Mac};
        let items: Vec<Item> = reports.iter().map(|n| item(&self.outlet, *n)).collect();
        let body = feed("Paper", &items);
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
        mac.update(body.as_bytes());
        let signature: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let mut stream = TcpStream::connect(&self.listen).expect("it listens");
        write!(
            stream,
            "POST {} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/rss+xml\r\n\
             x-hub-signature: sha256={signature}\r\ncontent-length: {}\r\n\r\n{body}",
            self.callback(),
            body.len()
        )
        .expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
    }

    fn read(&self, n: usize) -> bool {
        !self.outlet.asked(&format!("/{n}.html")).is_empty()
    }
}

#[test]
fn a_feed_with_a_hub_is_told_of_not_asked_for() {
    let scene = scene();
    let topic = scene.outlet.url("/feed.xml");
    let daemon = scene.start(1);
    let asked = |name: &str| form(&scene.hub, 0, name);
    assert_eq!((asked("hub.mode").as_str(), asked("hub.topic")), ("subscribe", topic.clone()));
    assert!(asked("hub.secret").len() >= 32 && asked("hub.lease_seconds").parse::<u64>().is_ok());
    // Only what was asked for is confirmed.
    assert_eq!(scene.verify("subscribe", "http://other.example/").0, 404);
    assert_eq!(scene.verify("unsubscribe", &topic).0, 404);
    assert_eq!(scene.verify("subscribe", &topic), (200, "c&d".to_owned()));

    assert_eq!(scene.deliver(&[2], &asked("hub.secret")), 202);
    wait_for("the new report is read", || scene.read(2).then_some(()));
    // Whoever does not hold the secret is thanked, and not believed.
    assert_eq!(scene.deliver(&[3], "guessed"), 202);
    assert_eq!(scene.deliver(&[4], &asked("hub.secret")), 202);
    wait_for("the report after it is read", || scene.read(4).then_some(()));
    assert!(!scene.read(3));
    assert_eq!(scene.outlet.asked("/feed.xml").len(), 1, "nobody asked the feed");
    assert!(!daemon.log().contains(&asked("hub.secret")));
    assert_eq!(daemon.terminate(), 0);

    // The next run goes on with it: the feed is polled seldom, and the hub is not asked again.
    let daemon = scene.dateline.start_ready(&scene.listen);
    assert_eq!(scene.deliver(&[5], &asked("hub.secret")), 202);
    wait_for("what comes after a restart is read", || scene.read(5).then_some(()));
    assert_eq!(scene.hub.asked("/hub").len(), 1);
    assert_eq!(daemon.terminate(), 0);
    scene.dateline.run(&["run", "--once", "--force"]).ok();
    let reason = scene.dateline.row(&["sources"])["next_poll_reason"].to_string();
    assert!(reason.contains("its hub tells what is new"), "{reason}");
}

#[test]
fn a_source_that_is_removed_is_given_back_to_its_hub() {
    let scene = scene();
    let topic = scene.outlet.url("/feed.xml");
    let daemon = scene.start(1);
    assert_eq!(scene.verify("subscribe", &topic).0, 200);
    scene.dateline.follow(&[]);
    daemon.signal("HUP");
    wait_for("the hub is told to end", || (scene.hub.asked("/hub").len() >= 2).then_some(()));
    assert_eq!(form(&scene.hub, 1, "hub.mode"), "unsubscribe");
    assert_eq!(scene.verify("unsubscribe", &topic).0, 200);
    assert_eq!(scene.deliver(&[6], &form(&scene.hub, 0, "hub.secret")), 410);
    assert_eq!(daemon.terminate(), 0);
}

#[test]
fn without_an_address_to_be_reached_at_no_hub_is_asked() {
    let scene = scene();
    let Scene { dateline, hub, listen, .. } = scene;
    let dateline = dateline.set("serve.public_url", "\"\"");
    let daemon = dateline.start_ready(&listen);
    assert_eq!(get(&listen, "/websub/0123456789abcdef?hub.mode=subscribe", "").expect("an answer").0, 404);
    assert_eq!(daemon.terminate(), 0);
    assert!(hub.seen().is_empty());
}
