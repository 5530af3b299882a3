package contest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// way is how one tool keeps versions of data.csv, by its documented commands.
type way struct {
	tool   string
	init   [][]string // makes a repository in an empty directory
	first  [][]string // the first version
	next   [][]string // a further version, after data.csv was replaced
	store  string     // where its bytes go
	cannot string
}

const oxenAdd = `
import sys
from oxen import Repo
r = Repo(".")
r.add("data.csv")
r.commit(sys.argv[1])
`

const oxenInit = `
from oxen import Repo, user
user.config_user("Bench", "bench@example.com")
Repo(".").init()
`

// doltSchema is given to Dolt, whose own guess, varchar(200), is too short for
// the texts; the other types are those that it infers.
const doltSchema = "CREATE TABLE `data` (`id` bigint NOT NULL, `camera` varchar(200), `weather` varchar(200), `country` varchar(200), " +
	"`score` double, `reading` double, `captured_at` datetime, `split` varchar(200), `label` varchar(200), `text` varchar(500), " +
	"`speed` double, `verified` tinyint(1), PRIMARY KEY (`id`));\n"

func ways() []way {
	commit := git("commit", "-q", "-m", "version")
	return []way{
		{
			tool: "strata", store: ".strata", init: [][]string{{"strata", "init"}},
			first: [][]string{{"strata", "add", "--key", "id", "data.csv"}, {"strata", "commit", "-m", "version"}},
			next:  [][]string{{"strata", "add", "data.csv"}, {"strata", "commit", "-m", "version"}},
		},
		{
			tool: "dolt", store: ".dolt", init: [][]string{{"dolt", "init", "--name", "Bench", "--email", "bench@example.com"},
				{"sh", "-c", "echo '" + doltSchema + "' >schema.sql"}},
			first: [][]string{{"dolt", "table", "import", "-c", "--schema", "schema.sql", "data", "data.csv"}, {"dolt", "add", "."}, {"dolt", "commit", "-m", "version"}},
			next:  [][]string{{"dolt", "table", "import", "-u", "data", "data.csv"}, {"dolt", "add", "."}, {"dolt", "commit", "-m", "version"}},
		},
		{
			tool: "git", store: ".git", init: [][]string{git("init", "-q")},
			first: [][]string{git("add", "data.csv"), commit}, next: [][]string{git("add", "data.csv"), commit},
		},
		{
			tool: "git-lfs", store: ".git", init: [][]string{git("init", "-q"), git("lfs", "install", "--local"), git("lfs", "track", "*.csv")},
			first: [][]string{git("add", "."), commit}, next: [][]string{git("add", "."), commit},
		},
		{
			tool: "git-annex", store: ".git", init: [][]string{git("init", "-q"), git("annex", "init", "bench")},
			first: [][]string{git("annex", "add", "data.csv"), commit}, next: [][]string{git("annex", "add", "data.csv"), commit},
		},
		{
			tool: "dvc", store: ".dvc", init: [][]string{git("init", "-q"), {"dvc", "init", "-q"}},
			first: [][]string{{"dvc", "add", "-q", "data.csv"}, git("add", "."), commit},
			next:  [][]string{{"dvc", "add", "-q", "data.csv"}, git("add", "."), commit},
		},
		{
			tool: "oxen", store: ".oxen", init: [][]string{{"python3", "-c", oxenInit}},
			first: [][]string{{"python3", "-c", oxenAdd, "first"}}, next: [][]string{{"python3", "-c", oxenAdd, "next"}},
		},
		{
			tool: "restic", store: "store", init: [][]string{{"restic", "-q", "-r", "store", "init"}},
			first: [][]string{{"restic", "-q", "-r", "store", "backup", "data.csv"}}, next: [][]string{{"restic", "-q", "-r", "store", "backup", "data.csv"}},
		},
		{
			tool: "borg", store: "store", init: [][]string{{"borg", "init", "-e", "none", "store"}},
			first: [][]string{{"borg", "create", "-C", "zstd,3", "store::first", "data.csv"}},
			next:  [][]string{{"borg", "create", "-C", "zstd,3", "store::next", "data.csv"}},
		},
	}
}

func wayOf(tool string) way {
	for _, w := range ways() {
		if w.tool == tool {
			return w
		}
	}
	return way{tool: tool, cannot: "not known"}
}

// added returns the directory where a tool has the base table as its first
// version: the one that the workload add left, or a new one.
func (l *Lab) added(w way) (string, error) {
	dir := l.place("add", w.tool)
	if _, err := os.Stat(filepath.Join(dir, w.store)); err == nil {
		return dir, nil
	}
	file, err := l.base()
	if err != nil {
		return "", err
	}
	return dir, l.begin(w, dir, file)
}

// begin makes a repository in dir with file as its first version.
func (l *Lab) begin(w way, dir, file string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if err := l.quiet(dir, w.init...); err != nil {
		return err
	}
	if err := l.copyFile(file, filepath.Join(dir, "data.csv")); err != nil {
		return err
	}
	return l.quiet(dir, w.first...)
}

// replace puts another version of the table in place of data.csv.
func (l *Lab) replace(dir, file string) error {
	name := filepath.Join(dir, "data.csv")
	if err := os.Remove(name); err != nil { // git-annex has a link there, dvc a file that may be shared
		return err
	}
	return l.copyFile(file, name)
}

// edition is a contestant that adds file as the next version to a copy of the
// repository with the first.
func (l *Lab) edition(w way, file string, runs int) contestant {
	return contestant{
		tool: w.tool, runs: runs, commands: w.next, store: w.store, cannot: w.cannot,
		prepare: func(dir string) error {
			from, err := l.added(w)
			if err != nil {
				return err
			}
			// Borg takes a copy of its repository for one that was tampered with.
			home := filepath.Join(l.Work, "home")
			if err := errors.Join(os.RemoveAll(filepath.Join(home, ".cache/borg")), os.RemoveAll(filepath.Join(home, ".config/borg"))); err != nil {
				return err
			}
			if err := l.copyTree(from, dir); err != nil {
				return err
			}
			return l.replace(dir, file)
		},
	}
}

// grown is what a contestant's store grew by since the first version, in bytes.
func (l *Lab) grown(w way, t *Timing) (grown, before float64, err error) {
	if !t.ok() {
		return 0, 0, fmt.Errorf("%s has no next version", w.tool)
	}
	before = float64(diskBytes(filepath.Join(l.place("add", w.tool), w.store)))
	return float64(t.Store) - before, before, nil
}
