"""All settings, read from the environment and checked together."""

import os
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from server.domain.errors import StartupError
from server.domain.loopback import is_loopback
from server.domain.stored_batch import LEASE_SECONDS
from server.misspelling import Misspelling, misspellings

_HTTP_URL = re.compile(r"https?://[^/\s]+\S*$")
_ORIGIN = re.compile(r"https?://[^/\s?#@,*]+", re.IGNORECASE)
_HOST_NAME = re.compile(r"[A-Za-z0-9._:-]+")
_FORBIDDEN_IN_A_DATABASE_NAME = frozenset('/\\. "$\0')


class Settings(BaseSettings):
    """Each field is an environment variable of the same name in upper case."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    server_mode: Literal["development", "production"] = "development"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    cors_origins: str = "loopback"
    allowed_hosts: str | None = None
    auth: Literal["none"] | None = None
    api_keys_file: Path | None = None
    jwt_jwks: str | None = None
    jwt_secret: SecretStr | None = None
    jwt_issuer: str | None = None
    jwt_audience: str | None = None
    jwt_roles_claim: Annotated[str, Field(min_length=1)] = "roles"
    jwt_skew_seconds: Annotated[float, Field(ge=0, le=600)] = 30
    data_dir: Path = Path(".data")
    mongodb_uri: str | None = None
    mongodb_database: Annotated[str, Field(min_length=1, max_length=63)] = "stockbatch"
    mongodb_driver: Literal["motor", "pymongo"] = "motor"
    mongodb_pool_metrics: bool = False
    max_batch_items: Annotated[int, Field(ge=1, le=100_000)] = 10_000
    max_atomic_items: Annotated[int, Field(ge=1, le=10_000)] = 5_000
    max_background_items: Annotated[int, Field(ge=1, le=1_000_000)] = 100_000
    max_queued_chunks: Annotated[int, Field(ge=1)] = 10_000
    caller_items_per_minute: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
    caller_waiting_batches: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    max_query_cost: Annotated[int, Field(ge=1, le=10_000_000)] = 20_000
    max_request_bytes: Annotated[int, Field(ge=1024)] = 32 * 1024**2
    max_stream_bytes: Annotated[int, Field(ge=1024)] = 1024**3
    max_rows_per_stream: Annotated[int, Field(ge=1)] = 5_000_000
    request_seconds: Annotated[float, Field(ge=0.1, le=60)] = 10
    queue_seconds: Annotated[float, Field(ge=0.05, le=60)] = 0.5
    max_bytes_in_flight: Annotated[int, Field(ge=1024**2)] = 256 * 1024**2
    max_connections: Annotated[int, Field(ge=1, le=100_000)] = 4096
    max_connections_per_address: Annotated[int, Field(ge=0)] = 0
    header_seconds: Annotated[float, Field(gt=0, le=600)] = 10
    transfer_seconds: Annotated[float, Field(gt=0, le=600)] = 20
    idle_seconds: Annotated[float, Field(gt=0, le=3600)] = 60
    concurrent_chunks: Annotated[int, Field(ge=1, le=64)] = 8
    group_items: Annotated[int, Field(ge=0, le=1_000)] = 500
    group_seconds: Annotated[float, Field(ge=0.001, le=5)] = 0.05
    transaction_seconds: Annotated[float, Field(gt=0, le=50)] = 20
    metrics_listen_host: str = "127.0.0.1"
    metrics_http_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    worker_enabled: bool = True
    worker_listen_host: str = "127.0.0.1"
    worker_http_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    worker_chunks: Annotated[int, Field(ge=1, le=64)] = 4
    worker_lease_seconds: Annotated[float, Field(ge=1, le=300)] = LEASE_SECONDS
    worker_memory_mb: Annotated[int, Field(ge=64)] = 1024
    batch_retention_days: Annotated[float, Field(gt=0, le=36_500)] = 30
    idempotency_wait_seconds: Annotated[float, Field(ge=0, le=60)] = 10
    publish_url: str | None = None
    expiry_sweep_seconds: Annotated[float, Field(gt=0, le=86_400)] = 10
    drain_seconds: Annotated[float, Field(ge=0, le=60)] = 3
    shutdown_seconds: Annotated[int, Field(ge=1)] = 15
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @property
    def is_production(self) -> bool:
        """Return whether the server tells callers no more than they need."""
        return self.server_mode == "production"

    @property
    def metrics_are_apart(self) -> bool:
        """Return whether `/metrics` is not on the server's own port."""
        return self.is_production or self.metrics_http_port is not None

    @field_validator("mongodb_uri")
    @classmethod
    def _is_a_mongodb_uri(cls, uri: str | None) -> str | None:
        if uri is not None and not uri.startswith(("mongodb://", "mongodb+srv://")):
            raise ValueError("must begin with mongodb:// or mongodb+srv://")
        return uri

    @field_validator("publish_url")
    @classmethod
    def _is_an_http_url(cls, url: str | None) -> str | None:
        if url is not None and not _HTTP_URL.match(url):
            raise ValueError("must be a URL that begins with http:// or https://, and a host")
        return url

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, origins: str) -> str:
        if origins not in ("*", "none"):
            for origin in _listed(origins):
                if origin != "loopback" and not _ORIGIN.fullmatch(origin):
                    raise ValueError(
                        "must be origins such as https://shop.example or http://localhost:5173, "
                        "separated by commas, without a path; loopback for all of this machine, * "
                        "for all, or none"
                    )
        return origins

    @property
    def origins(self) -> list[str]:
        """Return the origins whose pages may call: `["*"]` for all, an empty list for none.

        `loopback` among them stands for all of this machine.
        """
        if self.cors_origins in ("*", "none"):
            return ["*"] if self.cors_origins == "*" else []
        return [_as_browsers_send_it(origin) for origin in _listed(self.cors_origins)]

    @field_validator("allowed_hosts")
    @classmethod
    def _are_hosts(cls, hosts: str | None) -> str | None:
        if hosts not in (None, "*"):
            for host in _listed(hosts):
                if not _HOST_NAME.fullmatch(host):
                    raise ValueError(
                        "must be names such as shop.example, separated by commas, without a port; "
                        "loopback for those of this machine, or * for all"
                    )
        return hosts

    @property
    def hosts(self) -> list[str]:
        """Return the names under which the server answers.

        By default these are the names of this machine, if nobody else can reach the server.
        """
        if self.allowed_hosts is not None:
            return _listed(self.allowed_hosts)
        return ["loopback"] if is_loopback(self.host) else ["*"]

    @field_validator("mongodb_database")
    @classmethod
    def _is_a_database_name(cls, name: str) -> str:
        if name in ("admin", "config", "local"):
            raise ValueError("is MongoDB's own: take another name")
        if _FORBIDDEN_IN_A_DATABASE_NAME & set(name):
            raise ValueError('must have none of the characters / \\ . " $ and no space')
        return name


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def _as_browsers_send_it(origin: str) -> str:
    """Return the origin in lower case, without the default port of its scheme."""
    origin = origin.lower()
    return origin.removesuffix(":443" if origin.startswith("https:") else ":80")


def read_settings() -> Settings:
    """Return the settings of this process.

    Raises:
        StartupError: one or more are wrong or misspelt; the message names each, with what it was
            and why, or with the right name.
    """
    misspelt = [str(found) for found in _misspellings() if not found.doubtful]
    try:
        settings = Settings()
    except ValidationError as error:
        faults = [_fault(found["loc"], found["msg"], found["input"]) for found in error.errors()]
        raise StartupError("\n".join(faults + misspelt)) from error
    if misspelt:
        raise StartupError("\n".join(misspelt))
    return settings


def doubtful_variables() -> list[Misspelling]:
    """Return the variables that may be misspelt settings, or meant for another program."""
    return [found for found in _misspellings() if found.doubtful]


def _misspellings() -> list[Misspelling]:
    return misspellings(os.environ, [field.upper() for field in Settings.model_fields])


def _fault(place: tuple[int | str, ...], fault: str, value: object) -> str:
    name = ".".join(str(part) for part in place).upper()
    may_hold_a_password = name in ("MONGODB_URI", "PUBLISH_URL", "JWT_SECRET")
    shown = "the value" if may_hold_a_password else repr(value)
    return f"The setting {name} is wrong: {shown}: {fault.removeprefix('Value error, ')}."
