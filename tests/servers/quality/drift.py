"""Evidently's drift report of a window that moved and of one that did not. Usage: python drift.py FOLDER"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

ROWS = 500
FIELDS = DataDefinition(numerical_columns=["age", "income"], categorical_columns=["country"])
random = np.random.default_rng(42)


def window(age, shares):
    frame = pd.DataFrame(
        {
            "age": random.normal(age, 10, ROWS),
            "income": random.lognormal(10, 0.5, ROWS),
            "country": random.choice(["DE", "FR", "US"], ROWS, p=shares),
        }
    )
    return Dataset.from_pandas(frame, data_definition=FIELDS)


reference = window(40, [0.5, 0.3, 0.2])
for name, current in {
    "moved": window(47, [0.2, 0.3, 0.5]),
    "same": reference,
}.items():
    report = Report([DataDriftPreset(num_method="ks", cat_method="chisquare")], include_tests=True)
    (Path(sys.argv[1]) / f"{name}.json").write_text(report.run(current, reference).json())
