package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// lockedBuffer may be written by the display while the test reads it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestProgressLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &lockedBuffer{}
		env := &Env{Err: w, Getenv: getenv(nil), Flags: Globals{Progress: autoValue}}
		p := env.Progress()
		p.Phase("reading train.csv", 100_000_000)
		time.Sleep(29 * time.Second)
		p.Add(50_000_000, 1212)
		if got := w.String(); got != "" {
			t.Errorf("before 30 seconds: %q", got)
		}
		time.Sleep(2 * time.Second)
		env.words("a note\n")
		p.Func()("writing", 1, 1, 0)
		time.Sleep(30 * time.Second)
		env.stopProgress()
		want := "reading train.csv  50.0 MB of 100 MB  1,212 objects  1.7 MB/s  30s left\na note\nwriting  1 B  1 object  0 B/s\n"
		if diff := cmp.Diff(want, w.String()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestProgressJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &lockedBuffer{}
		env := &Env{Err: w, Getenv: getenv(map[string]string{"STRATA_PROGRESS_INTERVAL": "0.5"}), Flags: Globals{Progress: jsonValue}}
		p := env.Progress()
		p.Phase("reading", 10)
		p.Add(3, 2)
		time.Sleep(600 * time.Millisecond)
		env.stopProgress()
		lines := strings.Split(strings.TrimSpace(w.String()), "\n")
		var got map[string]any
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &got); err != nil {
			t.Fatalf("%q: %v", lines, err)
		}
		want := map[string]any{"type": "status", "phase": "reading", "seconds": 0.5, "bytes": 3.0, "total_bytes": 10.0, "objects": 2.0}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// A quick command draws nothing; a longer one draws a line and takes it away.
func TestProgressBar(t *testing.T) {
	w := &lockedBuffer{}
	d := newBarDisplay(w)
	d.say("plain\n")
	d.close()
	if got := w.String(); got != "plain\n" {
		t.Errorf("without a reading: %q", got)
	}
	d = newBarDisplay(w)
	d.update(progressState{Phase: "reading", Bytes: 50_000_000, TotalBytes: 100_000_000, Elapsed: time.Second})
	d.say("a note\n")
	d.close()
	got := w.String()
	if !strings.Contains(got, "a note\n") {
		t.Errorf("words between drawings were lost: %q", got)
	}
}

func TestProgressIsSilent(t *testing.T) {
	for name, env := range map[string]*Env{
		"--progress=never": {Flags: Globals{Progress: neverValue}, Terminal: Terminal{Err: true}},
		"--quiet":          {Flags: Globals{Progress: autoValue, Quiet: true}},
	} {
		env.Err, env.Getenv = io.Discard, getenv(nil)
		p := env.Progress()
		if p != nil {
			t.Errorf("%s: progress is shown", name)
		}
		p.Phase("nil may count too", 1)
		p.Add(1, 1)
		if p.Func() != nil {
			t.Errorf("%s: lower layers are asked to count", name)
		}
	}
}

func TestPager(t *testing.T) {
	for _, tc := range []struct {
		name     string
		terminal bool
		environ  []string
		args     []string
		code     int
		want     string
	}{
		{"on a terminal", true, []string{"STRATA_PAGER=sed s/^/+/"}, nil, 0, "+one\n+two\n"},
		{"PAGER", true, []string{"PAGER=sed s/^/-/"}, nil, 0, "-one\n-two\n"},
		{"STRATA_PAGER before PAGER", true, []string{"PAGER=false", "STRATA_PAGER=sed s/^/+/"}, nil, 0, "+one\n+two\n"},
		{"empty means none", true, []string{"PAGER=false", "STRATA_PAGER="}, nil, 0, "one\ntwo\n"},
		{"not on a terminal", false, []string{"STRATA_PAGER=false"}, nil, 0, "one\ntwo\n"},
		{"--no-pager", true, []string{"STRATA_PAGER=false"}, []string{"--no-pager"}, 0, "one\ntwo\n"},
		{"--json", true, []string{"STRATA_PAGER=false"}, []string{"--json"}, 0, "one\ntwo\n"},
		{"LESS is given", true, []string{`STRATA_PAGER=cat >/dev/null; echo $LESS $LV`}, nil, 0, "FRX -c\n"},
		{"LESS is kept", true, []string{`STRATA_PAGER=cat >/dev/null; echo $LESS $LV`, "LESS=S", "LV=x"}, nil, 0, "S x\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			env := &Env{Terminal: Terminal{Out: tc.terminal}, Environ: append([]string{"PATH=" + os.Getenv("PATH")}, tc.environ...)}
			code, out, errOut := runVerb(t, env, tc.args, func(ctx context.Context, env *Env) error {
				if err := env.Page(ctx); err != nil {
					return err
				}
				env.Printf("one\ntwo\n")
				return nil
			})
			if code != tc.code || out != tc.want || errOut != "" {
				t.Errorf("exit code %d, output %q, errors %q; want %d, %q", code, out, errOut, tc.code, tc.want)
			}
		})
	}
}

// Leaving the pager before the end is how one reads a long output.
func TestPagerLeftEarly(t *testing.T) {
	env := &Env{Terminal: Terminal{Out: true}, Environ: []string{"PATH=" + os.Getenv("PATH"), "PAGER=head -n 1"}}
	code, out, errOut := runVerb(t, env, nil, func(ctx context.Context, env *Env) error {
		if err := env.Page(ctx); err != nil {
			return err
		}
		for ctx.Err() == nil {
			env.Printf("line\n")
		}
		return ctx.Err()
	})
	if code != 0 || out != "line\n" || errOut != "" {
		t.Errorf("exit code %d, output %q, errors %q", code, out, errOut)
	}
}
