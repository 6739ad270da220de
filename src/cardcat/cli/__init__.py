"""The command line: one module per command, `main` maps errors to exit codes."""
