package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// gentleRows makes n lines of CSV and of JSON lines with the same rows.
func gentleRows(n int) (csv, jsonl []string) {
	for i := range n {
		r := rowOf(7, i)
		csv = append(csv, fmt.Sprintf("%06d,%s,%.2f,%d,%s\n", i, r.label, r.score, r.cam, r.caption))
		jsonl = append(jsonl, fmt.Sprintf(`{"id":"%06d","label":%q,"score":%.2f,"cam":%d,"caption":%q}`+"\n", i, r.label, r.score, r.cam, r.caption))
	}
	return csv, jsonl
}

const gentleHeader = "id,label,score,cam,caption\n"

// shuffled returns s in another order.
func shuffled(s []string, seed uint64) []string {
	out := append([]string(nil), s...)
	rand.New(rand.NewPCG(seed, 1)).Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// scriptOfVersions makes a history whose every input is fixed and returns the
// ids of its commits.
func scriptOfVersions(t *testing.T, rows int, flags []string, procs string) string {
	t.Helper()
	dir := t.TempDir()
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("strata", append(append([]string{}, flags...), args...)...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "STRATA_AUTHOR_NAME=Ana Ito", "STRATA_AUTHOR_EMAIL=ana@example.com",
			"STRATA_TEST_NOW=2026-01-02T03:04:05Z", "GORACE=atexit_sleep_ms=0", "GOMAXPROCS="+procs)
		var errOut strings.Builder
		cmd.Stderr = &errOut
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("strata %s: %v\n%s", strings.Join(args, " "), err, &errOut)
		}
		return string(out)
	}
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(text), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	csv, jsonl := gentleRows(rows)
	mixed := shuffled(csv, 3)
	run("init", "-q")
	write("train.csv", gentleHeader+strings.Join(mixed, ""))
	write("loose.jsonl", strings.Join(shuffled(jsonl[:rows/10], 4), ""))
	for i := range 50 {
		write(fmt.Sprintf("img/%02d/a b.bin", i), strings.Repeat(fmt.Sprint(i), 7*i*i))
	}
	run("add", "train.csv", "--key", "id")
	run("add", "-A")
	run("commit", "-m", "one")
	for i := 0; i < rows; i += 97 {
		mixed[i] = strings.Replace(mixed[i], ",dog,", ",wolf,", 1)
	}
	write("train.csv", gentleHeader+strings.Join(append(mixed[:rows/3:rows/3], mixed[rows/3+5:]...), ""))
	run("commit", "-am", "two")
	run("switch", "-qc", "side", "HEAD~1")
	write("train.csv", strings.Replace(gentleHeader, "label", "class", 1)+strings.Join(csv, ""))
	run("add", "train.csv", "--rename", "label=class")
	run("commit", "-m", "side")
	run("mv", "loose", "tight")
	run("rm", "-r", "img/03")
	run("commit", "-m", "moved")
	run("switch", "-q", "main")
	run("restore", "--source", "side", "--staged", "--worktree", "img")
	run("commit", "-m", "three", "--allow-empty")
	run("merge", "-X", "ours", "-m", "four", "side")
	return run("log", "--json", "main", "side") + run("ls-tree", "--json", "main") + run("ls-tree", "--json", "side") +
		run("diff", "--jsonl", "main", "side")
}

// The same steps give the same commits, whatever the memory, the processors and
// the threads.
func TestSameCommitsUnderAllSettings(t *testing.T) {
	rows := 60_000
	if testing.Short() {
		rows = 6_000
	}
	want := scriptOfVersions(t, rows, nil, "2")
	for _, tc := range []struct {
		name  string
		flags []string
		procs string
	}{
		{"little memory", []string{"--mem", "16MiB"}, "2"},
		{"one processor", nil, "1"},
		{"little memory, one processor", []string{"--mem", "16MiB"}, "1"},
		{"many processors", []string{"--mem", "1GiB"}, "7"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(want, scriptOfVersions(t, rows, tc.flags, tc.procs)); diff != "" {
				t.Errorf("(-default +this):\n%s", diff)
			}
		})
	}
}

// The same rows have the same root, whatever the format, the order of rows, the
// threads, the files that they are in and the versions before.
func TestSameRootsFromAllFormats(t *testing.T) {
	rows := 20_000
	if testing.Short() {
		rows = 3_000
	}
	csv, jsonl := gentleRows(rows)
	base := t.TempDir()
	roots := func(t *testing.T, dir string) map[string]string {
		t.Helper()
		out, err := strataIn(dir, "", "ls-tree", "--json")
		if err != nil {
			t.Fatal(out)
		}
		var doc struct {
			Datasets []struct{ Name, Root string }
		}
		if err := json.Unmarshal([]byte(out), &doc); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		m := map[string]string{}
		for _, d := range doc.Datasets {
			m[d.Name] = d.Root
		}
		return m
	}
	run := func(t *testing.T, dir string, args ...string) {
		t.Helper()
		if out, err := strataIn(dir, "", args...); err != nil {
			t.Fatalf("strata %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	write := func(t *testing.T, dir, name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	run(t, base, "init", "-q")
	write(t, base, "data.csv", gentleHeader+strings.Join(csv, ""))
	run(t, base, "add", "data.csv", "--key", "id")
	run(t, base, "commit", "-qm", "one")
	want := roots(t, base)["data"]
	if want == "" {
		t.Fatal("no root")
	}
	quoted := strings.NewReplacer(",", `","`, "\n", "\"\r\n")
	odd := make([]string, len(csv))
	for i, line := range csv {
		odd[i] = `"` + quoted.Replace(line)
	}
	for _, tc := range []struct {
		name string
		make func(t *testing.T, dir string)
	}{
		{"rows in another order", func(t *testing.T, dir string) {
			write(t, dir, "data.csv", gentleHeader+strings.Join(shuffled(csv, 9), ""))
			run(t, dir, "add", "data.csv", "--key", "id")
		}},
		{"json lines", func(t *testing.T, dir string) {
			write(t, dir, "data.jsonl", strings.Join(jsonl, ""))
			run(t, dir, "add", "data.jsonl", "--key", "id", "-j", "1")
		}},
		{"another dialect", func(t *testing.T, dir string) {
			write(t, dir, "data.csv", `"id","label","score","cam","caption"`+"\r\n"+strings.Join(odd, ""))
			run(t, dir, "add", "data.csv", "--key", "id", "-j", "3")
		}},
		{"parquet", func(t *testing.T, dir string) {
			run(t, base, "export", "data", "-o", filepath.Join(dir, "data.parquet"))
			run(t, dir, "add", "data.parquet", "--key", "id")
		}},
		{"arrow", func(t *testing.T, dir string) {
			run(t, base, "export", "data", "-o", filepath.Join(dir, "data.arrow"))
			run(t, dir, "add", "data.arrow", "--key", "id")
		}},
		{"parquet, values only", func(t *testing.T, dir string) {
			run(t, base, "export", "data", "-o", filepath.Join(dir, "data.parquet"))
			run(t, dir, "add", "data.parquet", "--key", "id", "--values-only")
		}},
		{"shards", func(t *testing.T, dir string) {
			mixed := shuffled(csv, 11)
			for i := range 4 {
				write(t, dir, fmt.Sprintf("part-%d.csv", i), gentleHeader+strings.Join(mixed[i*rows/4:(i+1)*rows/4], ""))
			}
			run(t, dir, "add", "part-0.csv", "part-1.csv", "part-2.csv", "part-3.csv", "--as", "data", "--key", "id")
		}},
		{"through other versions", func(t *testing.T, dir string) {
			wrong := shuffled(csv, 12)
			for i := range wrong {
				if i%7 == 0 {
					wrong[i] = strings.Replace(wrong[i], ",dog,", ",cat,", 1)
				}
			}
			for i, version := range [][]string{wrong[:rows/2], wrong, append(wrong[rows/3:len(wrong):len(wrong)], "zzz,dog,0.50,1,extra\n"), csv} {
				write(t, dir, "data.csv", gentleHeader+strings.Join(version, ""))
				run(t, dir, "add", "data.csv", "--key", "id")
				run(t, dir, "commit", "-qm", fmt.Sprint(i))
			}
		}},
		{"a column dropped and added", func(t *testing.T, dir string) {
			narrow := make([]string, len(csv))
			for i, line := range csv {
				narrow[i] = line[:strings.LastIndexByte(line, ',')] + "\n"
			}
			write(t, dir, "data.csv", "id,label,score,cam\n"+strings.Join(narrow, ""))
			run(t, dir, "add", "data.csv", "--key", "id")
			run(t, dir, "commit", "-qm", "narrow")
			write(t, dir, "data.csv", gentleHeader+strings.Join(csv, ""))
			run(t, dir, "add", "data.csv")
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			run(t, dir, "init", "-q")
			tc.make(t, dir)
			run(t, dir, "commit", "-qm", "last", "--allow-empty")
			if got := roots(t, dir)["data"]; got != want {
				t.Errorf("root %s, want %s", got, want)
			}
		})
	}
}
