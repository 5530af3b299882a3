package strata

import (
	"context"
	"iter"

	"github.com/strata-data/strata/internal/store/segment"
)

// StoreInfo says how much a repository stores.
type StoreInfo struct {
	Segments int64 // sealed files
	Objects  int64
	RawBytes int64 // of the objects
	Size     int64 // of the files
	Datasets int   // of HEAD
	Damaged  []string
}

// inspected is what a store on disk can say about itself.
type inspected interface {
	Segments(ctx context.Context) ([]segment.Info, error)
	Check(ctx context.Context) iter.Seq[error]
}

// maxDamaged is how many damaged objects Inspect names.
const maxDamaged = 20

// Inspect counts what the repository stores. With check every object is read
// and compared with its id, and Damaged says what is wrong, at most twenty
// things.
func (r *Repo) Inspect(ctx context.Context, check bool) (*StoreInfo, error) {
	info := &StoreInfo{Damaged: []string{}}
	names, err := r.DatasetNames(ctx, "HEAD")
	if err != nil {
		return nil, err
	}
	info.Datasets = len(names)
	s, ok := r.r.Objects().(inspected)
	if !ok {
		return info, nil
	}
	segments, err := s.Segments(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range segments {
		info.Segments++
		info.Objects += f.Objects
		info.RawBytes += f.RawBytes
		info.Size += f.Size
	}
	if !check {
		return info, nil
	}
	for err := range s.Check(ctx) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if info.Damaged = append(info.Damaged, err.Error()); len(info.Damaged) == maxDamaged {
			break
		}
	}
	return info, nil
}
