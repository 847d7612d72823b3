"""The file in a form (`multipart/form-data`), read while it arrives."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from server.domain.errors import BadInput, quoted

_MOST_FIELDS = 20
_LONGEST_FIELD = 1_000  # bytes


@dataclass(slots=True)
class _Part:
    """A part of the form: a file, if it has a file name."""

    name: str = ""
    file_name: str | None = None
    media_type: str = ""
    content: bytearray = field(default_factory=bytearray)


class Upload:
    """The file of a form, and the fields that stand before it, which are parameters."""

    def __init__(self, content_type: str, body: AsyncIterator[bytes]) -> None:
        """Raise BadInput if the header has no boundary."""
        boundary = parse_options_header(content_type)[1].get(b"boundary")
        if not boundary:
            raise BadInput("The header Content-Type has no boundary: let the client write it.")
        self.fields: dict[str, str] = {}
        self.file_name = ""
        self.media_type = ""
        self._body = body
        self._headers: list[tuple[bytes, bytes]] = []
        self._header_name, self._header_value = b"", b""
        self._part = _Part()
        self._pieces: list[bytes] = []  # of the file, which were not handed out yet
        self._has_file = False
        self._has_ended = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._add_to_name,
                    "on_header_value": self._add_to_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_part_data": self._add_data,
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise BadInput(f"The form cannot be read: {error}.") from error

    async def find(self) -> None:
        """Read up to the beginning of the file.

        Raises:
            BadInput: there is no file, or the form is malformed.
        """
        while not self._pieces and (piece := await anext(self._body, None)) is not None:
            self._write(piece)
        if not self._has_file:
            raise BadInput("The form has no file: send one, as with curl -F file=@updates.csv.")

    async def content(self) -> AsyncGenerator[bytes, None]:
        """Yield the file in pieces; call `find` before.

        Raises:
            BadInput: there is another file, or the form is malformed or ends too early.
        """
        while True:
            pieces, self._pieces = self._pieces, []
            for piece in pieces:
                yield piece
            received = await anext(self._body, None)
            if received is None:
                break
            self._write(received)
        if not self._has_ended:
            raise BadInput("The form ends before its last boundary.")

    def _write(self, piece: bytes) -> None:
        try:
            self._parser.write(piece)
        except FormParserError as error:
            raise BadInput(f"The form cannot be read: {error}.") from error

    def _begin(self) -> None:
        self._part, self._headers = _Part(), []

    def _add_to_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _add_to_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        self._headers.append((self._header_name.lower(), self._header_value))
        self._header_name, self._header_value = b"", b""

    def _end_headers(self) -> None:
        headers = dict(self._headers)
        said = parse_options_header(headers.get(b"content-disposition", b""))[1]
        self._part.name = said.get(b"name", b"").decode(errors="replace")
        if b"filename" not in said:
            return
        if self._has_file:
            raise BadInput("The form has several files: send one.")
        self._has_file = True
        self.file_name = said[b"filename"].decode(errors="replace")
        self.media_type = headers.get(b"content-type", b"").decode("latin-1")
        self._part.file_name = self.file_name

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._part.file_name is not None:
            self._pieces.append(data[start:end])
            return
        self._part.content += data[start:end]
        if len(self._part.content) > _LONGEST_FIELD:
            raise BadInput(f"The field {quoted(self._part.name)} is too long.")

    def _end_part(self) -> None:
        if self._part.file_name is not None:
            return
        name = self._part.name
        if self._has_file:
            raise BadInput(
                f"The field {quoted(name)} stands behind the file: send it before, or as a "
                "parameter of the URL."
            )
        if name in self.fields or len(self.fields) >= _MOST_FIELDS:
            raise BadInput(f"The form has the field {quoted(name)} twice, or too many fields.")
        self.fields[name] = self._part.content.decode(errors="replace")

    def _end(self) -> None:
        self._has_ended = True
