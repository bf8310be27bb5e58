"""AWS's wire protocols, generic from the services' own models."""

from infra.local.protocols.aws_json import AwsJson
from infra.local.protocols.cbor import SmithyCbor
from infra.local.protocols.query import Query
from infra.local.protocols.rest_json import RestJson

AWS_JSON = AwsJson()
CBOR = SmithyCbor()
QUERY = Query()
REST_JSON = RestJson()
