//! Month names and zone names, folded as the words of a text are.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// Month names and abbreviations: Germanic, Romance, Slavic, Baltic, Finno-Ugric, Greek, Turkish, Indonesian,
/// Hebrew and Arabic, in the cases in which they stand in dates. Croatian is left out: its "listopad" is October, the
/// Polish and Czech one November.
const MONTHS: [&str; 12] = [
    "jan january januar januari janvier janv janner enero ene gennaio gen genn janeiro stycznia styczen sty \
     ledna leden led январь января янв січня січень січ януари sijecanj tammikuuta tammikuu januara gener sausio sausis \
     janvaris janvari jaanuar januar ianuarie ian ιανουαριου ιανουαριος ιαν γεναρη ocak oca يناير ינואר בינואר",
    "feb february februar februari fevrier fevr fev febrero febbraio febb fevereiro lutego luty lut unora unor uno \
     февраль февраля фев февр лютого лютий лют февруари helmikuuta helmikuu februara febrer vasario vasaris februaris \
     veebruar februarie φεβρουαριου φεβρουαριος φεβ subat sub فبراير פברואר בפברואר",
    "mar march marz mars mrz marzo marco maart mrt marca marzec brezna brezen bre март марта мар березня березень бер \
     maaliskuuta maaliskuu marts marcius martie marta kovo kovas martz marc maerz μαρτιου μαρτιος μαρ mart maret \
     مارس מרץ במרץ",
    "apr april avril avr abril abr aprile aprilis kwietnia kwiecien kwi dubna duben dub апрель апреля апр квітня квітень \
     кві квіт април huhtikuuta huhtikuu aprila balandzio balandis aprillis aprill aprilie απριλιου απριλιος απρ nisan \
     nis ابريل אפריל באפריל",
    "may mai mayo maggio mag maio mei maj maja kvetna kveten kve май мая травня травень тра трав toukokuuta toukokuu \
     majus maijs maija geguzes geguze maig μαιου μαιος μαι mayis مايو מאי במאי",
    "jun june juni juin junio giugno giu junho czerwca czerwiec cze cervna cerven июнь июня июн червня червень чер черв \
     юни kesakuuta kesakuu junius junija junijs birzelio birzelis juuni juny iunie iun ιουνιου ιουνιος ιουν haziran haz \
     يونيو יוני ביוני",
    "jul july juli juillet juil julio luglio lug julho lipca lipiec lip cervence cervenec июль июля июл липня липень \
     лип юли heinakuuta heinakuu julius julija julijs liepos liepa juuli juliol iulie iul ιουλιου ιουλιος ιουλ temmuz \
     tem يوليو יולי ביולי",
    "aug august aout agosto ago augustus augusti agost sierpnia sierpien sie srpna srpen srp август августа авг серпня \
     серпень сер серп elokuuta elokuu augusztus augusta augusts rugpjucio rugpjutis αυγουστου αυγουστος αυγ \
     agustos agu agustus اغسطس אוגוסט באוגוסט",
    "sep sept september septembre septiembre setiembre set settembre sett setembro septembrie wrzesnia wrzesien wrz zari \
     сентябрь сентября сен сент вересня вересень вер септември syyskuuta syyskuu szeptember szept septembra septembris \
     rugsejo rugsejis setembre σεπτεμβριου σεπτεμβριος σεπ σεπτ eylul eyl سبتمبر ספטמבר בספטמבר",
    "oct october okt oktober octobre octubre ottobre ott outubro out octombrie pazdziernika pazdziernik paz rijna rijen \
     rij октябрь октября окт жовтня жовтень жов жовт октомври lokakuuta lokakuu oktobra oktobris oktoober spalio spalis \
     οκτωβριου οκτωβριος οκτ ekim eki اكتوبر אוקטובר באוקטובר",
    "nov november novembre noviembre novembro noiembrie noi listopada listopad lis listopadu ноябрь ноября ноя нояб \
     листопада листопад лис ноември marraskuuta marraskuu novembra novembris lapkricio lapkritis νοεμβριου νοεμβριος \
     νοε kasim kas نوفمبر נובמבר בנובמבר",
    "dec december dez dezember decembre diciembre dic dicembre dezembro decembrie desember des grudnia grudzien gru \
     prosince prosinec pro декабрь декабря дек грудня грудень гру груд декември joulukuuta joulukuu decembra decembris \
     gruodzio gruodis detsember desembre δεκεμβριου δεκεμβριος δεκ aralik ara ديسمبر דצמבר בדצמבר",
];

/// Zone names by their offset in minutes. Where a name has several owners, the one that news carries most: "IST" is
/// India, "BST" British summer time, "CST" central America. The two-letter ones do not know of summer time.
const ZONES: &[(i32, &str)] = &[
    (-600, "hst"),
    (-540, "akst"),
    (-480, "pst pt akdt"),
    (-420, "mst mt pdt"),
    (-360, "cst ct mdt"),
    (-300, "est et cdt"),
    (-240, "ast edt"),
    (-210, "nst"),
    (-180, "brt art adt"),
    (0, "z ut utc gmt wet"),
    (60, "west bst cet met mez"),
    (120, "cest mest mesz eet sast"),
    (180, "eest msk мск trt"),
    (240, "msd gst"),
    (300, "pkt"),
    (330, "ist"),
    (345, "npt"),
    (420, "wib"),
    (480, "hkt sgt awst"),
    (540, "jst kst"),
    (570, "acst"),
    (600, "aest"),
    (630, "acdt"),
    (660, "aedt"),
    (720, "nzst"),
    (780, "nzdt"),
];

/// Returns the number of a month, 1 for January, from its name or abbreviation in any of the languages.
pub(super) fn month_of(word: &str) -> Option<u32> {
    static NUMBERS: LazyLock<FxHashMap<&str, u32>> = LazyLock::new(|| {
        let numbered = (1..).zip(MONTHS);
        numbered.flat_map(|(number, names)| names.split_whitespace().map(move |name| (name, number))).collect()
    });
    NUMBERS.get(word).copied()
}

/// Returns a zone's offset from UTC in minutes.
pub(super) fn zone_of(word: &str) -> Option<i32> {
    ZONES.iter().find(|(_, names)| names.split(' ').any(|name| name == word)).map(|&(minutes, _)| minutes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::fold_char;

    #[test]
    fn every_name_is_folded_and_found() {
        for name in MONTHS.iter().flat_map(|names| names.split_whitespace()) {
            let mut folded = String::new();
            name.chars().for_each(|c| fold_char(c, &mut folded));
            assert_eq!(folded, name);
            assert!(month_of(name).is_some());
        }
        assert_eq!((month_of("august"), month_of("dezember"), zone_of("msk")), (Some(8), Some(12), Some(180)));
    }
}
