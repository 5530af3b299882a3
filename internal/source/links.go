package source

import (
	"fmt"

	"github.com/strata-data/strata/internal/blob"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/table"
)

// Links returns the objects that the source object b names: the bytes of the
// file, its line runs and the root of the table of odd records. shuffled says
// how LineLinks reads those runs. Damaged bytes are object.ErrCorrupt.
func Links(b []byte) (links []object.Link, shuffled bool, err error) {
	s := new(Source)
	if err := object.Unmarshal(b, object.KindSource, s); err != nil {
		return nil, false, err
	}
	if err := s.check(); err != nil {
		return nil, false, fmt.Errorf("%w: source: %v", object.ErrCorrupt, err)
	}
	if s.Blob != nil {
		links = append(links, object.Link{ID: object.ID(s.Blob), Kind: blob.KindOf(s.Size)})
	}
	for _, id := range s.Lines {
		links = append(links, object.Link{ID: object.ID(id), Kind: object.KindLines})
	}
	if s.Odd != nil {
		links = append(links, object.Link{ID: object.ID(s.Odd.Root), Kind: table.RootKind(s.Odd.Level)})
	}
	return links, s.Shuffled, nil
}

// LineLinks returns the pages of keys that the line-run object b names, which
// only those of a shuffled source do.
func LineLinks(b []byte, shuffled bool) ([]object.Link, error) {
	chunks, err := decodeRun(b, shuffled)
	if err != nil || !shuffled {
		return nil, err
	}
	links := make([]object.Link, 0, len(chunks))
	for i := range chunks {
		if !chunks[i].Keys.IsZero() { // as of a chunk without records
			links = append(links, object.Link{ID: chunks[i].Keys, Kind: object.KindPage})
		}
	}
	return links, nil
}

// LineStart returns the key of the first record of the line-run object b, by which
// versions of it can be recognised; nil where it has no records.
func LineStart(b []byte, shuffled bool) ([]byte, error) {
	chunks, err := decodeRun(b, shuffled)
	if err != nil {
		return nil, err
	}
	for i := range chunks {
		if chunks[i].Rows > 0 {
			return chunks[i].First, nil
		}
	}
	return nil, nil
}
