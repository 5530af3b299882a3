package strata

import (
	"context"

	"github.com/strata-data/strata/internal/format/formats"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// alike returns the sides of a merge whose files the merged rows are written to,
// the one that counts most first. A dataset has one format: where one side went
// over to another it is that side's, else the first one's, and files of other
// formats do not count. It reports whether that leaves all sides that there are.
func alike(ctx context.Context, rd store.Reader, base *table.Table, sides []*table.Table) (like []*table.Table, all bool, err error) {
	var there []*table.Table
	var forms []string
	for _, t := range sides {
		if t == nil {
			continue
		}
		form, err := formOf(ctx, rd, t)
		if err != nil {
			return nil, false, err
		}
		there, forms = append(there, t), append(forms, form)
	}
	if len(there) == 0 {
		return nil, true, nil
	}
	before, err := formOf(ctx, rd, base)
	if err != nil {
		return nil, false, err
	}
	lead := forms[0]
	for _, form := range forms {
		if lead == before && form != "" {
			lead = form
		}
	}
	for i, t := range there {
		if forms[i] == lead {
			like = append(like, t)
		}
	}
	return like, len(like) == len(there), nil
}

// formOf returns the format and compression of the files of a table, "" where it
// has none.
func formOf(ctx context.Context, rd store.Reader, t *table.Table) (string, error) {
	if t == nil || len(t.Sources) == 0 {
		return "", nil
	}
	s, err := source.Load(ctx, rd, t.Sources[0])
	if err != nil {
		return "", err
	}
	_, compressed, _ := formats.ByPath(s.Path)
	return s.Format + compressed, nil
}
