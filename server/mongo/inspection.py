"""What the database lacks of its collections, validators and indexes, or has otherwise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pymongo.errors import OperationFailure

from server.mongo.collections import INDEXES, OBSOLETE_INDEXES, validators_of
from server.mongo.connection.document import Document
from server.mongo.connection.driver import Database
from server.mongo.connection.errors import translated
from server.mongo.validators import SCHEMAS, validator

_OPTIONS = ("unique", "sparse", "partialFilterExpression", "expireAfterSeconds")
_NAMESPACE_NOT_FOUND = 26
VALIDATOR = "(validator)"


class State(Enum):
    """How a validator or an index is, compared with what this version needs."""

    AS_NEEDED = "as needed"
    MISSING = "missing"
    DIFFERENT = "different"
    OBSOLETE = "obsolete"  # of an older version, which the next start drops
    ADDED = "added by you"

    @property
    def is_wrong(self) -> bool:
        """Return whether the server would be slow or unsafe, or does not start."""
        return self in (State.MISSING, State.DIFFERENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """A validator or an index of a collection."""

    collection: str
    name: str
    state: State


async def inspect(database: Database, kinds: Sequence[str]) -> list[Inspected]:
    """Return each validator and index that there is or should be.

    Raises:
        StoreError: the database did not answer.
    """
    found = []
    with translated():
        validators = await validators_of(database)
        for collection in SCHEMAS:
            states = {VALIDATOR: _validator_state(collection, validators, kinds)}
            states |= _index_states(collection, await _indexes(database, collection))
            found += [
                Inspected(collection=collection, name=name, state=state)
                for name, state in states.items()
            ]
    return found


def _validator_state(
    collection: str, validators: Mapping[str, Document], kinds: Sequence[str]
) -> State:
    if not validators.get(collection):
        return State.MISSING
    is_same = validators[collection] == validator(collection, kinds)
    return State.AS_NEEDED if is_same else State.DIFFERENT


def _index_states(collection: str, there: Mapping[str, Document]) -> dict[str, State]:
    needed = {index.document["name"]: index.document for index in INDEXES[collection]}
    states = {
        name: (
            State.MISSING
            if name not in there
            else State.AS_NEEDED
            if _definition(there[name]) == _definition(wanted)
            else State.DIFFERENT
        )
        for name, wanted in needed.items()
    }
    for name in there:
        if name not in needed and name != "_id_":
            is_obsolete = name in OBSOLETE_INDEXES.get(collection, [])
            states[name] = State.OBSOLETE if is_obsolete else State.ADDED
    return states


def _definition(index: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what makes two indexes of the same name the same."""
    options = {name: index[name] for name in _OPTIONS if index.get(name) not in (None, False)}
    return list(index["key"].items()), options


async def _indexes(database: Database, collection: str) -> dict[str, Document]:
    try:
        reply = await database.command("listIndexes", collection)
    except OperationFailure as error:
        if error.code == _NAMESPACE_NOT_FOUND:
            return {}
        raise
    return {index["name"]: index for index in reply["cursor"]["firstBatch"]}
