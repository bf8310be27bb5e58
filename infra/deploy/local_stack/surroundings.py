"""What a deployment to an emulator finds around it: nothing of the user's, who may be at home on AWS."""

from __future__ import annotations

import os
from collections.abc import Mapping

#: The stage of emulators.
STAGE = "local"
#: What any emulator takes, and AWS refuses, should a call go there by mistake.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
#: Variables that are the user's, for AWS or for `jobyard up`, and would go to the emulator with the deployment.
_NOT_FOR_EMULATORS = ("AWS_", "JOBYARD_", "SLS_", "SERVERLESS_")


def environment(ours: Mapping[str, str], endpoint: str, region: str) -> dict[str, str]:
    """Our own environment, pointed at an emulator."""
    kept = {
        name: value
        for name, value in ours.items()
        # No proxy reaches this machine's own loopback.
        if not name.startswith(_NOT_FOR_EMULATORS) and not name.lower().endswith("_proxy")
    }
    return kept | {
        **CREDENTIALS,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": region,
        # No file of the user's either: a profile might name another endpoint.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
