"""Fixtures that the tests of file-analysis share."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from shapes import TETRAHEDRON, threemf_archive
from website import Site

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def site() -> Iterator[Site]:
    started = Site()
    yield started
    started.close()


@pytest.fixture(scope="session")
def maker() -> ModuleType:
    """examples/make_bracket.py as a module."""
    spec = importlib.util.spec_from_file_location("make_bracket", EXAMPLES / "make_bracket.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def bracket_file() -> Path:
    return EXAMPLES / "bracket.stl"


@pytest.fixture
def threemf() -> bytes:
    return threemf_archive(TETRAHEDRON)
