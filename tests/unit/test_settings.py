"""Read settings from the environment: the defaults, and a sentence for each wrong one."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from server.settings import Settings, read_settings
from tests.support.environment import refusal


@pytest.fixture(autouse=True)
def _an_empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in set(os.environ) & {field.upper() for field in Settings.model_fields}:
        monkeypatch.delenv(name)


def test_nothing_needs_to_be_set() -> None:
    settings = read_settings()

    assert settings.model_dump() == {
        "server_mode": "development",
        "host": "127.0.0.1",
        "port": 8000,
        "cors_origins": "loopback",
        "allowed_hosts": None,
        "auth": None,
        "api_keys_file": None,
        "jwt_jwks": None,
        "jwt_secret": None,
        "jwt_issuer": None,
        "jwt_audience": None,
        "jwt_roles_claim": "roles",
        "jwt_skew_seconds": 30,
        "data_dir": Path(".data"),
        "mongodb_uri": None,
        "mongodb_database": "stockbatch",
        "mongodb_driver": "motor",
        "mongodb_pool_metrics": False,
        "max_batch_items": 10_000,
        "max_atomic_items": 5_000,
        "max_background_items": 100_000,
        "max_queued_chunks": 10_000,
        "caller_items_per_minute": 0,
        "caller_waiting_batches": 0,
        "max_query_cost": 20_000,
        "max_request_bytes": 32 * 1024**2,
        "max_stream_bytes": 1024**3,
        "max_rows_per_stream": 5_000_000,
        "request_seconds": 10.0,
        "queue_seconds": 0.5,
        "max_bytes_in_flight": 256 * 1024**2,
        "max_connections": 4096,
        "max_connections_per_address": 0,
        "header_seconds": 10,
        "transfer_seconds": 20,
        "idle_seconds": 60,
        "concurrent_chunks": 8,
        "group_items": 500,
        "group_seconds": 0.05,
        "transaction_seconds": 20,
        "metrics_listen_host": "127.0.0.1",
        "metrics_http_port": None,
        "worker_enabled": True,
        "worker_listen_host": "127.0.0.1",
        "worker_http_port": None,
        "worker_chunks": 4,
        "worker_lease_seconds": 20,
        "worker_memory_mb": 1024,
        "batch_retention_days": 30,
        "idempotency_wait_seconds": 10,
        "publish_url": None,
        "expiry_sweep_seconds": 10,
        "drain_seconds": 3,
        "shutdown_seconds": 15,
        "log_format": "text",
        "log_level": "INFO",
    }


def test_every_setting_is_an_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "server_mode": "production",
        "host": "::1",
        "port": 0,
        "cors_origins": "https://shop.example,http://localhost:5173",
        "allowed_hosts": "shop.example,loopback",
        "auth": "none",
        "api_keys_file": Path("keys.jsonl"),
        "jwt_jwks": "https://issuer.example/jwks.json",
        "jwt_secret": SecretStr("s" * 32),
        "jwt_issuer": "https://issuer.example",
        "jwt_audience": "stockbatch",
        "jwt_roles_claim": "realm_access.roles",
        "jwt_skew_seconds": 5,
        "data_dir": Path("/tmp/elsewhere"),  # noqa: S108 - a value, no file
        "mongodb_uri": "mongodb+srv://db.example",
        "mongodb_database": "warehouse",
        "mongodb_driver": "pymongo",
        "mongodb_pool_metrics": True,
        "max_batch_items": 20_000,
        "max_atomic_items": 100,
        "max_background_items": 1_000_000,
        "max_queued_chunks": 1,
        "caller_items_per_minute": 60_000,
        "caller_waiting_batches": 10,
        "max_query_cost": 1,
        "max_request_bytes": 1024,
        "max_stream_bytes": 1024,
        "max_rows_per_stream": 1,
        "request_seconds": 5.0,
        "queue_seconds": 2.0,
        "max_bytes_in_flight": 1024**2,
        "max_connections": 1,
        "max_connections_per_address": 7,
        "header_seconds": 0.5,
        "transfer_seconds": 0.5,
        "idle_seconds": 0.5,
        "concurrent_chunks": 1,
        "group_items": 0,
        "group_seconds": 0.2,
        "transaction_seconds": 0.5,
        "metrics_listen_host": "10.0.0.6",
        "metrics_http_port": 9465,
        "worker_enabled": False,
        "worker_listen_host": "10.0.0.5",
        "worker_http_port": 9464,
        "worker_chunks": 64,
        "worker_lease_seconds": 1.5,
        "worker_memory_mb": 64,
        "batch_retention_days": 0.5,
        "idempotency_wait_seconds": 0,
        "publish_url": "https://shop.example/prices",
        "expiry_sweep_seconds": 0.2,
        "drain_seconds": 0.5,
        "shutdown_seconds": 3,
        "log_format": "json",
        "log_level": "DEBUG",
    }
    assert set(values) == set(Settings.model_fields)
    for name, value in values.items():
        text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        monkeypatch.setenv(name.upper(), text)

    assert read_settings().model_dump() == values


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGODB_URI", "")
    monkeypatch.setenv("PORT", "")

    settings = read_settings()

    assert (settings.mongodb_uri, settings.port) == (None, 8000)


def test_a_sweep_may_come_as_seldom_as_once_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPIRY_SWEEP_SECONDS", "86400")

    assert read_settings().expiry_sweep_seconds == 86_400


NO_ORIGINS = (
    "must be origins such as https://shop.example or http://localhost:5173, separated by commas, "
    "without a path; loopback for all of this machine, * for all, or none"
)


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("*", ["*"]),
        ("none", []),
        ("https://shop.example", ["https://shop.example"]),
        ("https://a.example, http://b:5173", ["https://a.example", "http://b:5173"]),
        ("HTTPS://Up.Example:443,http://b:80", ["https://up.example", "http://b"]),
        ("https://a.example:80,http://b:443", ["https://a.example:80", "http://b:443"]),
    ],
)
def test_origins_are_a_list(monkeypatch: pytest.MonkeyPatch, text: str, origins: list[str]) -> None:
    monkeypatch.setenv("CORS_ORIGINS", text)

    assert read_settings().origins == origins


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("PORT", "http", "Input should be a valid integer, unable to parse string as an integer"),
        ("PORT", "65536", "Input should be less than or equal to 65535"),
        ("PORT", "-1", "Input should be greater than or equal to 0"),
        ("CORS_ORIGINS", "shop.example", NO_ORIGINS),
        ("CORS_ORIGINS", "https://shop.example/", NO_ORIGINS),
        ("CORS_ORIGINS", "https://shop.example,*", NO_ORIGINS),
        ("CORS_ORIGINS", "https://shop.example,", NO_ORIGINS),
        ("MONGODB_DRIVER", "mysql", "Input should be 'motor' or 'pymongo'"),
        ("MONGODB_DATABASE", "x" * 64, "String should have at most 63 characters"),
        ("MONGODB_DATABASE", "my.shop", 'must have none of the characters / \\ . " $ and no space'),
        ("MONGODB_DATABASE", "admin", "is MongoDB's own: take another name"),
        ("MAX_BATCH_ITEMS", "0", "Input should be greater than or equal to 1"),
        ("MAX_ATOMIC_ITEMS", "10001", "Input should be less than or equal to 10000"),
        ("MAX_BACKGROUND_ITEMS", "1000001", "Input should be less than or equal to 1000000"),
        ("MAX_BACKGROUND_ITEMS", "0", "Input should be greater than or equal to 1"),
        ("MAX_QUEUED_CHUNKS", "0", "Input should be greater than or equal to 1"),
        ("WORKER_ENABLED", "perhaps", "Input should be a valid boolean, unable to interpret input"),
        ("WORKER_CHUNKS", "0", "Input should be greater than or equal to 1"),
        ("WORKER_CHUNKS", "65", "Input should be less than or equal to 64"),
        ("WORKER_LEASE_SECONDS", "0.9", "Input should be greater than or equal to 1"),
        ("WORKER_LEASE_SECONDS", "301", "Input should be less than or equal to 300"),
        ("WORKER_MEMORY_MB", "63", "Input should be greater than or equal to 64"),
        ("BATCH_RETENTION_DAYS", "0", "Input should be greater than 0"),
        ("BATCH_RETENTION_DAYS", "36501", "Input should be less than or equal to 36500"),
        ("IDEMPOTENCY_WAIT_SECONDS", "-1", "Input should be greater than or equal to 0"),
        ("IDEMPOTENCY_WAIT_SECONDS", "61", "Input should be less than or equal to 60"),
        ("MAX_REQUEST_BYTES", "1023", "Input should be greater than or equal to 1024"),
        ("CONCURRENT_CHUNKS", "65", "Input should be less than or equal to 64"),
        ("TRANSACTION_SECONDS", "0", "Input should be greater than 0"),
        ("TRANSACTION_SECONDS", "51", "Input should be less than or equal to 50"),
        ("EXPIRY_SWEEP_SECONDS", "0", "Input should be greater than 0"),
        ("EXPIRY_SWEEP_SECONDS", "-1", "Input should be greater than 0"),
        ("EXPIRY_SWEEP_SECONDS", "86401", "Input should be less than or equal to 86400"),
        ("DRAIN_SECONDS", "-1", "Input should be greater than or equal to 0"),
        ("DRAIN_SECONDS", "61", "Input should be less than or equal to 60"),
        ("SHUTDOWN_SECONDS", "0", "Input should be greater than or equal to 1"),
        ("LOG_LEVEL", "LOUD", "Input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
    ],
)
def test_a_wrong_setting_is_named_with_what_it_was_and_why(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, why: str
) -> None:
    message = refusal(monkeypatch, **{name: value})

    assert message == f"The setting {name} is wrong: {value!r}: {why}."


TIMES = [
    "TRANSACTION_SECONDS",
    "EXPIRY_SWEEP_SECONDS",
    "WORKER_LEASE_SECONDS",
    "BATCH_RETENTION_DAYS",
    "IDEMPOTENCY_WAIT_SECONDS",
]


@pytest.mark.parametrize("name", TIMES)
@pytest.mark.parametrize("value", ["nan", "inf"])
def test_a_time_without_end_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    message = refusal(monkeypatch, **{name: value})

    assert message.startswith(f"The setting {name} is wrong: '{value}': Input should be ")


def test_all_that_is_wrong_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    message = refusal(monkeypatch, PORT="http", LOG_LEVEL="LOUD", CONCURRENT_CHUNKS="many")

    assert [line.split(" is wrong", 1)[0] for line in message.splitlines()] == [
        "The setting PORT",
        "The setting CONCURRENT_CHUNKS",
        "The setting LOG_LEVEL",
    ]


def test_a_wrong_address_is_refused_without_showing_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    message = refusal(monkeypatch, MONGODB_URI="http://root:geheim@db.example")

    assert message == (
        "The setting MONGODB_URI is wrong: the value: must begin with mongodb:// or mongodb+srv://."
    )


@pytest.mark.parametrize("url", ["ftp://root:geheim@shop.example", "shop.example", "http://"])
def test_an_address_that_takes_no_prices_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    message = refusal(monkeypatch, PUBLISH_URL=url)

    assert message == (
        "The setting PUBLISH_URL is wrong: the value: must be a URL that begins with http:// or "
        "https://, and a host."
    )
