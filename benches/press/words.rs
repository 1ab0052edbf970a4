//! The words of the invented reports, in three languages. Subjects and verbs are plural throughout, so that any of
//! one list goes with any of the next.

/// What a report in one language is made of: `who did what where when tail`, each picked from its list.
pub struct Tongue {
    pub lang: &'static str,
    pub who: &'static [&'static str],
    pub did: &'static [&'static str],
    pub what: &'static [&'static str],
    pub place: &'static [&'static str],
    pub when: &'static [&'static str],
    /// Ends the sentence; `#` becomes a number.
    pub tail: &'static [&'static str],
    /// Whether the verb needs its object last: "prüften am Montag in Lindau den Entwurf".
    pub object_last: bool,
    /// Names of sections and services, for the furniture around a text.
    pub sections: &'static [&'static str],
    /// Sentences that stand on every page.
    pub furniture: &'static [&'static str],
}

pub static TONGUES: [Tongue; 3] = [ENGLISH, GERMAN, UKRAINIAN];

#[rustfmt::skip] // One word a line is no table.
const ENGLISH: Tongue = Tongue {
    lang: "en",
    who: &[
        "Negotiators", "Port officials", "Three ministers", "Farmers", "Aid workers", "Border guards", "Grid engineers",
        "Dock workers", "Lawmakers", "Local mayors", "Investigators", "Two former judges", "Rail unions", "Bank regulators",
        "Army spokesmen", "Diplomats", "Customs inspectors", "Hospital directors", "Fishermen", "Election observers",
    ],
    did: &[
        "rejected", "approved", "postponed", "described", "questioned", "defended", "examined", "announced", "criticised",
        "welcomed", "signed", "published", "discussed", "suspended", "explained", "revised",
    ],
    what: &[
        "the ceasefire proposal", "a new round of peace talks", "further sanctions against the oil trade",
        "the damage from last night's air strikes", "a shipment of grain", "the coastal ferry contract",
        "a report on illegal fishing", "the prisoner exchange", "the national wheat reserve", "a loan for the power grid",
        "an inquiry into the burned depot", "the draft budget", "the river flood defences", "a list of frozen accounts",
        "the vaccination plan", "emergency repairs to the bridge", "a strike vote", "the disputed mining licence",
        "the evacuation of two villages", "the new election law", "a drone attack on a substation", "the gas transit deal",
        "the museum's closing hours", "the football stadium's roof",
    ],
    place: &[
        "in Harrowgate Bay", "in Lower Tessen", "near the Velm crossing", "in Port Ansley", "at the Quarn terminal",
        "in Old Brackmoor", "outside Sundermere", "in the Orlen valley", "at the Castow summit", "in New Pellworth",
        "along the Imber canal", "in Great Wether", "in the Marlock district", "near Fennimore airfield", "in Dunsley",
    ],
    when: &[
        "on Monday", "on Tuesday morning", "late on Wednesday", "on Thursday", "shortly before noon on Friday",
        "at the weekend", "after a week of delays", "for the second time this month",
    ],
    tail: &[
        "while # families waited for news", "and asked for # million crowns more", "after # hours behind closed doors",
        "despite # written objections", "a step that # experts had advised against", "and named # conditions",
        "leaving # households without water", "as prices rose by # percent", "which # witnesses confirmed",
        "although only # of the seats were taken", "and promised an answer within # days",
        "in a letter of # pages seen by this newspaper", "with # votes against", "before # lorries could leave the yard",
        "because # signatures were missing", "as # ships lay at anchor",
    ],
    object_last: false,
    sections: &[
        "World", "Politics", "Business", "Weather", "Sport", "Culture", "Science", "Opinion", "Podcasts", "Newsletters",
        "Archive", "Local", "Travel", "Health", "Puzzles", "Jobs",
    ],
    furniture: &[
        "Sign up for our morning letter and read the day's five most important stories before breakfast.",
        "You have read # articles this month. Subscribers read without limits.",
        "Share this article with friends, print it, or save it for later.",
        "We use cookies to count visits and to show you what others read.",
    ],
};

#[rustfmt::skip] // One word a line is no table.
const GERMAN: Tongue = Tongue {
    lang: "de",
    who: &[
        "Unterhändler", "Hafenmeister", "Drei Ministerinnen", "Landwirte", "Helfer", "Grenzbeamte", "Ingenieure",
        "Abgeordnete", "Bürgermeister", "Ermittler", "Zwei frühere Richter", "Gewerkschafter", "Bankenaufseher",
        "Militärsprecher", "Diplomaten", "Zollbeamte", "Klinikleiter", "Fischer", "Wahlbeobachter", "Fachleute",
    ],
    did: &[
        "verwarfen", "billigten", "verschoben", "schilderten", "prüften", "verteidigten", "untersuchten", "kritisierten",
        "begrüßten", "unterschrieben", "veröffentlichten", "besprachen", "erläuterten", "verhandelten", "lobten", "vertagten",
    ],
    what: &[
        "den Vorschlag für eine Waffenruhe", "eine neue Runde der Friedensgespräche", "weitere Sanktionen gegen den Ölhandel",
        "die Schäden der nächtlichen Luftangriffe", "eine Lieferung Getreide", "den Vertrag über die Fähre",
        "einen Bericht über die Fischerei", "den Austausch von Gefangenen", "die staatliche Weizenreserve",
        "einen Kredit für das Stromnetz", "das Verfahren um das abgebrannte Lager", "den Entwurf des Haushalts",
        "die Deiche am Unterlauf", "eine Liste gesperrter Konten", "den Impfplan", "die Arbeiten an der Brücke",
        "eine Abstimmung über den Streik", "die umstrittene Bergbaulizenz", "die Räumung zweier Dörfer", "das neue Wahlgesetz",
        "den Drohnenangriff auf ein Umspannwerk", "das Abkommen über die Durchleitung von Gas",
        "die Öffnungszeiten des Museums", "das Dach des Stadions",
    ],
    place: &[
        "in Haßlund", "in Niedertessen", "an der Velmbrücke", "in Ansleben", "am Quarner Hafen", "in Altbrack",
        "bei Sundermoor", "im Orlental", "auf dem Gipfel von Kastau", "in Pellwerda", "am Immerkanal", "in Großwetter",
        "im Kreis Marlock", "am Flugplatz Fennau", "in Dünsleben",
    ],
    when: &[
        "am Montag", "am Dienstagmorgen", "am späten Mittwoch", "am Donnerstag", "kurz vor Freitagmittag", "am Wochenende",
        "nach einer Woche Verzug", "zum zweiten Mal in diesem Monat",
    ],
    tail: &[
        "während # Familien auf Nachricht warteten", "und verlangten # Millionen Kronen mehr",
        "nach # Stunden hinter verschlossenen Türen", "trotz # schriftlicher Einwände", "wovon # Gutachter abgeraten hatten",
        "und nannten # Bedingungen", "weshalb # Haushalte ohne Wasser blieben", "während die Preise um # Prozent stiegen",
        "was # Zeugen bestätigten", "obwohl nur # Plätze besetzt waren", "und versprachen eine Antwort in # Tagen",
        "in einem Brief von # Seiten, der dieser Zeitung vorliegt", "bei # Gegenstimmen",
        "bevor # Lastwagen den Hof verlassen konnten", "weil # Unterschriften fehlten", "während # Schiffe vor Anker lagen",
    ],
    object_last: true,
    sections: &[
        "Welt", "Politik", "Wirtschaft", "Wetter", "Sport", "Kultur", "Wissen", "Meinung", "Podcasts", "Newsletter", "Archiv",
        "Region", "Reise", "Gesundheit", "Rätsel", "Stellenmarkt",
    ],
    furniture: &[
        "Bestellen Sie unseren Morgenbrief und lesen Sie die fünf wichtigsten Meldungen vor dem Frühstück.",
        "Sie haben in diesem Monat # Artikel gelesen. Abonnenten lesen unbegrenzt.",
        "Teilen Sie diesen Artikel, drucken Sie ihn aus oder merken Sie ihn für später vor.",
        "Wir verwenden Cookies, um Besuche zu zählen und Ihnen zu zeigen, was andere lesen.",
    ],
};

#[rustfmt::skip] // One word a line is no table.
const UKRAINIAN: Tongue = Tongue {
    lang: "uk",
    who: &[
        "Перемовники", "Портові служби", "Троє міністрів", "Фермери", "Волонтери", "Прикордонники", "Енергетики", "Докери",
        "Депутати", "Міські голови", "Слідчі", "Двоє колишніх суддів", "Залізничники", "Банкіри", "Речники війська",
        "Дипломати", "Митники", "Директори лікарень", "Рибалки", "Спостерігачі",
    ],
    did: &[
        "відхилили", "схвалили", "відклали", "описали", "перевірили", "захистили", "вивчили", "оголосили", "розкритикували",
        "підтримали", "підписали", "оприлюднили", "обговорили", "призупинили", "пояснили", "переглянули",
    ],
    what: &[
        "пропозицію про припинення вогню", "новий раунд мирних переговорів", "нові санкції проти торгівлі нафтою",
        "наслідки нічних авіаударів", "партію зерна", "угоду про поромну переправу", "звіт про незаконний вилов риби",
        "обмін полоненими", "державний запас пшениці", "кредит для енергомережі", "справу про згорілий склад",
        "проєкт бюджету", "захист від повені", "перелік заблокованих рахунків", "план щеплень", "терміновий ремонт мосту",
        "голосування про страйк", "спірну ліцензію на видобуток", "евакуацію двох сіл", "новий виборчий закон",
        "атаку безпілотників на підстанцію", "угоду про транзит газу", "розклад роботи музею", "дах стадіону",
    ],
    place: &[
        "у Гарівській бухті", "у Нижньому Тессені", "біля Вельмської переправи", "у порту Анслі", "на терміналі Кварн",
        "у Старому Бракмурі", "поблизу Сундермира", "в Орленській долині", "на саміті в Касті", "у Новому Пельві",
        "вздовж Імберського каналу", "у Великому Ветрі", "у Марлоцькому районі", "біля летовища Феннімор", "у Дунслі",
    ],
    when: &[
        "у понеділок", "вранці у вівторок", "пізно в середу", "у четвер", "у п'ятницю перед полуднем", "на вихідних",
        "після тижня затримок", "удруге за місяць",
    ],
    tail: &[
        "поки # родин чекали на звістку", "і попросили ще # мільйонів крон", "після # годин за зачиненими дверима",
        "попри # письмових заперечень", "хоча # експертів радили зачекати", "і назвали # умов",
        "через що # домівок лишилися без води", "тоді як ціни зросли на # відсотків", "що підтвердили # свідків",
        "хоч зайнятими були лише # місць", "і пообіцяли відповідь за # днів", "у листі на # сторінок",
        "при # голосах проти", "перш ніж # вантажівок залишили двір", "бо бракувало # підписів", "поки # суден стояли на якорі",
    ],
    object_last: false,
    sections: &[
        "Світ", "Політика", "Економіка", "Погода", "Спорт", "Культура", "Наука", "Думки", "Подкасти", "Розсилки", "Архів",
        "Регіони", "Подорожі", "Здоров'я", "Кросворди", "Вакансії",
    ],
    furniture: &[
        "Підпишіться на ранкову розсилку і читайте п'ять головних новин дня до сніданку.",
        "Цього місяця ви прочитали # статей. Передплатники читають без обмежень.",
        "Поділіться цією статтею з друзями, роздрукуйте її або збережіть на потім.",
        "Ми використовуємо файли cookie, щоб рахувати відвідування.",
    ],
};
