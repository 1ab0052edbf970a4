//! Claims about the host queues.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn hosts() -> Hosts<u32> {
    Hosts::new(1, s(1), 10)
}

fn ready(host: &str, job: u32) -> Next<u32> {
    Next::Ready(host.to_owned(), job)
}

#[test]
fn hosts_take_turns_and_a_host_keeps_its_order() {
    let mut hosts = hosts();
    for (host, job) in [("a", 1), ("a", 2), ("b", 3), ("c", 4)] {
        hosts.push(host, job, false);
    }
    assert_eq!([hosts.next(s(0)), hosts.next(s(0)), hosts.next(s(0))], [ready("a", 1), ready("b", 3), ready("c", 4)]);
    assert_eq!((hosts.next(s(0)), hosts.active(), hosts.queued(), hosts.len()), (Next::Idle, 3, 1, 4));
    hosts.done("a", s(5), None);
    assert_eq!(hosts.next(s(5)), Next::WaitUntil(s(6)));
    assert_eq!(hosts.next(s(6)), ready("a", 2));
}

#[test]
fn urgent_jobs_go_first_but_not_for_ever() {
    let mut hosts = Hosts::new(1, s(0), 10);
    for job in 0..20 {
        hosts.push("a", job + 100, false);
        hosts.push("a", job, true);
    }
    let mut order = Vec::new();
    while let Next::Ready(host, job) = hosts.next(s(0)) {
        order.push(job);
        hosts.done(&host, s(0), None);
    }
    assert_eq!(order[..10], [0, 1, 2, 3, 4, 5, 6, 7, 100, 8]);
    assert_eq!(order.len(), 40);
}

#[test]
fn a_server_may_ask_for_a_longer_wait_never_for_a_shorter_one() {
    let mut hosts = hosts();
    for (start, wait, expected) in [(0, None, 1), (100, Some(s(0)), 1), (200, Some(s(60)), 60)] {
        hosts.push("a", 1, false);
        hosts.push("a", 2, false);
        let start = s(start);
        assert_eq!(hosts.next(start), ready("a", 1));
        hosts.done("a", start, wait);
        assert_eq!(hosts.next(start), Next::WaitUntil(start + s(expected)));
        assert_eq!(hosts.next(start + s(expected)), ready("a", 2));
        hosts.cancel("a", start);
    }
}

#[test]
fn a_gap_of_its_own_stays_with_the_host() {
    let mut hosts = hosts();
    hosts.set_gap("a", s(10));
    for job in [1, 2] {
        hosts.push("a", job, false);
    }
    assert_eq!(hosts.next(s(0)), ready("a", 1));
    hosts.done("a", s(0), None);
    assert_eq!(hosts.next(s(0)), Next::WaitUntil(s(10)));
    assert_eq!(hosts.next(s(10)), ready("a", 2));
    hosts.set_gap("a", s(0));
    hosts.push("a", 3, false);
    hosts.done("a", s(10), None);
    assert_eq!(hosts.next(s(10)), Next::WaitUntil(s(11)));
}

#[test]
fn a_hold_stops_pages_not_polls() {
    let mut hosts = hosts();
    hosts.push("a", 1, false);
    hosts.hold("a", s(100));
    assert_eq!(hosts.next(s(1)), Next::WaitUntil(s(100)));
    hosts.push("a", 2, true);
    assert_eq!(hosts.next(s(1)), ready("a", 2));
    hosts.done("a", s(1), None);
    assert_eq!(hosts.next(s(2)), Next::WaitUntil(s(100)));
    hosts.hold("a", s(3));
    assert_eq!(hosts.next(s(3)), ready("a", 1));
}

#[test]
fn what_was_not_asked_leaves_no_gap() {
    let mut hosts = hosts();
    hosts.push("a", 1, false);
    hosts.push("a", 2, false);
    assert_eq!(hosts.next(s(1)), ready("a", 1));
    hosts.cancel("a", s(1));
    assert_eq!(hosts.next(s(1)), ready("a", 2));
}

#[test]
fn what_is_withdrawn_is_not_asked() {
    let mut hosts = hosts();
    for (host, job, urgent) in [("a", 1, true), ("a", 2, true), ("a", 3, true), ("b", 1, true), ("a", 1, false)] {
        hosts.push(host, job, urgent);
    }
    assert_eq!(hosts.withdraw("a", |job| *job != 2), [1, 3]);
    assert_eq!((hosts.withdraw("nobody", |_| true), hosts.queued()), (vec![], 3));
    assert_eq!([hosts.next(s(0)), hosts.next(s(0))], [ready("a", 2), ready("b", 1)]);
    hosts.done("a", s(0), None);
    assert_eq!(hosts.next(s(1)), ready("a", 1));
    assert!(hosts.withdraw("b", |_| true).is_empty());
}

#[test]
fn limits_hold_on_one_host_and_on_all() {
    let mut hosts = Hosts::new(2, s(0), 3);
    for job in 0..6 {
        hosts.push(["a", "b"][job as usize % 2], job, false);
    }
    assert_eq!([hosts.next(s(0)), hosts.next(s(0)), hosts.next(s(0))], [ready("a", 0), ready("b", 1), ready("a", 2)]);
    assert_eq!(hosts.next(s(0)), Next::Idle);
    hosts.done("b", s(0), None);
    assert_eq!(hosts.next(s(0)), ready("b", 3));
}

#[test]
fn what_is_over_is_forgotten() {
    let mut hosts = hosts();
    for host in 0..100 {
        hosts.push(&host.to_string(), host, false);
        assert_eq!(hosts.next(s(0)), ready(&host.to_string(), host));
        hosts.done(&host.to_string(), s(0), None);
    }
    assert_eq!(hosts.known(), 100);
    hosts.push("7", 1, false);
    assert_eq!(hosts.next(s(0)), Next::WaitUntil(s(1)));
    assert_eq!(hosts.next(s(2)), ready("7", 1));
    assert_eq!(hosts.known(), 1);
    assert!(hosts.idle.is_empty() && hosts.ready.is_empty());
}

#[test]
fn a_host_nobody_asked_cannot_be_done() {
    let mut hosts = hosts();
    hosts.done("a", s(1), None);
    hosts.push("b", 1, false);
    hosts.done("b", s(1), None);
    assert_eq!((hosts.active(), hosts.known(), hosts.next(s(1))), (0, 1, ready("b", 1)));
}

#[derive(Debug, Clone)]
enum Step {
    Push(u8, bool),
    Pass(u16),
    Done(u8, Option<u8>),
    Cancel(u8),
    Hold(u8, u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..6u8, any::<bool>()).prop_map(|(host, urgent)| Step::Push(host, urgent)),
        3 => (0..1500u16).prop_map(Step::Pass),
        3 => (any::<u8>(), proptest::option::of(0..5u8)).prop_map(|(which, wait)| Step::Done(which, wait)),
        1 => any::<u8>().prop_map(Step::Cancel),
        1 => (0..6u8, 0..3000u16).prop_map(|(host, for_ms)| Step::Hold(host, for_ms)),
    ]
}

proptest! {
    /// Whatever happens: limits and gaps are kept, holds are kept, no job is lost, doubled or left lying while it may start.
    #[test]
    fn manners_are_kept_and_every_job_gets_its_turn(
        steps in proptest::collection::vec(step(), 1..150), per_host in 1..3usize, most in 1..5usize,
    ) {
        let mut hosts = Hosts::new(per_host, s(1), most);
        let mut now = Duration::ZERO;
        let (mut pushed, mut started) = (0u32, 0u32);
        let mut urgent_jobs = Vec::new();
        let mut active: Vec<String> = Vec::new();
        let mut not_before: HashMap<String, Duration> = HashMap::new();
        let mut held: HashMap<String, Duration> = HashMap::new();
        let drained = steps.len() + 400;
        for round in 0..drained {
            // After the script, everything is let run to its end.
            match steps.get(round).cloned().unwrap_or(if round % 2 == 0 { Step::Done(0, None) } else { Step::Pass(1500) }) {
                Step::Push(host, urgent) => {
                    hosts.push(&format!("h{host}"), pushed, urgent);
                    urgent_jobs.push(urgent);
                    pushed += 1;
                }
                Step::Pass(ms) => now += Duration::from_millis(ms.into()),
                Step::Done(which, wait) if !active.is_empty() => {
                    let host = active.remove(usize::from(which) % active.len());
                    let wait = wait.map(|seconds| s(seconds.into()));
                    hosts.done(&host, now, wait);
                    let until = now + wait.unwrap_or_default().max(s(1));
                    let known = not_before.entry(host).or_default();
                    *known = until.max(*known);
                }
                Step::Cancel(which) if !active.is_empty() => {
                    let host = active.remove(usize::from(which) % active.len());
                    hosts.cancel(&host, now);
                }
                Step::Hold(host, ms) => {
                    let until = now + Duration::from_millis(ms.into());
                    hosts.hold(&format!("h{host}"), until);
                    held.insert(format!("h{host}"), until);
                }
                Step::Done(..) | Step::Cancel(_) => {}
            }
            loop {
                match hosts.next(now) {
                    Next::Ready(host, job) => {
                        started += 1;
                        prop_assert!(not_before.get(&host).is_none_or(|at| *at <= now));
                        prop_assert!(urgent_jobs[job as usize] || held.get(&host).is_none_or(|at| *at <= now));
                        active.push(host.clone());
                        prop_assert!(active.iter().filter(|other| **other == host).count() <= per_host);
                        prop_assert!(active.len() <= most);
                    }
                    Next::WaitUntil(at) => {
                        prop_assert!(at > now && active.len() < most);
                        break;
                    }
                    Next::Idle => break,
                }
            }
            prop_assert_eq!((hosts.active(), hosts.queued()), (active.len(), (pushed - started) as usize));
        }
        prop_assert_eq!((pushed, active.len()), (started, 0));
        hosts.next(now + s(100));
        prop_assert_eq!(hosts.known(), 0);
    }

    /// One host with a full queue does not keep the others from their turn.
    #[test]
    fn no_host_is_starved(others in 1..30u32, busy in 1..200u32) {
        let mut hosts = Hosts::new(1, Duration::ZERO, 1);
        for job in 0..busy {
            hosts.push("busy", job, true);
        }
        for other in 0..others {
            hosts.push(&format!("h{other}"), 1000 + other, false);
        }
        let mut seen = 0;
        for turn in 0..others * 2 {
            let Next::Ready(host, job) = hosts.next(s(turn.into())) else { break };
            seen += u32::from(job >= 1000);
            hosts.push("new", 0, true);
            hosts.done(&host, s(turn.into()), None);
        }
        prop_assert!(seen + 2 >= others, "{} of {}", seen, others);
    }
}
