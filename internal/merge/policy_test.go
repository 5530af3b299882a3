package merge_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merge"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// appendJSON appends what text, which is JSON, denotes.
func appendJSON(t testing.TB, v *column.Vector, x any) {
	t.Helper()
	switch x := x.(type) {
	case nil:
		v.AppendNull()
	case []any:
		for _, e := range x {
			appendJSON(t, v.Kids[0], e)
		}
		v.EndList()
	case map[string]any:
		for i, f := range v.Type.Fields {
			appendJSON(t, v.Kids[i], x[f.Name])
		}
		v.EndStruct()
	default:
		if err := column.ParseText(v.Type, fmt.Sprint(x), v); err != nil {
			t.Fatal(err)
		}
	}
}

// tableOf makes a table of rows in JSON, one object a line, of values by column
// id. fields are "id type", or "id type policy".
func tableOf(t testing.TB, w store.Writer, key string, fields []string, rows string) *table.Table {
	t.Helper()
	s := &column.Schema{Key: strings.Split(key, ",")}
	for _, text := range fields {
		id, rest, _ := strings.Cut(text, " ")
		kind, policy, _ := strings.Cut(rest, " merge=")
		typ, err := column.ParseType(kind)
		if err != nil {
			t.Fatal(err)
		}
		f := column.NewField(id, typ)
		f.ID, f.Name, _ = strings.Cut(id, "=")
		if f.Name == "" {
			f.Name = f.ID
		}
		f.Merge = policy
		s.Fields = append(s.Fields, f)
	}
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	type row struct {
		key   []byte
		batch *column.Batch
	}
	var all []row
	for line := range strings.SplitSeq(strings.TrimSpace(rows), "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		var x map[string]any
		d := json.NewDecoder(strings.NewReader(line))
		d.UseNumber()
		if err := d.Decode(&x); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		b := column.NewBatch(s, 1)
		for i, f := range s.Fields {
			appendJSON(t, b.Cols[i], x[f.ID])
		}
		b.Len = 1
		all = append(all, row{column.RowKey(nil, b, s.KeyColumns(), 0), b})
	}
	sort.Slice(all, func(i, j int) bool { return string(all[i].key) < string(all[j].key) })
	b := table.NewBuilder(context.Background(), w, s, 1)
	for _, r := range all {
		if err := b.Append(r.batch); err != nil {
			t.Fatal(err)
		}
	}
	root, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return table.New(w, s, root)
}

// lines returns the rows of a table as JSON, one object a line.
func lines(t testing.TB, tb *table.Table) string {
	t.Helper()
	if tb == nil {
		return ""
	}
	var out []string
	for b, err := range tb.Scan(context.Background(), table.ScanOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Len {
			var parts []string
			for c, f := range b.Schema.Fields {
				if !column.Hidden(f.ID) && !b.Cols[c].IsNull(i) {
					parts = append(parts, fmt.Sprintf("%q:%s", f.Name, column.AppendJSON(nil, b.Cols[c], i)))
				}
			}
			out = append(out, "{"+strings.Join(parts, ",")+"}")
		}
	}
	return strings.Join(out, "\n")
}

// problems returns the conflicts of a result as lines.
func problems(t testing.TB, conflicts *table.Table) string {
	t.Helper()
	var out []string
	for c, err := range merge.Conflicts(context.Background(), conflicts) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%x %s %s %s|%s|%s", c.Key, c.Column, c.Kind, c.Base, c.Ours, c.Theirs))
	}
	return strings.Join(out, "\n")
}

func TestPolicies(t *testing.T) {
	const votes = "votes list<struct<annotator:string,label:string>> merge=vote"
	for _, c := range []struct {
		name               string
		fields             []string
		base, ours, theirs string
		want               string // the merged value, "conflict" for none
		o                  merge.Options
	}{
		{name: "max", fields: []string{"x int32 merge=max"}, base: "1", ours: "5", theirs: "3", want: "5"},
		{name: "max of nothing", fields: []string{"x int32 merge=max"}, base: "1", ours: "null", theirs: "0", want: "0"},
		{name: "min", fields: []string{"x float64 merge=min"}, base: "1", ours: "-5", theirs: "3", want: "-5.0"},
		{name: "min of dates", fields: []string{"x date merge=min"}, base: `"2024-05-01"`, ours: `"2024-03-01"`, theirs: `"2024-04-01"`, want: `"2024-03-01"`},
		{name: "one side", fields: []string{"x int32 merge=max"}, base: "9", ours: "5", theirs: "9", want: "5"},
		{name: "union", fields: []string{"x list<string> merge=union"}, base: `["a","b"]`, ours: `["d","b"]`, theirs: `["a","b","c","c"]`, want: `["b","c","d"]`},
		{name: "union of null", fields: []string{"x list<int64> merge=union"}, base: `[1]`, ours: `null`, theirs: `[10,9,1]`, want: `[9,10]`},
		{name: "union without base", fields: []string{"x list<int64> merge=union"}, ours: `[2]`, theirs: `[1,2,3]`, want: `[1,2,3]`},
		{name: "later is theirs", fields: []string{"x string merge=latest"}, base: `"a"`, ours: `"b"`, theirs: `"c"`, want: `"c"`, o: merge.Options{OursTime: 1, TheirsTime: 2}},
		{name: "later is ours", fields: []string{"x string merge=latest"}, base: `"a"`, ours: `"b"`, theirs: `"c"`, want: `"b"`, o: merge.Options{OursTime: 3, TheirsTime: 2}},
		{name: "same time", fields: []string{"x string merge=latest"}, base: `"a"`, ours: `"c"`, theirs: `"b"`, want: `"c"`},
		{name: "later by column", fields: []string{"x string merge=latest:at", "at int64 merge=max"}, base: `{"x":"a","at":1}`, ours: `{"x":"b","at":7}`,
			theirs: `{"x":"c","at":5}`, want: `{"x":"b","at":7}`, o: merge.Options{OursTime: 1, TheirsTime: 2}},
		{name: "vote", fields: []string{strings.Replace(votes, "votes", "x", 1)}, base: `[{"annotator":"eva","label":"cat"},{"annotator":"bob","label":"dog"},{"annotator":"ann","label":"dog"}]`,
			ours: `[{"annotator":"eva","label":"dog"},{"annotator":"bob","label":"dog"}]`, theirs: `[{"annotator":"eva","label":"cow"},{"annotator":"bob","label":"fox"},{"annotator":"ann","label":"dog"},{"annotator":"joe","label":"dog"}]`,
			want: `[{"annotator":"bob","label":"fox"},{"annotator":"eva","label":"dog"},{"annotator":"joe","label":"dog"}]`},
		{name: "majority", fields: []string{"x string merge=vote:votes", votes},
			base:   `{"x":"cat","votes":[{"annotator":"a","label":"cat"}]}`,
			ours:   `{"x":"dog","votes":[{"annotator":"a","label":"cat"},{"annotator":"b","label":"dog"}]}`,
			theirs: `{"x":"cow","votes":[{"annotator":"a","label":"cow"},{"annotator":"c","label":"dog"}]}`,
			want:   `{"x":"dog","votes":[{"annotator":"a","label":"cow"},{"annotator":"b","label":"dog"},{"annotator":"c","label":"dog"}]}`},
		{name: "no majority", fields: []string{"x string merge=vote:votes", votes},
			base:   `{"x":"cat","votes":[]}`,
			ours:   `{"x":"dog","votes":[{"annotator":"b","label":"dog"}]}`,
			theirs: `{"x":"cow","votes":[{"annotator":"c","label":"cow"}]}`,
			want:   "conflict"},
		{name: "none", fields: []string{"x int64"}, base: "1", ours: "2", theirs: "3", want: "conflict"},
		{name: "ours", fields: []string{"x int64"}, base: "1", ours: "2", theirs: "3", want: "2", o: merge.Options{Favor: merge.FavorOurs}},
		{name: "theirs", fields: []string{"x int64"}, base: "1", ours: "2", theirs: "3", want: "3", o: merge.Options{Favor: merge.FavorTheirs}},
		{name: "base", fields: []string{"x int64"}, base: "1", ours: "2", theirs: "3", want: "1", o: merge.Options{Favor: merge.FavorBase}},
		{name: "-X union", fields: []string{"x list<int64>"}, base: "[1]", ours: "[2]", theirs: "[1,3]", want: "[2,3]", o: merge.Options{Favor: merge.FavorUnion}},
		{name: "-X union of a number", fields: []string{"x int64"}, base: "1", ours: "2", theirs: "3", want: "conflict", o: merge.Options{Favor: merge.FavorUnion}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newMem(t)
			tableOfX := func(x string) *table.Table {
				row := ""
				if x != "" && len(c.fields) > 1 {
					row = `{"id":1,` + x[1:]
				} else if x != "" {
					row = `{"id":1,"x":` + x + `}`
				}
				return tableOf(t, w, "id", append([]string{"id int64"}, c.fields...), row)
			}
			in := merge.Input{Base: tableOfX(c.base), Ours: tableOfX(c.ours), Theirs: tableOfX(c.theirs)}
			for _, side := range []string{"as it is", "the other way round"} {
				res, err := merge.Tables(context.Background(), w, in, c.o)
				if err != nil {
					t.Fatal(err)
				}
				if (c.want == "conflict") != (res.Conflicts != nil) {
					t.Fatalf("%s: conflicts: %s", side, problems(t, res.Conflicts))
				}
				if c.want != "conflict" {
					if d := cmp.Diff(lines(t, tableOfX(c.want)), lines(t, res.Table)); d != "" {
						t.Errorf("%s (-want +got):\n%s", side, d)
					}
				}
				if c.o.Favor == merge.FavorOurs || c.o.Favor == merge.FavorTheirs {
					break
				}
				in.Ours, in.Theirs = in.Theirs, in.Ours
				c.o.OursTime, c.o.TheirsTime = c.o.TheirsTime, c.o.OursTime
			}
		})
	}
}

func TestPoliciesThatDoNotFit(t *testing.T) {
	s := &column.Schema{Key: []string{"id"}}
	for _, f := range []string{"id int64", "x int64", "tags list<string>", "fixed fixed_list<int8, 2>", "votes list<struct<annotator: string, label: string>>", "who list<struct<annotator: string>>"} {
		name, typ, _ := strings.Cut(f, " ")
		parsed, err := column.ParseType(typ)
		if err != nil {
			t.Fatal(err)
		}
		s.Fields = append(s.Fields, column.NewField(name, parsed))
	}
	for _, c := range []struct {
		column, policy string
		fits           bool
	}{
		{"x", "max", true}, {"x", "min", true}, {"x", "latest", true}, {"x", "vote:votes", true}, {"tags", "union", true},
		{"votes", "vote", true}, {"who", "vote", true}, {"votes", "union", true}, {"tags", "latest:x", true}, {"x", "", true},
		{"id", "max", false}, {"tags", "max", false}, {"x", "union", false}, {"fixed", "union", false}, {"x", "vote", false},
		{"x", "vote:tags", false}, {"x", "vote:who", false}, {"tags", "vote:votes", false}, {"x", "latest:x", false},
		{"x", "latest:tags", false}, {"x", "latest:nobody", false}, {"x", "max:x", false}, {"x", "most", false}, {"x", "latest:", false},
	} {
		t.Run(c.column+" "+c.policy, func(t *testing.T) {
			with := &column.Schema{Key: s.Key, Fields: slices.Clone(s.Fields)}
			with.Fields[s.Index(c.column)].Merge = c.policy
			if err := with.Validate(); (err == nil) != c.fits {
				t.Errorf("error %v", err)
			}
			back, err := column.DecodeSchema(with.Encode())
			if (err == nil) != c.fits || c.fits && !back.Equal(with) {
				t.Errorf("decoded %v, %v", back, err)
			}
			with.DropPolicies()
			if kept := with.Fields[s.Index(c.column)].Merge != ""; kept != (c.fits && c.policy != "") {
				t.Errorf("policy kept: %v", kept)
			}
		})
	}
}
