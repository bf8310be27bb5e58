"""Job types for the dashboard's tests: one to fill a form for, one that waits, one that fails, one that is nasty, one
that is sensitive, one with a limit and levels."""

import asyncio
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from queues import SERVICE_CLASSES, Context, Discard, Fixed, job

__all__ = ["card", "greet", "hold", "nasty", "purged", "single", "unreliable"]

#: Seconds between two looks for the file.
LOOK = 0.01
#: Seconds that a job may be held: more than this folder's tests take on a slow machine.
FOLDER = 600.0
#: What must be shown as it stands, and never be taken for markup.
NASTY = '<img src=x onerror="window.hacked=1"><script>window.hacked=2</script></pre>\'"&amp;\u202e'


class Tone(StrEnum):
    KIND = "kind"
    STERN = "stern"


class Paper(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    page_width: int = Field(210, ge=1, le=2000, description="In millimetres.")
    is_glossy: bool = False


class Greeting(BaseModel):
    """A greeting to be printed."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    full_name: str = Field(min_length=2, max_length=40, description="Who is greeted.", examples=["Ada Lovelace"])
    copies: int = Field(1, ge=1, le=9)
    tone: Tone = Tone.KIND
    note: str | None = None
    paper: Paper = Field(default_factory=Paper)
    lines: list[str] = Field(default_factory=list)


class Held(BaseModel):
    #: The job ends when this file is there.
    until: str


@job("greet")
async def greet(greeting: Greeting, ctx: Context) -> dict[str, object]:
    """Prints a greeting."""
    ctx.log(f"greeting {greeting.full_name}")
    return {"greeted": greeting.full_name, "copies": greeting.copies, "pages": 9007199254740993}


@job("hold", timeout=FOLDER)
async def hold(data: Held, ctx: Context) -> str:
    """Waits for a file."""
    ctx.progress(40, "waiting for the file")
    while not Path(data.until).exists():  # noqa: ASYNC110, ASYNC240 - what it waits for happens in another process
        await asyncio.sleep(LOOK)
    return "released"


@job("unreliable", attempts=2, backoff=Fixed(0, jitter=0))
async def unreliable(data: dict[str, str], ctx: Context) -> str:
    """Fails unless its file is there."""
    ctx.log(f"attempt {ctx.attempt} of the connection", level="WARNING", port=631)
    if not Path(data["unless"]).exists():  # noqa: ASYNC240 - a look takes no time
        raise ConnectionError("the printer did not answer")
    return "printed"


@job("nasty")
async def nasty(data: dict[str, str], ctx: Context) -> None:
    print(NASTY)
    raise Discard(NASTY)


@job("purged")
async def purged(data: dict[str, str]) -> None:
    """Is never run: a purge is for all tenants, and would meet other tests' jobs."""
    raise AssertionError(data)


@job("single", timeout=FOLDER, tenant_concurrency=1, priorities=SERVICE_CLASSES)
async def single(data: Held) -> None:
    """Waits for a file, one at a time."""
    while not Path(data.until).exists():  # noqa: ASYNC110, ASYNC240 - as in hold
        await asyncio.sleep(LOOK)


@job("card", attempts=1, sensitive=True)
async def card(data: dict[str, str], ctx: Context) -> None:
    """Knows a number that is not for every eye."""
    ctx.log(f"charging {data['number']}")
    raise Discard(f"{data['number']} is no card")
