package formattest

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Python returns a Python that has pyarrow: $STRATA_TEST_PYTHON or python3. It
// skips the test where there is none.
func Python(t testing.TB) string {
	python := os.Getenv("STRATA_TEST_PYTHON")
	if python == "" {
		python = "python3"
	}
	if out, err := exec.Command(python, "-c", "import pyarrow").CombinedOutput(); err != nil {
		t.Skipf("%s has no pyarrow (set STRATA_TEST_PYTHON to one that has): %v %.200s", python, err, out)
	}
	return python
}

// CheckFile reads data, a file of the given kind (parquet, arrow or stream), with
// pyarrow and the other libraries that are there, and returns the types and
// the rows that pyarrow sees.
func CheckFile(t testing.TB, kind string, data []byte) (types, rows []string) {
	python := Python(t)
	path := filepath.Join(t.TempDir(), "file."+kind)
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	_, here, _, _ := runtime.Caller(0)
	cmd := exec.Command(python, filepath.Join(filepath.Dir(here), "check.py"), kind, path)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("check.py: %v\n%s", err, stderr.String())
	}
	for _, line := range strings.Split(strings.TrimSuffix(string(out), "\n"), "\n") {
		if typ, ok := strings.CutPrefix(line, "# "); ok {
			types = append(types, typ)
		} else {
			rows = append(rows, line)
		}
	}
	return types, rows
}
