"""Variables of the environment that are nearly settings, and those of other programs."""

import os

import pytest

from server.misspelling import misspellings
from server.settings import Settings, doubtful_variables, read_settings
from tests.support.environment import refusal


@pytest.fixture(autouse=True)
def _an_empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in set(os.environ) & {field.upper() for field in Settings.model_fields}:
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("WORKER_CHUNK", "WORKER_CHUNKS"),
        ("worker_chunk", "WORKER_CHUNKS"),
        ("WROKER_CHUNKS", "WORKER_CHUNKS"),
        ("WORKER-CHUNKS", "WORKER_CHUNKS"),
        ("WORKERCHUNKS", "WORKER_CHUNKS"),
        ("WORKERS_CHUNK", "WORKER_CHUNKS"),
        ("WORKER_ENABLE", "WORKER_ENABLED"),
        ("WORKER_LEASE_SECOND", "WORKER_LEASE_SECONDS"),
        ("WORKER_LEASE_SECS", "WORKER_LEASE_SECONDS"),
        ("WORKER_MEMORY_GB", "WORKER_MEMORY_MB"),
        ("MAX_BATCH_ITEM", "MAX_BATCH_ITEMS"),
        ("MAX_ATOMIC_ITEM", "MAX_ATOMIC_ITEMS"),
        ("MAX_QUEUE_CHUNKS", "MAX_QUEUED_CHUNKS"),
        ("CONCURENT_CHUNKS", "CONCURRENT_CHUNKS"),
        ("TRANSACTIONS_SECONDS", "TRANSACTION_SECONDS"),
        ("BATCH_RETENTION_DAY", "BATCH_RETENTION_DAYS"),
        ("EXPIRE_SWEEP_SECONDS", "EXPIRY_SWEEP_SECONDS"),
        ("IDEMPOTENCE_WAIT_SECONDS", "IDEMPOTENCY_WAIT_SECONDS"),
        ("SHUTDOWN_SECOND", "SHUTDOWN_SECONDS"),
        ("MONGO_DRIVER", "MONGODB_DRIVER"),
    ],
)
def test_a_misspelt_setting_is_refused_with_the_right_name(
    monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    message = refusal(monkeypatch, **{name: "3"})

    assert message == f"There is no setting {name}: did you mean {meant}?"
    assert doubtful_variables() == []


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("LOG_LEVELS", "LOG_LEVEL"),
        ("LOGLEVEL", "LOG_LEVEL"),
        ("DATADIR", "DATA_DIR"),
        ("CORS_ORIGIN", "CORS_ORIGINS"),
        ("MONGODB_URL", "MONGODB_URI"),
        ("MONGO_URI", "MONGODB_URI"),
        ("MONGO_DATABASE", "MONGODB_DATABASE"),
        ("PUBLISH_URLS", "PUBLISH_URL"),
        ("MAX_BATCH_SIZE", "MAX_BATCH_ITEMS"),
        ("MAX_REQUEST_SIZE", "MAX_REQUEST_BYTES"),
        ("WORKER_LEASE", "WORKER_LEASE_SECONDS"),
        ("WORKER_MEMORY", "WORKER_MEMORY_MB"),
        ("BATCH_RETENTION_HOURS", "BATCH_RETENTION_DAYS"),
        ("idempotency_wait_ms", "IDEMPOTENCY_WAIT_SECONDS"),
    ],
)
def test_a_name_that_may_be_another_programs_is_only_doubtful(
    monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    monkeypatch.setenv(name, "3")

    assert read_settings() == Settings()
    assert [str(one) for one in doubtful_variables()] == [
        f"There is no setting {name}: did you mean {meant}?"
    ]


OTHER_PROGRAMS = {
    "a shell": "PATH HOME PWD TERM LANG USER HOSTNAME HOSTTYPE SHLVL TMPDIR XDG_DATA_DIRS "
    "XDG_DATA_HOME XDG_RUNTIME_DIR SSH_CONNECTION http_proxy PORTAGE POST PROT",
    "a container": "PYTHON_VERSION GPG_KEY HOST_NAME PORT_1 PORTS HOSTS APP_PORT HTTP_PORT "
    "SERVER_PORT MONGO_VERSION MONGO_INITDB_DATABASE MONGO_INITDB_ROOT_USERNAME MONGODB_VERSION "
    "MONGODB_USERNAME MONGODB_PASSWORD MONGODB_ROOT_PASSWORD MONGODB_DATA_DIR MONGODB_EXTRA_FLAGS "
    "MONGODB_REPLICA_SET_NAME",
    "Kubernetes": "KUBERNETES_SERVICE_HOST KUBERNETES_PORT_443_TCP STOCKBATCH_PORT "
    "STOCKBATCH_SERVICE_HOST STOCKBATCH_PORT_8000_TCP_ADDR MONGODB_PORT MONGODB_SERVICE_HOST "
    "MONGODB_PORT_27017_TCP MONGODB_HOST WORKER_PORT WORKER_SERVICE_HOST WORKER_PORT_80_TCP",
    "a platform": "DYNO WEB_CONCURRENCY WEB_MEMORY DATABASE_URL PUBLIC_URL MONGO_URL REDIS_URL "
    "HEROKU_APP_NAME SYSTEMD_EXEC_PID JOURNAL_STREAM AWS_BATCH_JOB_ID",
    "CI": "CI CI_COMMIT_SHA CI_JOB_ID GITHUB_ACTIONS GITHUB_WORKSPACE RUNNER_OS CONCURRENT_BUILDS "
    "PYTEST_CURRENT_TEST PYTEST_XDIST_WORKER PYTEST_XDIST_WORKER_COUNT",
    "another server": "WORKERS MAX_WORKERS WORKERS_PER_CORE WORKER_CLASS WORKER_COUNT "
    "WORKER_TIMEOUT WORKER_CONNECTIONS MAX_REQUESTS MAX_REQUESTS_JITTER MAX_CONNECTIONS "
    "MAX_THREADS LOG_FILE LOG_DIR APP_LOG_LEVEL DATA_PATH CORS_ALLOWED_ORIGINS "
    "BATCH_SIZE TRANSACTION_ID IDEMPOTENCY_KEY SHUTDOWN_DELAY",
}


@pytest.mark.parametrize("names", OTHER_PROGRAMS.values(), ids=OTHER_PROGRAMS)
def test_what_is_meant_for_other_programs_is_let_be(
    monkeypatch: pytest.MonkeyPatch, names: str
) -> None:
    for name in names.split():
        monkeypatch.setenv(name, "3")

    assert read_settings() == Settings()
    assert doubtful_variables() == []


def test_nothing_is_taken_for_a_setting_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("worker_chunk", "worker_chunks", "MONGODB_DATABASE", "MONGO_DATABASE"):
        monkeypatch.setenv(name, "3")

    assert read_settings().worker_chunks == 3
    assert doubtful_variables() == []


def test_an_empty_variable_is_not_misspelt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKER_CHUNK", "")
    monkeypatch.setenv("LOG_LEVELS", "")

    assert read_settings() == Settings()
    assert doubtful_variables() == []


def test_no_setting_is_like_another() -> None:
    for field in Settings.model_fields:
        others = [other.upper() for other in Settings.model_fields if other != field]

        assert misspellings({field.upper(): "3"}, others) == []


def test_misspelt_settings_are_named_with_the_wrong_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    message = refusal(monkeypatch, WORKER_CHUNK="3", MAX_BATCH_ITEM="9", LOGLEVEL="x", PORT="http")

    port, *misspelt = message.splitlines()
    assert port.startswith("The setting PORT is wrong: ")
    assert misspelt == [
        "There is no setting MAX_BATCH_ITEM: did you mean MAX_BATCH_ITEMS?",
        "There is no setting WORKER_CHUNK: did you mean WORKER_CHUNKS?",
    ]
