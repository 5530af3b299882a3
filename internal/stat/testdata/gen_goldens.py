"""Writes the golden values of package stat, beside this file, with scipy and numpy.

    python3 -m venv venv && venv/bin/pip install scipy numpy && venv/bin/python gen_goldens.py

Inputs are fixed or drawn from a seeded generator and stored with the results, so the Go tests need nothing else.
"""
import json
import math
import os

import numpy as np
import scipy
from scipy import special, stats
from scipy.spatial import distance

HERE = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(20240607)


def write(name, cases):
    doc = {"scipy": scipy.__version__, "numpy": np.__version__, "cases": cases}
    with open(os.path.join(HERE, name), "w") as f:
        json.dump(doc, f, indent=1, allow_nan=False)
        f.write("\n")


def floats(a):
    return [float(x) for x in a]


def psi(p, q):
    return float(np.sum((p - q) * np.log(p / q)))


def distances():
    pairs = {
        "worked A": ([100, 200, 300, 400], [150, 250, 250, 350]),
        "worked B, a new category": ([500, 300, 200, 0], [400, 300, 200, 100]),
        "worked D": ([16, 18, 16, 14, 12, 12], [16, 16, 16, 16, 16, 8]),
        "equal": ([5, 5, 5], [5, 5, 5]),
        "equal shares, different sizes": ([5, 10, 15], [50, 100, 150]),
        "disjoint": ([10, 0], [0, 10]),
        "two bins": ([1, 99], [2, 98]),
        "one row each": ([1, 0, 0], [0, 1, 0]),
        "huge counts": ([10**12, 3 * 10**12], [2 * 10**12, 10**12]),
        "vanished category": ([400, 300, 200, 100], [500, 300, 200, 0]),
        "hundred bins": (rng.multinomial(10000, [0.01] * 100).tolist(), rng.multinomial(5000, [0.01] * 100).tolist()),
        "very uneven": ([100000, 10, 1, 1], [99990, 20, 1, 1]),
    }
    cases = []
    for name, (r, c) in pairs.items():
        r, c = np.array(r, float), np.array(c, float)
        stored = {"name": name, "ref": floats(r), "cur": floats(c)}
        p, q = r / r.sum(), c / c.sum()
        used = (r > 0) | (c > 0)  # bins that are empty on both sides do not count
        p, q, r, c = p[used], q[used], r[used], c[used]
        half = (r + 0.5) / (r + 0.5).sum(), (c + 0.5) / (c + 0.5).sum()
        floor = np.maximum(p, 0.01), np.maximum(q, 0.01)
        add = p + 1e-5, q + 1e-5
        both = (p > 0) & (q > 0)

        def ev(s):
            s = s.copy()
            least = s[s > 0].min()
            s[s == 0] = 0.0001 if least > 0.0001 else least / 1e6
            return s

        js = float(distance.jensenshannon(p, q)) ** 2
        cases.append(stored | {
            "psi_half": psi(*half), "psi_floor": psi(*floor), "psi_add": psi(*add),
            "psi_evidently": psi(ev(p), ev(q)), "psi_skip": psi(p[both], q[both]),
            "kl_half": float(special.rel_entr(*half).sum()),
            "js": js, "hellinger": float(np.sqrt(((np.sqrt(p) - np.sqrt(q)) ** 2).sum() / 2)),
            "tv": float(np.abs(p - q).sum() / 2), "linf": float(np.abs(p - q).max()),
        })
    write("distance.json", cases)


def ncx2():
    cases = []
    for df in [1, 2, 3, 9, 10, 31, 63, 4095]:
        for lam in [0, 0.5, 2, 10, 100, 1000, 1e5]:
            law = stats.ncx2(df, lam) if lam > 0 else stats.chi2(df)
            mean, sd = df + lam, math.sqrt(2 * (df + 2 * lam))
            for x in [mean - 3 * sd, mean - sd, mean, mean + sd, mean + 3 * sd]:
                if x > 0:
                    cases.append({"df": df, "lambda": lam, "x": x, "cdf": float(law.cdf(x))})
    write("ncx2.json", cases)
    cases = []
    for p in [0.001, 0.05, 0.5, 0.95, 0.99]:
        for df, lam in [(1, 0), (9, 0), (9, 10), (9, 100), (9, 1e5), (99, 20), (1, 1)]:
            law = stats.ncx2(df, lam) if lam > 0 else stats.chi2(df)
            cases.append({"df": df, "lambda": lam, "p": p, "quantile": float(law.ppf(p))})
    write("ncx2_quantile.json", cases)


def ks():
    g = lambda n, **k: np.sort(rng.normal(size=n, **k))
    samples = {
        "S1": ([38.7, 41.5, 43.8, 44.5, 45.5, 46.0, 47.7, 58.0], [39.2, 39.3, 39.7, 41.4, 41.8, 42.9, 43.3, 45.8]),
        "S2": ([1, 2, 3, 4, 5], [3, 4, 5, 6, 7]),
        "worked C": (list(range(1, 51)), list(range(6, 56))),
        "one row each, equal": ([1], [1]),
        "one row each, different": ([1], [2]),
        "one against many": ([3], [1, 2, 3, 4, 5, 6, 7]),
        "disjoint": ([1, 2, 3], [10, 11, 12, 13]),
        "all tied": ([1, 1, 1, 1], [1, 1, 1]),
        "constants that differ": ([1] * 20, [2] * 30),
        "many ties": (np.sort(rng.integers(0, 4, 60)), np.sort(rng.integers(0, 4, 45))),
        "unequal sizes": (g(30).round(3), g(47, loc=0.4).round(3)),
        "coprime sizes": (g(101).round(3), g(97, loc=0.2).round(3)),
        "sizes with a common factor": (g(120).round(3), g(90, scale=1.5).round(3)),
        "equal sizes": (g(200).round(3), g(200, loc=0.15).round(3)),
        "same data": (g(40).round(2), None),
        "far apart": (g(300).round(2), g(250, loc=3).round(2)),
    }
    cases = []
    for name, (x, y) in samples.items():
        y = x if y is None else y
        exact = stats.ks_2samp(x, y, method="exact")
        asymp = stats.ks_2samp(x, y, method="asymp")
        cases.append({"name": name, "ref": floats(x), "cur": floats(y), "d": float(exact.statistic),
                      "exact": float(exact.pvalue),
                      # scipy gives NaN where the effective number of rows rounds to 0
                      "asymptotic": float(asymp.pvalue) if np.isfinite(asymp.pvalue) else None})
    write("ks.json", cases)

    grid = []
    for n in [1, 2, 5, 10, 50, 140, 141, 500, 1000, 2917, 20000, 99999, 100001, 500000, 2000000, 5000000]:
        for z in [0.2, 0.35, 0.5, 0.7, 0.87, 1.0, 1.3, 1.6, 2.0, 2.5, 4.0, 8.0]:
            d = z / math.sqrt(n)
            if d < 1:
                grid.append({"n": n, "d": d, "sf": float(stats.kstwo.sf(d, n))})
        for d in [0.6 / n, 0.9 / n, 1.0 / n, 1.7 / n, 0.5, 0.75, 0.95]:
            if d < 1:
                grid.append({"n": n, "d": d, "sf": float(stats.kstwo.sf(d, n))})
    write("kstwo.json", grid)

    # Large samples by rule, so that the values need not be stored: x_i = i/n, y_j = (j/m)^1.05 (exact law)
    cases = []
    for n, m in [(1000, 999), (2000, 3000), (10000, 10000), (10000, 9999), (7000, 5000), (10001, 500)]:
        x, y = np.arange(n) / n, (np.arange(m) / m) ** 1.05
        r = stats.ks_2samp(x, y)
        cases.append({"n": n, "m": m, "d": float(r.statistic), "p": float(r.pvalue)})
    write("ks_large.json", cases)


def chisquare():
    tables = {
        "worked A": [[100, 200, 300, 400], [150, 250, 250, 350]],
        "worked D": [[16, 18, 16, 14, 12, 12], [16, 16, 16, 16, 16, 8]],
        "two by two": [[30, 70], [45, 55]],
        "tiny counts": [[4, 2, 0], [1, 1, 4]],
        "new category": [[500, 300, 200, 0], [400, 300, 200, 100]],
        "disjoint": [[1000, 0], [0, 1000]],
        "equal": [[10, 20], [10, 20]],
        "three rows": [[10, 20, 30], [20, 20, 20], [35, 15, 10]],
        "four by five": rng.integers(1, 40, (4, 5)).tolist(),
        "deepchecks 200/800 against 400/600": [[200, 800], [400, 600]],
        "large counts": [[10**9, 2 * 10**9], [10**9, 2 * 10**9 + 10**5]],
        "uneven sides": [[5000, 3000, 2000], [50, 35, 15]],
        "Yates with a gap below one half": [[10, 10], [10, 11]],
    }
    cases = []
    for name, t in tables.items():
        plain = stats.chi2_contingency(t, correction=False)
        yates = stats.chi2_contingency(t, correction=True)
        cases.append({"name": name, "table": [floats(r) for r in t],
                      "chi2": float(plain.statistic), "p": float(plain.pvalue), "df": int(plain.dof),
                      "chi2_yates": float(yates.statistic), "p_yates": float(yates.pvalue),
                      "v": float(stats.contingency.association(np.array(t, dtype=int), method="cramer"))})
    write("chisquare.json", cases)


def multiple():
    lists = {
        "one": [0.03], "none": [], "all ones": [1, 1, 1], "zero": [0, 0.5], "ties": [0.01, 0.01, 0.02, 0.5],
        "descending": [0.9, 0.5, 0.04, 0.03, 0.001], "Benjamini and Hochberg 1995": [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0],
        "uniform": floats(rng.uniform(size=50)), "small": floats(rng.uniform(size=20) ** 6),
        "two": [0.04, 0.05], "equal": [0.2] * 7,
    }
    write("bh.json", [{"name": k, "p": floats(v), "q": floats(stats.false_discovery_control(np.array(v, float), method="bh")) if v else []}
                      for k, v in lists.items()])
    cases = []
    for k, n in [(0, 1), (1, 1), (0, 10), (10, 10), (5, 10), (1, 100), (99, 100), (37, 1000), (123456, 1000000), (3, 7), (0, 1000000)]:
        for conf in [0.9, 0.95, 0.99]:
            ci = stats.binomtest(k, n).proportion_ci(conf, method="wilson")
            cases.append({"k": k, "n": n, "confidence": conf, "lo": float(ci.low), "hi": float(ci.high)})
    write("wilson.json", cases)


def quantiles():
    inputs = {
        "one": [3.5], "two": [1, 2], "ten": list(range(1, 11)), "ties": [1, 1, 1, 2, 2, 9], "negative": [-5, -2.5, -1, 0, 7],
        "large": [1e300, 1.5e300, 1.7e308], "tiny": [5e-324, 1e-310, 1e-300], "constant": [4.25] * 5,
        "normal": np.sort(rng.normal(size=101)), "skewed": np.sort(rng.lognormal(sigma=2, size=64)),
        "integers": np.sort(rng.integers(-50, 50, 37)), "near": [1, 1 + 2**-52, 1 + 2**-51],
    }
    qs = [0, 0.01, 0.05, 0.1, 0.25, 1 / 3, 0.5, 0.6, 0.75, 0.9, 0.95, 0.99, 1]
    cases = []
    for name, x in inputs.items():
        x = np.array(x, float)
        with np.errstate(over="ignore", under="ignore"):
            var = x.var(ddof=1) if len(x) > 1 else 0.0
        case = {"name": name, "x": floats(x), "q": qs, "quantiles": floats(np.quantile(x, qs)), "mean": float(x.mean()),
                "min": float(x.min()), "max": float(x.max()), "variance": float(var) if np.isfinite(var) else None}
        with np.errstate(over="ignore", under="ignore"):
            try:
                counts, edges = np.histogram(x, bins=10)
                case["histogram"], case["edges"] = [int(c) for c in counts], floats(edges)
            except ValueError:
                case["histogram"], case["edges"] = None, None
        cases.append(case)
    write("quantile.json", cases)


distances()
ncx2()
ks()
chisquare()
multiple()
quantiles()
