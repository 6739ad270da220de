"""Prefect tasks, one file a stage: names, retries and tags around one call into cardcat each."""
