//! What differs between two texts: paragraph by paragraph, and in those that changed word by word.

use std::{mem, time::Duration};

use similar::{ChangeTag, DiffTag, TextDiff, TextDiffConfig};

use crate::text::html::escape;

/// For one comparison; what is not compared by then is shown as replaced.
const PATIENCE: Duration = Duration::from_millis(200);
/// Paragraphs that share less than this are shown one after the other: their words would be a patchwork.
const ALIKE: f32 = 0.4;

/// A pair of paragraphs.
#[derive(Debug, PartialEq)]
enum Row<'a> {
    Same(&'a str),
    Changed(Option<&'a str>, Option<&'a str>),
}

/// Returns one text with what was taken out and put in.
pub(super) fn inline(old: &str, new: &str) -> String {
    rows(old, new).into_iter().map(inline_row).collect()
}

/// Returns two texts beside each other, the rows of a table.
pub(super) fn beside(old: &str, new: &str) -> String {
    let row = |row| match row {
        Row::Same(text) => format!("<tr class=same><td>{0}<td>{0}", escape(text)),
        Row::Changed(Some(old), Some(new)) => {
            let (left, right) = words(old, new).map_or_else(
                || (format!("<del>{}</del>", escape(old)), format!("<ins>{}</ins>", escape(new))),
                |changes| (side(&changes, ChangeTag::Delete), side(&changes, ChangeTag::Insert)),
            );
            format!("<tr><td>{left}<td>{right}")
        }
        Row::Changed(Some(old), None) => format!("<tr><td><del>{}</del><td>", escape(old)),
        Row::Changed(None, new) => format!("<tr><td><td><ins>{}</ins>", escape(new.unwrap_or_default())),
    };
    rows(old, new).into_iter().map(row).collect()
}

fn inline_row(row: Row<'_>) -> String {
    let taken = |text: &str| format!("<p class=out><del>{}</del></p>", escape(text));
    let put = |text: &str| format!("<p class=in><ins>{}</ins></p>", escape(text));
    match row {
        Row::Same(text) => format!("<p>{}</p>", escape(text)),
        Row::Changed(Some(old), Some(new)) => match words(old, new) {
            Some(changes) => format!("<p class=changed>{}</p>", changes.iter().map(marked).collect::<String>()),
            None => taken(old) + &put(new),
        },
        Row::Changed(old, new) => old.map(taken).unwrap_or_default() + &new.map(put).unwrap_or_default(),
    }
}

fn rows<'a>(old: &'a str, new: &'a str) -> Vec<Row<'a>> {
    let paragraphs = |text: &'a str| text.split('\n').filter(|line| !line.trim().is_empty()).collect::<Vec<_>>();
    let (old, new) = (paragraphs(old), paragraphs(new));
    let diff = config().diff_slices(&old, &new);
    let mut rows = Vec::new();
    for op in diff.ops() {
        let (tag, olds, news) = op.as_tag_tuple();
        let (olds, news) = (&old[olds], &new[news]);
        if tag == DiffTag::Equal {
            rows.extend(olds.iter().map(|text| Row::Same(text)));
        } else {
            let pair = |at: usize| Row::Changed(olds.get(at).copied(), news.get(at).copied());
            rows.extend((0..olds.len().max(news.len())).map(pair));
        }
    }
    rows
}

fn config() -> TextDiffConfig {
    let mut config = TextDiff::configure();
    config.timeout(PATIENCE);
    config
}

type Change = (ChangeTag, String);

/// Compares words, or characters where words are not spaced; `None` where the two have little in common.
fn words(old: &str, new: &str) -> Option<Vec<Change>> {
    // Ten letters a word: no spaced language has longer ones on average.
    let is_spaced =
        |text: &str| text.contains(char::is_whitespace) && text.split_whitespace().count() * 10 >= text.chars().count();
    let diff =
        if is_spaced(old) && is_spaced(new) { config().diff_words(old, new) } else { config().diff_chars(old, new) };
    let (mut changes, mut common) = (Vec::new(), 0);
    let (mut taken, mut put) = (String::new(), String::new());
    for change in diff.iter_all_changes() {
        let (tag, text) = (change.tag(), change.value());
        match tag {
            ChangeTag::Delete => taken += text,
            ChangeTag::Insert => put += text,
            // A space between words that changed is theirs: a replaced phrase is one change.
            ChangeTag::Equal if text.trim().is_empty() && !(taken.is_empty() && put.is_empty()) => {
                taken += text;
                put += text;
            }
            ChangeTag::Equal => {
                common += 2 * text.len();
                flush(&mut taken, &mut put, &mut changes);
                changes.push((ChangeTag::Equal, text.to_owned()));
            }
        }
    }
    flush(&mut taken, &mut put, &mut changes);
    (common as f32 >= ALIKE * (old.len() + new.len()) as f32).then_some(changes)
}

/// Ends a change; the space that both sides end with is none.
fn flush(taken: &mut String, put: &mut String, changes: &mut Vec<Change>) {
    let is_spaced = |text: &str| text.ends_with(char::is_whitespace);
    let space = (is_spaced(taken) && is_spaced(put)).then(|| {
        put.truncate(put.trim_end().len());
        taken.truncate(taken.trim_end().len());
    });
    for (tag, text) in [(ChangeTag::Delete, mem::take(taken)), (ChangeTag::Insert, mem::take(put))] {
        if !text.is_empty() {
            changes.push((tag, text));
        }
    }
    changes.extend(space.map(|()| (ChangeTag::Equal, " ".to_owned())));
}

fn marked((tag, text): &Change) -> String {
    let text = escape(text);
    match tag {
        ChangeTag::Equal => text,
        ChangeTag::Delete => format!("<del>{text}</del>"),
        ChangeTag::Insert => format!("<ins>{text}</ins>"),
    }
}

/// What one side has of the changes.
fn side(changes: &[Change], own: ChangeTag) -> String {
    changes.iter().filter(|(tag, _)| *tag == own || *tag == ChangeTag::Equal).map(marked).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_changed_are_marked_in_their_paragraph() {
        assert_eq!(
            inline("Talks began on Monday.\n\nBoth <sides> met.", "Talks began on Tuesday.\n\nBoth <sides> met."),
            "<p class=changed>Talks began on <del>Monday.</del><ins>Tuesday.</ins></p><p>Both &lt;sides&gt; met.</p>"
        );
        assert_eq!(
            inline("Four workers died in the old harbour.", "At least nine died in the old harbour."),
            "<p class=changed><del>Four workers</del><ins>At least nine</ins> died in the old harbour.</p>"
        );
        assert_eq!(inline("谈判周一开始", "谈判周二开始"), "<p class=changed>谈判周<del>一</del><ins>二</ins>开始</p>");
    }

    #[test]
    fn paragraphs_without_a_counterpart_stand_alone() {
        assert_eq!(
            inline("A b c.", "A b c.\n\nNew <one>."),
            "<p>A b c.</p><p class=in><ins>New &lt;one&gt;.</ins></p>"
        );
        assert_eq!(
            inline("Of cabbages and kings.", "Harbours freeze early."),
            "<p class=out><del>Of cabbages and kings.</del></p><p class=in><ins>Harbours freeze early.</ins></p>"
        );
        assert_eq!(beside("Same.\nGone.", "Same."), "<tr class=same><td>Same.<td>Same.<tr><td><del>Gone.</del><td>");
    }

    #[test]
    fn beside_each_other_each_side_has_its_own_words() {
        assert_eq!(
            beside("Ten ships wait.", "Ten boats wait."),
            "<tr><td>Ten <del>ships</del> wait.<td>Ten <ins>boats</ins> wait."
        );
    }
}
