package vfs

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"sync"
	"time"
)

// Mem is a file system in memory, for tests. Open files keep their bytes after
// a rename or removal, as on Unix. Times are zero. Paths are cleaned; the root
// and "." exist from the start.
type Mem struct {
	mu    sync.Mutex
	nodes map[string]*memNode
	temps int
}

type memNode struct {
	mu   sync.Mutex
	dir  bool
	perm fs.FileMode
	b    []byte
}

// NewMem returns an empty file system.
func NewMem() *Mem {
	return &Mem{nodes: map[string]*memNode{
		".": {dir: true, perm: 0o777}, "/": {dir: true, perm: 0o777},
	}}
}

func pathError(op, name string, err error) error {
	return &os.PathError{Op: op, Path: name, Err: err}
}

func (m *Mem) get(op, name string) (*memNode, error) {
	n := m.nodes[filepath.Clean(name)]
	if n == nil {
		return nil, pathError(op, name, fs.ErrNotExist)
	}
	return n, nil
}

// Open implements FS.
func (m *Mem) Open(name string) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.get("open", name)
	if err != nil {
		return nil, err
	}
	return &memFile{name: name, n: n, readOnly: true}, nil
}

// CreateTemp implements FS.
func (m *Mem) CreateTemp(dir, prefix string, perm fs.FileMode) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, err := m.get("open", dir)
	if err != nil {
		return nil, err
	}
	if !d.dir {
		return nil, pathError("open", dir, fs.ErrInvalid)
	}
	for {
		name := filepath.Join(dir, prefix+strconv.Itoa(m.temps))
		m.temps++
		if m.nodes[name] == nil {
			n := &memNode{perm: perm}
			m.nodes[name] = n
			return &memFile{name: name, n: n}, nil
		}
	}
}

// Rename implements FS. Only files can be renamed.
func (m *Mem) Rename(oldname, newname string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.get("rename", oldname)
	if err != nil {
		return err
	}
	newname = filepath.Clean(newname)
	if to := m.nodes[newname]; n.dir || (to != nil && to.dir) {
		return pathError("rename", oldname, fs.ErrInvalid)
	}
	if d := m.nodes[filepath.Dir(newname)]; d == nil || !d.dir {
		return pathError("rename", newname, fs.ErrNotExist)
	}
	delete(m.nodes, filepath.Clean(oldname))
	m.nodes[newname] = n
	return nil
}

// Remove implements FS.
func (m *Mem) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.get("remove", name)
	if err != nil {
		return err
	}
	name = filepath.Clean(name)
	if n.dir {
		for p := range m.nodes {
			if p != name && filepath.Dir(p) == name {
				return pathError("remove", name, fs.ErrInvalid)
			}
		}
	}
	delete(m.nodes, name)
	return nil
}

// MkdirAll implements FS.
func (m *Mem) MkdirAll(dir string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for p := filepath.Clean(dir); ; p = filepath.Dir(p) {
		n := m.nodes[p]
		if n == nil {
			m.nodes[p] = &memNode{dir: true, perm: 0o777}
			continue
		}
		if !n.dir {
			return pathError("mkdir", p, fs.ErrExist)
		}
		if p == filepath.Dir(p) {
			return nil
		}
	}
}

// SyncDir implements FS.
func (m *Mem) SyncDir(dir string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, err := m.get("sync", dir)
	return err
}

// Stat implements FS.
func (m *Mem) Stat(name string) (fs.FileInfo, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.get("stat", name)
	if err != nil {
		return nil, err
	}
	return n.info(name), nil
}

// ReadDir implements FS.
func (m *Mem) ReadDir(dir string) ([]fs.DirEntry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.get("open", dir)
	if err != nil {
		return nil, err
	}
	if !n.dir {
		return nil, pathError("readdir", dir, fs.ErrInvalid)
	}
	dir = filepath.Clean(dir)
	var out []fs.DirEntry
	for p, n := range m.nodes {
		if p != dir && filepath.Dir(p) == dir {
			out = append(out, fs.FileInfoToDirEntry(n.info(p)))
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name() < out[j].Name() })
	return out, nil
}

// ReadFile implements FS.
func (m *Mem) ReadFile(name string) ([]byte, error) {
	f, err := m.Open(name)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(f)
}

func (n *memNode) info(name string) fs.FileInfo {
	n.mu.Lock()
	defer n.mu.Unlock()
	mode := n.perm
	if n.dir {
		mode |= fs.ModeDir
	}
	return memInfo{name: filepath.Base(name), size: int64(len(n.b)), mode: mode}
}

type memInfo struct {
	name string
	size int64
	mode fs.FileMode
}

func (i memInfo) Name() string       { return i.name }
func (i memInfo) Size() int64        { return i.size }
func (i memInfo) Mode() fs.FileMode  { return i.mode }
func (i memInfo) ModTime() time.Time { return time.Time{} }
func (i memInfo) IsDir() bool        { return i.mode.IsDir() }
func (i memInfo) Sys() any           { return nil }
