package strata

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/diff"
	"github.com/strata-data/strata/internal/format"
)

// exportRows are the samples that an export of a diff holds at a time.
const exportRows = 4096

// Export writes the samples of a dataset that differ as a table. csv is the
// highlighter table of daff; the other formats have the columns _op, _key,
// _changed, old and new. It returns the number of samples.
func (d *Diff) Export(ctx context.Context, w io.Writer, dataset, formatName string, stream bool) (n int64, err error) {
	f, err := writable(formatName)
	if err != nil {
		return 0, err
	}
	fields, err := d.Fields(ctx, dataset)
	if err != nil {
		return 0, err
	}
	schema, add := diff.RowSchema(fields), diff.AppendRow
	if formatName == "csv" || formatName == "tsv" {
		schema, add = diff.HighlightSchema(fields), diff.AppendHighlight
	}
	out, err := f.Write(w, schema, format.WriteOptions{Stream: stream})
	if err != nil {
		return 0, err
	}
	batch := column.NewBatch(schema, exportRows)
	flush := func() error {
		if batch.Len == 0 {
			return nil
		}
		err := out.Write(batch)
		batch.Reset()
		return err
	}
	for s, err := range d.Samples(ctx, dataset) {
		if err == nil {
			err = add(batch, s)
		}
		if n++; err == nil && batch.Len == exportRows {
			err = flush()
		}
		if err != nil {
			return n, errors.Join(err, out.Close())
		}
	}
	if err := flush(); err != nil {
		return n, errors.Join(err, out.Close())
	}
	return n, out.Close()
}

// ExportFile is Export into a file, which is replaced when it is complete.
func (d *Diff) ExportFile(ctx context.Context, path, dataset, formatName string) (n int64, err error) {
	err = writeFile(path, func(w io.Writer) error {
		n, err = d.Export(ctx, w, dataset, formatName, false)
		return err
	})
	return n, err
}

// OnlyDataset returns the one dataset that the comparison can be exported as: the
// only one it looks at, or the only one that differs.
func (d *Diff) OnlyDataset(ctx context.Context) (string, error) {
	names := d.Datasets()
	if len(names) != 1 {
		sum, err := d.Summary(ctx, true)
		if err != nil {
			return "", err
		}
		names = names[:0]
		for i := range sum.Datasets {
			names = append(names, sum.Datasets[i].Name)
		}
	}
	if len(names) == 1 {
		return names[0], nil
	}
	if len(names) == 0 {
		return "", nil
	}
	return "", &OptionError{Option: "dataset", Reason: "a table holds one dataset, name it behind --: " + strings.Join(names, ", ")}
}
