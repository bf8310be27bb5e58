"""docs/testing.md is run: its blocks are files, and pytest passes on them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from queues import Queue, job
from queues.testing import open_yard
from tests.cli.house import CHECKOUT, environment

PAGE = (CHECKOUT / "docs" / "testing.md").read_text(encoding="utf-8")
FILES = re.findall(r"^```(?:python|toml)\n# (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_every_block_of_code_is_a_file() -> None:
    assert len(FILES) == len(re.findall(r"^```(?:python|toml)$", PAGE, re.MULTILINE)) > 5


def test_all_files_pass(tmp_path: Path) -> None:
    for name, text in FILES:
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment(JOBYARD_JOBS="shop", PYTHONPATH=str(CHECKOUT)),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (passed,) = re.findall(r"(\d+) passed", done.stdout)
    assert int(passed) == len(re.findall(r"^ *(?:async )?def test_", PAGE, re.MULTILINE))


async def test_a_failed_assertion_reads_as_shown() -> None:
    @job("mail")
    async def mail(data: dict[str, object]) -> None: ...

    @job("invoice")
    async def invoice(data: dict[str, object]) -> None: ...

    async def buy(queue: Queue) -> None:
        await queue.enqueue(invoice, {"number": 7})
        await queue.enqueue(mail, {"to": "ada@example.com", "bounces": 0}, delay=900)

    with open_yard([mail, invoice]) as yard:
        await buy(yard.queue)
        with pytest.raises(AssertionError) as failure:
            yard.assert_enqueued("mail", {"to": "bob@example.com"})
    assert f"```text\nAssertionError: {failure.value}\n```" in PAGE
