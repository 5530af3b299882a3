package repo

import (
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/store/meta"
)

// SetObjects replaces the object store of r.
func SetObjects(r *Repo, s store.Store) { r.objects = s }

// Meta returns the file of r that changes.
func Meta(r *Repo) *meta.DB { return r.meta }

// Decoders and their encoders, for fuzzing.
var (
	DecodeReflog = decodeReflog
	AppendReflog = appendReflog
	DecodeSource = decodeSource
	AppendSource = appendSource

	DecodeOperation = decodeOperation
	AppendOperation = appendOperation
)

// OpenStatBlock decodes a block of the stat cache and encodes it again.
func OpenStatBlock(key, value []byte) ([]byte, error) {
	blk, err := openBlock(key, value)
	if err != nil {
		return nil, err
	}
	return encodeBlock(blk.files()), nil
}

// GenerationOver is generationOver.
var GenerationOver = (*Repo).generationOver

// RacyRecord returns a record that is racy.
func RacyRecord(id object.ID) FileRecord { return FileRecord{Content: id, Racy: true} }
