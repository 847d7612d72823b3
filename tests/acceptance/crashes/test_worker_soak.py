"""Kill three workers again and again in the middle of a large batch."""

import pytest

from tests.support.processes.depot import Depot
from tests.support.processes.soak import soak

KILLS = 60


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_a_hundred_thousand_updates_survive_sixty_kills(depot: Depot) -> None:
    found = await soak(depot, KILLS)

    assert found.failed == found.bad
    assert found.faults == []
    depot.assert_exact()
