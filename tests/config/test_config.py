"""The configuration: every mistake at once, and secrets only where they belong."""

import sys
from pathlib import Path

import pytest

from caseferry.adapters.casemgr.settings import CasemgrSettings
from caseferry.bootstrap import limits_of, pair_of
from caseferry.config import Config, Loaded, config_text, load_config, parse_duration
from caseferry.errors import ConfigError, Problem
from caseferry.reconcile.guard import Limits

SECRETS = {
    "CASEFERRY_KORE_CLIENT_SECRET": "one",
    "CASEFERRY_CASEMGR_CLIENT_SECRET": "two",
}
FILLED: dict[str, object] = {
    "stream_id": "st-1",
    "account_id": "acc",
    "kore_client_id": "cs-1",
    "tenant": "care",
    "token_url": "https://login.example/oauth2/token",
    "casemgr_client_id": "client",
    "casemgr_per_minute": 60,
}


def write(folder: Path, text: str | None = None) -> Path:
    """Write a configuration that is whole, or this one, with a mapping beside it."""
    (folder / "mappings").mkdir(exist_ok=True)
    (folder / "mappings" / "kore-casemgr.toml").touch()
    file = folder / "caseferry.toml"
    file.write_text(config_text(FILLED) if text is None else text, "utf-8")
    return file


def load(folder: Path, text: str | None = None, **variables: str) -> Loaded:
    return load_config(write(folder, text), {**SECRETS, **variables}, secrets="read")


def problems(folder: Path, text: str | None = None, **variables: str) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text, **variables)
    return list(caught.value.problems)


def changed(old: str, new: str) -> str:
    text = config_text(FILLED)
    assert old in text
    return text.replace(old, new)


def test_what_init_writes_is_whole_once_it_is_filled_in(tmp_path: Path) -> None:
    """The template has every value that the interface promises as default."""
    config = load(tmp_path).config

    assert config.kore.requests_per_minute == 50
    assert config.kore.requests_per_hour == 1700
    assert config.casemgr.requests_per_minute == 60
    assert config.casemgr.late_effect == 600
    assert config.state.retention == 365 * 86400
    assert limits_of(config) == Limits()
    assert str(pair_of(config)) == "Kore st-1 and casemgr 'care'"


def test_ten_mistakes_are_ten_problems(tmp_path: Path) -> None:
    """Nothing is reported one at a time."""
    text = """
[kore]
base_url = "http://platform.kore.ai"
stream_id = 7
acount_id = "a"
client_id = ""
jti = "yes"
[casemgr]
base_url = "https://api.egain.cloud"
tenant = "care"
token_url = "https://login.example/token"
client_id = "c"
client_secret = "hunter2"
edit_as = "asignee"
departments = []
visibility_lag = "2 minutes"
[guard]
max_changes = "200%"
"""
    found = problems(tmp_path, text)

    assert {problem.path for problem in found} == {
        "kore.base_url",
        "kore.stream_id",
        "kore.account_id",
        "kore.acount_id",
        "kore.client_id",
        "kore.jti",
        "casemgr.client_secret",
        "casemgr.edit_as",
        "casemgr.departments",
        "casemgr.visibility_lag",
        "casemgr.requests_per_minute",
        "guard.max_changes",
    }
    assert "hunter2" not in "".join(map(str, found))


@pytest.mark.parametrize(
    ("old", "new", "path", "words"),
    [
        ("[guard]", "[gard]", "gard", "did you mean 'guard'"),
        ("timeout =", "timeot =", "http.timeot", "did you mean 'timeout'"),
        ('edit_as = "client"', 'edit_as = "clint"', "casemgr.edit_as", "'client'"),
        (
            "# user_token_url = ",
            'user_token_url = "login.example" # ',
            "casemgr.user_token_url",
            "must be a URL",
        ),
        ("jti = false", 'jti = "false"', "kore.jti", "true or false"),
        ("= 60 ", '= "60" ', "casemgr.requests_per_minute", '"off"'),
        ("= 60 ", "= 0 ", "casemgr.requests_per_minute", "from 1"),
        ('timeout = "30s"', "timeout = 30", "http.timeout", "a duration such as"),
        ("max_reopened = 20", "max_reopened = 0.2", "guard.max_reopened", "a share"),
        ('format = "text"', 'format = "xml"', "log.format", "'text' or 'json'"),
        ("# status = [", 'status = ["opn", ', "scope.status", "mean 'open'"),
        ("# created_after =", "created_after = 7 #", "scope.created_after", "a day"),
        ("# templates = [", 'templates = ["", ', "scope.templates", "empty name"),
        ("[scope]", '[scope]\nstatuses = "x"', "scope.statuses", "mean 'status'"),
        ('create = "both"', 'create = "kora"', "sync.create", "mean 'kore'"),
        ("full_scan_every", "full_scan", "sync.full_scan", "mean 'full_scan_every'"),
        ('overlap = "120s"', "overlap = 120", "sync.overlap", "a duration such as"),
        ('# textfile = "', 'textfile = "no/', "metrics.textfile", "there is no folder"),
        ("# textfile = ", 'textfile = "a.txt" # ', "metrics.textfile", "end in .prom"),
        ('# file = "', 'file = "no/', "health.file", "there is no folder"),
        (
            "[casemgr.paths]  ",
            '[casemgr.paths]\ncomplet = "/x" # ',
            "casemgr.paths.complet",
            "did you mean 'complete'",
        ),
        ("# ca_file", "ca_file", "http.ca_file", "there is no file"),
        ("kore-casemgr.toml", "none.toml", "mapping.path", "there is no file"),
        ('"https://platform', '"ftp://platform', "kore.base_url", "must be a URL"),
        (
            '"https://platform',
            '"http://platform',
            "kore.base_url",
            "to this machine only",
        ),
    ],
)
def test_each_mistake_says_where_and_what(
    tmp_path: Path, old: str, new: str, path: str, words: str
) -> None:
    """One mistake is one problem, with its path and what would be right."""
    found = problems(tmp_path, changed(old, new))

    assert [problem.path for problem in found] == [path]
    assert words in str(found[0])


def test_the_environment_goes_over_the_file(tmp_path: Path) -> None:
    """Each key can be set by a variable, typed as the key wants it."""
    config = load(
        tmp_path,
        CASEFERRY__KORE__STREAM_ID="12345",
        CASEFERRY__KORE__JTI="true",
        CASEFERRY__KORE__REQUESTS_PER_MINUTE="off",
        CASEFERRY__CASEMGR__REQUESTS_PER_MINUTE="30",
        CASEFERRY__CASEMGR__DEPARTMENTS="Service, Billing",
        CASEFERRY__CASEMGR__PATHS__COMPLETE="/done",
        CASEFERRY__GUARD__MAX_CREATES="5%",
        CASEFERRY__STATE__RETENTION="7d",
        CASEFERRY__SCOPE__STATUS="open, on hold",
        CASEFERRY__SCOPE__CREATED_AFTER="2024-01-31",
        CASEFERRY__SYNC__CREATE="none",
    ).config

    assert config.kore.stream_id == "12345"
    assert config.kore.jti is True
    assert config.kore.requests_per_minute is None
    assert config.casemgr.requests_per_minute == 30
    assert config.casemgr.departments == ("Service", "Billing")
    assert config.casemgr.paths == {"complete": "/done"}
    assert config.guard.max_creates == 0.05
    assert config.state.retention == 7 * 86400
    assert config.scope.status == ("open", "onhold")
    assert config.scope.created_after == "2024-01-31T00:00:00.000Z"
    assert config.sync.create == "none"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ('"2024-01-31"', "2024-01-31T00:00:00.000Z"),
        ("2024-01-31", "2024-01-31T00:00:00.000Z"),
        ('"2024-01-31T10:00:00+02:00"', "2024-01-31T08:00:00.000Z"),
        ("2024-01-31T10:00:00Z", "2024-01-31T10:00:00.000Z"),
    ],
)
def test_what_takes_part_is_typed(tmp_path: Path, text: str, moment: str) -> None:
    """A day begins by UTC; categories are told apart as tenants spell them."""
    rows = f'[scope]\ncreated_after = {text}\nstatus = ["In Progress", "open"]\n'
    scope = load(tmp_path, changed("[scope]", rows + "#")).config.scope

    assert scope.created_after == moment
    assert scope.status == ("inprogress", "open")
    assert scope.templates == ()


def test_a_time_without_an_offset_is_no_moment(tmp_path: Path) -> None:
    """Nobody can tell whose clock is meant."""
    for text in ('"2024-01-31T10:00"', "2024-01-31T10:00:00", "2024", '"soon"'):
        rows = f"[scope]\ncreated_after = {text}\n#"
        (problem,) = problems(tmp_path, changed("[scope]", rows))
        assert problem.path == "scope.created_after"


def test_a_wrong_variable_is_named_as_it_was_typed(tmp_path: Path) -> None:
    """A problem that came from the environment names the variable."""
    found = problems(
        tmp_path, CASEFERRY__KORE__STREAMID="x", CASEFERRY__HTTP__MAX_ATTEMPTS="many"
    )

    assert [(p.path, p.nearest) for p in found] == [
        ("CASEFERRY__KORE__STREAMID", "stream_id"),
        ("CASEFERRY__HTTP__MAX_ATTEMPTS", None),
    ]


def test_a_slip_in_a_secret_variable_is_noticed(tmp_path: Path) -> None:
    """A variable that is nearly one of ours is not silently ignored."""
    found = problems(tmp_path, CASEFERRY_KORE_CLIENTSECRET="x")

    assert [(p.path, p.nearest) for p in found] == [
        ("CASEFERRY_KORE_CLIENTSECRET", "CASEFERRY_KORE_CLIENT_SECRET")
    ]


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    """Where the command is typed does not matter."""
    config = load(tmp_path).config

    assert config.state.path == str(tmp_path / "caseferry.db")
    assert config.mapping.path == str(tmp_path / "mappings" / "kore-casemgr.toml")


def secret(folder: Path, text: str | None = None, **variables: str) -> str:
    """Give Kore's secret."""
    file = write(folder, text)
    variables["CASEFERRY_CASEMGR_CLIENT_SECRET"] = "two"
    loaded = load_config(file, variables, secrets="read")
    assert loaded.secrets is not None
    return loaded.secrets.kore


def test_a_secret_comes_from_a_variable_a_file_or_a_command(tmp_path: Path) -> None:
    """In this order; blanks around it do not count; a command runs beside the file."""
    (tmp_path / "key").write_text(" from-file\n")
    command = changed("subject =", 'client_secret_command = ["cat", "key"]\nsubject =')
    variable = {"CASEFERRY_KORE_CLIENT_SECRET": "from-variable\n"}
    named = {"CASEFERRY_KORE_CLIENT_SECRET_FILE": str(tmp_path / "key")}

    assert secret(tmp_path, command, **variable, **named) == "from-variable"
    assert secret(tmp_path, **named) == "from-file"
    assert secret(tmp_path, command) == "from-file"


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("print('hunter2'); raise SystemExit(3)", "ended with exit code 3"),
        ("pass", "gave an empty secret"),
    ],
)
def test_a_command_that_fails_tells_nothing_it_printed(
    tmp_path: Path, program: str, words: str
) -> None:
    """What a secret's command prints is shown to nobody."""
    command = f'client_secret_command = ["{sys.executable}", "-c", "{program}"]\n'
    file = write(tmp_path, changed("subject =", f"{command}subject ="))
    with pytest.raises(ConfigError) as caught:
        load_config(file, {"CASEFERRY_CASEMGR_CLIENT_SECRET": "x"}, secrets="read")

    (problem,) = caught.value.problems
    assert problem.path == "kore.client_secret_command"
    assert words in problem.message
    assert "hunter2" not in str(problem)


def test_missing_and_unreadable_secrets_are_problems(tmp_path: Path) -> None:
    """Each says where the secret goes."""
    file = write(tmp_path)
    with pytest.raises(ConfigError) as caught:
        load_config(
            file, {"CASEFERRY_KORE_CLIENT_SECRET_FILE": "/nowhere"}, secrets="read"
        )

    first, second = caught.value.problems
    assert first.path == "CASEFERRY_KORE_CLIENT_SECRET_FILE"
    assert "cannot be read" in first.message
    assert second.path == "CASEFERRY_CASEMGR_CLIENT_SECRET"
    assert "client_secret_command" in second.message


def test_without_need_no_command_is_run(tmp_path: Path) -> None:
    """Commands that ask no system do not wake a password manager."""
    command = 'client_secret_command = ["touch", "woken"]\n'
    file = write(tmp_path, changed("subject =", f"{command}subject ="))
    loaded = load_config(file, {"CASEFERRY_CASEMGR_CLIENT_SECRET": "x"})

    assert loaded.secrets is None
    assert not (tmp_path / "woken").exists()


def test_reading_commands_need_no_secret_at_all(tmp_path: Path) -> None:
    """Who may look at the state need not be able to write to a system."""
    file = write(tmp_path)

    assert load_config(file, {}).secrets is None
    with pytest.raises(ConfigError):
        load_config(file, {}, secrets="named")


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    """Neither the loaded configuration nor what adapters get prints one."""
    loaded = load(tmp_path)

    assert "one" not in repr(loaded.secrets)
    assert "client_secret" not in Config.model_fields["kore"].annotation.__dict__
    assert CasemgrSettings.__dataclass_fields__["client_secret"].repr is False


@pytest.mark.parametrize("text", ["", "12", "s", "1.5h", "-1s", "1 w", "9999999s"])
def test_durations_that_are_none(text: str) -> None:
    """What is no duration is refused with examples."""
    with pytest.raises(ValueError, match="a duration such as"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [("[kore", "is not TOML"), ("\udcff", "is not UTF-8")],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, text: str, words: str) -> None:
    """Broken TOML and other encodings are said in words."""
    file = tmp_path / "caseferry.toml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError) as caught:
        load_config(file, {})

    assert words in str(caught.value.problems[0])
