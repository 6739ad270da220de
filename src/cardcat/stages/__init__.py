"""The five stages of a backup, one module a stage; `cardcat.backup` and the Prefect flow compose them."""
