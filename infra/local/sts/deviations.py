"""Where the embedded STS is not like AWS, of all actions and of single ones: told in docs/aws-actions.md."""

DEVIATIONS: dict[str, tuple[str, ...]] = {
    "*": ("There are no users and no roles: whoever asks is the account itself.",),
    "GetAccessKeyInfo": ("Every key belongs to the account.",),
}
