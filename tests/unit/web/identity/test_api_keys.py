"""API keys in a file: made, read, read again, and what is wrong with a line."""

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from server.domain.caller import Caller, Role
from server.domain.errors import StartupError
from server.web.identity.api_keys import ApiKeys, add_key, hash_of, read_keys

HASH = "sha256:" + "0" * 64
NAMES = (
    "a name has 1 to 100 letters, digits and the characters . _ @ -, and begins with a letter or "
    "a digit"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.jsonl"


def test_the_file_has_the_hash_and_nothing_has_the_key(file: Path) -> None:
    key = add_key(file, "shop", Role.OPERATOR)

    assert key.startswith("sb_")
    assert len(key) == 46
    assert key not in file.read_text()
    assert json.loads(file.read_text()) == {
        "name": "shop",
        "role": "operator",
        "hash": hash_of(key),
    }
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_keys_are_added_behind_what_is_there(file: Path) -> None:
    file.write_text("# ours\n\n" + json.dumps({"name": "a", "role": "admin", "hash": HASH}))

    add_key(file, "b", Role.VIEWER, datetime(2030, 1, 1, tzinfo=UTC))

    assert [(key.name, key.role, key.expires) for key in read_keys(file)] == [
        ("a", Role.ADMIN, None),
        ("b", Role.VIEWER, datetime(2030, 1, 1, tzinfo=UTC)),
    ]


def test_a_key_stands_for_its_caller(file: Path) -> None:
    key = add_key(file, "shop", Role.OPERATOR, datetime(2030, 1, 1, tzinfo=UTC))
    keys = ApiKeys(file)

    assert keys.caller_of(key) == Caller(
        name="shop", role=Role.OPERATOR, expires_at=datetime(2030, 1, 1, tzinfo=UTC).timestamp()
    )
    assert keys.caller_of(key + "x") is None
    assert keys.caller_of(hash_of(key)) is None


def test_the_file_is_read_again_when_it_changes(file: Path) -> None:
    now = 0.0
    first = add_key(file, "first", Role.VIEWER)
    keys = ApiKeys(file, clock=lambda: now)
    file.unlink()
    second = add_key(file, "second", Role.VIEWER)

    now = 0.9
    assert (keys.caller_of(first) is None, keys.caller_of(second) is None) == (False, True)
    now = 1.0
    assert (keys.caller_of(first) is None, keys.caller_of(second) is None) == (True, False)


@pytest.mark.parametrize("content", ["{", None])
def test_a_file_that_becomes_wrong_changes_nothing(
    file: Path, content: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    now = 0.0
    key = add_key(file, "shop", Role.VIEWER)
    keys = ApiKeys(file, clock=lambda: now)
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
    now = 1.0

    assert keys.caller_of(key) is not None
    now = 2.0
    assert keys.caller_of(key) is not None
    (record,) = caplog.records
    assert record.getMessage().endswith("The keys stay as they were.")


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("{", "it is not JSON: Expecting property name enclosed in double quotes"),
        ("[]", "it is not a JSON object"),
        ('{"key": "x"}', "there is no field key"),
        ("{}", "it has no name"),
        ('{"name": "anonymous"}', "the name anonymous means a caller whom nobody knows"),
        (
            '{"name": "a b"}',
            NAMES,
        ),
        ('{"name": "a", "hash": "x"}', "hash is not sha256: and 64 hexadecimal characters"),
        (
            json.dumps({"name": "a", "hash": HASH, "role": "root"}),
            "role is none of viewer, operator, admin",
        ),
        (
            json.dumps({"name": "a", "hash": HASH, "role": "admin", "expires": "soon"}),
            "expires is no time such as 2027-01-31T12:00:00+00:00",
        ),
        (
            json.dumps({"name": "first", "hash": HASH, "role": "admin"}),
            "the name first is there twice",
        ),
    ],
)
def test_a_wrong_line_is_named(file: Path, line: str, fault: str) -> None:
    add_key(file, "first", Role.ADMIN)
    with file.open("a") as opened:
        opened.write(line + "\n")

    with pytest.raises(StartupError) as refused:
        ApiKeys(file)

    assert str(refused.value) == (
        f"Line 2 of the file of API keys {file} is wrong: {fault}. Make entries with `python -m "
        "server keys add`."
    )


def test_a_name_is_taken_once(file: Path) -> None:
    add_key(file, "shop", Role.ADMIN)

    with pytest.raises(StartupError, match="There is a key shop in"):
        add_key(file, "shop", Role.VIEWER)
    with pytest.raises(StartupError, match="A key cannot have the name 'a b': a name has"):
        add_key(file, "a b", Role.VIEWER)


def test_a_file_that_cannot_be_read_is_named(file: Path) -> None:
    with pytest.raises(StartupError) as refused:
        ApiKeys(file)

    assert str(refused.value) == (
        f"The file of API keys {file} cannot be read: No such file or directory."
    )
