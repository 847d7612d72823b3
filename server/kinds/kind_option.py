"""The options of a kind: values that hold for a whole batch, such as a new price."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.domain.errors import BadInput
from server.domain.expiry import EXPIRE_IN, check_expire_in
from server.kinds.item_field import Cell

CASCADE_DELETE = "cascadeDelete"


@dataclass(frozen=True, slots=True, kw_only=True)
class KindOption:
    """An option of a kind, by the name that every door gives it.

    `check` returns the value as it is stored, or raises BadInput with a sentence that begins with
    the option's name. `required` is such a sentence for a batch without the option; None if it may
    be left out.
    """

    name: str
    cell: Cell
    check: Callable[[object], Any]
    required: str | None = None
    default: Any = None


def read_settings(
    options: Sequence[KindOption], sent: Mapping[str, Any], faults: list[str]
) -> dict[str, Any]:
    """Return the settings of a batch. Null is the same as left out.

    Append a sentence to `faults` for each option that is wrong or missing.
    """
    settings: dict[str, Any] = {}
    for option in options:
        value = sent.get(option.name)
        if value is None:
            if option.required is not None:
                faults.append(option.required)
            if option.default is not None:
                settings[option.name] = option.default
            continue
        try:
            settings[option.name] = option.check(value)
        except BadInput as error:
            faults.append(str(error))
    return settings


def check_cascade_delete(value: object) -> bool:
    """Return the flag.

    Raises:
        BadInput: it is neither true nor false.
    """
    if not isinstance(value, bool):
        raise BadInput(f"{CASCADE_DELETE} is neither true nor false.")
    return value


EXPIRE_IN_OPTION = KindOption(name=EXPIRE_IN, cell=Cell.NUMBER, check=check_expire_in)
CASCADE_DELETE_OPTION = KindOption(
    name=CASCADE_DELETE, cell=Cell.FLAG, check=check_cascade_delete, default=False
)
