//! The entities that a document declares for itself, expanded within bounds.
//!
//! Nothing outside the document is ever read: an external entity stands for nothing.

use std::cell::Cell;

use rustc_hash::FxHashMap;

use crate::text::html;

/// Longest value of one entity, in bytes. Publishers define names of characters and companies; what grows beyond this
/// is a bomb and stays unexpanded.
const MAX_VALUE_BYTES: usize = 4 << 10;

/// Most entities of one document.
const MAX_ENTITIES: usize = 500;

/// How much text all references of one document may expand to, in bytes.
const MAX_EXPANSION_BYTES: usize = 1 << 20;

/// The entities of one document.
#[derive(Debug, Default)]
pub(super) struct Entities<'a> {
    values: FxHashMap<&'a str, String>,
    expanded_bytes: Cell<usize>,
}

impl<'a> Entities<'a> {
    /// Takes the entities out of a document type declaration.
    pub fn declare(&mut self, declaration: &'a str) {
        let mut rest = declaration;
        while let Some((_, after)) = rest.split_once("<!ENTITY") {
            rest = after;
            let after = after.trim_start();
            let Some((name, after)) = after.split_once(|c: char| c.is_ascii_whitespace()) else { return };
            let after = after.trim_start();
            // Parameter entities have "%" for a name; they only matter to external declarations.
            if name == "%" || self.values.len() == MAX_ENTITIES || self.values.contains_key(name) {
                continue;
            }
            let value = match after.chars().next() {
                Some(quote @ ('"' | '\'')) => {
                    let Some((value, after)) = after[1..].split_once(quote) else { return };
                    rest = after;
                    self.expand(value)
                }
                _ => Some(String::new()),
            };
            if let Some(value) = value {
                self.values.insert(name, value);
            }
        }
    }

    /// Appends text with all references decoded: the document's own, HTML's, and numbers.
    pub fn decode_into(&self, text: &str, decoded: &mut String) {
        html::decode_into(text, decoded, |name| {
            let value = self.values.get(name)?;
            let total = self.expanded_bytes.get() + value.len();
            if total > MAX_EXPANSION_BYTES {
                return None;
            }
            self.expanded_bytes.set(total);
            Some(value)
        });
    }

    /// Expands the references to earlier entities in a value, once; `None` where it grows too long.
    fn expand(&self, value: &str) -> Option<String> {
        if value.len() > MAX_VALUE_BYTES {
            return None;
        }
        let mut expanded = String::new();
        let mut rest = value;
        while let Some((before, after)) = rest.split_once('&') {
            expanded.push_str(before);
            let known = after.split_once(';').and_then(|(name, after)| Some((self.values.get(name)?, after)));
            match known {
                Some((value, after)) => {
                    expanded.push_str(value);
                    rest = after;
                }
                None => {
                    expanded.push('&');
                    rest = after;
                }
            }
            if expanded.len() > MAX_VALUE_BYTES {
                return None;
            }
        }
        expanded.push_str(rest);
        (expanded.len() <= MAX_VALUE_BYTES).then(|| html::decode_entities(&expanded).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(declaration: &str, text: &str, expected: &str) {
        let mut entities = Entities::default();
        entities.declare(declaration);
        let mut decoded = String::new();
        entities.decode_into(text, &mut decoded);
        assert_eq!(decoded, expected);
    }

    #[test]
    fn internal_entities_are_expanded() {
        check(
            "<!DOCTYPE a [<!ENTITY co \"ACME\"><!ENTITY full '&co; &#67;orp'>]>",
            "&full; &amp; &co;",
            "ACME Corp & ACME",
        );
        check("<!DOCTYPE a [<!ENTITY % p 'x'><!ENTITY eacute '&#233;'>]>", "&eacute;&p;", "é&p;");
    }

    #[test]
    fn external_entities_are_nothing() {
        check("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>", "a&x;b", "ab");
    }

    #[test]
    fn bombs_do_not_go_off() {
        let mut bomb = "<!ENTITY l0 \"lollollol\">".to_owned();
        for level in 1..30 {
            bomb.push_str(&format!("<!ENTITY l{level} \"{}\">", format!("&l{};", level - 1).repeat(10)));
        }
        let mut entities = Entities::default();
        entities.declare(&bomb);
        let mut decoded = String::new();
        entities.decode_into(&"&l2;&l29;".repeat(10_000), &mut decoded);
        assert!(decoded.len() < 2 * MAX_EXPANSION_BYTES, "{}", decoded.len());
    }
}
