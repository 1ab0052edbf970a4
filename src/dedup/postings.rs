//! Who has a shingle (or story term): key → the latest articles, one for each group.
//!
//! A key whose list is full stands in texts that have nothing to do with each other. The list
//! keeps the latest articles only, and articles leave in the order in which they came, so that what a list holds does
//! not depend on what was forgotten before.

use std::mem::size_of;

use rustc_hash::FxHashMap;

/// The place of an article in memory.
pub(super) type Slot = u32;

/// The map is cut into so many that growing one of them is never a pause: together they hold millions of keys.
const SHARDS: usize = 1 << 10;
/// After so many keys that went, the next shard gives back its spare room. Where keys come and go, hashbrown doubles a
/// table that is more than half full; one shard at a time, that is no pause either.
const TIDY: u32 = 128;
const LIST: u32 = 1 << 31;
const FREE: u32 = u32::MAX;

/// Key → up to `N` slots, oldest first.
pub(super) struct Postings<const N: usize> {
    shards: Vec<FxHashMap<u32, u32>>,
    /// Keys of two or more: `FREE` marks unused places behind the last.
    lists: Vec<[Slot; N]>,
    free: Vec<u32>,
    /// Keys that went.
    gone: u32,
}

impl<const N: usize> Postings<N> {
    pub fn new() -> Self {
        let shards = (0..SHARDS).map(|_| FxHashMap::default()).collect();
        Self { shards, lists: Vec::new(), free: Vec::new(), gone: 0 }
    }

    /// Calls `visit` with each slot that has the key; returns how many there are.
    pub fn visit(&self, key: u32, mut visit: impl FnMut(Slot)) -> usize {
        match self.shards[shard(key)].get(&key) {
            None => 0,
            Some(&slot) if slot & LIST == 0 => {
                visit(slot);
                1
            }
            Some(&list) => {
                let slots = filled(&self.lists[(list & !LIST) as usize]);
                slots.iter().copied().for_each(visit);
                slots.len()
            }
        }
    }

    /// Adds a slot as the latest of its group: it takes the place of others that are `same`, else of the oldest.
    pub fn add(&mut self, key: u32, slot: Slot, same: impl Fn(Slot) -> bool) {
        let entry = self.shards[shard(key)].entry(key).or_insert(slot);
        if *entry & LIST == 0 {
            if *entry == slot || same(*entry) {
                *entry = slot;
                return;
            }
            let mut list = [FREE; N];
            list[..2].copy_from_slice(&[*entry, slot]);
            let at = self.free.pop().unwrap_or(self.lists.len() as u32);
            match self.lists.get_mut(at as usize) {
                Some(place) => *place = list,
                None => self.lists.push(list),
            }
            *entry = at | LIST;
            return;
        }
        let list = &mut self.lists[(*entry & !LIST) as usize];
        while let Some(at) = filled(list).iter().position(|&other| other == slot || same(other)) {
            remove(list, at);
        }
        if filled(list).len() == N {
            remove(list, 0);
        }
        let length = filled(list).len();
        list[length] = slot;
    }

    /// Takes a slot out, if it is there.
    pub fn remove(&mut self, key: u32, slot: Slot) {
        let shard = &mut self.shards[shard(key)];
        let Some(entry) = shard.get_mut(&key) else { return };
        if *entry & LIST == 0 {
            if *entry == slot {
                shard.remove(&key);
                self.tidy();
            }
            return;
        }
        let at = *entry & !LIST;
        let list = &mut self.lists[at as usize];
        let Some(place) = filled(list).iter().position(|&other| other == slot) else { return };
        remove(list, place);
        match filled(list) {
            [] => drop(shard.remove(&key)),
            &[last] => *entry = last,
            _ => return,
        }
        self.free.push(at);
    }

    fn tidy(&mut self) {
        self.gone = self.gone.wrapping_add(1);
        if self.gone.is_multiple_of(TIDY) {
            self.shards[(self.gone / TIDY) as usize % SHARDS].shrink_to_fit();
        }
    }

    pub fn memory_bytes(&self) -> usize {
        let keys: usize = self.shards.iter().map(FxHashMap::capacity).sum();
        // hashbrown keeps one byte of control and up to one eighth of room for each place.
        keys * 8 / 7 * (size_of::<(u32, u32)>() + 1) + self.lists.capacity() * size_of::<[Slot; N]>()
    }
}

fn shard(key: u32) -> usize {
    // Sampling takes the low bits, the map the high ones of its own hash.
    (key >> 12) as usize % SHARDS
}

fn filled<const N: usize>(list: &[Slot; N]) -> &[Slot] {
    let length = list.iter().position(|&slot| slot == FREE).unwrap_or(N);
    &list[..length]
}

fn remove<const N: usize>(list: &mut [Slot; N], at: usize) {
    list.copy_within(at + 1.., at);
    list[N - 1] = FREE;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(postings: &Postings<3>, key: u32) -> Vec<Slot> {
        let mut slots = Vec::new();
        postings.visit(key, |slot| slots.push(slot));
        slots
    }

    #[test]
    fn the_latest_of_each_group_are_kept() {
        let mut postings = Postings::<3>::new();
        let same = |other: Slot| other % 10 == 1;
        postings.add(7, 1, |_| false);
        postings.add(7, 2, |_| false);
        postings.add(7, 11, same);
        assert_eq!(held(&postings, 7), [2, 11]);
        postings.add(7, 3, |_| false);
        postings.add(7, 4, |_| false);
        assert_eq!(held(&postings, 7), [11, 3, 4]);
    }

    #[test]
    fn keys_that_come_and_go_take_no_more_room_than_those_that_stay() {
        let key = |at: u32| at.wrapping_mul(0x9e37_79b1);
        let mut postings = Postings::<3>::new();
        (0..150_000).for_each(|at| postings.add(key(at), 1, |_| false));
        let before = postings.memory_bytes();
        for at in 0..450_000 {
            postings.remove(key(at), 1);
            postings.add(key(at + 150_000), 1, |_| false);
        }
        assert!(postings.memory_bytes() * 10 < before * 16, "{before} bytes grew to {}", postings.memory_bytes());
    }

    #[test]
    fn what_is_removed_is_gone_and_its_room_used_again() {
        let mut postings = Postings::<3>::new();
        for round in 0..100 {
            postings.add(7, round, |_| false);
            postings.add(7, round + 1000, |_| false);
            postings.remove(7, round);
            postings.remove(7, round + 1000);
            postings.remove(7, 5);
        }
        assert!(held(&postings, 7).is_empty());
        assert_eq!(postings.lists.len(), 1);
    }
}
