"""A module as an application has it: functions of its own, private ones, and what it has only imported."""

from __future__ import annotations

import asyncio
import os
from os import getpid, system
from typing import Any

from queues import Context
from queues.tasks import register_service, task

__all__ = ["add", "getpid"]


def add(left: int, right: int = 1, *more: int, factor: int = 1) -> int:
    return (left + right + sum(more)) * factor


def _secret() -> str:
    return "nobody's business"


async def later(value: Any, ctx: Context) -> list[Any]:
    await asyncio.sleep(0)
    return [value, ctx.job_id]


def told(ctx: Context, *words: str, **rest: Any) -> Any:
    return [ctx.attempt, words, rest]


def process_id() -> int:
    return os.getpid()


def unwritable() -> object:
    return object()


@task
def marked(word: str) -> str:
    return word.upper()


run_anything = system


class Shop:
    """A service: what its object holds is not its to give."""

    def __init__(self) -> None:
        self.client = os
        self.orders = 0

    def order(self, size: int, ctx: Context) -> list[Any]:
        self.orders += 1
        return [size, self.orders, ctx.type]

    @staticmethod
    def price(size: int) -> int:
        return 3 * size

    @property
    def danger(self) -> Any:
        raise AssertionError("a property must not be read")

    def _ledger(self) -> None:
        raise AssertionError("a private method must not be called")

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)


def make_shop() -> Shop:
    return Shop()


def make_something() -> Any:
    return Shop()


register_service("shop", make_shop)
register_service("till", Shop, methods=["price"])
register_service("unknown-class", make_something)
