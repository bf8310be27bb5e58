"""The HTTP API: FastAPI for its routes and its OpenAPI document, Mangum to be a Lambda function."""
