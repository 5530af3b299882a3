// Package formattest holds what the tests of several file formats share:
// random batches of any type, and a rendering of values as text in which two
// vectors can be compared with each other and with what another program
// wrote. It is imported by tests only. Start reading at Batch, then Render.
package formattest

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/strata-data/strata/internal/column"
)

// Render returns value i of v as JSON-like text: numbers as they are, NaN and
// infinities by name, decimals with their point, timestamps as ticks, dates as
// days, bytes as quoted hex, text quoted as Go does.
func Render(v *column.Vector, i int) string {
	if v.IsNull(i) {
		return "null"
	}
	switch t := v.Type; t.Kind {
	case column.Bool:
		return strconv.FormatBool(v.Ints[i] != 0)
	case column.Uint64:
		return strconv.FormatUint(uint64(v.Ints[i]), 10)
	case column.Float32:
		return float(float64(v.F32[i]), 32)
	case column.Float64:
		return float(v.F64[i], 64)
	case column.Binary:
		return `"` + hex.EncodeToString(v.At(i)) + `"`
	case column.String, column.File, column.JSON:
		return strconv.Quote(string(v.At(i)))
	case column.Decimal:
		return decimal(v, i)
	case column.List, column.FixedList:
		from, to := v.Span(i)
		var parts []string
		for j := from; j < to; j++ {
			parts = append(parts, Render(v.Kids[0], j))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case column.Struct:
		var parts []string
		for k, f := range t.Fields {
			parts = append(parts, strconv.Quote(f.Name)+":"+Render(v.Kids[k], i))
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	return strconv.FormatInt(v.Ints[i], 10)
}

func float(x float64, bits int) string {
	if math.IsNaN(x) {
		return "NaN"
	}
	return strconv.FormatFloat(x, 'g', -1, bits)
}

func decimal(v *column.Vector, i int) string {
	x := new(big.Int)
	if v.Type.Layout() == column.LayoutInt {
		x.SetInt64(v.Ints[i])
	} else {
		b := append([]byte(nil), v.At(i)...)
		b[0] ^= 0x80
		x.SetBytes(b)
		if b[0]&0x80 != 0 {
			x.Sub(x, new(big.Int).Lsh(big.NewInt(1), 128))
		}
	}
	sign := ""
	if x.Sign() < 0 {
		sign = "-"
		x.Neg(x)
	}
	s := x.String()
	if t := v.Type; t.Scale > 0 {
		for len(s) <= t.Scale {
			s = "0" + s
		}
		s = s[:len(s)-t.Scale] + "." + s[len(s)-t.Scale:]
	}
	return sign + s
}

// Row returns row i of b as one line.
func Row(b *column.Batch, i int) string {
	var parts []string
	for k, f := range b.Schema.Fields {
		parts = append(parts, strconv.Quote(f.Name)+":"+Render(b.Cols[k], i))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// Check reports the first rule that v breaks: lengths of buffers, null counts,
// zero values under nulls.
func Check(v *column.Vector) error {
	nulls := 0
	for i := range v.Len {
		if !v.Valid.Get(i) {
			nulls++
		}
	}
	if nulls != v.Nulls {
		return fmt.Errorf("%s: %d nulls counted, %d said", v.Type, nulls, v.Nulls)
	}
	want := map[column.Layout]int{}
	want[v.Type.Layout()] = v.Len
	offs := 0
	if l := v.Type.Layout(); l == column.LayoutBytes || l == column.LayoutList {
		offs = v.Len + 1
	}
	if len(v.Ints) != want[column.LayoutInt] || len(v.F32) != want[column.LayoutF32] || len(v.F64) != want[column.LayoutF64] || len(v.Offs) != offs {
		return fmt.Errorf("%s: %d values have %d ints, %d and %d floats, %d offsets", v.Type, v.Len, len(v.Ints), len(v.F32), len(v.F64), len(v.Offs))
	}
	for i, o := range v.Offs {
		if i > 0 && o < v.Offs[i-1] {
			return fmt.Errorf("%s: offset %d falls", v.Type, i)
		}
	}
	kid := v.Len
	switch v.Type.Layout() {
	case column.LayoutBytes:
		if int(v.Offs[v.Len]) != len(v.Bytes) {
			return fmt.Errorf("%s: %d bytes, offsets end at %d", v.Type, len(v.Bytes), v.Offs[v.Len])
		}
	case column.LayoutList:
		kid = int(v.Offs[v.Len])
	case column.LayoutFixed:
		kid *= v.Type.Size
	}
	for i := range v.Len {
		if v.IsNull(i) && !zero(v, i) {
			return fmt.Errorf("%s: value %d is null but not zero", v.Type, i)
		}
	}
	for _, k := range v.Kids {
		if k.Len != kid {
			return fmt.Errorf("%s: %d values below, want %d", v.Type, k.Len, kid)
		}
		if err := Check(k); err != nil {
			return err
		}
	}
	return nil
}

func zero(v *column.Vector, i int) bool {
	switch v.Type.Layout() {
	case column.LayoutInt:
		return v.Ints[i] == 0
	case column.LayoutF32:
		return v.F32[i] == 0
	case column.LayoutF64:
		return v.F64[i] == 0
	case column.LayoutBytes, column.LayoutList:
		return v.Offs[i] == v.Offs[i+1]
	case column.LayoutFixed:
		for j := i * v.Type.Size; j < (i+1)*v.Type.Size; j++ {
			if !v.Kids[0].IsNull(j) {
				return false
			}
		}
	case column.LayoutStruct:
		for _, k := range v.Kids {
			if !k.IsNull(i) {
				return false
			}
		}
	}
	return true
}

// DataDir returns the directory of the real data beside the repository, or
// skips the test.
func DataDir(t testing.TB) string {
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Skip("no go.mod above the test")
		}
		dir = up
	}
	data := filepath.Join(dir, "..", "shared", "data")
	if _, err := os.Stat(data); err != nil {
		t.Skip("no real data beside the repository: ", err)
	}
	return data
}
