"""Prints employment.txt: for each Parquet file of ../shared/data/employment_ma
its rows, the SHA-256 of all rows as pandas and render.py see them, and the
last row. Run: python employment.py DIR > employment.txt
"""
import hashlib
import os
import sys

import pandas as pd
import pyarrow as pa

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../formattest"))
from render import lines  # noqa: E402

print(f"# pyarrow {pa.__version__}, pandas {pd.__version__}")
for name in ["analysis", "analysis_target", "reference"]:
    frame = pd.read_parquet(os.path.join(sys.argv[1], name + ".parquet"))
    rows = [r for r in lines(pa.Table.from_pandas(frame, preserve_index=False)) if not r.startswith("#")]
    print(name, len(rows), hashlib.sha256("".join(r + "\n" for r in rows).encode()).hexdigest(), rows[-1])
