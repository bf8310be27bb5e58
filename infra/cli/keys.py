"""`jobyard keys ...`: the key file with which sensitive job types are encrypted where there is no AWS KMS."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

from infra.cli.exits import CommandFailed
from infra.cli.output import Json, print_json, print_table, tell

if TYPE_CHECKING:
    from queues.encryption.key_file import Key, KeyFile

keys = typer.Typer(help="The keys that sensitive job types are encrypted with.", no_args_is_help=True)


@keys.command("list")
def list_keys(as_json: Json = False) -> None:
    """List the keys in JOBYARD_DATA, the current one last. The keys themselves are not shown."""
    file = _file()
    rows = _rows(file.keys())
    if as_json:
        print_json({"file": str(file.path), "keys": rows})
    else:
        shown = [(row["id"], row["createdAt"], "current" if row["current"] else "opens older jobs") for row in rows]
        print_table(("KEY", "MADE", ""), shown, f"{file.path} does not exist: no job type is sensitive yet")


@keys.command()
def rotate(as_json: Json = False) -> None:
    """Make a new key. What is written from now on is encrypted with it; the older keys stay, to read what is there.

    Running processes heed it at once. Keep a copy of the file: without it, what was encrypted is lost.
    """
    from queues.clock import system_clock

    file = _file()
    made = file.rotate(system_clock())
    if as_json:
        print_json({"file": str(file.path), "key": made.id})
    else:
        tell(f"{file.path}: key {made.id} encrypts from now on; keep a copy of the file")


def _file() -> KeyFile:
    from queues.encryption.key_file import KeyFile
    from queues.settings import read_settings

    settings = read_settings()
    if settings.kms_key_id is not None:
        raise CommandFailed(
            f"JOBYARD_KMS_KEY_ID is {settings.kms_key_id!r}: AWS KMS keeps the keys, and rotates them if it is told to "
            "(aws kms enable-key-rotation)"
        )
    return KeyFile(settings.data)


def _rows(found: list[Key]) -> list[dict[str, Any]]:
    return [
        {
            "id": key.id,
            "createdAt": datetime.fromtimestamp(key.created_at / 1000, UTC).isoformat(timespec="seconds"),
            "current": key is found[-1],
        }
        for key in found
    ]
