package merge_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merge"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// version is one side of a merge in tests: its key, columns and rows. No columns
// means that the dataset is not there.
type version struct {
	key    string
	fields string // separated by "; "
	rows   string
}

func (v version) build(t testing.TB, w store.Writer) *table.Table {
	if v.fields == "" {
		return nil
	}
	if v.key == "@key" {
		return keyless(t, w, v)
	}
	return tableOf(t, w, v.key, strings.Split(v.fields, "; "), v.rows)
}

// keyless numbers the rows by content, as adding a file does (docs/format/key.md).
func keyless(t testing.TB, w store.Writer, v version) *table.Table {
	plain := tableOf(t, w, "#", append(strings.Split(v.fields, "; "), "# int64"), numberedRows(v.rows))
	var cols []int
	for i := range len(plain.Schema.Fields) - 1 {
		cols = append(cols, i)
	}
	seen, out := map[object.ID]uint32{}, ""
	for b, err := range plain.Scan(context.Background(), table.ScanOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(lines(t, plain), "\n") {
			id := object.Sum(column.AppendRow(nil, b, cols, i))
			key := binary.BigEndian.AppendUint32(append([]byte{}, id[:16]...), seen[id])
			seen[id]++
			one := column.NewVector(column.Of(column.Binary), 1)
			one.AppendBytes(key)
			out += strings.Replace(line, "{", fmt.Sprintf(`{"@key":%q,`, column.Text(one, 0)), 1) + "\n"
		}
	}
	return tableOf(t, w, "@key", append(strings.Split(v.fields, "; "), "@key binary"), out)
}

func numberedRows(rows string) string {
	out := ""
	for i, line := range strings.Split(strings.TrimSpace(rows), "\n") {
		if line != "" {
			out += strings.Replace(line, "{", fmt.Sprintf(`{"#":%d,`, i), 1) + "\n"
		}
	}
	return out
}

func join(rows ...string) string { return strings.Join(rows, "\n") }

func TestCases(t *testing.T) {
	const id = "id int64"
	k := func(n int) string { return fmt.Sprintf("%x", keyOf(n)) }
	for _, c := range []struct {
		name               string
		base, ours, theirs version
		o                  merge.Options
		schema             string // names and types of the result
		rows               string
		conflicts          string
		take               merge.Side
		deleted            bool
	}{
		{name: "rename and edit", base: version{"id", id + "; x int64", `{"id":1,"x":1}`}, ours: version{"id", id + "; x=y int64", `{"id":1,"x":1}`},
			theirs: version{"id", id + "; x int64", `{"id":1,"x":2}`}, schema: "id int64, y int64", rows: `{"id":1,"y":2}`},
		{name: "rename twice", base: version{"id", id + "; x int64", `{"id":1,"x":1}`}, ours: version{"id", id + "; x=y int64", `{"id":1,"x":1}`},
			theirs: version{"id", id + "; x=z int64", `{"id":1,"x":2}`}, schema: "id int64, y int64", rows: `{"id":1,"y":2}`,
			conflicts: ` x schema {"name":"x","type":"int64"}|{"name":"y","type":"int64"}|{"name":"z","type":"int64"}`},
		{name: "two to one name", base: version{"id", id + "; x int64", `{"id":1,"x":1}`}, ours: version{"id", id + "; x=y int64", `{"id":1,"x":1}`},
			theirs: version{"id", id + "; x int64; y string", `{"id":1,"x":2,"y":"new"}`}, schema: "id int64, y int64, y#2 string", rows: `{"id":1,"y":2,"y#2":"new"}`,
			conflicts: join(` x schema {"name":"x","type":"int64"}|{"name":"y","type":"int64"}|{"name":"x","type":"int64"}`, ` y schema ||{"name":"y","type":"string"}`)},
		{name: "added twice", base: version{"id", id, `{"id":1}` + "\n" + `{"id":2}` + "\n" + `{"id":3}`}, ours: version{"id", id + "; x int32", join(`{"id":1,"x":1}`, `{"id":2}`, `{"id":3,"x":4}`)},
			theirs: version{"id", id + "; x int64", join(`{"id":1,"x":1}`, `{"id":2,"x":2}`, `{"id":3,"x":3}`)}, schema: "id int64, x int64",
			rows: join(`{"id":1,"x":1}`, `{"id":2,"x":2}`, `{"id":3,"x":4}`), conflicts: k(3) + ` x added |4|3`},
		{name: "added with other types", base: version{"id", id, `{"id":1}`}, ours: version{"id", id + "; x string", `{"id":1,"x":"a"}`},
			theirs: version{"id", id + "; x bool", `{"id":1,"x":true}`}, schema: "id int64, x string", rows: `{"id":1,"x":"a"}`,
			conflicts: join(` x schema |{"name":"x","type":"string"}|{"name":"x","type":"bool"}`, k(1)+` x added |"a"|true`)},
		{name: "drop", base: version{"id", id + "; x int64; y int8", `{"id":1,"x":1,"y":1}`}, ours: version{"id", id + "; y int8", `{"id":1,"y":1}`},
			theirs: version{"id", id + "; x int64; y int8", `{"id":1,"x":1,"y":2}`}, schema: "id int64, y int8", rows: `{"id":1,"y":2}`},
		{name: "drop against changed cells", base: version{"id", id + "; x int64; y int8", join(`{"id":1,"x":1,"y":1}`, `{"id":2,"x":1}`)}, ours: version{"id", id + "; y int8", join(`{"id":1,"y":3}`, `{"id":2}`, `{"id":3}`)},
			theirs: version{"id", id + "; x int64; y int8", join(`{"id":1,"x":7,"y":1}`, `{"id":2,"x":1}`)}, schema: "id int64, x int64, y int8", rows: join(`{"id":1,"x":7,"y":3}`, `{"id":2,"x":1}`, `{"id":3}`),
			conflicts: ` x schema {"name":"x","type":"int64"}||{"name":"x","type":"int64"}`},
		{name: "drop against changed cells, -X ours", base: version{"id", id + "; x int64", `{"id":1,"x":1}`}, ours: version{"id", id, `{"id":1}`},
			theirs: version{"id", id + "; x int64", join(`{"id":1,"x":7}`, `{"id":2}`)}, schema: "id int64", rows: join(`{"id":1}`, `{"id":2}`), o: merge.Options{Favor: merge.FavorOurs}},
		{name: "widened here, edited there", base: version{"id", id + "; x int8", `{"id":1,"x":1}`}, ours: version{"id", id + "; x int64", join(`{"id":1,"x":1}`, `{"id":2,"x":300}`)},
			theirs: version{"id", id + "; x int8", `{"id":1,"x":5}`}, schema: "id int64, x int64", rows: join(`{"id":1,"x":5}`, `{"id":2,"x":300}`)},
		{name: "became text", base: version{"id", id + "; x int8", join(`{"id":1,"x":1}`, `{"id":2,"x":2}`)}, ours: version{"id", id + "; x string", join(`{"id":1,"x":"1"}`, `{"id":2,"x":"two"}`)},
			theirs: version{"id", id + "; x int8", join(`{"id":1,"x":5}`, `{"id":2,"x":2}`)}, schema: "id int64, x string", rows: join(`{"id":1,"x":"5"}`, `{"id":2,"x":"two"}`)},
		{name: "values that do not fit", base: version{"id", id + "; x string", join(`{"id":1,"x":"1"}`, `{"id":2,"x":"2"}`)}, ours: version{"id", id + "; x int64", join(`{"id":1,"x":1}`, `{"id":2,"x":2}`)},
			theirs: version{"id", id + "; x string", join(`{"id":1,"x":"one"}`, `{"id":2,"x":"3"}`, `{"id":3,"x":"new"}`)}, schema: "id int64, x int64", rows: join(`{"id":1,"x":1}`, `{"id":2,"x":3}`, `{"id":3}`),
			conflicts: join(k(1)+` x modified "1"|1|"one"`, k(3)+` x added ||"new"`)},
		{name: "policy here, edit there", base: version{"id", id + "; x int8", `{"id":1,"x":1}`}, ours: version{"id", id + "; x int8 merge=max", `{"id":1,"x":3}`},
			theirs: version{"id", id + "; x int8", `{"id":1,"x":5}`}, schema: "id int64, x int8 max", rows: `{"id":1,"x":5}`},
		{name: "policies that differ", base: version{"id", id + "; x int8", ""}, ours: version{"id", id + "; x int8 merge=max", ""},
			theirs: version{"id", id + "; x int8 merge=min", ""}, schema: "id int64, x int8 max",
			conflicts: ` x schema {"name":"x","type":"int8"}|{"name":"x","type":"int8","merge":"max"}|{"name":"x","type":"int8","merge":"min"}`},
		{name: "order", base: version{"id", id + "; a int8; b int8; c int8", ""}, ours: version{"id", "c int8; " + id + "; a int8; b int8", ""},
			theirs: version{"id", id + "; a int8; new int8; b int8; c int8", ""}, schema: "c int8, id int64, a int8, new int8, b int8"},

		{name: "dataset removed here, changed there", base: version{"id", id, `{"id":1}`}, theirs: version{"id", id, `{"id":2}`}, rows: `{"id":2}`, schema: "id int64",
			take: merge.SideTheirs, conflicts: `  deleted-by-us {"rows":1,"root":"B"}||{"rows":1,"root":"T"}`},
		{name: "dataset removed there, changed here, -X theirs", base: version{"id", id, `{"id":1}`}, ours: version{"id", id, `{"id":2}`}, take: merge.SideTheirs, deleted: true, o: merge.Options{Favor: merge.FavorTheirs}},
		{name: "dataset removed there", base: version{"id", id, `{"id":1}`}, ours: version{"id", id, `{"id":1}`}, take: merge.SideTheirs, deleted: true},
		{name: "dataset added twice", ours: version{"id", id + "; x int8", join(`{"id":1}`, `{"id":2,"x":1}`)}, theirs: version{"id", id + "; x int8", join(`{"id":2,"x":2}`, `{"id":3}`)},
			schema: "id int64, x int8", rows: join(`{"id":1}`, `{"id":2,"x":1}`, `{"id":3}`), conflicts: k(2) + ` x added |1|2`},
		{name: "converged", base: version{"id", id, `{"id":1}`}, ours: version{"id", id, `{"id":2}`}, theirs: version{"id", id, `{"id":2}`}, take: merge.SideOurs, rows: `{"id":2}`, schema: "id int64"},

		{name: "samples as a unit", base: version{"id", id + "; x int8; y int8", join(`{"id":1,"x":1,"y":1}`, `{"id":2,"x":1,"y":1}`, `{"id":3}`)},
			ours:   version{"id", id + "; x int8; y int8", join(`{"id":1,"x":2,"y":1}`, `{"id":2,"x":2,"y":1}`, `{"id":3}`)},
			theirs: version{"id", id + "; x int8; y int8", join(`{"id":1,"x":1,"y":2}`, `{"id":2,"x":2,"y":1}`, `{"id":3,"x":5}`)},
			schema: "id int64, x int8, y int8", rows: join(`{"id":1,"x":2,"y":1}`, `{"id":2,"x":2,"y":1}`, `{"id":3,"x":5}`), o: merge.Options{Rows: true},
			conflicts: k(1) + `  modified {"id":1,"x":1,"y":1}|{"id":1,"x":2,"y":1}|{"id":1,"x":1,"y":2}`},

		{name: "samples as a unit, all removed there", base: version{"id", id, join(`{"id":1}`, `{"id":2}`)}, ours: version{"id", id, join(`{"id":1}`, `{"id":3}`)},
			schema: "id int64", rows: `{"id":3}`, o: merge.Options{Rows: true}},
		{name: "samples as a unit, all removed here, one edited there", base: version{"id", id + "; x int8", join(`{"id":1,"x":1}`, `{"id":2,"x":2}`)},
			theirs: version{"id", id + "; x int8", join(`{"id":1,"x":5}`, `{"id":2,"x":2}`, `{"id":3,"x":3}`)}, schema: "id int64, x int8", rows: `{"id":3,"x":3}`,
			o: merge.Options{Rows: true, Favor: merge.FavorOurs}},
		{name: "samples as a unit, nothing left", base: version{"id", id + "; x int8", `{"id":1,"x":1}`}, ours: version{"id", id + "; x int8", `{"id":1,"x":5}`},
			deleted: true, take: merge.SideTheirs, o: merge.Options{Rows: true, Favor: merge.FavorTheirs}},

		{name: "last samples removed here, one changed there", base: version{"id", id + "; x int8", join(`{"id":1}`, `{"id":2}`)}, theirs: version{"id", id + "; x int8", join(`{"id":1,"x":2}`, `{"id":2}`)},
			o: merge.Options{Rows: true}, schema: "id int64, x int8", rows: `{"id":1,"x":2}`, conflicts: k(1) + `  deleted-by-us {"id":1,"x":null}||{"id":1,"x":2}`},
		{name: "last samples removed here, some of them there", base: version{"id", id, join(`{"id":1}`, `{"id":2}`)}, theirs: version{"id", id, `{"id":1}`},
			o: merge.Options{Rows: true}, take: merge.SideOurs, deleted: true},

		{name: "other key here", base: version{"id", id + "; x int64", join(`{"id":1,"x":5}`, `{"id":2,"x":4}`)}, ours: version{"x", id + "; x int64", join(`{"id":1,"x":5}`, `{"id":9,"x":4}`)},
			theirs: version{"id", id + "; x int64", join(`{"id":7,"x":3}`, `{"id":1,"x":5}`, `{"id":2,"x":4}`)}, schema: "id int64, x int64", rows: join(`{"id":7,"x":3}`, `{"id":9,"x":4}`, `{"id":1,"x":5}`)},
		{name: "key that their rows cannot have", base: version{"id", id + "; x int64", join(`{"id":1,"x":5}`)}, ours: version{"x", id + "; x int64", join(`{"id":1,"x":5}`, `{"id":2,"x":4}`)},
			theirs: version{"id", id + "; x int64", join(`{"id":1,"x":5}`, `{"id":3,"x":5}`)}, schema: "id int64, x int64", rows: join(`{"id":1,"x":5}`, `{"id":2,"x":4}`, `{"id":3,"x":5}`),
			conflicts: `  schema {"key":["id"]}|{"key":["x"]}|{"key":["id"]}`},
		{name: "no key for all", base: version{"id", id + "; x int64", `{"id":1,"x":5}`}, ours: version{"x", "x int64", `{"x":5}`}, theirs: version{"id", id + "; y int64", `{"id":3}`},
			take: merge.SideOurs, schema: "x int64", rows: `{"x":5}`, conflicts: `  modified {"rows":1,"root":"B"}|{"rows":1,"root":"O"}|{"rows":1,"root":"T"}`},
		{name: "key became text", base: version{"id", id + "; x int64", `{"id":1,"x":5}`}, ours: version{"id", "id string; x int64", join(`{"id":"1","x":5}`, `{"id":"a"}`)},
			theirs: version{"id", id + "; x int64", join(`{"id":1,"x":6}`, `{"id":10}`)}, schema: "id string, x int64", rows: join(`{"id":"1","x":6}`, `{"id":"10"}`, `{"id":"a"}`)},

		{name: "wider key here", base: version{"id", "id int32; x int64", join(`{"id":1,"x":5}`, `{"id":2}`)}, ours: version{"id", "id int64; x int64", join(`{"id":1,"x":5}`, `{"id":3000000000}`)},
			theirs: version{"id", "id int32; x int64", join(`{"id":1,"x":6}`, `{"id":2}`, `{"id":-4}`)}, schema: "id int64, x int64", rows: join(`{"id":-4}`, `{"id":1,"x":6}`, `{"id":3000000000}`)},

		{name: "no key: equal rows come and go", base: version{"@key", "x int64", join(`{"x":1}`, `{"x":1}`, `{"x":1}`)}, ours: version{"@key", "x int64", join(`{"x":1}`, `{"x":1}`)},
			theirs: version{"@key", "x int64", join(`{"x":1}`, `{"x":1}`, `{"x":1}`, `{"x":1}`)}, schema: "x int64", rows: join(`{"x":1}`, `{"x":1}`, `{"x":1}`)},
		{name: "no key: dropped here, edited there", base: version{"@key", "x int64; y int64", join(`{"x":1,"y":7}`, `{"x":1,"y":8}`)}, ours: version{"@key", "x int64", join(`{"x":1}`, `{"x":1}`)},
			theirs: version{"@key", "x int64; y int64", join(`{"x":1,"y":7}`, `{"x":2,"y":8}`)}, schema: "x int64", rows: join(`{"x":1}`, `{"x":2}`)},
		{name: "key declared here", base: version{"@key", "id int64; x int64", `{"id":1,"x":7}`}, ours: version{"id", "id int64; x int64", `{"id":1,"x":8}`},
			theirs: version{"@key", "id int64; x int64", join(`{"id":1,"x":7}`, `{"id":2,"x":7}`)}, schema: "id int64, x int64", rows: join(`{"id":1,"x":8}`, `{"id":2,"x":7}`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &recorder{Writer: newMem(t)}
			in := merge.Input{Base: c.base.build(t, w), Ours: c.ours.build(t, w), Theirs: c.theirs.build(t, w)}
			res, err := merge.Tables(context.Background(), w, in, c.o)
			if err != nil {
				t.Fatal(err)
			}
			if res.Take != c.take || res.Deleted != c.deleted {
				t.Errorf("taken from side %d, deleted %v", res.Take, res.Deleted)
			}
			conflicts := problems(t, res.Conflicts)
			for letter, side := range map[string]*table.Table{"B": in.Base, "O": in.Ours, "T": in.Theirs} {
				if side != nil {
					conflicts = strings.ReplaceAll(conflicts, `"root":"`+side.Root.ID.String(), `"root":"`+letter)
				}
			}
			if d := cmp.Diff(c.conflicts, conflicts); d != "" {
				t.Errorf("conflicts (-want +got):\n%s", d)
			}
			if res.Table == nil {
				return
			}
			isCanonical(t, w, res.Table)
			var fields []string
			for _, f := range res.Table.Schema.Fields {
				if !column.Hidden(f.ID) {
					fields = append(fields, strings.TrimSpace(fmt.Sprintf("%s %s %s", f.Name, f.Type, f.Merge)))
				}
			}
			if d := cmp.Diff(c.schema, strings.Join(fields, ", ")); d != "" {
				t.Errorf("schema (-want +got):\n%s", d)
			}
			want := version{c.base.key, c.base.fields, c.rows}
			if c.base.key != "@key" || c.ours.key != "@key" {
				if d := cmp.Diff(c.rows, lines(t, res.Table)); d != "" {
					t.Errorf("rows (-want +got):\n%s", d)
				}
				return
			}
			want.fields = c.schema
			if tb := want.build(t, w); tb.Root.ID != res.Table.Root.ID {
				t.Errorf("rows\n%s\nwant\n%s", lines(t, res.Table), lines(t, tb))
			}
		})
	}
}

func TestConflictsRefusesOtherTables(t *testing.T) {
	w := newMem(t)
	for _, err := range merge.Conflicts(context.Background(), tableOf(t, w, "id", []string{"id int64"}, "")) {
		if err != nil {
			return
		}
	}
	t.Error("a table of samples was read as conflicts")
}
