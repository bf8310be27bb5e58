"""The actions that hand out temporary credentials, refused: nothing here would make such credentials mean less."""

from infra.local.refusals import refusals

CREDENTIALS = refusals(
    "sts",
    (
        "AssumeRole",
        "AssumeRoleWithSAML",
        "AssumeRoleWithWebIdentity",
        "AssumeRoot",
        "GetFederationToken",
        "GetSessionToken",
    ),
    "it has no roles and no temporary credentials. "
    "Use the account's own credentials; without JOBYARD_AWS_SECRET any will do.",
)
