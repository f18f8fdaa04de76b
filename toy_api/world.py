"""What the endpoints of one service share; each gets it as a parameter."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from toy_api import dice, jobs, settings, work


@dataclass(frozen=True, kw_only=True)
class World:
    """Options, chance, jobs, and what the calibration found."""

    options: settings.Settings
    chance: dice.Dice
    cpu_units: int
    board: jobs.Board = field(default_factory=jobs.Board)
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def of(cls, given: settings.Settings) -> World:
        """Make the world for these settings; calibrating takes some 100 ms of CPU time."""
        # Two versions that are compared need the very same work, whatever each would measure.
        units = given.cpu_units or work.calibrate(given.cpu_ms)
        return cls(
            options=given,
            chance=dice.Dice(seed=given.seed),
            cpu_units=round(units * given.slowdown),
        )

    def wait_ms(self, endpoint: str, low_ms: float, high_ms: float) -> float:
        """Draw the next wait of an endpoint, in ms, the slowdown included."""
        return self.chance.between(endpoint, low_ms, high_ms) * self.options.slowdown


# A coroutine, because FastAPI would run a plain function in a thread, once a request.
async def _of_request(request: Request) -> World:
    world: World = request.app.state.world
    return world


Here = Annotated[World, Depends(_of_request)]
