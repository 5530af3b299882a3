package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/table"
)

// Handle is an open file.
type Handle interface {
	io.Reader
	io.ReaderAt
	io.Closer
}

// File is a file of the working directory.
type File struct {
	Path       string // from the top of the repository, with /
	Size       int64
	Executable bool
	Open       func() (Handle, error)
	Text       *format.TextOptions // how this file is read; nil is as the request says
}

// What to do with rows whose key was there before.
const (
	DuplicateError = ""
	DuplicateFirst = "first"
	DuplicateLast  = "last"
)

// Request is the files of one dataset and how to read them.
type Request struct {
	Dataset    string
	Files      []File // in order; their rows together are the dataset
	Format     format.Format
	Compressed string   // "", ".gz", ".zst"
	Key        []string // names of the key columns; none = as before, or by content
	Text       format.TextOptions
	ValuesOnly bool
	Duplicates string
	Types      map[string]*column.Type // column name -> type that the user asked for
	Rename     map[string]string       // old column name -> new
	Old        *table.Table            // the version before, or nil
	Mem        int64                   // budget in bytes, 0 = 1 GiB
	Workers    int                     // 0 = one for each processor
	Temp       func() (*os.File, error)
	Progress   func(bytes int64) // called from several goroutines; may be nil
}

func (q *Request) mem() int64 {
	if q.Mem > 0 {
		return q.Mem
	}
	return 1 << 30
}

// Result is what Ingest made.
type Result struct {
	Table   *table.Table
	Bytes   int64 // of the files
	Parsed  int64 // bytes of them that had to be parsed
	Dropped int64 // rows left out as duplicates
	// Changes counts what became of the version before; nil where it was not
	// edited but the table built anew.
	Changes *table.EditStats
	ByKey   bool // false where the dataset is keyed by content
}

// Conditions of data that a user can act on.
var (
	// ErrNoKeyColumn is returned when a key column is not in a file.
	ErrNoKeyColumn = errors.New("no such key column")
	// ErrSchemaChange is in the chain of a *SchemaChangeError.
	ErrSchemaChange = errors.New("schema changed")
	// ErrChanged is returned for a file that was written to while it was read.
	ErrChanged = errors.New("the file changed while it was read; add it again when nothing writes to it")
	// ErrNullKey is returned for a row whose key is null.
	ErrNullKey = errors.New("null in a key")
	// ErrUnwritable is in the chain of an *UnwritableError.
	ErrUnwritable = errors.New("values that the file's format cannot hold")
)

// KeyColumnError names a key column that the file does not have.
type KeyColumnError struct {
	Path, Column string
	Columns      []string
}

func (e *KeyColumnError) Error() string {
	return fmt.Sprintf("%s has no column %q to be the key", e.Path, e.Column)
}

// Unwrap returns ErrNoKeyColumn.
func (e *KeyColumnError) Unwrap() error { return ErrNoKeyColumn }

// SchemaChangeError is a column whose values no longer fit its type.
type SchemaChangeError struct {
	Path, Column string
	Old, New     *column.Type
	Rows         int64 // that do not fit
	Value        string
	Line         int64
}

func (e *SchemaChangeError) Error() string {
	rows := "rows"
	if e.Rows == 1 {
		rows = "row"
	}
	return fmt.Sprintf("column %s was %s and is now %s in %d %s; first: %q at line %d of %s",
		e.Column, e.Old, e.New, e.Rows, rows, e.Value, e.Line, e.Path)
}

// Unwrap returns ErrSchemaChange.
func (e *SchemaChangeError) Unwrap() error { return ErrSchemaChange }

// DuplicatesError reports rows that share a key. It unwraps to
// table.ErrDuplicateKey.
type DuplicatesError struct {
	Path       string
	Rows       int64  // rows whose key was there before
	Key        string // the first such key
	Line, Prev int64  // lines (text) or row numbers from 1 of the first such row and of the one before it
	PrevPath   string // the file of the one before, "" where it is Path
	IsLine     bool
	Columns    []string
}

func (e *DuplicatesError) Error() string {
	what := "row"
	if e.IsLine {
		what = "line"
	}
	if e.PrevPath != "" {
		return fmt.Sprintf("%d rows share a key; first: %s on %s %d of %s and %s %d of %s",
			e.Rows, e.Key, what, e.Prev, e.PrevPath, what, e.Line, e.Path)
	}
	return fmt.Sprintf("%d rows of %s share a key; first: %s on %ss %d and %d", e.Rows, e.Path, e.Key, what, e.Prev, e.Line)
}

// Unwrap returns table.ErrDuplicateKey.
func (e *DuplicatesError) Unwrap() error { return table.ErrDuplicateKey }

// PathError says in which file something is wrong.
type PathError struct {
	Path string
	Err  error
}

func (e *PathError) Error() string { return e.Path + ": " + e.Err.Error() }

// Unwrap returns the error about the file's content.
func (e *PathError) Unwrap() error { return e.Err }

func inFile(path string, err error) error {
	var pe *PathError
	if err == nil || errors.As(err, &pe) {
		return err
	}
	return &PathError{Path: path, Err: err}
}

// counted reports the bytes that are read from r.
type counted struct {
	io.Reader
	ctx      context.Context
	progress func(int64)
	hash     *object.Hasher
	n        int64
}

func (c *counted) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.Reader.Read(p)
	if n > 0 {
		c.n += int64(n)
		if c.hash != nil {
			_, _ = c.hash.Write(p[:n])
		}
		if c.progress != nil {
			c.progress(int64(n))
		}
	}
	return n, err
}
