"""What a server tells administrators of its settings: everything but secrets."""

from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from server.running import HIDDEN, server_facts, settings_in_force
from server.settings import Settings

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def values(settings: Settings) -> dict[str, str | None]:
    return {one.name: one.value for one in settings_in_force(settings)}


def test_every_setting_is_shown_with_its_meaning() -> None:
    shown = settings_in_force(Settings.model_construct())

    assert [one.name.lower() for one in shown] == [*Settings.model_fields]
    assert [one.name for one in shown if len(one.meaning) < 10] == []
    assert [one.name for one in shown if not one.is_default] == []


def test_no_secret_is_shown_whatever_setting_has_it() -> None:
    secrets = Settings(
        mongodb_uri="mongodb://shop:hunter2@db.example:27017/?replicaSet=rs0&password=hunter2",
        publish_url="https://shop:hunter2@prices.example/in?token=hunter2",
        jwt_jwks="https://shop:hunter2@issuer.example/keys?key=hunter2",
        jwt_secret=SecretStr("hunter2" * 5),
        api_keys_file=Path("/etc/stockbatch/api-keys.jsonl"),
    )

    shown = values(secrets)

    assert "hunter2" not in str(shown)
    assert {name: shown[name] for name in ("MONGODB_URI", "JWT_SECRET", "API_KEYS_FILE")} == {
        "MONGODB_URI": "mongodb://shop@db.example:27017/",
        "JWT_SECRET": HIDDEN,
        "API_KEYS_FILE": "/etc/stockbatch/api-keys.jsonl",
    }
    assert (shown["PUBLISH_URL"], shown["JWT_JWKS"]) == (
        "https://shop@prices.example/in",
        "https://shop@issuer.example/keys",
    )


def test_a_setting_that_may_hold_a_secret_is_a_secret_or_an_address() -> None:
    """A new setting with such a name must be hidden, or be added here because it holds none."""
    suspects = {
        name
        for name in Settings.model_fields
        if any(word in name for word in ("secret", "password", "token", "key", "uri", "url"))
    }

    assert suspects == {"mongodb_uri", "publish_url", "jwt_secret", "api_keys_file"}


def test_the_facts_name_versions_and_the_process() -> None:
    facts = server_facts(Settings.model_construct(), NOON)

    assert {"pymongo", "starlette", "strawberry-graphql"} <= {one.name for one in facts.libraries}
    assert facts.started_at == NOON
    assert facts.has_embedded_database
