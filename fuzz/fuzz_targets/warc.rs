//! A recording: no panic, no endless search, and every record is found again at its place.
#![no_main]

use std::io::Cursor;

use dateline::fetch::warc::Reader;
use libfuzzer_sys::fuzz_target;

/// Larger records are left out.
const MAX_BLOCK: usize = 1 << 20;
/// Looking a record up reads the file again.
const MAX_LOOKUPS: usize = 8;

fuzz_target!(|file: &[u8]| {
    for (number, record) in Reader::new(Cursor::new(file), MAX_BLOCK).enumerate() {
        let Ok(record) = record else { break };
        assert!(record.block.len() <= MAX_BLOCK);
        if let Some(answer) = record.answer(MAX_BLOCK as u64) {
            assert!(answer.body.len() <= MAX_BLOCK);
        }
        if number < MAX_LOOKUPS {
            let again = Reader::read_at(Cursor::new(file), record.place, MAX_BLOCK);
            assert_eq!(again.ok().as_ref(), Some(&record));
        }
    }
});
