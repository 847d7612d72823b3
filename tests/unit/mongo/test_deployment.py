from typing import Any

import pytest

from server.domain.errors import StartupError
from server.mongo.connection.deployment import is_writable, require_transactions, shown


class Answers:
    """A driver whose server answers everything with `hello`."""

    def __init__(self, **hello: Any) -> None:
        self.client = self
        self.admin = self
        self._hello = hello

    async def command(self, _name: str, **_options: Any) -> dict[str, Any]:
        return self._hello


async def test_a_member_of_a_replica_set_is_accepted() -> None:
    await require_transactions(Answers(setName="rs0"), "mongodb://db:27017")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("hello", "words"),
    [
        ({"isWritablePrimary": True}, "is a standalone server.*rs.initiate\\(\\)"),
        ({"isWritablePrimary": True, "msg": "isdbgrid"}, "sharded cluster.*Use a replica set"),
    ],
)
async def test_a_server_without_our_transactions_is_refused(
    hello: dict[str, Any], words: str
) -> None:
    with pytest.raises(StartupError, match=words):
        await require_transactions(Answers(**hello), "mongodb://db:27017")  # type: ignore[arg-type]


@pytest.mark.parametrize("primary", [True, False])
async def test_only_a_primary_takes_writes(primary: bool) -> None:
    assert await is_writable(Answers(isWritablePrimary=primary)) is primary  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("mongodb://db:27017/?replicaSet=rs0", "mongodb://db:27017/"),
        ("mongodb://ann:s3cret@db/admin?x=1", "mongodb://ann@db/admin"),
        ("mongodb+srv://ann:s3c%40ret@db.example/", "mongodb+srv://ann@db.example/"),
    ],
)
def test_an_address_is_shown_without_its_password(uri: str, address: str) -> None:
    assert shown(uri) == address
