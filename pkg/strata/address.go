package strata

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/repo"
)

// DatasetAddress returns the address of the dataset that was read from a file,
// where an address names a file: [REV:]PATH, with PATH relative to dir, or with
// REV to the root unless it begins with ./ or ../, as in git. Which dataset a
// file belongs to is looked up in the index. Any other address comes back as it
// is; names of datasets win over those of files.
func (r *Repo) DatasetAddress(ctx context.Context, dir, address string) (string, error) {
	names, err := r.namesNow(ctx)
	if err != nil {
		return "", err
	}
	a, err := repo.ParseAddress(address, names)
	if err != nil || a.Path == "" || len(a.Match(names)) > 0 {
		return address, nil // what is wrong with it is told by who uses it
	}
	ix, err := r.r.Index(ctx)
	if err != nil {
		return "", err
	}
	file := path.Clean(a.Path)
	if !a.HasRev || strings.HasPrefix(a.Path, "./") || strings.HasPrefix(a.Path, "../") {
		file = r.fromRoot(dir, a.Path)
	}
	src, ok := ix.Sources[file]
	if !ok || src.Dataset == "" {
		return address, nil
	}
	if a.HasRev {
		return a.Rev + ":" + src.Dataset, nil
	}
	return src.Dataset, nil
}

// namesNow returns the datasets of HEAD and the index.
func (r *Repo) namesNow(ctx context.Context) ([]string, error) {
	var names []string
	for _, rev := range []string{"HEAD", ""} {
		s, err := r.sideOf(ctx, rev)
		if err != nil {
			return nil, err
		}
		names = append(names, s.names()...)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
