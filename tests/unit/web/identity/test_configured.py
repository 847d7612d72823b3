"""Which settings go together, and what a server says that would take everybody."""

from pathlib import Path
from typing import Any

import pytest

from server.domain.caller import Role
from server.domain.errors import StartupError
from server.web.identity.api_keys import add_key
from server.web.identity.configured import IdentitySettings, authentication_of

OPEN = (
    "HOST=0.0.0.0 lets others reach the server, and nothing says who may: make a key with `python "
    "-m server keys add NAME --role ROLE` and set API_KEYS_FILE, or set JWT_JWKS; or say AUTH=none "
    "if everybody may do everything."
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    add_key(tmp_path / "keys.jsonl", "shop", Role.ADMIN)
    return tmp_path / "keys.jsonl"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_without_keys_a_server_is_for_its_own_machine(host: str) -> None:
    assert not authentication_of(IdentitySettings(host=host)).is_on


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "shop.example"])  # noqa: S104
def test_a_server_for_others_must_say_who_may(host: str, file: Path) -> None:
    with pytest.raises(StartupError) as refused:
        authentication_of(IdentitySettings(host=host))

    assert str(refused.value) == OPEN.replace("0.0.0.0", host)  # noqa: S104
    assert not authentication_of(IdentitySettings(host=host, nobody=True)).is_on
    assert authentication_of(IdentitySettings(host=host, api_keys_file=file)).is_on


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"nobody": True, "secret": "s" * 32, "issuer": "i", "audience": "a"}, "AUTH=none lets"),
        ({"secret": "s" * 31, "issuer": "i", "audience": "a"}, "JWT_SECRET is too short"),
        ({"secret": "s" * 32, "issuer": "i"}, "Tokens are taken from one issuer"),
        ({"secret": "s" * 32, "audience": "a"}, "Tokens are taken from one issuer"),
        ({"issuer": "i"}, "JWT_ISSUER and JWT_AUDIENCE need the keys"),
        ({"secret": "s" * 32, "jwks": "x"}, "JWT_JWKS and JWT_SECRET are two kinds of keys"),
        ({"jwks": "absent", "issuer": "i", "audience": "a"}, "The key set JWT_JWKS absent cannot"),
    ],
)
def test_settings_that_do_not_go_together_are_named(settings: Any, reason: str) -> None:
    with pytest.raises(StartupError) as refused:
        authentication_of(IdentitySettings(host="127.0.0.1", **settings))

    assert str(refused.value).startswith(reason)
