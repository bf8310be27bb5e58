"""What the embedded AWS has of AWS, told in docs/aws-actions.md: `python -m infra.actions` writes it anew."""
