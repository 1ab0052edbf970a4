//! Phrases of rules in the forms that texts have: fifteen or so of each language, with elided articles, the apostrophes
//! and hyphens in use, ё and е, and the vowels that come and go.

use super::*;

/// Of each language the phrases, and forms of each.
const FORMS: &[(&str, &[(&str, &str)])] = &[
    (
        "fr",
        &[
            ("accord de paix", "accords de paix; l'accord de paix; d’un accord de paix"),
            ("négociations de paix", "négociation de paix; les négociations de paix"),
            (
                "cessez-le-feu",
                "le cessez-le-feu; d'un cessez-le-feu; cessez le feu; cessez-le-feu immédiat; cessez‑le‑feu",
            ),
            ("sanctions économiques", "sanction économique; les sanctions économiques"),
            ("frappe aérienne", "frappes aériennes; la frappe aérienne"),
            ("attaque", "attaques; l’attaque; attaqué; attaquer"),
            (
                "élection présidentielle",
                "élections présidentielles; l'élection présidentielle; à l’élection présidentielle",
            ),
            ("otage", "otages; l'otage; d’otages"),
            ("prisonnier de guerre", "prisonniers de guerre"),
            ("réfugié", "réfugiés; réfugiée; réfugiées"),
            ("droits de douane", "droit de douane; les droits de douane"),
            ("embargo", "l'embargo; d’embargo"),
            ("opération militaire", "opérations militaires; l'opération militaire"),
            ("livraison d'armes", "livraisons d'armes; livraison d’armes; livraisons d’arme"),
            ("aide humanitaire", "l'aide humanitaire; aides humanitaires"),
        ],
    ),
    (
        "it",
        &[
            ("accordo di pace", "accordi di pace; l'accordo di pace; un accordo di pace; dell’accordo di pace"),
            ("cessate il fuoco", "il cessate il fuoco; cessate-il-fuoco; dal cessate il fuoco"),
            ("negoziati di pace", "negoziato di pace; i negoziati di pace"),
            ("sanzioni economiche", "sanzione economica; le sanzioni economiche"),
            ("attacco aereo", "attacchi aerei; l'attacco aereo; dell’attacco aereo"),
            ("ostaggio", "ostaggi; l'ostaggio; degli ostaggi"),
            ("prigioniero di guerra", "prigionieri di guerra"),
            ("elezioni presidenziali", "elezione presidenziale; le elezioni presidenziali"),
            ("profugo", "profughi; profughe"),
            ("crimini di guerra", "crimine di guerra"),
            ("aiuti umanitari", "aiuto umanitario"),
            ("manifestazione", "manifestazioni; manifestanti"),
            ("dazi", "dazio; i dazi"),
            ("esercito", "l'esercito; dell'esercito; eserciti"),
            ("centrale nucleare", "alla centrale nucleare"),
        ],
    ),
    (
        "es",
        &[
            ("alto el fuego", "el alto el fuego; alto el fuego inmediato"),
            ("negociaciones de paz", "negociación de paz; las negociaciones de paz"),
            ("acuerdo de paz", "acuerdos de paz; un acuerdo de paz"),
            ("ataque aéreo", "ataques aéreos"),
            ("sanción", "sanciones; sancionado; sancionar"),
            ("rehén", "rehenes; los rehenes"),
            ("prisionero de guerra", "prisioneros de guerra; prisionera de guerra"),
            ("elecciones presidenciales", "elección presidencial"),
            ("refugiado", "refugiados; refugiada; refugiadas"),
            ("aranceles", "arancel"),
            ("crímenes de guerra", "crimen de guerra"),
            ("misil", "misiles"),
            ("ayuda humanitaria", "ayudas humanitarias"),
            ("bombardeo", "bombardeos; bombardeó"),
            ("central nuclear", "centrales nucleares"),
        ],
    ),
    (
        "pt",
        &[
            ("cessar-fogo", "o cessar-fogo; cessar fogo; cessar-fogos"),
            ("negociações de paz", "negociação de paz"),
            ("acordo de paz", "acordos de paz"),
            ("sanções económicas", "sanção económica; sanções econômicas"),
            ("ataque aéreo", "ataques aéreos"),
            ("refém", "reféns"),
            ("eleições presidenciais", "eleição presidencial"),
            ("refugiado", "refugiados; refugiadas"),
            ("míssil", "mísseis"),
            ("tarifa", "tarifas"),
            ("crimes de guerra", "crime de guerra"),
            ("prisioneiro de guerra", "prisioneiros de guerra"),
            ("greve", "greves"),
            ("espião", "espiões"),
            ("central nuclear", "centrais nucleares"),
        ],
    ),
    (
        "ru",
        &[
            ("мирные переговоры", "мирных переговоров; мирным переговорам; мирными переговорами; мирных переговорах"),
            ("перемирие", "перемирия; перемирию; перемирием; перемирии"),
            ("прекращение огня", "прекращения огня; прекращению огня; прекращением огня; прекращении огня"),
            ("санкции", "санкций; санкциям; санкциями; санкциях; санкция; санкцию"),
            ("ракетный удар", "ракетного удара; ракетные удары; ракетными ударами; ракетных ударов"),
            ("обстрел", "обстрела; обстрелы; обстрелов; обстрелами; обстреле"),
            ("военнопленный", "военнопленных; военнопленными; военнопленного"),
            ("обмен пленными", "обмена пленными; обмене пленными; обмену пленными"),
            ("беженцы", "беженцев; беженцам; беженцами; беженец"),
            ("выборы президента", "выборов президента; выборах президента"),
            ("военные преступления", "военных преступлений; военном преступлении; военное преступление"),
            ("мёртвый", "мертвый; мёртвых; мертвых"),
            ("самолёт", "самолет; самолёты; самолета; самолётами"),
            ("поставки оружия", "поставка оружия; поставок оружия; поставками оружия"),
            ("протест", "протесты; протестов; протестам; протестами"),
        ],
    ),
    (
        "uk",
        &[
            ("мирні переговори", "мирних переговорів; мирними переговорами; мирних переговорах; мирним переговорам"),
            ("перемир'я", "перемир’я; перемирʼя; перемир'ям; перемир’ю; перемир`я"),
            ("припинення вогню", "припиненню вогню; припиненням вогню; припиненні вогню"),
            ("санкції", "санкцій; санкціям; санкціями; санкціях; санкція; санкцію"),
            ("ракетний удар", "ракетного удару; ракетні удари; ракетних ударів; ракетними ударами; ракетному ударі"),
            ("обстріл", "обстрілу; обстріли; обстрілів; обстрілами; обстрілі"),
            ("військовополонений", "військовополонених; військовополоненими; військовополоненого"),
            ("обмін полоненими", "обміну полоненими; обміні полоненими; обміном полоненими"),
            ("біженці", "біженців; біженцям; біженцями; біженець"),
            ("вибори президента", "виборів президента; виборах президента; виборам президента"),
            ("воєнні злочини", "воєнних злочинів; воєнний злочин; воєнного злочину; воєнними злочинами"),
            ("об'єкт", "об’єкт; обʼєкта; об’єкти; об'єктів"),
            ("постачання зброї", "постачанням зброї; постачанню зброї; постачанні зброї"),
            ("протест", "протести; протестів; протестами; протесту; протесті"),
            ("дрон", "дрони; дронів; дронами; дрона"),
        ],
    ),
    (
        "pl",
        &[
            ("rozmowy pokojowe", "rozmów pokojowych; rozmowach pokojowych; rozmowami pokojowymi; rozmowom pokojowym"),
            ("zawieszenie broni", "zawieszenia broni; zawieszeniu broni; zawieszeniem broni"),
            ("sankcje", "sankcji; sankcjom; sankcjami; sankcjach; sankcja; sankcję"),
            (
                "atak rakietowy",
                "ataku rakietowego; ataki rakietowe; ataków rakietowych; atakami rakietowymi; ataku rakietowym",
            ),
            ("ostrzał", "ostrzału; ostrzały; ostrzałów; ostrzale; ostrzałem"),
            ("jeniec wojenny", "jeńcy wojenni; jeńców wojennych; jeńcami wojennymi"),
            ("wymiana jeńców", "wymiany jeńców; wymianie jeńców; wymianę jeńców; wymianą jeńców"),
            ("uchodźca", "uchodźcy; uchodźców; uchodźcom; uchodźcami"),
            ("wybory prezydenckie", "wyborów prezydenckich; wyborach prezydenckich; wyborami prezydenckimi"),
            ("zbrodnia wojenna", "zbrodnie wojenne; zbrodni wojennych; zbrodniami wojennymi"),
            ("broń jądrowa", "broni jądrowej; bronią jądrową"),
            ("dostawy broni", "dostaw broni; dostawach broni; dostawami broni; dostawa broni"),
            ("protest", "protesty; protestów; protestami; protestu"),
            ("granica", "granicy; granice; granicą; granicach; granic"),
            ("wojsko", "wojska; wojsk; wojskiem; wojsku; wojskami"),
        ],
    ),
    (
        "de",
        &[
            ("Waffenruhe", "der Waffenruhe; Waffenruhen"),
            ("Friedensgespräche", "Friedensgesprächen; Friedensgespräch; Friedensgesprächs"),
            ("Luftangriff", "Luftangriffe; Luftangriffen; Luftangriffs; Luftangriffes"),
            ("Sanktion", "Sanktionen"),
            ("Kriegsgefangene", "Kriegsgefangenen; Kriegsgefangener"),
            ("Geisel", "Geiseln"),
            ("Flüchtling", "Flüchtlinge; Flüchtlingen; Flüchtlings"),
            ("wirtschaftliche Sanktionen", "wirtschaftlichen Sanktionen; wirtschaftlicher Sanktionen"),
            ("Rakete", "Raketen"),
            ("Wahl", "Wahlen"),
            ("Zoll", "Zölle; Zöllen"),
            ("Anschlag", "Anschläge; Anschlägen; Anschlags"),
            ("Kernkraftwerk", "Kernkraftwerke; Kernkraftwerks; Kernkraftwerken"),
            ("Verhandlung", "Verhandlungen"),
            ("Streitkräfte", "Streitkräften"),
        ],
    ),
    (
        "cs",
        &[
            ("mírová jednání", "mírových jednání; mírovými jednáními; mírovým jednáním"),
            ("příměří", "příměřím"),
            ("sankce", "sankcí; sankcemi; sankcím; sankcích"),
            ("raketový útok", "raketového útoku; raketové útoky; raketových útoků; raketovými útoky"),
            ("uprchlík", "uprchlíků; uprchlíky; uprchlíkům"),
            ("válečný zajatec", "válečných zajatců; váleční zajatci; válečnými zajatci"),
            ("volby", "volbách; volbami"),
        ],
    ),
];

#[test]
fn phrases_are_found_in_all_their_forms() {
    for (lang, phrases) in FORMS {
        let rules: Vec<TopicRule> = phrases
            .iter()
            .zip(0..)
            .map(|((phrase, _), number)| rule(&format!("p{number}"), lang, &[phrase], &[]))
            .collect();
        let tagger = tagger(&rules);
        for ((phrase, forms), rule) in phrases.iter().zip(&rules) {
            for form in forms.split("; ") {
                let tags = tagger.tag(&Text { title: form, body: "", lang: Some(lang) }).topics;
                assert!(tags.iter().any(|tag| tag.topic.0 == rule.id), "{lang}: {phrase} in {form}");
            }
        }
    }
}
