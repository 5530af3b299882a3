package merge_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merge"
)

// stopped is a merge with conflicts in cells, of a sample and of columns.
func stopped(t *testing.T, w *recorder) merge.Unmerged {
	t.Helper()
	const fields = "id int64; x int8; y string; z int8"
	in := merge.Input{
		Base:   version{"id", fields, join(`{"id":1,"x":1,"y":"b"}`, `{"id":2,"x":1}`, `{"id":3,"x":1}`, `{"id":4}`)}.build(t, w),
		Ours:   version{"id", "id int64; x int8; y=ours string; z int8", join(`{"id":1,"x":2,"y":"o"}`, `{"id":3,"x":2}`, `{"id":4}`)}.build(t, w),
		Theirs: version{"id", "id int64; x int16; y=theirs string", join(`{"id":1,"x":300,"y":"t"}`, `{"id":2,"x":3}`, `{"id":3,"x":3}`, `{"id":4}`)}.build(t, w),
	}
	res, err := merge.Tables(context.Background(), w, in, merge.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return merge.Unmerged{Input: in, Merged: res.Table, Conflicts: res.Conflicts}
}

func value1(t *testing.T, typ *column.Type, text string) column.Value {
	t.Helper()
	v := column.NewVector(typ, 1)
	if err := column.ParseText(typ, text, v); err != nil {
		t.Fatal(err)
	}
	return column.Value{Vector: v}
}

func TestResolve(t *testing.T) {
	str := column.Of(column.String)
	at := func(key int, col string) string { return fmt.Sprintf("%x %s", keyOf(key), col) }
	for _, c := range []struct {
		name    string
		choices map[string]merge.Choice
		columns string
		rows    string
		left    int64
		err     error
	}{
		{name: "nothing", columns: "id=id int64, x=x int16, y=ours string", rows: join(`{"id":1,"x":2,"ours":"o"}`, `{"id":2,"x":3}`, `{"id":3,"x":2}`, `{"id":4}`), left: 5},
		{name: "cells", choices: map[string]merge.Choice{at(1, "x"): {Side: merge.SideTheirs}, at(1, "y"): {Side: merge.SideBase}, at(3, "x"): {Side: merge.SideOurs}},
			columns: "id=id int64, x=x int16, y=ours string", rows: join(`{"id":1,"x":300,"ours":"b"}`, `{"id":2,"x":3}`, `{"id":3,"x":2}`, `{"id":4}`), left: 2},
		{name: "values", choices: map[string]merge.Choice{at(1, "x"): {Cells: map[string]column.Value{"x": value1(t, str, "77")}}, at(2, ""): {Cells: map[string]column.Value{"y": value1(t, str, "set")}}},
			columns: "id=id int64, x=x int16, y=ours string", rows: join(`{"id":1,"x":77,"ours":"o"}`, `{"id":2,"x":3,"ours":"set"}`, `{"id":3,"x":2}`, `{"id":4}`), left: 3},
		{name: "null", choices: map[string]merge.Choice{at(1, "x"): {Cells: map[string]column.Value{"x": {}}}},
			columns: "id=id int64, x=x int16, y=ours string", rows: join(`{"id":1,"ours":"o"}`, `{"id":2,"x":3}`, `{"id":3,"x":2}`, `{"id":4}`), left: 4},
		{name: "value that does not fit", choices: map[string]merge.Choice{at(1, "x"): {Cells: map[string]column.Value{"x": value1(t, str, "many")}}}, err: merge.ErrChoice},
		{name: "sample as ours has it", choices: map[string]merge.Choice{at(2, ""): {Side: merge.SideOurs}},
			columns: "id=id int64, x=x int16, y=ours string", rows: join(`{"id":1,"x":2,"ours":"o"}`, `{"id":3,"x":2}`, `{"id":4}`), left: 4},
		{name: "sample as the base has it", choices: map[string]merge.Choice{at(2, ""): {Side: merge.SideBase, Cells: map[string]column.Value{"y": value1(t, str, "was")}}},
			columns: "id=id int64, x=x int16, y=ours string", rows: join(`{"id":1,"x":2,"ours":"o"}`, `{"id":2,"x":1,"ours":"was"}`, `{"id":3,"x":2}`, `{"id":4}`), left: 4},
		{name: "their name", choices: map[string]merge.Choice{" y": {Side: merge.SideTheirs}, at(1, "y"): {Side: merge.SideTheirs}},
			columns: "id=id int64, x=x int16, y=theirs string", rows: join(`{"id":1,"x":2,"theirs":"t"}`, `{"id":2,"x":3}`, `{"id":3,"x":2}`, `{"id":4}`), left: 3},
		{name: "a column has no value", choices: map[string]merge.Choice{" y": {Cells: map[string]column.Value{"y": {}}}}, err: merge.ErrChoice},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &recorder{Writer: newMem(t)}
			u := stopped(t, w)
			used := 0
			res, err := merge.Resolve(context.Background(), w, u, func(x *merge.Conflict) (merge.Choice, error) {
				choice, ok := c.choices[fmt.Sprintf("%x %s", x.Key, x.Column)]
				if ok {
					used++
				}
				return choice, nil
			})
			if !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if err != nil {
				return
			}
			if used != len(c.choices) || merge.Total(res.Settled) != int64(used) {
				t.Fatalf("%d of %d choices were asked for, %d settled, of\n%s", used, len(c.choices), merge.Total(res.Settled), problems(t, u.Conflicts))
			}
			if d := cmp.Diff(c.columns, schemaText(res.Table.Schema)); d != "" {
				t.Errorf("columns (-want +got):\n%s", d)
			}
			if d := cmp.Diff(c.rows, lines(t, res.Table)); d != "" {
				t.Errorf("rows (-want +got):\n%s", d)
			}
			if res.Conflicts.Rows() != c.left {
				t.Errorf("left are\n%s", problems(t, res.Conflicts))
			}
			isCanonical(t, w, res.Table)
		})
	}
}

func TestResolveStops(t *testing.T) {
	w := &recorder{Writer: newMem(t)}
	stop := errors.New("stop")
	if _, err := merge.Resolve(context.Background(), w, stopped(t, w), func(*merge.Conflict) (merge.Choice, error) { return merge.Choice{}, stop }); !errors.Is(err, stop) {
		t.Errorf("error %v", err)
	}
}

// Columns that conflict are taken with their values; so is a key.
func TestResolveColumnsAndKeys(t *testing.T) {
	const fields = "id int64; x int64"
	for _, c := range []struct {
		name               string
		base, ours, theirs version
		side               merge.Side
		key                string
		columns, rows      string
		err                error
	}{
		{name: "drop", base: version{"id", fields, `{"id":1,"x":1}`}, ours: version{"id", "id int64", `{"id":1}`}, theirs: version{"id", fields, `{"id":1,"x":2}`},
			side: merge.SideOurs, columns: "id=id int64", rows: `{"id":1}`},
		{name: "do not drop", base: version{"id", fields, `{"id":1,"x":1}`}, ours: version{"id", "id int64", `{"id":1}`}, theirs: version{"id", fields, `{"id":1,"x":2}`},
			side: merge.SideTheirs, columns: "id=id int64, x=x int64", rows: `{"id":1,"x":2}`},
		{name: "type", base: version{"id", fields, `{"id":1,"x":1}`}, ours: version{"id", "id int64; x string", `{"id":1,"x":"1"}`}, theirs: version{"id", "id int64; x decimal(5, 0)", `{"id":1,"x":1}`},
			side: merge.SideTheirs, columns: "id=id int64, x=x decimal(5, 0)", rows: `{"id":1,"x":1}`},
		{name: "type that ours does not fit", base: version{"id", fields, `{"id":1,"x":1}`}, ours: version{"id", "id int64; x string", `{"id":1,"x":"one"}`}, theirs: version{"id", "id int64; x decimal(5, 0)", `{"id":1,"x":1}`},
			side: merge.SideTheirs, err: merge.ErrChoice},
		{name: "key", base: version{"id", fields, join(`{"id":1,"x":9}`, `{"id":2,"x":1}`)}, ours: version{"x", fields, join(`{"id":1,"x":9}`, `{"id":2,"x":1}`)},
			theirs: version{"id,x", fields, join(`{"id":1,"x":9}`, `{"id":2,"x":1}`, `{"id":3,"x":4}`)}, side: merge.SideTheirs, columns: "id=id int64, x=x int64", rows: join(`{"id":1,"x":9}`, `{"id":2,"x":1}`, `{"id":3,"x":4}`), key: "[id x]"},
		{name: "dataset", base: version{"id", fields, `{"id":1,"x":9}`}, ours: version{"id", fields, `{"id":1,"x":8}`}, side: merge.SideBase, columns: "id=id int64, x=x int64", rows: `{"id":1,"x":9}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &recorder{Writer: newMem(t)}
			in := merge.Input{Base: c.base.build(t, w), Ours: c.ours.build(t, w), Theirs: c.theirs.build(t, w)}
			res, err := merge.Tables(context.Background(), w, in, merge.Options{})
			if err != nil {
				t.Fatal(err)
			}
			done, err := merge.Resolve(context.Background(), w, merge.Unmerged{Input: in, Merged: res.Table, Conflicts: res.Conflicts},
				func(*merge.Conflict) (merge.Choice, error) { return merge.Choice{Side: c.side}, nil })
			if !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if err != nil {
				return
			}
			if done.Conflicts != nil {
				t.Errorf("left are\n%s", problems(t, done.Conflicts))
			}
			if d := cmp.Diff(c.columns, schemaText(done.Table.Schema)); d != "" {
				t.Errorf("columns (-want +got):\n%s", d)
			}
			if d := cmp.Diff(c.rows, lines(t, done.Table)); d != "" {
				t.Errorf("rows (-want +got):\n%s", d)
			}
			if c.key != "" && fmt.Sprint(done.Table.Schema.Key) != c.key {
				t.Errorf("key %v, want %s", done.Table.Schema.Key, c.key)
			}
			isCanonical(t, w, done.Table)
		})
	}
	t.Run("all of a dataset goes", func(t *testing.T) {
		w := &recorder{Writer: newMem(t)}
		in := merge.Input{Base: version{"id", fields, `{"id":1}`}.build(t, w), Theirs: version{"id", fields, `{"id":2}`}.build(t, w)}
		res, err := merge.Tables(context.Background(), w, in, merge.Options{})
		if err != nil {
			t.Fatal(err)
		}
		done, err := merge.Resolve(context.Background(), w, merge.Unmerged{Input: in, Merged: res.Table, Conflicts: res.Conflicts},
			func(*merge.Conflict) (merge.Choice, error) { return merge.Choice{Side: merge.SideOurs}, nil })
		if err != nil || !done.Deleted || done.Table != nil || done.Conflicts != nil {
			t.Errorf("%+v, %v", done, err)
		}
	})
}

// What somebody edits by hand settles just the conflicts that it touches.
func TestEdited(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 7))
		b := drawBase(rt, r)
		o, th := b.clone(), b.clone()
		o.edit(rt, r)
		th.edit(rt, r)
		w := &recorder{Writer: newMem(t)}
		in := merge.Input{Base: b.build(rt, w), Ours: o.build(rt, w), Theirs: th.build(rt, w)}
		res, err := merge.Tables(ctx, w, in, merge.Options{})
		if err != nil {
			rt.Fatalf("merge: %v", err)
		}
		now, conflicts := merged(b, o, th, o.schema)
		before := now.clone()
		for k := range now.rows {
			switch r.IntN(12) {
			case 0:
				delete(now.rows, k)
			case 1, 2, 3:
				now.rows[k]["n"] = r.IntN(4)
			}
		}
		want := int64(0)
		for at := range conflicts {
			for k := range before.rows {
				is, kept := now.rows[k]
				for _, id := range []string{"", "n", "x", "text", "tags"} {
					if at != fmt.Sprintf("%x %s", keyOf(k), id) {
						continue
					}
					if !kept || id == "" && get(is, "n") != get(before.rows[k], "n") || id == "n" && get(is, id) != get(before.rows[k], id) {
						want++
					}
				}
			}
		}
		done, err := merge.Edited(ctx, w, merge.Unmerged{Input: in, Merged: res.Table, Conflicts: res.Conflicts}, now.build(rt, w))
		if err != nil {
			rt.Fatalf("edited: %v", err)
		}
		left := int64(0)
		if done.Conflicts != nil {
			left = done.Conflicts.Rows()
		}
		if merge.Total(done.Settled) != want || left != int64(len(conflicts))-want {
			rt.Fatalf("%d settled, %d left; want %d of %d", merge.Total(done.Settled), left, want, len(conflicts))
		}
	})
}
