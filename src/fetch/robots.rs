//! What a site lets dateline read (RFC 9309).

use std::time::Duration;

/// A longer file is read up to here (RFC 9309, section 2.5).
const MAX_BYTES: usize = 500 << 10;
/// Nobody means more than this by `Crawl-delay`; it also keeps absurd numbers out of the schedule.
const MAX_DELAY: Duration = Duration::from_secs(3600);

/// The rules of one robots.txt that hold for one user agent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Robots {
    /// Most specific first; an allowing rule comes before an equally specific one that forbids.
    rules: Vec<Rule>,
    crawl_delay: Option<Duration>,
}

impl Robots {
    /// Reads a robots.txt for a user agent, of which the leading product name counts. What is no rule is passed over.
    pub fn parse(body: &[u8], user_agent: &str) -> Self {
        let body = &body[..body.len().min(MAX_BYTES)];
        let product = product(user_agent.as_bytes());
        let mut own = Group::default();
        let mut all = Group::default();
        let (mut for_own, mut for_all, mut naming) = (false, false, false);
        for (key, value) in body.split(|byte| matches!(byte, b'\n' | b'\r')).filter_map(key_and_value) {
            let line = match key.as_slice() {
                b"user-agent" | b"user agent" | b"useragent" => {
                    if !naming {
                        (for_own, for_all, naming) = (false, false, true);
                    }
                    for_all |= value.starts_with(b"*");
                    if !product.is_empty() && self::product(value).eq_ignore_ascii_case(product) {
                        (for_own, own.named) = (true, true);
                    }
                    continue;
                }
                b"allow" => Line::Rule(true),
                b"disallow" => Line::Rule(false),
                b"crawl-delay" => Line::Delay,
                // Sitemap and the like stand outside of groups and end none.
                _ => continue,
            };
            naming = false;
            for group in [for_own.then_some(&mut own), for_all.then_some(&mut all)].into_iter().flatten() {
                group.add(line, value);
            }
        }
        if own.named { own } else { all }.into_robots()
    }

    /// Returns what an answer to a request for robots.txt means; `None` where nobody may read pages until a better one
    /// comes: the server has trouble (5xx) or makes no sense.
    ///
    /// A file that is missing or forbidden (4xx) allows everything, as does one that redirects too often (RFC 9309, section 2.3.1).
    pub fn from_status(status: u16, body: &[u8], user_agent: &str) -> Option<Self> {
        match status {
            200..300 => Some(Self::parse(body, user_agent)),
            300..500 => Some(Self::default()),
            _ => None,
        }
    }

    /// Whether a path, with its query if it has one, may be read.
    pub fn allows(&self, path_and_query: &str) -> bool {
        if self.rules.is_empty() || path_and_query == "/robots.txt" {
            return true;
        }
        let path = normalise(path_and_query.as_bytes(), |byte| matches!(byte, b'*' | b'$'));
        let path = if path.starts_with('/') { path } else { format!("/{path}") };
        self.rules.iter().find(|rule| rule.matches(&path)).is_none_or(|rule| rule.allows)
    }

    /// Returns the time that the site wants between two requests, at most an hour.
    pub fn crawl_delay(&self) -> Option<Duration> {
        self.crawl_delay
    }
}

/// `pattern` is normalised; `*` stands for anything, a `$` at its end for the end.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    pattern: String,
    allows: bool,
}

impl Rule {
    fn matches(&self, path: &str) -> bool {
        let (pattern, to_the_end) = match self.pattern.strip_suffix('$') {
            Some(pattern) => (pattern, true),
            None => (self.pattern.as_str(), false),
        };
        let mut parts = pattern.split('*');
        let Some(mut rest) = parts.next().and_then(|first| path.strip_prefix(first)) else { return false };
        let mut parts = parts.peekable();
        if parts.peek().is_none() {
            return !to_the_end || rest.is_empty();
        }
        while let Some(part) = parts.next() {
            if to_the_end && parts.peek().is_none() {
                return rest.ends_with(part);
            }
            // The leftmost place leaves the most for what follows.
            let Some(at) = rest.find(part) else { return false };
            rest = &rest[at + part.len()..];
        }
        true
    }
}

#[derive(Clone, Copy)]
enum Line {
    Rule(bool),
    Delay,
}

#[derive(Default)]
struct Group {
    named: bool,
    rules: Vec<Rule>,
    delay: Option<Duration>,
}

impl Group {
    fn add(&mut self, line: Line, value: &[u8]) {
        match line {
            // An empty rule says nothing: `Disallow:` is the old way to allow everything.
            Line::Rule(_) if value.is_empty() => {}
            Line::Rule(allows) => self.rules.push(Rule { pattern: pattern(value), allows }),
            Line::Delay => self.delay = delay(value).or(self.delay),
        }
    }

    fn into_robots(mut self) -> Robots {
        self.rules.sort_by_key(|rule| (std::cmp::Reverse(rule.pattern.len()), !rule.allows));
        self.rules.dedup();
        Robots { rules: self.rules, crawl_delay: self.delay }
    }
}

fn key_and_value(line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let line = line.split(|byte| *byte == b'#').next()?;
    let colon = line.iter().position(|byte| *byte == b':')?;
    Some((line[..colon].trim_ascii().to_ascii_lowercase(), line[colon + 1..].trim_ascii()))
}

/// Returns the product name at the start of a user agent: `dateline` of `dateline/0.1 (…)`.
fn product(user_agent: &[u8]) -> &[u8] {
    let end = user_agent.iter().position(|byte| !byte.is_ascii_alphabetic() && !matches!(byte, b'-' | b'_'));
    &user_agent[..end.unwrap_or(user_agent.len())]
}

fn delay(value: &[u8]) -> Option<Duration> {
    let seconds: f64 = str::from_utf8(value).ok()?.parse().ok()?;
    (seconds > 0.0).then(|| Duration::from_secs_f64(seconds.min(MAX_DELAY.as_secs_f64())))
}

fn pattern(value: &[u8]) -> String {
    let (value, end) = value.strip_suffix(b"$").map_or((value, ""), |value| (value, "$"));
    let pattern = normalise(value, |byte| byte == b'$');
    let start = if pattern.starts_with(['/', '*']) { "" } else { "/" };
    format!("{start}{pattern}{end}")
}

/// What structures a URL (RFC 3986, section 2.2), and `%` where it encodes nothing.
const RESERVED: &[u8] = b":/?#[]@!$&'()*+,;=%";

/// Brings a path to the spelling in which octets are compared (RFC 9309, section 2.2.2): what need not be encoded is not,
/// all else is, with capital digits. `special` are further characters to encode.
fn normalise(text: &[u8], special: impl Fn(u8) -> bool) -> String {
    let mut normal = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let encoded = (byte == b'%').then(|| hex_pair(text.get(at + 1..at + 3)?)).flatten();
        at += if encoded.is_some() { 3 } else { 1 };
        match encoded {
            Some(byte) if is_unreserved(byte) => normal.push(char::from(byte)),
            Some(byte) => push_encoded(&mut normal, byte),
            None if (is_unreserved(byte) || RESERVED.contains(&byte)) && !special(byte) => {
                normal.push(char::from(byte))
            }
            None => push_encoded(&mut normal, byte),
        }
    }
    normal
}

fn hex_pair(digits: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(digits[0])? << 4 | digit(digits[1])?).ok()
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn push_encoded(text: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    text.extend(['%', char::from(DIGITS[usize::from(byte >> 4)]), char::from(DIGITS[usize::from(byte & 15)])]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AGENT: &str = "dateline/0.1 (a reader)";

    #[track_caller]
    fn check(robots: &str, allowed: &[&str], forbidden: &[&str]) {
        let robots = Robots::parse(robots.as_bytes(), AGENT);
        for path in allowed {
            assert!(robots.allows(path), "{path} by {robots:?}");
        }
        for path in forbidden {
            assert!(!robots.allows(path), "{path} by {robots:?}");
        }
    }

    #[test]
    fn no_rules_allow_everything() {
        for robots in
            ["", "User-agent: *\nDisallow:", "Disallow: /", "<html><p>Allow: me</p>", "User-agent: other\nDisallow: /"]
        {
            check(robots, &["/", "/a?b"], &[]);
        }
    }

    #[test]
    fn the_own_group_counts_alone_and_groups_of_one_name_are_one() {
        let robots =
            "User-agent: *\nDisallow: /\n\nUser-agent: Dateline\nDisallow: /a\n\nuser-agent:dateline/2\nDisallow: /b";
        check(robots, &["/", "/c"], &["/a", "/b"]);
        check("User-agent: dateline\n\nUser-agent: *\nAllow: /a\nDisallow: /", &["/a"], &["/b"]);
        check("User-agent: dateline\nUser-agent: *\nDisallow: /\nUser-agent: dateline-news\nAllow: /", &[], &["/a"]);
        check("User-agent: dateline\nAllow: /\nUser-agent: *\nDisallow: /", &["/a"], &[]);
        check("User-agent: datelinebot\nDisallow: /", &["/a"], &[]);
    }

    #[test]
    fn the_longest_match_wins_and_allow_wins_a_tie() {
        check("User-agent: *\nDisallow: /\nAllow: /news", &["/news/a", "/newsroom", "/robots.txt"], &["/", "/new"]);
        check("User-agent: *\nAllow: /p\nDisallow: /", &["/page"], &["/a"]);
        check("User-agent: *\nDisallow: /page\nAllow: /page", &["/page"], &[]);
        check("User-agent: *\nAllow: /$\nDisallow: /", &["/"], &["/page", "/?q"]);
        check("User-agent: *\nAllow: /page\nDisallow: /*.htm", &["/page"], &["/page.htm"]);
    }

    #[test]
    fn stars_and_dollars() {
        check("User-agent: *\nDisallow: /*.php$", &["/a.php5", "/a.php?x", "/a"], &["/a.php", "/b/c.php"]);
        check("User-agent: *\nDisallow: /a*b*c", &["/ab", "/acb", "/xabc"], &["/abc", "/a-b-c-d"]);
        check("User-agent: *\nDisallow: *.gif$", &["/a.gif?"], &["/a.gif", "/a.gif.gif"]);
        check("User-agent: *\nDisallow: /*?", &["/a"], &["/a?", "/a?b"]);
        check("User-agent: *\nDisallow: /a*", &["/b"], &["/a", "/ab"]);
        check("User-agent: *\nDisallow: /a*$", &["/b"], &["/a", "/ab"]);
        check("User-agent: *\nDisallow: /ab*ab$", &["/ab", "/abx"], &["/abab", "/abxab"]);
    }

    #[test]
    fn octets_are_compared_not_spellings() {
        check("User-agent: *\nDisallow: /a%3cd", &["/a"], &["/a<d", "/a%3Cd", "/a%3cd"]);
        check("User-agent: *\nDisallow: /a$b", &["/a", "/ab"], &["/a$b", "/a%24b"]);
        check("User-agent: *\nDisallow: /%61%7E", &["/%2561"], &["/a~", "/a%7e"]);
        check("User-agent: *\nDisallow: /\u{fc}ber uns", &["/uber"], &["/%C3%BCber%20uns", "/%c3%bcber%20uns"]);
        check("User-agent: *\nDisallow: /a%2A", &["/ab", "/a"], &["/a*", "/a%2a"]);
        check("User-agent: *\nDisallow: /100%", &["/100"], &["/100%"]);
    }

    #[test]
    fn lines_as_people_write_them() {
        check(
            "\u{feff}USER-AGENT : *\r\n disallow : a # all of it\r\nSitemap: x\r\nDisallow: /b",
            &["/c"],
            &["/a", "/b"],
        );
        check("User agent: *\rDisallow: /a\rnonsense\rDisallow: /b", &["/c"], &["/a", "/b"]);
    }

    #[test]
    fn crawl_delay_belongs_to_its_group() {
        let delay = |text: &str| Robots::parse(text.as_bytes(), AGENT).crawl_delay();
        assert_eq!(delay("User-agent: *\nCrawl-delay: 2.5\nDisallow: /x"), Some(Duration::from_millis(2500)));
        assert_eq!(delay("User-agent: *\nCrawl-delay: 2\n\nUser-agent: dateline\nAllow: /"), None);
        assert_eq!(delay("User-agent: *\nCrawl-delay: 1e300"), Some(MAX_DELAY));
        for nonsense in ["-1", "0", "soon", "NaN", ""] {
            assert_eq!(delay(&format!("User-agent: *\nCrawl-delay: {nonsense}")), None);
        }
    }

    #[test]
    fn a_status_says_what_a_file_means() {
        let all = b"User-agent: *\nDisallow: /";
        let of = |status| Robots::from_status(status, all, AGENT).map(|robots| robots.allows("/a"));
        assert_eq!(
            [200, 404, 403, 301, 500, 503].map(of),
            [Some(false), Some(true), Some(true), Some(true), None, None]
        );
    }

    #[test]
    fn only_the_first_500_kib_count() {
        let mut robots = "User-agent: *\nDisallow: /a\n".to_owned();
        robots.push_str(&"#".repeat(MAX_BYTES));
        robots.push_str("\nDisallow: /b\n");
        check(&robots, &["/b"], &["/a"]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(body in proptest::collection::vec(any::<u8>(), 0..300), path in ".{0,40}") {
            let mut framed = b"User-agent: *\nDisallow: /".to_vec();
            framed.extend(&body);
            let _ = Robots::parse(&body, AGENT).allows(&path);
            let _ = Robots::parse(&framed, &path).allows(&path);
        }

        #[test]
        fn matching_agrees_with_a_plain_definition(pattern in "/[ab*]{0,6}\\$?", path in "/[ab]{0,8}") {
            fn plain(pattern: &[u8], path: &[u8]) -> bool {
                match pattern {
                    [] => true,
                    [b'$'] => path.is_empty(),
                    [b'*', rest @ ..] => (0..=path.len()).any(|at| plain(rest, &path[at..])),
                    [first, rest @ ..] => path.first() == Some(first) && plain(rest, &path[1..]),
                }
            }
            let rule = Rule { pattern: pattern.clone(), allows: true };
            prop_assert_eq!(rule.matches(&path), plain(pattern.as_bytes(), path.as_bytes()));
        }
    }
}
