package contest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// lab has the tools strata, git and dolt, whatever is installed: the contestants
// of the tests run sh.
func lab(t *testing.T) *Lab {
	t.Helper()
	return &Lab{
		Options: Options{Work: t.TempDir(), Runs: 3, Log: io.Discard},
		ctx:     context.Background(), report: &Report{},
		tools: map[string]string{"strata": "1", "git": "2", "dolt": "3"},
		env:   []string{"PATH=/usr/bin:/bin"},
	}
}

func sh(script string) [][]string { return [][]string{{"sh", "-c", script}} }

func TestRaceTakesTurns(t *testing.T) {
	l := lab(t)
	log := filepath.Join(l.Work, "log")
	all := l.race("step",
		contestant{tool: "strata", commands: sh("echo s >>" + log)},
		contestant{tool: "git", runs: 2, commands: sh("echo g >>" + log)},
		contestant{tool: "restic", commands: sh("echo r >>" + log)},
		contestant{tool: "dolt", cannot: "no such step"})
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Fields(string(b)); !cmp.Equal(got, []string{"s", "g", "s", "g", "s"}) {
		t.Errorf("runs in the order %v", got)
	}
	if n := len(all["strata"].Seconds); n != 3 || all["strata"].RSS <= 0 || all["strata"].median() <= 0 {
		t.Errorf("strata: %d runs, %d bytes, %v s", n, all["strata"].RSS, all["strata"].median())
	}
	if _, there := all["restic"]; there {
		t.Error("a tool that is not installed took part")
	}
	if all["dolt"].Cannot == "" || all["dolt"].ok() {
		t.Error("a tool that cannot was timed")
	}
}

func TestRaceFailure(t *testing.T) {
	l := lab(t)
	all := l.race("step",
		contestant{tool: "strata", commands: sh("echo 'error[x]: broken' >&2; echo hint >&2; exit 3")},
		contestant{tool: "git", commands: sh("exit 1"), ok1: true},
		contestant{tool: "dolt", commands: sh("exit 1")})
	if f := all["strata"].Failed; !strings.HasSuffix(f, "exit status 3: error[x]: broken") {
		t.Errorf("failure is told as %q", f)
	}
	if !all["git"].ok() || all["dolt"].ok() {
		t.Error("exit code 1 is an answer only where the contestant says so")
	}
	if m := all["strata"].median(); !math.IsNaN(m) {
		t.Errorf("median %v of a failure", m)
	}
}

func TestRaceWeighsAndReads(t *testing.T) {
	l := lab(t)
	all := l.race("step", contestant{tool: "strata", store: "store", inner: true,
		prepare:  func(dir string) error { return os.Mkdir(filepath.Join(dir, "store"), 0o777) },
		commands: sh("printf 12345 >store/a; printf 678 >store/b; echo 41.5")})
	if s := all["strata"]; s.Store != 8 || s.median() != 41.5 {
		t.Errorf("have %d bytes and %v s, want 8 and the 41.5 that the program printed", s.Store, s.median())
	}
}

func TestMedian(t *testing.T) {
	for _, tc := range []struct {
		seconds []float64
		want    float64
	}{
		{[]float64{3}, 3},
		{[]float64{5, 1, 3}, 3},
		{[]float64{4, 1, 3, 2}, 2.5},
	} {
		timing := &Timing{Seconds: tc.seconds}
		if got := timing.median(); got != tc.want {
			t.Errorf("median of %v is %v, want %v", tc.seconds, got, tc.want)
		}
	}
	if !math.IsNaN((*Timing)(nil).median()) {
		t.Error("nothing has a median")
	}
}

func TestVerdict(t *testing.T) {
	nan := math.NaN()
	for _, tc := range []struct{ got, want string }{
		{verdict(true, 1), reached},
		{verdict(false, 1), missed},
		{verdict(false, nan), unknown},
		{both(reached, reached), reached},
		{both(reached, unknown), unknown},
		{both(unknown, missed), missed},
	} {
		if tc.got != tc.want {
			t.Errorf("have %s, want %s", tc.got, tc.want)
		}
	}
}

func TestNumbersForPeople(t *testing.T) {
	for _, tc := range []struct{ got, want string }{
		{seconds(123.4), "123"}, {seconds(12.34), "12.3"}, {seconds(1.234), "1.23"}, {seconds(0.01234), "0.012"}, {seconds(math.NaN()), "?"},
		{times(135.2), "135x"}, {times(1.44), "1.4x"}, {times(0.0123), "0.012x"}, {times(math.Inf(1)), "?"},
		{count(5), "5"}, {count(1000), "1,000"}, {count(1234567), "1,234,567"},
		{megabytes(1234), "1.2 KB"}, {megabytes(2.5e6), "2.50 MB"},
	} {
		if tc.got != tc.want {
			t.Errorf("have %s, want %s", tc.got, tc.want)
		}
	}
}

func TestReport(t *testing.T) {
	l := lab(t)
	l.report.Missing = []string{"restic"}
	l.race("step", contestant{tool: "strata", commands: sh("true")}, contestant{tool: "git", commands: sh("exit 2")}, contestant{tool: "dolt", cannot: "why"})
	l.line("work", "goal", "value", missed, "peers")
	var md, js bytes.Buffer
	if err := l.report.WriteMarkdown(&md); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| work | goal | value | **missed** | peers |", "| step | dolt | cannot: why |", "| step | git | failed: sh -c exit 2", "Not installed: restic."} {
		if !strings.Contains(md.String(), want) {
			t.Errorf("report lacks %q:\n%s", want, md.String())
		}
	}
	if err := l.report.WriteJSON(&js); err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(js.Bytes(), &back); err != nil || len(back.Steps) != 1 || len(back.Steps[0].Timings) != 3 {
		t.Errorf("JSON does not come back: %v %+v", err, back)
	}
}

func TestOnlyIsChecked(t *testing.T) {
	if _, err := Run(context.Background(), Options{Only: "(", Work: t.TempDir()}); err == nil {
		t.Error("a broken pattern is accepted")
	}
}
