package source

import (
	"context"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// Moved returns t with its source files under other paths; paths maps old to
// new, others stay. Sources are in order of path again.
func Moved(ctx context.Context, w store.Writer, t *table.Table, paths map[string]string) (*table.Table, error) {
	type moved struct {
		path string
		id   object.ID
	}
	var all []moved
	for _, id := range t.Sources {
		s, err := Load(ctx, w, id)
		if err != nil {
			return nil, err
		}
		if to, ok := paths[s.Path]; ok {
			s.Path = to
			if id, err = s.save(ctx, w, id); err != nil {
				return nil, err
			}
		}
		all = append(all, moved{s.Path, id})
	}
	slices.SortFunc(all, func(a, b moved) int { return strings.Compare(a.path, b.path) })
	out := table.New(w, t.Schema, t.Root)
	for _, m := range all {
		out.Sources = append(out.Sources, m.id)
	}
	return out, nil
}
