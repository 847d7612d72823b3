"""Settings as variables of the environment, for tests of one."""

import pytest

from server.domain.errors import StartupError
from server.settings import read_settings


def refusal(monkeypatch: pytest.MonkeyPatch, **variables: str) -> str:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StartupError) as refused:
        read_settings()
    return str(refused.value)
