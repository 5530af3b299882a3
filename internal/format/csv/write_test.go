package csv

import (
	"bytes"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
)

func sampleBatch(t *testing.T) *column.Batch {
	s := &column.Schema{}
	for _, f := range []struct{ name, typ string }{{"id", "int64"}, {"a,b", "string"}, {"x", "float64"}, {"ok", "bool"}, {"at", "timestamp[us, UTC]"},
		{"tags", "list<string>"}, {"u", "uint64"}, {"d", "date"}, {"p", "decimal(6, 2)"}, {"f", "float32"}} {
		typ, err := column.ParseType(f.typ)
		if err != nil {
			t.Fatal(err)
		}
		s.Fields = append(s.Fields, column.NewField(f.name, typ))
	}
	b := column.NewBatch(s, 2)
	for i := range 2 {
		b.Cols[0].AppendInt(int64(i) - 1)
		b.Cols[1].AppendString([]string{"say \"hi\",\nthen", ""}[i])
		b.Cols[2].AppendF64([]float64{math.Inf(-1), 0.1}[i])
		b.Cols[3].AppendBool(i == 1)
		b.Cols[4].AppendInt(1577836800_500000)
		b.Cols[5].Kids[0].AppendString("x")
		b.Cols[5].EndList()
		b.Cols[6].AppendInt(-1)
		b.Cols[7].AppendInt(-1)
		b.Cols[8].AppendInt(150)
		b.Cols[9].AppendF32(0.1)
	}
	for _, c := range b.Cols {
		c.AppendNull()
	}
	b.Len = 3
	return b
}

func write(t *testing.T, name string, b *column.Batch, o format.WriteOptions) string {
	t.Helper()
	for _, f := range Formats() {
		if f.Name != name {
			continue
		}
		var out bytes.Buffer
		w, err := f.Write(&out, b.Schema, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	t.Fatal("no format", name)
	return ""
}

func TestWrite(t *testing.T) {
	b := sampleBatch(t)
	want := `id,"a,b",x,ok,at,tags,u,d,p,f
-1,"say ""hi"",
then",-inf,false,2020-01-01T00:00:00.5Z,"[""x""]",18446744073709551615,1969-12-31,1.50,0.1
0,"",0.1,true,2020-01-01T00:00:00.5Z,"[""x""]",18446744073709551615,1969-12-31,1.50,0.1
,,,,,,,,,
`
	got := write(t, "csv", b, format.WriteOptions{})
	if d := cmp.Diff(want, got); d != "" {
		t.Fatal(d)
	}
	tab, err := read(text{}, []byte(got), format.TextOptions{Columns: b.Schema.Fields})
	if err != nil {
		t.Fatal(err)
	}
	for k := range b.Cols {
		for i := range b.Len {
			if !column.Equal(b.Cols[k], i, tab.batch.Cols[k], i) {
				t.Errorf("column %s, row %d is another value when read again", b.Schema.Fields[k].Name, i)
			}
		}
	}
	if n := tab.oddCount(); n != 0 {
		t.Errorf("%d records of our own are odd", n)
	}
}

func TestWriteOptions(t *testing.T) {
	s := &column.Schema{Fields: []column.Field{column.NewField("a", column.Of(column.String)), column.NewField("b", column.Of(column.Int64))}}
	b := column.NewBatch(s, 2)
	b.Cols[0].AppendString("NA")
	b.Cols[1].AppendNull()
	b.Cols[0].AppendNull()
	b.Cols[1].AppendInt(5)
	b.Len = 2
	if d := cmp.Diff("\"NA\"\tNA\nNA\t5\n", write(t, "tsv", b, format.WriteOptions{NoHeader: true, Null: "NA"})); d != "" {
		t.Error(d)
	}
	one := &column.Batch{Schema: &column.Schema{Fields: s.Fields[1:]}, Len: 2, Cols: b.Cols[1:]}
	if d := cmp.Diff("b\n\"\"\n5\n", write(t, "csv", one, format.WriteOptions{})); d != "" {
		t.Error("a null of a single column must not be a blank line:", d)
	}
}
