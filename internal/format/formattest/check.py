"""Reads a file with pyarrow and prints its types and rows as render.py does;
then, where they are installed, reads it with pandas, polars and DuckDB and
fails if one of them sees other rows, nulls or columns.
Run: python check.py parquet|arrow|stream FILE
"""
import importlib
import os
import sys

import pyarrow as pa

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from render import lines  # noqa: E402


def read(kind, path):
    if kind == "parquet":
        import pyarrow.parquet as pq
        return pq.read_table(path)
    with open(path, "rb") as f:
        reader = pa.ipc.open_stream(f) if kind == "stream" else pa.ipc.open_file(f)
        return reader.read_all()


def counts(table):
    return [(n, table.num_rows - table[n].null_count) for n in table.column_names]


def others(kind, path):
    """Yields each other reader's name, rows, and values that are not null."""
    def has(name):
        try:
            return importlib.import_module(name)
        except ImportError:
            return None
    if kind == "parquet" and has("pandas"):
        f = has("pandas").read_parquet(path)
        yield "pandas", len(f), [(n, int(f[n].notna().sum())) for n in f.columns], f.select_dtypes("floating").columns
    if kind != "stream" and has("polars"):
        pl = has("polars")
        f = pl.read_parquet(path) if kind == "parquet" else pl.read_ipc(path)
        yield "polars", f.height, [(n, f.height - f[n].null_count()) for n in f.columns], []
    if kind == "parquet" and has("duckdb"):
        db = has("duckdb").connect()
        names = [r[0] for r in db.execute("describe select * from read_parquet(?)", [path]).fetchall()]
        row = db.execute("select count(*), " + ", ".join(f'count("{n}")' for n in names) + " from read_parquet(?)", [path]).fetchone()
        db.execute("create table t as select * from read_parquet(?)", [path])
        yield "duckdb", row[0], list(zip(names, row[1:])), []


kind, path = sys.argv[1:]
table = read(kind, path)
for line in lines(table):
    print(line)
for name, rows, have, skip in others(kind, path):
    want = [(n, c) for n, c in counts(table) if n not in skip]
    have = [(n, c) for n, c in have if n not in skip]
    if rows != table.num_rows or have != want:
        sys.exit(f"{name} sees {rows} rows {have}, pyarrow {table.num_rows} rows {want}")
