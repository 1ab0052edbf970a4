//! What comes first: queries in twelve languages over a small corpus of our own, with the articles that a reader expects.
//!
//! Of the same age, so that words alone decide; freshness has a test of its own.

use super::{Index, Options, Sort, tests};
use crate::query;

/// Language, title, text. An article's number is its place, from 1.
const CORPUS: &[(&str, &str, &str)] = &[
    // 1–8 English
    (
        "en",
        "Peace talks open in Tolvia",
        "Negotiators met at the lake. Mediators called the first session serious. Sanctions were not discussed.",
    ),
    (
        "en",
        "Council widens sanctions on tanker fleet",
        "Forty ships were added to the list. Insurers may no longer cover them, and ports have to turn them away.",
    ),
    (
        "en",
        "Harbour strike enters third day",
        "Dock workers stayed out. Talks with the port company broke down, and peace at the gates seems far.",
    ),
    (
        "en",
        "Grain prices fall after deal",
        "The deal on grain exports, signed on Monday, brought prices down. A minister spoke of sanctions that had failed, of talks that had not, and of a harvest that was larger than feared.",
    ),
    (
        "en",
        "Minister resigns over letters",
        "The minister left after letters to a shipping company were published. He denies having been paid.",
    ),
    ("en", "Flood gates hold in Port Ingmar", "The water rose to two metres. The gates held, and nobody was hurt."),
    (
        "en",
        "Court frees reporter",
        "A court freed the reporter who had written about the flood. Her paper called the verdict late.",
    ),
    ("en", "Museum buys painting", "The painting of a flooded harbour was bought for the town museum."),
    // 9–14 German
    (
        "de",
        "Verhandlungen in Genf gehen weiter",
        "Die Delegationen trafen sich am Morgen. Über Sanktionen wurde nicht gesprochen.",
    ),
    ("de", "Neue Sanktionen gegen Tankerflotte", "Die Außenminister beschlossen Strafmaßnahmen gegen vierzig Schiffe."),
    (
        "de",
        "Streik im Hafen dauert an",
        "Die Hafenarbeiter legten die Arbeit nieder. Eine Verhandlung mit der Reederei scheiterte.",
    ),
    ("de", "Hochwasser: Fluttore halten", "Das Wasser stieg auf zwei Meter, die Tore hielten."),
    (
        "de",
        "Häuser nach Brand unbewohnbar",
        "Drei Häuser brannten in der Nacht aus. Die Feuerwehr rettete elf Menschen.",
    ),
    ("de", "Wahl in Walden: Grüne vorn", "Bei der Wahl liegt die Partei der Grünen vorn."),
    // 15–19 French
    (
        "fr",
        "Les négociations de paix reprennent",
        "Les négociateurs se sont retrouvés au bord du lac après quatorze mois de guerre.",
    ),
    ("fr", "L’Europe étend ses sanctions aux pétroliers", "Quarante navires sont désormais interdits de port."),
    ("fr", "Grève des dockers au port", "Les dockers poursuivent leur grève pour le troisième jour."),
    ("fr", "Élection : la maire battue d’une voix", "L’élection municipale s’est jouée à une voix près."),
    ("fr", "Un musée achète un tableau", "Le tableau montre un port sous la neige."),
    // 20–23 Spanish
    ("es", "Se reanudan las negociaciones de paz", "Los negociadores se reunieron junto al lago."),
    ("es", "Europa amplía las sanciones a los petroleros", "Cuarenta barcos no podrán entrar en los puertos."),
    ("es", "Huelga en el puerto por tercer día", "Los estibadores siguen en huelga."),
    ("es", "Inundación en la costa", "El agua subió dos metros y las compuertas resistieron."),
    // 24–28 Russian
    ("ru", "Совет расширил список санкций", "В список попали сорок танкеров. Порты обязаны им отказывать."),
    ("ru", "Мирные переговоры открылись у озера", "Делегации встретились впервые за четырнадцать месяцев."),
    ("ru", "Забастовка в порту продолжается", "Докеры не вышли на работу третий день подряд."),
    ("ru", "Суд освободил журналистку", "Журналистку, писавшую о наводнении, освободили в зале суда."),
    ("ru", "Музей купил картину", "На картине изображён порт зимой."),
    // 29–32 Ukrainian
    ("uk", "Рада розширила перелік санкцій", "До переліку потрапили сорок танкерів."),
    ("uk", "Мирні переговори розпочалися біля озера", "Делегації зустрілися вперше за чотирнадцять місяців."),
    ("uk", "Страйк у порту триває", "Докери не вийшли на роботу третій день."),
    ("uk", "Повінь: ворота витримали", "Вода піднялася на два метри."),
    // 33–36 Polish
    ("pl", "Rada rozszerza listę sankcji", "Na listę trafiło czterdzieści tankowców."),
    ("pl", "Rozmowy pokojowe nad jeziorem", "Delegacje spotkały się po raz pierwszy od czternastu miesięcy."),
    ("pl", "Strajk w porcie trwa", "Dokerzy nie przyszli do pracy trzeci dzień."),
    ("pl", "Muzeum kupiło obraz", "Obraz przedstawia port zimą."),
    // 37–39 Portuguese
    ("pt", "Europa alarga sanções a petroleiros", "Quarenta navios deixam de poder entrar nos portos."),
    ("pt", "Negociações de paz recomeçam", "Os negociadores encontraram-se junto ao lago."),
    ("pt", "Greve no porto continua", "Os estivadores continuam em greve."),
    // 40–42 Italian
    ("it", "L’Europa estende le sanzioni alle petroliere", "Quaranta navi non potranno entrare nei porti."),
    ("it", "Riprendono i negoziati di pace", "I negoziatori si sono incontrati sul lago."),
    ("it", "Sciopero al porto, terzo giorno", "I portuali continuano lo sciopero."),
    // 43–47 Chinese
    ("zh", "理事会扩大制裁名单", "四十艘油轮被列入名单，港口必须拒绝它们。"),
    ("zh", "和平谈判在湖边开始", "两国代表团时隔十四个月首次会面，没有讨论制裁。"),
    ("zh", "港口罢工进入第三天", "码头工人没有上班。"),
    ("zh", "博物馆买下一幅画", "这幅画描绘了冬天的港口。"),
    ("zh", "洪水：闸门顶住了", "水位上升了两米。"),
    // 48–51 Japanese
    ("ja", "理事会、タンカーへの制裁を拡大", "四十隻が対象となり、港は入港を拒む。"),
    ("ja", "湖畔で和平交渉が始まる", "両国の代表団が十四か月ぶりに会った。"),
    ("ja", "港のストライキ、三日目に", "港湾労働者は職場に戻らなかった。"),
    ("ja", "美術館が絵を購入", "冬の港を描いた絵である。"),
    // 52–55 Arabic
    ("ar", "المجلس يوسع العقوبات على ناقلات النفط", "أضيفت أربعون سفينة إلى القائمة."),
    ("ar", "محادثات السلام تبدأ قرب البحيرة", "التقى الوفدان للمرة الأولى منذ أربعة عشر شهرا."),
    ("ar", "إضراب الميناء يدخل يومه الثالث", "لم يعد عمال الميناء إلى العمل."),
    ("ar", "المتحف يشتري لوحة", "تصور اللوحة ميناء في الشتاء."),
    // 56–60 The same words elsewhere: a headline against a mention, a phrase against its parts.
    (
        "en",
        "Weekend notes",
        "A reader asks whether the sanctioned film may be shown. A second letter is about talks on television, and a third one about peace of mind.",
    ),
    (
        "en",
        "Harbour company counts its losses",
        "The company that runs the harbour lost a third of its income. The harbour strike, it said, was one reason of several, and the price of fuel another.",
    ),
    ("en", "Striking paintings", "The show has striking paintings of the sea."),
    ("en", "Negotiating a bend", "Drivers find the bend by the harbour hard to negotiate."),
    ("en", "Election in Walden", "Voters in Walden elect a mayor on Sunday; the elections of last year were annulled."),
    // 61–68 What a report is about stands at its beginning; a digest names it in passing, and more often.
    (
        "en",
        "Markets close mixed",
        "Shares in shipping fell and those of banks rose on a day of little trade.\n\nOil was unchanged, and gold lost what it had won on Monday.\n\nAmong farm goods, wheat rose by a tenth; wheat for delivery in spring rose by less, and traders spoke of a thin market.",
    ),
    (
        "en",
        "Farmers count the days",
        "Wheat stands dry in three provinces, and no rain is forecast before the end of the month.\n\nThe union asks for help from the capital. Wells have been closed, cattle were sold, and the bank has put off what was due in autumn.\n\nA commission is to report in a week.",
    ),
    (
        "en",
        "Our readers write",
        "The new timetable of the trams is praised by one reader and blamed by another.\n\nA third misses the crossword.\n\nOn the truce: two readers doubt that a truce without observers can last, and one asks who would pay for them.",
    ),
    (
        "en",
        "Night session ends at dawn",
        "Both sides have agreed on a truce of thirty days, to begin on Sunday at noon.\n\nObservers come from six countries. Roads are to be opened first, then the two bridges, and last the airport.\n\nThe families of the missing were told before the press.",
    ),
    (
        "de",
        "Der Tag im Überblick",
        "Die Börse schloss unverändert, die Bahn fährt wieder.\n\nIm Stadtrat ging es um die Bäder.\n\nZur Waffenruhe gab es aus der Hauptstadt nichts Neues; die Waffenruhe bleibt Sache der Unterhändler.",
    ),
    (
        "de",
        "Einigung in der Nacht",
        "Die Waffenruhe soll am Sonntag um zwölf Uhr beginnen und dreißig Tage gelten.\n\nBeobachter kommen aus sechs Ländern. Zuerst werden die Straßen geöffnet, dann die Brücken, zuletzt der Flughafen.",
    ),
    (
        "ru",
        "Главное за день",
        "Биржа закрылась без изменений, поезда снова ходят.\n\nГородской совет обсуждал бассейны.\n\nО перемирии новостей не было; о перемирии, как и прежде, говорят посредники.",
    ),
    (
        "ru",
        "Ночью договорились",
        "Перемирие начнётся в воскресенье в полдень и продлится тридцать дней.\n\nНаблюдатели приедут из шести стран. Сначала откроют дороги, потом мосты, последним аэропорт.",
    ),
];

fn hits(query: &str) -> Vec<u64> {
    let index = corpus();
    let options =
        Options { sort: Some(Sort::Relevance), limit: 5, offset: 0, collapse: true, total: false, now: tests::now() };
    let query = query::parse(query, tests::now()).expect("readable");
    index.searcher().search(&query, &options).expect("searched").hits.iter().map(|hit| hit.id.bits()).collect()
}

/// All of one age.
fn corpus() -> Index {
    let mut index = Index::in_memory().expect("an index");
    for (number, (lang, title, body)) in (1..).zip(CORPUS) {
        let article = crate::model::Article { fetched_at: tests::now(), ..tests::article(number, lang, title, body) };
        tests::put(&mut index, &article, number);
    }
    index.commit(1).expect("committed");
    index
}

/// These come first, in this order.
const EXPECTED: &[(&str, &[u64])] = &[
    // A headline before a mention.
    ("sanctions lang:en", &[2, 1]),
    ("peace talks", &[1]),
    ("harbour strike", &[3, 57]),
    ("\"harbour strike\"", &[3, 57]),
    ("flood", &[6]),
    ("minister", &[5, 4]),
    // The word as written before its other forms.
    ("paintings", &[58]),
    ("painting", &[8]),
    ("striking", &[58]),
    ("negotiate", &[59]),
    // Other forms all the same.
    ("mediator", &[1]),
    ("insurer", &[2]),
    ("elections lang:en", &[60]),
    // A headline with another form before a mention with the same one.
    ("Verhandlung", &[9, 11]),
    ("Verhandlungen", &[9, 11]),
    ("Sanktion", &[10, 9]),
    ("Haus", &[13]),
    ("négociation lang:fr", &[15]),
    ("negociation lang:fr", &[15]),
    ("pétrolier", &[16]),
    ("élections lang:fr", &[18]),
    ("sanción", &[21]),
    ("negociación lang:es", &[20]),
    ("санкции lang:ru", &[24]),
    ("переговорах lang:ru", &[25]),
    ("журналистка", &[27]),
    ("санкції lang:uk", &[29]),
    ("переговорів lang:uk", &[30]),
    ("sankcje", &[33]),
    ("strajku", &[35]),
    ("sanção", &[37]),
    ("negociação lang:pt", &[38]),
    ("sanzione", &[40]),
    ("negoziato", &[41]),
    ("制裁 lang:zh", &[43, 44]),
    ("制裁 lang:ja", &[48]),
    ("和平谈判", &[44]),
    ("港口罢工", &[45]),
    ("ストライキ", &[50]),
    ("和平交渉", &[49]),
    ("العقوبات", &[52]),
    ("عقوبات", &[52]),
    ("محادثات السلام", &[53]),
    // Several words, of which the headline has more.
    ("port gates", &[6, 3]),
    ("museum painting", &[8]),
    ("letters minister", &[5]),
    ("court reporter flood", &[7]),
    ("grain deal", &[4]),
    ("\"peace of mind\"", &[56]),
    ("tanker lang:en", &[2]),
    ("Hafenarbeiter", &[11]),
    ("Tore lang:de", &[12]),
    ("Wahlen", &[14]),
    ("grèves lang:fr", &[17]),
    ("port neige", &[19]),
    ("barcos puertos", &[21]),
    ("танкер lang:ru", &[24]),
    ("картина зимой", &[28]),
    ("ворота", &[32]),
    ("jezioro", &[34]),
    ("navio", &[37]),
    ("portuale", &[42]),
    ("タンカー", &[48]),
    ("البحيرة", &[53]),
    // A report that begins with it before a digest that mentions it twice at its end.
    ("wheat", &[62, 61]),
    ("truce", &[64, 63]),
    ("Waffenruhe", &[66, 65]),
    ("перемирие", &[68, 67]),
];

#[test]
fn the_expected_articles_come_first() {
    let missed: Vec<String> = EXPECTED
        .iter()
        .map(|(query, expected)| (query, expected, hits(query)))
        .filter(|(_, expected, got)| !got.starts_with(expected))
        .map(|(query, expected, got)| format!("{query}: {expected:?} expected, {got:?} came"))
        .collect();
    assert!(missed.is_empty(), "{missed:#?}");
    // One form in one language finds the word in its neighbours, too.
    assert!([24, 29].iter().all(|number| hits("санкции").contains(number)));
}

#[test]
fn of_equals_the_newer_comes_first_but_no_poor_match_before_a_good_one() {
    let mut index = Index::in_memory().expect("an index");
    let day = chrono::Duration::days(1);
    let texts = [("Sanctions widened", 30), ("Sanctions widened", 1), ("Notes of the day", 0)];
    for (number, (title, days)) in (1..).zip(texts) {
        let body =
            format!("A town and a harbour. {}", if days == 0 { "Sanctions are one matter of many." } else { "" });
        let article = tests::article(number, "en", title, &body);
        let article = crate::model::Article { fetched_at: tests::now() - day * days, ..article };
        tests::put(&mut index, &article, number);
    }
    index.commit(1).expect("committed");
    let options =
        Options { sort: Some(Sort::Relevance), limit: 5, offset: 0, collapse: true, total: false, now: tests::now() };
    let query = query::parse("sanctions", tests::now()).expect("readable");
    let found = index.searcher().search(&query, &options).expect("searched").hits;
    assert_eq!(found.iter().map(|hit| hit.id.bits()).collect::<Vec<_>>(), [2, 1, 3]);
}
