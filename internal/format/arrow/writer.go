package arrow

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
)

// writer writes record batches to a file (compressed with zstd) or to a stream
// (not compressed, since its reader is at the other end of a pipe).
type writer struct {
	schema *column.Schema
	types  *arrow.Schema
	out    interface {
		Write(arrow.RecordBatch) error
		Close() error
	}
}

func newWriter(w io.Writer, s *column.Schema, o format.WriteOptions) (rw format.RowWriter, err error) {
	defer recoveredWrite(&err)
	var fields []arrow.Field
	for _, f := range s.Fields {
		fields = append(fields, fieldOf(f.Name, f.Type))
	}
	types := arrow.NewSchema(fields, nil)
	aw := &writer{schema: s, types: types}
	if o.Stream {
		aw.out = ipc.NewWriter(w, ipc.WithSchema(types))
		return aw, nil
	}
	if aw.out, err = ipc.NewFileWriter(w, ipc.WithSchema(types), ipc.WithZstd()); err != nil {
		return nil, fmt.Errorf("write arrow: %w", err)
	}
	return aw, nil
}

func recoveredWrite(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("write arrow: %v", p)
	}
}

// Write implements format.RowWriter: one record batch for each batch.
func (w *writer) Write(b *column.Batch) (err error) {
	defer recoveredWrite(&err)
	if len(b.Cols) != len(w.schema.Fields) {
		return fmt.Errorf("write arrow: %d columns in a file of %d", len(b.Cols), len(w.schema.Fields))
	}
	if b.Len == 0 {
		return nil
	}
	cols := make([]arrow.Array, len(b.Cols))
	for i, v := range b.Cols {
		d, err := dataOf(v, w.types.Field(i).Type)
		if err != nil {
			return fmt.Errorf("write arrow: column %s: %w", w.schema.Fields[i].Name, err)
		}
		cols[i] = array.MakeFromData(d)
	}
	rec := array.NewRecordBatch(w.types, cols, int64(b.Len))
	defer rec.Release()
	if err := w.out.Write(rec); err != nil {
		return fmt.Errorf("write arrow: %w", err)
	}
	return nil
}

// Close implements format.RowWriter.
func (w *writer) Close() (err error) {
	defer recoveredWrite(&err)
	if err := w.out.Close(); err != nil {
		return fmt.Errorf("write arrow: %w", err)
	}
	return nil
}

// fieldOf returns the Arrow field of a column or member.
func fieldOf(name string, t *column.Type) arrow.Field {
	f := arrow.Field{Name: name, Type: typeOf(t), Nullable: true}
	if t.Kind == column.JSON {
		f.Metadata = arrow.NewMetadata([]string{"ARROW:extension:name", "ARROW:extension:metadata"}, []string{"arrow.json", ""})
	}
	return f
}

func typeOf(t *column.Type) arrow.DataType {
	switch t.Kind {
	case column.Bool:
		return arrow.FixedWidthTypes.Boolean
	case column.Int8:
		return arrow.PrimitiveTypes.Int8
	case column.Int16:
		return arrow.PrimitiveTypes.Int16
	case column.Int32:
		return arrow.PrimitiveTypes.Int32
	case column.Int64:
		return arrow.PrimitiveTypes.Int64
	case column.Uint8:
		return arrow.PrimitiveTypes.Uint8
	case column.Uint16:
		return arrow.PrimitiveTypes.Uint16
	case column.Uint32:
		return arrow.PrimitiveTypes.Uint32
	case column.Uint64:
		return arrow.PrimitiveTypes.Uint64
	case column.Float32:
		return arrow.PrimitiveTypes.Float32
	case column.Float64:
		return arrow.PrimitiveTypes.Float64
	case column.Decimal:
		return &arrow.Decimal128Type{Precision: int32(t.Precision), Scale: int32(t.Scale)}
	case column.Binary:
		return arrow.BinaryTypes.Binary
	case column.Date:
		return arrow.FixedWidthTypes.Date32
	case column.Timestamp:
		return &arrow.TimestampType{Unit: arrow.TimeUnit(t.Unit), TimeZone: t.Zone}
	case column.List:
		return arrow.ListOfField(fieldOf("item", t.Elem))
	case column.FixedList:
		return arrow.FixedSizeListOfField(int32(t.Size), fieldOf("item", t.Elem))
	case column.Struct:
		var fields []arrow.Field
		for _, f := range t.Fields {
			fields = append(fields, fieldOf(f.Name, f.Type))
		}
		return arrow.StructOf(fields...)
	}
	return arrow.BinaryTypes.String
}

// dataOf returns v as the data of an array of type dt. Buffers are shared with
// v where the layouts are the same.
func dataOf(v *column.Vector, dt arrow.DataType) (arrow.ArrayData, error) {
	bufs := []*memory.Buffer{nil}
	if v.Nulls > 0 {
		bufs[0] = memory.NewBufferBytes(arrow.Uint64Traits.CastToBytes(v.Valid))
	}
	var kids []arrow.ArrayData
	kid := func(k *column.Vector, t arrow.DataType) error {
		d, err := dataOf(k, t)
		kids = append(kids, d)
		return err
	}
	switch t := dt.(type) {
	case *arrow.StructType:
		for i, k := range v.Kids {
			if err := kid(k, t.Field(i).Type); err != nil {
				return nil, err
			}
		}
	case *arrow.FixedSizeListType:
		if err := kid(v.Kids[0], t.Elem()); err != nil {
			return nil, err
		}
	case *arrow.ListType:
		if err := checkOffsets(v); err != nil {
			return nil, err
		}
		bufs = append(bufs, memory.NewBufferBytes(arrow.Uint32Traits.CastToBytes(v.Offs)))
		if err := kid(v.Kids[0], t.Elem()); err != nil {
			return nil, err
		}
	case *arrow.Decimal128Type:
		b, err := decimals(v)
		if err != nil {
			return nil, err
		}
		bufs = append(bufs, memory.NewBufferBytes(b))
	case *arrow.StringType, *arrow.BinaryType:
		if err := checkOffsets(v); err != nil {
			return nil, err
		}
		bufs = append(bufs, memory.NewBufferBytes(arrow.Uint32Traits.CastToBytes(v.Offs)), memory.NewBufferBytes(v.Bytes))
	default:
		bufs = append(bufs, memory.NewBufferBytes(numbers(v, dt)))
	}
	return array.NewData(dt, v.Len, bufs, kids, v.Nulls, 0), nil
}

func checkOffsets(v *column.Vector) error {
	if v.Offs[v.Len] > math.MaxInt32 {
		return fmt.Errorf("more than 2 GiB of values in one batch")
	}
	return nil
}

// numbers returns the values of v in the width of dt.
func numbers(v *column.Vector, dt arrow.DataType) []byte {
	switch dt.ID() {
	case arrow.BOOL:
		b := make([]byte, (v.Len+7)/8)
		for i, x := range v.Ints {
			b[i>>3] |= byte(x&1) << (i & 7)
		}
		return b
	case arrow.FLOAT32:
		return arrow.Float32Traits.CastToBytes(v.F32)
	case arrow.FLOAT64:
		return arrow.Float64Traits.CastToBytes(v.F64)
	}
	switch dt.(arrow.FixedWidthDataType).BitWidth() {
	case 8:
		b := make([]byte, v.Len)
		for i, x := range v.Ints {
			b[i] = byte(x)
		}
		return b
	case 16:
		b := make([]byte, 0, 2*v.Len)
		for _, x := range v.Ints {
			b = binary.NativeEndian.AppendUint16(b, uint16(x))
		}
		return b
	case 32:
		b := make([]byte, 0, 4*v.Len)
		for _, x := range v.Ints {
			b = binary.NativeEndian.AppendUint32(b, uint32(x))
		}
		return b
	}
	return arrow.Int64Traits.CastToBytes(v.Ints)
}

// decimals returns the values of v as 128-bit two's complement.
func decimals(v *column.Vector) ([]byte, error) {
	b := make([]byte, 0, 16*v.Len)
	for i := range v.Len {
		var hi, lo uint64
		switch {
		case v.IsNull(i):
		case v.Type.Layout() == column.LayoutInt:
			lo, hi = uint64(v.Ints[i]), uint64(v.Ints[i]>>63)
		default:
			x := v.At(i)
			if len(x) != 16 {
				return nil, fmt.Errorf("decimal of %d bytes", len(x))
			}
			hi, lo = binary.BigEndian.Uint64(x)^1<<63, binary.BigEndian.Uint64(x[8:])
		}
		b = binary.NativeEndian.AppendUint64(binary.NativeEndian.AppendUint64(b, lo), hi)
	}
	return b, nil
}
