//! The commonest words of a language, which are forms of themselves only.
//!
//! A stemmer does not know words, only endings: it makes Spanish "para" (for) a form of "paro" (strike), Portuguese "com"
//! (with) one of "comida" (food), Polish "więc" (so) one of "wiec" (rally). Such a word stands in every text and would
//! speak for the topic in all of them. So it counts where a rule has it as it is, and for no other word of the rules.

/// Returns the commonest words of a language, folded as texts are: function words, the usual forms of the commonest verbs,
/// and adjectives and nouns as common as these.
pub(super) fn words(lang: &str) -> impl Iterator<Item = &'static str> {
    let words = match lang {
        "en" => ENGLISH,
        "de" => GERMAN,
        "fr" => FRENCH,
        "es" => SPANISH,
        "pt" => PORTUGUESE,
        "it" => ITALIAN,
        "ru" => RUSSIAN,
        "uk" => UKRAINIAN,
        "pl" => POLISH,
        "bg" => BULGARIAN,
        _ => "",
    };
    words.split_ascii_whitespace()
}

const ENGLISH: &str = "\
    a about after aide aides aids all also an and another any are as at back based be because been before being but by can \
    case come could day did do does down even every few find first for from further get given giving go going good had \
    has have he her here him his home how if in into is it its just know last like long made make man many may me miss \
    more most much must my need never new no not now number of off old on one only or other our out over own part \
    people place places put right said same say see set she should since so some still such take than that the their \
    them then there these they thing things this those through time to too two under up us use used using very was way \
    we well were what when where which while who why will with work world would year years you";

const GERMAN: &str = "\
    aber alle allem allen aller alles als also alt alte alten am an andere anderen anders auch auf aus bei beide \
    beiden beim bereits besser bin bis bist bleiben da dabei dadurch damit dann daran darauf darum das dass dazu dem \
    den denn der des dessen deutlich die dies diese diesem diesen dieser dieses dir doch dort drei du durch eben ein \
    eine einem einen einer eines einige einigen einiger einiges einmal er erst erste ersten es etwa etwas euch fall \
    falle falls fand fast finden fur ganz ganze gar gefallen gegen geht gemacht genau gern gibt ging gross grosse \
    grossen gut gute guten hab habe haben halt hat hatte hatten heute hier hin hinter ich ihm ihn ihnen ihr ihre ihren \
    ihrer im immer in ins ist ja jahr jahre jahren je jede jeden jeder jetzt kam kann kein keine keinen kommen kommt \
    konnen konnte konnten lang lange lassen leben leicht letzte letzten mal man mehr mein meine mich mir mit mochte \
    muss mussen nach nachdem naturlich neben nein neu neue neuen nicht nichts nie noch nun nur ob oder ohne recht \
    reich sache sagen sagt sagte schon sehr sei sein seine seinem seinen seiner seit selbst sich sie sieht sind so \
    sogar soll sollen sollte sondern sonst statt stehen steht tag tage tat teil tun um und uns unser unsere unter viel \
    viele vielen vielleicht vom von vor wahrend wann war ware waren warum was weg wegen weil weise weit weiter weitere \
    welche wenig weniger wenn wer werde werden wie wieder will wir wird wirklich wissen wo wohl wollen wurde wurden \
    zeit ziel zu zum zur zwar zwei zwischen";

const FRENCH: &str = "\
    a afin ai ainsi alors an annee annees ans apres assez au aucun aucune aujourd aupres aussi autant autour autre \
    autres aux avaient avait avant avec avez avoir avons beaucoup bien bon bonne bonnes bons ca car ce cela celle \
    celles celui certain certaine certaines certains ces cet cette ceux chaque chez chose choses comme comment contre \
    cote cour courant courante cours d dans de debut deja depuis dernier derniere dernieres derniers des deux devant \
    dire dit doit doivent donc donne donnee donnees donnent donner donnes dont du effet elle elles en encore enfin \
    ensemble ensuite entre environ es est et etaient etait etant ete etes etre eu eux exactement facon faire fait \
    faites fallait fois font fut general generale generalement grand grande grandes grands hier homme hommes ici il \
    ils importance important importante importantes importants importe jamais je jour jours jusqu l la laquelle le \
    lequel les leur leurs lieu loin long longue lors lorsque lui m ma maintenant mais mal me meilleur meme memes mes \
    mettre mieux mis mise moi moins mois moment mon monde n ne ni niveau nom non nos notamment notre nous nouveau \
    nouveaux nouvel nouvelle nouvelles on ont ou par parce parfois parler parmi part partie partir partout pas pays \
    pendant peu peut peuvent peux place plus plusieurs plutot point possible pour pourquoi pourrait pouvait pouvoir \
    premier premiere premieres premiers prend prendre pres presque propre pu puis puisque qu quand quatre que quel \
    quelle quelles quelque quelques quels qui quoi rien s sa sais sait sans se selon semble sera serait ses seul seule \
    seulement si sien soi soit son sont sort sorte sortie sortir sous souvent suis suite sujet sur surtout t ta tant \
    te tel telle temps tes toi ton toujours tous tout toute toutes tres trois trop tu un une va vers veut veux vie \
    vient vis vivre voici voila voir vont vos votre vous vrai vraiment vu y";

const SPANISH: &str = "\
    a actividad actividades actual ahi ahora al algo alguien algun alguna algunas algunos alli ano anos ante antes \
    aquel aqui asi aun aunque baja bajo bajos bien buena bueno cada casa casi caso cerca cierto claro como con contra \
    cosa cosas creo cual cuales cualquier cuando cuanto da dar de debe deben decir del demas dentro desde despues dia \
    dias dice dicho dio donde dos durante e el ella ellas ellos en encontrar encuentra encuentran entonces entre era \
    eran es esa ese eso esos esta estaba estado estados estamos estan estar estas este esto estos estoy fin forma fue \
    fuera fueron general gente gran grande grandes ha haber habia hace hacen hacer hacia han hasta hay haya he hecho \
    hizo hombre hombres hoy iba igual importa importan importancia importante importantes incluso ir jamas junto la \
    lado largo las le les lo los luego lugar manera mas mayor me media medias medio medios mejor menos mi mientras mil \
    miles misma mismas mismo mismos modo momento mucha muchas mucho muchos muy nada nadie ni ningun ninguna no nombre \
    nos nosotros nueva nuevas nuevo nuevos nunca o os otra otras otro otros par para parece parte partir pasa pasado \
    pero persona personas pesar poco pocos poder podia podra podria por porque primer primera primero puede pueden \
    pues que quien quienes quiere red redes sabe se sea sean segun segundo ser sera si sido siempre sin sino sobre \
    sola solo son su suele sus tal tambien tampoco tan tanto te tenemos tener tengo tenia ti tiempo tiene tienen toda \
    todas todavia todo todos tras tres tu tus u ultima ultimo un una unas uno unos va vamos van varias varios veces \
    ver vez vida viene vista visto vive viven vivir vivo y ya yo";

const PORTUGUESE: &str = "\
    a acerca agora ai ainda alem algo alguem algum alguma algumas alguns ali ano anos antes ao aos apenas apos aquela \
    aquele aqueles aqui as assim ate atividade atividades atraves baixa baixo baixos bela belo bem boa bom cabo cada \
    caso causa cerca certo claro coisa coisas com como conta contra da dar das de deixar dela dele deles demais dentro \
    depois desde dessa desse desta deste deve devem dia dias disse dizer do dois dos duas durante e ela elas ele eles \
    em embora encontra encontram encontrar enquanto entao entre era eram essa essas esse esses esta estado estao estar \
    estas estava este estes estou eu fazer fez fica ficar fim foi for fora foram forma geral grande grandes ha havia \
    hoje homem homens ia importa importancia importante importantes inclusive ir isso isto ja junto la lado lhe lista \
    logo longo lugar maior maiores mais mal mas me media medio meio meios melhor menos mente mesma mesmo meu meus mil \
    minha modo momento muita muitas muito muitos mundo na nacionais nacional nada nao nas nem nenhum nessa nesse nesta \
    neste no nome nos nossa nosso nova novas novo novos num numa nunca o onde ontem os ou outra outras outro outros \
    para parece parte partir passado pela pelas pelo pelos perto pessoa pessoas pode podem poder pois por porem porque \
    portanto post pouca pouco primeira primeiro procura procuram proprio qual qualquer quando quanto quase que quem \
    quer se segundo seja sem sempre sendo ser sera seu seus sido sim so sob sobre sou sua suas tal talvez tambem tanto \
    tao tem temos tempo tendo tenha tenho ter teve tinha toda todas todo todos trabalho tras tres troca tu tudo ultima \
    ultimo um uma umas uns vai vao varias varios veio vem ver vez vezes vida vista visto voce";

const ITALIAN: &str = "\
    a abbia abbiamo ad adesso agli ai al alcun alcuna alcune alcuni alla alle allo allora altra altre altri altro \
    anche ancora anni anno appena assai attivita attraverso avanti avere aveva avevano base bella bello bene buona \
    buono caso cerca certo che chi chiaro ci cio circa come con contro corso cosa cose cosi cui da dagli dai dal dalla \
    dalle dare data degli dei del della delle dello dentro deve devono di dice dietro dire dopo dove due durante e \
    ecco ed effetto egli era erano essa esse essere essi esso eta fa fanno fare fatto fin fine fino forse fosse fra \
    fronte fu fuori generale generali gia giorni giorno gli gran grande grandi ha hai hanno ho i ieri il importante \
    importanti importanza in infatti insieme intanto invece io la lato le lei li libera libero lo loro lui lungo luogo \
    ma mai male marco me media medio meglio meno mentre meta mi mia mie miei migliore mio modo molta molte molti molto \
    momento nata nati nato ne negli nei nel nella nelle nessun nessuna niente no noi nome non nostra nostro nulla \
    nuova nuove nuovi nuovo o oggi ogni oltre oppure ora parte passato per perche perdere pero persona persone piu po \
    poche poco poi posso possono prima primi primo prodotti prodotto proprio pui punto puo qua qual qualche qualcosa \
    quale quali quando quanto quasi quel quella quelle quelli quello quest questa queste questi questo qui quindi \
    quota resto sara sarebbe se secondo sei sembra sempre senza si sia siamo siano solo sono sopra soprattutto sotto \
    sta stata state stati stato stessa stesso su sua sue sugli sui sul sulla sulle suo suoi tale tanto te tempo testa \
    teste testi testo ti tra tre troppo tu tutta tutte tutti tutto ultima ultimo un una uno va vede verso vi via viene \
    vista visti visto vita volta volte";

const RUSSIAN: &str = "\
    а без более больше будет будто бы был была были было быть в вам вас вдруг ведь во вообще вот время все всегда \
    всего всей всем всех всю вся вы где говорит год года году голос да даже два для до долго другие других другой его \
    ее если есть еще же за здесь знать и из или им имеет именно иногда их к как какая какие какой когда конечно \
    которая которого которое которой которые который которых кто куда ли лишь лучше люди между меня мир мира мире мне \
    много может можно мои мой мы на над надо называли наиболее нам нас наш не него нее ней некоторые нет ни них но \
    новая новые новый новых ну о об общий один одна однако одной он она они оно опять от очень перед по под пока после \
    потом потому почему почти при про просто раз разве с сам сама самая само самого самое самой самом самые самый \
    самых своего своей свои своим своих свой свою себе себя сегодня сейчас сила сказал со сразу стал стала стали стало \
    стать так такая также такие такой там те тебя тем теперь то тогда того тоже той только том тому тот три тут ты у \
    уже хорошо хоть чего человек человека чем через что чтобы чуть эта эти этим этих это этого этой этом этот эту я";

const UKRAINIAN: &str = "\
    а або адже але б багато без би був буде будуть була були було бути більш більше в вам вас весь вже ви вона вони \
    воно все всього всі всіх втім від він голос де деякі для до доки дуже ж з за завжди зараз зі й його кожен кожна \
    коли краще країна країни країні крім куди лише людей люди мають має мене мені ми може можливо можна можуть моя між \
    мій на навіть нам нас наш не немає неї них нова новий нових нові ну нього ні ніж о об обидва один одна однак \
    одного одну ось от отже перед по поки потім при про проти під після раз разом рахунку рахунок роки року років рік \
    сам сама саме само самі свого свою своє своєї свої своїх свій себе собі став стала стали стало сьогодні та так \
    така такий також такі там те теж тепер ти тим тих то тобі того тоді той тому ту тут ті тільки у уже усе усі хоча \
    хто це цей цим цих цього цьому цю ця ці цієї через чи чим чого чому ще що щоб щодо я як яка яке який яких якого \
    якої якщо які є і із інша інших інші їй їм їх її";

const POLISH: &str = "\
    a aby albo ale ani bardzo beda bedzie bez bo by byc byl byla byli bylo byly caly chce chyba ci ciebie co cos czas \
    czasem czesto czy czyli daje dla dlaczego dlatego do dobra dobre dobry dobrze dopiero drugi duzo dwa dwie dzien \
    dzis dzisiaj gdy gdyby gdzie go i ich ile im inne inny innych iz ja jak jakby jaki jako je jeden jedna jednak \
    jedno jego jej jesli jest jestem jeszcze jezeli juz kazdy kiedy kilka kraj kto ktora ktore ktorego ktorej ktory \
    ktorych ktorym ktorzy lat lata latach lecz lub ludzi ludzie ma maja mam mamy mi mial miala miedzy miejsca miejsce \
    mimo mna mnie moga moim moj moja moje mojego moze mozemy mozna mu musi my na nad nam nami nas nasz nasza nasze \
    nawet nia nic nich nie niego niej niemu nigdy nim nimi niz no nowa nowe nowego nowy nowych o obok od okolo on ona \
    one oni ono oraz osob oto pan pani po pod podczas ponad poniewaz powiedzial pracy prawie przed przede przez przy \
    raz razem rok roku rowniez sa sam sama sie skad soba sobie sposob staje stal stala stalo staly stanie swoich swoim \
    swoj swoja swoje swojego ta tak taka taki takie takze tam te tego tej ten teraz tez to toba tobie trzeba tu tutaj \
    twoj ty tych tylko tym u w wam was wczoraj we wedlug wiec wiecej wiecie wieczor wieczorem wiele wielu wiem wlasnie \
    wszyscy wszystkich wszystkie wszystko wtedy wy wynik z za zaraz zas zawsze ze zeby znowu zostal zostala zostalo \
    zycia zycie";

const BULGARIAN: &str = "\
    а аз ако ала без беше би бил била били било бяха в вас ваш вече ви време все всеки всички всичко вътре г ги го \
    година години д да дали два две днес дни до добре докато дори е един една едно език за зад заради защо защото и из \
    или им има имат искам й как каква какво както какъв като кога когато което които кой който която къде ли лице м ме \
    между много мога може мой му н на над нас наш не него нещо нея ни ние никой нито но нов нова нови ново някои няма \
    о от отново още пак по повече под поне поради после почти прави преди през при пък първи път пъти с са сам само се \
    сега си след со според сред срещу ст става стана станал със също т така такава такива такъв там твой те тези ти \
    това тогава този той толкова точно три ту тук тъй тя тях у ул час че често чрез ще щом я";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tokenize;

    #[test]
    fn lists_are_folded_as_texts_are() {
        for lang in ["en", "de", "fr", "es", "pt", "it", "ru", "uk", "pl", "bg"] {
            for word in words(lang) {
                let tokens = tokenize(word);
                assert_eq!(tokens.iter().map(|(_, word)| word).collect::<Vec<_>>(), [word], "{lang}");
            }
        }
    }
}
