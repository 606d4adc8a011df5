"""What each shape takes, in which form, and what it does not take."""

from typing import Any
from uuid import UUID

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shapes import (
    ONLY_ME,
    QUARTERS_A_WEEK,
    UNFIT,
    Amount,
    Anything,
    Approval,
    Audience,
    Day,
    Flag,
    Identity,
    Named,
    OneOf,
    Sealed,
    SetOf,
    Shape,
    Text,
    WallTime,
    Whole,
    Windows,
    as_uuid,
    covered_quarters,
    windows_of,
)

ID = "0f9b7c52-8f0a-4b53-9d0c-1f2e3d4c5b6a"
SHA = "0123456789abcdef" * 4
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
"""One picture on a phone, and five code points here."""
SHALOM = "\u202b\u05e9\u05dc\u05d5\u05dd\u202c"
"""Right to left, with the marks that say so."""


def window(weekday: Any, start: Any, end: Any) -> dict[str, Any]:
    return {"weekday": weekday, "from": start, "to": end}


def spelled(value: object) -> str:
    """Name an example without a backslash: by a name that has one, pytest does not find it again."""
    return ascii(value).replace("\\", "%")


TAKEN: list[tuple[Shape, Any, Any]] = [
    (Text(5), "abc", "abc"),
    (Text(5), "12345", "12345"),
    (Text(1), "e\u0301", "é"),
    (Text(1), "\u03b1\u0313\u0300\u0345", "\u1f82"),
    (Text(5), "a\nb", "a\nb"),
    (Text(40), "e" + "\u0323" * 30, "\u1eb9" + "\u0323" * 29),
    (Text(40), "e" + "\u0323" * 31, UNFIT),
    (Text(70), "e" + "\u0323" * 30 + "e" + "\u0323" * 30, "\u1eb9" + "\u0323" * 29 + "\u1eb9" + "\u0323" * 29),
    (Text(70), "\u0f71" + "\u0f73" * 15, UNFIT),
    (Text(70), "\u1ebf" + "\u0323" * 29, UNFIT),
    (Text(70), "\u0f73" * 15, "\u0f71" * 15 + "\u0f72" * 15),
    (Text(70), "\u1ebf" + "\u0323" * 28, "\u1ec7" + "\u0323" * 27 + "\u0301"),
    (Text(5), "a\u200db", "a\u200db"),
    (Text(5, optional=True), None, None),
    (Text(5, optional=True), "", None),
    (Text(2), "😀😀", "😀😀"),
    (Whole(-4, 4), -4, -4),
    (Whole(0, 3, optional=True), None, None),
    (Flag(), True, True),
    (OneOf(("a", "b")), "b", "b"),
    (OneOf(("a", "b")), "from_a_newer_app", "from_a_newer_app"),
    (OneOf(("a",), optional=True), None, None),
    (Identity(), ID, ID),
    (Identity(), ID.upper(), ID),
    (Identity(), ID.replace("-", ""), ID),
    (Identity(optional=True), None, None),
    (SetOf(OneOf(("a", "b", "c")), 2), ["b", "a"], ["a", "b"]),
    (SetOf(OneOf(("a", "b", "c")), 2), ["b", "b"], ["b"]),
    (SetOf(Identity(), 2), [ID.upper()], [ID]),
    (SetOf(Text(5), 2), [], []),
    (Audience(), ONLY_ME, ONLY_ME),
    (Audience(), ID.upper(), ID),
    (Day(), "2024-02-29", "2024-02-29"),
    (Day(), "2000-01-01", "2000-01-01"),
    (Day(optional=True), None, None),
    (WallTime(), "00:00", "00:00"),
    (WallTime(optional=True), None, None),
    (WallTime(), "23:59", "23:59"),
    (Named("zone"), "Europe/Madrid", "Europe/Madrid"),
    (Named("locale"), "pt-BR", "pt-BR"),
    (Named("country"), "MX", "MX"),
    (Named("country"), None, None),
    (Windows(), [], []),
    (Windows(), [window(6, "22:00", "07:00")], [window(6, "22:00", "07:00")]),
    (Windows(), [window(0, "09:00", "10:00"), window(0, "09:30", "11:00")], [window(0, "09:00", "11:00")]),
    (Windows(), [window(0, "22:00", "00:00"), window(1, "00:00", "06:00")], [window(0, "22:00", "06:00")]),
    (Windows(), [window(2, "08:00", "08:00")], [window(2, "08:00", "08:00")]),
    (Anything(), {"any": ["thing"]}, {"any": ["thing"]}),
    (Text(5), FAMILY, FAMILY),
    (Text(6), SHALOM, SHALOM),
    (Text(2), "\u1100\u1161\u11a8\u1100", "\uac01\u1100"),
    (Text(5, one_line=True), "a\u2028b", "a\u2028b"),
    (SetOf(Text(24, one_line=True), 5), ["z", "e\u0301", "é"], ["z", "é"]),
    (Amount(), "0", "0"),
    (Amount(), "-0.00", "0"),
    (Amount(), "007.50", "7.5"),
    (Amount(), "12.00", "12"),
    (Amount(), "100", "100"),
    (Amount(), "0.05", "0.05"),
    (Amount(), "-3.10", "-3.1"),
    (Amount(), "999999999.99", "999999999.99"),
    (Amount(optional=True), None, None),
    (Sealed(4), None, None),
    (Sealed(4), "", None),
    (Sealed(4), "AA==", "AA=="),
    (Sealed(4), "AAAAAA==", "AAAAAA=="),
    (Sealed(3), "+/+/", "+/+/"),
    (Sealed(16 * 1024), "A" * (16 * 1024 // 3 * 4 + 2) + "==", "A" * (16 * 1024 // 3 * 4 + 2) + "=="),
    (Approval(), f"{ID}:{SHA}", f"{ID}:{SHA}"),
    (Approval(), f"{ID.upper()}:{SHA}", f"{ID}:{SHA}"),
]

NOT_TAKEN: list[tuple[Shape, Any]] = [
    (Text(5), "123456"),
    (Text(5), "x" * 16),
    (Text(5), ""),
    (Text(5), None),
    (Text(5), 5),
    (Text(5), ["a"]),
    (Text(5), "a\tb"),
    (Text(5), "a\r\nb"),
    (Text(5), "a\x00b"),
    (Text(5), "a\ud800"),
    (Text(5, one_line=True), "a\nb"),
    (Whole(-4, 4), 5),
    (Whole(-4, 4), -5),
    (Whole(-4, 4), 1.0),
    (Whole(0, 1), True),
    (Whole(0, 1), "1"),
    (Whole(0, 1), None),
    (Flag(), 1),
    (Flag(), None),
    (OneOf(("a",)), "A"),
    (OneOf(("a",)), "with blank"),
    (OneOf(("a",)), "a" * 41),
    (OneOf(("a",)), 1),
    (OneOf(("a",)), None),
    (OneOf(("a",), open_ended=False), "b"),
    (Identity(), "00000000-0000-0000-0000-000000000000"),
    (Identity(), "not-an-id"),
    (Identity(), "z" * 32),
    (Identity(), 7),
    (Identity(), None),
    (SetOf(OneOf(("a", "b", "c")), 2), ["a", "b", "c"]),
    (SetOf(OneOf(("a",)), 2), "a"),
    (SetOf(OneOf(("a",)), 2), [1]),
    (SetOf(OneOf(("a",)), 2), [["a"]]),
    (SetOf(Text(5, optional=True), 2), [None]),
    (SetOf(Text(5, optional=True), 2), [""]),
    (Audience(), "everybody"),
    (Audience(), None),
    (Day(), "2023-02-29"),
    (Day(), "1999-12-31"),
    (Day(), "2100-01-01"),
    (Day(), "20240229"),
    (Day(), "2024-W01-1"),
    (Day(), "2024-1-1"),
    (Day(), None),
    (Day(), 20240229),
    (WallTime(), "24:00"),
    (WallTime(), "9:00"),
    (WallTime(), "09:60"),
    (WallTime(), "T0900"),
    (WallTime(), "09:00:00"),
    (WallTime(), None),
    (WallTime(), 9),
    (Named("zone"), "Europe/Atlantis"),
    (Named("zone"), "../../etc/passwd"),
    (Named("zone", default="UTC"), None),
    (Named("zone", needed=True), None),
    (Named("zone", needed=True), "europe/madrid"),
    (Named("locale"), "english"),
    (Named("country"), "mx"),
    (Named("country"), "x" * 65),
    (Named("country"), 3),
    (Windows(), None),
    (Windows(), [window(0, "09:00", "10:00")] * 15),
    (Windows(), [window(7, "09:00", "10:00")]),
    (Windows(), [window(True, "09:00", "10:00")]),
    (Windows(), [window("0", "09:00", "10:00")]),
    (Windows(), [window(0, "09:05", "10:00")]),
    (Windows(), [window(0, "09:00", "24:00")]),
    (Windows(), [window(0, 9, 10)]),
    (Windows(), [{"weekday": 0, "from": "09:00"}]),
    (Windows(), [window(0, "09:00", "10:00") | {"why": "sleep"}]),
    (Windows(), ["night"]),
    (Text(4), FAMILY),
    (Text(5), SHALOM),
    (Text(5), "a\x85b"),
    (Text(5), "a\x7fb"),
    (SetOf(Text(24, one_line=True), 5), ["a\nb"]),
    (SetOf(Text(24, one_line=True), 5), ["x" * 25]),
    (Amount(), "1234567890"),
    (Amount(), "0000000001"),
    (Amount(), "1.234"),
    (Amount(), "1."),
    (Amount(), ".5"),
    (Amount(), "+1"),
    (Amount(), "1e3"),
    (Amount(), "1,5"),
    (Amount(), "\u0661"),
    (Amount(), "1\n"),
    (Amount(), ""),
    (Amount(), 1),
    (Amount(), 1.5),
    (Amount(), None),
    (Sealed(4), "AAAAAAA="),
    (Sealed(4), "AAAAAAAA"),
    (Sealed(4), "A"),
    (Sealed(4), "A==="),
    (Sealed(4), "===="),
    (Sealed(4), "AA-_"),
    (Sealed(4), "AA==\n"),
    (Sealed(4), "AA==AA=="),
    (Sealed(4), 7),
    (Sealed(16 * 1024), "A" * (16 * 1024 // 3 * 4 + 4)),
    (Approval(), ID),
    (Approval(), f"{ID}:"),
    (Approval(), f"{ID}:{SHA[:-1]}"),
    (Approval(), f"{ID}:{SHA}0"),
    (Approval(), f"{ID}:{SHA.upper()}"),
    (Approval(), f"{ID}:{SHA}:{SHA}"),
    (Approval(), f"00000000-0000-0000-0000-000000000000:{SHA}"),
    (Approval(), f":{SHA}"),
    (Approval(), 7),
    (Approval(), None),
]


@pytest.mark.parametrize(("shape", "value", "form"), TAKEN, ids=spelled)
def test_what_fits_is_taken_in_one_form(shape: Shape, value: Any, form: Any) -> None:
    taken = shape.judged(value)
    assert taken == form
    assert type(taken) is type(form)
    assert shape.judged(taken) == taken, "the form itself fits"


@pytest.mark.parametrize(("shape", "value"), NOT_TAKEN, ids=spelled)
def test_what_does_not_fit_is_not_taken(shape: Shape, value: Any) -> None:
    assert shape.judged(value) is UNFIT


EMPTY: list[tuple[Shape, Any]] = [
    (Text(5), UNFIT),
    (Text(5, optional=True), None),
    (Whole(0, 3), UNFIT),
    (Whole(0, 3, optional=True), None),
    (Whole(0, 3, default=2), 2),
    (Flag(), False),
    (Flag(default=True), True),
    (OneOf(("a",)), UNFIT),
    (OneOf(("a",), optional=True), None),
    (OneOf(("a",), default="a"), "a"),
    (Identity(), UNFIT),
    (Identity(optional=True), None),
    (SetOf(Identity(), 2), []),
    (Audience(), ONLY_ME),
    (Day(), UNFIT),
    (Day(optional=True), None),
    (WallTime(), UNFIT),
    (WallTime(optional=True), None),
    (WallTime(default="18:40"), "18:40"),
    (Named("zone", default="UTC"), "UTC"),
    (Named("country"), None),
    (Windows(), []),
    (Windows(default=((0, "21:30", "08:00"),)), [window(0, "21:30", "08:00")]),
    (Anything(default=[]), []),
    (Named("zone", needed=True), UNFIT),
    (Amount(), UNFIT),
    (Amount(optional=True), None),
    (Sealed(4), None),
    (Approval(), UNFIT),
]


@pytest.mark.parametrize(("shape", "empty"), EMPTY, ids=spelled)
def test_a_field_that_was_never_set_is_empty(shape: Shape, empty: Any) -> None:
    assert shape.empty == empty
    if empty is not UNFIT:
        assert shape.judged(empty) == empty


def test_unfit_says_what_it_is() -> None:
    assert repr(UNFIT) == "UNFIT"


SCHEMAS: list[tuple[Shape, str]] = [
    (Text(7), "string"),
    (Whole(1, 2), "integer"),
    (Flag(), "boolean"),
    (OneOf(("a",)), "string"),
    (OneOf(("a",), open_ended=False), "string"),
    (Identity(), "string"),
    (SetOf(Identity(), 2), "array"),
    (Day(), "string"),
    (WallTime(), "string"),
    (Named("zone", default="UTC"), "string"),
    (Windows(), "array"),
    (Anything({"type": "object"}), "object"),
]


@pytest.mark.parametrize(("shape", "json_type"), SCHEMAS, ids=spelled)
def test_a_shape_says_its_schema(shape: Shape, json_type: str) -> None:
    assert shape.json_schema()["type"] == json_type


@pytest.mark.parametrize(
    "shape",
    [Text(7, optional=True), Whole(1, 2, optional=True), Identity(optional=True), Day(optional=True), Named("country")],
    ids=spelled,
)
def test_what_may_be_absent_says_so(shape: Shape) -> None:
    assert {"type": "null"} in shape.json_schema()["anyOf"]


def test_every_sequence_and_text_says_its_bound() -> None:
    assert Text(7).json_schema()["maxLength"] == 7
    assert SetOf(Identity(), 2).json_schema()["maxItems"] == 2
    assert Windows().json_schema()["maxItems"] == 14
    assert OneOf(("a",)).json_schema()["maxLength"] == 40
    assert OneOf(("a",), open_ended=False).json_schema()["enum"] == ["a"]
    assert Whole(1, 2).json_schema()["maximum"] == 2
    assert {"const": ONLY_ME} in Audience().json_schema()["anyOf"]


NULL = {"type": "null"}
WORD = {"type": "string", "maxLength": 40, "pattern": "^[a-z][a-z0-9_]{0,39}$", "examples": ["a", "b"]}
ID_FORM = {"type": "string", "format": "uuid"}
DAY_FORM = {"type": "string", "format": "date", "pattern": "^20"}
CLOCK_FORM = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}
QUARTER_FORM = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):(00|15|30|45)$"}
WINDOW_FORM = {
    "type": "object",
    "properties": {
        "weekday": {"type": "integer", "minimum": 0, "maximum": 6},
        "from": QUARTER_FORM,
        "to": QUARTER_FORM,
    },
    "required": ["weekday", "from", "to"],
    "additionalProperties": False,
}

AMOUNT_FORM = {"type": "string", "maxLength": 13, "pattern": "^-?[0-9]{1,9}(\\.[0-9]{1,2})?$"}
SEALED_FORM = {
    "type": "string",
    "contentEncoding": "base64",
    "minLength": 4,
    "pattern": "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
}

WHOLE_SCHEMAS: list[tuple[Shape, dict[str, Any]]] = [
    (Text(7), {"type": "string", "maxLength": 7}),
    (Text(7, optional=True), {"anyOf": [{"type": "string", "maxLength": 7}, NULL]}),
    (Whole(1, 2), {"type": "integer", "minimum": 1, "maximum": 2}),
    (Whole(1, 2, optional=True), {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 2}, NULL]}),
    (Flag(), {"type": "boolean"}),
    (OneOf(("a", "b")), WORD),
    (OneOf(("a", "b"), optional=True), {"anyOf": [WORD, NULL]}),
    (OneOf(("a", "b"), open_ended=False), {"type": "string", "enum": ["a", "b"]}),
    (Identity(), ID_FORM),
    (Identity(optional=True), {"anyOf": [ID_FORM, NULL]}),
    (SetOf(Identity(), 2), {"type": "array", "items": ID_FORM, "maxItems": 2}),
    (Audience(), {"anyOf": [{"const": "only_me"}, ID_FORM]}),
    (Day(), DAY_FORM),
    (Day(optional=True), {"anyOf": [DAY_FORM, NULL]}),
    (WallTime(), CLOCK_FORM),
    (WallTime(optional=True), {"anyOf": [CLOCK_FORM, NULL]}),
    (Named("zone", default="UTC"), {"type": "string", "maxLength": 64}),
    (
        Named("locale", default="en"),
        {"type": "string", "maxLength": 64, "pattern": "^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"},
    ),
    (Named("country"), {"anyOf": [{"type": "string", "maxLength": 64, "pattern": "^[A-Z]{2}$"}, NULL]}),
    (Windows(), {"type": "array", "items": WINDOW_FORM, "maxItems": 14}),
    (Anything({"type": "object"}), {"type": "object"}),
    (Named("zone", needed=True), {"type": "string", "maxLength": 64}),
    (Amount(), AMOUNT_FORM),
    (Amount(optional=True), {"anyOf": [AMOUNT_FORM, NULL]}),
    (Sealed(16 * 1024), {"anyOf": [SEALED_FORM | {"maxLength": 21848}, NULL]}),
    (Sealed(3), {"anyOf": [SEALED_FORM | {"maxLength": 4}, NULL]}),
    (Approval(), {"type": "string", "maxLength": 101, "pattern": "^[0-9a-f-]{36}:[0-9a-f]{64}$"}),
]


@pytest.mark.parametrize(("shape", "schema"), WHOLE_SCHEMAS, ids=spelled)
def test_the_whole_schema_of_a_shape(shape: Shape, schema: dict[str, Any]) -> None:
    assert shape.json_schema() == schema


@pytest.mark.parametrize(
    ("shape", "value"),
    [
        (Text(7), "a\nb"),
        (Text(7, optional=True), ""),
        (Whole(1, 2), 2),
        (Flag(), True),
        (OneOf(("a",)), "a_newer_word"),
        (OneOf(("a",), open_ended=False), "a"),
        (Identity(), "0D9E3C1B6B2A4C539A417F0C5D1E2A10"),
        (SetOf(OneOf(("a", "b")), 2), ["b", "a"]),
        (Audience(), ONLY_ME),
        (Day(), "2099-12-31"),
        (WallTime(), "23:59"),
        (Named("zone", default="UTC"), "America/Argentina/ComodRivadavia"),
        (Named("locale", default="en"), "zh-Hant-TW"),
        (Named("country"), None),
        (Named("country"), "NZ"),
        (Windows(), [{"weekday": 6, "from": "21:30", "to": "08:00"}, {"weekday": 0, "from": "07:00", "to": "23:45"}]),
        (Amount(), "-999999999.99"),
        (Sealed(4), "AAAAAA=="),
        (Approval(), f"{ID.upper()}:{SHA}"),
    ],
    ids=spelled,
)
def test_what_a_shape_keeps_fits_its_schema(shape: Shape, value: Any) -> None:
    kept = shape.judged(value)
    assert kept is not UNFIT
    assert jsonschema_rs.is_valid(shape.json_schema(), kept, validate_formats=True)


@pytest.mark.parametrize(
    ("shape", "value"),
    [
        (OneOf(("a",)), "Not a word"),
        (Day(), "1999-12-31"),
        (WallTime(), "24:00"),
        (Named("locale", default="en"), "English"),
        (Named("country"), "nz"),
        (Windows(), [{"weekday": 0, "from": "29:00", "to": "08:00"}]),
        (Windows(), [{"weekday": 0, "from": "09:00", "to": "08:00", "why": ""}]),
        (Amount(), "1.234"),
        (Sealed(4), "AA"),
        (Approval(), f"{ID}:{SHA[:-1]}"),
    ],
    ids=spelled,
)
def test_what_a_shape_refuses_for_its_form_its_schema_refuses_too(shape: Shape, value: Any) -> None:
    assert shape.judged(value) is UNFIT
    assert not jsonschema_rs.is_valid(shape.json_schema(), value, validate_formats=True)


@given(st.text(max_size=40))
def test_only_what_looks_like_an_id_is_one(text: str) -> None:
    identity = as_uuid(text)
    assert identity is None or UUID(text) == identity


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
        _nested := (
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
        ),
        max_leaves=6,
    )
)
def test_whatever_json_comes_is_judged_and_never_an_error(value: Any) -> None:
    for shape, _ in EMPTY:
        form = shape.judged(value)
        assert form is UNFIT or shape.judged(form) == form


GRID = st.tuples(st.integers(0, 6), st.integers(0, 95), st.integers(0, 95)).map(
    lambda parts: window(parts[0], *(f"{quarter // 4:02}:{quarter % 4 * 15:02}" for quarter in parts[1:]))
)


@given(st.lists(GRID, max_size=14))
def test_windows_in_their_form_cover_the_same_quarters(windows: list[dict[str, Any]]) -> None:
    form = Windows().judged(windows)
    covered = {quarter for each in windows for quarter in covered_quarters([each])}
    assert covered_quarters(form) == covered
    assert windows_of(covered) == form
    assert Windows().judged(list(reversed(windows))) == form


@given(st.sets(st.integers(0, QUARTERS_A_WEEK - 1)))
def test_any_quarters_of_a_week_have_one_form(covered: set[int]) -> None:
    assert covered_quarters(windows_of(covered)) == covered


def test_a_whole_week_is_seven_whole_days() -> None:
    assert windows_of(set(range(QUARTERS_A_WEEK))) == [window(day, "00:00", "00:00") for day in range(7)]


def test_a_stretch_of_days_is_cut_after_each() -> None:
    covered = set(range(40, 40 + 96 * 2 + 8))
    assert windows_of(covered) == [
        window(0, "10:00", "10:00"),
        window(1, "10:00", "10:00"),
        window(2, "10:00", "12:00"),
    ]


def test_a_night_from_sunday_runs_into_monday() -> None:
    assert covered_quarters([window(6, "23:45", "00:15")]) == {QUARTERS_A_WEEK - 1, 0}


def test_a_smaller_limit_protects_more_and_a_longer_pause_does_and_what_is_absent_never() -> None:
    cap, minutes = Whole(0, 3, optional=True), Whole(20, 1440, optional=True, more_protects=True)
    assert cap.protection(None) < cap.protection(3) < cap.protection(0)
    assert minutes.protection(None) < minutes.protection(20) < minutes.protection(1440)
