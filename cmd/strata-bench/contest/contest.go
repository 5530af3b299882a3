// Package contest times Strata beside its peers, step by step, on data that
// package gen makes, and says which targets are reached.
//
// The rules: every step is a whole process, timed from its start to its end;
// the contestants of a step take turns, and the median of their runs counts;
// what has to be there before a step (a repository, a copy of the file) is made
// outside the clock and synced to disk; memory is what wait4 reports of the
// process and of those it waited for. A tool that has no such step says "cannot".
// A tool that is not installed is named. docs/benchmarks.md tells what the
// workloads are. Start reading at Run, then Lab.race.
package contest

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
)

// Options of Run. Paths are absolute.
type Options struct {
	Rows   int64  // of the table
	Big    int64  // rows of the big table, 0 = none
	Files  int64  // number of small files, 0 = none
	Runs   int    // of each step
	Only   string // regular expression over the names of workloads
	Strata string // the program that is measured
	Peers  string // directory of scripts/peers.sh
	Work   string // scratch directory, emptied; data that is kept lies beside it
	Self   string // this program, for its gen, scan and hash
	Path   string // PATH of the processes
	Keep   bool   // leave the scratch directory behind
	Alone  bool   // Strata without peers
	Log    io.Writer
}

// Lab is where a contest is held.
type Lab struct {
	Options
	ctx    context.Context
	tools  map[string]string // name -> version; absent = not installed
	env    []string
	report *Report
}

// workload is a part of the contest that --only can choose.
type workload struct {
	name string
	run  func(l *Lab) error
}

func workloads() []workload {
	return []workload{
		{"add", (*Lab).add},
		{"parquet", (*Lab).parquet},
		{"size", (*Lab).size},
		{"readd", (*Lab).readd},
		{"growth", (*Lab).growth},
		{"diff", (*Lab).diff},
		{"schema", (*Lab).schema},
		{"scan", (*Lab).scan},
		{"files", (*Lab).files},
		{"memory", (*Lab).memory},
		{"merge", (*Lab).merge},
		{"history", (*Lab).history},
		{"packing", (*Lab).packing},
		{"forget", (*Lab).forget},
		{"fsck", (*Lab).fsck},
		{"kill", (*Lab).kill},
	}
}

// Run holds the contest. A step that fails is in the report; an error is one
// that keeps the contest from going on.
func Run(ctx context.Context, o Options) (*Report, error) {
	only, err := regexp.Compile(o.Only)
	if err != nil {
		return nil, err
	}
	if err := os.RemoveAll(o.Work); err != nil {
		return nil, err
	}
	l := &Lab{Options: o, ctx: ctx, report: &Report{Rows: o.Rows, Big: o.Big, Files: o.Files, Runs: o.Runs}}
	if err := l.open(); err != nil {
		return nil, err
	}
	for _, w := range workloads() {
		if !only.MatchString(w.name) {
			continue
		}
		if err := w.run(l); err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	l.report.Machine.LoadAfter = load()
	if o.Keep {
		return l.report, nil
	}
	return l.report, os.RemoveAll(o.Work)
}

// open makes the scratch directory with a home of its own, so that nobody's
// settings change what is measured, and finds the tools.
func (l *Lab) open() error {
	home := filepath.Join(l.Work, "home")
	if err := os.MkdirAll(home, 0o777); err != nil {
		return err
	}
	settings := "[user]\n\tname = Bench\n\temail = bench@example.com\n[init]\n\tdefaultBranch = main\n[gc]\n\tauto = 0\n"
	if err := os.WriteFile(filepath.Join(home, ".gitconfig"), []byte(settings), 0o666); err != nil {
		return err
	}
	path := filepath.Join(l.Peers, "bin") + ":" + filepath.Join(l.Peers, "venv/bin") + ":" + l.Path
	l.env = []string{"PATH=" + path, "HOME=" + home, "LC_ALL=C.UTF-8", "TMPDIR=" + home,
		"DVC_NO_ANALYTICS=1", "DO_NOT_TRACK=1", "RESTIC_PASSWORD=bench", "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes",
		"BORG_RELOCATED_REPO_ACCESS_IS_OK=yes",
		"BORG_BASE_DIR=" + home, "DOLT_ROOT_PATH=" + home, "DOLT_DISABLE_EVENT_FLUSH=1"}
	l.findTools()
	if _, ok := l.tools["strata"]; !ok {
		return fmt.Errorf("%s does not run; make build makes it", l.Strata)
	}
	return l.describeMachine()
}
