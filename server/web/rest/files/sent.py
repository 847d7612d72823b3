"""A file as it was sent: as the body itself, or in a form."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request

from server.domain.errors import quoted
from server.web.body import charset
from server.web.refusal import unsupported
from server.web.rest.files.encoding import ENCODINGS, encoding_of
from server.web.rest.files.media_types import FORM, NDJSON, SUFFIXES_OF_NDJSON, bare
from server.web.rest.files.upload import Upload


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """The bytes of a file, and what the request says of it.

    `is_ndjson`: it is no table; None if its first character decides that. `fields` are those of the
    form.
    """

    body: AsyncIterator[bytes]
    is_ndjson: bool | None
    encoding: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


async def sent_file(request: Request, body: AsyncIterator[bytes]) -> SentFile:
    """Return the file of a request, whose bytes are still to be read.

    Raises:
        BadInput: a form is malformed, or has no file. Refused: the encoding is not known.
    """
    content_type = request.headers["Content-Type"]
    if bare(content_type) != FORM:
        return SentFile(
            body=body,
            is_ndjson=bare(content_type) in NDJSON,
            encoding=_encoding(content_type),
        )
    upload = Upload(content_type, body)
    await upload.find()
    is_ndjson = None
    if bare(upload.media_type) in NDJSON or upload.file_name.lower().endswith(SUFFIXES_OF_NDJSON):
        is_ndjson = True
    return SentFile(
        body=upload.content(),
        is_ndjson=is_ndjson,
        encoding=None if is_ndjson else _encoding(upload.media_type),
        fields=upload.fields,
    )


def _encoding(content_type: str) -> str | None:
    said = charset(content_type)
    if said is None:
        return None
    encoding = encoding_of(said)
    if encoding is None:
        raise unsupported(f"The charset {quoted(said)} is none of {', '.join(ENCODINGS)}.")
    return encoding
