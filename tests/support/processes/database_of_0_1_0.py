"""What stockbatch 0.1.0 wrote and answered, as if it had ended just now: tests/data/0.1.0."""

import asyncio
import base64
import csv
import gzip
import io
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bson
from bson.codec_options import CodecOptions
from pymongo import MongoClient

from server.mongo.connection.embedded import EmbeddedMongod
from tests.support.project import PROJECT

Document = dict[str, Any]

_FOLDER = PROJECT / "tests/data/0.1.0"
_CODEC: CodecOptions[Document] = CodecOptions(tz_aware=True)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_ADDED = {"createdBy", "dryRun", "row", "oldStock"}  # in answers over REST
_FORMULA = re.compile(r"^'(?=[=+\-@])")  # what is written before one since then
_CURSORS = {"cursor", "startCursor", "endCursor", "after"}


class Written:
    """All times in it are later by as long as it was written ago: keys are kept for 7 days only.

    The times in cursors are later, too; their form stays that of 0.1.0.
    """

    def __init__(self) -> None:
        answers = json.loads(gzip.decompress((_FOLDER / "answers.json.gz").read_bytes()))
        age = datetime.now(UTC) - datetime.fromisoformat(answers["writtenAt"])
        self._age = timedelta(seconds=int(age.total_seconds()))
        self.opening: dict[str, int] = answers["opening"]
        self.batches: dict[str, str] = answers["batches"]
        self.reads = [self._exchange(one) for one in answers["reads"]]
        self.keyed = {name: self._exchange(one) for name, one in answers["keyed"].items()}
        self.interrupted: dict[str, Document] = answers["interrupted"]

    def restore(self, data_dir: Path) -> None:
        """Make it a data folder: collections with their validators, indexes and documents."""
        with asyncio.Runner() as runner:
            mongod = EmbeddedMongod(data_dir)
            runner.run(mongod.start())
            with MongoClient[Document](mongod.uri) as client:
                self._fill(client)
            runner.run(mongod.stop())

    def _fill(self, client: MongoClient[Document]) -> None:
        database = client["stockbatch"]
        content = gzip.decompress((_FOLDER / "database.bson.gz").read_bytes())
        for collection in bson.decode_all(content, _CODEC):
            name = collection["name"]
            database.create_collection(name, **collection["options"])
            indexes = [one for one in collection["indexes"] if one["name"] != "_id_"]
            database.command("createIndexes", name, indexes=indexes)
            documents = [self._later(one) for one in collection["documents"]]
            database[name].insert_many(documents)

    def _later(self, value: Any) -> Any:
        """The same with later times."""
        match value:
            case datetime():
                return value + self._age
            case dict():
                return {name: self._later(one) for name, one in value.items()}
            case list():
                return [self._later(one) for one in value]
        return value

    def _exchange(self, kept: Mapping[str, Any]) -> Document:
        sent, answer = kept["sent"], kept["answer"]
        if kept["path"] == "/graphql":
            sent = json.dumps(self._shown_later(json.loads(sent)))
            answer = self._shown_later(json.loads(answer))
        else:
            answer = shown(kept)(_MOMENT.sub(lambda found: self._moment(found[0]), answer))
        return {**kept, "sent": sent, "answer": answer}

    def _shown_later(self, value: Any, name: str = "") -> Any:
        match value:
            case dict():
                return {name: self._shown_later(one, name) for name, one in value.items()}
            case list():
                return [self._shown_later(one) for one in value]
            case str() if name in _CURSORS:
                return self._cursor(value)
            case str() if _MOMENT.fullmatch(value):
                return self._moment(value)
        return value

    def _moment(self, text: str) -> str:
        later = datetime.fromisoformat(text) + self._age
        return later.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _cursor(self, text: str) -> str:
        fields = self._later(bson.decode(base64.urlsafe_b64decode(text), _CODEC))
        return base64.urlsafe_b64encode(bson.encode(fields)).decode()


def shown(exchange: Mapping[str, Any]) -> Callable[[str], Any]:
    """How an answer to such a request is compared: as data, without what was added since 0.1.0."""
    if exchange["path"] == "/graphql":
        return json.loads
    if "format=csv" in exchange["path"]:
        return _rows_of_0_1_0
    return _lines_of_0_1_0


def _lines_of_0_1_0(text: str) -> list[Any]:
    """JSON, or each line of NDJSON."""
    return [json.loads(line, object_pairs_hook=_without_added) for line in text.splitlines()]


def _without_added(pairs: list[tuple[str, Any]]) -> Document:
    return {name: value for name, value in pairs if name not in _ADDED}


def _rows_of_0_1_0(text: str) -> list[list[str]]:
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    kept = [place for place, name in enumerate(header) if name.rpartition(".")[2] not in _ADDED]
    return [[_FORMULA.sub("", row[place]) for place in kept] for row in (header, *rows)]
