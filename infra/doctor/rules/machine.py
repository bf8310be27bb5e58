"""Rules on this machine: its clock, its secret, its disk, its packages."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from infra.doctor.finding import Fault, Rule, Severity, Subject
from infra.doctor.snapshot import Kind, Secret, Snapshot
from infra.serving import is_loopback
from queues.settings import MIN_SECRET_CHARS

#: Seconds that clocks may be apart. Replies tell the time in whole seconds.
MAX_DRIFT = 5.0
#: The share of a lease that is left when a heartbeat is due: with clocks further apart than that, one machine takes a
#: lease for over that another has just renewed. (queues/pulse.py)
LEFT_OF_LEASE = 2 / 3
#: Different characters below which a secret is no random one: of 32 random hexadecimal digits three in a million have
#: fewer.
MIN_DISTINCT = 9
#: Bytes of disk below which the embedded database may fail at any moment, and below which somebody should look.
DISK_FULL = 100_000_000
DISK_LOW = 1_000_000_000


def clock_dangerous(snapshot: Snapshot) -> Iterator[Fault]:
    skew, limit = snapshot.skew, _danger(snapshot)
    if skew is not None and abs(skew) >= limit:
        yield _clock(snapshot, skew)


def clock_off(snapshot: Snapshot) -> Iterator[Fault]:
    skew = snapshot.skew
    if skew is not None and MAX_DRIFT <= abs(skew) < _danger(snapshot):
        yield _clock(snapshot, skew)


def _danger(snapshot: Snapshot) -> float:
    return max(MAX_DRIFT, snapshot.settings.lease * LEFT_OF_LEASE)


def _clock(snapshot: Snapshot, skew: float) -> Fault:
    behind = "behind" if skew > 0 else "ahead of"
    found = f"this machine's clock is {abs(skew):.0f} s {behind} that of {snapshot.target.endpoint or 'AWS'}"
    return Fault("clock", found, "let the machine's time service (chrony, systemd-timesyncd) set it")


def short_secret(snapshot: Snapshot) -> Iterator[Fault]:
    for secret in _secrets(snapshot):
        if secret.characters < MIN_SECRET_CHARS:
            found = f"it has {secret.characters} characters; {MIN_SECRET_CHARS} or more are asked for"
            yield Fault(secret.source, found, _new_secret(secret))


def weak_secret(snapshot: Snapshot) -> Iterator[Fault]:
    for secret in _secrets(snapshot):
        if secret.characters < MIN_SECRET_CHARS:
            continue
        if secret.has_word:
            yield Fault(secret.source, "it has a word in it that examples have", _new_secret(secret))
        elif secret.distinct < MIN_DISTINCT:
            yield Fault(secret.source, f"it has only {secret.distinct} different characters", _new_secret(secret))


def readable_secret(snapshot: Snapshot) -> Iterator[Fault]:
    for secret in _secrets(snapshot):
        if secret.readable:
            yield Fault(secret.source, "other users of this machine can read it", f"chmod 600 {secret.source}")


def _secrets(snapshot: Snapshot) -> Iterator[Secret]:
    yield from snapshot.secrets
    for function in snapshot.functions.values():
        if function is not None:
            yield from function.secrets


def _new_secret(secret: Secret) -> str:
    return f"set {secret.source} to what `openssl rand -hex 32` prints; tokens made so far are then refused"


def open_to_all(snapshot: Snapshot) -> Iterator[Fault]:
    settings = snapshot.settings
    if snapshot.target.kind is Kind.EMBEDDED and not is_loopback(settings.host) and settings.aws_secret is None:
        found = "other machines reach the AWS endpoint, and it takes any credentials"
        yield Fault(f"JOBYARD_HOST={settings.host}", found, "set JOBYARD_AWS_SECRET, or take JOBYARD_HOST away")


def disk_full(snapshot: Snapshot) -> Iterator[Fault]:
    if snapshot.folder is not None and snapshot.folder.free < DISK_FULL:
        yield _disk(snapshot)


def disk_low(snapshot: Snapshot) -> Iterator[Fault]:
    if snapshot.folder is not None and DISK_FULL <= snapshot.folder.free < DISK_LOW:
        yield _disk(snapshot)


def _disk(snapshot: Snapshot) -> Fault:
    assert snapshot.folder is not None
    folder = snapshot.folder
    found = f"{folder.free / 1e6:,.0f} MB are free; the database has {folder.database / 1e6:,.1f} MB"
    return Fault(folder.path, found, "free some space, or move the folder and set JOBYARD_DATA")


def readable_folder(snapshot: Snapshot) -> Iterator[Fault]:
    folder = snapshot.folder
    if folder is not None and folder.readable:
        yield Fault(folder.path, "other users of this machine can read the database", f"chmod 700 {folder.path}")


def old_packages(snapshot: Snapshot) -> Iterator[Fault]:
    for name, (version, wanted) in snapshot.misfits.items():
        installed = "it is not installed" if version is None else f"version {version} is installed"
        yield Fault(name, f"{installed}; asked for is {wanted}", shlex.join(["pip", "install", wanted]))


RULES = (
    Rule(
        "clock-dangerous",
        Severity.ERROR,
        Subject.MACHINE,
        "Leases are compared with the clock: a worker here and one whose clock is right take each other's running jobs "
        "for lost. Beyond 15 minutes AWS refuses every call.",
        clock_dangerous,
    ),
    Rule(
        "clock-off",
        Severity.WARNING,
        Subject.MACHINE,
        "Delays, expiry and the times in a job's history are off by as much.",
        clock_off,
    ),
    Rule(
        "secret-short",
        Severity.ERROR,
        Subject.MACHINE,
        "Whoever guesses it makes tokens for any tenant; other commands refuse to start with it.",
        short_secret,
    ),
    Rule(
        "secret-weak", Severity.WARNING, Subject.MACHINE, "Whoever guesses it makes tokens for any tenant.", weak_secret
    ),
    Rule(
        "secret-readable",
        Severity.WARNING,
        Subject.MACHINE,
        "Whoever reads it makes tokens for any tenant.",
        readable_secret,
    ),
    Rule(
        "endpoint-open",
        Severity.WARNING,
        Subject.MACHINE,
        "Whoever reaches it can read and change all jobs.",
        open_to_all,
    ),
    Rule(
        "disk-full",
        Severity.ERROR,
        Subject.MACHINE,
        "When nothing is left, no job can be enqueued or ended.",
        disk_full,
    ),
    Rule(
        "disk-low",
        Severity.WARNING,
        Subject.MACHINE,
        "When nothing is left, no job can be enqueued or ended.",
        disk_low,
    ),
    Rule(
        "data-readable",
        Severity.WARNING,
        Subject.MACHINE,
        "It holds the data of all tenants' jobs.",
        readable_folder,
    ),
    Rule(
        "packages-unfit",
        Severity.WARNING,
        Subject.MACHINE,
        "This combination is not tested, and may lack what the code calls.",
        old_packages,
    ),
)
