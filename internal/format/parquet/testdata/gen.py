"""Writes the Parquet files of this directory and, beside each, the rows that
reading it must give (NAME.txt: types, then one line a row as
formattest.Row renders it). Run: python gen.py; needs pyarrow, pandas, duckdb.
"""
import datetime as dt
import decimal
import os
import sys
import uuid

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

os.chdir(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, "../../formattest")
from render import lines, quote  # noqa: E402

VERSIONS = f"pyarrow {pa.__version__}, pandas {pd.__version__}, duckdb {duckdb.__version__}"


def expect(name, table, override={}):
    with open(name + ".txt", "w") as out:
        out.write(f"# {VERSIONS}\n")
        out.writelines(line + "\n" for line in lines(table, override))


D = decimal.Decimal


def flat():
    utc = dt.timezone.utc
    stamp = dt.datetime(2024, 2, 29, 12, 34, 56, 789012)
    cols = {
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
        "dec9": pa.array([D("-1234567.89"), None, D("0.01")], pa.decimal128(9, 2)),
        "dec18": pa.array([D("-123456789012.345678"), None, D("0.000001")], pa.decimal128(18, 6)),
        "dec38": pa.array([D("-12345678901234567890123456.789012345678"), None, D("1")], pa.decimal128(38, 12)),
        "dec76": pa.array([D("-" + "9" * 40 + ".5"), None, D("0.25")], pa.decimal256(76, 2)),
        "str": pa.array(["", None, "Ω \"q\" 日本"]),
        "lstr": pa.array(["x", None, "y"], pa.large_string()),
        "cat": pa.array(["a", None, "a"]).dictionary_encode(),
        "bin": pa.array([b"\x00\xff", None, b""]),
        "fix": pa.array([b"abc", None, b"\x00\x01\x02"], pa.binary(3)),
        "date": pa.array([dt.date(1969, 12, 31), None, dt.date(9999, 12, 31)]),
        "t32": pa.array([dt.time(0, 0, 1), None, dt.time(23, 59, 59, 999000)], pa.time32("ms")),
        "t64": pa.array([dt.time(0, 0, 1, 500), None, dt.time(12, 0)], pa.time64("us")),
        "ts_s": pa.array([0, None, -1], pa.timestamp("s")),
        "ts_ms": pa.array([stamp.replace(microsecond=789000), None, dt.datetime(1, 1, 1)], pa.timestamp("ms")),
        "ts_us": pa.array([stamp, None, dt.datetime(9999, 12, 31)], pa.timestamp("us")),
        "ts_ns": pa.array([1709210096789012345, None, -1], pa.timestamp("ns")),
        "ts_utc": pa.array([stamp, None, stamp], pa.timestamp("us", "UTC")),
        "ts_zone": pa.array([0, None, 1], pa.timestamp("ms", "Europe/Berlin")),
        "null": pa.nulls(3),
        "uuid": pa.array([uuid.UUID(int=1).bytes, None, uuid.UUID("12345678-1234-5678-1234-567812345678").bytes], pa.uuid()),
        "dur": pa.array([1, None, -5], pa.duration("us")),
    }
    return pa.table(cols)


def nested():
    s = pa.struct([("a", pa.int32()), ("b", pa.list_(pa.string()))])
    cols = {
        "list": pa.array([[1, 2], None, [], [None], [3]], pa.list_(pa.int64())),
        "list2": pa.array([[["a"], []], None, [None, ["b", None]], [], [[]]], pa.list_(pa.list_(pa.string()))),
        "emb": pa.array([[1, 2], None, [3, 4], [5, 6], [7, 8]], pa.list_(pa.float32(), 2)),
        "struct": pa.array([{"a": 1, "b": ["x"]}, None, {"a": None, "b": None}, {"a": 2, "b": []}, {"a": 3, "b": [None]}], s),
        "structs": pa.array([[{"a": 1, "b": ["x", "y"]}, None], [], None, [{"a": None, "b": []}], [None]], pa.list_(s)),
        "map": pa.array([[("k", 1), ("l", None)], None, [], [("m", 2)], []], pa.map_(pa.string(), pa.int32())),
        "deep": pa.array([{"p": {"q": [{"r": 1.5}]}}, {"p": None}, None, {"p": {"q": None}}, {"p": {"q": [None, {"r": None}]}}],
                         pa.struct([("p", pa.struct([("q", pa.list_(pa.struct([("r", pa.float64())])))]))])),
        "stamps": pa.array([[0], None, [1, None], [], [2]], pa.list_(pa.int32())),
    }
    return pa.table(cols)


f = flat()
dur = ("int64", lambda v: str(v // dt.timedelta(microseconds=1)))
for name, opts in {
    "flat": {},
    "flat_v1_none": dict(compression="none", use_dictionary=False, data_page_version="1.0"),
    "flat_v2_gzip": dict(compression="gzip", data_page_version="2.0"),
    "flat_zstd_delta": dict(compression="zstd", use_dictionary=False, column_encoding={
        "i32": "DELTA_BINARY_PACKED", "i64": "DELTA_BINARY_PACKED", "str": "DELTA_BYTE_ARRAY",
        "bin": "DELTA_LENGTH_BYTE_ARRAY", "f32": "BYTE_STREAM_SPLIT", "f64": "BYTE_STREAM_SPLIT", "fix": "BYTE_STREAM_SPLIT"}),
    "flat_brotli": dict(compression="brotli"),
    "flat_lz4": dict(compression="lz4"),
}.items():
    pq.write_table(f, name + ".parquet", **opts)
    expect(name, f, {"dur": dur})

# INT96 keeps nanoseconds; the Arrow schema beside it gives the zones back.
t = f.select(["ts_us", "ts_ns", "ts_utc"])
t = t.set_column(0, "ts_us", pa.array([0, None, 1], pa.timestamp("us")))
pq.write_table(t, "int96.parquet", use_deprecated_int96_timestamps=True)
ns = t.set_column(0, "ts_us", t["ts_us"].cast(pa.timestamp("ns"))).set_column(2, "ts_utc", t["ts_utc"].cast(pa.timestamp("ns", "UTC")))
expect("int96", ns)

n = nested()
pq.write_table(n, "nested.parquet", row_group_size=2)
expect("nested", n)
# Tiny pages, so that rows and lists lie on both sides of page boundaries.
big = pa.concat_tables([n] * 8)
pq.write_table(big, "nested_pages.parquet", data_page_size=16, write_batch_size=4, dictionary_pagesize_limit=64, compression="snappy")
expect("nested_pages", big)
# The two-level lists of old writers, and no Arrow schema: emb is a list.
pq.write_table(n, "nested_legacy.parquet", use_compliant_nested_type=False, store_schema=False, version="1.0")
expect("nested_legacy", n.set_column(2, "emb", n["emb"].cast(pa.list_(pa.float32()))))

duckdb.sql("""copy (select i::tinyint as i8, i::hugeint as huge, ('{"a":'||i||', "b": [1, 2.50]}')::json as js,
 i::decimal(4,1) as d4, i::decimal(30,3) as d30, interval (i) month + interval '1 day 00:00:00.25' as iv,
 uuid '00000000-0000-0000-0000-00000000000a' as u, time '12:00:00.5' as t, ['x', null] as l, {'k': i} as s,
 map {'a': i} as m, timestamptz '2024-01-01 00:00:00+00' as tz, case when i=1 then 'red' end::enum('red','blue') as e, 'abc'::blob as bl
 from range(3) r(i)) to 'duckdb.parquet' (format parquet)""")
with open("duckdb.txt", "w") as out:
    out.write(f"# {VERSIONS}\n")
    for k in ["i8: int8", "huge: float64", "js: json", "d4: decimal(4, 1)", "d30: decimal(30, 3)", "iv: string", "u: string",
              "t: string", "l: list<string>", "s: struct<k: int64>", "m: list<struct<key: string, value: int64>>",
              "tz: timestamp[us, UTC]", "e: string", "bl: binary"]:
        out.write(f"# {k}\n")
    for i in range(3):
        iv = f"P{i}M1DT0.25S" if i else "P1DT0.25S"
        e = '"red"' if i == 1 else "null"
        js = quote('{"a":%d,"b":[1,2.50]}' % i)
        out.write(f'{{"i8":{i},"huge":{i},"js":{js},"d4":{i}.0,"d30":{i}.000,"iv":"{iv}","u":"00000000-0000-0000-0000-00000000000a",'
                  f'"t":"12:00:00.5","l":["x",null],"s":{{"k":{i}}},"m":[{{"key":"a","value":{i}}}],"tz":1704067200000000,"e":{e},"bl":"616263"}}\n')

pd.DataFrame({"n": [1, 2], "c": pd.Categorical(["x", None]), "when": pd.to_datetime(["2024-01-01", None])},
             index=pd.Index(["r1", "r2"], name="key")).to_parquet("pandas.parquet")
expect("pandas", pq.read_table("pandas.parquet"))
pq.write_table(f.slice(0, 0), "empty.parquet")
expect("empty", f.slice(0, 0), {"dur": dur})
