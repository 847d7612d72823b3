"""The tables that one set of servers can measure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bench.scale import Scale
from bench.sides.floor import FLOOR
from bench.sides.server import ServerSide
from bench.sides.side import Side
from bench.table import Ratio, Rows, Table
from bench.tables import background, batches, keyed, pauses, storms, submissions

STORMS, STOCK = "Storms", "Batches"  # titles of the tables that are also drawn


@dataclass(frozen=True)
class Stage:
    """A floor and servers with the same products; `ratios` are those between servers.

    `others` are servers that have stock updates alone.
    """

    floor: Side
    servers: Sequence[ServerSide]
    others: Sequence[ServerSide]
    ids: Sequence[str]
    scale: Scale
    ratios: Sequence[Ratio]

    @property
    def sides(self) -> list[Side]:
        """Return the floor, and the servers that have everything."""
        return [self.floor, *self.servers]

    @property
    def all_sides(self) -> list[Side]:
        """Return the floor, and every server."""
        return [self.floor, *self.others, *self.servers]

    def tables(self, wanted: Sequence[str]) -> Iterator[Table]:
        """Yield these tables; the one that leaves much behind comes last."""
        kinds = [kind for kind in batches.KINDS if kind in wanted]
        if kinds:
            yield self.batches(kinds)
        makers: dict[str, Callable[[], Table]] = {
            "storms": self.storms,
            "keyed": self.keyed,
            "submissions": self.submissions,
            "pauses": self.pauses,
            "background": lambda: self.background("", background.IN_SERVER_NOTES),
            "workers": lambda: self.background(" on two workers", background.WORKERS_NOTES),
            "acceptance": self.acceptance,
        }
        for name, make in makers.items():
            if name in wanted:
                yield make()

    def batches(self, kinds: Sequence[str]) -> Table:
        scale = self.scale
        rows = (
            row
            for kind in kinds
            for row in batches.kind_rows(
                kind,
                self.all_sides if kind == "stock" else self.sides,
                self.ids,
                scale.sizes,
                scale.limit,
            )
        )
        return self._over_floor(STOCK, batches.NOTES, batches.LABELS, rows)

    def storms(self) -> Table:
        servers = [*self.others, *self.servers]
        rows = storms.storm_rows(servers, self.ids, self.scale.storms)
        return self._between(STORMS, storms.NOTES, storms.LABELS, rows)

    def keyed(self) -> Table:
        rows = keyed.keyed_rows(self.servers, self.ids, self.scale.keyed)
        return Table(
            "Idempotency keys", keyed.NOTES, ["server"], keyed.COLUMNS, [keyed.RATIO], rows
        )

    def submissions(self) -> Table:
        scale, title = self.scale, "Small batches in the background"
        rows = submissions.submission_rows(self.servers, self.ids, scale.submissions, scale.rounds)
        columns, ratios = submissions.COLUMNS, [submissions.RATIO]
        return Table(title, submissions.NOTES, ["server"], columns, ratios, rows)

    def pauses(self) -> Table:
        rows = pauses.pause_rows(self.servers, self.ids, self.scale.pauses)
        return self._between("Pauses", pauses.NOTES, pauses.LABELS, rows)

    def background(self, where: str, notes: str) -> Table:
        rows = background.background_rows(self.sides, self.ids, self.scale.large, self.scale.rounds)
        return self._over_floor(f"Background{where}: until done", notes, ["items"], rows)

    def acceptance(self) -> Table:
        rows = background.acceptance_rows(
            self.sides, self.ids, self.scale.accepted, self.scale.rounds
        )
        notes = background.ACCEPTANCE_NOTES
        return self._over_floor("Background: until accepted", notes, ["items"], rows)

    def _over_floor(self, title: str, notes: str, labels: Sequence[str], rows: Rows) -> Table:
        sides = self.all_sides if title == STOCK else self.sides
        columns = [side.name for side in sides]
        ratios = [*((name, FLOOR) for name in columns if name != FLOOR), *self.ratios]
        return Table(title, notes, labels, columns, ratios, rows)

    def _between(self, title: str, notes: str, labels: Sequence[str], rows: Rows) -> Table:
        servers = [*self.others, *self.servers] if title == STORMS else self.servers
        return Table(title, notes, labels, [side.name for side in servers], self.ratios, rows)
