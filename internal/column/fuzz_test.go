package column

import (
	"bytes"
	"errors"
	"testing"

	"github.com/strata-data/strata/internal/object"
)

// fuzzTypes is the type of each vector, so that the fuzzer reaches all forms.
var fuzzTypes = []string{"int64", "uint64", "int8", "bool", "float64", "float32", "string", "binary", "json", "decimal(30, 2)",
	"date", "list<int64>", "list<list<string>>", "fixed_list<float32, 3>", "fixed_list<string, 0>",
	"struct<lat: float64, tag: string>", "list<struct<a: int8, b: list<float32>>>", "fixed_list<struct<a: string>, 2>"}

// A page either is refused or is the one encoding of its values; no bytes
// make the decoder panic or fill the memory.
func FuzzPage(f *testing.F) {
	for _, p := range readVectors(f) {
		for i := range fuzzTypes {
			f.Add(uint8(i), p.page)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, page []byte) {
		ty, err := ParseType(fuzzTypes[int(which)%len(fuzzTypes)])
		if err != nil {
			t.Fatal(err)
		}
		v := NewVector(ty, 0)
		err = new(PageDecoder).decode(page, v, 1<<16, 1<<20)
		checked := checkPage(page, ty, 1<<16, 1<<20)
		if err != nil {
			if !errors.Is(err, object.ErrCorrupt) && !errors.Is(err, object.ErrUnsupported) {
				t.Fatalf("%s: error %v is no ErrCorrupt", ty, err)
			}
			if checked == nil {
				t.Fatalf("%s: CheckPage accepts what cannot be decoded: %v", ty, err)
			}
			return
		}
		checkVector(t, v)
		again := EncodePage(nil, v, 0, v.Len)
		if checked == nil && !bytes.Equal(again, page) {
			t.Fatalf("%s: %x is accepted, encoded again it is %x", ty, page, again)
		}
		// The canonical form of any content is a fixed point.
		w := NewVector(ty, 0)
		if err := DecodePage(again, w); err != nil {
			t.Fatalf("%s: %x: %v", ty, again, err)
		}
		if third := EncodePage(nil, w, 0, w.Len); !bytes.Equal(third, again) {
			t.Fatalf("%s: %x is encoded again as %x", ty, again, third)
		}
	})
}

func FuzzKey(f *testing.F) {
	f.Add(uint8(0), []byte("\x80\x00\x00\x00\x00\x00\x00\x01"))
	f.Add(uint8(1), []byte("\xff\xff\xff\xff\xff\xff\xff\xff\x01\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Add(uint8(4), []byte("\xbf\xf0\x00\x00\x00\x00\x00\x00"))
	f.Add(uint8(6), []byte("a\x00\xffb\x00\x01"))
	f.Add(uint8(6), []byte("cam3/100%\x00\x01"))
	f.Fuzz(func(t *testing.T, which uint8, key []byte) {
		ty, err := ParseType(fuzzTypes[which%11])
		if err != nil {
			t.Fatal(err)
		}
		vs := newVectors([]*Type{ty})
		if err := ParseKey(key, vs); err != nil {
			if !errors.Is(err, object.ErrCorrupt) {
				t.Fatalf("%s: error %v is no ErrCorrupt", ty, err)
			}
			return
		}
		if again := AppendKey(nil, vs[0], 0); !bytes.Equal(again, key) {
			t.Fatalf("%s: key %x comes back as %x", ty, key, again)
		}
		text, err := KeyText([]*Type{ty}, key)
		if err != nil {
			t.Fatal(err)
		}
		if ty.Kind == JSON {
			return
		}
		if again, err := ParseKeyText([]*Type{ty}, text); err != nil || !bytes.Equal(again, key) {
			t.Fatalf("%s: %q = %x, %v, want %x", ty, text, again, err, key)
		}
	})
}

func FuzzText(f *testing.F) {
	for _, c := range [][2]string{{"int64", "-5"}, {"float64", "1e-05"}, {"float32", "0.1"}, {"decimal(10, 2)", "1.5"},
		{"date", "2020-02-29"}, {"timestamp[ns, -05:30]", "2020-01-02T23:04:05.000000001-05:30"},
		{"list<struct<a: int8, b: json>>", `[{"a":1,"b":{}}]`}, {"binary", "AP8="}, {"uint64", "18446744073709551615"}} {
		f.Add(c[0], c[1])
	}
	f.Fuzz(func(t *testing.T, typ, text string) {
		ty, err := ParseType(typ)
		if err != nil || flatSize(ty) > 1000 {
			return // a null of a huge fixed list takes its time
		}
		if again, err := ParseType(ty.String()); err != nil || !again.Equal(ty) {
			t.Fatalf("type %q is written %q and read as %v, %v", typ, ty, again, err)
		}
		v := NewVector(ty, 0)
		if ParseText(ty, text, v) != nil {
			if v.Len != 0 {
				t.Fatalf("%s: %q is refused and leaves %d values", ty, text, v.Len)
			}
			return
		}
		checkVector(t, v)
		once := Text(v, 0)
		w := NewVector(ty, 0)
		if err := ParseText(ty, once, w); err != nil {
			t.Fatalf("%s: %q is written %q, which is refused: %v", ty, text, once, err)
		}
		if twice := Text(w, 0); twice != once {
			t.Fatalf("%s: %q is written %q and then %q", ty, text, once, twice)
		}
	})
}

// flatSize is the number of values below one of type t.
func flatSize(t *Type) int {
	n := 1
	if t.Kind == FixedList {
		n = max(1, t.Size) * flatSize(t.Elem)
	}
	if t.Kind == List {
		n = flatSize(t.Elem)
	}
	for _, f := range t.Fields {
		n += flatSize(f.Type)
	}
	return n
}

func FuzzSchema(f *testing.F) {
	s := &Schema{Fields: []Field{NewField("id", Of(Int64)), NewField("box", FixedListOf(Of(Float32), 4)),
		NewField("at", TimestampOf(Micro, "UTC")), NewField("meta", StructOf(NewField("a", DecimalOf(5, 2))))}, Key: []string{"id"}}
	f.Add(s.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := DecodeSchema(b)
		if err != nil {
			if !errors.Is(err, object.ErrCorrupt) && !errors.Is(err, object.ErrUnsupported) {
				t.Fatalf("error %v is no ErrCorrupt", err)
			}
			return
		}
		if again := s.Encode(); !bytes.Equal(again, b) {
			t.Fatalf("schema %x is encoded again as %x", b, again)
		}
		NewBatch(s, 0)
	})
}
