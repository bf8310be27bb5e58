"""The job type `email`, which sends a mail. No deployment has it unless it lists this module:

    JOBYARD_JOBS=functions.catalog,queues.email.job

Then whoever may enqueue jobs may send mail, to whom JOBYARD_EMAIL_ALLOW names and nobody else (docs/email.md). It
retries for about five hours; what the server refuses for good is a dead letter at once.
"""

from __future__ import annotations

from queues import Context, Discard, Exponential, job
from queues.clock import system_clock
from queues.email.errors import MailRefused
from queues.email.message import Email, Sent, compose, message_id
from queues.email.policy import ALLOW, MailPolicy
from queues.errors import Misconfigured
from queues.settings import read_settings

#: The name of the job type, by which alerts find it.
TYPE = "email"

# A process that has settings for mail does not start with wrong ones. One that only enqueues needs none.
if (_settings := read_settings()).smtp_url is not None:
    MailPolicy.of(_settings)


@job(
    TYPE,
    attempts=8,
    backoff=Exponential(30, factor=3, cap=7_200),
    timeout=300,
    concurrency=5,
    extras=("email",),
)
async def email(mail: Email, ctx: Context) -> Sent:
    """Sends a mail through the SMTP server of the deployment."""
    try:
        from queues.email import smtp
    except ModuleNotFoundError as error:
        raise Misconfigured(f"there is no {error.name}, which sends mail: pip install 'jobyard[email]'") from None

    settings = read_settings()
    policy = MailPolicy.of(settings)
    strangers = policy.strangers(mail.recipients)
    if strangers:
        raise Discard(f"{ALLOW} lets no mail go to {', '.join(strangers[:3])}: add the address or its domain")
    identity = message_id(mail, settings.prefix, ctx.tenant, ctx.job_id, policy.sender.domain)
    message = compose(mail, policy.sender, identity, system_clock())
    sender = policy.sender.addr_spec
    try:
        refused = await smtp.deliver(policy.server, sender, mail.recipients, message, last=ctx.last_attempt)
    except MailRefused as error:
        raise Discard(str(error)) from None
    gone = {one.address for one in refused}
    accepted = [one for one in mail.recipients if one not in gone]
    return Sent(message_id=identity, accepted=accepted, refused=list(refused))


handler = email.lambda_handler
