package formattest

import (
	"fmt"
	"math"
	"math/rand/v2"

	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/column"
)

// Type draws a type whose lists and structs nest up to depth deep.
func Type(t *rapid.T, depth int, leaves []*column.Type) *column.Type {
	n := len(leaves)
	k := rapid.IntRange(0, n+3).Draw(t, "type")
	if depth <= 0 || k < n {
		return leaves[k%n]
	}
	switch k - n {
	case 0, 1:
		return column.ListOf(Type(t, depth-1, leaves))
	case 2:
		return column.FixedListOf(Type(t, depth-1, leaves), rapid.IntRange(1, 3).Draw(t, "size"))
	}
	s := &column.Type{Kind: column.Struct}
	for i := range rapid.IntRange(1, 3).Draw(t, "fields") {
		s.Fields = append(s.Fields, column.NewField(fmt.Sprintf("f%d", i), Type(t, depth-1, leaves)))
	}
	return s
}

// Leaves are types without parts that every columnar format keeps as they are.
func Leaves() []*column.Type {
	var all []*column.Type
	for k := column.Bool; k <= column.Float64; k++ {
		all = append(all, column.Of(k))
	}
	for _, k := range []column.Kind{column.String, column.Binary, column.Date, column.JSON} {
		all = append(all, column.Of(k))
	}
	for u := column.Second; u <= column.Nano; u++ {
		all = append(all, column.TimestampOf(u, ""), column.TimestampOf(u, "Europe/Berlin"))
	}
	return append(all, column.DecimalOf(5, 2), column.DecimalOf(9, 0), column.DecimalOf(18, 18), column.DecimalOf(19, 4), column.DecimalOf(38, 10))
}

// Schema draws a schema of one to four columns.
func Schema(t *rapid.T, leaves []*column.Type) *column.Schema {
	s := new(column.Schema)
	for i := range rapid.IntRange(1, 4).Draw(t, "columns") {
		s.Fields = append(s.Fields, column.NewField(fmt.Sprintf("c%d", i), Type(t, 3, leaves)))
	}
	return s
}

// Batch draws a batch of schema s with up to maxRows rows.
func Batch(t *rapid.T, s *column.Schema, maxRows int) *column.Batch {
	n := rapid.IntRange(0, maxRows).Draw(t, "rows")
	seed := rapid.Uint64().Draw(t, "seed")
	nulls := rapid.SampledFrom([]float64{0, 0.1, 0.5, 1}).Draw(t, "share of nulls")
	return Fill(s, n, seed, nulls)
}

// Fill returns n rows of random values, of which about the share nulls are
// null.
func Fill(s *column.Schema, n int, seed uint64, nulls float64) *column.Batch {
	g := &generator{r: rand.New(rand.NewPCG(seed, 1)), nulls: nulls}
	b := column.NewBatch(s, n)
	for range n {
		for _, c := range b.Cols {
			g.append(c)
		}
	}
	b.Len = n
	return b
}

type generator struct {
	r     *rand.Rand
	nulls float64
}

func (g *generator) append(v *column.Vector) {
	if g.r.Float64() < g.nulls {
		v.AppendNull()
		return
	}
	switch t := v.Type; t.Kind {
	case column.Float32:
		v.AppendF32(g.pick32())
	case column.Float64:
		v.AppendF64(g.pick64())
	case column.String, column.File:
		v.AppendString([]string{"", "a", "Ω≈ç", "a longer text with, \"commas\"\n", fmt.Sprint(g.r.Uint64())}[g.r.IntN(5)])
	case column.JSON:
		v.AppendString([]string{`null`, `{"a":[1,2.50,"x"]}`, `"s"`, `[]`, `12345678901234567890`}[g.r.IntN(5)])
	case column.Binary:
		b := make([]byte, g.r.IntN(20))
		for i := range b {
			b[i] = byte(g.r.Uint32())
		}
		v.AppendBytes(b)
	case column.List, column.FixedList:
		size := t.Size
		if t.Kind == column.List {
			size = g.r.IntN(4)
		}
		for range size {
			g.append(v.Kids[0])
		}
		v.EndList()
	case column.Struct:
		for _, k := range v.Kids {
			g.append(k)
		}
		v.EndStruct()
	case column.Decimal:
		g.decimal(v)
	default:
		v.AppendInt(g.integer(t))
	}
}

func (g *generator) pick32() float32 {
	return []float32{0, float32(math.Copysign(0, -1)), 1.5, -math.MaxFloat32, math.SmallestNonzeroFloat32, float32(math.Inf(1)), float32(math.NaN()), g.r.Float32()}[g.r.IntN(8)]
}

func (g *generator) pick64() float64 {
	return []float64{0, math.Copysign(0, -1), 1.5, -math.MaxFloat64, math.SmallestNonzeroFloat64, math.Inf(-1), math.NaN(), g.r.NormFloat64()}[g.r.IntN(8)]
}

// integer draws a value in the range of t, often one of its ends.
func (g *generator) integer(t *column.Type) int64 {
	lo, hi := int64(math.MinInt64), int64(math.MaxInt64)
	switch k := t.Kind; k {
	case column.Bool:
		return int64(g.r.IntN(2))
	case column.Uint64:
		return int64(g.r.Uint64())
	case column.Int8, column.Int16, column.Int32:
		bits := 8 << (k - column.Int8)
		lo, hi = -1<<(bits-1), 1<<(bits-1)-1
	case column.Uint8, column.Uint16, column.Uint32:
		lo, hi = 0, 1<<(8<<(k-column.Uint8))-1
	case column.Date:
		lo, hi = -719162, 2932896 // years 1 to 9999
	case column.Timestamp:
		lo++                       // the lowest one is NaT to pandas
		if t.Unit != column.Nano { // years 1 to 9999, as Python and DuckDB have it
			lo, hi = -62135596800*t.Unit.PerSecond(), 253402300799*t.Unit.PerSecond()
		}
	}
	switch g.r.IntN(5) {
	case 0:
		return lo
	case 1:
		return hi
	case 2:
		return 0
	}
	return lo + int64(g.r.Uint64()%uint64(hi-lo))
}

func (g *generator) decimal(v *column.Vector) {
	if p := v.Type.Precision; p <= 18 {
		max := int64(math.Pow10(p)) - 1
		v.AppendInt(g.r.Int64N(2*max+1) - max)
		return
	}
	var b [16]byte
	fill := byte(0x80)
	if g.r.IntN(2) == 0 {
		fill = 0x7f
		for i := range b {
			b[i] = 0xff
		}
	}
	for i := 16 - g.r.IntN(14); i < 16; i++ {
		b[i] = byte(g.r.Uint32())
	}
	b[0] = fill
	v.AppendBytes(b[:])
}
