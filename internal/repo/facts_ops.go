package repo

import (
	"encoding/binary"
	"fmt"

	"github.com/strata-data/strata/internal/object"
)

// More places of Facts.
const (
	PlaceOps   Place = bucketOps
	PlaceKnown Place = bucketKnown
)

// readOps reads the operation log, record by record.
func (f *Facts) readOps(t *Tx) {
	for k, v := range t.meta.Range(bucketOps, nil) {
		var ids []object.ID
		o, err := openOperation(k, v)
		if err == nil {
			err = o.objects(func(id object.ID) { ids = append(ids, id) })
		}
		name := ""
		if len(k) == 8 {
			name = fmt.Sprint(binary.BigEndian.Uint64(k))
		}
		if err != nil {
			f.bad(PlaceOps, k, name, err)
			continue
		}
		for _, id := range ids {
			f.mention(Mention{ID: id, Place: PlaceOps, Name: name, Seq: o.Seq})
		}
	}
}

// readKnown reads which damage a repair has left knowingly.
func (f *Facts) readKnown(t *Tx) {
	for k, v := range t.meta.Range(bucketKnown, nil) {
		if len(v) != 0 || len(k) == 0 {
			f.bad(PlaceKnown, k, fmt.Sprintf("%.80q", k), fmt.Errorf("%w: a value of %d bytes", object.ErrCorrupt, len(v)))
			continue
		}
		f.Known = append(f.Known, string(k))
	}
}
