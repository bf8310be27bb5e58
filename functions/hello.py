"""The smallest job: to try Jobyard with, and to see a job fail, wait and succeed."""

from pydantic import BaseModel, Field

from queues import Context, Exponential, job


class Hello(BaseModel):
    """Input of `hello`."""

    name: str = Field(min_length=1, max_length=100)
    failures: int = Field(0, ge=0, description="How many attempts shall fail first.")


@job("hello", attempts=3, backoff=Exponential(1), timeout=10)
async def hello(data: Hello, ctx: Context) -> str:
    """Greets, after so many failures."""
    print(f"attempt {ctx.attempt}: greeting {data.name}")
    if ctx.attempt <= data.failures:
        raise ConnectionError(f"{data.name} did not answer")
    return f"Hello, {data.name}!"


handler = hello.lambda_handler
