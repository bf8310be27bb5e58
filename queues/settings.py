"""All settings as one frozen object, read once from the environment and checked field against field.

Not by pydantic-settings: its command line, dotenv files and cloud secrets are a tenth of a function's cold start.
"""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from queues import limits
from queues.errors import Misconfigured

#: Characters of a secret that signs tokens at least: HS256 wants a key as long as its hash. (RFC 7518, 3.2)
MIN_SECRET_CHARS = 32
#: Older secrets that are still accepted at the most: each is tried for each token that is not known yet.
MAX_PREVIOUS_SECRETS = 4

#: Fields whose environment variables are AWS's own: the first one that is set counts.
OF_AWS = {"region": ("AWS_REGION", "AWS_DEFAULT_REGION"), "aws_endpoint_url": ("AWS_ENDPOINT_URL",)}


class Settings(BaseModel):
    """Each field is the environment variable `JOBYARD_` + its name in capitals, unless it says otherwise.

    What is given to the constructor comes before the environment.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    #: Where the embedded database, the token and the secret live.
    data: Path = Path(".jobyard")
    #: Modules that hold job types, separated by commas.
    jobs: tuple[str, ...] = ("functions.catalog",)
    #: Port of the API, and of the AWS endpoint; both on `host`.
    port: int = Field(8000, ge=0, le=65_535)
    aws_port: int = Field(4566, ge=0, le=65_535)
    #: Loopback only, unless asked.
    host: str = "127.0.0.1"
    aws_account: str = Field("000000000000", pattern=r"^\d{12}$")
    #: Requests to the AWS endpoint must be signed with this secret access key; without it, any request is let in.
    aws_secret: SecretStr | None = Field(None, min_length=1)
    #: `AWS_REGION` or `AWS_DEFAULT_REGION`.
    region: str = "us-east-1"
    #: `AWS_ENDPOINT_URL`: an AWS-compatible server instead of AWS. The embedded engine is not reached through it.
    aws_endpoint_url: str | None = None
    #: In front of each queue's and function's name; the table's name.
    prefix: str = Field("jobyard", pattern=r"^[a-z][a-z0-9-]{0,23}$")
    #: Partitions of the index over which each tenant's new jobs are spread; see `shards.py`.
    shards: int = Field(1, ge=1, le=limits.MAX_SHARDS)
    #: Seconds for which a claim holds without a heartbeat; a heartbeat comes each third of it.
    lease: float = Field(30.0, ge=3, le=600)
    #: Seconds between two rounds of the reaper, and of the dead-letter consumer.
    reap_every: float = Field(5.0, ge=0.1, le=3600)
    #: Seconds between two rounds of the cleaner.
    clean_every: float = Field(3_600.0, ge=1, le=604_800)
    #: Seconds that running jobs get to finish when the process is asked to stop.
    grace: float = Field(10.0, ge=0, le=limits.MAX_WORKER_TIMEOUT_SECONDS)
    #: Where a worker tells how it is, as PORT (on the loopback) or HOST:PORT; nowhere if not given.
    health: str | None = None
    #: Proxies in front of the API, addresses or networks separated by commas, whose `X-Forwarded-For` is believed.
    trusted_proxies: str | None = None
    #: Worker processes for plain `def` jobs.
    processes: int = Field(4, ge=1, le=256)
    #: Days for which the audit trail is kept.
    audit_days: int = Field(365, ge=1, le=3650)
    #: `normal`: every acknowledged write survives kill -9; `always`: a power cut too, at an fsync for each commit.
    fsync: Literal["normal", "always"] = "normal"
    #: How exactly the embedded schedules fire; `minute` is AWS's precision.
    scheduler_precision: Literal["millisecond", "minute"] = "millisecond"
    #: Where data and results go that are too large for a row: `file:///folder` or `s3://bucket/prefix`. Without it
    #: there is a limit to them; `jobyard up` has a folder of its own.
    artifacts: str | None = None
    #: Bytes of one of them at the most, as JSON.
    artifacts_max: int = Field(limits.MAX_ARTIFACT_BYTES, ge=limits.MAX_DATA_BYTES, le=limits.MAX_ARTIFACT_BYTES)
    #: Metrics that CloudWatch is sent: none, by job type, or by tenant besides. Not given: `types` on the embedded AWS,
    #: where they cost nothing, and `off` elsewhere.
    metrics: Literal["off", "types", "tenants"] | None = None
    #: Log records as text or JSON. Not given: JSON on Lambda, text elsewhere.
    log_format: Literal["text", "json"] | None = None
    #: Whether jobs are traced with OpenTelemetry. Not given: if OTEL_EXPORTER_OTLP_ENDPOINT is set.
    otel: bool | None = None
    #: Trouble, for the health check and for alerts; 0: never. Jobs of a type that wait, or more.
    alert_backlog: int = Field(1_000, ge=0)
    #: Percent of a type's jobs that failed, of those that ended in the last quarter of an hour, or more.
    alert_failure_rate: float = Field(10.0, ge=0, le=100)
    #: Seconds for which jobs wait and none of the type is worked on or has ended.
    alert_stalled: float = Field(600.0, ge=0, le=86_400)
    #: Seconds without a word from a worker that has not said goodbye.
    alert_worker_silent: float = Field(60.0, ge=0, le=600)
    #: Letters in a type's dead-letter queue, or more.
    alert_dead_letters: int = Field(1, ge=0)
    #: Seconds for which trouble must last, or be over, before anybody is told.
    alert_after: float = Field(60.0, ge=0, le=86_400)
    #: Where alerts are POSTed as JSON; any address, since the operator names it.
    alert_webhook: SecretStr | None = None
    #: The job type of which each alert makes a job, with the alert as its data.
    alert_job: str | None = None
    #: Whom each alert is mailed to, by the job type `email`; addresses separated by commas.
    alert_email: str | None = None
    #: The server that the job type `email` hands mail to: `smtp://`, `smtp+starttls://` or `smtps://`.
    smtp_url: SecretStr | None = None
    #: The address that mail comes from.
    email_from: str | None = None
    #: Domains and addresses that jobs may send mail to, separated by commas; `*`: everybody. Not given: those alone
    #: whom alerts go to.
    email_allow: str | None = None
    #: The key of AWS KMS (id, ARN or alias) that sensitive job types are encrypted with; without it, a file in `data`.
    kms_key_id: str | None = None
    #: Signs and checks tokens; made and kept in `data` on the first start if not given. 32 bytes or more.
    secret: SecretStr | None = None
    #: Secrets that signed tokens before it, separated by spaces or commas: their tokens are accepted, none is made.
    secret_previous: SecretStr | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_the_environment(cls, given: dict[str, Any]) -> dict[str, Any]:
        return {**_environment(), **given}

    @field_validator("jobs", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("artifacts", "kms_key_id", "alert_email", "smtp_url", "email_from", "email_allow", mode="before")
    @classmethod
    def _none_if_empty(cls, value: Any) -> Any:
        # What CloudFormation puts into an environment where there is none.
        return value or None

    @model_validator(mode="after")
    def _agree(self) -> Settings:
        if self.port and self.port == self.aws_port:
            raise ValueError(f"port and aws_port are both {self.port}; give two different ones")
        if self.secret is not None and len(self.secret.get_secret_value()) < MIN_SECRET_CHARS:
            raise ValueError("secret is shorter than 32 characters; make one with `openssl rand -hex 32`")
        if any(len(secret) < MIN_SECRET_CHARS for secret in self.previous_secrets):
            raise ValueError("secret_previous holds a secret that is shorter than 32 characters; none ever was")
        if len(self.previous_secrets) > MAX_PREVIOUS_SECRETS:
            raise ValueError(
                f"secret_previous holds {len(self.previous_secrets)} secrets, more than {MAX_PREVIOUS_SECRETS}; "
                "take the oldest out"
            )
        hook = "" if self.alert_webhook is None else self.alert_webhook.get_secret_value()
        if hook and not hook.startswith(("http://", "https://")):
            raise ValueError("alert_webhook is no address that begins with http:// or https://")
        if not self.jobs:
            raise ValueError("jobs is empty; name at least one module")
        return self

    @cached_property
    def previous_secrets(self) -> tuple[str, ...]:
        """The secrets whose tokens are accepted besides those of `secret`."""
        text = "" if self.secret_previous is None else self.secret_previous.get_secret_value()
        return tuple(text.replace(",", " ").split())

    @cached_property
    def table(self) -> str:
        """The DynamoDB table's name."""
        return self.prefix

    def queue(self, type_name: str) -> str:
        """The name of a type's queue."""
        return f"{self.prefix}-{type_name}"

    def dead_letter_queue(self, type_name: str) -> str:
        """The name of a type's dead-letter queue."""
        return f"{self.prefix}-{type_name}-dlq"


def read_settings(**overrides: Any) -> Settings:
    """The settings from the environment; Misconfigured names the variable at fault."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        faults = "; ".join(f"{_variable(f['loc'])}: {f['msg']}" for f in error.errors())
        raise Misconfigured(f"settings: {faults}") from None


def _environment() -> dict[str, str]:
    """Field name -> text of the variable that is set for it."""
    return {
        field: os.environ[name]
        for field in Settings.model_fields
        for name in _variables(field)[::-1]
        if name in os.environ
    }


def _variables(field: str) -> tuple[str, ...]:
    return OF_AWS.get(field, (f"JOBYARD_{field.upper()}",))


def _variable(place: tuple[int | str, ...]) -> str:
    """The environment variable of a field, as a user knows it."""
    return _variables(str(place[0]))[0] if place else "together"
