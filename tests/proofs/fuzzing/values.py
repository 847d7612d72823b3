"""Odd values at random places of JSON, and JSON that says what Python's own writer cannot."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

_UNKNOWN = "ffffffffffffffffffffffff"
_NAMES = [
    "", "id", "__proto__", "$ne", "$where", "a.b", "productId", "quantity", "stock", "data",
    "options", "\x00", "é", "idempotencyKey", "extensions", "operationName",
]  # fmt: skip
_TEXTS = [
    "", " ", "5", "-1", "NaN", "null", "true", "\x00", "\x07", "a\tb\nc", "\u202eabc", "\u200b",
    "Cafe\u0301", "\ufeffCup", "𝔘𝔫𝔦", "=1+1", "a" * 201, "x" * 1_001, "key with spaces", "é" * 99,
    "000000000000000000000001", "F" * 24, "f" * 23, "f" * 25, _UNKNOWN, "g" * 24,
    "2026-01-01T00:00:00Z", "9999-12-31T23:59:59.999999+23:59", "0000-00-00", "COMPLETED",
]  # fmt: skip
_NUMBERS = [
    "0", "-0", "-0.0", "1", "-1", "2147483647", "-2147483647", "2147483648", "-2147483648",
    "9007199254740993", "9223372036854775807", "9223372036854775808", "18446744073709551616",
    "0.1", "5.0", "5e0", "1E2", "1e400", "-1e400", "1e-400", "4.99999999999999999999", "1e308",
    "1e999999999", "NaN", "Infinity", "-Infinity", "01", "+1", ".5", "5.", "0x10", "1_000",
]  # fmt: skip
_TOKENS = [
    '"\\ud800"', '"\\udfff\\ud800"', '"\\u0000"', '"\x01"', '"\\x"', "'a'", "{}", "[]", "[[]]",
    '{"a": 1, "a": 2}', '{"productId": "f", "product\\u0049d": "f"}', "[null]", "[,]", "{,}",
    "undefined", '{"$integer": "AQAAAAAAAAA="}', '{"$float": "AAAAAAAA+H8="}', '{"$bytes": "AA=="}',
    '{"$undefined": null}', '{"$integer": 5}', '{"$float": "x"}', "tru", "", "//", "/**/ 1",
]  # fmt: skip


class Raw(str):
    """A text that is written as it is in place of a JSON value."""

    __slots__ = ()


def odd(random: Random) -> Any:
    """Return a value that hardly any field takes."""
    match random.randrange(8):
        case 0:
            return random.choice([None, None, True, False, [], {}, [None], [[]], {"a": {"b": []}}])
        case 1 | 2:
            return random.choice(_TEXTS)
        case 3 | 4:
            return Raw(random.choice(_NUMBERS))
        case 5:
            return Raw(random.choice(_TOKENS))
        case 6:
            return Raw(random.choice(["", "-"]) + "7" * random.randint(1, 5_000))
        case _:
            return _large(random)


def _large(random: Random) -> Any:
    depth, length = random.choice([5, 100, 900, 5_000]), random.choice([300, 3_000, 60_000])
    return random.choice(
        [
            Raw("[" * depth + "]" * depth),
            Raw('{"a":' * depth + "1" + "}" * depth),
            Raw("[" * depth),
            "y" * length,
            Raw('"' + "\\u0000" * (length // 6) + '"'),
            [{} for _ in range(length // 10)],
            [_UNKNOWN] * (length // 30),
            {f"name{number}": number for number in range(length // 30)},
        ]
    )


def mutated(value: Any, random: Random) -> Any:
    """Return a copy of a JSON value with something odd at one to three places."""
    value = _copy(value)
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        places = _places(value)
        if not places or random.random() < 0.03:
            return random.choice([odd(random), [value], [value, value]])
        container, key = random.choice(places)
        change: Callable[[Any, Any, Random], None] = random.choice(_CHANGES)
        change(container, key, random)
    return value


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copy(one) for name, one in value.items()}
    return [_copy(one) for one in value] if isinstance(value, list) else value


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Return the container and the key of every value within `value`."""
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value[:20]))
    else:
        return []
    return [(value, key) for key, _ in pairs] + [
        place for _, inner in pairs for place in _places(inner)
    ]


def _replace(container: Any, key: Any, random: Random) -> None:
    container[key] = odd(random)


def _drop(container: Any, key: Any, _random: Random) -> None:
    del container[key]


def _wrap(container: Any, key: Any, random: Random) -> None:
    container[key] = random.choice([[container[key]], {"a": container[key]}, str(container[key])])


def _repeat(container: Any, key: Any, random: Random) -> None:
    if isinstance(container, list):
        container.extend([container[key]] * random.choice([1, 2, 50, 300]))
    else:
        container[random.choice(_NAMES)] = container[key]


def _double(container: Any, key: Any, random: Random) -> None:
    """Give an object a name twice, or a name that is not known."""
    if isinstance(container, dict):
        first = {"again": container[key]} if random.random() < 0.5 else {str(key): odd(random)}
        container[Raw(f"{written(first)[1:-1]}, {json.dumps(key)}")] = container[key]
    else:
        container.insert(0, odd(random))


def _add(container: Any, _key: Any, random: Random) -> None:
    if isinstance(container, dict):
        container[random.choice(_NAMES)] = odd(random)
    else:
        container.append(odd(random))


_CHANGES = [_replace, _replace, _replace, _replace, _drop, _wrap, _repeat, _double, _add]


def written(value: Any) -> str:
    """Return `value` as JSON, with a `Raw` as it is."""
    match value:
        case Raw():
            return str(value)
        case dict():
            pairs = (f"{written(name)}: {written(one)}" for name, one in value.items())
            return f"{{{', '.join(pairs)}}}"
        case list():
            return f"[{', '.join(map(written, value))}]"
    return json.dumps(value, ensure_ascii=False)
