"""The page on metrics names every metric, and none that there is not."""

import re

from server.domain.queue_state import QueueDepth, QueueState
from server.web.gauges import Gauges
from server.web.metrics import Metrics
from server.web.probe import Probe
from tests.support.project import PROJECT
from tests.support.web.exposition import names

EMPTY = QueueDepth(waiting=0, running=0, oldest_seconds=0)
_ROW = re.compile(r"^\| `(stockbatch_\w+)` \| (.*?) \|", re.MULTILINE)


async def test_every_metric_is_documented_and_no_other() -> None:
    async def state() -> QueueState:
        return QueueState(depth=EMPTY, workers=0)

    metrics = Metrics()
    metrics.gauges = Gauges(connections=dict, subscriptions=lambda: 0, queue=Probe(state))
    page = (PROJECT / "docs" / "monitoring.md").read_text(encoding="utf-8")

    documented = {name for name, _ in _ROW.findall(page)}

    told = names(await metrics.scrape())
    assert {name for name in told if name.startswith("stockbatch_")} == documented
