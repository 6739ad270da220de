"""Prefect flows, one file a flow. They compose tasks; everything they do also works without Prefect."""
