package source

import (
	"encoding/binary"
	"fmt"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/object"
)

// contentSize is the length of a content key: the beginning of a hash and the
// number of earlier rows with the same content.
const (
	contentHash = 16
	contentSize = contentHash + 4
)

// contentField is the hidden key column of a dataset without a key.
func contentField() column.Field {
	return column.NewField(column.ContentKey, column.Of(column.Binary))
}

// addContentKey fills the content-key column of b, occurrence number 0.
func addContentKey(b *column.Batch) {
	at := b.Schema.Index(column.ContentKey)
	var cols []int
	for i := range b.Schema.Fields {
		if i != at {
			cols = append(cols, i)
		}
	}
	v := b.Cols[at]
	var row []byte
	for i := range b.Len {
		row = column.AppendRow(row[:0], b, cols, i)
		id := object.Sum(row)
		var key [contentSize]byte
		copy(key[:contentHash], id[:])
		v.AppendBytes(key[:])
	}
}

// contentKey splits an encoded content key into the hash and the number.
func contentKey(encoded []byte) (raw []byte, err error) {
	v := column.NewVector(column.Of(column.Binary), 1)
	if err := column.ParseKey(encoded, []*column.Vector{v}); err != nil {
		return nil, fmt.Errorf("content key: %w", err)
	}
	if raw = v.At(0); len(raw) != contentSize {
		return nil, fmt.Errorf("%w: content key of %d bytes", object.ErrCorrupt, len(raw))
	}
	return raw, nil
}

// numbered returns the encoded content key with the given number of earlier
// equal rows.
func numbered(encoded []byte, n uint32) ([]byte, error) {
	raw, err := contentKey(encoded)
	if err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint32(raw[contentHash:], n)
	v := column.NewVector(column.Of(column.Binary), 1)
	v.AppendBytes(raw)
	return column.AppendKey(nil, v, 0), nil
}
