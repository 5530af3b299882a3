package fsck

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/strata-data/strata/internal/repo"
)

// Rehearse does what Repair would do in a copy of the repository that is thrown
// away, and returns what it came to. The copy shares the segments, which never
// change, with the repository, and takes the room of meta.db and of what the
// repair would write.
func Rehearse(ctx context.Context, r *repo.Repo, o RepairOptions, opt repo.Options) (report *Report, err error) {
	l := r.Layout()
	dir, err := os.MkdirTemp(l.Dir, repo.TempPrefix+"fsck-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := shareRepository(l, dir); err != nil {
		return nil, err
	}
	there, err := repo.OpenDamaged(dir, opt)
	if err != nil {
		return nil, err
	}
	defer there.Close()
	if o.Working == "" {
		o.Working = l.Root
	}
	report, err = Repair(ctx, there, o)
	if err != nil {
		return nil, err
	}
	if report.Repair.LostFile != "" && o.Lost == "" {
		report.Repair.LostFile = filepath.Join(l.Dir, filepath.Base(report.Repair.LostFile))
	}
	return report, nil
}

// shareRepository makes a repository in dir with the objects of l.
func shareRepository(l repo.Layout, dir string) error {
	to := filepath.Join(dir, repo.DirName)
	if err := os.MkdirAll(filepath.Join(to, "objects"), 0o777); err != nil {
		return err
	}
	if err := copyFile(l.MetaPath(), filepath.Join(to, "meta.db")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	entries, err := os.ReadDir(l.ObjectsDir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		from, name := filepath.Join(l.ObjectsDir(), e.Name()), filepath.Join(to, "objects", e.Name())
		if err := os.Link(from, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			if err := copyFile(from, name); err != nil {
				return err
			}
		}
	}
	return nil
}
