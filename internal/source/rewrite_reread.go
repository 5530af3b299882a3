package source

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"path"

	"github.com/strata-data/strata/internal/blob"
	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format/lines"
	"github.com/strata-data/strata/internal/object"
)

// readKeysOf yields the keys of a file of side i, one of several, whose bytes
// are kept, by reading these bytes again. Of files whose bytes were given up
// nothing more is known: the first has all samples.
func (rw *rewriter) readKeysOf(ctx context.Context, f *rewritten, i int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		own := f.like[i]
		for k, s := range rw.sides[i].sources {
			if s.Blob != nil {
				continue
			}
			if s == own && k == 0 {
				tableKeys(ctx, rw.sides[i].t, nil, nil)(yield)
			}
			if s == own || k == 0 {
				return
			}
		}
		g, err := rw.reader(ctx, i)
		if err != nil {
			yield(nil, err)
			return
		}
		var key []byte
		for k, s := range rw.sides[i].sources {
			if s != own {
				continue
			}
			pos := g.schema.KeyColumns()
			for p, err := range g.parts(ctx, k) {
				if err != nil {
					yield(nil, err)
					return
				}
				for row := range p.batch.Len {
					key = column.RowKey(key[:0], p.batch, pos, row)
					if !yield(key, nil) {
						return
					}
				}
				if p.release != nil {
					p.release()
				}
			}
		}
	}
}

// reader opens the kept bytes of all files of side i as Ingest opened them.
func (rw *rewriter) reader(ctx context.Context, i int) (*ingester, error) {
	if g := rw.reread[i]; g != nil {
		return g, nil
	}
	side := rw.sides[i]
	q := &Request{Old: side.t, Mem: rw.o.Mem, Workers: rw.o.Workers, Temp: rw.o.Temp}
	for _, s := range side.sources {
		fm, ok := rw.o.Formats(s.Format)
		if !ok {
			return nil, fmt.Errorf("format %s is not known to this program", s.Format)
		}
		q.Format = fm
		if _, yes := lines.Plain(s.Path); yes {
			q.Compressed = path.Ext(s.Path)
		}
		file := File{Path: s.Path, Size: s.Size, Open: func() (Handle, error) { return rw.spool(ctx, s) }}
		o := q.Text
		o.Skip, o.Header = s.Layout()
		file.Text = &o
		q.Files = append(q.Files, file)
	}
	in, err := openInputs(ctx, q, true)
	if err != nil {
		return nil, err
	}
	g := &ingester{q: q, w: rw.w, inputs: in}
	rw.reread[i] = g
	if err := g.unify(); err != nil {
		return nil, err
	}
	g.begin(true)
	return g, nil
}

// close closes the files that were opened to be read again.
func (rw *rewriter) close() {
	for _, g := range rw.reread {
		closeAll(g.inputs)
		for _, o := range g.odds {
			_ = o.Close()
		}
	}
}

// spool writes the kept bytes of a file to a temporary file.
func (rw *rewriter) spool(ctx context.Context, s *Source) (Handle, error) {
	f, err := rw.o.Temp()
	if err != nil {
		return nil, err
	}
	h := &spooled{f}
	if _, err = blob.Read(ctx, rw.w, blob.Ref{ID: object.ID(s.Blob), Size: s.Size}).WriteTo(f); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		_ = h.Close()
		return nil, err
	}
	return h, nil
}

// spooled is a temporary file that goes when it is closed.
type spooled struct{ *os.File }

// Close closes and removes the file.
func (s *spooled) Close() error {
	err := s.File.Close()
	if rerr := os.Remove(s.Name()); err == nil {
		err = rerr
	}
	return err
}
