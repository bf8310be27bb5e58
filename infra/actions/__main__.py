"""`python -m infra.actions [FILE]` writes docs/aws-actions.md, or the file that is named."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from infra.actions.page import render
from infra.actions.probe import ask_all
from infra.local.engine import SERVICES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "aws-actions.md"


async def page() -> str:
    return render({service: await ask_all(service) for service in SERVICES})


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE
    target.write_text(asyncio.run(page()), encoding="utf-8")
    print(f"{target} is up to date")
