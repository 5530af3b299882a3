package repo

import (
	"encoding/binary"
	"fmt"

	"github.com/strata-data/strata/internal/object"
)

// The layout of a record of the operation log (docs/format/ops.md).
const (
	opVersion   = 1
	opFlagFiles = 1
	opFixed     = 3 + 8 + 2
)

func appendOperation(b []byte, o *Operation) []byte {
	flags := byte(0)
	if o.Files {
		flags = opFlagFiles
	}
	b = append(b, opVersion, byte(o.Kind), flags)
	b = binary.BigEndian.AppendUint64(b, uint64(o.By.When))
	b = binary.BigEndian.AppendUint16(b, uint16(int16(o.By.Zone)))
	for _, n := range []uint64{o.Target, o.done, o.undone} {
		b = binary.AppendUvarint(b, n)
	}
	for _, s := range []string{cleanIdent(o.By.Name), cleanIdent(o.By.Email), oneLine(o.Command), oneLine(o.Note)} {
		b = appendText(b, s)
	}
	b = binary.AppendUvarint(b, uint64(len(o.Renames)))
	for _, r := range o.Renames {
		b = appendText(appendText(b, r[0]), r[1])
	}
	b = binary.AppendUvarint(b, uint64(len(o.Changes)))
	for _, c := range o.Changes {
		b = appendText(appendText(b, c.Bucket), c.Key)
		b = appendValue(appendValue(b, c.Old), c.New)
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// appendValue writes 0 for nil, else the length plus one and the bytes.
func appendValue(b, v []byte) []byte {
	if v == nil {
		return append(b, 0)
	}
	return append(binary.AppendUvarint(b, uint64(len(v))+1), v...)
}

// openOperation decodes a record with its key.
func openOperation(k, v []byte) (*Operation, error) {
	if len(k) != 8 || binary.BigEndian.Uint64(k) == 0 {
		return nil, fmt.Errorf("%w: operation log: key of %d bytes", object.ErrCorrupt, len(k))
	}
	o, err := decodeOperation(v)
	if err != nil {
		return nil, fmt.Errorf("operation %d: %w", binary.BigEndian.Uint64(k), err)
	}
	o.Seq = binary.BigEndian.Uint64(k)
	return o, nil
}

// decodeOperation accepts only what appendOperation writes.
func decodeOperation(b []byte) (*Operation, error) {
	if len(b) < opFixed {
		return nil, fmt.Errorf("%w: %d bytes", object.ErrCorrupt, len(b))
	}
	if b[0] != opVersion {
		return nil, fmt.Errorf("%w: record of version %d", object.ErrUnsupported, b[0])
	}
	o := &Operation{Kind: OpKind(b[1]), Files: b[2]&opFlagFiles != 0}
	o.By.When = int64(binary.BigEndian.Uint64(b[3:]))
	o.By.Zone = int(int16(binary.BigEndian.Uint16(b[11:])))
	if o.Kind > OpRedo || b[2]&^opFlagFiles != 0 || o.By.Zone < -maxZone || o.By.Zone > maxZone {
		return nil, fmt.Errorf("%w: bad kind, flags or zone", object.ErrCorrupt)
	}
	r := &textReader{b: b[opFixed:]}
	for _, to := range []*uint64{&o.Target, &o.done, &o.undone} {
		*to = r.number()
	}
	o.By.Name, o.By.Email, o.Command, o.Note = r.text(), r.text(), r.text(), r.text()
	for n := r.count(2); n > 0; n-- {
		o.Renames = append(o.Renames, [2]string{r.text(), r.text()})
	}
	for n := r.count(4); n > 0; n-- {
		o.Changes = append(o.Changes, OpChange{Bucket: r.text(), Key: r.text(), Old: r.value(), New: r.value()})
	}
	if r.bad || len(r.b) > 0 {
		return nil, fmt.Errorf("%w: bad length, or bytes behind the end", object.ErrCorrupt)
	}
	return o, o.check()
}

func (o *Operation) check() error {
	clean := cleanIdent(o.By.Name) == o.By.Name && cleanIdent(o.By.Email) == o.By.Email &&
		oneLine(o.Command) == o.Command && oneLine(o.Note) == o.Note
	if !clean || (o.Target == 0) != (o.Kind == OpDo) {
		return fmt.Errorf("%w: bad text or target", object.ErrCorrupt)
	}
	for i, c := range o.Changes {
		if !logged(c.Bucket, c.Key) {
			return fmt.Errorf("%w: change of %q in %q", object.ErrCorrupt, c.Key, c.Bucket)
		}
		if i > 0 && compareChangeKeys([2]string{o.Changes[i-1].Bucket, o.Changes[i-1].Key}, [2]string{c.Bucket, c.Key}) >= 0 {
			return fmt.Errorf("%w: changes out of order", object.ErrCorrupt)
		}
		if c.Bucket != placeWorktree && (c.Old == nil) == (c.New == nil) && string(c.Old) == string(c.New) {
			return fmt.Errorf("%w: a change that changes nothing", object.ErrCorrupt)
		}
	}
	return o.objects(func(object.ID) {})
}

// textReader takes lengths, texts and values from the front of b; after the
// first that does not fit everything is empty and bad is set.
type textReader struct {
	b   []byte
	bad bool
}

func (r *textReader) number() uint64 {
	n, used := binary.Uvarint(r.b)
	if r.bad || used <= 0 || used != len(binary.AppendUvarint(nil, n)) {
		r.bad = true
		return 0
	}
	r.b = r.b[used:]
	return n
}

// count reads how many things follow that take at least size bytes each.
func (r *textReader) count(size uint64) uint64 {
	n := r.number()
	if n > uint64(len(r.b))/size {
		r.bad = true
		return 0
	}
	return n
}

func (r *textReader) take(n uint64) []byte {
	if r.bad || n > uint64(len(r.b)) {
		r.bad = true
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

func (r *textReader) text() string { return string(r.take(r.number())) }

func (r *textReader) value() []byte {
	n := r.number()
	if n == 0 {
		return nil
	}
	return append([]byte{}, r.take(n-1)...)
}
