package diff

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/expr"
	"github.com/strata-data/strata/internal/store/mem"
	"github.com/strata-data/strata/internal/table"
)

// build makes a table of id int64 (key), label string, score float64 from lines
// such as "1 dog 0.5"; - is null.
func build(t testing.TB, s *column.Schema, lines ...string) *table.Table {
	t.Helper()
	ctx := context.Background()
	w, err := mem.New().NewWriter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	b := column.NewBatch(s, len(lines))
	for _, line := range lines {
		for i, text := range strings.Fields(line) {
			if text == "-" {
				b.Cols[i].AppendNull()
			} else if err := column.ParseText(s.Fields[i].Type, text, b.Cols[i]); err != nil {
				t.Fatal(err)
			}
		}
		b.Len++
	}
	tb := table.NewBuilder(ctx, w, s, 1)
	if err := tb.Append(b); err != nil {
		t.Fatal(err)
	}
	root, err := tb.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return table.New(w, s, root)
}

func schema(names ...string) *column.Schema {
	s := &column.Schema{Key: []string{"id"}}
	for _, n := range names {
		kind := column.String
		switch n {
		case "id":
			kind = column.Int64
		case "score":
			kind = column.Float64
		}
		s.Fields = append(s.Fields, column.NewField(n, column.Of(kind)))
	}
	return s
}

// ops walks and returns each sample as its sign and key.
func ops(t *testing.T, old, new *table.Table, o Options) (string, *Dataset) {
	t.Helper()
	var seen []string
	d, err := Walk(context.Background(), old, new, o, func(s *Sample) error {
		key, err := s.Key()
		seen = append(seen, string(s.Op)+key)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(seen, " "), d
}

func TestWalk(t *testing.T) {
	s := schema("id", "label", "score")
	old := build(t, s, "1 dog 0.5", "2 cat 0.5", "3 cat -", "4 fox 1")
	new := build(t, s, "1 dog 0.5", "2 lynx 0.5", "3 - 2", "5 wolf 1")
	parse := func(text string) *expr.Expr {
		e, err := expr.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	for _, tc := range []struct {
		name     string
		old, new *table.Table
		o        Options
		want     string
	}{
		{"all", old, new, Options{}, "~2 ~3 -4 +5"},
		{"same", old, old, Options{}, ""},
		{"new dataset", nil, new, Options{}, "+1 +2 +3 +5"},
		{"removed dataset", old, nil, Options{}, "-1 -2 -3 -4"},
		{"neither", nil, nil, Options{}, ""},
		{"added", old, new, Options{Filter: table.Added}, "+5"},
		{"removed", old, new, Options{Filter: table.Removed}, "-4"},
		{"modified", old, new, Options{Filter: table.Modified}, "~2 ~3"},
		{"one column", old, new, Options{Columns: []string{"score"}}, "~3 -4 +5"},
		{"no column", old, new, Options{Columns: []string{}}, "-4 +5"},
		{"key", old, new, Options{Key: func(k string) bool { return k >= "3" }}, "~3 -4 +5"},
		{"where old", old, new, Options{Where: parse("old.label = 'cat'")}, "~2 ~3"},
		{"where new", old, new, Options{Where: parse("new.score >= 1")}, "~3 +5"},
		{"where either side", old, new, Options{Where: parse("label = 'cat' or label = 'wolf'")}, "~2 ~3 +5"},
		{"where both", old, new, Options{Where: parse("old.label = 'cat' and new.label = 'lynx'")}, "~2"},
		{"where null", old, new, Options{Where: parse("label is null")}, "~3"},
		{"where absent", old, new, Options{Where: parse("old.id is null")}, "+5"},
		{"where all", old, new, Options{Where: parse("id > 0")}, "~2 ~3 -4 +5"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, d := ops(t, tc.old, tc.new, tc.o)
			if got != tc.want {
				t.Errorf("samples %q, want %q", got, tc.want)
			}
			if n := int64(len(strings.Fields(tc.want))); d.Total() != n {
				t.Errorf("%d samples counted, want %d", d.Total(), n)
			}
		})
	}
}

func TestWalkCountsColumns(t *testing.T) {
	s := schema("id", "label", "score")
	old := build(t, s, "1 dog 0.5", "2 cat 0.5", "3 cat -", "4 fox 1")
	new := build(t, s, "1 dog 0.5", "2 lynx 0.5", "3 - 2", "4 fox 2")
	d, err := Walk(context.Background(), old, new, Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []Column{
		{Name: "label", Type: "string", Changed: 2, Nulls: Pair[int64]{0, 1}, Transitions: []Transition{
			{Old: json.RawMessage(`"cat"`), New: json.RawMessage(`"lynx"`), N: 1}, {Old: json.RawMessage(`"cat"`), New: json.RawMessage("null"), N: 1}}},
		{Name: "score", Type: "float64", Changed: 2, Nulls: Pair[int64]{1, 0}, MeanOfChanged: &Pair[float64]{1, 2}},
	}
	if diff := cmp.Diff(want, d.Columns); diff != "" {
		t.Error("columns (-want +got):\n" + diff)
	}
}

func TestWalkStops(t *testing.T) {
	s := schema("id", "label", "score")
	n := 0
	d, err := Walk(context.Background(), nil, build(t, s, "1 a 1", "2 b 1", "3 c 1"), Options{}, func(*Sample) error {
		if n++; n == 2 {
			return ErrStop
		}
		return nil
	})
	if err != nil || n != 2 || d.Added != 2 {
		t.Errorf("%d calls, %d counted, error %v; want 2, 2 and none", n, d.Added, err)
	}
}

func TestWalkUnknownColumn(t *testing.T) {
	s := schema("id", "label")
	tab := build(t, s, "1 dog")
	_, err := Walk(context.Background(), tab, build(t, s, "1 cat"), Options{Columns: []string{"lable"}}, nil)
	want := &ColumnError{Name: "lable", Known: []string{"id", "label"}}
	if diff := cmp.Diff(error(want), err); diff != "" {
		t.Error(diff)
	}
}

func TestSchemaChanges(t *testing.T) {
	field := func(id, name string, k column.Kind) column.Field {
		return column.Field{ID: id, Name: name, Type: column.Of(k)}
	}
	schema := func(key string, fields ...column.Field) *column.Schema {
		return &column.Schema{Key: []string{key}, Fields: fields}
	}
	id, label, score := field("id", "id", column.Int64), field("label", "label", column.String), field("score", "score", column.Float64)
	old := schema("id", id, label, score)
	for _, tc := range []struct {
		name string
		new  *column.Schema
		want []SchemaChange
	}{
		{"none", schema("id", id, label, score), []SchemaChange{}},
		{"add", schema("id", id, label, score, field("cam", "cam", column.Int8)), []SchemaChange{{Op: "add", Column: "cam", New: "int8"}}},
		{"drop", schema("id", id, score), []SchemaChange{{Op: "drop", Column: "label", Old: "string"}}},
		{"rename", schema("id", id, field("label", "class", column.String), score), []SchemaChange{{Op: "rename", Column: "class", Old: "label", New: "class"}}},
		{"type", schema("id", id, label, field("score", "score", column.String)), []SchemaChange{{Op: "type", Column: "score", Old: "float64", New: "string"}}},
		{"reorder", schema("id", id, score, label), []SchemaChange{{Op: "reorder"}}},
		{"key", schema("label", id, label, score), []SchemaChange{{Op: "key", Old: "id", New: "label"}}},
		{"a dropped column is no reorder", schema("id", id, score, field("new", "new", column.Bool)),
			[]SchemaChange{{Op: "drop", Column: "label", Old: "string"}, {Op: "add", Column: "new", New: "bool"}}},
		{"a new column that took the name of an old one", schema("id", id, field("label~2", "label", column.Int64), score),
			[]SchemaChange{{Op: "drop", Column: "label", Old: "string"}, {Op: "add", Column: "label", New: "int64"}}},
		{"by content", schema(column.ContentKey, field(column.ContentKey, column.ContentKey, column.Binary), id, label, score),
			[]SchemaChange{{Op: "key", Old: "id", New: "content"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, SchemaChanges(old, tc.new)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// transitions counts pairs of texts, written old>new, in a string column.
func transitions(kind column.Kind, pairs []string) Column {
	typ := column.Of(kind)
	c := newCounter(&column.Field{ID: "c", Name: "c", Type: typ})
	for _, p := range pairs {
		var sides [2]column.Value
		for i, text := range strings.SplitN(p, ">", 2) {
			v := column.NewVector(typ, 1)
			if text == "-" {
				v.AppendNull()
			} else if err := column.ParseText(typ, text, v); err != nil {
				panic(err)
			}
			sides[i] = column.Value{Vector: v}
		}
		c.add(sides[0], sides[1])
	}
	return c.column()
}

func TestTransitions(t *testing.T) {
	repeat := func(pair string, n int) (all []string) {
		for range n {
			all = append(all, pair)
		}
		return all
	}
	distinct := func(n int) (all []string) {
		for i := range n {
			all = append(all, fmt.Sprintf("%d>%d", i, i+1))
		}
		return all
	}
	for _, tc := range []struct {
		name  string
		kind  column.Kind
		pairs []string
		want  string // transitions, then the number of others, then the mean
	}{
		{"by frequency, then by value", column.String, append(repeat("dog>wolf", 3), "cat>lynx", "bee>ant"), `"dog">"wolf"3 "bee">"ant"1 "cat">"lynx"1 +0`},
		{"null", column.String, []string{"->dog", "dog>-"}, `"dog">null1 null>"dog"1 +0`},
		{"labels as numbers", column.Int64, append(repeat("1>2", 5), "2>1"), `1>2` + `5 2>11 +0`},
		{"numbers that all differ", column.Int64, distinct(10), `+0 mean 4.5 5.5`},
		{"many pairs that hardly repeat", column.String, distinct(fewPairs + 1), `+0`},
		{"floats", column.Float64, repeat("1>2", 9), `+0 mean 1 2`},
		{"bool", column.Bool, repeat("true>false", 2), `true>false2 +0`},
		{"no mean without numbers", column.Float64, []string{"->1", "->2"}, `+0`},
		{"long text", column.String, repeat(strings.Repeat("x", maxValue+1)+">y", 3), `+0`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := transitions(tc.kind, tc.pairs)
			var got []string
			for _, x := range c.Transitions {
				got = append(got, fmt.Sprintf("%s>%s%d", x.Old, x.New, x.N))
			}
			got = append(got, fmt.Sprintf("+%d", c.OtherTransitions))
			if c.MeanOfChanged != nil {
				got = append(got, fmt.Sprintf("mean %v %v", c.MeanOfChanged.From, c.MeanOfChanged.To))
			}
			if text := strings.Join(got, " "); text != tc.want {
				t.Errorf("have %s\nwant %s", text, tc.want)
			}
			if c.Changed != int64(len(tc.pairs)) {
				t.Errorf("%d changed, want %d", c.Changed, len(tc.pairs))
			}
		})
	}
}

func TestTransitionsAreBounded(t *testing.T) {
	var pairs []string
	for i := range MaxTransitions + 5 {
		for range 4 {
			pairs = append(pairs, fmt.Sprintf("a%d>b", i))
		}
	}
	c := transitions(column.String, pairs)
	if len(c.Transitions) != MaxTransitions || c.OtherTransitions != 5 {
		t.Errorf("%d transitions and %d others, want %d and 5", len(c.Transitions), c.OtherTransitions, MaxTransitions)
	}
	pairs = nil
	for i := range maxPairs + 1 {
		pairs = append(pairs, fmt.Sprintf("a%d>b", i))
	}
	if c := transitions(column.String, append(pairs, pairs...)); c.Transitions != nil {
		t.Errorf("%d transitions of more pairs than are counted, want none", len(c.Transitions))
	}
}

func TestMatchKey(t *testing.T) {
	for _, tc := range []struct {
		pattern, key string
		want         bool
	}{
		{"17", "17", true}, {"17", "170", false}, {"cam3", "cam3/1", true}, {"cam3/", "cam3/1", true}, {"cam3", "cam30/1", false},
		{"*", "", true}, {"*", "a/b", true}, {"cam3/*", "cam3/a/b", true}, {"cam3/*", "cam3", false}, {"*7", "17", true}, {"*7", "178", false},
		{"?", "é", true}, {"?", "", false}, {"a?c", "abc", true}, {"a*b*c", "axxbyyc", true}, {"a*b*c", "axxc", false}, {"a**", "a", true},
	} {
		if got := MatchKey(tc.pattern, tc.key); got != tc.want {
			t.Errorf("MatchKey(%q, %q) = %v, want %v", tc.pattern, tc.key, got, tc.want)
		}
	}
}

func TestKeyTextByContent(t *testing.T) {
	s := &column.Schema{Key: []string{column.ContentKey}, Fields: []column.Field{column.NewField(column.ContentKey, column.Of(column.Binary))}}
	for _, tc := range []struct {
		name, raw, want string
	}{
		{"first", strings.Repeat("\xab", 16) + "\x00\x00\x00\x00", strings.Repeat("ab", 16)},
		{"second", strings.Repeat("\xab", 16) + "\x00\x00\x00\x01", strings.Repeat("ab", 16) + "#1"},
		{"no content key", "abc", "616263"},
	} {
		v := column.NewVector(column.Of(column.Binary), 1)
		v.AppendString(tc.raw)
		got, err := KeyText(s, column.AppendKey(nil, v, 0))
		if err != nil || got != tc.want {
			t.Errorf("%s: %q, %v; want %q", tc.name, got, err, tc.want)
		}
	}
	if _, err := KeyText(s, []byte{1}); err == nil {
		t.Error("a key without its end is accepted")
	}
}

func TestHighlight(t *testing.T) {
	s := schema("id", "label")
	old := build(t, s, "1 a->b", "2 x", "3 y")
	new := build(t, s, "1 c", "3 -", "4 z")
	b := column.NewBatch(HighlightSchema(Fields(old, new)), 0)
	if _, err := Walk(context.Background(), old, new, Options{}, func(s *Sample) error { return AppendHighlight(b, s) }); err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range b.Len {
		row := []string{}
		for _, c := range b.Cols {
			row = append(row, column.Text(c, i))
		}
		got = append(got, strings.Join(row, "|"))
	}
	want := []string{"-->|1|a->b-->c", "---|2|x", "->|3|y->NULL", "+++|4|z"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
