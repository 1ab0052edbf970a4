//! The Media Topics of the IPTC: the codes in use and their English names.
//!
//! From the release of 31 March 2025 (<https://iptc.org/standards/media-topics/>, CC BY 4.0), without retired codes.

const MEDIA_TOPICS: &str = include_str!("media_topics.tsv");

/// Returns each code, without scheme, with its English name.
fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    MEDIA_TOPICS.lines().filter_map(|line| line.split_once('\t'))
}

/// Returns the English name of a code such as `medtop:20000076`; `None` where it is no code in use.
pub fn media_topic(code: &str) -> Option<&'static str> {
    let wanted = code.strip_prefix("medtop:")?;
    all().find(|(code, _)| *code == wanted).map(|(_, name)| name)
}

/// Returns the code that has such an English name.
pub(super) fn code_named(name: &str) -> Option<String> {
    all().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(code, _)| format!("medtop:{code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_lead_to_their_names() {
        assert!(all().is_sorted_by(|(a, _), (b, _)| a < b));
        assert!(all().all(|(code, name)| code.len() == 8 && !name.is_empty()));
        assert_eq!(media_topic("medtop:20000076"), Some("peace talks"));
        assert_eq!(code_named("Peace talks").as_deref(), Some("medtop:20000076"));
        // Retired in 2023, and never given.
        assert_eq!((media_topic("medtop:20000271"), media_topic("medtop:29999999")), (None, None));
        assert_eq!(media_topic("20000076"), None);
    }
}
