package repo

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/strata-data/strata/internal/repo/ignore"
)

// IgnoreRoot returns the patterns of the working directory's root. A walk makes
// the Dir of each directory below with IgnoreText.
func (r *Repo) IgnoreRoot() (*ignore.Dir, error) {
	text, err := r.IgnoreText("")
	return ignore.Root(text), err
}

// IgnoreText returns the text of the ignore file in the directory dir, relative
// to the working directory's root and with slashes; nil where there is none.
func (r *Repo) IgnoreText(dir string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(r.layout.Root, filepath.FromSlash(dir), ignore.FileName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return text, err
}
