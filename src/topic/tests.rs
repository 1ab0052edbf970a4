//! Claims about tagging.

use proptest::prelude::*;

mod forms;

use super::*;
use crate::config::{self, LoadOptions, NameKind, Phrases};

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|&word| word.to_owned()).collect()
}

fn rule(id: &str, lang: &str, strong: &[&str], weak: &[&str]) -> TopicRule {
    let phrases = Phrases { strong: words(strong), weak: words(weak), ..Phrases::default() };
    TopicRule {
        id: id.into(),
        name: id.to_uppercase(),
        phrases: [(lang.into(), phrases)].into(),
        ..TopicRule::default()
    }
}

fn talks() -> TopicRule {
    let mut talks = rule("talks", "en", &["peace talks", "NATO"], &["envoy", "mediator", "deal", "delegation"]);
    let phrases = talks.phrases.get_mut("en").expect("just made");
    phrases.near = vec![("end|stop".into(), "war".into(), 3)];
    phrases.none = words(&["recipe"]);
    phrases.none_near = vec![("talks|peace talks".into(), "union|wage*".into(), 4)];
    talks
}

fn tagger(rules: &[TopicRule]) -> Tagger {
    Tagger::new(rules, &[]).unwrap_or_else(|problems| unreachable!("{problems:?}"))
}

/// Which topics a text gets from [`talks`].
#[track_caller]
fn check(title: &str, body: &str, expected: &[&str]) {
    let tags = tagger(&[talks()]).tag(&Text { title, body, lang: Some("en") }).topics;
    let topics: Vec<&str> = tags.iter().map(|tag| tag.topic.0.as_str()).collect();
    assert_eq!(topics, expected, "{tags:?}");
}

/// A text of so many words about nothing.
fn filler(count: usize) -> String {
    ["harbour", "window", "garden", "violin", "teapot", "meadow"]
        .iter()
        .cycle()
        .take(count)
        .copied()
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn strong_phrase_gives_the_topic_in_any_inflected_form() {
    check("Peace talks resume", "", &["talks"]);
    check("", "The second peace talk ended.", &["talks"]);
    check("", "The peace was long; talks came later.", &[]);
}

#[test]
fn weak_phrases_give_the_topic_only_together() {
    check("Deal", "The deal is a deal.", &[]);
    check("", "An envoy, a mediator, a delegation and a deal: the envoy came.", &[]);
    check(
        "Envoy and mediator near a deal",
        "The delegation met the mediator, and the envoy praised the deal.",
        &["talks"],
    );
}

#[test]
fn words_near_each_other_count_within_a_sentence() {
    check("A plan to end the war", "", &["talks"]);
    check("", "That was the end. War came later.", &[]);
    check("", "The end of a very long and terrible winter of war.", &[]);
}

#[test]
fn headline_that_its_text_does_not_bear_out_gives_no_topic() {
    let report = |about: &str| format!("{} {about} {}", filler(30), filler(60));
    check("Peace talks over milk prices", &report(""), &[]);
    check("Peace talks resume", &report("the peace talks"), &["talks"]);
    // A teaser has no room to bear anything out.
    check("Peace talks resume", &filler(20), &["talks"]);
}

#[test]
fn commonest_words_are_forms_of_themselves_only() {
    let rules = [rule("strike", "es", &["paro"], &[]), rule("hunger", "pt", &["comida"], &[])];
    let found = |lang, title| tagger(&rules).tag(&Text { title, body: "", lang: Some(lang) }).topics.len();
    assert_eq!((found("es", "Paros en los puertos"), found("es", "Un puente para los trenes")), (1, 0));
    assert_eq!((found("pt", "Sem comida"), found("pt", "Um jardim com flores")), (1, 0));
    // As it stands in a rule, such a word counts, alone or in a phrase.
    let rules = [rule("a", "es", &["para"], &[]), rule("b", "es", &["paros para todos"], &[])];
    let tags = tagger(&rules).tag(&Text { title: "Paro para todos", body: "", lang: Some("es") }).topics;
    assert_eq!(tags.len(), 2, "{tags:?}");
    assert_eq!(lint(&rules)[0].message, "is one of the commonest words");
}

#[test]
fn acronym_is_no_word_in_small_letters() {
    let rules = [rule("alliance", "it", &["NATO"], &[])];
    let found = |title| tagger(&rules).tag(&Text { title, body: "", lang: Some("it") }).topics.len();
    assert_eq!(["La NATO si riunisce", "La Nato si riunisce", "È nato un panda"].map(found), [1, 1, 0]);
}

#[test]
fn passing_mention_in_a_long_text_is_not_enough() {
    let long = format!("{} peace talks {}", filler(400), filler(400));
    check("", &long, &[]);
}

#[test]
fn telling_passage_carries_the_topic_near_the_end_of_a_long_text() {
    let long = format!("{}\n\nThe peace talks to end the war go on, the envoy said.\n\n{}", filler(700), filler(100));
    check("", &long, &["talks"]);
}

#[test]
fn words_count_once_however_many_rules_they_fit() {
    let mut rule = rule("ban", "en", &["travel ban", "ban on entry"], &["ban", "travel"]);
    let phrases = rule.phrases.get_mut("en").expect("just made");
    phrases.near = vec![("ban".into(), "travel|entry".into(), 4), ("travel|visa".into(), "ban".into(), 4)];
    let tagger = tagger(&[rule]);
    let found = |words: &str| {
        let body = format!("{} {words} {}", filler(150), filler(150));
        tagger.tag(&Text { title: "", body: &body, lang: Some("en") }).topics.len()
    };
    assert_eq!(found("the travel ban"), 0);
    assert_eq!(found("the travel ban on entry"), 0);
    assert_eq!(found("the travel ban and, for visa holders, a ban on entry"), 1);
}

#[test]
fn refused_neighbours_take_out_the_hit_and_none_the_topic() {
    check("Peace talks with the union over wages", "", &[]);
    check("Peace talks", "A recipe for lentils.", &[]);
}

#[test]
fn acronym_matches_itself_only() {
    check("NATO meets", "", &["talks"]);
    check("Nato meets", "", &["talks"]);
    check("Native meets", "", &[]);
}

#[test]
fn evidence_points_into_the_original_text() {
    let body = "Über Łódź: the Peace Talks are on.";
    let tags = tagger(&[talks()]).tag(&Text { title: "", body, lang: Some("en") }).topics;
    let evidence = &tags[0].evidence[0];
    assert_eq!(evidence.phrase, "Peace Talks");
    assert_eq!(&body[evidence.offset..evidence.offset + evidence.phrase.len()], "Peace Talks");
}

#[test]
fn phrases_hold_for_their_language_and_any_for_all() {
    let rules = [rule("de", "de", &["Verhandlung"], &[]), rule("all", "any", &["Kyjiw"], &[])];
    let tagger = tagger(&rules);
    let topics = |lang| {
        let tags = tagger.tag(&Text { title: "Verhandlungen in Kyjiw", body: "", lang }).topics;
        tags.into_iter().map(|tag| tag.topic.0).collect::<Vec<_>>()
    };
    assert_eq!(topics(Some("de")), ["all", "de"]);
    assert_eq!(topics(Some("sv")), ["all"]);
    assert_eq!(topics(None), ["all", "de"]);
}

#[test]
fn star_matches_every_ending() {
    let tagger = tagger(&[rule("t", "de", &["Friedensgespräch*"], &[])]);
    assert_eq!(tagger.tag(&Text { title: "Die Friedensgesprächsrunde", body: "", lang: Some("de") }).topics.len(), 1);
}

#[test]
fn query_rule_is_asked_of_the_words() {
    let rule = TopicRule {
        id: "q".into(),
        name: "Q".into(),
        query: Some("\"peace talks\" AND (geneva OR title:truce) -football".into()),
        ..TopicRule::default()
    };
    let tagger = tagger(&[rule]);
    let given = |title, body| !tagger.tag(&Text { title, body, lang: Some("en") }).topics.is_empty();
    assert!(given("Peace talks in Geneva", ""));
    assert!(given("Truce", "After peace talks."));
    assert!(!given("Peace talks", "A truce."));
    assert!(!given("Peace talks in Geneva", "Football was played."));
}

#[test]
fn near_misses_are_explained_but_not_given() {
    let text = Text { title: "", body: &format!("peace talks {}", filler(300)), lang: Some("en") };
    let tagger = tagger(&[talks()]);
    assert!(tagger.tag(&text).topics.is_empty());
    assert!(tagger.explain(&text).topics.iter().all(|tag| !tag.matched && tag.score >= 0.3));
    assert_eq!(tagger.explain(&text).topics.len(), 1);
}

#[test]
fn parent_is_resolved_with_its_children_whatever_the_case() {
    let mut rules = [rule("a", "en", &["x1"], &[]), rule("b", "en", &["y1"], &[]), rule("c", "en", &["z1"], &[])];
    rules[1].parent = Some("a".into());
    rules[2].parent = Some("b".into());
    rules[0].name = "Peace and War".into();
    let found = tagger(&rules).resolve("peace AND war").expect("known");
    assert_eq!(found, [TopicId("a".into()), TopicId("b".into()), TopicId("c".into())]);
    assert_eq!(tagger(&rules).resolve("peace"), None);
}

#[test]
fn fingerprint_follows_the_rules() {
    let one = tagger(&[talks()]).fingerprint();
    assert_eq!(one, tagger(&[talks()]).fingerprint());
    assert_ne!(one, tagger(&[rule("talks", "en", &["truce"], &[])]).fingerprint());
}

#[test]
fn every_problem_is_reported_at_once() {
    let mut broken = rule("Bad Id", "english", &["!!", "x*", "a*b c"], &[]);
    broken.parent = Some("talk".into());
    broken.iptc = Some("medtop:20000271".into());
    broken.min_score = Some(0.0);
    broken.query = Some("x".into());
    let problems = Tagger::new(&[broken, talks(), talks()], &[]).err().expect("problems");
    let text = problems
        .iter()
        .map(|problem| format!("{problem} {}\n", problem.hint.as_deref().unwrap_or_default()))
        .collect::<String>();
    for part in [
        "not lowercase words",
        "Media Topics",
        "is no topic",
        "did you mean \"talks\"",
        "min_score",
        "a query and phrases",
        "neither a setting nor a language",
        "\"!!\": has no word",
        "\"x*\": begins too many",
        "inside a word",
        "also the id or name",
    ] {
        assert!(text.contains(part), "{part} in:\n{text}");
    }
}

#[test]
fn ancestors_in_a_circle_are_refused() {
    let mut rules = [rule("a", "en", &["x1"], &[]), rule("b", "en", &["y1"], &[])];
    rules[0].parent = Some("b".into());
    rules[1].parent = Some("a".into());
    assert_eq!(Tagger::new(&rules, &[]).err().map(|problems| problems.len()), Some(2));
}

#[test]
fn unwise_rules_are_linted_and_work() {
    let mut rules = [rule("a", "en", &["pow*"], &[]), rule("c", "en", &[], &["war"])];
    rules[1].phrases.insert("de".into(), Phrases { strong: words(&["Krieg"]), ..Phrases::default() });
    assert!(Tagger::new(&rules, &[]).is_ok());
    let messages: Vec<String> = lint(&rules).into_iter().map(|problem| problem.message).collect();
    assert_eq!(messages, ["begins many words", "one weak phrase alone gives no topic"]);
}

#[test]
fn rules_that_say_something_in_vain_are_refused() {
    let refused =
        |rule: TopicRule| Tagger::new(&[rule], &[]).err().map(|told| told[0].message.clone()).unwrap_or_default();
    assert_eq!(refused(rule("a", "en", &["truce", "Truce"], &[])), "is there twice");
    assert_eq!(refused(rule("a", "en", &["truce"], &["truce"])), "is there twice");
    assert!(refused(rule("a", "en", &[], &[])).contains("never be given"));
    assert!(refused(rule("a", "en", &[], &["war"])).contains("never be given"));
    assert!(refused(rule("a", "en", &["ab*"], &[])).contains("begins too many"));
}

fn shipped() -> Vec<TopicRule> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config/dateline.toml");
    let options = LoadOptions { config_file: Some(file.into()), ..LoadOptions::default() };
    config::load(&options).expect("the shipped configuration has no problems").topics
}

#[test]
fn shipped_rules_have_no_problems() {
    let problems: Vec<String> = lint(&shipped()).iter().map(Problem::to_string).collect();
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn shipped_rules_know_their_topics_in_several_languages() {
    let tagger = tagger(&shipped());
    for (lang, title, expected) in [
        ("en", "Negotiators gather for a second round of peace talks", "peace-talks"),
        ("de", "Unterhändler treffen sich zu Friedensgesprächen", "peace-talks"),
        ("fr", "Les négociations de paix reprennent lundi", "peace-talks"),
        ("uk", "Мирні переговори продовжать у понеділок", "peace-talks"),
        ("pl", "Rozmowy pokojowe zostaną wznowione", "peace-talks"),
        ("ru", "Евросоюз ввел новые санкции против банков", "sanctions"),
        ("es", "La UE aprueba nuevas sanciones contra los bancos", "sanctions"),
        ("pt", "UE aprova novas sanções contra os bancos", "sanctions"),
        ("it", "Via libera a nuove sanzioni contro le banche", "sanctions"),
        ("bg", "Нови санкции срещу банките", "sanctions"),
    ] {
        let tags = tagger.tag(&Text { title, body: "", lang: Some(lang) }).topics;
        assert!(tags.iter().any(|tag| tag.topic.0 == expected), "{lang} {title}: {tags:?}");
    }
    let clean = Text { title: "Lentil soup for a cold evening", body: "Fry the onions.", lang: Some("en") };
    assert!(tagger.tag(&clean).topics.is_empty());
}

fn name(name: &str, kind: NameKind, aliases: &[&str], short: &[&str]) -> NameRule {
    NameRule { name: name.into(), kind, aliases: words(aliases), short: words(short) }
}

fn gazetteer() -> Vec<NameRule> {
    vec![
        name("Ada Byron", NameKind::Person, &["Ада Байронова", "Ada Augusta Byron"], &["Byron", "Байронова"]),
        name("George Byron", NameKind::Person, &[], &["Byron"]),
        name("WHO", NameKind::Organisation, &["World Health Organization", "ВОЗ"], &[]),
        name("Unesco", NameKind::Organisation, &[], &[]),
        name("Harkovia", NameKind::Place, &["Харьков", "Харків", "哈尔科夫"], &[]),
        name("Bank of Harkovia", NameKind::Organisation, &[], &[]),
        name("Group of Seven", NameKind::Organisation, &["G7"], &[]),
        name("Alternative for Harkovia", NameKind::Organisation, &["AfH"], &[]),
    ]
}

/// Which names stand in a text, and how often.
#[track_caller]
fn names_in(lang: &str, text: &str, expected: &[(&str, u32)]) {
    let tagger = Tagger::new(&[], &gazetteer()).unwrap_or_else(|problems| unreachable!("{problems:?}"));
    let found = tagger.tag(&Text { title: "", body: text, lang: Some(lang) }).entities;
    let found: Vec<(&str, u32)> = found.iter().map(|entity| (entity.name.as_str(), entity.count)).collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn last_name_counts_only_once_the_full_name_stands_in_the_text() {
    names_in("en", "Byron wrote. Byron rested.", &[]);
    names_in("en", "Byron wrote, and Ada Byron's desk was Byron's.", &[("Ada Byron", 3)]);
}

#[test]
fn shared_last_name_means_who_was_named_last() {
    let text = "George Byron sailed. Byron sank. Ada Augusta Byron wrote. Byron wrote on. Byron won.";
    names_in("en", text, &[("Ada Byron", 3), ("George Byron", 2)]);
}

#[test]
fn longest_name_wins_where_names_overlap() {
    names_in("en", "The Bank of Harkovia in Harkovia", &[("Bank of Harkovia", 1), ("Harkovia", 1)]);
}

#[test]
fn names_are_found_in_the_cases_of_their_language() {
    names_in("ru", "Из Харькова в Харьков, под Харьковом.", &[("Harkovia", 3)]);
    names_in("uk", "З Харкова до Харкові.", &[("Harkovia", 2)]);
    names_in("ru", "Аду Байронову ждали. Байроновой нет.", &[]);
    names_in("ru", "Ада Байронова пришла. Байронову ждали.", &[("Ada Byron", 2)]);
    names_in("de", "Harkovias Bürger in Harkovia", &[("Harkovia", 2)]);
    names_in("zh", "在哈尔科夫市", &[("Harkovia", 1)]);
}

#[test]
fn names_are_found_in_what_is_written_together_with_them() {
    let names = [
        name("India", NameKind::Place, &["インド", "인도", "الهند"], &[]),
        name("Kenya", NameKind::Place, &["ケニア", "케냐", "كينيا"], &[]),
    ];
    let tagger = Tagger::new(&[], &names).unwrap_or_else(|problems| unreachable!("{problems:?}"));
    let count = |lang: &str, text: &str| {
        let entities = tagger.tag(&Text { title: "", body: text, lang: Some(lang) }).entities;
        ["India", "Kenya"]
            .map(|name| entities.iter().find(|entity| entity.name == name).map_or(0, |entity| entity.count))
    };
    assert_eq!(count("ko", "인도는 케냐와의 협상을 케냐에서 시작했다."), [1, 2]);
    assert_eq!(count("ar", "سافر الوفد لكينيا وللهند وكينيا"), [1, 2]);
    assert_eq!(count("ja", "インドとケニア・インドの首脳"), [2, 1]);
    assert_eq!(count("ja", "インドアの大会、インドネシアのチーム"), [0, 0]);
}

#[test]
fn topic_yields_to_one_that_outranks_it_with_a_higher_score() {
    let matches = TopicRule { outranks: words(&["war"]), ..rule("matches", "en", &["penalty", "striker"], &[]) };
    let war = rule("war", "en", &["bombardment"], &["attack"]);
    let battle = TopicRule { parent: Some("war".into()), ..rule("battle", "en", &["battle"], &[]) };
    let tagger = tagger(&[matches, war, battle]);
    let check = |body: &str, expected: &[&str]| {
        let tags = tagger.tag(&Text { title: "", body, lang: Some("en") }).topics;
        assert_eq!(tags.iter().map(|tag| tag.topic.0.as_str()).collect::<Vec<_>>(), expected, "{tags:?}");
    };
    check("A battle, a bombardment.", &["battle", "war"]);
    check("The striker, a penalty, a bombardment and a battle.", &["matches"]);
    check("A striker under bombardment, and one more bombardment.", &["war", "matches"]);
    let nearly = tagger.explain(&Text { title: "", body: "The striker, a penalty, a bombardment.", lang: Some("en") });
    assert!(nearly.topics.iter().any(|tag| tag.topic.0 == "war" && tag.score < 1.0 && !tag.evidence.is_empty()));
    let unknown = TopicRule { outranks: words(&["wars"]), ..rule("x", "en", &["a phrase"], &[]) };
    assert!(Tagger::new(&[unknown], &[]).is_err());
}

#[test]
fn capitals_tell_a_name_from_a_word() {
    names_in("en", "Who said that? The WHO did. The who is who.", &[("WHO", 1)]);
    names_in("en", "Unesco and UNESCO, not unesco.", &[("Unesco", 2)]);
    names_in("en", "A harkovia of ideas", &[]);
    names_in("fr", "L'AFH et l'AfH", &[("Alternative for Harkovia", 1)]);
}

#[test]
fn letter_and_digit_make_an_acronym() {
    names_in("de", "Die G7-Staaten der G7 zahlen 7 g.", &[("Group of Seven", 2)]);
}

#[test]
fn every_bad_name_is_reported() {
    let mut bad = gazetteer();
    bad.extend([
        name("Ada Byron", NameKind::Place, &[], &[]),
        name("X", NameKind::Person, &["ab", "Lower case", "no capital", "Abc*", "!"], &["Y", "X"]),
        name("Zed Zee", NameKind::Person, &["Zed Zee"], &["Zee", "Zee"]),
    ]);
    let problems = Tagger::new(&[], &bad).err().expect("problems");
    let text = problems.iter().map(|problem| format!("{problem}\n")).collect::<String>();
    for part in [
        "name \"Ada Byron\", \"Ada Byron\": is there twice",
        "name \"X\", \"X\": is too short",
        "name \"X\", \"ab\": has no capital",
        "name \"X\", \"no capital\": has no capital",
        "name \"X\", \"Abc*\": is too short",
        "name \"X\", \"!\": has no word",
        "name \"X\", \"Y\": is too short",
        "name \"Zed Zee\", \"Zed Zee\": is there twice",
        "name \"Zed Zee\", \"Zee\": is there twice",
    ] {
        assert!(text.contains(part), "{part} in:\n{text}");
    }
    bad.truncate(6);
    bad.push(name("Other", NameKind::Place, &["Харків"], &[]));
    assert!(
        Tagger::new(&[], &bad).err().is_some_and(|told| told[0].to_string().contains("also a form of \"Harkovia\""))
    );
}

#[test]
fn names_change_the_fingerprint_and_nothing_of_the_topics() {
    let with = Tagger::new(&[talks()], &gazetteer()).unwrap_or_else(|problems| unreachable!("{problems:?}"));
    let without = tagger(&[talks()]);
    assert_ne!(with.fingerprint(), without.fingerprint());
    let text = Text { title: "Ada Byron leads peace talks", body: "In Harkovia.", lang: Some("en") };
    assert_eq!(with.tag(&text).topics, without.tag(&text).topics);
}

proptest! {
    #[test]
    fn any_text_is_tagged_with_evidence_that_stands_in_it(title in "\\PC{0,60}", body in "(peace|talks|end|war|Ä|\\PC|[ .\n]){0,200}") {
        let tagger = tagger(&[talks()]);
        for lang in [Some("en"), None] {
            let text = Text { title: &title, body: &body, lang };
            for found in tagger.explain(&text).topics {
                prop_assert!(found.score.is_finite());
                for evidence in found.evidence {
                    let field = if evidence.field == crate::model::TextField::Title { &title } else { &body };
                    prop_assert_eq!(&field[evidence.offset..evidence.offset + evidence.phrase.len()], evidence.phrase);
                }
            }
        }
    }

    #[test]
    fn any_rule_is_made_or_refused(id in "\\PC{0,8}", lang in "\\PC{0,3}", phrase in "\\PC{0,20}", query in proptest::option::of("\\PC{0,20}")) {
        let mut rule = rule(&id, &lang, &[&phrase], &[&phrase]);
        rule.query = query;
        let _ = lint(std::slice::from_ref(&rule));
        let _ = Tagger::new(&[rule], &[]);
    }
}
