//! Names in the cases of their language: which word of a text can be a form of a name.
//!
//! Also what is written together with a name and is no part of it: Korean particles behind it, Arabic and Hebrew "and",
//! "in", "to" before it.
//!
//! Stemmers are made for common words and take parts of names for endings (Лавров and Лаврова have two stems, Киев
//! loses half of itself), so names have their own lists of case endings, which only say what may stand after a name.

/// Case endings of nouns and adjectives used as names, by language.
fn endings(lang: &str) -> &'static [&'static str] {
    match lang {
        "ru" | "bg" | "mk" => RUSSIAN,
        "uk" | "be" => UKRAINIAN,
        "pl" => POLISH,
        "cs" | "sk" | "sl" | "hr" | "sr" | "bs" => CZECH,
        "de" | "nl" | "sv" | "da" | "no" | "nb" | "nn" | "is" => &["s", "es"],
        "fi" | "et" => FINNISH,
        "hu" => HUNGARIAN,
        "ro" => &["ei", "ul", "ului", "a", "i"],
        "tr" | "az" => TURKISH,
        "ko" => KOREAN,
        _ => &[],
    }
}

const RUSSIAN: &[&str] = &[
    "а", "у", "ом", "ем", "ым", "им", "е", "ы", "и", "ой", "ей", "ою", "ею", "я", "ю", "ого", "его", "ому", "ему",
    "ая", "ую", "ью", "ов", "ами", "ах", "ам", "ых", "их", "ыми", "ими",
];
const UKRAINIAN: &[&str] = &[
    "а", "у", "ом", "ем", "єм", "им", "ім", "е", "и", "і", "ї", "ой", "ей", "ою", "ею", "єю", "я", "ю", "ого", "ього",
    "ому", "ові", "еві", "єві", "ьому", "ої", "ій", "ами", "ах", "ам", "их", "ими", "ів",
];
// Without their accents, as texts are folded.
const POLISH: &[&str] = &[
    "a", "u", "owi", "em", "iem", "ie", "e", "y", "i", "o", "iego", "ego", "iemu", "emu", "im", "ym", "ej", "iej",
    "ii", "ji", "ow", "ami", "ach", "om",
];
const CZECH: &[&str] = &[
    "a", "u", "ovi", "em", "om", "e", "y", "i", "o", "ou", "ej", "eho", "emu", "ym", "im", "ovy", "ova", "ove", "ah",
    "ach", "ami", "oj", "og", "ga", "um", "ech", "ych", "ich", "ymi", "imi", "mi", "ov", "och", "ega", "ih", "jem",
    "jo",
];
const FINNISH: &[&str] = &[
    "n", "in", "a", "ia", "ssa", "issa", "sta", "ista", "lla", "illa", "lle", "ille", "lta", "ilta", "na", "ina",
    "ksi", "iksi", "aan", "iin",
];
const HUNGARIAN: &[&str] = &[
    "t", "ot", "et", "at", "nak", "nek", "ban", "ben", "bol", "ba", "be", "rol", "tol", "hoz", "hez", "val", "vel",
    "ra", "re", "on", "en", "nal", "nel", "ert", "ig",
];
// Suffixes stand after an apostrophe, which ends the word, except where a paper writes without.
const TURKISH: &[&str] =
    &["in", "un", "nin", "nun", "a", "e", "ya", "ye", "da", "de", "dan", "den", "i", "u", "yi", "yu"];

/// Particles, decomposed as texts are folded.
const KOREAN: &[&str] = &[
    "은",
    "는",
    "이",
    "가",
    "을",
    "를",
    "의",
    "에",
    "도",
    "와",
    "과",
    "로",
    "만",
    "에서",
    "에는",
    "에게",
    "에도",
    "으로",
    "까지",
    "부터",
    "이나",
    "보다",
    "와의",
    "과의",
    "에서는",
    "에서의",
    "으로부터",
];

/// Words of one letter that are written together with the next one, in the order in which they come before a name.
fn prefixes(lang: &str) -> [&'static [&'static str]; 2] {
    match lang {
        "ar" => [&["و", "ف"], &["ب", "ل", "ك"]],
        "he" => [&["ו", "ש"], &["ב", "ל", "מ", "כ", "ה"]],
        _ => [&[], &[]],
    }
}

/// Returns the spellings that a name's word is known by: itself, and what is left of it before case endings.
pub(super) fn bases(lang: &str, word: &str) -> Vec<String> {
    let mut bases = vec![word.to_owned()];
    // Behind "to" the article loses its first letter: القاهرة, للقاهرة.
    bases.extend(word.strip_prefix('ا').filter(|base| lang == "ar" && base.starts_with('ل')).map(str::to_owned));
    if endings(lang).is_empty() {
        return bases;
    }
    let mut cut = |ending: &str, instead: &str| {
        let base = word.strip_suffix(ending).map(|base| format!("{base}{instead}"));
        bases.extend(base.filter(|base| base.chars().count() >= 3));
    };
    match lang {
        "ru" | "be" | "bg" | "mk" | "uk" => {
            ["а", "я", "о", "е", "ь", "і", "ії"].into_iter().for_each(|ending| cut(ending, ""));
            ["ий", "ый", "ая", "ої", "ые", "ие"].into_iter().for_each(|ending| cut(ending, ""));
            // Without its last letter such a name may be another word: Китай, Кита; Суми, Сума.
            ["я", "ю", "ем", "єм", "е", "ї", "и"].into_iter().for_each(|other| cut("й", other));
            for plural in ["и", "ы"] {
                ["ам", "ами", "ах"].into_iter().for_each(|other| cut(plural, other));
                if word.chars().count() > 4 {
                    cut(plural, "");
                }
            }
            // Київ, Києва; Харків, Харкова; Прага, Празі.
            [("їв", "єв"), ("ів", "ов"), ("ів", "ев")].into_iter().for_each(|(ending, other)| cut(ending, other));
            if lang == "uk" {
                [("ка", "ці"), ("га", "зі"), ("ха", "сі")].into_iter().for_each(|(ending, other)| cut(ending, other));
            }
        }
        "pl" | "cs" | "sk" | "sl" | "hr" | "sr" | "bs" => {
            ["a", "o", "e", "i", "y", "yj", "ij"].into_iter().for_each(|ending| cut(ending, ""));
            // Polska, Polsce; Praga, Pradze; Praha, Praze; Egipt, Egipcie; Kair, Kairze.
            let softened: &[_] = match lang {
                "pl" => &[("ka", "ce"), ("ga", "dze"), ("ra", "rze"), ("r", "rze"), ("t", "cie"), ("d", "dzie")],
                _ => &[("ka", "ce"), ("ga", "ze"), ("ha", "ze")],
            };
            softened.iter().for_each(|(ending, other)| cut(ending, other));
        }
        "ro" => cut("a", ""),
        _ => {}
    }
    bases
}

/// Returns what a word of a text could be of, the whole word first, then ever less of it.
pub(super) fn stripped<'a>(lang: &str, word: &'a str) -> impl Iterator<Item = &'a str> {
    let endings = endings(lang);
    let (longest, keep) = if lang == "ko" { (9, 4) } else { (4, 3) };
    let cuts = word.char_indices().rev().take(longest).map(|(at, _)| at);
    let left = cuts.filter(move |&at| endings.contains(&&word[at..])).map(move |at| &word[..at]);
    let [outer, inner] = prefixes(lang);
    let without = |word: &'a str, prefixes: &[&str]| prefixes.iter().find_map(|prefix| word.strip_prefix(prefix));
    let once = without(word, outer);
    let right = [once, without(word, inner), once.and_then(|word| without(word, inner))].into_iter().flatten();
    std::iter::once(word).chain(left.chain(right).filter(move |base| base.chars().count() >= keep))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tokenize;

    /// The words as a text would have them.
    fn folded(words: &str) -> String {
        tokenize(words).iter().map(|(_, word)| word).collect::<Vec<_>>().join(" ")
    }

    /// Whether each of the forms is taken for the name, by folded words.
    #[track_caller]
    fn check(lang: &str, name: &str, forms: &str, expected: bool) {
        let bases = bases(lang, name);
        for form in forms.split(' ') {
            let is_one = stripped(lang, form).any(|base| bases.iter().any(|known| known == base));
            assert_eq!(is_one, expected, "{lang}: {name} {form}");
        }
    }

    #[test]
    fn names_are_known_in_all_cases() {
        check("ru", "лавров", "лавров лаврова лаврову лавровым лаврове", true);
        check("ru", "зеленский", "зеленского зеленскому зеленским зеленском", true);
        check("ru", "киев", "киева киеву киевом киеве", true);
        check("ru", "москва", "москвы москве москву москвой", true);
        check("ru", "россия", "россии россию россией", true);
        check("uk", "зеленський", "зеленського зеленському зеленським", true);
        check("uk", "київ", "києва києву києвом києві", true);
        check("uk", "харків", "харкова харкову харкові", true);
        check("uk", "прага", "праги празі прагу", true);
        check("uk", "північна", "північної північній північну", true);
        check("uk", "суми", "сумах сумами", true);
        check("ru", "китай", "китая китаю китаем китае", true);
        check("ru", "вооруженные", "вооруженных вооруженными", true);
        check("pl", "polska", "polski polsce polske", true);
        check("pl", "egipt", "egiptu egipcie", true);
        check("uk", "україна", "україни україні україну україною", true);
        check("pl", "zelenski", "zelenskiego zelenskiemu zelenskim", true);
        check("pl", "putin", "putina putinowi putinem putinie", true);
        check("pl", "rosja", "rosji rosje rosja", true);
        check("cs", "zelenskyj", "zelenskeho zelenskemu zelenskym", true);
        check("cs", "spojene", "spojenych spojenym spojenymi", true);
        check("cs", "narody", "narodu narodum narodech", true);
        check("sl", "zelenski", "zelenskega zelenskemu", true);
        check("de", "russland", "russlands", true);
        check("fi", "putin", "putinin putinille putinia", true);
        check(
            "ko",
            &folded("러시아"),
            &folded("러시아 러시아는 러시아가 러시아를 러시아의 러시아에서 러시아와 러시아로 러시아에서는"),
            true,
        );
        check("ko", &folded("푸틴"), &folded("푸틴은 푸틴이 푸틴을 푸틴의 푸틴과 푸틴도 푸틴에게 푸틴으로"), true);
        check("ar", "روسيا", "روسيا وروسيا لروسيا بروسيا ولروسيا فروسيا", true);
        check("ar", "القاهرة", "القاهرة والقاهرة بالقاهرة للقاهرة وللقاهرة", true);
        check("he", "רוסיה", "רוסיה ורוסיה לרוסיה מרוסיה שברוסיה", true);
        check("hu", "putyin", "putyint putyinnak putyinnal", true);
    }

    #[test]
    fn what_is_derived_from_a_name_is_not_the_name() {
        check("ru", "киев", "киевский киевлян", false);
        check("ru", "россия", "российский россиян", false);
        check("uk", "україна", "український українців", false);
        check("ru", "китай", "кита китом", false);
        check("uk", "суми", "сума суму сумою", false);
        check("de", "russland", "russe russisch russlanddeutsche", false);
        check("en", "kiev", "kievan kievs", false);
        check("en", "putin", "putinism", false);
        check("ko", &folded("러시아"), &folded("러시아어 러시아인 러시아군"), false);
        check("ar", "روسيا", "الروسية روسياوي", false);
    }
}
