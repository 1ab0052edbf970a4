//! Stemming: the inflected forms of a word brought to one stem, by language.
//!
//! Works on the folded words of [`tokenize`](super::tokenize), which have lost their accents before any stemmer sees
//! them. The Snowball algorithms expect accents in some endings (Polish -ów, Portuguese -ção, Czech -ých), so those
//! endings are brought to a common spelling here; Bulgarian, Czech and Slovak have a light suffix stripper of our own.
//! A stem is a key, not a word: what counts is that a rule, a query and a text go through the same stemmer.

use std::borrow::Cow;

/// The stemmer of one language.
#[derive(Clone, Copy)]
pub struct Stemmer(Kind);

#[derive(Clone, Copy)]
enum Kind {
    /// Words stay as they are.
    None,
    Snowball(frostem::Stemmer),
    /// As Snowball, in a language of which it cuts off nothing but endings.
    Endings(frostem::Stemmer),
    French(frostem::Stemmer),
    Polish(frostem::Stemmer),
    Portuguese(frostem::Stemmer),
    Russian(frostem::Stemmer),
    Spanish(frostem::Stemmer),
    Ukrainian(frostem::Stemmer),
    Arabic(frostem::Stemmer),
    Bulgarian,
    Czech,
    EnglishInflection,
}

impl Stemmer {
    /// Returns the stemmer of a language (ISO 639-1); one that changes nothing where we have none.
    pub fn new(lang: &str) -> Self {
        let lang = match lang {
            "nb" | "nn" => "no",
            other => other,
        };
        Self(match (lang, frostem::Stemmer::try_from_name(lang)) {
            ("bg" | "mk", _) => Kind::Bulgarian,
            ("cs" | "sk", _) => Kind::Czech,
            ("ar", Ok(stemmer)) => Kind::Arabic(stemmer),
            ("es", Ok(stemmer)) => Kind::Spanish(stemmer),
            ("fr", Ok(stemmer)) => Kind::French(stemmer),
            ("pl", Ok(stemmer)) => Kind::Polish(stemmer),
            ("pt", Ok(stemmer)) => Kind::Portuguese(stemmer),
            ("ru", Ok(stemmer)) => Kind::Russian(stemmer),
            ("uk", Ok(stemmer)) => Kind::Ukrainian(stemmer),
            ("da" | "de" | "en" | "fi" | "hu" | "it" | "no" | "ro" | "sv", Ok(stemmer)) => Kind::Endings(stemmer),
            // Snowball also answers to names and longer codes, which are no languages of articles.
            (code, Ok(stemmer)) if code.len() == 2 => Kind::Snowball(stemmer),
            _ => Kind::None,
        })
    }

    /// Returns a stemmer that takes off inflection only, where the usual one goes as far as derivation: the English
    /// one makes one stem of "mobilization" and "mobile". For lists of words whose author means each of them.
    pub fn light(lang: &str) -> Self {
        if lang == "en" { Self(Kind::EnglishInflection) } else { Self::new(lang) }
    }

    /// Tells whether a folded word may have a stem, without making it: `false` is certain.
    pub fn may_give(&self, stem: &str, word: &str) -> bool {
        // These may take something off the beginning, too: a superlative of Ukrainian has its sign there.
        matches!(self.0, Kind::Snowball(_) | Kind::Arabic(_) | Kind::Ukrainian(_))
            || word.chars().next() == stem.chars().next()
    }

    /// Returns the stem of a folded word.
    pub fn stem<'a>(&self, word: &'a str) -> Cow<'a, str> {
        // Figures, and codes with figures in them, do not inflect.
        if word.bytes().any(|byte| byte.is_ascii_digit()) {
            return Cow::Borrowed(word);
        }
        match self.0 {
            Kind::None => Cow::Borrowed(word),
            Kind::Snowball(stemmer) | Kind::Endings(stemmer) => stemmer.stem(word),
            Kind::French(stemmer) => stemmer.stem(masculine(word)),
            Kind::Polish(stemmer) => {
                let stem = shorten(stemmer.stem(word), |stem| strip(stem, &["ow"], 4).unwrap_or(stem));
                without_fleeting_vowel(stem, &[("iec", "c"), ("ek", "k")])
            }
            Kind::Portuguese(stemmer) => portuguese(stemmer, word),
            Kind::Russian(stemmer) => {
                let stem = keep_en(stemmer.stem(word), word);
                without_fleeting_vowel(stem, &[("ок", "к"), ("ек", "к"), ("ец", "ц")])
            }
            Kind::Spanish(stemmer) => stemmer.stem(singular(word)),
            Kind::Ukrainian(stemmer) => {
                let stem = shorten(stemmer.stem(nominative(word)), trim_soft);
                without_fleeting_vowel(stem, &[("ок", "к"), ("ец", "ц")])
            }
            Kind::EnglishInflection => english_inflection(word),
            Kind::Arabic(stemmer) => stemmer.stem(without_article(word)),
            Kind::Bulgarian => Cow::Borrowed(strip_all(word, &[BULGARIAN_ARTICLES, BULGARIAN_ENDINGS])),
            Kind::Czech => {
                without_fleeting_vowel(Cow::Borrowed(strip_all(word, &[CZECH_ENDINGS])), &[("ec", "c"), ("ek", "k")])
            }
        }
    }
}

/// Definite articles stand at the end of a Bulgarian noun or adjective.
const BULGARIAN_ARTICLES: &[&str] =
    &["ият", "ията", "ите", "ата", "ята", "ето", "ото", "ия", "ът", "ят", "та", "те", "то"];
/// Plural and gender endings of Bulgarian.
const BULGARIAN_ENDINGS: &[&str] = &["овци", "ове", "еве", "ия", "ии", "ие", "и", "а", "я", "о", "е", "ъ", "й"];
/// Case endings of Czech and Slovak without their accents, longest first.
const CZECH_ENDINGS: &[&str] = &[
    "atech", "ovych", "oveho", "ovemu", "ovymi", "ovym", "ovou", "atum", "emi", "ich", "ych", "ami", "ata", "aty",
    "eho", "emu", "imi", "iho", "imu", "ymi", "ech", "ach", "ove", "ovi", "ovy", "ova", "um", "em", "es", "im", "ym",
    "am", "at", "os", "us", "ou", "ej", "om", "ov", "a", "e", "i", "o", "u", "y",
];

/// Applies `cut`, which takes off an ending.
fn shorten<'a>(stem: Cow<'a, str>, cut: fn(&str) -> &str) -> Cow<'a, str> {
    match stem {
        Cow::Borrowed(stem) => Cow::Borrowed(cut(stem)),
        Cow::Owned(mut stem) => {
            stem.truncate(cut(&stem).len());
            Cow::Owned(stem)
        }
    }
}

/// Drops the vowel that a noun has only where no ending follows it: беженец, беженцы; поставка, поставок. The stem is
/// brought to the spelling without it wherever it comes from, so that words which keep the vowel stay one, too.
fn without_fleeting_vowel<'a>(stem: Cow<'a, str>, endings: &[(&str, &str)]) -> Cow<'a, str> {
    const VOWELS: [char; 17] = ['a', 'e', 'i', 'o', 'u', 'y', 'а', 'е', 'и', 'о', 'у', 'ы', 'э', 'ю', 'я', 'і', 'ї'];
    let shortened = endings.iter().find_map(|(ending, rest)| {
        let base = stem.strip_suffix(ending)?;
        (base.chars().count() >= 3 && !base.ends_with(VOWELS)).then(|| format!("{base}{rest}"))
    });
    shortened.map_or(stem, Cow::Owned)
}

/// Takes the feminine -e and the plural of it off a French participle, whose accent would have told it: réfugiée.
fn masculine(word: &str) -> &str {
    match strip(word, &["ees", "ee"], 3) {
        Some(base) => &word[..base.len() + 1],
        None => word,
    }
}

/// Takes the plural off a Spanish noun or adjective that ends in a consonant: what is left of "crimen" and "nuclear"
/// looks like a verb to the algorithm, "crímenes" and "nucleares" do not.
fn singular(word: &str) -> &str {
    strip(word, &["es"], 3).filter(|base| base.ends_with(['d', 'l', 'n', 'r'])).unwrap_or(word)
}

/// Brings Portuguese plurals to their singular: -ções, -ões, -ais, -éis and -eis, -ens.
fn portuguese(stemmer: frostem::Stemmer, word: &str) -> Cow<'_, str> {
    if let Some(base) = strip(word, &["coes", "cao"], 2).or_else(|| strip(word, &["soes", "sao"], 2)) {
        return Cow::Borrowed(&word[..base.len() + 1]);
    }
    // Míssil and papel have the same plural, mísseis and papéis.
    if let Some(base) = strip(word, &["eis", "el", "il"], 3) {
        return Cow::Owned(format!("{base}l"));
    }
    let plurals = [("oes", "ao"), ("ais", "al"), ("ens", "em"), ("ins", "im")];
    let singular = plurals.iter().find_map(|(ending, other)| Some(format!("{}{other}", strip(word, &[ending], 2)?)));
    match singular {
        Some(singular) => Cow::Owned(stemmer.stem(&singular).into_owned()),
        None => stemmer.stem(word),
    }
}

/// Keeps the -ен that the Russian algorithm takes for a participle's ending in some cases of a noun and not in others:
/// обмен, обмена, обмене.
fn keep_en<'a>(stem: Cow<'a, str>, word: &'a str) -> Cow<'a, str> {
    match word.strip_prefix(&*stem) {
        Some(ending) if ending.starts_with("ен") => Cow::Borrowed(&word[..stem.len() + "ен".len()]),
        _ => stem,
    }
}

/// Takes the plural off a Ukrainian noun that the algorithm takes for a verb: протести, обстріли.
fn nominative(word: &str) -> &str {
    let base = word.strip_suffix("и").filter(|base| base.chars().count() >= 5);
    let is_noun =
        |base: &&str| base.strip_suffix('т').is_some_and(|rest| rest.ends_with(['с', 'н', 'р', 'к', 'п', 'ф', 'ш']));
    base.filter(|base| is_noun(base) || base.ends_with("стріл")).unwrap_or(word)
}

/// Takes -s, -ed, -ing and a final -e off an English word, and one of two equal consonants before them; -ies and -ied
/// become -y.
fn english_inflection(word: &str) -> Cow<'_, str> {
    if let Some(base) = strip(word, &["ies", "ied"], 2) {
        return Cow::Owned(format!("{base}y"));
    }
    let singular = match word.strip_suffix('s').filter(|base| base.len() >= 3 && !base.ends_with(['s', 'u', 'i'])) {
        Some(base) => base,
        None => word,
    };
    let Some(base) = strip(singular, &["ing", "ed"], 3) else {
        return Cow::Borrowed(strip(singular, &["e"], 3).unwrap_or(singular));
    };
    let mut last = base.chars().rev();
    Cow::Borrowed(match (last.next(), last.next()) {
        (Some(a), Some(b)) if a == b && !matches!(a, 'a' | 'e' | 'o' | 'l' | 's') => &base[..base.len() - a.len_utf8()],
        _ => strip(base, &["e"], 3).unwrap_or(base),
    })
}

/// Takes one ending of each list off a word that keeps three letters or more.
fn strip_all<'a>(word: &'a str, lists: &[&[&str]]) -> &'a str {
    lists.iter().fold(word, |word, endings| strip(word, endings, 3).unwrap_or(word))
}

/// Takes off the first ending that fits and leaves at least `keep` letters.
fn strip<'a>(word: &'a str, endings: &[&str], keep: usize) -> Option<&'a str> {
    endings.iter().find_map(|ending| word.strip_suffix(ending)).filter(|base| base.chars().count() >= keep)
}

/// Takes off a final vowel or soft sign that the Ukrainian algorithm leaves in some cases of a noun and not in others.
fn trim_soft(stem: &str) -> &str {
    match stem.strip_suffix(['і', 'ї', 'ь', 'й', 'я', 'и']) {
        Some(base) if base.chars().count() >= 3 => base,
        _ => stem,
    }
}

/// Takes the article off an Arabic word, also behind "and", "with", "like", "so", "for": Snowball takes other endings
/// off a word with it than off one without.
fn without_article(word: &str) -> &str {
    let rest = ARABIC_ARTICLES.iter().find_map(|article| word.strip_prefix(article));
    // What would be left of a shorter word is no word.
    rest.filter(|rest| rest.chars().count() >= 3).unwrap_or(word)
}

const ARABIC_ARTICLES: &[&str] = &["وال", "بال", "كال", "فال", "ال", "لل"];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn same(lang: &str, words: &str) {
        let stemmer = Stemmer::new(lang);
        let mut stems: Vec<_> = words.split(' ').map(|word| stemmer.stem(word)).collect();
        stems.dedup();
        assert_eq!(stems.len(), 1, "{lang}: {stems:?}");
    }

    #[test]
    fn inflected_forms_share_a_stem() {
        same("en", "sanctions sanction sanctioned sanctioning");
        same("de", "angriffe angriff angriffen angriffs");
        same("fr", "negociations negociation negocier");
        same("es", "sanciones sancion");
        same("ru", "переговоры переговоров переговорах переговорами");
        same("uk", "санкціи санкцій санкціями санкціях санкцією");
        same("uk", "переговори переговорів переговорах");
        same("pl", "rozmowy rozmow rozmowach rozmowami");
        same("pl", "uchodzcy uchodzcow uchodzcami");
        same("pt", "sancoes sancao");
        same("it", "negoziati negoziato");
        same("bg", "санкции санкциите санкция");
        same("bg", "преговори преговорите");
        same("cs", "sankce sankcemi sankci sankcich");
        same("cs", "mirovy miroveho mirovych mirovym");
        same("cs", "zajatec zajatci zajatcu");
        same("fr", "refugie refugies refugiee refugiees");
        same("es", "nuclear nucleares");
        same("es", "crimen crimenes");
        same("es", "ciudad ciudades");
        same("pt", "missil misseis");
        same("pt", "refem refens");
        same("pt", "presidencial presidenciais");
        same("pt", "espiao espioes");
        same("ru", "обмен обмена обмену обменом обмене");
        same("ru", "поставка поставки поставок");
        same("ru", "беженец беженца беженцы беженцев");
        same("ru", "восток востока востоке");
        same("ru", "срок срока сроки");
        same("uk", "протест протести протестів протестами");
        same("uk", "обстріл обстріли обстрілів");
        same("uk", "українець українці українців");
        same("pl", "jeniec jency jencow");
        same("pl", "dostawka dostawek");
    }

    proptest! {
        #[test]
        fn a_word_may_have_the_stem_that_it_has(
            lang in proptest::sample::select(vec![
                "", "ar", "bg", "cs", "da", "de", "en", "es", "fi", "fr", "hu", "it", "nl", "no", "pl", "pt", "ro", "ru", "sv", "uk",
            ]),
            word in "(na|naj|ge|un|не|по|най|од)?([a-z]{1,9}|[а-яіїєґ]{1,9})(ies|ing|ed|es|ung|ion|ow|и|ов|ами|ий|ості)?",
        ) {
            let stemmer = Stemmer::new(lang);
            let stem = stemmer.stem(&word);
            prop_assert!(stemmer.may_give(&stem, &word), "{lang}: {word} {stem}");
        }
    }

    #[test]
    fn a_ukrainian_superlative_may_have_the_stem_of_its_positive() {
        assert!(Stemmer::new("uk").may_give("довш", "найдовший"));
    }

    #[test]
    fn light_stemmer_takes_off_inflection_only() {
        let stemmer = Stemmer::light("en");
        for (words, one) in [
            ("sanction sanctions sanctioned sanctioning", true),
            ("negotiate negotiates negotiated negotiating", true),
            ("party parties", true),
            ("annex annexes annexed annexing", true),
            ("ban bans banned banning", true),
            ("mobilization mobile", false),
            ("import important", false),
        ] {
            let mut stems: Vec<_> = words.split(' ').map(|word| stemmer.stem(word)).collect();
            stems.dedup();
            assert_eq!(stems.len() == 1, one, "{stems:?}");
        }
    }

    #[test]
    fn words_of_a_language_without_stemmer_stay() {
        for lang in ["ja", "xx", "", "english"] {
            assert_eq!(Stemmer::new(lang).stem("sanctions"), "sanctions", "{lang}");
        }
    }

    #[test]
    fn figures_and_codes_stay() {
        assert_eq!(Stemmer::new("en").stem("s300s"), "s300s");
    }

    proptest! {
        #[test]
        fn any_word_has_a_stem_in_any_language(
            word in "\\PC{0,40}",
            lang in proptest::sample::select(vec![
                "en", "de", "fr", "es", "ru", "uk", "pl", "pt", "it", "bg", "cs", "ar", "el", "tr", "hu", "fi", "nl", "id",
            ]),
        ) {
            prop_assert!(Stemmer::new(lang).stem(&word).len() <= word.len() * 2 + 8);
        }
    }
}
