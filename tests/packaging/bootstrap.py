"""What Lambda's runtime does, as a program: import the handler of an unpacked artifact, then call it.

    python -I -S bootstrap.py FOLDER MODULE.HANDLER < event.json

Nothing but the standard library and FOLDER can be imported. It prints JSON: the `answer`, and the modules that were
`imported` by the call itself and not before it.
"""

import importlib
import json
import sys
import time

#: Seconds that a function may run: more than any job of ours may, or its message would be handed back.
TIMEOUT = 330


class Context:
    """The second argument."""

    function_name = "jobyard-under-test"
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:jobyard-under-test"
    aws_request_id = "00000000-0000-0000-0000-000000000000"

    def __init__(self) -> None:
        self._end = time.monotonic() + TIMEOUT

    def get_remaining_time_in_millis(self) -> int:
        return round((self._end - time.monotonic()) * 1000)


def main(folder: str, handler: str) -> None:
    sys.path.insert(0, folder)
    module, _, name = handler.rpartition(".")
    function = getattr(importlib.import_module(module), name)
    before = set(sys.modules)
    answer = function(json.load(sys.stdin), Context())
    print(json.dumps({"answer": answer, "imported": sorted(set(sys.modules) - before)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
