"""The linter of copy: each rule catches a bad text in each language, and lets its innocent neighbours pass."""

import unicodedata
from pathlib import Path

import pytest

from notifications import catalogue, copy_lint
from notifications.catalogue import Copy, copy_of
from notifications.copy_lint import alike, findings, lint, sentences
from notifications.copy_words import LANGUAGES
from notifications.copy_words.language import listed, plainly

INVITES = ("check_in_invite", "appreciation_spark", "reflection_invite", "balance_invite", "goal_lookback")
ARRIVAL = "letter_arrived"


def rules(language: str, text: str, kind: str = ARRIVAL) -> set[str]:
    return {each.rule for each in findings(language, kind, text)}


FINE = {
    "en": ("A few lines are here, to open in your own time.", "You could jot down a word about today. It stays yours."),
    "de": (
        "Ein paar Zeilen sind da, für einen ruhigen Moment.",
        "Du könntest ein Wort zu heute notieren, oder keines.",
    ),
    "es": ("Hay unas líneas aquí, para leer con calma.", "Puedes anotar una palabra sobre hoy. Es para ti."),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_plain_and_kind_texts_have_nothing_wrong_with_them(language: str) -> None:
    arrival, invite = FINE[language]
    assert findings(language, ARRIVAL, arrival) == []
    for kind in INVITES:
        assert findings(language, kind, invite) == []


# Shape -----------------------------------------------------------------------------------------------------------

SHAPES = {
    "en": [
        ("length", "A few lines " + "and a few more lines " * 4 + "are here."),
        ("sentences", "Some words are here. They will keep. Read them."),
        ("exclamation", "Some words are here! Read them!"),
        ("digit", "There are 3 lines for you."),
        ("digit", "There are ³ lines for you."),
        ("sign", "Some words are here 💌."),
        ("sign", "Some words are here ♥."),
        ("letters", "Some wоrds are here."),  # noqa: RUF001 - a Cyrillic o
        ("capitals", "some words are here."),
        ("capitals", "Some words are here. they will keep."),
        ("capitals", "Some words are HERE."),
        ("capitals", "Some Words Are Here."),
        ("capitals", "Some words of Anna are here."),
        ("capitals", "Some wordsFor you are here."),
        ("shape", "Some words are here"),
        ("shape", "Some  words are here."),
        ("shape", " Some words are here."),
        ("shape", "Some\u00a0words are here."),
        ("shape", "Some words are here.."),
        ("placeholder", "Some words of {name} are here."),
        ("placeholder", "Some words of {} are here."),
        ("placeholder", "Some words of %s are here."),
        ("placeholder", "Some words of %(name)s are here."),
        ("placeholder", "Some words of $x are here."),
        ("placeholder", "Some words of ${x} are here."),
        ("placeholder", "Some words of :name are here."),
        ("placeholder", "Some words of <name> are here."),
        ("placeholder", "Some words of [name] are here."),
        ("placeholder", "Some words of @anna are here."),
        ("placeholder", "Some words of their_name are here."),
    ],
    "de": [
        ("length", "Ein paar Zeilen " + "und dann ein paar Zeilen " * 4 + "sind da."),
        ("sentences", "Worte sind da. Sie bleiben. Lies."),
        ("exclamation", "Worte sind da! Lies nur!"),
        ("digit", "Es sind 3 Zeilen da."),
        ("sign", "Worte sind da 🙂."),
        ("letters", "Ein pañuelo ist da."),
        ("capitals", "worte sind da."),
        ("capitals", "Worte SIND da."),
        ("capitals", "Ein Paar Worte Für Dich Sind Da."),
        ("capitals", "Wenn Du magst, sind Worte da."),
        ("capitals", "Worte sind da, LeserInnen willkommen."),
        ("shape", "Worte sind da"),
        ("placeholder", "Worte von {name} sind da."),
        ("placeholder", "Worte von %1s sind da."),
        ("placeholder", "Worte von $name sind da."),
    ],
    "es": [
        ("length", "Hay unas líneas " + "y otras líneas más aquí " * 4 + "para leer."),
        ("sentences", "Hay palabras. Son para leer. Con calma."),
        ("exclamation", "¡Hay palabras! ¡Con calma!"),
        ("digit", "Hay 3 líneas."),
        ("sign", "Hay unas palabras ✨."),
        ("letters", "Hay unas Wörter."),
        ("capitals", "hay unas palabras."),
        ("capitals", "¿hay un momento?"),
        ("capitals", "Hay unas PALABRAS."),
        ("capitals", "Hay Unas Palabras."),
        ("capitals", "Hay palabras de Ana."),
        ("shape", "Hay unas palabras"),
        ("shape", "Hay un momento?"),
        ("shape", "Un momento tranquilo!"),
        ("shape", "¿Hay un momento."),
        ("placeholder", "Hay palabras de {nombre}."),
        ("placeholder", "Hay palabras de %s."),
        ("placeholder", "Hay palabras de $nombre."),
    ],
}


@pytest.mark.parametrize(
    ("language", "rule", "text"), [(language, *case) for language, cases in SHAPES.items() for case in cases]
)
def test_what_does_not_have_the_shape_is_found(language: str, rule: str, text: str) -> None:
    assert rule in rules(language, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_ninety_characters_fit_and_no_more(language: str) -> None:
    text = "A" + "h" * 88 + "."
    assert rules(language, text) == set()
    assert rules(language, "A" + text.lower()) == {"length"}


def test_a_text_is_counted_in_code_points_and_composed() -> None:
    assert rules("de", "Ä" + "ö" * 88 + ".") == set()
    assert "shape" in rules("de", unicodedata.normalize("NFD", "Schöne Worte sind da."))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Leaning and standing: where are you this month?"),
        ("en", "A short, plain line is a good one!"),
        ("de", "Ein kurzer Blick: Was trägt gerade?"),
        ("de", "Ein paar Worte sind da, und der Moment ist frei."),
        ("es", "¿Qué sostiene este mes? Una línea basta."),
        ("es", "Hay tiempo, ¿un momento de calma?"),
    ],
)
def test_the_shapes_of_a_language_are_innocent(language: str, text: str) -> None:
    assert rules(language, text) == set()


def test_sentences_end_with_their_marks() -> None:
    assert sentences("One. Two? Three") == ["One.", "Two?", "Three"]


# Words -----------------------------------------------------------------------------------------------------------

BAD = {
    ("en", "pressure"): [
        *("A streak is here.", "Your streaks are here.", "You miss a page.", "A missed page is here."),
        *("Words are waiting.", "A page awaits.", "It is still here.", "Here it is again.", "Nothing is written yet."),
        *("Finally some words.", "You forgot a page.", "It is easy to forget.", "A page is overdue."),
        *("Nothing to lose.", "It is lost.", "This is the last chance.", "You must read.", "You should read."),
        *("You need to read.", "It has to be read.", "You have to read.", "Don't look away.", "Don\u2019t look away."),
        *(
            "Do not look away.",
            "Hurry and read.",
            "Remember to read.",
            "It is your turn.",
            "You shouldn\u2019t stop.",
            "You mustn't stop.",
        ),
    ],
    ("en", "mind_reading"): [
        *("Only you can read it.", "Your partner wrote.", "Somebody feels far away.", "Somebody wants a word."),
        *("It is a sad day.", "A lonely evening?", "Loneliness passes.", "Worried today?", "Somebody is upset."),
    ],
    ("en", "measuring"): ["Your score is here.", "A new level is open.", "A few percent more.", "It is at ten %."],
    ("en", "label"): ["An anxious day?", "Some anxiety?", "Avoidant or near?", "A codependent day.", "It is toxic."],
    ("en", "gender"): ["He wrote a line.", "A line for her.", "Your wife wrote.", "A word for your boyfriend."],
    ("en", "lock_screen"): [
        *(
            "A word from the heart.",
            "Heartfelt words are here.",
            "Words of love.",
            "Your beloved wrote.",
            "Your other half wrote.",
        ),
        *("A couple of lines.", "Your partner\u2019s words.", "A relationship page.", "A shared goal.", "Your goals."),
        *("What is the mood?", "A therapist is here.", "Help is here.", "Something helpful.", "It helped."),
    ],
    ("de", "pressure"): [
        *("Deine Serie läuft.", "Du verpasst etwas.", "Nichts versäumen.", "Worte warten auf dich.", "Etwas wartet."),
        *("Die Worte warten.", "Es ist noch da.", "Da ist es wieder.", "Endlich Worte.", "Vergiss es nicht."),
        *("Du hast es vergessen.", "Das ist überfällig.", "Etwas ist fällig.", "Du verlierst nichts."),
        *("Die letzte Chance.", "Die letzte Gelegenheit.", "Du musst nichts tun.", "Du solltest lesen."),
        *(
            "Du sollst lesen.",
            "Mach das nicht.",
            "Schau bitte nicht weg.",
            "Beeil dich.",
            "Denk daran.",
            "Du bist dran.",
            "Lies es nochmal.",
        ),
    ],
    ("de", "mind_reading"): [
        *("Nur du kannst das lesen.", "Jemand fühlt sich fern.", "Jemand will reden.", "Jemand möchte reden."),
        *("Ein trauriger Tag.", "Einsam heute?", "Jemand ist besorgt.", "Hast du Sorgen?", "Jemand ist verletzt."),
        *("Jemand vermisst dich.", "Dein Partner schreibt.", "Jemand wünscht sich etwas."),
    ],
    ("de", "measuring"): [
        *("Deine Punkte sind da.", "Ein neues Level.", "Die nächste Stufe.", "Zehn Prozent mehr.", "Es sind zehn %."),
        *("Dein Punktestand.", "Eine gute Note.", "Eine Bewertung ist da.", "Dein Highscore."),
    ],
    ("de", "label"): [
        "Ein ängstlicher Tag.",
        "Ganz vermeidend.",
        "Eine Bindungsangst.",
        "Koabhängig?",
        "Es ist toxisch.",
    ],
    ("de", "gender"): [
        *("Er hat geschrieben.", "Eine Zeile für sie.", "Lesen Sie in Ruhe.", "Ihre Zeilen sind da.", "Seine Zeilen."),
        *("Deine Frau schreibt.", "Ein Wort vom Freund.", "Deine Freundin schreibt.", "Jemand, der schreibt."),
        *("Für Leser*innen.", "Für Leser:innen.", "Für Leserinnen."),
    ],
    ("de", "lock_screen"): [
        *(
            "Ein Wort von Herzen.",
            "Worte der Liebe.",
            "Liebe Worte sind da.",
            "Ein liebevoller Gruß.",
            "Du wirst geliebt.",
        ),
        *("Eure Beziehung.", "Liebesbeziehungen.", "Eine Partnerschaft.", "Dein Lebenspartner.", "Euer Ziel."),
        *("Lebensziele.", "Deine Stimmung.", "Gute Laune?", "Eine Paartherapie.", "Hilfe ist da.", "Das hilft."),
        *("Jemand hat geholfen.", "Dein Schatz.", "Deine bessere Hälfte."),
    ],
    ("es", "pressure"): [
        *("Tu racha sigue.", "No te lo pierdas.", "Perdiste algo.", "Te falta una página.", "Hace falta leer."),
        *("Unas palabras te esperan.", "Algo espera.", "Está esperando.", "Todavía hay algo.", "Aún hay algo."),
        *("Otra vez una línea.", "Una línea de nuevo.", "Es para volver a hablar.", "Por fin hay algo."),
        *("Finalmente hay algo.", "Olvidaste algo.", "No olvides leer.", "Va con retraso.", "Está vencido."),
        *("Hay algo pendiente.", "La última oportunidad.", "Debes leer.", "Deberías leer.", "Tienes que leer."),
        *(
            "Hay que leer.",
            "Necesitas leer.",
            "No dejes esto.",
            "No te vayas.",
            "Es urgente.",
            "Recuerda leer.",
            "Te toca leer.",
            "Date prisa.",
        ),
    ],
    ("es", "mind_reading"): [
        *("Solo tú puedes leer.", "Tu pareja escribe.", "Alguien se siente lejos.", "Alguien quiere hablar."),
        *("Un día triste.", "Qué tristeza.", "Una tarde de soledad.", "Alguien se preocupa.", "Alguien se enfadó."),
        *("Alguien te echa de menos.", "Alguien desea hablar.", "Alguien te extraña."),
    ],
    ("es", "measuring"): [
        *("Tus puntos están aquí.", "Un nuevo nivel.", "Diez por ciento más.", "Tu puntuación.", "Diez % más."),
        *("Un buen porcentaje.", "Es un récord."),
    ],
    ("es", "label"): ["Un día ansioso.", "La ansiedad pasa.", "Es evitativa.", "Codependencia.", "Es tóxico."],
    ("es", "gender"): [
        *("Él escribió.", "Unas líneas de ella.", "Tu marido escribe.", "Tu novia escribe.", "Tu compañera escribe."),
        *("Cuando estés listo.", "Si te sientes cansada.", "Si estás muy tranquila.", "Estás invitado."),
        *("Contigo misma.", "Lo hicieron juntos.", "Lo hicieron los dos.", "Bienvenida aquí.", "¿Cansado hoy?"),
        *("Es para tod@s.", "Un amigo/a escribe."),
    ],
    ("es", "lock_screen"): [
        *("Palabras del corazón.", "Palabras de amor.", "Te quiero decir algo.", "Querida persona."),
        *("Tu pareja.", "Una relación.", "Una meta.", "Un objetivo.", "Tu estado de ánimo.", "Una terapia."),
        *("Ayuda a leer.", "Se puede ayudar.", "Con cariño.", "Tu media naranja."),
    ],
    ("es", "address"): [
        *("Si usted gusta.", "Es para vosotros.", "Si querés, es para ti.", "Si te apetece.", "¿Vale?"),
        *("Cuando gustes.", "Puedes coger la línea."),
    ],
}
NEAR = {
    ("en", "pressure"): [
        "With your permission, the step may wait.",
        "You could remember one turn of the road.",
        "A shoulder, mustard, and yes: done close against the stillness.",
        "No hurry, no need, and no close-up; loose ends are fine.",
    ],
    ("en", "mind_reading"): ["How does it feel, if you want to look? The saddle fits, alone or not; only one."],
    ("en", "measuring"): ["Recent and eleven underscores."],
    ("en", "label"): ["Avoid nothing; intoxicating air."],
    ("en", "gender"): ["There, where a human mantle rests, is the theme. The shell is here."],
    ("en", "lock_screen"): [
        "Half of it is said, the other half is near.",
        "A hearth, a glove and clover; a part, a goat, smooth kelp and the moon.",
    ],
    ("de", "pressure"): [
        "Das kann warten, ganz unerwartet und dennoch gegenwärtig.",
        "Unendlich viel Zeit. Knochen und Musik, Fall und Solo.",
        "Oder auch nicht, wie es dir passt.",
        "Etwas dranhängen geht, bedingt.",
    ],
    ("de", "mind_reading"): [
        "Gemeinsam, wenn du willst oder möchtest. Was du dir wünschst und was du fühlst, ist frei."
    ],
    ("de", "measuring"): ["Auf den Punkt: eine Notiz, ein Standpunkt."],
    ("de", "label"): ["Unabhängig, was du vermeidest."],
    ("de", "gender"): [
        "Freundlich und mit Freude darf es kurz sein. Ein Wort zu beginnen und sich zu erinnern.",
        "Ihr habt es getan, ihr beide.",
    ],
    ("de", "lock_screen"): [
        "Ein paar Worte, lieber kurz, am liebsten heute, nach Belieben.",
        "Eher herzhaft, gezielt und behilflich, mit Zustimmung beziehungsweise ohne.",
    ],
    ("es", "pressure"): [
        "No hace falta responder, aunque puede esperar. Sin prisa.",
        "Inesperado, con esperanza y perdón: inolvidable e independiente.",
        "Algo nuevo para el fin de semana. No hay nada más.",
        "Un recuerdo se puede recordar. Toca la tecla.",
        "Es un buen momento para volver a tu ritmo.",
    ],
    ("es", "mind_reading"): ["Si quieres, cuando te sientes, lo que deseas. Solo si te viene bien."],
    ("es", "measuring"): ["Un punto de vista, a punto de nacer."],
    ("es", "label"): ["Para evitar el desierto."],
    ("es", "gender"): [
        "El hombro de aquella tarde tranquila. Las dos personas lo hicieron.",
        "La otra mitad y la otra persona.",
        "Lo que estás para contar, si estás ahora en calma.",
        "Las preguntas son bienvenidas. Una palabra es bienvenida.",
    ],
    ("es", "lock_screen"): ["El metal, la coraza, el clamor parejo y el animal ayuno."],
    ("es", "address"): ["Vale la pena. Un voto y dos ojos."],
}


@pytest.mark.parametrize(
    ("language", "rule", "text"), [(*key, text) for key, texts in BAD.items() for text in texts], ids=str
)
def test_a_word_that_copy_does_without_is_found(language: str, rule: str, text: str) -> None:
    assert rule in rules(language, text)


@pytest.mark.parametrize(
    ("language", "rule", "text"), [(*key, text) for key, texts in NEAR.items() for text in texts], ids=str
)
def test_a_word_that_only_looks_like_one_passes(language: str, rule: str, text: str) -> None:
    assert [each for each in findings(language, ARRIVAL, text) if each.rule == rule] == []


def test_every_row_of_words_has_its_bad_texts_and_its_near_misses() -> None:
    rows = {(name, banned.rule) for name, language in LANGUAGES.items() for banned in language.banned}
    assert rows == BAD.keys() == NEAR.keys()
    for name in LANGUAGES:
        assert rows >= {(name, each) for each in ("pressure", "mind_reading", "measuring", "label", "lock_screen")}


@pytest.mark.parametrize(
    ("text", "found"),
    [("Ein Paar geht aus.", True), ("Ein paar gehen aus.", False), ("Paarberatung ist da.", True)],
)
def test_in_german_a_capital_letter_makes_two_people_of_a_few(text: str, found: bool) -> None:
    assert ("capitals" in rules("de", text)) is found


# Stance ----------------------------------------------------------------------------------------------------------

NO_PERMISSION = {
    "en": [
        "A quiet minute is here.",
        "Maybe a line about today.",
        "When was today kind?",
        "Could you write a line?",
    ],
    "de": [
        "Eine ruhige Minute ist da.",
        "Wenngleich kurz, eine Zeile.",
        "Kannst du etwas notieren?",
        "Wann war es gut?",
    ],
    "es": ["Hay un minuto de calma.", "Sí, una línea sobre hoy.", "¿Puedes anotar algo?", "¿Cuándo fue un buen rato?"],
}
PERMISSION = {
    "en": [
        *("How is today? Any answer will do, or none.", "A line is welcome.", "There is no hurry.", "It may be short."),
        *("Whenever it suits, a page.", "You could look.", "A page, if you like.", "When it suits, a page."),
    ],
    "de": [
        *("Wie ist es heute? Eine Zeile, oder auch nicht.", "Eine Zeile ist willkommen.", "Es darf kurz sein."),
        *("Du könntest schauen.", "Ein Blatt, falls es passt.", "Keine Eile.", "Wenn du magst, ein Blatt."),
    ],
    "es": [
        *(
            "¿Qué tal hoy? Una línea, o ninguna.",
            "Una línea es bienvenida.",
            "Puede ser breve.",
            "Sin prisa, una línea.",
        ),
        *("Podrías mirar.", "Una línea, si quieres.", "Cuando te venga bien, una línea."),
    ],
}
PRESUMES = {
    "en": [
        *("Did you write today?", "Haven't you written?", "Haven\u2019t you written?", "Why not write, if you like?"),
        *("Too busy to write?", "What went wrong?", "What stopped it?", "Nothing to say?", "Have you had a look?"),
    ],
    "de": [
        *("Hast du heute geschrieben?", "Warum nicht schreiben?", "Schon etwas notiert?", "Keine Zeit?", "Zu müde?"),
        *("Was ging schief?", "Wieso eigentlich?", "Bist du bereit?"),
    ],
    "es": [
        *("¿Has escrito hoy?", "¿Escribiste hoy?", "¿Ya escribiste?", "¿Por qué no escribes?", "¿Nada que decir?"),
        *("¿Qué salió mal?", "¿Fue difícil?", "¿Demasiado ruido?"),
    ],
}
PRESUMES_NOTHING = {
    "en": [
        "How is today sitting with you? Any answer will do, or none.",
        "Did something small make this week lighter? You could write it down.",
        "Leaning and standing: where are you this month? A line will do, or none.",
        "A good moment today, or none?",
        "When did you stand with ease? A line is welcome.",
    ],
    "de": ["Wie liegt der Tag dir heute? Eine Zeile, oder keine.", "War heute etwas leicht, oder auch nicht?"],
    "es": ["¿Cómo va el día? Una palabra, o ninguna.", "¿Hubo hoy algo ligero, o nada? Existe la calma."],
}


@pytest.mark.parametrize(
    ("language", "text"), [(language, text) for language, texts in NO_PERMISSION.items() for text in texts]
)
def test_an_invitation_without_a_permission_is_found_and_an_arrival_needs_none(language: str, text: str) -> None:
    for kind in INVITES:
        assert "permission" in rules(language, text, kind)
    assert rules(language, text) == set()


@pytest.mark.parametrize(
    ("language", "text"), [(language, text) for language, texts in PERMISSION.items() for text in texts]
)
def test_a_permission_is_known_by_any_of_its_words(language: str, text: str) -> None:
    assert rules(language, text, "check_in_invite") == set()


@pytest.mark.parametrize(
    ("language", "text"), [(language, text) for language, texts in PRESUMES.items() for text in texts]
)
def test_a_question_that_presumes_failure_is_found(language: str, text: str) -> None:
    assert "failure" in rules(language, text, "check_in_invite")


@pytest.mark.parametrize(
    ("language", "text"), [(language, text) for language, texts in PRESUMES_NOTHING.items() for text in texts]
)
def test_a_question_that_presumes_nothing_passes(language: str, text: str) -> None:
    assert "failure" not in rules(language, text, "check_in_invite")


# Lists and catalogues --------------------------------------------------------------------------------------------


def test_entries_of_a_list_are_words_stems_and_phrases() -> None:
    found = listed("yet forg* last_chance* *score")
    assert [match[0] for match in found.finditer("yeti forging yet last  chances highscore scores")] == [
        *("forging", "yet", "last  chances", "highscore"),
    ]


def test_apostrophes_are_one() -> None:
    assert {plainly(f"Don{mark}t") for mark in "'’‘ʼ`´′"} == {"don't"}  # noqa: RUF001


def test_a_language_without_lists_cannot_be_judged() -> None:
    assert rules("fr", "Quelques mots sont là.") == {"language"}
    assert rules("de-at", "Ein paar Worte sind da.") == set()


def test_of_two_texts_that_are_nearly_one_the_later_is_found() -> None:
    first = ("x.01", "A few lines are here, to open in your own time.")
    assert [text_id for text_id, _ in alike([first, ("x.02", "A few lines are here to open, in your own time!")])] == [
        "x.02"
    ]
    assert list(alike([first, ("x.02", "Someone took time with words. Read when it suits.")])) == []


def small(language: str = "en", **tables: dict[str, str]) -> Copy:
    return copy_of(language, tables)


def test_a_catalogue_with_too_few_texts_or_one_text_for_two_kinds_is_found() -> None:
    text = "Some words have been left for you."
    told = lint(small(letter_arrived={"01": text}, window_opened={"01": text}))
    said = [str(each) for each in told]
    assert "en window_opened.01: It is the same as letter_arrived.01. (alike)" in said
    assert "en letter_arrived: It has 1 texts, and at least 68 are wanted. (few)" in said
    assert "en own_step: It has 0 texts, and at least 36 are wanted. (few)" in said
    assert "en discreet: This fixed text is missing. (few)" in said


def test_a_finding_says_where_and_why() -> None:
    told = lint(small(letter_arrived={"07": "Some words are waiting."}))[0]
    assert str(told) == ("en letter_arrived.07: “waiting”: it presses, and nothing is expected of anybody. (pressure)")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[nonsense]\n01 = 'A text.'\n",
        "[letter_arrived]\nfirst = 'A text.'\n",
        "[letter_arrived]\n01 = ''\n",
        "[letter_arrived]\n01 = 7\n",
        "[letter_arrived]\n01 = 'A text.'\n01 = 'Another.'\n",
        "[fixed]\nother = 'A text.'\n",
        "[fixed\n",
    ],
)
def test_a_file_that_does_not_have_the_form_is_told_in_one_sentence(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "en.toml").write_text(text, encoding="utf-8")
    assert copy_lint.main(["--folder", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "en" in said.err
    assert said.err.count("\n") == 1


def test_a_folder_without_english_or_with_a_file_of_another_name_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert copy_lint.main(["--folder", str(tmp_path)]) == 1
    assert "has no en.toml" in capsys.readouterr().err
    (tmp_path / "Deutsch.toml").write_text("", encoding="utf-8")
    assert copy_lint.main(["--folder", str(tmp_path)]) == 1
    assert "Deutsch.toml is not named after a language" in capsys.readouterr().err
    (tmp_path / "Deutsch.toml").unlink()
    (tmp_path / "en.toml").mkdir()
    assert copy_lint.main(["--folder", str(tmp_path)]) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_its_help_says_what_is_judged(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        copy_lint.main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    for rule in {*copy_lint._WHY, *(rule for cases in SHAPES.values() for rule, _ in cases), "permission", "failure"}:
        assert rule in said
    for least in (catalogue.TEXTS_MIN, catalogue.OFTEN_MIN, catalogue.MOST_MIN):
        assert str(least) in said
