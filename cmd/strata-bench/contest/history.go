package contest

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
)

const (
	commits = 10_000 // of the long history
	edits   = 1_000  // versions of the table with a long history
)

// history times questions about long histories.
func (l *Lab) history() error {
	long := l.place("history", "strata")
	if err := os.MkdirAll(long, 0o777); err != nil {
		return err
	}
	if err := l.quiet(long, []string{"strata", "init"},
		[]string{"self", "history", "--commits", fmt.Sprint(commits), "--repo", long}); err != nil {
		return err
	}
	peer := l.gitTwin(long)
	ms := func(s float64) string { return fmt.Sprintf("%.1f ms", 1000*s) }
	for _, q := range []struct {
		step string
		args []string
	}{
		{"merge-base", []string{"merge-base", "left", "right"}},
		{"log-20", []string{"log", "-n", "20"}},
		{"log-graph-20", []string{"log", "--graph", "-n", "20", "--all"}},
	} {
		field := []contestant{{tool: "strata", runs: 2*l.Runs + 1, dir: long, commands: [][]string{append([]string{"strata"}, q.args...)}}}
		if peer != "" {
			field = append(field, contestant{tool: "git", runs: 2*l.Runs + 1, dir: peer, commands: [][]string{append([]string{"git"}, q.args...)}})
		}
		all := l.race(q.step, field...)
		took := median(all, "strata")
		l.line(fmt.Sprintf("%s with %s commits", strings.Join(q.args, " "), count(commits)), "50 ms", ms(took), verdict(took <= 0.05, took), against(all, "git"))
	}
	return l.life()
}

// gitTwin makes a git repository with commits of the same shape, "" without git.
func (l *Lab) gitTwin(long string) string {
	dir := l.place("history", "git")
	script := fmt.Sprintf("'%s' history --commits %d --repo '%s' --fast-import | git fast-import --quiet && git symbolic-ref HEAD refs/heads/main", l.Self, commits, long)
	if l.tools["git"] == "" || l.Alone || os.MkdirAll(dir, 0o777) != nil ||
		l.quiet(dir, []string{"git", "init", "-q"}, []string{"sh", "-c", script}) != nil {
		return ""
	}
	return dir
}

// life times the history of one sample.
func (l *Lab) life() error {
	dir := l.place("life", "strata")
	base, err := l.base()
	if err != nil {
		return err
	}
	if err := l.begin(wayOf("strata"), dir, base); err != nil {
		return err
	}
	if err := l.quiet(dir, []string{"self", "history", "--commits", fmt.Sprint(edits), "--edits", "100", "--repo", dir}); err != nil {
		return err
	}
	ask := []string{"strata", "log", "--oneline", "--", fmt.Sprintf("data/%d", l.Rows/2+1)}
	all := l.race("life", contestant{tool: "strata", runs: 2*l.Runs + 1, dir: dir, commands: [][]string{ask}, keep: true})
	cold := l.race("life-first", contestant{tool: "strata", runs: 1, dir: dir, commands: [][]string{ask},
		prepare: func(dir string) error { return os.RemoveAll(filepath.Join(dir, ".strata", "cache.db")) }})
	found := math.NaN()
	if t := all["strata"]; t.ok() {
		found = float64(strings.Count(string(t.out), "\n"))
	}
	took := median(all, "strata")
	l.line(fmt.Sprintf("log -- KEY over %s commits of %s rows", count(edits), count(l.Rows)), "200 ms",
		fmt.Sprintf("%.1f ms, %.0f versions found; without what earlier commands remembered: %s s", 1000*took, found, seconds(median(cold, "strata"))),
		both(verdict(took <= 0.2, took), verdict(found == edits/100+1, found)), "")
	blame := l.race("blame", contestant{tool: "strata", dir: dir, commands: [][]string{{"strata", "blame", fmt.Sprintf("data/%d", l.Rows/2+1)}}})
	took = median(blame, "strata")
	l.line(fmt.Sprintf("blame KEY over %s commits of %s rows", count(edits), count(l.Rows)), "", fmt.Sprintf("%.1f ms", 1000*took), "", "")
	return os.RemoveAll(dir)
}
