//! What the index keeps of an article, and the fingerprint of it.
//!
//! | kept as | fields |
//! |---|---|
//! | stems with places, for words and phrases | title, body |
//! | stems, for the rank of what a report begins with | lead |
//! | words as written, for beginnings, near spellings and the rank of exact forms | title, body |
//! | whole values | source, outlet, topic, lang, tag, entity, id, story |
//! | words with places | author, url |
//! | columns to sort, collapse and count by | id, group, published, source name, outlet, topic, lang, author, entity name |
//!
//! Nothing is stored: what a hit shows comes from the store.

use std::ops::Range;

use sha2::{Digest, Sha256};
use tantivy::{
    TantivyDocument,
    schema::{FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions},
};

use super::{
    Document,
    analysis::{STEMS, WORDS, clip, lang_key, name_key, outlet_key, with_language, without_scheme},
};
use crate::text::{Stemmer, tokenize};

/// The name of the column of article ids.
pub(super) const ID: &str = "id";
/// The name of the column of group keys.
pub(super) const GROUP: &str = "group";
/// The name of the column of publication times, in seconds since 1970.
pub(super) const PUBLISHED: &str = "published";
/// The name of the column of the sources that announced first.
pub(super) const SOURCE_NAME: &str = "source_name";
/// The name of the field and column of outlets.
pub(super) const OUTLET: &str = "outlet";
/// The name of the field and column of topic ids.
pub(super) const TOPIC: &str = "topic";
/// The name of the field and column of languages.
pub(super) const LANG: &str = "lang";
/// The name of the field and column of authors.
pub(super) const AUTHOR: &str = "author";

/// The name of the column of names found in the text.
pub(super) const ENTITY_NAME: &str = "entity_name";

/// The length of a lead: a place and a day before the report are less than one, and a text may have no paragraphs.
const LEAD_BYTES: Range<usize> = 60..400;

/// One part of a text: its stems and its words.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub stems: Field,
    pub words: Field,
}

/// The fields of the schema.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    pub id: Field,
    pub group: Field,
    pub published: Field,
    pub story: Field,
    pub title: Part,
    pub lead: Field,
    pub body: Part,
    pub source: Field,
    pub source_name: Field,
    pub outlet: Field,
    pub topic: Field,
    pub lang: Field,
    pub author: Field,
    pub url: Field,
    pub tag: Field,
    pub entity: Field,
    pub entity_name: Field,
}

/// Returns the schema and its fields.
pub(super) fn schema() -> (Schema, Fields) {
    let text = |tokenizer: &str, option| TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(option);
    let stems = TextOptions::default().set_indexing_options(text(STEMS, IndexRecordOption::WithFreqsAndPositions));
    // Leads are of about one length: no field norms.
    let lead =
        TextOptions::default().set_indexing_options(text(STEMS, IndexRecordOption::WithFreqs).set_fieldnorms(false));
    let words = TextOptions::default().set_indexing_options(text(WORDS, IndexRecordOption::WithFreqs));
    // Names and addresses are found, not ranked: no field norms.
    let name_words = TextOptions::default()
        .set_indexing_options(text(WORDS, IndexRecordOption::WithFreqsAndPositions).set_fieldnorms(false));
    let value =
        TextOptions::default().set_indexing_options(text("raw", IndexRecordOption::Basic).set_fieldnorms(false));
    let column = |options: &TextOptions| options.clone().set_fast("raw");
    let mut builder = Schema::builder();
    let fields = Fields {
        id: builder.add_u64_field(ID, INDEXED | FAST),
        group: builder.add_u64_field(GROUP, FAST),
        published: builder.add_i64_field(PUBLISHED, FAST),
        story: builder.add_u64_field("story", INDEXED),
        title: Part {
            stems: builder.add_text_field("title", stems.clone()),
            words: builder.add_text_field("title_words", words.clone()),
        },
        lead: builder.add_text_field("lead", lead),
        body: Part { stems: builder.add_text_field("body", stems), words: builder.add_text_field("body_words", words) },
        source: builder.add_text_field("source", value.clone()),
        source_name: builder.add_text_field(SOURCE_NAME, column(&TextOptions::default())),
        outlet: builder.add_text_field(OUTLET, column(&value)),
        topic: builder.add_text_field(TOPIC, column(&value)),
        lang: builder.add_text_field(LANG, column(&value)),
        author: builder.add_text_field(AUTHOR, column(&name_words)),
        url: builder.add_text_field("url", name_words),
        tag: builder.add_text_field("tag", value.clone()),
        entity: builder.add_text_field("entity", value),
        entity_name: builder.add_text_field(ENTITY_NAME, column(&TextOptions::default())),
    };
    (builder.build(), fields)
}

/// Returns what the index keeps of an article.
pub(super) fn document(fields: &Fields, document: &Document<'_>) -> TantivyDocument {
    let article = document.article;
    let published = article.published_at.map_or(article.fetched_at, |published| published.at);
    let lang = article.lang.as_deref().map(lang_key);
    let mut kept = TantivyDocument::default();
    kept.add_u64(fields.id, article.id.bits());
    kept.add_u64(fields.group, document.group.bits());
    kept.add_i64(fields.published, published.timestamp());
    kept.add_u64(fields.story, article.story.bits());
    for (part, text) in [(fields.title, &article.title), (fields.body, &article.body)] {
        kept.add_text(part.stems, with_language(lang.as_deref(), text));
        kept.add_text(part.words, text);
    }
    kept.add_text(fields.lead, with_language(lang.as_deref(), lead(&article.body)));
    for source in document.sources {
        kept.add_text(fields.source, name_key(source));
    }
    if let Some(source) = &article.source {
        kept.add_text(fields.source_name, clip(source));
    }
    kept.add_text(fields.outlet, outlet_key(&article.outlet));
    for topic in article.topics.iter().filter(|topic| topic.matched) {
        kept.add_text(fields.topic, clip(&topic.topic.0));
    }
    if let Some(lang) = lang {
        kept.add_text(fields.lang, lang);
    }
    for author in &article.authors {
        kept.add_text(fields.author, clip(author));
    }
    kept.add_text(fields.url, without_scheme(article.url.as_str()));
    for tag in &article.tags {
        kept.add_text(fields.tag, name_key(tag));
    }
    for entity in &article.entities {
        kept.add_text(fields.entity, name_key(&entity.name));
        kept.add_text(fields.entity_name, clip(&entity.name));
    }
    kept
}

/// Returns what a text begins with: whole paragraphs, as many as make a sentence or two.
fn lead(body: &str) -> &str {
    let (least, most) = (body.ceil_char_boundary(LEAD_BYTES.start), body.floor_char_boundary(LEAD_BYTES.end));
    let end = body.get(least..most).and_then(|text| text.find("\n\n")).map_or(most, |paragraph| least + paragraph);
    &body[..end]
}

/// Returns the fingerprint of schema and text analysis: an index with another one has to be built anew.
pub(super) fn fingerprint() -> String {
    let mut hash = Sha256::new();
    let schema = serde_json::to_string(&schema().0).expect("a schema is plain data");
    hash.update(schema);
    // A change of a stemmer or of the tokenizer shows in what they make of these words.
    for (lang, words) in PROBES {
        let stemmer = Stemmer::new(lang);
        for (_, word) in tokenize(words).iter() {
            hash.update(stemmer.stem(word).as_bytes());
            hash.update([0]);
        }
    }
    hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Words with the endings that the stemmer of each language works on, and spellings that folding works on.
const PROBES: &[(&str, &str)] = &[
    ("", "Élysée’s Größe ﬁnal Œuvre Её Об’єкт 制裁2026年 สวัสดี 10:30 S-300s naïveté Ångström İstanbul كتاب"),
    ("en", "sanctions sanctioned negotiating negotiators ministries peacefully attacks independent strongest"),
    ("de", "Verhandlungen Verhandlung Angriffe Sanktionen Städten gesprochen friedlichen Häuser Ministern"),
    ("fr", "négociations négociateurs attaques ministres pacifiquement élections frappes européennes réfugiée"),
    ("es", "negociaciones sanciones ataques ministros pacíficamente elecciones europeas acuerdos nucleares crímenes"),
    ("it", "negoziati negoziatori attacchi ministri sanzioni pacificamente elezioni accordi"),
    ("pt", "negociações sanções ataques ministros pacificamente eleições acordos mísseis reféns"),
    ("nl", "onderhandelingen sancties aanvallen ministers vreedzame verkiezingen akkoorden"),
    ("sv", "förhandlingar sanktioner attacker ministrar fredliga val avtal regeringens"),
    ("da", "forhandlinger sanktioner angreb ministre fredelige valg aftaler regeringens"),
    ("no", "forhandlinger sanksjoner angrep ministre fredelige valg avtaler regjeringens"),
    ("fi", "neuvottelut neuvotteluissa pakotteet pakotteita hyökkäykset ministerit vaaleissa"),
    ("hu", "tárgyalások szankciók szankciókat támadások miniszterek választásokon"),
    ("ro", "negocierile sancțiunilor atacurile miniștrii alegerilor acorduri"),
    ("ru", "переговоров переговорами санкции санкций ударов мирные министрами вооружённых обмен поставок беженец"),
    ("uk", "переговорів переговорами санкції санкцій ударів мирні міністрами озброєних протести українець"),
    ("bg", "преговорите санкциите санкции ударите министрите мирните изборите"),
    ("pl", "rozmowy rozmów sankcje sankcji ataków ministrowie uchodźcami wyborach jeniec"),
    ("cs", "sankce sankcí rozhovory rozhovorů útoků ministři mírových volbách zajatec mírovým"),
    ("el", "διαπραγματεύσεις κυρώσεις κυρώσεων επιθέσεις υπουργών εκλογές"),
    ("tr", "müzakereler yaptırımlar yaptırımların saldırıları bakanlar seçimlerde"),
    ("ar", "المفاوضات العقوبات الهجمات الوزراء الانتخابات السلام"),
    ("hi", "वार्ताओं प्रतिबंधों हमलों मंत्रियों चुनावों"),
    ("id", "perundingan sanksinya serangan menteri pemilihan kesepakatan"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lead_is_the_first_paragraphs_that_say_something() {
        let (short, long) = ("TOLVIA – Monday.", "Negotiators met at the lake on Monday. ".repeat(4));
        assert_eq!(lead(&format!("{long}\n\nMore.\n\nAnd more.")), long);
        assert_eq!(lead(&format!("{short}\n\n{long}\n\nMore.")), format!("{short}\n\n{long}"));
        assert_eq!(lead(short), short);
        assert_eq!(lead(&"é".repeat(400)).len(), 400);
        assert_eq!(lead(""), "");
    }
}
