package repo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/strata-data/strata/internal/repo/config"
	"github.com/strata-data/strata/internal/store/meta"
	"github.com/strata-data/strata/internal/vfs"
)

// InitOptions say what Init makes.
type InitOptions struct {
	Bare   bool
	Branch string // short name of the first branch; "" means main
}

// DefaultBranch is the first branch of a repository.
const DefaultBranch = "main"

// InitResult says what Init found and made.
type InitResult struct {
	Layout
	Existed bool   // nothing was made: the repository was there
	Branch  string // short name of the branch that HEAD names
}

// Init makes an empty repository for the directory dir, which it makes too if
// need be. meta.db comes last and in one rename, so a crash leaves a repository
// or nothing that Find would take for one. An existing repository is left as it
// is and is not an error.
func Init(ctx context.Context, dir string, o InitOptions) (InitResult, error) {
	branch := o.Branch
	if branch == "" {
		branch = DefaultBranch
	}
	if err := CheckBranchName(branch); err != nil {
		return InitResult{}, err
	}
	root, err := filepath.Abs(dir)
	if err != nil {
		return InitResult{}, err
	}
	l := Layout{Dir: root}
	if !o.Bare {
		l = Layout{Dir: filepath.Join(root, DirName), Root: root}
	}
	if ok, err := l.exists(); err != nil || ok {
		return reinit(ctx, l, err)
	}
	for _, d := range []string{l.objectsDir(), l.HooksDir()} {
		if err := (vfs.OS{}).MkdirAll(d); err != nil {
			return InitResult{}, err
		}
	}
	if err := l.writeConfig(); err != nil {
		return InitResult{}, err
	}
	return InitResult{Layout: l, Branch: branch}, l.createMeta(ctx, branch)
}

func reinit(ctx context.Context, l Layout, err error) (InitResult, error) {
	if err != nil {
		return InitResult{}, err
	}
	r, err := openAt(ctx, l, Options{})
	if err != nil {
		return InitResult{}, err
	}
	h, err := r.Head(ctx)
	if cerr := r.Close(); err == nil {
		err = cerr
	}
	return InitResult{Layout: l, Existed: true, Branch: h.Short()}, err
}

// writeConfig writes the first settings unless there are some.
func (l Layout) writeConfig() error {
	if _, err := os.Stat(l.ConfigPath()); err == nil {
		return nil
	}
	text, err := config.Set(nil, "core.bare", l.Bare())
	if err != nil {
		return err
	}
	return vfs.WriteFileAtomic(vfs.OS{}, l.ConfigPath(), text, 0o644)
}

// createMeta makes meta.db with HEAD in it. It is made under another name, as
// Find looks for its name.
func (l Layout) createMeta(ctx context.Context, branch string) error {
	tmp := l.metaPath() + ".init"
	if err := os.Remove(tmp); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := meta.Create(tmp, meta.Version, meta.Features()); err != nil {
		return err
	}
	err := meta.Open(tmp).Update(ctx, func(m meta.Tx) error {
		return m.Put(bucketRefs, []byte(headName), []byte(symbolicPrefix+branchPrefix+branch))
	})
	if err == nil {
		err = (vfs.OS{}).Rename(tmp, l.metaPath())
	}
	if err != nil {
		return fmt.Errorf("make %s: %w", l.metaPath(), err)
	}
	return (vfs.OS{}).SyncDir(l.Dir)
}
