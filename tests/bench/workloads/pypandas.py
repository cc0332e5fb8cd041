"""pypandas.py ROWS: a table of numbers and strings is made, grouped, joined, sorted and written as text."""
import sys

import numpy as np
import pandas as pd

rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
random = np.random.default_rng(7)
table = pd.DataFrame({"group": random.integers(0, 1000, rows), "value": random.random(rows),
                      "label": random.integers(0, 50, rows).astype(str)})
doubled = table.assign(double=table.value * 2)
means = doubled.groupby("group").agg({"value": "mean", "double": "sum"})
joined = doubled.merge(means, left_on="group", right_index=True, suffixes=("", "_of_group"))
text = joined.sort_values("double")[["group", "double"]].to_csv(index=False)
print(len(text), round(float(means.double.sum())))
