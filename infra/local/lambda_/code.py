"""The actions that make or change functions, refused: the embedded Lambda's functions are the code of this process."""

from infra.local.refusals import refusals

CODE = refusals(
    "lambda",
    (
        "CreateAlias",
        "CreateFunction",
        "DeleteAlias",
        "DeleteFunction",
        "PublishVersion",
        "UpdateAlias",
        "UpdateFunctionCode",
        "UpdateFunctionConfiguration",
    ),
    "its functions are the job types of this process, one for each. Change the code and start it again.",
)
