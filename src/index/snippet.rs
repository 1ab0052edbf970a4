//! The passage of an article that shows why it was found.

use std::{collections::BTreeSet, ops::Range};

use crate::{
    query::Query,
    text::{Stemmer, Tokens, tokenize},
};

/// The length of a passage in bytes of text, marks not counted: two lines of a terminal.
const LENGTH: usize = 200;
/// What of a text is looked at: the hits of any longer one are found in its beginning too.
const MAX_TEXT_BYTES: usize = 100_000;

/// Returns the passage of a text around most of the query's words, in HTML with `<b>` around them; the beginning of
/// the text where none occurs, and of the title where there is no text.
pub fn snippet(query: &Query, lang: Option<&str>, title: &str, body: &str) -> String {
    let text = if body.trim().is_empty() { title } else { body };
    let text = &text[..text.floor_char_boundary(MAX_TEXT_BYTES)];
    let tokens = tokenize(text);
    let mut wanted = Vec::new();
    let stemmer = Stemmer::new(lang.unwrap_or_default());
    collect(query, &stemmer, &mut wanted);
    let hits = find(&tokens, &wanted, &stemmer);
    let (start, end) = passage(text, &hits);
    render(text, start, end, &hits)
}

/// Returns where the query's words stand in a text, in its order and apart from each other.
pub fn places(query: &Query, lang: Option<&str>, text: &str) -> Vec<Range<usize>> {
    let stemmer = Stemmer::new(lang.unwrap_or_default());
    let mut wanted = Vec::new();
    collect(query, &stemmer, &mut wanted);
    let mut places: Vec<Range<usize>> = Vec::new();
    for hit in find(&tokenize(&text[..text.floor_char_boundary(MAX_TEXT_BYTES)]), &wanted, &stemmer) {
        match places.last_mut() {
            // Characters of one word in a script without spaces are one place.
            Some(last) if hit.start <= last.end => last.end = last.end.max(hit.end),
            _ => places.push(hit.start..hit.end),
        }
    }
    places
}

/// Words to find next to each other.
struct Wanted {
    words: Vec<Form>,
    /// Each word counts by itself.
    apart: bool,
}

/// A word to find.
enum Form {
    Word { word: String, stem: String },
    Beginning(String),
    Near(String, usize),
}

/// A word that was found: where it stands, and by which of the wanted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    start: usize,
    end: usize,
    wanted: usize,
}

fn collect(query: &Query, stemmer: &Stemmer, wanted: &mut Vec<Wanted>) {
    let forms = |text: &str| -> Vec<Form> {
        let tokens = tokenize(text);
        let form = |word: &str| Form::Word { word: word.to_owned(), stem: stemmer.stem(word).into_owned() };
        tokens.iter().map(|(_, word)| form(word)).collect()
    };
    let mut push = |words: Vec<Form>, apart| {
        if !words.is_empty() {
            wanted.push(Wanted { words, apart });
        }
    };
    match query {
        Query::Word { word, .. } => push(forms(word), false),
        Query::Phrase { words, slop, .. } => push(forms(words), *slop > 0),
        Query::Prefix { prefix: text, .. } | Query::Fuzzy { word: text, .. } => {
            let mut words = forms(text);
            if let Some(Form::Word { word, .. }) = words.pop() {
                words.push(match query {
                    Query::Fuzzy { distance, .. } => Form::Near(word, usize::from(*distance)),
                    _ => Form::Beginning(word),
                });
            }
            push(words, true);
        }
        Query::And(all) | Query::Or(all) => all.iter().for_each(|query| collect(query, stemmer, wanted)),
        Query::All | Query::Is { .. } | Query::Published { .. } | Query::Not(_) => {}
    }
}

fn find(tokens: &Tokens, wanted: &[Wanted], stemmer: &Stemmer) -> Vec<Found> {
    if wanted.is_empty() {
        return Vec::new();
    }
    let forms: Vec<&Form> = wanted.iter().flat_map(|wanted| &wanted.words).collect();
    let may_fit =
        |word: &str| forms.iter().any(|form| matches!(form, Form::Word { stem, .. } if stemmer.may_give(stem, word)));
    let stems: Vec<_> = tokens.iter().map(|(_, word)| may_fit(word).then(|| stemmer.stem(word))).collect();
    let fits = |form: &Form, at: usize| {
        let text = tokens.word(at);
        match form {
            Form::Word { word, stem } => text == word || stems[at].as_deref() == Some(stem),
            Form::Beginning(prefix) => text.starts_with(prefix.as_str()),
            Form::Near(word, distance) => {
                text.len().abs_diff(word.len()) <= 4 * distance && strsim::osa_distance(text, word) <= *distance
            }
        }
    };
    let places: Vec<_> = tokens.iter().map(|(token, _)| (token.start as usize, token.end as usize)).collect();
    let mut found = BTreeSet::new();
    for (index, wanted) in wanted.iter().enumerate() {
        for at in 0..places.len() {
            let length = wanted.words.len();
            let run = if wanted.apart {
                if wanted.words.iter().any(|form| fits(form, at)) { 1 } else { 0 }
            } else if at + length <= places.len()
                && wanted.words.iter().enumerate().all(|(offset, form)| fits(form, at + offset))
            {
                length
            } else {
                0
            };
            found.extend(places[at..at + run].iter().map(|&(start, end)| Found { start, end, wanted: index }));
        }
    }
    found.into_iter().collect()
}

/// Returns the stretch of text that shows the most of the wanted, the earliest of equals.
fn passage(text: &str, hits: &[Found]) -> (usize, usize) {
    let mut best = (0, 0, 0);
    let mut last = 0;
    for (first, hit) in hits.iter().enumerate() {
        last = last.max(first);
        while last < hits.len() && hits[last].end <= hit.start + LENGTH {
            last += 1;
        }
        let window = &hits[first..last];
        let distinct = window.iter().map(|hit| hit.wanted).collect::<BTreeSet<_>>().len();
        if (distinct, window.len()) > (best.0, best.1) {
            best = (distinct, window.len(), first);
        }
    }
    let (_, count, first) = best;
    let (from, to) = if count == 0 { (0, 0) } else { (hits[first].start, hits[first + count - 1].end) };
    // What is left of the length goes around the hits, a third of it before them.
    let room = LENGTH.saturating_sub(to - from);
    let start = start_of_words(text, from, room / 3);
    let end = end_of_words(text, to.max(start), (start + LENGTH).saturating_sub(to.max(start)));
    (start, end)
}

/// Returns a place at most `room` before `from` where a sentence begins, else a word.
fn start_of_words(text: &str, from: usize, room: usize) -> usize {
    let low = text.ceil_char_boundary(from.saturating_sub(room));
    if low == 0 {
        return 0;
    }
    let before = &text[low..from];
    let sentence = before.char_indices().find_map(|(at, c)| {
        let next = low + at + c.len_utf8();
        let ends = matches!(c, '.' | '!' | '?' | '。' | '！' | '？' | '\n');
        (ends && (c > '\u{ff}' || text[next..].starts_with(char::is_whitespace) || c == '\n')).then_some(next)
    });
    let word = || before.find(char::is_whitespace).map(|at| low + at);
    let start = sentence.or_else(word).unwrap_or(low);
    from - text[start..from].trim_start().len()
}

/// Returns a place at most `room` after `to` where a word ends.
fn end_of_words(text: &str, to: usize, room: usize) -> usize {
    let high = text.floor_char_boundary(to.saturating_add(room).min(text.len()));
    if high == text.len() {
        return high;
    }
    text[to..high].rfind(char::is_whitespace).map_or(high, |at| to + at)
}

fn render(text: &str, start: usize, end: usize, hits: &[Found]) -> String {
    let mut html = String::with_capacity(end - start + 32);
    if start > 0 {
        html.push('…');
    }
    let mut at = start;
    let mut inside = hits.iter().filter(|hit| hit.start >= start && hit.end <= end).peekable();
    while let Some(hit) = inside.next() {
        if hit.start < at {
            continue;
        }
        escape(&text[at..hit.start], &mut html);
        html.push_str("<b>");
        let mut until = hit.end;
        // Characters of one word in a script without spaces are one mark.
        while let Some(next) = inside.next_if(|next| next.start <= until) {
            until = until.max(next.end);
        }
        escape(&text[hit.start..until], &mut html);
        html.push_str("</b>");
        at = until;
    }
    escape(text[at..end].trim_end(), &mut html);
    if end < text.trim_end().len() {
        html.push('…');
    }
    html
}

/// Appends text as HTML, each run of white space as one space.
fn escape(text: &str, html: &mut String) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c if c.is_whitespace() || c.is_control() => {
                if !html.ends_with(' ') {
                    html.push(' ');
                }
            }
            c => html.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::Time, query::parse};
    use proptest::prelude::*;

    #[track_caller]
    fn check(query: &str, lang: &str, body: &str, expected: &str) {
        let query = parse(query, Time::UNIX_EPOCH).expect("readable");
        assert_eq!(snippet(&query, Some(lang), "A <title>", body), expected);
    }

    #[test]
    fn hits_are_marked_in_any_form() {
        check(
            "sanction",
            "en",
            "New sanctions came. Old sanction stayed.",
            "New <b>sanctions</b> came. Old <b>sanction</b> stayed.",
        );
        check("санкции", "ru", "Пакет санкций принят", "Пакет <b>санкций</b> принят");
        check("制裁", "zh", "新一轮制裁措施，裁判", "新一轮<b>制裁</b>措施，裁判");
        check("sanct* pease~1", "en", "Sanctity of peace", "<b>Sanctity</b> of <b>peace</b>");
    }

    #[test]
    fn every_place_of_a_word_is_told_once() {
        let places = |query: &str, lang: &str, text: &str| {
            let query = parse(query, Time::UNIX_EPOCH).expect("readable");
            super::places(&query, Some(lang), text)
        };
        assert_eq!(places("sanction OR sanctions", "en", "Sanctions, sanction."), [0..9, 11..19]);
        assert_eq!(places("制裁", "zh", "新制裁，制裁"), [3..9, 12..18]);
        assert!(places("absent", "en", "Text").is_empty());
    }

    #[test]
    fn a_phrase_is_marked_where_it_stands_whole() {
        check("\"peace talks\"", "en", "Peace now. Peace talks on.", "Peace now. <b>Peace</b> <b>talks</b> on.");
        check("\"talks peace\"~3", "en", "Peace and talks", "<b>Peace</b> and <b>talks</b>");
    }

    #[test]
    fn everything_else_is_escaped() {
        check("x", "en", "<script>x</script> & \"y\"", "&lt;script&gt;<b>x</b>&lt;/script&gt; &amp; &quot;y&quot;");
        check("script", "en", "<script>", "&lt;<b>script</b>&gt;");
    }

    #[test]
    fn without_a_hit_it_is_the_beginning() {
        check("absent", "en", "First words.", "First words.");
        check("-first", "en", "First words.", "First words.");
        check("absent", "en", "", "A &lt;title&gt;");
        let long = "word ".repeat(100);
        check("absent", "en", &long, &format!("{}…", "word ".repeat(40).trim_end()));
    }

    #[test]
    fn the_passage_shows_most_of_the_words() {
        let body = format!(
            "Peace first. {}Then peace talks began. {}",
            "Filler words here. ".repeat(30),
            "More of it. ".repeat(30)
        );
        let query = parse("peace talks", Time::UNIX_EPOCH).expect("readable");
        let shown = snippet(&query, Some("en"), "", &body);
        assert!(shown.contains("Then <b>peace</b> <b>talks</b> began."), "{shown}");
        assert!(shown.starts_with('…') && shown.ends_with('…'), "{shown}");
        assert!(shown.len() < 240, "{shown}");
    }

    proptest! {
        #[test]
        fn any_text_gives_a_bounded_passage(body in "\\PC{0,600}|[a-c .]{0,600}", title in "\\PC{0,20}") {
            let query = parse("a \"b c\" ab*", Time::UNIX_EPOCH).expect("readable");
            let shown = snippet(&query, Some("en"), &title, &body);
            let text = shown.replace("<b>", "").replace("</b>", "");
            prop_assert!(!text.contains('<') && !text.contains('>'));
        }
    }
}
