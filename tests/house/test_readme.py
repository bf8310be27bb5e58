"""The README is run: its commands in a shell, its Python as it stands, what it shows against what is printed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.house import CHECKOUT, LIMIT, Running, environment, up

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
#: What differs from run to run, and what it becomes on both sides of a comparison.
VARYING = (
    (r"01[0-9A-HJKMNP-TV-Z]{24}", "ID"),
    (r"\d\d:\d\d:\d\d\.\d{3}", "TIME"),
    (r"\b\d+\.\d\d s\b", "SECONDS"),
    (r'"status":"(waiting|active)"', '"status":"waiting"'),
)


def blocks(language: str) -> list[str]:
    """The fenced blocks of the README in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands() -> list[tuple[str, str]]:
    """(command, what it shows) of all console blocks."""
    found = []
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            found.append((command, shown))
    return found


def same(text: str) -> str:
    for pattern, word in VARYING:
        text = re.sub(pattern, word, text)
    return text.strip()


def matches(shown: str, printed: str) -> bool:
    """Whether the output is as shown; `...` stands for anything."""
    pattern = re.escape(same(shown)).replace(re.escape("..."), ".*")
    return re.fullmatch(pattern, same(printed), re.DOTALL) is not None


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """What `make up` starts, on ports and in a folder of its own."""
    with up(tmp_path_factory.mktemp("readme"), jobs="functions.catalog") as started:
        yield started


def here(text: str, house: Running) -> str:
    """A command of the README as it must read for the house of this test."""
    return (
        text.replace(".venv/bin/jobyard", f"{sys.executable} -m infra.cli")
        .replace("http://127.0.0.1:8000", house.ready["api"])
        .replace(".jobyard/token", house.ready["tokenFile"])
    )


@pytest.mark.parametrize(("command", "shown"), [pair for pair in commands() if pair[0] != "make up"])
def test_commands_print_what_is_shown(house: Running, command: str, shown: str) -> None:
    program = command.split()[0]
    if shutil.which(program) is None and not (CHECKOUT / program).is_file() and "jobyard" not in program:
        if os.environ.get("CI"):
            pytest.fail(f"{program} is not installed; .ci/run sees to that")
        pytest.skip(f"{program} is not installed")
    done = subprocess.run(
        ["sh", "-c", here(command, house)],
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
        env=house.client(),
        timeout=LIMIT,
    )
    assert done.returncode == 0, done.stderr
    assert matches(shown, done.stdout), done.stdout


def test_make_up_prints_what_is_shown(tmp_path: Path) -> None:
    """`make up` is `.venv/bin/jobyard up` once all is installed."""
    (shown,) = [shown for command, shown in commands() if command == "make up"]
    assert "@exec $(VENV)/bin/jobyard up\n" in (CHECKOUT / "Makefile").read_text()
    changes = {"JOBYARD_PORT": "0", "JOBYARD_AWS_PORT": "0", "JOBYARD_DATA": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.cli", "up"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=CHECKOUT,
        env=environment(**changes),
    )
    assert process.stdout is not None
    with process.stdout:
        first = process.stdout.readline()
        process.terminate()
        rest = process.stdout.read()
    assert process.wait(LIMIT) == 0
    assert matches(shown, first + rest)


def test_the_job_that_is_shown_is_the_job_that_runs() -> None:
    code = blocks("python")[0]
    source = (CHECKOUT / "functions" / "hello.py").read_text()
    without_docstrings = re.sub(r'^ +""".*"""\n\n?', "", source, flags=re.MULTILINE)
    assert code.strip() in without_docstrings


def test_the_script_works(house: Running) -> None:
    code = blocks("python")[1]
    env = {**house.client(), "AWS_ENDPOINT_URL": house.ready["aws"]}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=CHECKOUT, env=env, timeout=LIMIT
    )
    assert (done.returncode, done.stdout) == (0, "Hello, Ada!\n"), done.stderr


def test_a_newcomer_has_a_completed_job_before_line_40() -> None:
    lines = README.splitlines()
    assert next(number for number, line in enumerate(lines, 1) if "result:" in line) < 40


@pytest.mark.parametrize(
    "page", ["README.md", *sorted(str(p.relative_to(CHECKOUT)) for p in CHECKOUT.glob("docs/*.md"))]
)
def test_links_lead_somewhere(page: str) -> None:
    text = (CHECKOUT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if "://" not in target:
            assert ((CHECKOUT / page).parent / target).exists(), target
