"""Great Expectations over five orders: a suite that is met, and one with expectations that are not or that raise.

Usage: python expectations.py FOLDER; its results lie in FOLDER/gx/uncommitted/validations.
"""

import sys

import great_expectations as gx
import pandas as pd

EXPECT = gx.expectations
MET = [
    EXPECT.ExpectColumnToExist(column="id"),
    EXPECT.ExpectTableRowCountToBeBetween(min_value=1, max_value=10),
]
NOT_MET = [
    EXPECT.ExpectColumnValuesToNotBeNull(column="amount", severity="critical"),
    EXPECT.ExpectColumnValuesToBeUnique(column="id", severity="warning"),
    EXPECT.ExpectColumnMeanToBeBetween(column="amount", min_value=0, max_value=100),
    EXPECT.ExpectColumnValuesToBeBetween(column="no_such_column", min_value=0),
]
ORDERS = pd.DataFrame(
    {
        "id": [1, 2, 3, 4, 4],
        "amount": [10.0, -5.0, None, 30.5, 99999.0],
        "card": ["4111-secret-row"] * 5,
    }
)

context = gx.get_context(mode="file", project_root_dir=sys.argv[1])
batches = (
    context.data_sources.add_pandas("shop")
    .add_dataframe_asset("orders")
    .add_batch_definition_whole_dataframe("all")
)


def definition(name, expectations):
    suite = context.suites.add(gx.ExpectationSuite(name=name))
    for expectation in expectations:
        suite.add_expectation(expectation)
    return context.validation_definitions.add(
        gx.ValidationDefinition(name=name, data=batches, suite=suite)
    )


checkpoint = context.checkpoints.add(
    gx.Checkpoint(
        name="nightly",
        validation_definitions=[definition("good", MET), definition("bad", NOT_MET)],
        result_format="COMPLETE",
    )
)
result = checkpoint.run(
    batch_parameters={"dataframe": ORDERS},
    run_id=gx.RunIdentifier(run_name="nightly-1"),
)
assert not result.success
