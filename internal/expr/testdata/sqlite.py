"""Writes sqlite.json: rows, and for each of many predicates the rows that
SQLite picks. Run with Python's sqlite3; the version is in the file.

    python3 sqlite.py > sqlite.json
"""

import json
import random
import sqlite3

random.seed(20240229)
TEXTS = ["", "a", "ab", "abc", "b", "B", "ba%", "a_c", "it's", "zebra", "Zebra", "10", "9"]
INTS = [-(2**63), -1, 0, 1, 2, 3, 7, 10, 2**53, 2**53 + 1, 2**63 - 1]
REALS = [-1.5, 0.0, 0.1, 0.25, 1.0, 2.5, 1e16, 1e300, -1e-300]


def maybe(values):
    return None if random.random() < 0.15 else random.choice(values)


rows = [(maybe(INTS), maybe(REALS), maybe(TEXTS), maybe(TEXTS), maybe([0, 1])) for _ in range(200)]


def number():
    return random.choice([str(random.choice(INTS)) if random.random() < 0.5 else repr(random.choice(REALS)), "0.5", "null", "1", "2"])


def text():
    return "'" + random.choice(TEXTS).replace("'", "''") + "'"


def predicate(depth):
    k = random.randrange(12)
    no = random.choice(["", "not "])
    op = random.choice(["=", "!=", "<>", "<", "<=", ">", ">=", "=="])
    if depth < 4 and k < 3:
        return f"({predicate(depth + 1)}) {random.choice(['and', 'or'])} ({predicate(depth + 1)})"
    if depth < 4 and k == 3:
        return f"not ({predicate(depth + 1)})"
    if k == 4:
        return f"{random.choice('irstb')} is {no}null"
    if k == 5:
        return f"{random.choice('ir')} {no}in ({', '.join(number() for _ in range(random.randint(1, 4)))})"
    if k == 6:
        return f"{random.choice('st')} {no}in ({', '.join(text() for _ in range(random.randint(1, 4)))})"
    if k == 7:
        return f"{random.choice('ir')} {no}between {number()} and {number()}"
    if k == 8:
        return f"{random.choice('st')} {no}like '{random.choice(['%', 'a%', '%b%', '_', '_b%', 'a!_c', 'ba!%', '%a', 'Z%'])}' escape '!'"
    if k == 9:
        return random.choice([f"s {op} t", f"i {op} r", "b", "not b"])
    if k == 10:
        return f"{random.choice('st')} {op} {text()}"
    return f"{random.choice('ir')} {op} {number()}"


db = sqlite3.connect(":memory:")
db.execute("pragma case_sensitive_like = on")
db.execute("create table rows (n integer primary key, i integer, r real, s text, t text, b boolean)")
db.executemany("insert into rows values (?, ?, ?, ?, ?, ?)", [(n, *r) for n, r in enumerate(rows)])
cases = []
for _ in range(600):
    p = predicate(0)
    cases.append([p, [n for (n,) in db.execute(f"select n from rows where {p} order by n")]])
out = ['{"sqlite": ' + json.dumps(sqlite3.sqlite_version) + ',', '"rows": [']
out.append(",\n".join(json.dumps(r) for r in rows) + "],")
out.append('"cases": [')
out.append(",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "]}")
print("\n".join(out))
