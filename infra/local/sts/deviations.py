"""Where the embedded STS is not like AWS, of all actions and of single ones: told in docs/aws-actions.md."""

#: What is true of each action that begins a session of a role.
_ROLE = "Any role can be assumed, by anybody."

DEVIATIONS: dict[str, tuple[str, ...]] = {
    "*": (
        "There are no users and no roles: whoever asks is the account itself, with whichever credentials.",
        "Temporary credentials are those of the account, are not kept and do not expire. While `JOBYARD_AWS_SECRET` is "
        "set they would not be good here, so none are given out: the error is `AccessDenied`.",
        "`Policy`, `PolicyArns`, `Tags`, `TransitiveTagKeys`, `ExternalId`, `SerialNumber`, `TokenCode`, "
        "`ProvidedContexts` and `MinimumSessionTokenSize` are checked by their lengths and are without effect.",
    ),
    "AssumeRole": (_ROLE,),
    "AssumeRoleWithWebIdentity": (
        _ROLE,
        "`WebIdentityToken` is not read, so the reply does not tell whose it is.",
    ),
    "GetAccessKeyInfo": ("Every key belongs to the account.",),
}
