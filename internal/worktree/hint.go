package worktree

import (
	"context"
	"strings"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/table"
)

// Hint returns the name of a column that could be the key of a table that is
// keyed by content, "" if there is none: a unique column that is called like
// one.
func Hint(ctx context.Context, t *table.Table) (string, error) {
	for _, f := range t.Schema.Fields {
		n := strings.ToLower(f.Name)
		if column.Hidden(f.ID) || f.Type.Kind.IsNested() || f.Type.Kind.IsFloat() || f.Type.Kind == column.JSON ||
			(n != "id" && n != "key" && n != "uuid" && !strings.HasSuffix(n, "_id") && !strings.HasSuffix(n, "id") && n != "name" && n != "path" && n != "filename") {
			continue
		}
		unique, err := isUnique(ctx, t, f.ID)
		if err != nil || unique {
			return f.Name, err
		}
	}
	return "", nil
}

// maxHintRows bounds the memory for looking at a column.
const maxHintRows = 2_000_000

func isUnique(ctx context.Context, t *table.Table, id string) (bool, error) {
	if t.Rows() > maxHintRows {
		return false, nil
	}
	seen := make(map[string]struct{}, t.Rows())
	var key []byte
	for b, err := range t.Scan(ctx, table.ScanOptions{Columns: []string{id}}) {
		if err != nil {
			return false, err
		}
		for i := range b.Len {
			if b.Cols[0].IsNull(i) {
				return false, nil
			}
			key = column.AppendKey(key[:0], b.Cols[0], i)
			if _, again := seen[string(key)]; again {
				return false, nil
			}
			seen[string(key)] = struct{}{}
		}
	}
	return true, nil
}
