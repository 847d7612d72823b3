"""Translate every error of the driver, and every server code that we know."""

import inspect
from typing import Any

import pymongo.errors
import pytest
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    DuplicateKeyError,
    OperationFailure,
    PyMongoError,
)

from server.domain.errors import (
    DatabaseUnavailable,
    DuplicateKey,
    StoreError,
    UnexpectedStoreError,
    WriteConflict,
)
from server.mongo.connection import errors
from server.mongo.connection.errors import meets_another_insert, translate, translated

CLASSES: dict[str, type[StoreError]] = {
    "AutoReconnect": DatabaseUnavailable,
    "BulkWriteError": UnexpectedStoreError,
    "ClientBulkWriteException": UnexpectedStoreError,
    "CollectionInvalid": UnexpectedStoreError,
    "ConfigurationError": UnexpectedStoreError,
    "ConnectionFailure": DatabaseUnavailable,
    "CursorNotFound": UnexpectedStoreError,
    "DuplicateKeyError": DuplicateKey,
    "EncryptedCollectionError": UnexpectedStoreError,
    "EncryptionError": UnexpectedStoreError,
    "ExecutionTimeout": DatabaseUnavailable,
    "InvalidName": UnexpectedStoreError,
    "InvalidOperation": UnexpectedStoreError,
    "InvalidURI": UnexpectedStoreError,
    "NetworkTimeout": DatabaseUnavailable,
    "NotPrimaryError": DatabaseUnavailable,
    "OperationFailure": UnexpectedStoreError,
    "ProtocolError": UnexpectedStoreError,
    "PyMongoError": UnexpectedStoreError,
    "ServerSelectionTimeoutError": DatabaseUnavailable,
    "WTimeoutError": DatabaseUnavailable,
    "WaitQueueTimeoutError": DatabaseUnavailable,
    "WriteConcernError": UnexpectedStoreError,
    "WriteError": UnexpectedStoreError,
    "_OperationCancelled": DatabaseUnavailable,
}

CODES: dict[int, type[StoreError]] = {
    6: DatabaseUnavailable,
    7: DatabaseUnavailable,
    13: DatabaseUnavailable,
    24: WriteConflict,
    64: DatabaseUnavailable,
    89: DatabaseUnavailable,
    91: DatabaseUnavailable,
    112: WriteConflict,
    133: DatabaseUnavailable,
    189: DatabaseUnavailable,
    239: WriteConflict,
    225: WriteConflict,
    244: WriteConflict,
    246: WriteConflict,
    251: WriteConflict,
    262: DatabaseUnavailable,
    9001: DatabaseUnavailable,
    10058: DatabaseUnavailable,
    10107: DatabaseUnavailable,
    11000: DuplicateKey,
    11600: DatabaseUnavailable,
    11602: DatabaseUnavailable,
    13435: DatabaseUnavailable,
    13436: DatabaseUnavailable,
    14031: DatabaseUnavailable,
}

ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "BulkWriteError": ({},),
    "ClientBulkWriteException": ({}, False),
    "DuplicateKeyError": ("broken", 11000),
    "EncryptedCollectionError": (ValueError("broken"), {}),
    "EncryptionError": (ValueError("broken"),),
}


def driver_errors() -> dict[str, type[PyMongoError]]:
    return {
        name: found
        for name, found in inspect.getmembers(pymongo.errors, inspect.isclass)
        if issubclass(found, PyMongoError)
    }


def test_the_table_lists_every_error_of_the_driver() -> None:
    assert sorted(driver_errors()) == sorted(CLASSES)


@pytest.mark.parametrize(("name", "expected"), CLASSES.items())
def test_every_error_of_the_driver_is_translated(name: str, expected: type[StoreError]) -> None:
    error = driver_errors()[name](*ARGUMENTS.get(name, ("broken",)))

    translation = translate(error)

    assert type(translation) is expected
    assert str(translation).startswith(f"{name}: ")


def test_the_table_lists_every_server_code_that_is_translated() -> None:
    conflicts, unavailable = errors._CONFLICT_CODES, errors._UNAVAILABLE_CODES

    assert sorted([*conflicts, *unavailable, errors._DUPLICATE_KEY]) == sorted(CODES)


def test_every_server_code_is_translated_and_any_other_is_unexpected() -> None:
    translations = {code: type(translate(OperationFailure("x", code))) for code in range(20_000)}

    assert translations == dict.fromkeys(range(20_000), UnexpectedStoreError) | CODES


def test_a_lost_connection_is_unavailable_whatever_its_code() -> None:
    error = pymongo.errors.NotPrimaryError("gone", {"code": 112})

    assert type(translate(error)) is DatabaseUnavailable


def test_inside_translated_only_the_drivers_errors_are_replaced() -> None:
    original = ConnectionFailure("gone")
    with (
        pytest.raises(DatabaseUnavailable, match="ConnectionFailure: gone") as raised,
        translated(),
    ):
        raise original
    assert raised.value.__cause__ is original

    with pytest.raises(LookupError), translated():
        raise LookupError("ours")


@pytest.mark.parametrize(
    ("codes", "expected"),
    [([11000], DuplicateKey), ([121, 11000], DuplicateKey), ([121], UnexpectedStoreError)],
)
def test_what_many_inserts_met_is_told_inside(codes: list[int], expected: type[StoreError]) -> None:
    error = BulkWriteError({"writeErrors": [{"code": code} for code in codes]})

    assert type(translate(error)) is expected


def test_a_key_that_is_in_use_or_about_to_be_is_told_by_two_codes() -> None:
    codes = [code for code in CODES if meets_another_insert(OperationFailure("x", code))]

    assert codes == [112, 11000]
    assert meets_another_insert(DuplicateKeyError("x", 11000))
    assert not meets_another_insert(ConnectionFailure("x"))
