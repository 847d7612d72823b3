"""What does a case: the servers, and the floor."""

from bench.products.batch import Batch
from bench.products.case import Case
from bench.products.floor import Floor
from bench.server import Caller, Server
from bench.sides import Side, floor_side, http_side

FLOOR = "floor"

ProductSide = Side[Batch, int]


def server_side(case: Case, server: Server, caller: Caller) -> ProductSide:
    return http_side(server.driver, server, caller, body=case.body, read=case.done)


def program_side(case: Case, floor: Floor) -> ProductSide:
    return floor_side(FLOOR, lambda batch: case.floor(floor, batch.inputs))
