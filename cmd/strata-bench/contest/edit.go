package contest

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
)

// readd times a further version after 0.1 % of the rows changed.
func (l *Lab) readd() error {
	file, err := l.table(l.Rows, "w2", "uniform", "csv")
	if err != nil {
		return err
	}
	strata := l.edition(wayOf("strata"), file, 0)
	strata.commands = strata.commands[:1]
	base, err := l.base()
	if err != nil {
		return err
	}
	first := contestant{tool: "strata", commands: wayOf("strata").first[:1], prepare: func(dir string) error {
		if err := l.quiet(dir, wayOf("strata").init...); err != nil {
			return err
		}
		return l.copyFile(base, filepath.Join(dir, "data.csv"))
	}}
	before := l.race("first-add", first)
	all := l.race("re-add", strata, contestant{tool: "hash", commands: [][]string{{"self", "hash", file}}})
	ours, full, hash := median(all, "strata"), median(before, "strata"), median(all, "hash")
	l.line("re-add after 0.1 % of the rows changed", "a fifth of the first add (aim 1.5x of hashing the file)",
		fmt.Sprintf("%s s, %s of the first add (%s s), %s of reading and hashing", seconds(ours), times(ours/full), seconds(full), times(ours/hash)),
		verdict(ours <= full/5, ours, full), "")
	return nil
}

// growthOf weighs a further version with the edits of one kind: what each tool's
// store grew by, and what Strata's was before.
func (l *Lab) growthOf(kind string, tools ...string) (map[string]float64, float64, error) {
	file, err := l.table(l.Rows, "w2", kind, "csv")
	if err != nil {
		return nil, 0, err
	}
	var field []contestant
	for _, tool := range tools {
		field = append(field, l.edition(wayOf(tool), file, 1))
	}
	all := l.race("next-"+kind, field...)
	grown, ours := map[string]float64{}, math.NaN()
	for _, tool := range tools {
		g, before, err := l.grown(wayOf(tool), all[tool])
		if err != nil {
			continue
		}
		grown[tool] = g
		if tool == "strata" {
			ours = before
		}
	}
	return grown, ours, nil
}

// growth weighs further versions.
func (l *Lab) growth() error {
	for _, k := range []struct {
		kind, what, target string
		limit              float64 // of the store before; 0 = see below
	}{
		{"uniform", "growth: 0.1 % of the rows at random keys, wide text too", "8 %", 0.08},
		{"cluster", "growth: 0.1 % of the rows, neighbours", "", math.Inf(1)},
		{"label", "growth: label only, of 0.1 % of the rows", "0.5 %", 0.005},
		{"append", "growth: 0.1 % appended", "1.2x of the appended bytes compressed", 0},
	} {
		grown, before, err := l.growthOf(k.kind, "strata", "dolt", "restic", "borg", "dvc")
		if err != nil {
			return err
		}
		ours, ok := grown["strata"]
		if !ok {
			ours = math.NaN()
		}
		peers := ""
		for _, tool := range []string{"dolt", "restic", "borg", "dvc"} {
			if g, ok := grown[tool]; ok {
				peers += fmt.Sprintf(", %s +%s", tool, megabytes(g))
			}
		}
		if peers != "" {
			peers = peers[2:]
		}
		value, v := fmt.Sprintf("+%s, %s of the store", megabytes(ours), percent(ours/before)), verdict(ours <= k.limit*before, ours, before)
		if k.kind == "append" {
			packed, err := l.appended()
			if err != nil {
				return err
			}
			value = fmt.Sprintf("+%s, %.2fx of the appended bytes compressed (%s with zstd -3)", megabytes(ours), ours/packed, megabytes(packed))
			v = verdict(ours <= 1.2*packed, ours, packed)
		}
		if k.target == "" {
			v = ""
		}
		l.line(k.what, k.target, value, v, peers)
	}
	return nil
}

// appended returns the size of the rows that the table append has more than the
// base, compressed by zstd alone at its usual level; NaN without zstd.
func (l *Lab) appended() (float64, error) {
	old, err := l.base()
	if err != nil {
		return 0, err
	}
	new, err := l.table(l.Rows, "w2", "append", "csv")
	if err != nil {
		return 0, err
	}
	tail := filepath.Join(l.Work, "tail")
	defer os.Remove(tail)
	script := fmt.Sprintf("tail -c +%d '%s' > '%s' && zstd -q -3 '%s' -o '%s.zst'", int64(sizeOf(old))+1, new, tail, tail, tail)
	if err := l.quiet("/", []string{"sh", "-c", script}); err != nil {
		return math.NaN(), nil
	}
	defer os.Remove(tail + ".zst")
	return sizeOf(tail + ".zst"), nil
}

// schema weighs and times changes of the columns.
func (l *Lab) schema() error {
	added, err := l.table(l.Rows, "w3", "add", "csv")
	if err != nil {
		return err
	}
	renamed, err := l.table(l.Rows, "w3", "rename", "csv")
	if err != nil {
		return err
	}
	w := wayOf("strata")
	all := l.race("add-column", l.edition(w, added, 1))
	grown, _, err := l.grown(w, all["strata"])
	if err != nil {
		grown = math.NaN()
	}
	own := float64(8 * l.Rows)
	l.line("add a column of random float64", "writes that column only (8 bytes a row)",
		fmt.Sprintf("+%s, %s of the column; %s s; %s", megabytes(grown), times(grown/own), seconds(median(all, "strata")), l.rowsChanged("add-column")),
		verdict(grown <= 1.25*own, grown), "")

	rename := l.edition(w, renamed, 1)
	rename.commands = [][]string{{"strata", "add", "--rename", "score=confidence", "data.csv"}, w.next[1]}
	all = l.race("rename-column", rename)
	if grown, _, err = l.grown(w, all["strata"]); err != nil {
		grown = math.NaN()
	}
	l.line("rename a column", "writes under 100 KB",
		fmt.Sprintf("+%s; %s s; %s", megabytes(grown), seconds(median(all, "strata")), l.rowsChanged("rename-column")),
		verdict(grown < 100e3, grown), "")
	return nil
}

// rowsChanged says how many rows diff reports in the last commit of a step.
func (l *Lab) rowsChanged(step string) string {
	cmd := l.inDir(l.place(step, "strata"), []string{"strata", "diff", "--shortstat", "HEAD~1", "HEAD"})
	out, err := cmd.Output()
	if err != nil {
		return "diff failed"
	}
	return "diff says: " + lastLine(string(out))
}

func megabytes(n float64) string {
	switch {
	case math.IsNaN(n):
		return "?"
	case math.Abs(n) < 1e5:
		return fmt.Sprintf("%.1f KB", n/1e3)
	}
	return fmt.Sprintf("%.2f MB", n/1e6)
}
