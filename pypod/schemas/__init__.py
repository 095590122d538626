"""The published JSON schemas: ``plan.schema.json`` and ``host.schema.json``, written by ``python -m pypod.cli.published``."""
