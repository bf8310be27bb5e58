"""What an artifact is built for: a Python version and a processor on Lambda, or this machine as it is."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass

from queues.errors import InvalidOption

#: The Python of our Lambda functions; serverless.yml's runtime is `python` + this.
PYTHON = "3.13"
#: Lambda's Pythons that run on Amazon Linux 2023. (docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html)
PYTHONS = ("3.12", "3.13", "3.14")
#: Lambda's word for a processor, and Linux's.
ARCHITECTURES = {"arm64": "aarch64", "x86_64": "x86_64"}
ARCHITECTURE = "arm64"
#: The minor version of Amazon Linux 2023's glibc, 2.34, and of manylinux2014's, the oldest that wheels are made for.
NEWEST_GLIBC = 34
OLDEST_GLIBC = 17


@dataclass(frozen=True, slots=True)
class Target:
    """Where an artifact runs."""

    #: Major and minor, such as 3.13.
    python: str
    #: Lambda's word; None: this machine and this Python, for emulators that run functions as processes.
    architecture: str | None

    def __post_init__(self) -> None:
        if self.architecture is None:
            return
        if self.architecture not in ARCHITECTURES:
            raise InvalidOption("arch", self.architecture, f"Lambda has {' and '.join(ARCHITECTURES)}")
        if self.python not in PYTHONS:
            raise InvalidOption("python", self.python, f"give one of {', '.join(PYTHONS)}, which Lambda runs")

    @property
    def name(self) -> str:
        """A word for people and for folders."""
        if self.architecture is None:
            return f"python{self.python}-{sys.platform}-{platform.machine().lower()}"
        return f"python{self.python}-lambda-{self.architecture}"

    @property
    def pip_arguments(self) -> list[str]:
        """What tells pip to take wheels of the target; nothing for this machine, which pip knows itself."""
        if self.architecture is None:
            return []
        machine = ARCHITECTURES[self.architecture]
        platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(NEWEST_GLIBC, OLDEST_GLIBC - 1, -1)]
        arguments = ["--implementation", "cp", "--python-version", self.python]
        for name in (*platforms, f"manylinux2014_{machine}"):
            arguments += ["--platform", name]
        return arguments

    @property
    def markers(self) -> dict[str, str]:
        """The environment that requirements' markers are held against, as far as it differs from this process's."""
        if self.architecture is None:
            return {}
        return {
            "python_version": self.python,
            "python_full_version": f"{self.python}.0",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
            "sys_platform": "linux",
            "platform_system": "Linux",
            "os_name": "posix",
            "platform_machine": ARCHITECTURES[self.architecture],
        }


def here() -> Target:
    """This machine and this Python."""
    return Target(running_python(), None)


def running_python() -> str:
    """Major and minor of this process's Python."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"
