package contest

import (
	"fmt"
	"os"
	"path/filepath"
)

// branches makes a repository in which two branches, ours and theirs, have each
// edited the base table (shape w5), and ours is checked out.
func (l *Lab) branches(dir string, w way, add func(side, file string) [][]string, checkout func(branch string, new bool) []string) error {
	base, err := l.base()
	if err != nil {
		return err
	}
	if err := l.begin(w, dir, base); err != nil {
		return err
	}
	for _, side := range []string{"theirs", "ours"} {
		file, err := l.table(l.Rows, "w5", side, "csv")
		if err != nil {
			return err
		}
		if err := l.quiet(dir, checkout("main", false), checkout(side, true)); err != nil {
			return err
		}
		if err := l.replace(dir, file); err != nil {
			return err
		}
		if err := l.quiet(dir, add(side, file)...); err != nil {
			return err
		}
	}
	return nil
}

func (l *Lab) strataBranches(dir string) error {
	w := wayOf("strata")
	return l.branches(dir, w, func(side, _ string) [][]string {
		add := []string{"strata", "add", "data.csv"}
		if side == "theirs" {
			add = []string{"strata", "add", "--rename", "score=confidence", "data.csv"}
		}
		return [][]string{add, {"strata", "commit", "-m", side}}
	}, func(branch string, new bool) []string {
		if new {
			return []string{"strata", "switch", "-c", branch}
		}
		return []string{"strata", "switch", branch}
	})
}

func (l *Lab) doltBranches(dir string) error {
	w := wayOf("dolt")
	return l.branches(dir, w, func(side, _ string) [][]string {
		change := "alter table data add column quality double"
		if side == "theirs" {
			change = "alter table data rename column score to confidence"
		}
		return [][]string{{"dolt", "sql", "-q", change}, {"dolt", "table", "import", "-u", "data", "data.csv"},
			{"dolt", "add", "."}, {"dolt", "commit", "-m", side}}
	}, func(branch string, new bool) []string {
		if new {
			return []string{"dolt", "checkout", "-b", branch}
		}
		return []string{"dolt", "checkout", branch}
	})
}

// merge times the merge of two branches with conflicts and changes of the schema.
func (l *Lab) merge() error {
	var field []contestant
	for _, c := range []struct {
		tool string
		make func(dir string) error
	}{{"strata", l.strataBranches}, {"dolt", l.doltBranches}} {
		if _, ok := l.tools[c.tool]; !ok || l.Alone && c.tool != "strata" {
			continue
		}
		from := l.place("branches", c.tool)
		if err := os.MkdirAll(filepath.Dir(from), 0o777); err != nil {
			return err
		}
		if err := c.make(from); err != nil {
			fmt.Fprintf(l.Log, "  %-10s %v\n", c.tool, err)
			continue
		}
		field = append(field, contestant{
			tool: c.tool, ok1: true, commands: [][]string{{c.tool, "merge", "theirs"}},
			prepare: func(dir string) error { return l.copyTree(from, dir) },
		})
	}
	all := l.race("merge", field...)
	ours, dolt := all["strata"], median(all, "dolt")
	took := median(all, "strata")
	fast := verdict(took <= 2, took)
	if l.tools["dolt"] != "" && !l.Alone {
		fast = both(fast, verdict(took < dolt, took, dolt))
	}
	rss := int64(0)
	if ours.ok() {
		rss = ours.RSS
	}
	l.line("merge: two branches, 1 % of the rows each, 0.01 % conflicts, a schema change each", "2 s, faster than Dolt, under 512 MiB",
		fmt.Sprintf("%s s, peak %.0f MiB, working file written; %s", seconds(took), float64(rss)/(1<<20), l.conflictCount()),
		both(fast, verdict(ours.ok() && rss < 512<<20, took)), against(all, "dolt"))
	return nil
}

// conflictCount says how many cells the merge left open.
func (l *Lab) conflictCount() string {
	out, err := l.inDir(l.place("merge", "strata"), []string{"strata", "conflicts", "--count"}).Output()
	if err != nil {
		return "no conflicts"
	}
	return "conflicts: " + lastLine(string(out))
}
