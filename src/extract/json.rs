//! JSON as pages write it: comments, trailing and missing commas, control characters, CDATA, an end that never comes.
//!
//! Reads as much as it can and never fails: what follows the first thing it cannot make sense of is dropped.

use serde_json::{Map, Value};

/// How deep values may nest; real JSON-LD stays below 10.
const MAX_DEPTH: usize = 48;

/// The most values of one block: data for programs is large, JSON-LD has some hundreds.
const MAX_VALUES: usize = 50_000;

/// Reads the values of a block, one after another where it holds several.
pub(super) fn read(text: &str) -> Vec<Value> {
    let mut reader = Reader { bytes: text.as_bytes(), text, at: 0, left: MAX_VALUES };
    let mut values = Vec::new();
    while let Some(start) = reader.bytes[reader.at..].iter().position(|b| matches!(b, b'{' | b'[')) {
        // Before the first value may stand `<!--`, `//<![CDATA[` or an assignment: CDATA's own brackets are no array.
        let lead = &reader.text[reader.at..reader.at + start];
        reader.at += start;
        if lead.ends_with("<!") {
            reader.at += if reader.bytes[reader.at..].starts_with(b"[CDATA[") { "[CDATA[".len() } else { 1 };
            continue;
        }
        match reader.value(0) {
            Some(value) => values.push(value),
            None => break,
        }
    }
    values
}

/// Returns the longest text inside a block that passes the test.
pub(super) fn longest_text(text: &str, is_wanted: impl Fn(&str) -> bool) -> Option<String> {
    let mut open = read(text);
    let mut longest: Option<String> = None;
    while let Some(value) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(object) => open.extend(object.into_iter().map(|(_, value)| value)),
            Value::String(text)
                if is_wanted(&text) && longest.as_ref().is_none_or(|other| other.len() < text.len()) =>
            {
                longest = Some(text);
            }
            _ => {}
        }
    }
    longest
}

struct Reader<'a> {
    bytes: &'a [u8],
    text: &'a str,
    at: usize,
    left: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Option<Value> {
        self.skip_blank();
        self.left = self.left.checked_sub(1)?;
        if depth > MAX_DEPTH {
            return None;
        }
        match self.peek()? {
            b'{' => Some(self.object(depth)),
            b'[' => Some(self.array(depth)),
            b'"' | b'\'' => Some(Value::String(self.string())),
            _ => self.bare(),
        }
    }

    fn object(&mut self, depth: usize) -> Value {
        let mut map = Map::new();
        self.at += 1;
        loop {
            self.skip_blank();
            let key = match self.peek() {
                None => break,
                Some(b'}') => {
                    self.at += 1;
                    break;
                }
                Some(b',') => {
                    self.at += 1;
                    continue;
                }
                Some(b'"' | b'\'') => self.string(),
                Some(_) => match self.bare() {
                    Some(Value::String(key)) => key,
                    _ => break,
                },
            };
            self.skip_blank();
            if self.peek() != Some(b':') {
                continue;
            }
            self.at += 1;
            match self.value(depth + 1) {
                // The first of two equal keys is the page's own; plugins append theirs.
                Some(value) => drop(map.entry(key).or_insert(value)),
                None => {
                    self.skip_blank();
                    if !matches!(self.peek(), Some(b',' | b'}')) {
                        self.at = self.bytes.len();
                    }
                }
            }
        }
        Value::Object(map)
    }

    fn array(&mut self, depth: usize) -> Value {
        let mut items = Vec::new();
        self.at += 1;
        loop {
            self.skip_blank();
            match self.peek() {
                None => break,
                Some(b']') => {
                    self.at += 1;
                    break;
                }
                Some(b',') => self.at += 1,
                Some(_) => match self.value(depth + 1) {
                    Some(value) => items.push(value),
                    None => {
                        self.at = self.bytes.len();
                    }
                },
            }
        }
        Value::Array(items)
    }

    /// A quoted text. A raw line break inside is kept; a quote that ends nothing (no `,`, `:`, `}` or `]` after it) is
    /// taken as part of the text, as templates forget to escape quotes in headlines.
    fn string(&mut self) -> String {
        let quote = self.bytes[self.at];
        self.at += 1;
        let mut out = String::new();
        while let Some(offset) = self.bytes[self.at..].iter().position(|&b| b == quote || b == b'\\') {
            out.push_str(&self.text[self.at..self.at + offset]);
            self.at += offset + 1;
            if self.bytes[self.at - 1] == b'\\' {
                self.escape(&mut out);
            } else if self.ends_here() {
                return out;
            } else {
                out.push(quote as char);
            }
        }
        out.push_str(&self.text[self.at..]);
        self.at = self.bytes.len();
        out
    }

    fn ends_here(&self) -> bool {
        // A missing comma leaves a line break and the next key's quote.
        let rest = &self.bytes[self.at..];
        let blank = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
        match rest.get(blank) {
            None | Some(b',' | b':' | b'}' | b']' | b'/' | b'<') => true,
            Some(b'"') => rest[..blank].contains(&b'\n'),
            Some(_) => false,
        }
    }

    fn escape(&mut self, out: &mut String) {
        let Some(c) = self.text[self.at..].chars().next() else { return };
        self.at += c.len_utf8();
        match c {
            'n' | 'r' => out.push('\n'),
            't' | 'b' | 'f' => out.push(' '),
            'u' => {
                let Some(mut code) = self.hex() else { return };
                if (0xd800..0xdc00).contains(&code) && self.bytes[self.at..].starts_with(b"\\u") {
                    self.at += 2;
                    match self.hex() {
                        Some(low) if (0xdc00..0xe000).contains(&low) => {
                            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                        }
                        _ => return,
                    }
                }
                out.extend(char::from_u32(code));
            }
            other => out.push(other),
        }
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        let code = u32::from_str_radix(digits, 16).ok()?;
        self.at += 4;
        Some(code)
    }

    /// A number, a word, or a key without quotes.
    fn bare(&mut self) -> Option<Value> {
        let rest = &self.bytes[self.at..];
        let len = rest.iter().position(|b| b.is_ascii_whitespace() || b",:{}[]\"'".contains(b)).unwrap_or(rest.len());
        if len == 0 {
            return None;
        }
        let word = &self.text[self.at..self.at + len];
        self.at += len;
        Some(match word {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" | "undefined" => Value::Null,
            _ => serde_json::from_str::<serde_json::Number>(word).map_or_else(|_| word.into(), Value::Number),
        })
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = &self.bytes[self.at..];
            if rest.first().is_some_and(|&b| b.is_ascii_whitespace() || b.is_ascii_control()) {
                self.at += 1;
            } else if rest.starts_with(b"\xc2\xa0") {
                self.at += 2;
            } else if rest.starts_with(b"//") {
                self.at += rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
            } else if rest.starts_with(b"/*") {
                self.at += rest.windows(2).position(|two| two == b"*/").map_or(rest.len(), |end| end + 2);
            } else {
                return;
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Value) {
        assert_eq!(read(text), [expected]);
    }

    #[test]
    fn plain_json_is_read() {
        check(
            r#"{"a": [1, -2.5, true, null, "x\"\u00e9\ud83d\ude00\/"]}"#,
            json!({"a": [1, -2.5, true, null, "x\"é😀/"]}),
        );
    }

    #[test]
    fn what_templates_get_wrong_is_read_as_meant() {
        check("{\"a\": 1, /* c */ \"b\": [1,2,], // d\n }", json!({"a": 1, "b": [1, 2]}));
        check("{\"a\": \"one\ntwo\"}", json!({"a": "one\ntwo"}));
        check("{\"a\": \"1\"\n\"b\": \"2\"}", json!({"a": "1", "b": "2"}));
        check("{\"a\": \"He said \"no\" twice\", \"b\": 1}", json!({"a": "He said \"no\" twice", "b": 1}));
        check("<!--//--><![CDATA[//><!--\n{\"a\": 1}\n//--><!]]>", json!({"a": 1}));
        check("{a: 'b', \"c\": , \"d\": 1}", json!({"a": "b", "d": 1}));
    }

    #[test]
    fn an_end_that_never_comes_keeps_what_was_read() {
        check("{\"a\": {\"b\": \"c", json!({"a": {"b": "c"}}));
    }

    #[test]
    fn several_values_in_one_block_are_all_read() {
        assert_eq!(read("{\"a\":1}\n{\"b\":2}"), [json!({"a": 1}), json!({"b": 2})]);
    }

    #[test]
    fn deep_nesting_ends_early() {
        read("<![é4  é");
        read(&"[".repeat(100_000));
        read(&"{\"a\":".repeat(100_000));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "[\\[\\]{}:,\"'\\\\/*u0-9a-z<! \\né]{0,200}") {
            read(&text);
        }
    }
}
