"""A DAG file of Airflow that cannot be imported."""

import a_module_that_does_not_exist  # noqa: F401
from airflow import DAG

DAG("broken_import")
