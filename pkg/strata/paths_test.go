package strata_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/format/parquet"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/pkg/strata"
)

// save stages everything and commits it.
func (w *world) save(o strata.AddOptions) strata.ID {
	w.t.Helper()
	o.Dir = w.dir
	if o.Paths == nil {
		o.All = true
	}
	_, err := w.r.Add(context.Background(), o)
	w.must(err)
	res, err := w.r.Commit(context.Background(), strata.CommitOptions{Message: "m"})
	w.must(err)
	return res.Commit.ID
}

func (w *world) clean() {
	w.t.Helper()
	st, err := w.r.Status(context.Background(), strata.StatusOptions{})
	w.must(err)
	if got := append(append(entries(st.Staged), entries(st.Unstaged)...), st.Untracked...); len(got) > 0 {
		w.t.Errorf("status: %q", got)
	}
}

// A file keeps its path when it turns from a plain file into a dataset, or
// from one dataset into another's; no switch may delete what it wrote.
func TestSwitchWhereAPathChangesHands(t *testing.T) {
	ctx := context.Background()
	for name, second := range map[string]func(*world) strata.ID{
		"dataset was plain": func(w *world) strata.ID {
			w.put("a.csv", "id,v\n1,x\n")
			return w.save(strata.AddOptions{Paths: []string{"a.csv"}, Type: "csv"})
		},
		"other dataset": func(w *world) strata.ID {
			_, err := w.r.Remove(ctx, strata.RemoveOptions{Dir: w.dir, Addresses: []string{"b"}, Cached: true})
			w.must(err)
			return w.save(strata.AddOptions{Paths: []string{"b.csv"}, As: "other"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1)
			w.put("a.csv", "")
			w.put("b.csv", "id,v\n1,x\n")
			one := w.save(strata.AddOptions{})
			before := readTree(t, w.dir)
			two := second(w)
			after := readTree(t, w.dir)
			for i, to := range []strata.ID{one, two, one, two} {
				_, err := w.r.Switch(ctx, strata.SwitchOptions{Target: to.String(), Detach: true})
				w.must(err)
				want := before
				if to == two {
					want = after
				}
				if diff := cmp.Diff(want, readTree(t, w.dir)); diff != "" {
					t.Fatalf("step %d (-want +got):\n%s", i, diff)
				}
				w.clean()
			}
		})
	}
}

// A branch that cannot be made leaves the working files alone.
func TestRefusedSwitchTouchesNoFile(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, 1)
	w.put("a.csv", "id,v\n1,x\n")
	one := w.save(strata.AddOptions{})
	w.put("a.csv", "id,v\n1,y\n")
	w.put("n.txt", "new\n")
	w.save(strata.AddOptions{})
	before := readTree(t, w.dir)
	if _, err := w.r.Switch(ctx, strata.SwitchOptions{Target: "main", Create: true, Start: one.String()}); err == nil {
		t.Error("a branch was made twice")
	}
	if _, err := w.r.Switch(ctx, strata.SwitchOptions{Target: "main/sub", Create: true, Start: one.String()}); err == nil {
		t.Error("main/sub was made beside main")
	}
	if diff := cmp.Diff(before, readTree(t, w.dir)); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}
	w.clean()
}

// A dataset that was restored away in the working directory only is staged as
// gone by what stages all changes.
func TestRestoreToACommitWithoutTheDataset(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, 1)
	w.put("n.txt", "new\n")
	one := w.save(strata.AddOptions{})
	w.put("a.csv", "id,v\n1,y\n")
	w.save(strata.AddOptions{})
	_, err := w.r.Restore(ctx, strata.RestoreOptions{Dir: w.dir, Addresses: []string{"a"}, Source: one.String()})
	w.must(err)
	if diff := cmp.Diff(files{"n.txt": "new\n"}, readTree(t, w.dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	_, err = w.r.Commit(ctx, strata.CommitOptions{Message: "gone", All: true})
	w.must(err)
	w.clean()
}

// Two files of a dataset are never moved to one path.
func TestMoveKeepsFilesApart(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, 1)
	w.put("x/part.csv", "id,v\n1,y\n")
	w.put("y/part.csv", "id,v\n2,y\n")
	w.save(strata.AddOptions{Paths: []string{"x/part.csv", "y/part.csv"}, As: "train"})
	before := readTree(t, w.dir)
	for _, force := range []bool{false, true} {
		if _, err := w.r.Move(ctx, strata.MoveOptions{Dir: w.dir, From: "train", To: "test", Force: force}); err == nil {
			t.Errorf("force=%t: both were moved to one path", force)
		}
		if diff := cmp.Diff(before, readTree(t, w.dir)); diff != "" {
			t.Errorf("files (-before +after):\n%s", diff)
		}
		w.clean()
	}
}

// A dataset whose file does not bear its name can be renamed and keeps it.
func TestMoveOfADatasetThatStaysInItsFile(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, 1)
	w.put("part.csv", "id,v\n1,y\n")
	w.save(strata.AddOptions{Paths: []string{"part.csv"}, As: "train"})
	before := readTree(t, w.dir)
	_, err := w.r.Move(ctx, strata.MoveOptions{Dir: w.dir, From: "train", To: "test", Force: true})
	w.must(err)
	if diff := cmp.Diff(before, readTree(t, w.dir)); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}
	_, err = w.r.Commit(ctx, strata.CommitOptions{Message: "m"})
	w.must(err)
	w.clean()
}

// parquetOf returns a Parquet file of n rows.
func parquetOf(t *testing.T, n int) []byte {
	t.Helper()
	s := &column.Schema{Key: []string{"id"}, Fields: []column.Field{
		column.NewField("id", column.Of(column.Int64)), column.NewField("v", column.Of(column.String))}}
	b := column.NewBatch(s, n)
	for i := range n {
		b.Cols[0].AppendInt(int64(i))
		b.Cols[1].AppendString("x")
		b.Len++
	}
	var out bytes.Buffer
	w, err := parquet.Formats()[0].Write(&out, s, format.WriteOptions{})
	if err == nil {
		err = w.Write(b)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A file that is written to between the reading of its rows and of its bytes is
// refused, and nothing is staged.
func TestAddOfAFileThatIsWrittenTo(t *testing.T) {
	w := newWorld(t, 1)
	old, new := parquetOf(t, 3), parquetOf(t, 2)
	path := filepath.Join(w.dir, "a.parquet")
	w.must(os.WriteFile(path, old, 0o666))
	w.must(os.Chtimes(path, time.Unix(1e9, 0), time.Unix(1e9, 0)))
	once := false
	r, err := strata.Open(context.Background(), w.dir, strata.Options{Progress: func(int64) {
		if !once {
			once = true
			w.must(os.WriteFile(path, append(new, make([]byte, len(old)-len(new))...), 0o666))
		}
	}})
	w.must(err)
	defer r.Close()
	if _, err := r.Add(context.Background(), strata.AddOptions{Dir: w.dir, Paths: []string{"a.parquet"}, Key: []string{"id"}}); !errors.Is(err, source.ErrChanged) {
		t.Errorf("add: %v", err)
	}
	st, err := w.r.Status(context.Background(), strata.StatusOptions{})
	w.must(err)
	if len(st.Staged) > 0 {
		t.Errorf("staged %q", entries(st.Staged))
	}
}

// A dataset of which only the values are kept can be switched away from and
// back to.
func TestSwitchBetweenValuesOnly(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, 1)
	w.put("n.txt", "new\n")
	one := w.save(strata.AddOptions{})
	w.must(os.WriteFile(filepath.Join(w.dir, "a.parquet"), append(parquetOf(t, 3), parquetOf(t, 3)...), 0o666))
	two := w.save(strata.AddOptions{Paths: []string{"a.parquet"}, ValuesOnly: true})
	for _, to := range []strata.ID{one, two, one, two} {
		_, err := w.r.Switch(ctx, strata.SwitchOptions{Target: to.String(), Detach: true})
		w.must(err)
		w.clean()
	}
}

// A path belongs to a dataset or is a plain file, never both, whatever is
// forced.
func TestForcedMoveOntoATrackedFile(t *testing.T) {
	ctx := context.Background()
	for name, tc := range map[string]struct{ from, to string }{
		"plain onto dataset":   {"n.txt", "a.csv"},
		"dataset onto plain":   {"a", "m"},
		"plain onto plain":     {"n.txt", "m.csv"},
		"dataset onto dataset": {"a", "b"},
		"file onto dataset":    {"a.csv", "b.csv"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1)
			w.put("n.txt", "new\n")
			w.put("m.csv", "")
			w.put("a.csv", "id,v\n1,x\n")
			w.put("b.csv", "id,v\n2,x\n")
			w.save(strata.AddOptions{})
			if _, err := w.r.Move(ctx, strata.MoveOptions{Dir: w.dir, From: tc.from, To: tc.to, Force: true}); err != nil {
				w.clean()
				return
			}
			st, err := w.r.Status(ctx, strata.StatusOptions{})
			w.must(err)
			if len(st.Unstaged)+len(st.Untracked) > 0 {
				t.Errorf("unstaged %q, untracked %q", entries(st.Unstaged), st.Untracked)
			}
			if _, err = w.r.Commit(ctx, strata.CommitOptions{Message: "m"}); err != nil {
				t.Error(err)
			}
			before := readTree(t, w.dir)
			_, err = w.r.Switch(ctx, strata.SwitchOptions{Target: "HEAD~1", Detach: true})
			w.must(err)
			_, err = w.r.Switch(ctx, strata.SwitchOptions{Target: "main"})
			w.must(err)
			if diff := cmp.Diff(before, readTree(t, w.dir)); diff != "" {
				t.Errorf("files (-before +after):\n%s", diff)
			}
			w.clean()
		})
	}
}

// Shards that are deleted, renamed and come back are staged as what they are.
func TestShardsThatComeAndGo(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, 1)
	w.put("d/part-0.csv", "id,v\n1,x\n")
	w.put("d/part-1.csv", "id,v\n2,y\n")
	one := w.save(strata.AddOptions{})
	w.must(os.Rename(filepath.Join(w.dir, "d/part-1.csv"), filepath.Join(w.dir, "d/part-2.csv")))
	w.put("d/part-3.csv", "id,v\n0,z\n")
	two := w.save(strata.AddOptions{})
	w.must(os.Remove(filepath.Join(w.dir, "d/part-0.csv")))
	three := w.save(strata.AddOptions{})
	want := map[strata.ID]files{
		one:   {"d/part-0.csv": "id,v\n1,x\n", "d/part-1.csv": "id,v\n2,y\n"},
		two:   {"d/part-0.csv": "id,v\n1,x\n", "d/part-2.csv": "id,v\n2,y\n", "d/part-3.csv": "id,v\n0,z\n"},
		three: {"d/part-2.csv": "id,v\n2,y\n", "d/part-3.csv": "id,v\n0,z\n"},
	}
	for _, to := range []strata.ID{one, two, three, one, three, two, one} {
		_, err := w.r.Switch(ctx, strata.SwitchOptions{Target: to.String(), Detach: true})
		w.must(err)
		if diff := cmp.Diff(want[to], readTree(t, w.dir)); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
		w.clean()
	}
}
