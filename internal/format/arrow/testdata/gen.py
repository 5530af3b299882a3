"""Writes the Arrow files of this directory and the rows that reading them must
give (NAME.txt for NAME.*.arrow: types, then one line a row as formattest.Row
renders it). Run: python gen.py; needs pyarrow, pandas, polars.
"""
import datetime as dt
import decimal
import os
import sys
import uuid

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather

os.chdir(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, "../../formattest")
from render import lines, render  # noqa: E402

VERSIONS = f"pyarrow {pa.__version__}, pandas {pd.__version__}, polars {pl.__version__}"
D = decimal.Decimal


def expect(name, table, override={}):
    with open(name + ".txt", "w") as out:
        out.write(f"# {VERSIONS}\n")
        out.writelines(line + "\n" for line in lines(table, override))


def flat():
    stamp = dt.datetime(2024, 2, 29, 12, 34, 56, 789012)
    return pa.table({
        "bool": pa.array([True, None, False]),
        "i8": pa.array([-128, None, 127], pa.int8()),
        "i16": pa.array([-32768, None, 32767], pa.int16()),
        "i32": pa.array([-2**31, None, 2**31 - 1], pa.int32()),
        "i64": pa.array([-2**63, None, 2**63 - 1], pa.int64()),
        "u8": pa.array([0, None, 255], pa.uint8()),
        "u16": pa.array([0, None, 65535], pa.uint16()),
        "u32": pa.array([0, None, 2**32 - 1], pa.uint32()),
        "u64": pa.array([0, None, 2**64 - 1], pa.uint64()),
        "f16": pa.array([1.5, None, -0.0000610352], pa.float16()),
        "f32": pa.array([0.1, None, float("inf")], pa.float32()),
        "f64": pa.array([0.1, None, float("nan")], pa.float64()),
        "dec9": pa.array([D("-1234567.89"), None, D("0.01")], pa.decimal32(9, 2)),
        "dec18": pa.array([D("-123456789012.345678"), None, D("0.000001")], pa.decimal64(18, 6)),
        "dec38": pa.array([D("-12345678901234567890123456.789012345678"), None, D("1")], pa.decimal128(38, 12)),
        "dec76": pa.array([D("-" + "9" * 40 + ".5"), None, D("0.25")], pa.decimal256(76, 2)),
        "str": pa.array(["", None, "Ω \"q\" 日本"]),
        "lstr": pa.array(["x", None, "y"], pa.large_string()),
        "vstr": pa.array(["short", None, "longer than twelve bytes"], pa.string_view()),
        "bin": pa.array([b"\x00\xff", None, b""]),
        "lbin": pa.array([b"\x00\xff", None, b""], pa.large_binary()),
        "vbin": pa.array([b"\x00\xff", None, b"longer than twelve bytes"], pa.binary_view()),
        "fix": pa.array([b"abc", None, b"\x00\x01\x02"], pa.binary(3)),
        "date": pa.array([dt.date(1969, 12, 31), None, dt.date(9999, 12, 31)]),
        "date64": pa.array([dt.date(1969, 12, 31), None, dt.date(9999, 12, 31)], pa.date64()),
        "t32": pa.array([dt.time(0, 0, 1), None, dt.time(23, 59, 59, 999000)], pa.time32("ms")),
        "t64": pa.array([dt.time(0, 0, 1, 500), None, dt.time(12, 0)], pa.time64("us")),
        "ts_s": pa.array([0, None, -1], pa.timestamp("s")),
        "ts_us": pa.array([stamp, None, dt.datetime(9999, 12, 31)], pa.timestamp("us")),
        "ts_ns": pa.array([1709210096789012345, None, -1], pa.timestamp("ns", "America/New_York")),
        "null": pa.nulls(3),
        "uuid": pa.array([uuid.UUID(int=1).bytes, None, uuid.UUID("12345678-1234-5678-1234-567812345678").bytes], pa.uuid()),
        "json": pa.array(['{ "a" : [1, 2.50] }', None, '"\\u00e9"'], pa.json_()),
        "dur": pa.array([1, None, -5], pa.duration("us")),
        "neg": pa.array([D("12300"), None, D("-400")], pa.decimal128(5, -2)),
    })


def nested():
    s = pa.struct([("a", pa.int32()), ("b", pa.list_(pa.string()))])
    structs = [[{"a": 1, "b": ["x", "y"]}, None], [], None, [{"a": None, "b": []}], [None]]
    garbage = pa.StructArray.from_arrays([pa.array([1, 2, 3, 4, 5])], ["a"], mask=pa.array([False, True, False, True, False]))
    return pa.table({
        "list": pa.array([[1, 2], None, [], [None], [3]], pa.list_(pa.int64())),
        "llist": pa.array([[1, 2], None, [], [None], [3]], pa.large_list(pa.int64())),
        "emb": pa.array([[1, 2], None, [3, 4], [5, None], [7, 8]], pa.list_(pa.float32(), 2)),
        "struct": pa.array([{"a": 1, "b": ["x"]}, None, {"a": None, "b": None}, {"a": 2, "b": []}, {"a": 3, "b": [None]}], s),
        "structs": pa.array(structs, pa.list_(s)),
        "map": pa.array([[("k", 1), ("l", None)], None, [], [("m", 2)], []], pa.map_(pa.string(), pa.int32())),
        "cat": pa.array(["a", None, "b", "a", "b"]).dictionary_encode(),
        "cats": pa.array([["a", "b"], None, [], [None], ["a"]], pa.list_(pa.dictionary(pa.int8(), pa.string()))),
        "hidden": garbage,  # values under the nulls
        "ree": pa.RunEndEncodedArray.from_arrays([2, 3, 5], pa.array(["x", None, "y"])),
        "view": pa.array([[1, 2], None, [], [None], [3]], pa.list_view(pa.int64())),
    })


def write(name, table, stream, **options):
    opts = pa.ipc.IpcWriteOptions(**options)
    with pa.OSFile(name + ".arrow", "wb") as f:
        new = pa.ipc.new_stream if stream else pa.ipc.new_file
        with new(f, table.schema, options=opts) as w:
            w.write_table(table, max_chunksize=2)


f = flat()
own = {
    "dur": ("int64", lambda v: str(v // dt.timedelta(microseconds=1))),
    "json": ("json", lambda v: {'{ "a" : [1, 2.50] }': r'"{\"a\":[1,2.50]}"', '"\\u00e9"': r'"\"é\""'}[v]),
    "neg": ("decimal(7, 0)", lambda v: format(v, "f")),
}
expect("flat", f, own)
write("flat.file", f, False)
write("flat.zstd", f, False, compression="zstd")
write("flat.lz4", f, True, compression="lz4")

n = nested()
ints = ("list<int64>", lambda v: render(pa.list_(pa.int64()), v))
expect("nested", n, {"ree": ("string", lambda v: render(pa.string(), v)), "view": ints})
write("nested.file", n, False)
write("nested.stream", n, True, emit_dictionary_deltas=True)

p = pl.DataFrame({"s": ["a", None, "a long string, more than twelve"], "c": pl.Series(["x", "y", None], dtype=pl.Categorical),
                  "l": [[1], [], None], "st": [{"a": 1}, {"a": None}, {"a": 3}], "d": [dt.date(2024, 1, 1), None, None]})
p.write_ipc("polars.file.arrow", compression="zstd")
p.write_ipc_stream("polars.stream.arrow")
expect("polars", pa.ipc.open_stream("polars.stream.arrow").read_all(), {"s": ("string", lambda v: render(pa.string(), v))})

pd.DataFrame({"n": [1, 2], "c": pd.Categorical(["x", None]), "when": pd.to_datetime(["2024-01-01", None])}).to_feather("pandas.feather.arrow")
expect("pandas", pyarrow.feather.read_table("pandas.feather.arrow"))
