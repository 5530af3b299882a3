package contest

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/strata-data/strata/cmd/strata-bench/gen"
)

// dataDir is where generated data stays from one contest to the next.
func (l *Lab) dataDir() string {
	return filepath.Join(filepath.Dir(l.Work), "data", filepath.Base(gen.Version))
}

// table returns the path of a generated table (see gen.Shape) of the given
// number of rows, making it if it is not there. A process of its own makes it,
// because a child's peak memory begins with its parent's.
func (l *Lab) table(rows int64, shape, name, format string) (string, error) {
	dir := filepath.Join(l.dataDir(), fmt.Sprintf("%s-%d", shape, rows))
	path := filepath.Join(dir, name+"."+format)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	fmt.Fprintf(l.Log, "make %s\n", path)
	temporary := filepath.Join(dir, "unfinished")
	if err := l.quiet("/", []string{"self", "gen", "--shape", shape, "--rows", fmt.Sprint(rows), "--seed", "1",
		"--format", format, "--only", name, "--out", temporary}); err != nil {
		return "", err
	}
	if err := os.Rename(filepath.Join(temporary, name+"."+format), path); err != nil {
		return "", err
	}
	return path, os.Remove(temporary)
}

// base returns the path of the table that most workloads begin with.
func (l *Lab) base() (string, error) { return l.table(l.Rows, "w1", "data", "csv") }

// pictures returns the directory of n generated files.
func (l *Lab) pictures(n int64) (string, error) {
	dir := filepath.Join(l.dataDir(), fmt.Sprintf("w6-%d", n))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	fmt.Fprintf(l.Log, "make %s\n", dir)
	temporary := dir + ".unfinished"
	if err := l.quiet("/", []string{"self", "gen", "--shape", "w6", "--rows", fmt.Sprint(n), "--out", temporary}); err != nil {
		return "", err
	}
	return dir, os.Rename(temporary, dir)
}

func sizeOf(path string) float64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return float64(info.Size())
}
