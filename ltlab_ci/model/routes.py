"""Names of requests that are URLs with ids in them made one route: `/products/1624` is `/products/:id`.

Learned from all names together, whatever their order; nothing is drawn. A name that a script gave stays as it
is, unless a stated pattern says otherwise. A tree of words whose branches are limited in number is Drain's idea
(He, Zhu, Zheng, Lyu, ICWS 2017); here the words are segments of a path.
Not here: taking the service's own address off (store/sql.py), reading names (store/).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

MOST_WORDS = 20
"""More words than this beside one another are values, not routes; the frequent ones stay apart."""

MOST_RESOURCES = 100
"""The same where an API lists its resources: at the first segment that is no version and not `api`."""

FREQUENT = 0.05
"""A word with this share of the requests that pass its place stays apart, however many others there are."""

MOST_VALUES = 5
"""More values of a query parameter than this are one."""

MOST_QUERIES = 20
"""More combinations of query parameters of one path than this are one."""

_STRONG, _WEAK = 2, 10  # how many different ones it takes to be sure that they are ids
_DEEPEST = 32
_MARK = "\0"  # stands for an id until it is written out; no URL can hold it
_TEMPLATE = "${}"  # what k6's http.url`...` has in place of a value
_KEPT = (":", _TEMPLATE)  # begins what is a placeholder already
_PLACEHOLDER = re.compile(r":id[0-9]*")  # as it is written here, in a URL that comes from a report
_ADDRESS = re.compile(r"https?://[^/?#]*", re.IGNORECASE)
_ANY_ADDRESS = re.compile(r"(?:https?://)?\$\{\}(?::(?:\d+|\$\{\}))?(?=[/?]|$)", re.IGNORECASE)
_METHOD = re.compile(r"[A-Z]+ ")
_VERSION = re.compile(r"v\d+(?:\.\d+)*", re.IGNORECASE)
_PREFIX = re.compile(r"|api|rest|rpc|v\d+(?:\.\d+)*", re.IGNORECASE)

_UUID = r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}"
_CLOCK = r"[T_ ]\d{2}[:.]?\d{2}(?:[:.]?\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?"
_TIME = rf"\d{{4}}-\d{{2}}(?:-\d{{2}}(?:{_CLOCK})?)?"
_HASH = r"(?=[0-9a-fA-F]*[0-9])(?=[0-9a-fA-F]*[a-fA-F])[0-9a-fA-F]{7,}"
_ID = re.compile(rf"{_UUID}|{_TIME}|[-+]?[0-9]+(?:[.,][0-9]+)*|{_HASH}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{8,}={0,2}")
_TURNS = re.compile(r"(?<=[0-9])(?=[A-Za-z])|(?<=[A-Za-z])(?=[0-9])")
_LEAST_TURNS = 3  # from letters to digits and back: no word that people make up
_EXTENSION = re.compile(r"(.+?)((?:\.[A-Za-z][A-Za-z0-9]{0,4}){1,2})")
_PARTS = re.compile(rf"({_UUID}|{_TIME}|[-_.,:;~@+=]|%[0-9A-Fa-f]{{2}})")
_NUMBERED = re.compile(r"([A-Za-z]+)([0-9]+)")
_LONG_NUMBER = 3


@dataclass(frozen=True, kw_only=True)
class Naming:
    """How requests are named: by the first of the stated `patterns` that matches, and by what is learned."""

    patterns: tuple[str, ...] = ()
    learn: bool = True


Named = tuple[str, bool, int]
"""A name, whether it is the request's URL (else a script gave it), and how often it was requested."""


class Routes:
    """What names are called, once all of them were seen."""

    def __init__(self, naming: Naming) -> None:
        self._stated = tuple((pattern, _compiled(pattern)) for pattern in naming.patterns)
        self._learn = naming.learn
        self._trees: dict[str, _Node] = {}
        self._queries: dict[str, dict[tuple[str, ...], list[_Parameter]]] = {}
        self._taken: set[str] = set(naming.patterns)

    @classmethod
    def learned(cls, names: Callable[[], Iterable[Named]], naming: Naming | None = None) -> Routes:
        """Learn from names, which are asked for twice: paths first, then what stands behind them."""
        routes = cls(naming or Naming())
        if routes._learn:
            for name, is_url, count in names():
                routes._see(name, is_url=is_url, count=count)
            for tree in routes._trees.values():
                tree.settle(listed=True)
            for name, is_url, _ in names():
                if "?" in name:
                    routes._see_query(name, is_url=is_url)
        return routes

    def of(self, name: str, *, is_url: bool) -> str:
        """Return the route of a name that was seen: the name itself where nothing is to be merged."""
        whole = _own(name) if is_url else name
        stated = self._pattern(whole)
        if stated is not None or not self._learns(name, is_url=is_url):
            return whole if stated is None else stated
        address, segments, query = _split(whole)
        route = address + self._path(address, segments)
        behind = self._behind(route, query) if query else "?" * whole.endswith("?")
        return self._written(route + behind, whole)

    def _learns(self, name: str, *, is_url: bool) -> bool:
        return self._learn and is_url and _MARK not in name and self._pattern(_own(name)) is None

    def _pattern(self, name: str) -> str | None:
        if not self._stated:
            return None
        both = {name, name.partition("?")[0]}
        return next(
            (stated for stated, regex in self._stated if any(map(regex.fullmatch, both))), None
        )

    def _see(self, name: str, *, is_url: bool, count: int) -> None:
        bare = _ADDRESS.sub("", _own(name) if is_url else name, count=1)
        if ":" in bare or "*" in bare:
            self._taken.add(_METHOD.sub("", bare, count=1))
        if not self._learns(name, is_url=is_url):
            return
        address, segments, _ = _split(_own(name))
        node = self._trees.setdefault(address, _Node())
        for segment in segments:
            node.count += count
            node = node.at(segment)
        node.count += count

    def _see_query(self, name: str, *, is_url: bool) -> None:
        address, segments, query = _split(_own(name))
        if not query or not self._learns(name, is_url=is_url):
            return
        kinds = self._queries.setdefault(address + self._path(address, segments), {})
        parts = _parsed(query)
        keys = tuple(parts)
        if keys in kinds or len(kinds) <= MOST_QUERIES:
            several = kinds.setdefault(keys, [_Parameter() for _ in keys])
            for parameter, key in zip(several, keys, strict=True):
                parameter.see(parts[key])

    def _path(self, address: str, segments: list[str]) -> str:
        node, called = self._trees[address], []
        for segment in segments:
            name, node = node.step(segment)
            called.append(name)
        return "/".join(called)

    def _behind(self, route: str, query: str) -> str:
        kinds = self._queries[route]
        if len(kinds) > MOST_QUERIES:
            return f"?{_MARK}{_MARK}"
        parts = _parsed(query)
        of = zip(parts.items(), kinds[tuple(parts)], strict=True)
        shown = (f"{key}={_MARK}{_MARK}" if one.open else raw for (key, raw), one in of)
        return f"?{'&'.join(shown)}"

    def _written(self, route: str, name: str) -> str:
        """Write ids out, and never as another name is written that there is besides."""
        if route == name:
            return name
        path, mark, query = route.partition("?")
        every = (
            path.replace(_MARK, f":id{number if number > 1 else ''}")
            + mark
            + query.replace(_MARK * 2, "*" * number)
            for number in range(1, len(self._taken) + 2)
        )
        return next(one for one in every if _ADDRESS.sub("", one, count=1) not in self._taken)


@dataclass
class _Class:
    """What looks alike at one place: values of their own, or one node once there are `needed` of them."""

    needed: int | None
    values: dict[str, _Node] = field(default_factory=dict)
    node: _Node | None = None

    def at(self, value: str) -> _Node:
        if self.node is None:
            found = self.values.setdefault(value, _Node())
            few = self.needed is None or len(self.values) < self.needed
            if few or all(_PLACEHOLDER.search(each) for each in self.values):
                return found
        return self.joined()

    def joined(self) -> _Node:
        self.node = self.node or _Node()
        for node in self.values.values():
            self.node.add(node)
        self.values.clear()
        return self.node

    def add(self, other: _Class) -> None:
        for value, node in other.values.items():
            self.at(value).add(node)
        if other.node is not None:
            self.joined().add(other.node)

    def called(self, look: str) -> dict[str, _Node]:
        return self.values if self.node is None else {look: self.node}


@dataclass
class _Node:
    """A place in the paths of one address: what stands there, and what follows each of it.

    `rest` follows all that is one here; `apart` are the words that are none of it.
    """

    count: int = 0
    classes: dict[str, _Class] = field(default_factory=dict)
    rest: _Node | None = None
    apart: frozenset[str] = frozenset()

    def at(self, segment: str) -> _Node:
        look, needed = _look(segment)
        return self.classes.setdefault(look, _Class(needed=needed)).at(segment)

    def add(self, other: _Node) -> None:
        self.count += other.count
        for look, several in other.classes.items():
            self.classes.setdefault(look, _Class(needed=several.needed)).add(several)

    def settle(self, *, listed: bool) -> None:
        """Decide what is one here, then in what follows; `listed`: an API's resources stand here."""
        here = {
            called: node
            for look, several in self.classes.items()
            for called, node in several.called(look).items()
        }
        words = [called for called in here if called and not called.startswith((*_KEPT, _MARK))]
        if len(words) > (MOST_RESOURCES if listed else MOST_WORDS):
            self.rest = _Node()
            self.apart = frozenset(
                word for word in words if here[word].count >= FREQUENT * self.count
            )
            for called, node in here.items():
                if not self._stays(called):
                    self.rest.add(node)
            self.rest.settle(listed=False)
        for called, node in here.items():
            if self._stays(called):
                node.settle(listed=listed and _PREFIX.fullmatch(called) is not None)

    def step(self, segment: str) -> tuple[str, _Node]:
        """Return what a segment is called here, and the place of what follows it."""
        look, _ = _look(segment)
        several = self.classes[look]
        called = segment if several.node is None else look
        if self._stays(called):
            return called, several.called(look)[called]
        assert self.rest is not None  # or everything would stay
        return _MARK, self.rest

    def _stays(self, called: str) -> bool:
        if self.rest is None or not called or called in self.apart:
            return True
        look = called if _MARK in called else _look(called)[0]
        # An id with an extension, such as the number of a picture, is not a slug.
        return look != _MARK and look.startswith((*_KEPT, _MARK))


@dataclass
class _Parameter:
    """The values of one parameter of a query, as they are written: `q=shoes`."""

    ids: set[str] = field(default_factory=set)
    values: set[str] = field(default_factory=set)
    open: bool = False

    def see(self, written: str) -> None:
        value = written.partition("=")[2]
        if self.open or not value or value.startswith(("*", *_KEPT)):
            return
        self.values.add(written)
        if _look(value)[1] == _STRONG:
            self.ids.add(written)
        self.open = len(self.ids) >= _STRONG or len(self.values) > MOST_VALUES


@functools.lru_cache(maxsize=65_536)
def _look(segment: str) -> tuple[str, int | None]:
    """Return a segment with a mark for its ids, and how many of a look it takes; None: it is a word."""
    kept = not segment or segment.startswith(_KEPT) or _VERSION.fullmatch(segment)
    masked = _PLACEHOLDER.sub(_MARK, segment)
    if masked == segment and not kept:
        masked = _masked(segment)
    if masked != segment:
        return masked, _STRONG
    numbered = None if kept else _NUMBERED.fullmatch(segment)
    if numbered is not None:
        return numbered[1] + _MARK, _STRONG if len(numbered[2]) >= _LONG_NUMBER else _WEAK
    return segment, None


def _masked(segment: str) -> str:
    if _is_id(segment):
        return _MARK
    named = _EXTENSION.fullmatch(segment)
    if named is not None and _is_id(named[1]):
        return _MARK + named[2]
    return "".join(_MARK if _is_id(part) else part for part in _PARTS.split(segment))


def _is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None or _is_token(text)


def _is_token(text: str) -> bool:
    """Say whether letters and digits are mixed as in a ULID or a nanoid; a slug has words between its hyphens."""
    if _TOKEN.fullmatch(text) is None or len(_TURNS.findall(text)) < _LEAST_TURNS:
        return False
    in_pieces = "-" in text or "_" in text
    return not in_pieces or (text.lower() != text and text.upper() != text)


def _own(name: str) -> str:
    """Return a name without an address that is a template's value: the script's own BASE_URL."""
    found = _ANY_ADDRESS.match(name) if _TEMPLATE in name else None
    return (name[found.end() :] or "/") if found is not None else name


def _split(name: str) -> tuple[str, list[str], str]:
    """Return address, segments of the path, query. What is very deep is one segment."""
    found = _ADDRESS.match(name)
    address = found[0] if found is not None else ""
    path, _, query = name[len(address) :].partition("?")
    return address, path.split("/", _DEEPEST), query


def _parsed(query: str) -> dict[str, str]:
    """Return the parameters of a query by key, as they are written; those of one key are one."""
    parts: dict[str, str] = {}
    for part in query.split("&"):
        key = part.partition("=")[0]
        parts[key] = f"{parts[key]}&{part}" if key in parts else part
    return parts


def _compiled(pattern: str) -> re.Pattern[str]:
    """Return a stated pattern: `:id` is one segment, `*` any text."""
    parts = re.split(r"(:[A-Za-z_]\w*|\*)", pattern)
    parts[::2] = map(re.escape, parts[::2])
    parts[1::2] = [".*" if part == "*" else "[^/?&]+" for part in parts[1::2]]
    return re.compile("".join(parts), re.DOTALL)
