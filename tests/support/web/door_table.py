"""One table of every door and every rule that a request must obey.

A cell is the exact answer where the rule holds, or the reason why it does not apply. Two rules are
not here because no door meets them: several headers Content-Length, and a body of another length
than it says, end in the HTTP parser of uvicorn.
"""

from tests.support.web.door_cells import Rule, taken
from tests.support.web.door_rules import answers, bodies, failures, keys, media_types
from tests.support.web.doors import Door

RULES: dict[str, Rule] = {
    "a well-formed request is taken": Rule(taken(Door)),
    **bodies.RULES,
    **media_types.RULES,
    **keys.RULES,
    **answers.RULES,
    **failures.RULES,
}
