"""Writes the golden comparison of california_housing/reference.csv with analysis.csv, beside this file, with scipy and numpy.

    python gen_housing.py DATA_DIR

Numeric columns: counts over the reference's deciles (numpy.quantile, right-open bins), PSI with half counts, and ks_2samp.
"""
import csv
import json
import os
import sys

import numpy as np
import scipy
from scipy import stats

HERE = os.path.dirname(os.path.abspath(__file__))


def read(name):
    with open(os.path.join(sys.argv[1], "california_housing", name)) as f:
        return list(csv.DictReader(f))


ref, cur = read("reference.csv"), read("analysis.csv")
columns = {}
for name in ["MedInc", "HouseAge", "AveRooms", "AveBedrms", "Population", "AveOccup", "Latitude", "Longitude"]:
    r = np.array([float(x[name]) for x in ref])
    c = np.array([float(x[name]) for x in cur])
    cuts = np.unique(np.quantile(r, np.arange(1, 10) / 10))
    a = np.bincount(np.searchsorted(cuts, r, "right"), minlength=len(cuts) + 1) + 0.5
    b = np.bincount(np.searchsorted(cuts, c, "right"), minlength=len(cuts) + 1) + 0.5
    p, q = a / a.sum(), b / b.sum()
    ks = stats.ks_2samp(r, c)
    columns[name] = {"psi": float(((p - q) * np.log(p / q)).sum()), "d": float(ks.statistic), "p": float(ks.pvalue),
                     "mean": float(c.mean()), "median": float(np.median(c)), "std": float(c.std(ddof=1))}
doc = {"scipy": scipy.__version__, "numpy": np.__version__, "n": len(ref), "m": len(cur), "columns": columns}
with open(os.path.join(HERE, "housing.json"), "w") as f:
    json.dump(doc, f, indent=1, allow_nan=False)
    f.write("\n")
