//! What goes wrong with pages: on the way, in templates, and on purpose.

use crate::dice::Dice;

/// The longest page that a mutation may make, in bytes.
const MOST: usize = 2 << 20;

/// Spoils a page in one to four ways. `other` is a page to take pieces from.
pub fn spoil(dice: &mut Dice, page: &mut Vec<u8>, other: &[u8]) {
    for _ in 0..=dice.roll(4) {
        match dice.roll(9) {
            0 => flip(dice, page),
            1 => page.truncate(dice.roll(page.len() + 1)),
            2 => cut(dice, page),
            3 => drop_tags(dice, page),
            4 => nest(dice, page),
            5 => repeat(dice, page),
            6 => splice(dice, page, other),
            7 => swap(dice, page),
            _ => insert(dice, page),
        }
    }
    page.truncate(MOST);
}

fn flip(dice: &mut Dice, page: &mut [u8]) {
    for _ in 0..1 << dice.roll(8) {
        if let Some(byte) = page.len().checked_sub(1).map(|last| &mut page[dice.roll(last + 1)]) {
            *byte ^= 1 << dice.roll(8);
        }
    }
}

/// A piece of a page, mostly a short one, from the start of a tag where one is near.
fn piece(dice: &mut Dice, page: &[u8]) -> std::ops::Range<usize> {
    let start = dice.roll(page.len() + 1);
    let start = page[start..].iter().take(200).position(|b| *b == b'<').map_or(start, |at| start + at);
    let most = 1 << dice.roll(15);
    let length = dice.roll(1 + most.min(page.len() - start));
    start..start + length
}

fn cut(dice: &mut Dice, page: &mut Vec<u8>) {
    let piece = piece(dice, page);
    page.drain(piece);
}

/// Takes one in so many tags away, or only their ends.
fn drop_tags(dice: &mut Dice, page: &mut Vec<u8>) {
    let (one_in, only_ends) = (2 + dice.roll(20), dice.roll(2) == 0);
    let mut kept = Vec::with_capacity(page.len());
    let mut rest = page.as_slice();
    while let Some(at) = rest.iter().position(|b| *b == b'<') {
        let end = rest[at..].iter().position(|b| *b == b'>').map_or(rest.len(), |end| at + end + 1);
        let is_end = rest.get(at + 1) == Some(&b'/');
        let goes = dice.roll(one_in) == 0 && (is_end || !only_ends);
        kept.extend_from_slice(&rest[..if goes { at } else { end }]);
        rest = &rest[end..];
    }
    kept.extend_from_slice(rest);
    *page = kept;
}

fn nest(dice: &mut Dice, page: &mut Vec<u8>) {
    const DEEP: &[&str] = &[
        "<div>",
        "<b><i>",
        "<table><tr><td>",
        "<ul><li>",
        "<a href=x>",
        "<font color=x>",
        "<p><b>",
        "<svg><g>",
        "<blockquote>",
        "<span class=comment>",
        "<template>",
        "<select><option>",
        "<h1>",
        "<time>",
        "<dl><dd>",
        "[",
        "{\"a\":",
        "<!--",
        "<script>",
        "</p>",
        "<td>",
        "&amp;",
        "<a itemprop=author>",
        "<i class=byline>",
    ];
    let at = dice.roll(page.len() + 1);
    let deepest = 1 + dice.roll(14);
    let deep = dice.pick(DEEP).repeat(1 << dice.roll(deepest));
    page.splice(at..at, deep.bytes());
}

fn repeat(dice: &mut Dice, page: &mut Vec<u8>) {
    let piece = piece(dice, page);
    let times = (1 << dice.roll(8)).min((1 << (10 + dice.roll(8))) / piece.len().max(1));
    let again = page[piece.clone()].repeat(times);
    page.splice(piece.end..piece.end, again);
}

fn splice(dice: &mut Dice, page: &mut Vec<u8>, other: &[u8]) {
    let (gone, new) = (piece(dice, page), piece(dice, other));
    page.splice(gone, other[new].iter().copied());
}

fn swap(dice: &mut Dice, page: &mut Vec<u8>) {
    let (one, at) = (piece(dice, page), dice.roll(page.len() + 1));
    let moved: Vec<u8> = page.drain(one).collect();
    let at = at.min(page.len());
    page.splice(at..at, moved);
}

fn insert(dice: &mut Dice, page: &mut Vec<u8>) {
    const ODD: &[&[u8]] = &[
        b"\0",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"<",
        b"</",
        b"<!",
        b"<![CDATA[",
        b"&#",
        b"\"",
        b"'",
        b"=",
        b">",
        b"\xc2",
        b"</body>",
        b"</html>",
        b"<meta charset=utf-16>",
        b"<meta charset=gb18030>",
        b"<base href=x>",
        b"</script>",
        b"<plaintext>",
        b"\xe2\x80\xae",
        b"</article></main>",
        b"<h1>",
        b"</h1>",
    ];
    for _ in 0..1 + dice.roll(20) {
        let at = dice.roll(page.len() + 1);
        page.splice(at..at, dice.pick(ODD).iter().copied());
    }
}
