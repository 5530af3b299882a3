package contest

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
)

// versions is the length of the chain of versions that packing weighs.
const versions = 50

// packing weighs a repository of 50 further versions after gc: beside the bytes
// that changed, compressed on their own, and beside the repositories of tools
// that keep chunks.
func (l *Lab) packing() error {
	base, err := l.base()
	if err != nil {
		return err
	}
	tools := []string{"strata", "restic", "borg"}
	dirs := map[string]string{}
	for _, tool := range tools {
		if _, ok := l.tools[tool]; !ok || l.Alone && tool != "strata" {
			continue
		}
		dir := l.place("packing", tool)
		if err := l.begin(wayOf(tool), dir, base); err != nil {
			fmt.Fprintf(l.Log, "  %-10s %v\n", tool, err)
			continue
		}
		dirs[tool] = dir
	}
	first := map[string]float64{}
	for tool, dir := range dirs {
		first[tool] = float64(diskBytes(filepath.Join(dir, wayOf(tool).store)))
	}
	fmt.Fprintf(l.Log, "packing\n")
	changed, before := 0.0, base
	for v := 1; v <= versions; v++ {
		name := fmt.Sprintf("chain-%02d", v)
		file, err := l.table(l.Rows, "w2", name, "csv")
		if err != nil {
			return err
		}
		n, err := l.changedBytes(before, file)
		if err != nil {
			return err
		}
		changed += n
		for tool, dir := range dirs {
			if err := l.version(tool, dir, file, v); err != nil {
				return err
			}
		}
		if before != base { // the data of one version is large, and of use here only
			if err := os.Remove(before); err != nil {
				return err
			}
		}
		before = file
	}
	if err := os.Remove(before); err != nil {
		return err
	}
	all := l.race("gc", contestant{tool: "strata", runs: 1, dir: dirs["strata"], store: ".strata",
		commands: [][]string{{"strata", "gc", "--aggressive", "--prune=now"}}})
	size := map[string]float64{}
	for tool, dir := range dirs {
		size[tool] = float64(diskBytes(filepath.Join(dir, wayOf(tool).store)))
	}
	packed := math.NaN()
	if len(dirs) > 0 {
		if packed, err = l.zstdSize(base); err != nil {
			packed = math.NaN()
		}
	}
	l.packed(all, size, first, changed, packed)
	return nil
}

// packed adds the line about what packing weighed.
func (l *Lab) packed(all map[string]*Timing, size, first map[string]float64, changed, packed float64) {
	ours := size["strata"]
	smallest, peers := math.Inf(1), ""
	for _, tool := range []string{"restic", "borg"} {
		if s, ok := size[tool]; ok {
			smallest = math.Min(smallest, s)
			peers += fmt.Sprintf(", %s %s (%s)", tool, megabytes(s), times(s/ours))
		}
	}
	if peers != "" {
		peers = peers[2:]
	}
	growth := ours - first["strata"]
	l.line(fmt.Sprintf("%d commits of edits, after gc --aggressive", versions), "3x the changed bytes compressed; under half of restic's and borg's repository",
		fmt.Sprintf("%s in %s s; %s of the first version and all changed rows, compressed (zstd -3: %s + %s); growth alone %s = %s of the changed rows",
			megabytes(ours), seconds(median(all, "strata")), times(ours/(packed+changed)), megabytes(packed), megabytes(changed), megabytes(growth), times(growth/changed)),
		both(verdict(growth <= 3*changed, growth, changed), verdict(ours < smallest/2, ours, smallest)), peers)
}

// version adds file as the next version of one tool's repository.
func (l *Lab) version(tool, dir, file string, v int) error {
	if err := l.replace(dir, file); err != nil {
		return err
	}
	commands := wayOf(tool).next
	if tool == "borg" {
		commands = [][]string{{"borg", "create", "-C", "zstd,3", fmt.Sprintf("store::v%d", v), "data.csv"}}
	}
	return l.quiet(dir, commands...)
}

// changedBytes returns the size of the lines that new has and old has not,
// compressed by zstd on their own.
func (l *Lab) changedBytes(old, new string) (float64, error) {
	lines := filepath.Join(l.Work, "changed")
	defer os.Remove(lines)
	script := fmt.Sprintf("diff --speed-large-files '%s' '%s' | grep '^>' | cut -c 3- > '%s'; true", old, new, lines)
	if err := l.quiet("/", []string{"sh", "-c", script}); err != nil {
		return 0, err
	}
	return l.zstdSize(lines)
}

// zstdSize returns the size of a file compressed by zstd at its usual level.
func (l *Lab) zstdSize(file string) (float64, error) {
	packed := filepath.Join(l.Work, "packed.zst")
	err := l.quiet("/", []string{"zstd", "-q", "-f", "-3", file, "-o", packed})
	size := sizeOf(packed)
	return size, errors.Join(err, os.Remove(packed))
}

// forget weighs gc after half of ten branches was deleted, beside a repository
// that never had them.
func (l *Lab) forget() error {
	rows := l.Rows / 10
	base, err := l.table(rows, "w1", "data", "csv")
	if err != nil {
		return err
	}
	make := func(step string, kept func(n int) bool) (string, error) {
		dir := l.place(step, "strata")
		if err := l.begin(wayOf("strata"), dir, base); err != nil {
			return "", err
		}
		for n := range 10 {
			if !kept(n) {
				continue
			}
			file, err := l.table(rows, "w2", fmt.Sprintf("chain-%02d", 5*n+1), "csv")
			if err != nil {
				return "", err
			}
			branch := fmt.Sprintf("branch-%d", n)
			if err := l.quiet(dir, []string{"strata", "switch", "-c", branch, "main"}); err != nil {
				return "", err
			}
			if err := l.replace(dir, file); err != nil {
				return "", err
			}
			if err := l.quiet(dir, append(wayOf("strata").next, []string{"strata", "switch", "main"})...); err != nil {
				return "", err
			}
		}
		return dir, nil
	}
	clean := [][]string{{"strata", "reflog", "expire", "--expire=now", "--all"}, {"strata", "gc", "--prune=now"}}
	ideal, err := make("forget-ideal", func(n int) bool { return n%2 == 0 })
	if err != nil {
		return err
	}
	dir, err := make("forget", func(int) bool { return true })
	if err != nil {
		return err
	}
	if err := l.quiet(ideal, clean...); err != nil {
		return err
	}
	before := float64(diskBytes(filepath.Join(dir, ".strata")))
	for n := 1; n < 10; n += 2 {
		if err := l.quiet(dir, []string{"strata", "branch", "-D", fmt.Sprintf("branch-%d", n)}); err != nil {
			return err
		}
	}
	all := l.race("forget", contestant{tool: "strata", runs: 1, dir: dir, store: ".strata", commands: clean})
	least := float64(diskBytes(filepath.Join(ideal, ".strata")))
	after := math.NaN()
	if t := all["strata"]; t.ok() {
		after = float64(t.Store)
	}
	given := (before - after) / (before - least)
	l.line("gc after deleting half of the branches", "gives back 90 % of the ideal",
		fmt.Sprintf("%s → %s, ideal %s: %s given back, in %s s", megabytes(before), megabytes(after), megabytes(least), percent(given), seconds(median(all, "strata"))),
		verdict(given >= 0.9, given), "")
	return nil
}
