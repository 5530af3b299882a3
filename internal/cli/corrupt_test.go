package cli

import (
	"bytes"
	"fmt"
	"os"

	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// inProcess runs a command line in this process.
func inProcess(dir string, args ...string) (code int, out, errOut string) {
	var o, e bytes.Buffer
	vars := map[string]string{"HOME": dir, "XDG_CONFIG_HOME": dir, "STRATA_AUTHOR_NAME": "Ana Ito", "STRATA_AUTHOR_EMAIL": "ana@example.com"}
	now := func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }
	code = Run(&Env{Out: &o, Err: &e, Dir: dir, Getenv: getenv(vars), Now: now}, args)
	return code, o.String(), e.String()
}

// Whatever byte of the store changes, a command hands out the right bytes or
// says what is wrong: never other data, never a mistake of its own.
func TestFlippedBytes(t *testing.T) {
	base := t.TempDir()
	makeCrashRepo(t, base)
	want := workOf(t, base)
	segments, err := filepath.Glob(filepath.Join(base, ".strata", "objects", "*.seg"))
	if err != nil || len(segments) == 0 {
		t.Fatal("no segments", err)
	}

	files := append(segments, filepath.Join(base, ".strata", "meta.db"))
	flips := 40
	if testing.Short() {
		flips = 15
	}
	for _, file := range files {
		name, err := filepath.Rel(base, file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			good, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var used []int // of the file, whose pages are mostly empty
			for i, b := range good {
				if b != 0 {
					used = append(used, i)
				}
			}
			named := 0
			for i := range flips {
				dir := copyOf(t, base)
				at := used[(i*len(used)+len(used)/2)/flips]
				bad := slices.Clone(good)
				bad[at] ^= 0xff
				if err := os.WriteFile(filepath.Join(dir, name), bad, 0o666); err != nil {
					t.Fatal(err)
				}
				named += checkFlipped(t, dir, fmt.Sprintf("byte %d of %s", at, name), want)
				os.RemoveAll(dir)
			}
			if 2*named < flips && strings.HasSuffix(name, ".seg") {
				t.Errorf("of %d changed bytes of %s only %d were noticed", flips, name, named)
			}
		})
	}
}

// checkFlipped reads everything and returns 1 if that found the changed byte.
func checkFlipped(t *testing.T, dir, what string, want map[string]string) (named int) {
	t.Helper()
	for _, p := range []string{"train.csv", "notes.txt", "img/a.bin"} {
		if err := os.RemoveAll(filepath.Join(dir, p)); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"restore", "train.csv"}, {"restore", "notes.txt", "img"}, {"log"}, {"diff", "--stat", "v1", "main"}, {"status"}} {
		code, _, errOut := inProcess(dir, args...)
		switch {
		case code == 0:
		case code == exitBug:
			t.Errorf("%s: strata %s: %s", what, args[0], errOut)
		case !strings.Contains("\n"+errOut, "\nerror["):
			t.Errorf("%s: strata %s: exit code %d without a message: %q", what, args[0], code, errOut)
		case strings.Contains(errOut, "error[corrupt-object]: "):
			named = 1
		case strings.Contains(errOut, "error[failed]: "):
			t.Errorf("%s: strata %s: no cause that a user can act on: %s", what, args[0], errOut)
		}
	}
	for p, text := range workOf(t, dir) {
		if text != want[p] {
			t.Errorf("%s: %s was restored with other bytes", what, p)
		}
	}
	return named
}
