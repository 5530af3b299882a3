package worktree

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"golang.org/x/sync/errgroup"

	"github.com/strata-data/strata/internal/blob"
	"github.com/strata-data/strata/internal/fault"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/vfs"
)

// replace writes a file in the repository's directory and renames it to its
// place; where that is another file system, beside its place. It is not
// synced: the repository has its content, and a crash of the machine at worst
// leaves a file that status finds changed.
func replace(r *repo.Repo, to string, perm fs.FileMode, write func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return err
	}
	err := replaceFrom(r.Layout().Dir, repo.TempPrefix+"file-", to, perm, write)
	if errors.Is(err, syscall.EXDEV) {
		err = replaceFrom(filepath.Dir(to), ".strata-", to, perm, write)
	}
	return err
}

func replaceFrom(dir, prefix, to string, perm fs.FileMode, write func(io.Writer) error) error {
	f, err := vfs.OS{}.CreateTemp(dir, prefix, perm)
	if err != nil {
		return err
	}
	buf := bufio.NewWriterSize(f, 256<<10)
	if err = write(buf); err == nil {
		err = buf.Flush()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = fault.Hit(fault.RestoreBeforeRename)
	}
	if err == nil {
		err = os.Rename(f.Name(), to)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// writePlain writes the plain files that are not there as they should be.
func (p *plan) writePlain(ctx context.Context, changes *repo.StatChanges) (int64, error) {
	var todo []plainFile
	for _, f := range p.plain {
		s, ok, err := p.lstat(f.Path)
		if err != nil {
			return 0, err
		}
		if id, known := p.stats.Content(f.Path, s); !ok || !known || id != f.Ref.ID || modeOf(s.Mode) != f.Mode {
			todo = append(todo, f)
		}
	}
	written := make([]bool, len(todo))
	records := make([]repo.FileRecord, len(todo))
	workers := runtime.GOMAXPROCS(0)
	g, gctx := errgroup.WithContext(ctx)
	for k := range workers {
		g.Go(func() (err error) {
			sum := blob.NewSummer()
			for i := k; i < len(todo) && err == nil; i += workers {
				written[i], records[i], err = p.writeOne(gctx, sum, todo[i])
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return 0, err
	}
	var n int64
	for i, f := range todo {
		if written[i] {
			n++
		}
		changes.Set[f.Path] = records[i]
	}
	return n, nil
}

func (p *plan) writeOne(ctx context.Context, sum *blob.Cutter, f plainFile) (bool, repo.FileRecord, error) {
	abs := p.abs(f.Path)
	s, ok, err := p.lstat(f.Path)
	if err != nil {
		return false, repo.FileRecord{}, err
	}
	if ok && modeOf(s.Mode) == f.Mode && f.Mode != modeLink && s.Size == f.Ref.Size {
		h, err := os.Open(abs)
		if err != nil {
			return false, repo.FileRecord{}, err
		}
		ref, err := sum.Write(ctx, h)
		_ = h.Close()
		if err == nil && ref == f.Ref {
			return false, p.record(found{path: f.Path, stat: s}, ref.ID), nil
		}
	}
	if err := p.makeRoom(f.Path); err != nil {
		return false, repo.FileRecord{}, err
	}
	if err := p.put(ctx, f, abs); err != nil {
		return false, repo.FileRecord{}, err
	}
	s, _, err = p.lstat(f.Path)
	return true, p.record(found{path: f.Path, stat: s}, f.Ref.ID), err
}

func (p *plan) put(ctx context.Context, f plainFile, abs string) error {
	src := blob.Read(ctx, p.r.Objects(), f.Ref)
	if f.Mode == modeLink {
		target, err := io.ReadAll(src)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(abs), 0o777); err != nil {
			return err
		}
		if err := os.Remove(abs); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return os.Symlink(string(target), abs)
	}
	perm := fs.FileMode(0o666)
	if f.Mode == modeExec {
		perm = 0o777
	}
	return replace(p.r, abs, perm, func(w io.Writer) error {
		_, err := src.WriteTo(w)
		return err
	})
}

// delete removes a working file and the directories that it leaves empty.
func (p *plan) delete(path string) (bool, error) {
	if _, ok, err := p.lstat(path); !ok || err != nil {
		return false, err // also where it became a directory
	}
	err := os.Remove(p.abs(path))
	if errors.Is(err, fs.ErrNotExist) || notDir(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for d := dirOf(path); d != "."; d = dirOf(d) {
		if os.Remove(p.abs(d)) != nil {
			break // not empty
		}
	}
	return true, nil
}
