"""Opaque cursors: the sort key and the id of the last document of a page."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import bson
from bson import Int64, ObjectId
from bson.codec_options import CodecOptions
from bson.errors import BSONError

from server.domain.errors import BadInput

_CODEC: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """A place in a list: `order` names the list's order, and `value` is the sort key there."""

    order: str
    value: Any
    id: ObjectId

    def encode(self) -> str:
        """Return the text that callers see."""
        fields = {"o": self.order, "v": self.value, "i": self.id}
        return base64.urlsafe_b64encode(bson.encode(fields, codec_options=_CODEC)).decode()


def decode_cursor(text: str, *, order: str, value_type: type) -> Cursor:
    """Return the cursor that `text` stands for.

    Its value must be of `value_type`, so that a forged cursor cannot put an operator into a query.

    Raises:
        BadInput: `text` is no cursor of ours, or one of another order.
    """
    try:
        raw = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
        fields = bson.decode(raw, codec_options=_CODEC)
    except (BSONError, binascii.Error, UnicodeError, ValueError) as error:
        raise _malformed() from error
    match fields:
        case {"o": str(found), "v": value, "i": ObjectId() as document_id}:
            if found != order:
                raise BadInput(
                    "after is a cursor of a list in another order: keep orderBy and the filter the "
                    "same from page to page, or leave after out to start anew."
                )
            # `Code` is a subclass of str, and bool of int; mongosh stores numbers as Int64.
            if type(value) is value_type or (value_type is int and type(value) is Int64):
                return Cursor(order=order, value=value, id=document_id)
    raise _malformed()


def _malformed() -> BadInput:
    return BadInput(
        "after is not a cursor: pass the endCursor of the page before, unchanged, or leave it out."
    )
