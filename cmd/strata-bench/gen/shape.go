package gen

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Named is a table with the name of its file, without extension.
type Named struct {
	Name  string
	Table Table
}

// Shape returns the tables of one workload of docs/benchmarks.md:
//
//	w1  data: the base table
//	w2  data, uniform, cluster, label, append and chain-01 to chain-50 (0.1 %
//	    of rows edited, 0.1 % appended, 0.02 % deleted, each on the one before)
//	w3  data, add, rename, reorder, drop: changes of the schema
//	w4  data, row, permille, tenth: 1 row, 0.1 % and 10 % of the rows changed
//	w5  data, ours, theirs: two branches. 1 % of the rows changed on each side,
//	    never the same ones; of 0.01 % the score on both, differently; one adds
//	    a column, the other renames one
func Shape(shape string, base Table) ([]Named, error) {
	edited := func(name string, edits ...Edit) Named {
		t := base
		t.Edits = edits
		return Named{name, t}
	}
	changed := func(name string) Named {
		t := base
		t.Changes = []string{name}
		return Named{name, t}
	}
	switch shape {
	case "w1":
		return []Named{{"data", base}}, nil
	case "w2":
		all := []Named{{"data", base}, edited("uniform", Edit{Change: 0.001}), edited("cluster", Edit{Cluster: 0.001}),
			edited("label", Edit{Label: 0.001}), edited("append", Edit{Append: 0.001})}
		var chain []Edit
		for v := range 50 {
			chain = append(chain, Edit{Change: 0.001, Append: 0.001, Delete: 0.0002})
			all = append(all, edited(fmt.Sprintf("chain-%02d", v+1), chain...))
		}
		return all, nil
	case "w3":
		return []Named{{"data", base}, changed("add"), changed("rename"), changed("reorder"), changed("drop")}, nil
	case "w5":
		ours, theirs := edited("ours", Edit{Side: 1, Change: 0.01, Clash: 0.0001}), edited("theirs", Edit{Side: 2, Change: 0.01, Clash: 0.0001})
		ours.Table.Changes, theirs.Table.Changes = []string{"add"}, []string{"rename"}
		return []Named{{"data", base}, ours, theirs}, nil
	case "w4":
		return []Named{{"data", base}, edited("row", Edit{Row: true}), edited("permille", Edit{Change: 0.001}), edited("tenth", Edit{Change: 0.1})}, nil
	}
	return nil, fmt.Errorf("no shape of tables is called %q; have w1, w2, w3, w4, w5", shape)
}

// WriteFile writes t to dir/name.format and returns the path and size. A file
// that could not be completed is removed.
func (t *Table) WriteFile(ctx context.Context, dir, name, format string) (string, int64, error) {
	path := filepath.Join(dir, name+"."+format)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", 0, err
	}
	f, err := os.Create(path)
	if err != nil {
		return "", 0, err
	}
	err = errors.Join(t.Write(ctx, f, format), f.Close())
	if err != nil {
		return "", 0, errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(path))
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", 0, err
	}
	return path, info.Size(), nil
}
