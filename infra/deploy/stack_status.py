"""What a stack's status means to somebody who deploys: whether it can be changed now, and what to do if not. Pure."""

from __future__ import annotations

#: Statuses in which CloudFormation takes a new deployment. (CloudFormation, stack status codes)
READY = frozenset(
    {
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
    }
)
#: As good as no stack: a change set was looked at, and never carried out.
EMPTY = frozenset({"REVIEW_IN_PROGRESS"})

#: Status -> what it means, and the cure. `{stack}` and `{stage}` are put in.
STUCK = {
    "CREATE_FAILED": "its creation failed and was not undone; remove it with `jobyard remove --stage {stage}`",
    "ROLLBACK_COMPLETE": "its creation failed and was undone; remove the rest with `jobyard remove --stage {stage}`",
    "ROLLBACK_FAILED": "its creation failed, and so did undoing it; remove it with `jobyard remove --stage {stage}`",
    "DELETE_FAILED": "it could not be removed; the reasons are in `aws cloudformation describe-stack-events "
    "--stack-name {stack}`; mend them, then `jobyard remove --stage {stage}`",
    "UPDATE_FAILED": "the last deployment failed and was not undone; undo it with `aws cloudformation rollback-stack "
    "--stack-name {stack}`",
    "UPDATE_ROLLBACK_FAILED": "the last deployment failed, and so did undoing it; mend the cause, then `aws "
    "cloudformation continue-update-rollback --stack-name {stack}`",
}
#: Status -> what an ended deployment left behind.
ENDED = {
    "CREATE_COMPLETE": "it is as deployed",
    "UPDATE_COMPLETE": "it is as deployed",
    "UPDATE_ROLLBACK_COMPLETE": "it is as it was before",
}


def hindrance(status: str, stack: str, stage: str) -> str | None:
    """Why a stack cannot be deployed to now, with the cure; None if it can."""
    if status in READY or status in EMPTY:
        return None
    return f"{stack} is {status}: {_meaning(status, stack, stage)}"


def state(status: str | None, stack: str, stage: str) -> str:
    """What state a stack is in, as a sentence; None: there is none."""
    if status is None or status in EMPTY:
        return f"there is no stack {stack}"
    return f"{stack} is {status}: {ENDED.get(status) or _meaning(status, stack, stage)}"


def _meaning(status: str, stack: str, stage: str) -> str:
    if status in STUCK:
        return STUCK[status].format(stack=stack, stage=stage)
    if status.endswith("_IN_PROGRESS"):
        told = "CloudFormation is at work on it, and goes on by itself; "
        told += f"`aws cloudformation describe-stack-events --stack-name {stack}` shows how far it is"
        if status == "UPDATE_IN_PROGRESS":
            told += f", `aws cloudformation cancel-update-stack --stack-name {stack}` undoes it"
        return told
    return "that is no state to deploy in; see it in CloudFormation's console"
