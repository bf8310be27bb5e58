"""CloudWatch's errors with the codes of both of its families of protocols.

CloudWatch moved from the query protocol to CBOR and JSON and kept the old codes (`InvalidParameterValue`), which
clients show as `Error.Code`; the shape names (`InvalidParameterValueException`) travel beside them and pick the
exception class. The pairs and statuses are those of the `error` traits in botocore's model; the sentences are
AWS's own where they are known. `ValidationError` has no shape: it is what the front door of AWS answers itself.
"""

from infra.local.errors import AwsError

#: Shape name -> (code of the query protocol, HTTP status), where the two codes differ.
QUERY_CODES = {
    "DashboardInvalidInputError": ("InvalidParameterInput", 400),
    "DashboardNotFoundError": ("ResourceNotFound", 404),
    "InvalidFormatFault": ("InvalidFormat", 400),
    "InvalidParameterCombinationException": ("InvalidParameterCombination", 400),
    "InvalidParameterValueException": ("InvalidParameterValue", 400),
    "MissingRequiredParameterException": ("MissingParameter", 400),
}


def cloudwatch_error(shape: str, message: str) -> AwsError:
    """The error of that shape, with its older code beside it."""
    code, status = QUERY_CODES[shape]
    return AwsError(shape, message, status=status, query_code=code)


def invalid_value(message: str) -> AwsError:
    return cloudwatch_error("InvalidParameterValueException", message)


def invalid_combination(message: str) -> AwsError:
    return cloudwatch_error("InvalidParameterCombinationException", message)


def missing(message: str) -> AwsError:
    return cloudwatch_error("MissingRequiredParameterException", message)


def validation(message: str) -> AwsError:
    return _same_code("ValidationError", message)


def no_such_alarm(name: str) -> AwsError:
    return _same_code("ResourceNotFound", f"No alarm is named {name}.", status=404)


def no_such_resource(arn: str) -> AwsError:
    return _same_code("ResourceNotFoundException", f"Unknown resource: {arn}", status=404)


def invalid_token() -> AwsError:
    return _same_code("InvalidNextToken", "The next token specified is invalid.")


def _same_code(code: str, message: str, status: int = 400) -> AwsError:
    """An error that is called the same in all protocols."""
    return AwsError(code, message, status=status, query_code=code)


def unsupported(what: str) -> AwsError:
    """For a parameter of AWS's that means something the embedded CloudWatch does not do: refused, not ignored."""
    return invalid_value(f"The embedded CloudWatch does not support {what}.")
