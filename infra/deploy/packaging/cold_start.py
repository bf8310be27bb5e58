"""IO: what a function's cold start costs before its first call: the processor time of importing it from its artifact.

Milliseconds tell more of the machine than of the code. So each is told as a multiple of importing aiobotocore alone,
from the same artifact and in turn with it: the part that no function on SQS and DynamoDB can do without.
"""

from __future__ import annotations

import subprocess
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.deploy.names import API
from infra.deploy.packaging.build import Built
from infra.deploy.packaging.bytecode import ISOLATED
from infra.deploy.rounds import ROUNDS
from queues.cold_start import FUNCTION_NAME
from queues.errors import Misconfigured

#: What is imported alone.
BASELINE = "aiobotocore.session"
#: The modules of the functions that every deployment has.
MODULES = {API: "api.app", **{one.name: "queues.maintenance" for one in ROUNDS}}
#: How many times as long as aiobotocore a function may take to import, with all that its first call needs. Measured:
#: 2.7 and 1.65 to 1.8; the rest is room for a busy machine.
API_TIMES, JOB_TIMES = 3.0, 2.1
#: How often all is measured. The least of each counts: what is above it was other processes.
REPEATS = 5
#: Seconds that an import may take.
PATIENCE = 60
_MEASURE = (
    "import sys, time; sys.path.insert(0, sys.argv[1]); start = time.process_time(); "
    "__import__(sys.argv[2]); print(time.process_time() - start)"
)


@dataclass(frozen=True, slots=True)
class Start:
    """How one function starts."""

    function: str
    #: Milliseconds of processor time, of it and of the baseline.
    milliseconds: float
    baseline: float
    #: The most that it may be of the baseline.
    limit: float

    @property
    def times(self) -> float:
        """What it is of the baseline."""
        return self.milliseconds / self.baseline

    @property
    def fault(self) -> str | None:
        """What is wrong, as a sentence; None if nothing is."""
        if self.times <= self.limit:
            return None
        return (
            f"importing it takes {self.times:.2f} times what importing aiobotocore does, more than {self.limit:g}: "
            "import inside functions what not every call needs (`python -X importtime` tells what takes long)"
        )


def measure(
    built: Sequence[Built], modules: Mapping[str, str], jobs: Sequence[str], python: str, repeats: int = REPEATS
) -> list[Start]:
    """Measures each function of artifacts that were built for this machine.

    `modules` names the module of each job type, `jobs` are those of JOBYARD_JOBS, `python` is the interpreter.
    """
    functions = [(name, one.artifact.name) for one in built for name in one.artifact.functions]
    module_of = {**MODULES, **modules}
    # Two functions of one module are measured once.
    wanted = sorted({(artifact, module) for name, artifact in functions for module in (BASELINE, module_of[name])})
    best: dict[tuple[str, str], float] = {}
    with tempfile.TemporaryDirectory(prefix="jobyard-") as root:
        for one in built:
            with zipfile.ZipFile(one.path) as archive:
                archive.extractall(Path(root, one.artifact.name))
        for _ in range(repeats):
            for artifact, module in wanted:
                taken = _seconds(python, Path(root, artifact), module, jobs)
                best[artifact, module] = min(taken, best.get((artifact, module), taken))
    return [
        Start(
            name,
            1000 * best[artifact, module_of[name]],
            1000 * best[artifact, BASELINE],
            API_TIMES if name == API else JOB_TIMES,
        )
        for name, artifact in functions
    ]


def _seconds(python: str, folder: Path, module: str, jobs: Sequence[str]) -> float:
    """Processor time of one import, as on Lambda."""
    environment = {FUNCTION_NAME: "measured", "JOBYARD_JOBS": ",".join(jobs)}
    done = subprocess.run(  # noqa: S603 - our own interpreter and code
        [python, *ISOLATED, "-c", _MEASURE, str(folder), module],
        capture_output=True,
        text=True,
        env=environment,
        timeout=PATIENCE,
    )
    if done.returncode:
        raise Misconfigured(
            f"{module} cannot be imported from {folder.name}.zip: {done.stderr.strip().splitlines()[-1]}"
        )
    return float(done.stdout.split()[-1])
