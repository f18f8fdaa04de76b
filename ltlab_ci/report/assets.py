"""The files that a report is made with, and the template engines that fill them.

Not here: what is shown (view.py). Users bring no templates; ours only format, in a sandbox.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from importlib import resources
from typing import TYPE_CHECKING

from ltlab_ci.report import escape

if TYPE_CHECKING:
    import jinja2


def text(name: str) -> str:
    """Return a file of this package, such as `templates/report.css`."""
    return resources.files("ltlab_ci.report").joinpath(name).read_text(encoding="utf-8")


@functools.cache  # compiling costs more than filling
def markdown_template(name: str) -> jinja2.Template:
    """Return a template in which every value is escaped for Markdown, unless made as Markdown."""
    # Markdown has escapes of its own: _finalize_markdown
    environment = _environment(autoescape=False, finalize=_finalize_markdown)
    environment.filters.update(
        code=escape.code,
        fenced=escape.fenced,
        link=escape.link,
        named_link=escape.named_link,
        unbroken=escape.unbroken,
    )
    return environment.get_template(name)


@functools.cache
def html_template(name: str) -> jinja2.Template:
    """Return a template in which every value is escaped for HTML."""
    return _environment(autoescape=True, finalize=None).get_template(name)


def _environment(
    *, autoescape: bool, finalize: Callable[[object], object] | None
) -> jinja2.Environment:
    # Nothing but a report needs it, and a report comes last.
    import jinja2  # noqa: PLC0415
    from jinja2 import sandbox  # noqa: PLC0415

    return sandbox.ImmutableSandboxedEnvironment(
        loader=jinja2.FunctionLoader(_template),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=autoescape,
        finalize=finalize,
    )


def _template(name: str) -> str:
    return text(f"templates/{name}")


def _finalize_markdown(value: object) -> object:
    if isinstance(value, escape.Markdown) or not isinstance(value, str):
        return value
    return escape.markdown(value)
