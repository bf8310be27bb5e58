"""What clients ask of an AWS server, one service a file: the same boto3 script for every server."""
