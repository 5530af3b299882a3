package contest

import (
	"fmt"
	"math"
	"os"
)

const (
	duckDiff = `
import sys, time, duckdb
t = time.time()
a, b = sys.argv[1:]
c = duckdb.connect()
c.execute(f"""create table changed as select * from read_csv('{a}') a full join read_csv('{b}') b using (id)
 where a is distinct from b""")
print(time.time() - t)
`
	oxenDiff = `
import sys, oxen
oxen.diff(sys.argv[1], sys.argv[2], keys=["id"])
`
)

// pair makes a repository of strata with the base table of a number of rows as
// tag v0 and further tables of shape w4 as tags of their names.
func (l *Lab) pair(rows int64, names ...string) (string, error) {
	file, err := l.table(rows, "w1", "data", "csv")
	if err != nil {
		return "", err
	}
	w, dir := wayOf("strata"), l.place("versions", fmt.Sprint(rows))
	if _, err := os.Stat(dir); err != nil {
		if err := l.begin(w, dir, file); err != nil {
			return "", err
		}
		if err := l.quiet(dir, []string{"strata", "tag", "v0"}); err != nil {
			return "", err
		}
	}
	for _, name := range names {
		if l.quiet(dir, []string{"strata", "rev-parse", name}) == nil {
			continue
		}
		next, err := l.table(rows, "w4", name, "csv")
		if err != nil {
			return "", err
		}
		if err := l.replace(dir, next); err != nil {
			return "", err
		}
		if err := l.quiet(dir, append(w.next, []string{"strata", "tag", name})...); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// doltPair makes the same with Dolt.
func (l *Lab) doltPair(names ...string) (string, error) {
	w, dir := wayOf("dolt"), l.place("versions", "dolt")
	from, err := l.added(w)
	if err != nil {
		return "", err
	}
	if err := l.copyTree(from, dir); err != nil {
		return "", err
	}
	if err := l.quiet(dir, []string{"dolt", "tag", "v0"}); err != nil {
		return "", err
	}
	for _, name := range names {
		next, err := l.table(l.Rows, "w4", name, "csv")
		if err != nil {
			return "", err
		}
		if err := l.replace(dir, next); err != nil {
			return "", err
		}
		if err := l.quiet(dir, append(w.next, []string{"dolt", "tag", name})...); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// diff times the comparison of versions.
func (l *Lab) diff() error {
	if err := os.MkdirAll(l.place("versions", ""), 0o777); err != nil {
		return err
	}
	small, big := int64(10_000), l.Big
	middle := map[string]*Timing{}
	medians := map[int64]float64{}
	doltDir := ""
	if _, ok := l.tools["dolt"]; ok && !l.Alone {
		var err error
		if doltDir, err = l.doltPair("row", "permille"); err != nil {
			fmt.Fprintln(l.Log, err)
		}
	}
	for _, rows := range []int64{small, l.Rows, big} {
		if rows == 0 {
			continue
		}
		names := []string{"row"}
		if rows == l.Rows {
			names = append(names, "permille")
		}
		dir, err := l.pair(rows, names...)
		if err != nil {
			fmt.Fprintln(l.Log, err)
			medians[rows] = math.NaN()
			continue
		}
		field := []contestant{{tool: "strata", runs: 4*l.Runs + 1, dir: dir, commands: [][]string{{"strata", "diff", "v0", "row"}}}}
		if rows != big {
			peers, err := l.differs(rows, "row", []string{"dolt", "diff", "v0", "row"}, doltDir)
			if err != nil {
				return err
			}
			field = append(field, peers...)
		}
		all := l.race(fmt.Sprintf("diff-row-%d", rows), field...)
		medians[rows] = median(all, "strata")
		if rows == l.Rows {
			middle = all
		}
	}
	spread := math.Max(medians[l.Rows], medians[small]) / math.Min(medians[l.Rows], medians[small])
	if big > 0 {
		spread = math.Max(spread, medians[big]/math.Min(medians[l.Rows], medians[small]))
	}
	ms := func(s float64) string { return fmt.Sprintf("%.1f ms", 1000*s) }
	l.line(fmt.Sprintf("diff of 1 changed row in %s", count(l.Rows)), "50 ms (aim 15), within 2x at 10 k and at 5 M rows",
		fmt.Sprintf("%s; %s at 10,000, %s at %s rows: spread %s", ms(medians[l.Rows]), ms(medians[small]), ms(medians[big]), count(big), times(spread)),
		both(verdict(medians[l.Rows] <= 0.05, medians[l.Rows]), verdict(spread <= 2, spread)),
		against(middle, "dolt", "csvdiff", "daff", "git", "duckdb", "oxen"))
	return l.diffPermille(doltDir)
}

// diffPermille times the comparison after 0.1 % of the rows changed.
func (l *Lab) diffPermille(doltDir string) error {
	dir, err := l.pair(l.Rows, "permille")
	if err != nil {
		fmt.Fprintln(l.Log, err)
		return nil
	}
	dolt := contestant{tool: "dolt", dir: doltDir, commands: [][]string{{"dolt", "diff", "--stat", "v0", "permille"}}}
	field := []contestant{{tool: "strata", runs: 2*l.Runs + 1, dir: dir, commands: [][]string{{"strata", "diff", "--stat", "v0", "permille"}}}}
	if doltDir != "" {
		field = append(field, dolt)
	}
	stat := l.race("diff-stat", field...)
	l.line("diff --stat after 0.1 % changed", "0.3 s", seconds(median(stat, "strata"))+" s", verdict(median(stat, "strata") <= 0.3, median(stat, "strata")), against(stat, "dolt"))

	field = []contestant{{tool: "strata", runs: 2*l.Runs + 1, dir: dir, commands: [][]string{{"strata", "diff", "--jsonl", "v0", "permille"}}}}
	peers, err := l.differs(l.Rows, "permille", []string{"dolt", "diff", "-r", "json", "v0", "permille"}, doltDir)
	if err != nil {
		return err
	}
	all := l.race("diff-jsonl", append(field, peers...)...)
	l.line("diff --jsonl after 0.1 % changed", "1 s", seconds(median(all, "strata"))+" s", verdict(median(all, "strata") <= 1, median(all, "strata")), against(all, "dolt", "csvdiff", "daff", "git", "duckdb", "oxen"))
	return nil
}

// differs are the peers that compare the base table with another version: Dolt
// in its repository, the others by reading both files.
func (l *Lab) differs(rows int64, name string, dolt []string, doltDir string) ([]contestant, error) {
	old, err := l.table(rows, "w1", "data", "csv")
	if err != nil {
		return nil, err
	}
	new, err := l.table(rows, "w4", name, "csv")
	if err != nil {
		return nil, err
	}
	field := []contestant{
		{tool: "csvdiff", runs: 1, commands: [][]string{{"csvdiff", "-p", "0", "-o", "json", old, new}}},
		{tool: "git", runs: 1, ok1: true, commands: [][]string{{"git", "diff", "--no-index", old, new}}},
		{tool: "duckdb", runs: 1, inner: true, commands: [][]string{{"python3", "-c", duckDiff, old, new}}},
		{tool: "oxen", runs: 1, commands: [][]string{{"python3", "-c", oxenDiff, old, new}}},
	}
	daff := contestant{tool: "daff", runs: 1, commands: [][]string{{"daff", "--id", "id", old, new}}}
	if rows > 100_000 {
		daff.commands, daff.cannot = nil, "holds both tables in one JavaScript string each"
	}
	if rows == l.Rows && doltDir != "" {
		field = append(field, contestant{tool: "dolt", dir: doltDir, commands: [][]string{dolt}})
	}
	return append(field, daff), nil
}
