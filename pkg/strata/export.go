package strata

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/strata-data/strata/internal/blob"
	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/format/formats"
	"github.com/strata-data/strata/internal/table"
)

// ExportOptions of Repo.Export and Repo.ExportFile.
type ExportOptions struct {
	ScanOptions
	Format string // csv, tsv, jsonl, parquet or arrow; "" goes by the file's extension, else csv
	Stream bool   // arrow: the stream format instead of the file format

	path string // of the file that is written
}

// ExportResult is strata.export/1.
type ExportResult struct {
	Schema  string `json:"schema"`
	Dataset string `json:"dataset"`
	Rev     string `json:"rev"`
	Commit  ID     `json:"commit"`
	Format  string `json:"format"` // "" for the bytes of a plain file
	Rows    int64  `json:"rows"`
	Bytes   int64  `json:"bytes"`
	Path    string `json:"path,omitempty"`
}

// Export writes samples to w in the order of keys, or the bytes of a plain file
// if that is what the address names. Hidden columns are left out.
func (r *Repo) Export(ctx context.Context, w io.Writer, o ExportOptions) (*ExportResult, error) {
	counted := &countingWriter{w: w}
	res := &ExportResult{Schema: "strata.export/1"}
	rows, err := r.Scan(ctx, o.ScanOptions)
	if isNotFound(err) {
		if found, ferr := r.exportPlain(ctx, counted, o.Address, res); found || ferr != nil {
			res.Bytes = counted.n
			return res, ferr
		}
	}
	if err != nil {
		return nil, err
	}
	res.Dataset, res.Rev, res.Commit = rows.Dataset, rows.Rev, rows.Commit
	if res.Format = o.Format; res.Format == "" {
		if ext := strings.ToLower(filepath.Ext(o.path)); ext != "" && ext != ".txt" {
			return nil, &OptionError{Option: "format", Reason: filepath.Base(o.path) + " has the extension of none"}
		}
		res.Format = "csv"
	}
	f, err := writable(res.Format)
	if err != nil {
		return nil, err
	}
	out, err := f.Write(counted, rows.out, format.WriteOptions{Stream: o.Stream})
	if err != nil {
		return nil, err
	}
	for b, err := range rows.batches(ctx, false, 0) {
		if err == nil {
			err = out.Write(b)
		}
		if err != nil {
			return nil, errors.Join(err, out.Close())
		}
		res.Rows += int64(b.Len)
	}
	err = out.Close()
	res.Bytes = counted.n
	return res, err
}

// ExportFile is Export into a file, which is replaced when it is complete. The
// format goes by the extension unless it is given; CSV goes to files without
// one or with .txt. .gz and .zst are not written.
func (r *Repo) ExportFile(ctx context.Context, path string, o ExportOptions) (res *ExportResult, err error) {
	if o.Format == "" {
		f, compressed, ok := formats.ByPath(path)
		if compressed != "" {
			return nil, &OptionError{Option: "output", Value: path, Reason: "compressed files are not written; use -o - and a pipe"}
		}
		if ok {
			o.Format = f.Name
		}
		o.path = path
	}
	err = writeFile(path, func(w io.Writer) error {
		res, err = r.Export(ctx, w, o)
		return err
	})
	if err != nil {
		return nil, err
	}
	res.Path = path
	return res, nil
}

// writeFile writes a file beside path and renames it when write has succeeded.
func writeFile(path string, write func(io.Writer) error) (err error) {
	if fi, err := os.Stat(path); err == nil && fi.IsDir() {
		return &fs.PathError{Op: "write", Path: path, Err: syscall.EISDIR}
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".tmp*")
	if err != nil {
		if at := (*fs.PathError)(nil); errors.As(err, &at) {
			err = at.Err // of a name that nobody has chosen
		}
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			_, _ = f.Close(), os.Remove(f.Name()) // the first error says why
		}
	}()
	buf := bufio.NewWriterSize(f, 1<<18)
	if err := write(buf); err != nil {
		return err
	}
	if err := buf.Flush(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := f.Chmod(0o644); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// writable returns the format of a name, if it can be written.
func writable(name string) (format.Format, error) {
	if f, ok := formats.ByName(name); ok && f.Write != nil {
		return f, nil
	}
	var known []string
	for _, f := range formats.All() {
		if f.Write != nil {
			known = append(known, f.Name)
		}
	}
	return format.Format{}, &OptionError{Option: "format", Value: name, Allowed: known}
}

// exportPlain writes the plain file that an address names, if there is one.
func (r *Repo) exportPlain(ctx context.Context, w io.Writer, address string, res *ExportResult) (bool, error) {
	rev, path, ok := strings.Cut(address, ":")
	if !ok {
		rev, path = "HEAD", address
	}
	sides := []string{rev}
	if !ok {
		sides = []string{"HEAD", ""}
	}
	for _, rev := range sides {
		s, err := r.sideOf(ctx, rev)
		if err != nil {
			return false, err
		}
		t, err := r.tableOf(ctx, s, filesTable)
		if err != nil {
			return false, err
		}
		ref, found, err := plainContent(ctx, t, path)
		if err != nil {
			return false, err
		}
		if !found {
			continue
		}
		res.Dataset, res.Rev, res.Commit, res.Rows = filesTable, s.name.Rev, s.name.Commit, 1
		_, err = io.Copy(w, blob.Read(ctx, r.r.Objects(), ref))
		return true, err
	}
	return false, nil
}

// plainContent looks a plain file up in the table of plain files.
func plainContent(ctx context.Context, t *table.Table, path string) (blob.Ref, bool, error) {
	if t == nil {
		return blob.Ref{}, false, nil
	}
	v := column.NewVector(column.Of(column.String), 1)
	v.AppendString(path)
	b, err := t.Get(ctx, column.AppendKey(nil, v, 0), []string{"content", "size"})
	if err != nil || b == nil {
		return blob.Ref{}, false, err
	}
	id := b.Cols[0].At(0)
	if len(id) != len(ID{}) {
		return blob.Ref{}, false, fmt.Errorf("content of %s in %s is no id", path, filesTable)
	}
	return blob.Ref{ID: ID(id), Size: b.Cols[1].Ints[0]}, true, nil
}

// countingWriter counts the bytes that pass.
type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}
