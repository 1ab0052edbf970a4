//! Names in the cases of their language: which word of a text can be a form of a name.
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
    "ach", "ami", "oj", "og", "ga",
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

/// Returns the spellings that a name's word is known by: itself, and what is left of it before case endings.
pub(super) fn bases(lang: &str, word: &str) -> Vec<String> {
    let mut bases = vec![word.to_owned()];
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
    let longest = 4;
    let cuts = word.char_indices().rev().take(longest).map(|(at, _)| at);
    let left = cuts.filter(move |&at| endings.contains(&&word[at..])).map(move |at| &word[..at]);
    std::iter::once(word).chain(left.filter(|base| base.chars().count() >= 3))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        check("de", "russland", "russlands", true);
        check("fi", "putin", "putinin putinille putinia", true);
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
    }
}
