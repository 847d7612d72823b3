"""Start a server for the first time, and use it as a newcomer would."""

import shutil
import socket
import stat
from pathlib import Path

import pytest

from tests.acceptance.conftest import Serve
from tests.support.processes.process_table import children, processes_in, tcp_ports
from tests.support.processes.server_process import ServerProcess

IDS = [f"{number:024x}" for number in (1, 2, 3)]

UPDATE = """
mutation Update($updates: [StockUpdateInput!]!) {
  batchUpdateStock(updates: $updates) { productId success newStock }
}
"""
DISCONTINUE = """
mutation Discontinue($ids: [ID!]!) { batchDiscontinueProducts(productIds: $ids) { updated failed } }
"""
DELETE = """
mutation ($deletes: [DeleteProductInput!]!) {
  batchDeleteProducts(deletes: $deletes) { deletedCount }
}
"""
PRODUCTS = """
{ products(orderBy: CREATED_ASC) { totalCount edges { node { id stock discontinued } } } }
"""


@pytest.fixture
def forked() -> bool:
    return False


def update(server: ServerProcess, *quantities: int) -> list[dict[str, object]]:
    """Update the stocks of the first sample products by these quantities."""
    updates = [
        {"productId": id_, "quantity": one} for id_, one in zip(IDS, quantities, strict=False)
    ]
    answer: list[dict[str, object]] = server.graphql(UPDATE, updates=updates)["batchUpdateStock"]
    return answer


def stocks(server: ServerProcess) -> dict[str, int]:
    edges = server.graphql(PRODUCTS)["products"]["edges"]
    return {edge["node"]["id"]: edge["node"]["stock"] for edge in edges}


def drivers(server: ServerProcess) -> set[bool]:
    """Return for the server's connections whether they say that they are Motor's."""
    connections = [
        {"$currentOp": {"allUsers": True, "idleConnections": True}},
        {"$match": {"appName": "stockbatch"}},
    ]
    with server.mongo() as client:
        names = [
            one["clientMetadata"]["driver"]["name"] for one in client.admin.aggregate(connections)
        ]
    return {"Motor" in name for name in names}


@pytest.mark.parametrize("driver", ["motor", "pymongo"])
def test_the_example_gives_the_answers_that_are_printed_beside_it(
    serve: Serve, driver: str
) -> None:
    server = serve(MONGODB_DRIVER=driver)

    updated = update(server, 5, -3, 10)
    discontinued = server.graphql(DISCONTINUE, ids=IDS)

    assert updated == [
        {"productId": IDS[0], "success": True, "newStock": 15},
        {"productId": IDS[1], "success": True, "newStock": 7},
        {"productId": IDS[2], "success": True, "newStock": 20},
    ]
    assert discontinued == {"batchDiscontinueProducts": {"updated": 3, "failed": 0}}
    assert drivers(server) == {driver == "motor"}


def test_an_empty_embedded_database_gets_twelve_samples(running: ServerProcess) -> None:
    products = running.graphql(PRODUCTS)["products"]

    nodes = [edge["node"] for edge in products["edges"]]
    assert products["totalCount"] == 12
    assert [node["id"] for node in nodes] == [f"{number:024x}" for number in range(1, 13)]
    assert [node["stock"] for node in nodes[:3]] == [10, 10, 10]
    assert not any(node["discontinued"] for node in nodes)


def test_samples_that_were_deleted_do_not_come_back(serve: Serve, data_dir: Path) -> None:
    server = serve()
    ids = [edge["node"]["id"] for edge in server.graphql(PRODUCTS)["products"]["edges"]]
    deleted = server.graphql(DELETE, deletes=[{"productId": one} for one in ids])
    assert server.stop() == 0

    again = serve()

    assert deleted == {"batchDeleteProducts": {"deletedCount": 12}}
    assert again.data_dir == data_dir
    assert stocks(again) == {}


def test_a_database_of_the_users_own_gets_no_samples(
    serve: Serve, data_dir: Path, running: ServerProcess
) -> None:
    server = serve(MONGODB_URI=running.mongodb_uri, MONGODB_DATABASE="their_own")

    assert stocks(server) == {}
    assert children(server.pid) == []
    assert not data_dir.exists()


def test_it_listens_and_keeps_its_data_where_it_was_told_and_nowhere_else(serve: Serve) -> None:
    with socket.create_server(("127.0.0.2", 0)) as free:
        port = free.getsockname()[1]

    server = serve(HOST="127.0.0.2", PORT=str(port), MONGODB_DATABASE="shop")

    assert server.url == f"http://127.0.0.2:{port}"
    assert tcp_ports(server.pid) == [("127.0.0.2", port)]
    assert len(stocks(server)) == 12
    with server.mongo() as client:
        assert set(client.list_database_names()) - {"admin", "config", "local"} == {"shop"}


def test_the_database_is_on_no_port_and_for_no_other_user(running: ServerProcess) -> None:
    socket_file = running.data_dir / "mongod.sock"

    assert tcp_ports(running.mongod.pid) == []
    assert stat.filemode(socket_file.stat().st_mode) == "srw-------"
    assert stat.filemode((running.data_dir / "db").stat().st_mode) == "drwx------"


def test_a_data_folder_may_have_a_path_that_is_too_long_for_a_socket(
    serve: Serve, tmp_path: Path
) -> None:
    long = tmp_path / ("long" * 30) / ("er" * 60)
    temporary = tmp_path / "t"
    temporary.mkdir()

    server = serve(long, TMPDIR=temporary)

    assert [one["newStock"] for one in update(server, 5, -3, 10)] == [15, 7, 20]
    assert processes_in(long) == [server.mongod.pid]
    assert server.stop() == 0
    assert list(temporary.iterdir()) == []


def test_a_data_folder_can_be_moved_and_keeps_what_was_written(
    serve: Serve, tmp_path: Path
) -> None:
    """The samples that were deleted stay deleted."""
    old, new = tmp_path / "old", tmp_path / "a new place" / "Bestände 在庫, 100%+1:@/?a=b#"
    before = serve(old)
    update(before, 5)
    with before.mongo() as client:
        client["stockbatch"]["products"].delete_many({"stock": {"$ne": 15}})
    before.stop()
    new.parent.mkdir(parents=True)
    shutil.move(old, new)

    after = serve(new)

    assert stocks(after) == {IDS[0]: 15}
    assert not old.exists()
