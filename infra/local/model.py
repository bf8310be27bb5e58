"""Request checking from AWS's own service models, which botocore ships.

Each input shape is compiled once into nested closures that answer only "certainly fine" or "look again".
The common call is found fine in a few microseconds; whatever is not goes to botocore's own validator, which
decides and words the complaint. So a client of the direct door gets the very `ParamValidationError` that a
real client would have raised, and this file holds no second opinion on what is valid.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from botocore.exceptions import ParamValidationError
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape
from botocore.validate import ParamValidator

#: Answers whether a value certainly fits its shape.
Fits = Callable[[Any], bool]

#: The exact Python type of each scalar shape; values of other types are left to botocore.
SCALARS: dict[str, type] = {
    "string": str,
    "character": str,
    "integer": int,
    "long": int,
    "boolean": bool,
    "blob": bytes,
    "float": float,
    "double": float,
}


@cache
def service_model(service: str) -> Any:
    """botocore's `ServiceModel` for a service, loaded once."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service_name=service)


@cache
def input_shapes(service: str) -> dict[str, Any]:
    """PascalCase operation name -> input shape, None where an operation takes nothing."""
    model = service_model(service)
    return {name: model.operation_model(name).input_shape for name in model.operation_names}


@cache
def output_shapes(service: str) -> dict[str, Any]:
    """PascalCase operation name -> output shape, None where an operation answers nothing."""
    model = service_model(service)
    return {name: model.operation_model(name).output_shape for name in model.operation_names}


@cache
def error_shapes(service: str) -> dict[str, Any]:
    """Name of an error, such as `ResourceNotFoundException` -> its shape."""
    return {shape.name: shape for shape in service_model(service).error_shapes}


@cache
def signing_name(service: str) -> str:
    """What a signature's credential scope calls the service: `monitoring` for `cloudwatch`."""
    name: str = service_model(service).signing_name
    return name


@cache
def metadata(service: str, name: str) -> str:
    """A fact of the service as a whole (`targetPrefix`, `apiVersion`, `xmlNamespace` ...), empty where it has none."""
    value: str = service_model(service).metadata.get(name, "")
    return value


def check(service: str, operation: str, params: dict[str, Any]) -> None:
    """Raise botocore's `ParamValidationError` unless `params` fit the operation's input shape."""
    if not _fits(service, operation)(params):
        shape = input_shapes(service)[operation]
        report = ParamValidator().validate(params, shape)
        if report.has_errors():
            raise ParamValidationError(report=report.generate_report())


@cache
def _fits(service: str, operation: str) -> Fits:
    shape = input_shapes(service)[operation]
    return _compile(shape, {}) if shape is not None else lambda params: not params


def _compile(shape: Shape, known: dict[str, Fits]) -> Fits:
    """The closure for one shape; `known` holds those of the shapes around it, as shapes may contain themselves."""
    if shape.name in known:
        return lambda value: known[shape.name](value)
    fits: Fits
    known[shape.name] = lambda value: fits(value)
    compilers = {"structure": _structure, "list": _list, "map": _map}
    fits = compilers.get(shape.type_name, _scalar)(shape, known)
    known[shape.name] = fits
    return fits


def _scalar(shape: Shape, known: dict[str, Fits]) -> Fits:
    expected = SCALARS.get(shape.type_name)
    least = shape.metadata.get("min")
    if expected is None:
        return lambda value: False
    if least is None:
        return lambda value: type(value) is expected
    if expected is str or expected is bytes:
        return lambda value: type(value) is expected and len(value) >= least
    return lambda value: type(value) is expected and value >= least


def _structure(shape: Any, known: dict[str, Fits]) -> Fits:
    # Members that only need the right type are told apart from those that need a closure of their own.
    types: dict[str, type] = {}
    deeper: dict[str, Fits] = {}
    for name, member in shape.members.items():
        if member.type_name in SCALARS and "min" not in member.metadata:
            types[name] = SCALARS[member.type_name]
        else:
            deeper[name] = _compile(member, known)
    required = frozenset(shape.required_members)
    one_only = bool(getattr(shape, "is_tagged_union", False))

    def fits(value: Any) -> bool:
        if type(value) is not dict or not required <= value.keys() or (one_only and len(value) != 1):
            return False
        for name, member in value.items():
            if types.get(name) is not type(member):
                test = deeper.get(name)
                if test is None or not test(member):
                    return False
        return True

    return fits


def _list(shape: Any, known: dict[str, Fits]) -> Fits:
    least = shape.metadata.get("min", 0)
    if shape.member.type_name in SCALARS and "min" not in shape.member.metadata:
        scalar = SCALARS[shape.member.type_name]
        return lambda value: type(value) is list and len(value) >= least and all(type(item) is scalar for item in value)
    member = _compile(shape.member, known)

    def fits(value: Any) -> bool:
        return type(value) is list and len(value) >= least and all(map(member, value))

    return fits


def _map(shape: Any, known: dict[str, Fits]) -> Fits:
    if shape.value.name == "AttributeValue":
        return _attributes(_compile(shape.value, known))
    key = _compile(shape.key, known)
    member = _compile(shape.value, known)

    def fits(value: Any) -> bool:
        return type(value) is dict and all(map(key, value)) and all(map(member, value.values()))

    return fits


def _attributes(member: Fits) -> Fits:
    """A map of DynamoDB's attribute values: strings and numbers, nearly all, are seen without a call for each."""

    def fits(value: Any) -> bool:
        if type(value) is not dict:
            return False
        for name, attribute in value.items():
            if type(name) is not str:
                return False
            if type(attribute) is dict and len(attribute) == 1:
                content = attribute.get("S")
                if content is None:
                    content = attribute.get("N")
                if type(content) is str:
                    continue
            if not member(attribute):
                return False
        return True

    return fits
