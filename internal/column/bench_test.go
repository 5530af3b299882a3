package column

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

const benchRows = 2048

// benchColumns are typical pages of 2048 rows.
func benchColumns() map[string]*Vector {
	r := rand.New(rand.NewPCG(1, 2))
	cols := map[string]*Vector{}
	add := func(name string, t *Type, f func(v *Vector, i int)) {
		v := NewVector(t, benchRows)
		for i := range benchRows {
			f(v, i)
		}
		cols[name] = v
	}
	words := []string{"clear", "rain", "snow", "fog", "overcast", "partly cloudy", "undefined"}
	add("int64-sorted", Of(Int64), func(v *Vector, i int) { v.AppendInt(1e9 + int64(i)*3 + r.Int64N(3)) })
	add("int64-small", Of(Int64), func(v *Vector, i int) { v.AppendInt(r.Int64N(100)) })
	add("int64-2bytes", Of(Int64), func(v *Vector, i int) { v.AppendInt(r.Int64N(60000)) })
	add("int64-random", Of(Int64), func(v *Vector, i int) { v.AppendInt(int64(r.Uint64())) })
	add("timestamp", TimestampOf(Micro, "UTC"), func(v *Vector, i int) { v.AppendInt(1.7e15 + r.Int64N(1e12)) })
	add("bool", Of(Bool), func(v *Vector, i int) { v.AppendInt(r.Int64N(2)) })
	add("int64-nulls", Of(Int64), func(v *Vector, i int) {
		if i%7 == 0 {
			v.AppendNull()
			return
		}
		v.AppendInt(r.Int64N(1000))
	})
	add("float64-2digits", Of(Float64), func(v *Vector, i int) { v.AppendF64(math.Round(r.Float64()*1e5) / 100) })
	add("float64-whole", Of(Float64), func(v *Vector, i int) { v.AppendF64(float64(r.IntN(1000))) })
	add("float64-random", Of(Float64), func(v *Vector, i int) { v.AppendF64(r.NormFloat64()) })
	add("float32-random", Of(Float32), func(v *Vector, i int) { v.AppendF32(float32(r.NormFloat64())) })
	add("string-category", Of(String), func(v *Vector, i int) { v.AppendString(words[r.IntN(len(words))]) })
	add("string-id", Of(String), func(v *Vector, i int) { v.AppendString(fmt.Sprintf("sample-%08d", r.IntN(1e8))) })
	add("string-text", Of(String), func(v *Vector, i int) {
		b := make([]byte, 40+r.IntN(360))
		for j := range b {
			b[j] = "abcdefghij klmnopqrst"[r.IntN(21)]
		}
		v.AppendBytes(b)
	})
	add("embedding-128", FixedListOf(Of(Float32), 128), func(v *Vector, i int) {
		for range 128 {
			v.Kids[0].AppendF32(float32(r.NormFloat64()))
		}
		v.EndList()
	})
	return cols
}

var benchOrder = []string{"int64-sorted", "int64-small", "int64-2bytes", "int64-random", "timestamp", "bool", "int64-nulls",
	"float64-2digits", "float64-whole", "float64-random", "float32-random", "string-category", "string-id", "string-text",
	"embedding-128"}

func BenchmarkEncode(b *testing.B) {
	cols := benchColumns()
	for _, name := range benchOrder {
		v := cols[name]
		b.Run(name, func(b *testing.B) {
			var e PageEncoder
			var dst []byte
			b.SetBytes(int64(v.SizeBytes()))
			for b.Loop() {
				dst = e.Encode(dst[:0], v, 0, v.Len)
			}
			b.ReportMetric(float64(len(dst))/float64(v.Len), "B/row")
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	cols := benchColumns()
	for _, name := range benchOrder {
		v := cols[name]
		b.Run(name, func(b *testing.B) {
			var d PageDecoder
			page := EncodePage(nil, v, 0, v.Len)
			w := NewVector(v.Type, v.Len)
			b.SetBytes(int64(v.SizeBytes()))
			for b.Loop() {
				w.Reset()
				if err := d.Decode(page, w); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkBounds(b *testing.B) {
	cols := benchColumns()
	for _, name := range []string{"int64-small", "float64-2digits", "string-text"} {
		v := cols[name]
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(v.SizeBytes()))
			for b.Loop() {
				Bounds(v, 0, v.Len)
			}
		})
	}
}

func BenchmarkAppendText(b *testing.B) {
	cols := benchColumns()
	for _, name := range []string{"int64-small", "float64-2digits", "float64-random", "timestamp"} {
		v := cols[name]
		b.Run(name, func(b *testing.B) {
			var dst []byte
			b.SetBytes(int64(v.SizeBytes()))
			for b.Loop() {
				dst = dst[:0]
				for i := range v.Len {
					dst = AppendText(dst, v, i)
				}
			}
		})
	}
}
