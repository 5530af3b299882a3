package parquet

import (
	"encoding/binary"
	"fmt"
	"math"

	pq "github.com/parquet-go/parquet-go"

	"github.com/strata-data/strata/internal/column"
)

// shredder turns one leaf of a column into values with levels.
type shredder struct {
	column int    // top-level column
	path   []step // from the column to the leaf
	leaf   *column.Type
	out    *pq.ColumnWriter
	index  int

	vals []pq.Value
	wide []byte // bytes that vals point to
	err  error
}

// step is one type on the way to a leaf. Everything is optional, so a step
// costs one definition level, and a list one more.
type step struct {
	list bool
	kid  int // the member of a struct that leads to the leaf
	def  int // level of a value that is there
	rep  int // level of the lists above
}

func appendShredders(all []*shredder, col int, t *column.Type) []*shredder {
	var walk func(path []step, t *column.Type, rep, def int)
	walk = func(path []step, t *column.Type, rep, def int) {
		s := step{def: def + 1, rep: rep}
		switch t.Kind {
		case column.List, column.FixedList:
			s.list = true
			walk(append(path[:len(path):len(path)], s), t.Elem, rep+1, def+2)
		case column.Struct:
			for i, f := range t.Fields {
				s.kid = i
				walk(append(path[:len(path):len(path)], s), f.Type, rep, def+1)
			}
		default:
			all = append(all, &shredder{column: col, leaf: t, path: append(path[:len(path):len(path)], s)})
		}
	}
	walk(nil, t, 0, 0)
	return all
}

// write hands the n values of v to the column writer, in portions that keep
// pages near their size.
func (l *shredder) write(v *column.Vector, n int) error {
	if v.Len != n {
		return fmt.Errorf("%d values in a batch of %d rows", v.Len, n)
	}
	portion := max(1, min(8192, n*(pageBytes/4)/(v.SizeBytes()+1)))
	for from := 0; from < n; from += portion {
		l.vals, l.wide = l.vals[:0], l.wide[:0]
		for i := from; i < min(from+portion, n); i++ {
			l.emit(0, v, i, 0)
		}
		if l.err != nil {
			return l.err
		}
		if _, err := l.out.WriteRowValues(l.vals); err != nil {
			return err
		}
	}
	return nil
}

// emit appends the entries of value i of v, which lies at step k of the path.
func (l *shredder) emit(k int, v *column.Vector, i, rep int) {
	s := &l.path[k]
	if v.IsNull(i) {
		l.vals = append(l.vals, pq.NullValue().Level(rep, s.def-1, l.index))
		return
	}
	switch {
	case k == len(l.path)-1:
		l.vals = append(l.vals, l.value(v, i).Level(rep, s.def, l.index))
	case s.list:
		from, to := v.Span(i)
		if from == to {
			l.vals = append(l.vals, pq.NullValue().Level(rep, s.def, l.index))
		}
		for j := from; j < to; j++ {
			l.emit(k+1, v.Kids[0], j, rep)
			rep = s.rep + 1
		}
	default:
		l.emit(k+1, v.Kids[s.kid], i, rep)
	}
}

// value returns value i of the leaf vector v.
func (l *shredder) value(v *column.Vector, i int) pq.Value {
	t := l.leaf
	switch t.Kind {
	case column.Bool:
		return pq.BooleanValue(v.Ints[i] != 0)
	case column.Float32:
		return pq.FloatValue(v.F32[i])
	case column.Float64:
		return pq.DoubleValue(v.F64[i])
	case column.String, column.File, column.JSON, column.Binary:
		return pq.ByteArrayValue(v.At(i))
	case column.Int64, column.Uint64:
		return pq.Int64Value(v.Ints[i])
	case column.Timestamp:
		return l.timestamp(v.Ints[i])
	case column.Decimal:
		switch {
		case t.Precision > 18:
			return l.wideDecimal(v.At(i))
		case t.Precision > 9:
			return pq.Int64Value(v.Ints[i])
		}
	}
	x := v.Ints[i]
	if t.Kind == column.Uint32 && x>>32 == 0 {
		return pq.Int32Value(int32(uint32(x)))
	}
	if x < math.MinInt32 || x > math.MaxInt32 {
		l.err = fmt.Errorf("%d is out of the range of %s in parquet", x, t)
	}
	return pq.Int32Value(int32(x))
}

// timestamp writes seconds, which Parquet does not have, as milliseconds.
func (l *shredder) timestamp(x int64) pq.Value {
	if l.leaf.Unit != column.Second {
		return pq.Int64Value(x)
	}
	if x > math.MaxInt64/1000 || x < math.MinInt64/1000 {
		l.err = fmt.Errorf("%d s is out of the range of timestamps in parquet", x)
	}
	return pq.Int64Value(x * 1000)
}

// wideDecimal turns the sign bit of b, 16 bytes, back.
func (l *shredder) wideDecimal(b []byte) pq.Value {
	if len(b) != 16 {
		l.err = fmt.Errorf("decimal of %d bytes", len(b))
		return pq.NullValue()
	}
	if cap(l.wide)-len(l.wide) < 16 {
		l.wide = make([]byte, 0, 16*8192) // earlier values keep the old one
	}
	at := len(l.wide)
	l.wide = binary.BigEndian.AppendUint64(l.wide, binary.BigEndian.Uint64(b)^1<<63)
	l.wide = append(l.wide, b[8:]...)
	return pq.FixedLenByteArrayValue(l.wide[at:])
}
