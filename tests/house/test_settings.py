"""What an operator chooses is read once, complained of all at once, and never shown when it is a secret."""

from pathlib import Path

import msgspec
import pytest

from api.settings import GOOGLE, VARIABLES, Address, Secret, Settings, SettingsUnfit, masked
from notifications import fcm

DSN = "postgresql://ana:quittenmarmelade@db.example/haven"


def faults_of(**environ: str) -> list[str]:
    with pytest.raises(SettingsUnfit) as found:
        Settings.read(environ)
    return found.value.faults


def test_nothing_set_is_development() -> None:
    settings = Settings.read({"PATH": "/bin"})
    assert settings == Settings()
    assert settings.development
    assert str(settings.bind) == "127.0.0.1:8000"


def test_every_variable_fills_a_field_of_its_own() -> None:
    assert sorted(variable.field for variable in VARIABLES) == sorted(Settings.__struct_fields__)
    assert set(masked(Settings())) == {variable.name for variable in VARIABLES}


def test_values_are_read() -> None:
    settings = Settings.read(
        {
            "HAVEN_BIND": "0.0.0.0:8000",
            "HAVEN_ADMIN_BIND": "[::1]:0",
            "HAVEN_POOL_WAIT_S": "0.5",
            "DATABASE_URL": DSN,
        }
    )
    assert settings.bind == Address("0.0.0.0", 8000)  # noqa: S104 - what somebody may choose
    assert settings.admin_bind == Address("::1", 0)
    assert settings.pool_wait_s == 0.5
    assert settings.database_url == Secret(DSN)


def test_a_variable_set_to_nothing_is_absent() -> None:
    assert Settings.read({"DATABASE_URL": "", "HAVEN_POOL_MAX": ""}) == Settings()


def test_all_faults_are_told_at_once_and_no_value() -> None:
    faults = faults_of(
        HAVEN_BIND="quittenmarmelade",
        HAVEN_POOL_MAX="0",
        HAVEN_TICK_S="soon-quittenmarmelade",
        DATABASE_URL="mysql://quittenmarmelade",
        HAVEN_POOLMAX="quittenmarmelade",
        HAVEN_LOG_LEVEL="quittenmarmelade",
    )
    named = [fault.split()[0] for fault in faults]
    assert sorted(named) == sorted(
        ["HAVEN_BIND", "HAVEN_POOL_MAX", "HAVEN_TICK_S", "DATABASE_URL", "HAVEN_POOLMAX", "HAVEN_LOG_LEVEL"]
    )
    assert "quittenmarmelade" not in "".join(faults)


@pytest.mark.parametrize("text", ["8000", ":8000", "::1:8000", "localhost:99999", "localhost:", "a b:1", "[::1]"])
def test_an_address_that_cannot_be_listened_on_is_refused(text: str) -> None:
    assert faults_of(HAVEN_BIND=text)[0].startswith("HAVEN_BIND must be host:port")


@pytest.mark.parametrize("name", ["DATABASE_URL", "HAVEN_KEYS_DSN", "HAVEN_HINTS_DSN", "HAVEN_TEST_DSN"])
@pytest.mark.parametrize(
    "text",
    [
        "postgresql://ana:quitten#marmelade@db.example/haven",
        "postgresql://ana:quitten/marmelade@db.example/haven",
        "postgresql://ana:quitten?marmelade@db.example/haven",
        "postgresql://ana:12?quitten=marmelade@db.example/haven",
        "postgresql://ana:12/quittenmarmelade@db.example/haven",
        "postgresql://ana:quitten@marmelade@db.example/haven",
        "postgresql://ana:[quittenmarmelade@db.example/haven",
        "postgresql://ana:quitten marmelade@db.example/haven",
        "postgresql://ana:100%quittenmarmelade@db.example/haven",
        "postgresql://ana:quitten\u2100marmelade@db.example/haven",
        "postgresql://ana@db.example:quittenmarmelade/haven",
        "postgresql://ana@db.example:65536/quittenmarmelade",
        "postgresql://ana@::1/quittenmarmelade",
        "postgresql://ana@db.example/haven?quittenmarmelade",
    ],
)
def test_a_database_address_that_would_be_cut_wrongly_is_refused_with_how_to_write_it(name: str, text: str) -> None:
    (fault,) = faults_of(**{name: text})
    assert fault.startswith(f"{name} must read postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
    assert "# is written %23" in fault
    assert "quitten" not in fault
    assert "marmelade" not in fault


@pytest.mark.parametrize(
    "text",
    [
        "postgres://db.example",
        "postgresql://ana:a%23b%2Fc%3Fd%40e%25f:g!$&'()*+,;=~\u00fc@db.example:6543/haven",
        "postgresql://ana@one.example:5432,two.example:5433/haven?target_session_attrs=primary&sslmode=require",
        "postgresql://ana@[::1]:5432/haven",
        "postgresql://ana@/haven?host=/var/run/postgresql&options=-c%20geqo=off",
        "postgresql://%2Fvar%2Frun%2Fpostgresql/haven",
    ],
)
def test_a_database_address_is_taken_in_every_form_that_postgresql_knows(text: str) -> None:
    assert Settings.read({"DATABASE_URL": text}).database_url == Secret(text)


def test_what_another_program_of_haven_reads_is_no_slip() -> None:
    assert Settings.read({"HAVEN_DEVICE": "ana.db"}) == Settings()


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "dsn"
    file.write_text(DSN + "\n")
    assert Settings.read({"DATABASE_URL_FILE": str(file)}).database_url == Secret(DSN)
    assert "both set" in faults_of(DATABASE_URL_FILE=str(file), DATABASE_URL=DSN)[0]
    for path, why in ((tmp_path / "none", "there is no such file"), (tmp_path, "it is a folder")):
        assert faults_of(DATABASE_URL_FILE=str(path)) == [f"DATABASE_URL_FILE names a file that cannot be read: {why}."]


def test_a_secret_is_shown_nowhere() -> None:
    settings = Settings.read({"DATABASE_URL": DSN, "HAVEN_KEYS_DSN": DSN})
    shown = repr(settings) + str(settings) + msgspec.json.encode(masked(settings)).decode()
    assert "quittenmarmelade" not in shown
    assert masked(settings)["DATABASE_URL"] == "***"
    assert masked(settings)["HAVEN_HINTS_DSN"] is None


def test_pairs_that_do_not_fit_are_refused() -> None:
    assert "HAVEN_BYE_S" in faults_of(HAVEN_BYE_S="30")[0]
    assert "HAVEN_ADMIN_BIND" in faults_of(HAVEN_ADMIN_BIND="127.0.0.1:8000")[0]
    assert "HAVEN_ADMIN_BIND" in faults_of(HAVEN_BIND="0.0.0.0:8001")[0]
    assert "HAVEN_ADMIN_BIND" in faults_of(HAVEN_BIND="[::]:8001")[0]


def test_pairs_that_do_not_fit_are_told_with_what_they_are_unless_set() -> None:
    """Whoever set one of the two may never have heard of the other."""
    assert "Unless set they are 127.0.0.1:8000 and 127.0.0.1:8001." in faults_of(HAVEN_BIND="127.0.0.1:8001")[0]
    assert "Unless set they are 3 and 25." in faults_of(HAVEN_DRAIN_S="2")[0]


def test_two_ports_of_the_systems_choice_do_not_meet() -> None:
    assert Settings.read({"HAVEN_BIND": "0.0.0.0:0", "HAVEN_ADMIN_BIND": "127.0.0.1:0"}).bind.port == 0


def test_production_says_what_is_missing() -> None:
    faults = faults_of(HAVEN_MODE="production")
    assert [fault for fault in faults if "not built" in fault]
    assert [fault.split()[0] for fault in faults if "not built" not in fault] == [
        "HAVEN_IDENTITY",
        "HAVEN_FIREBASE_PROJECT",
        "HAVEN_PUBLIC_URL",
        "DATABASE_URL",
        "HAVEN_KEYS",
    ]


def test_who_vouches_is_anybody_in_development_and_must_be_chosen_in_production() -> None:
    assert (Settings().vouches, Settings(mode="production").vouches) == ("local", None)
    assert Settings.read({"HAVEN_IDENTITY": "firebase", "HAVEN_FIREBASE_PROJECT": "haven-test"}).vouches == "firebase"
    (fault,) = faults_of(HAVEN_IDENTITY="firebase")
    assert fault.startswith("HAVEN_FIREBASE_PROJECT is required where Firebase vouches")
    (fault,) = faults_of(HAVEN_IDENTITY="oidc", HAVEN_OIDC_AUDIENCE="haven")
    assert fault.startswith("HAVEN_OIDC_ISSUER and HAVEN_OIDC_AUDIENCE are required")
    assert any(
        "local vouches for any name" in each for each in faults_of(HAVEN_MODE="production", HAVEN_IDENTITY="local")
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("HAVEN_IDENTITY_PROVIDERS", "apple.com,"),
        ("HAVEN_IDENTITY_PROVIDERS", "apple.com, google.com"),
        ("HAVEN_IDENTITY_PROVIDERS", "google.com,anonymous"),
        ("HAVEN_OIDC_ISSUER", "http://quittenmarmelade.example"),
        ("HAVEN_OIDC_ISSUER", "https://quittenmarmelade.example?x=1"),
        ("HAVEN_OIDC_ISSUER", "https://a@quittenmarmelade.example"),
        ("HAVEN_OIDC_AUDIENCE", "quitten marmelade"),
        ("HAVEN_OIDC_AUDIENCE", "q" * 256),
        ("HAVEN_IDENTITY", "quittenmarmelade"),
    ],
)
def test_what_cannot_name_who_vouches_is_refused(name: str, text: str) -> None:
    (fault,) = faults_of(**{name: text})
    assert fault.startswith(f"{name} must be")
    assert "uitten" not in fault


@pytest.mark.parametrize(
    "address",
    [
        *("quittenmarmelade.example", "ftp://quittenmarmelade.example", "https://quitten@marmelade.example"),
        *("https://quittenmarmelade.example/", "https://quittenmarmelade.example?x", "https://quitten marmelade"),
    ],
)
def test_a_public_address_has_no_path_and_no_name_in_it(address: str) -> None:
    (fault,) = faults_of(HAVEN_PUBLIC_URL=address)
    assert fault.startswith("HAVEN_PUBLIC_URL must be an address without a path")
    assert "marmelade" not in fault


def test_a_public_address_may_be_plain_in_development() -> None:
    assert not Settings().over_tls
    assert not Settings.read({"HAVEN_PUBLIC_URL": "http://haven.example:8080"}).over_tls
    assert Settings.read({"HAVEN_PUBLIC_URL": "https://haven.example"}).over_tls


def test_providers_are_names_with_commas_between() -> None:
    read = Settings.read({"HAVEN_IDENTITY_PROVIDERS": "apple.com,password,oidc.of-ours"})
    assert read.identity_providers == ("apple.com", "password", "oidc.of-ours")


def test_prompts_are_sent_in_production_and_counted_in_development_unless_chosen() -> None:
    assert not Settings().sends
    assert Settings.read({"HAVEN_FCM": "send", "HAVEN_FIREBASE_PROJECT": "haven-test"}).sends
    assert Settings(mode="production").sends
    assert not Settings(mode="production", fcm="log").sends
    (fault,) = faults_of(HAVEN_FCM="send")
    assert fault.startswith("HAVEN_FIREBASE_PROJECT is required")


def test_in_production_prompts_are_handed_to_google_alone() -> None:
    for address in ("http://127.0.0.1:1", "https://push.example", "https://fcm.googleapis.com.example"):
        faults = faults_of(HAVEN_MODE="production", HAVEN_FCM_BASE_URL=address)
        assert [fault for fault in faults if fault.startswith("HAVEN_FCM_BASE_URL is for tests")]
        assert address not in "".join(faults)
    assert GOOGLE == fcm.GOOGLE
    faults = faults_of(HAVEN_MODE="production", HAVEN_FCM_BASE_URL=GOOGLE)
    assert not [fault for fault in faults if "HAVEN_FCM_BASE_URL" in fault]


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1:80", "ftp://127.0.0.1", "http://quittenmarmelade.example", "https://quitten@marmelade.example"),
        *(
            "https://quittenmarmelade.example/path",
            "https://quittenmarmelade.example/",
            "http://127.0.0.1@push.example",
        ),
        *("https://quittenmarmelade.example?x", "https://quittenmarmelade.example#x", "https://quitten marmelade"),
    ],
)
def test_an_address_to_which_no_token_may_go_is_refused(address: str) -> None:
    """In clear an access token stays on this machine."""
    (fault,) = faults_of(HAVEN_FCM_BASE_URL=address)
    assert fault.startswith("HAVEN_FCM_BASE_URL must be an address without a path")
    assert "uitten" not in fault


def test_a_fake_may_answer_on_this_machine_or_encrypted() -> None:
    for address in ("http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:1", "https://fake.example:8443"):
        assert Settings.read({"HAVEN_FCM_BASE_URL": address}).fcm_base_url == address


@pytest.mark.parametrize("project", ["x", "Haven", "haven/../x", "haven-test-", "1haven", "a" * 31])
def test_a_project_that_is_none_is_refused(project: str) -> None:
    (fault,) = faults_of(HAVEN_FIREBASE_PROJECT=project)
    assert fault.startswith("HAVEN_FIREBASE_PROJECT must be the id of a project")
