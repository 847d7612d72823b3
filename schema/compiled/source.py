"""Functions that are written at run time, for work that is done once per item.

Measured for an item of two fields: 0.2 µs in a function that is written for its type, 1.1 µs in
closures that call each other. Nothing of a request becomes code: what is written are names of the
schema, and response names, which GraphQL's grammar keeps to letters, digits and underscores.
"""

from collections.abc import Callable
from typing import Any


class Source:
    """The lines of one function, and the objects that they mention."""

    def __init__(self, head: str) -> None:
        self._lines = [f"{head}:"]
        self._objects: dict[str, Any] = {}
        self._locals = 0

    def name_of(self, value: Any) -> str:
        """Return a name under which the function finds this object."""
        name = f"object_{len(self._objects)}"
        self._objects[name] = value
        return name

    def new_local(self) -> str:
        """Return the name of a new local variable."""
        self._locals += 1
        return f"value_{self._locals}"

    def add(self, depth: int, line: str) -> None:
        """Write a line that is indented `depth` times."""
        self._lines.append("    " * depth + line)

    def function(self) -> Callable[..., Any]:
        """Return the function that was written."""
        scope = dict(self._objects)
        code = compile("\n".join(self._lines), "<compiled operation>", "exec")
        exec(code, scope)  # noqa: S102 - see above: the lines come from the schema
        name = self._lines[0].split("def ")[1].split("(")[0]
        function: Callable[..., Any] = scope[name]
        return function
