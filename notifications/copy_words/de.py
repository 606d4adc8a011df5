"""German: what its copy does without. Nouns have capitals, compounds hide stems, and many a stem hides elsewhere."""

from string import ascii_lowercase
from typing import Final

from notifications.copy_words.language import Banned, Language, either, listed

_IMPERATIVES = (
    "lass|lasse|vergiss|verpass|verpasse|warte|denk|denke|zöger|zögere|zögre|mach|mache|sei|gib|hör|höre|schieb|schiebe|"
    "bleib|bleibe|sag|sage|schreib|schreibe|geh|gehe|nimm|überleg|überlege|sorg|sorge|verlier|verliere|schau|komm"
)

GERMAN: Final = Language(
    name="German",
    letters=frozenset(ascii_lowercase + "äöüß"),
    marks=frozenset(" .,;:!?'\u2019-\u2013\u2014"),
    banned=(
        Banned(
            "pressure",
            either(
                listed(
                    # "Noch" and "wieder" are whole words here: "dennoch" and "wiegen" are innocent.
                    "streak* serie serien strähne* verpass* verpaßt versäum* entgeh* entgangen",
                    "warten wartet wartest warte wartete* gewartet wartend* abwarten erwartet* ausstehend* aussteht",
                    "noch immer_noch wieder erneut abermals nochmal nochmals einmal_mehr schon_wieder schon_lang*",
                    "schon_seit endlich schließlich",
                    "vergiss vergisst vergiß vergißt vergess* vergaß vergaßt überfällig* fällig* längst",
                    "verlier* verlor* verlust* einbüß* letzte_chance* letzten_chance letzte_gelegenheit*",
                    "letzte_möglichkeit* letztmalig* letztmals",
                    "soll sollst sollt sollte solltest sollten muss muß musst mußt müssen müsst müsste müsstest",
                    "musste musstest mußte brauchst_du_zu dringend* dringlich* beeil* spute*",
                    "unbedingt denk_dran denk_daran denk_bitte_daran du_bist_dran bist_du_dran",
                ),
                # What English says with "don't": a command that begins with its verb.
                rf"(?:(?<=^)|(?<=[.!?:] ))(?:{_IMPERATIVES})(?: \w+){{0,2}} nicht\b",
            ),
            # Like "may wait" in English: it lets somebody off. "Wartung" is not on the list at all.
            innocent=either(r"\b(?:kann|darf|können|dürfen|könnte|könnten)\b[^.?!;:]*\bwarten\b(?! auf)"),
        ),
        Banned(
            "mind_reading",
            listed(
                "nur_du allein_du einzig_du dein_partner* deine_partner* deinem_partner* deinen_partner* fühlt will",
                "möchte wünscht sehnt ersehnt vermisst vermißt traurig* einsam* besorg* sorge sorgen sorgt",
                "bekümmer* gekränkt* verletzt* verärger* aufgewühlt* aufgebracht* bestürzt*",
            ),
            innocent=listed("ohne_sorge keine_sorge"),
        ),
        Banned(
            "measuring",
            listed(
                "punkte punkten punktzahl* punktestand* *score* level* stufe stufen prozent* prozentig*",
                "bewertung* rangliste* rang statistik* note noten quote quoten",
            ),
        ),
        Banned(
            "label",
            listed(
                "ängstlich* *bindungsangst* bindungsängst* vermeidend* bindungstyp* bindungsstil*",
                "koabhängig* ko-abhängig* co-abhängig* coabhängig* abhängig* toxisch*",
            ),
        ),
        Banned(
            "gender",
            either(
                # "Er" and "sie" tell a gender, and "Sie" and "Ihr" are another way to speak to somebody than "du".
                listed(
                    "er sie ihm ihn ihr ihre ihrem ihren ihrer ihres ihnen seine seinem seinen seiner seines",
                    "mann männer frau frauen ehemann* ehefrau* ehemänner* freund freunde freunden freundes",
                    "freundin* gatte gatten gattin* jungs mädchen vater väter mutter mütter herr herren dame",
                    "damen braut bräutigam* jemand,_der jemand,_die jemanden,_der jemanden,_die jeder,_der",
                ),
                r"\b(?!(?:b?e?ginnen|beginnen|gewinnen|besinnen|drinnen|sinnen|rinnen|entrinnen|spinnen)\b)\w{3,}innen\b",
                r"\w[*:_/·]in(?:nen)?\b",
            ),
            # Said to both of them.
            innocent=listed("ihr_beide ihr_euch ihr_habt habt_ihr ihr_seid seid_ihr ihr_könnt könnt_ihr"),
        ),
        Banned(
            "lock_screen",
            either(
                listed(
                    "herz herzen herzens herzchen herzschlag* herzklopf* herzschmerz* liebe liebes lieben liebend*",
                    "liebst liebt liebte* liebevoll* liebes* liebst* geliebt* verliebt* *partner* *beziehung*",
                    "*pärchen* ehe ehen eheleute* *ziel *ziele zielen ziels ziels* zielvorgabe* *stimmungs* stimmung",
                    "stimmungen laune launen *therap* hilf hilfe hilfen hilfs* hilfreich* hilft hilfst helfen half",
                    "helfe helfend* geholfen schatz schatzi schätzchen bessere_hälfte liebling*",
                ),
            ),
            # "Lieber" is rather, "am liebsten" preferably, "beziehungsweise" or.
            innocent=listed("am_liebsten beziehungsweise"),
        ),
    ),
    permits=listed(
        "könntest kannst darfst darf dürfen dürfte könnte könnten wenn falls sofern wann_immer wann_du willkommen",
        "keine_eile ohne_eile eilt_nicht oder_nicht oder_auch_nicht oder_nichts oder_auch_nichts oder_kein*",
        "oder_auch_kein* oder_gar_nichts oder_gar_nicht",
    ),
    asked=listed("kannst_du könntest_du darfst_du darf_ich könnte_ich"),
    presumes=either(
        r"^\W*(?:hast|bist|wirst|warst|hattest|willst|kannst|könntest|schreibst|denkst|machst) du\b",
        listed(
            "warum wieso weshalb weswegen nicht kein* nie niemals nichts niemand* kaum schon bereits wenigstens",
            "überhaupt gescheitert* scheiter* misslung* schief schiefgegangen falsch gehindert hindert abgehalten",
            "schwer schwierig* mühsam* stress* müde zu_viel zu_wenig zu_müde zu_spät spät probleme problem",
            "aufgegeben aufgeben hinterher ausgelassen auslässt",
        ),
    ),
    # Nouns keep their capitals. What a title writes large are the small words, and "Du" is for letters.
    proper=either(
        r"(?<=[\w,;\u2013\u2014-] )(?:Und|Oder|Aber|Wenn|Falls|Als|Weil|Dass|Ob|Ein|Eine|Einen|Einem|Einer|Der|Die|Das|"
        r"Den|Dem|Für|Mit|Von|Zu|Auf|Aus|Bei|In|Im|An|Am|Ist|Sind|Hat|Kann|Kannst|Darf|Darfst|Könntest|Du|Dir|Dich|"
        r"Dein|Deine|Deinem|Deinen|Deiner|Nicht|Nur|Auch|Wie|Was|Wo|Wer|Wann|Sich|Es|Ich|Wir|Uns|Hier|Jetzt|Heute)\b",
        # Somebody's couple; "ein paar" are a few.
        r"(?<!^)(?<![.!?] )\bPaar\w*",
        r"\bPaar(?:e|es|en|s|beziehung|therapie|zeit|beratung)\b",
    ),
)
