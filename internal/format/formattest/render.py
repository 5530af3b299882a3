"""Renders Arrow values as formattest.Render does, for the scripts that make
goldens and for check.py.
"""
import datetime as dt
import decimal
import json
import math
import uuid

import numpy as np
import pyarrow as pa


def quote(s):
    return json.dumps(s, ensure_ascii=False)


def number(x, single=False):
    """As strconv.FormatFloat(x, 'g', -1, bits)."""
    if math.isnan(x):
        return "NaN"
    if math.isinf(x):
        return "+Inf" if x > 0 else "-Inf"
    text = np.format_float_scientific(np.float32(x) if single else x, unique=True, trim="-", exp_digits=2)
    mantissa, exp = text.split("e")
    e = int(exp)
    if -4 <= e < 6:
        d = decimal.Decimal(mantissa).scaleb(e)
        out = format(d, "f")
        if "." in out:
            out = out.rstrip("0").rstrip(".")
        return out
    return f"{mantissa}e{'-' if e < 0 else '+'}{abs(e):02d}"


TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def clock(t):
    s = t.strftime("%H:%M:%S")
    return s + ("." + f"{t.microsecond:06d}".rstrip("0") if t.microsecond else "")


def render(t, v):
    if v is None:
        return "null"
    T = pa.types
    if T.is_boolean(t):
        return "true" if v else "false"
    if T.is_integer(t):
        return str(v)
    if T.is_float64(t):
        return number(v)
    if T.is_floating(t):
        return number(v, True)
    if T.is_decimal(t):
        return format(v, "f") if t.precision <= 38 else quote(format(v, "f"))
    if T.is_date(t):
        return str((v - dt.date(1970, 1, 1)).days)
    if T.is_time(t):
        return quote(clock(v))
    if T.is_list(t) or T.is_large_list(t) or T.is_fixed_size_list(t):
        return "[" + ",".join(render(t.value_type, x) for x in v) + "]"
    if T.is_map(t):
        return "[" + ",".join('{"key":%s,"value":%s}' % (render(t.key_type, a), render(t.item_type, b)) for a, b in v) + "]"
    if T.is_struct(t):
        return "{" + ",".join(quote(f.name) + ":" + render(f.type, v[f.name]) for f in t) + "}"
    if T.is_dictionary(t):
        return render(t.value_type, v)
    if isinstance(v, uuid.UUID):
        return quote(str(v))
    if isinstance(v, bytes):
        return quote(v.hex())
    return quote(v)


def kind(t):
    T = pa.types
    if isinstance(t, pa.UuidType) or T.is_time(t) or T.is_null(t):
        return "string"
    if T.is_timestamp(t):
        return f"timestamp[{t.unit}{', ' + t.tz if t.tz else ''}]"
    if T.is_decimal(t):
        return f"decimal({t.precision}, {t.scale})" if t.precision <= 38 else "string"
    if T.is_date(t):
        return "date"
    if T.is_fixed_size_list(t):
        return f"fixed_list<{kind(t.value_type)}, {t.list_size}>"
    if T.is_list(t) or T.is_large_list(t):
        return f"list<{kind(t.value_type)}>"
    if T.is_map(t):
        return f"list<struct<key: {kind(t.key_type)}, value: {kind(t.item_type)}>>"
    if T.is_struct(t):
        return "struct<" + ", ".join(f"{f.name}: {kind(f.type)}" for f in t) + ">"
    if T.is_dictionary(t):
        return kind(t.value_type)
    if T.is_fixed_size_binary(t) or T.is_large_binary(t) or T.is_binary(t):
        return "binary"
    if T.is_large_string(t):
        return "string"
    names = {"float": "float32", "double": "float64", "halffloat": "float32", "extension<arrow.json>": "json",
             "string_view": "string", "binary_view": "binary"}
    return names.get(str(t), str(t))


def lines(table, override={}):
    """Yields the types and then the rows of an Arrow table; override gives a
    column's own kind and a function from its value."""
    cols = []
    for f in table.schema:
        k, fn = override.get(f.name, (kind(f.type), None))
        col = table[f.name]
        if pa.types.is_timestamp(f.type) and fn is None:
            vals = [None if v is None else str(v) for v in col.cast(pa.int64()).to_pylist()]
            cols.append((f.name, k, ["null" if v is None else v for v in vals]))
        else:
            fn = fn or (lambda v, t=f.type: render(t, v))
            cols.append((f.name, k, ["null" if v is None else fn(v) for v in col.to_pylist()]))
    for n, k, _ in cols:
        yield f"# {n}: {k}"
    for i in range(table.num_rows):
        yield "{" + ",".join(quote(n) + ":" + c[i] for n, _, c in cols) + "}"
