"""A server that says that it has done everything, and does nothing: a checkout to measure."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

STOCK = 1_000_000  # of every product when it was created


class Liar(BaseHTTPRequestHandler):
    """Answer each mutation as if every item had succeeded."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = json.dumps({"data": done(sent["query"], sent["variables"]["items"])}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


def done(query: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    if "batchCreateProducts" in query:
        return {"batchCreateProducts": {"stats": {"created": len(items)}, "failed": []}}
    results = [
        {"productId": item["productId"], "success": True, "newStock": STOCK + item["quantity"]}
        for item in items
    ]
    return {"batchUpdateStock": results}


if __name__ == "__main__":
    with ThreadingHTTPServer(("127.0.0.1", 0), Liar) as server:
        print(f"Ready: http://127.0.0.1:{server.server_port}/graphql", flush=True)
        server.serve_forever()
