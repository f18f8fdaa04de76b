"""What is tested, as ltlab.yml states it, and when it counts as ready.

Not here: starting it (lab/).
"""

from __future__ import annotations

from typing import Annotated

import pydantic
from pydantic_core import PydanticCustomError

from ltlab_ci.model.fields import Duration, Frozen, Text, Words, address, keep


class Ready(Frozen):
    """When the service counts as ready; without `get` or `command`, when its port answers."""

    get: Annotated[str, pydantic.Field(pattern="^/")] | None = pydantic.Field(
        default=None, description="A path that must answer with a status below 400."
    )
    command: Words | None = pydantic.Field(
        default=None, description="A command that must exit with 0."
    )
    timeout: Duration = pydantic.Field(
        default="30s",
        description="How long to wait for it; twice as long where base and head start at once.",
    )

    @pydantic.model_validator(mode="after")
    def _one_way(self) -> Ready:
        if self.get is not None and self.command is not None:
            raise PydanticCustomError(
                "ltlab", "ready has both get and command", {"remedy": "keep one of them"}
            )
        return self


class ComposeService(Frozen):
    """One service of a project's own Compose file."""

    file: Text = pydantic.Field(description="The Compose file, from the folder of ltlab.yml.")
    service: Text = pydantic.Field(description="The service in it that is put under load.")


class Service(Frozen):
    """What is tested: a command, an image or a Compose file that ltlab starts, or a URL."""

    command: Words | None = pydantic.Field(
        default=None,
        description="Starts the service; {port}, {env} and {side} expand. With `image`: its "
        "arguments.",
    )
    image: Text | None = pydantic.Field(
        default=None, description="A container image; engines then run in its network."
    )
    compose: ComposeService | None = pydantic.Field(
        default=None, description="A Compose file of the project; engines run in its network."
    )
    port: Annotated[int, pydantic.Field(ge=1, le=65535)] | None = pydantic.Field(
        default=None, description="Where the service listens in its container."
    )
    url: Annotated[str, keep(address)] | None = pydantic.Field(
        default=None,
        json_schema_extra={"pattern": "^https?://[^/]+"},
        description="Where a running service answers; ltlab does not start it.",
    )
    build: Text | None = pydantic.Field(
        default=None,
        description="A shell line, run once before the start; {env} is a fresh folder, {side} is "
        "`head`, or `base` in a comparison.",
    )
    ready: Ready = Ready()
    env: dict[str, str] = pydantic.Field(
        default={}, description="Environment of the service; {port}, {env} and {side} expand."
    )

    @property
    def contained(self) -> bool:
        """Say whether it runs in a container that ltlab starts."""
        return self.image is not None or self.compose is not None

    @pydantic.model_validator(mode="after")
    def _one_kind(self) -> Service:
        kinds = [self.url, self.image, self.compose, None if self.image else self.command]
        if sum(kind is not None for kind in kinds) != 1:
            raise _refused(
                "service needs one of command, image, compose and url",
                "give `command: [...]` to start it, or `url: http://...`",
            )
        if self.url is not None and (self.build is not None or self.env):
            raise _refused(
                "build and env belong to a service that ltlab starts, not to a url",
                "remove them, or give `command` instead of `url`",
            )
        if self.contained is not (self.port is not None):
            raise _refused(
                "port is where the service listens in its container",
                "give it with `image` or `compose`; a command gets a free one as {port}",
            )
        if self.compose is not None and self.env:
            raise _refused(
                "env of a Compose service belongs in its file", "write `environment:` there"
            )
        return self


def _refused(message: str, remedy: str) -> PydanticCustomError:
    return PydanticCustomError("ltlab", message, {"remedy": remedy})
