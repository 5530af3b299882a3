package contest

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
)

const (
	duckRead = `
import sys, time, duckdb
c = duckdb.connect("db.duckdb")
t = time.time()
c.execute(f"create table data as select * from read_%s('{sys.argv[1]}')")
c.execute("checkpoint")
print(time.time() - t)
`
	arrowZstd = `
import sys, pyarrow.csv as csv, pyarrow.parquet as pq
pq.write_table(csv.read_csv(sys.argv[1]), sys.argv[2], compression="zstd")
`
	duckZstd = `
import sys, duckdb
duckdb.sql(f"copy (from read_csv('{sys.argv[1]}')) to '{sys.argv[2]}' (format parquet, compression zstd)")
`
)

// add times the first version of a CSV file.
func (l *Lab) add() error {
	file, err := l.base()
	if err != nil {
		return err
	}
	var field []contestant
	for _, w := range ways() {
		c := contestant{tool: w.tool, runs: 1, commands: w.first, store: w.store, prepare: func(dir string) error {
			if err := l.quiet(dir, w.init...); err != nil {
				return err
			}
			return l.copyFile(file, filepath.Join(dir, "data.csv"))
		}}
		switch w.tool {
		case "strata":
			c.runs = 0
		case "dolt":
			c.runs = min(l.Runs, 2)
		}
		field = append(field, c)
	}
	field = append(field, contestant{tool: "duckdb", runs: 1, inner: true, store: "db.duckdb",
		commands: [][]string{{"python3", "-c", fmt.Sprintf(duckRead, "csv"), file}}})
	all := l.race("add", field...)
	ours := all["strata"]
	speed := sizeOf(file) / 1e6 / ours.median()
	exact := l.restored(file)
	versus := verdict(ours.median() <= median(all, "dolt"), ours.median())
	l.line(fmt.Sprintf("first add + commit, CSV, %s rows, %.0f MB", count(l.Rows), sizeOf(file)/1e6),
		"60 MB/s (aim 200), faster than Dolt, byte-exact",
		fmt.Sprintf("%s s, %.0f MB/s; %s", seconds(ours.median()), speed, exact),
		both(verdict(speed >= 60, speed), versus, verdict(exact == "restored byte-exact")),
		against(all, "dolt", "git", "git-lfs", "git-annex", "dvc", "oxen", "restic", "borg", "duckdb"))
	l.line("its peak memory", "1 GiB", mebibytes(ours), verdict(ours.rss() < 1<<30, ours.rss()), memories(all, "dolt", "git", "oxen", "dvc", "restic"))
	return nil
}

// restored checks that strata writes file back.
func (l *Lab) restored(file string) string {
	dir := l.place("add", "strata")
	name := filepath.Join(dir, "data.csv")
	if err := os.Remove(name); err != nil {
		return err.Error()
	}
	all := l.race("restore", contestant{tool: "strata", runs: 1, dir: dir, commands: [][]string{{"strata", "restore", "data.csv"}}})
	if t := all["strata"]; !t.ok() {
		return "not restored: " + t.Failed
	}
	if err := l.quiet("/", []string{"cmp", file, name}); err != nil {
		return "restored with OTHER bytes"
	}
	return "restored byte-exact"
}

// memory adds the big table.
func (l *Lab) memory() error {
	if l.Big == 0 {
		return nil
	}
	file, err := l.table(l.Big, "w1", "data", "csv")
	if err != nil {
		return err
	}
	w := wayOf("strata")
	all := l.race("add-big", contestant{tool: "strata", runs: 1, commands: w.first, store: w.store, prepare: func(dir string) error {
		if err := l.quiet(dir, w.init...); err != nil {
			return err
		}
		return l.copyFile(file, filepath.Join(dir, "data.csv"))
	}})
	ours := all["strata"]
	l.line(fmt.Sprintf("first add + commit, CSV, %s rows, %.0f MB: peak memory", count(l.Big), sizeOf(file)/1e6), "1 GiB",
		fmt.Sprintf("%s, %s s, %.0f MB/s", mebibytes(ours), seconds(ours.median()), sizeOf(file)/1e6/ours.median()),
		verdict(ours.rss() < 1<<30, ours.rss()), "")
	return nil
}

// parquet times the first version of a Parquet file.
func (l *Lab) parquet() error {
	file, err := l.table(l.Rows, "w1", "data", "parquet")
	if err != nil {
		return err
	}
	prepare := func(dir string) error {
		if err := l.quiet(dir, []string{"strata", "init"}); err != nil {
			return err
		}
		return l.copyFile(file, filepath.Join(dir, "data.parquet"))
	}
	commit := []string{"strata", "commit", "-m", "version"}
	l.tools["strata --values-only"] = l.tools["strata"]
	all := l.race("add-parquet",
		contestant{tool: "strata", store: ".strata", prepare: prepare,
			commands: [][]string{{"strata", "add", "--key", "id", "data.parquet"}, commit}},
		contestant{tool: "strata --values-only", store: ".strata", prepare: prepare,
			commands: [][]string{{"strata", "add", "--values-only", "--key", "id", "data.parquet"}, commit}},
		contestant{tool: "duckdb", inner: true, store: "db.duckdb",
			commands: [][]string{{"python3", "-c", fmt.Sprintf(duckRead, "parquet"), file}}})
	ratio := median(all, "strata") / median(all, "duckdb")
	l.line(fmt.Sprintf("first add + commit, Parquet, %s rows, %.0f MB", count(l.Rows), sizeOf(file)/1e6), "3x of DuckDB (aim 1x)",
		fmt.Sprintf("%s s, %s of DuckDB; --values-only %s s", seconds(median(all, "strata")), times(ratio), seconds(median(all, "strata --values-only"))),
		verdict(ratio <= 3, ratio), against(all, "duckdb"))
	return nil
}

// size weighs the store beside Parquet files of the same rows.
func (l *Lab) size() error {
	file, err := l.base()
	if err != nil {
		return err
	}
	dir, err := l.added(wayOf("strata"))
	if err != nil {
		l.line("store size", "Parquet zstd + 15 %", err.Error(), unknown, "")
		return nil
	}
	weigh := func(tool, script string) float64 {
		path := filepath.Join(l.Work, tool+".parquet")
		if _, ok := l.tools[tool]; !ok {
			return math.NaN()
		}
		if err := l.quiet("/", []string{"python3", "-c", script, file, path}); err != nil {
			fmt.Fprintln(l.Log, err)
			return math.NaN()
		}
		defer os.Remove(path)
		return sizeOf(path)
	}
	ours, arrow, duck := float64(diskBytes(filepath.Join(dir, ".strata"))), weigh("pyarrow", arrowZstd), weigh("duckdb", duckZstd)
	l.line("store size after it", "Parquet zstd + 15 %", fmt.Sprintf("%.1f MB, %s of pyarrow's file", ours/1e6, times(ours/arrow)),
		verdict(ours <= 1.15*arrow, arrow), fmt.Sprintf("pyarrow zstd %.1f MB, DuckDB zstd %.1f MB", arrow/1e6, duck/1e6))
	return nil
}

func (t *Timing) rss() float64 {
	if !t.ok() {
		return math.NaN()
	}
	return float64(t.RSS)
}

func mebibytes(t *Timing) string {
	if !t.ok() {
		return "?"
	}
	return fmt.Sprintf("%d MiB", t.RSS>>20)
}

func memories(all map[string]*Timing, tools ...string) string {
	s := ""
	for _, tool := range tools {
		if t := all[tool]; t.ok() {
			s += ", " + tool + " " + mebibytes(t)
		}
	}
	if s == "" {
		return s
	}
	return s[2:]
}
