"""A DAG file that cannot be imported."""

import a_module_that_does_not_exist  # noqa: F401
from airflow.sdk import DAG

DAG("broken_import")
