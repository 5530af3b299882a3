package repo

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store/cache"
)

// Node is a commit as walks see it: its place in the history.
type Node struct {
	ID         object.ID
	Tree       object.ID
	Parents    []object.ID
	Generation uint32
	When       int64 // of the committer, seconds since 1970

	commit *Commit // if it has been read
}

// graphRecords is the bucket of nodes in cache.db (docs/format/cache.md).
const graphRecords = "graph/1"

// enoughNew is how many commits without a record a walk must have read for
// records to be worth writing.
const enoughNew = 256

// maxGraphParents bounds what a record may say.
const maxGraphParents = 1 << 16

func nodeOf(id object.ID, c *Commit) *Node {
	return &Node{ID: id, Tree: c.Tree, Parents: c.Parents, Generation: c.Generation, When: c.Committer.When, commit: c}
}

// encode returns n as one of graphRecords.
func (n *Node) encode() []byte {
	b := make([]byte, 0, 24+object.Size*(1+len(n.Parents)))
	b = binary.AppendUvarint(b, uint64(n.Generation))
	b = binary.AppendVarint(b, n.When)
	b = append(b, n.Tree[:]...)
	b = binary.AppendUvarint(b, uint64(len(n.Parents)))
	for _, p := range n.Parents {
		b = append(b, p[:]...)
	}
	return b
}

// decodeNode reads the record of the commit id; nil if it is not one.
func decodeNode(id object.ID, b []byte) *Node {
	n := &Node{ID: id}
	generation, w := binary.Uvarint(b)
	if w <= 0 || generation == 0 || generation > 1<<32-1 {
		return nil
	}
	n.Generation, b = uint32(generation), b[w:]
	if n.When, w = binary.Varint(b); w <= 0 || len(b) < w+object.Size {
		return nil
	}
	b = b[w+copy(n.Tree[:], b[w:]):]
	count, w := binary.Uvarint(b)
	if w <= 0 || count > maxGraphParents || uint64(len(b)-w) != count*object.Size || (count == 0) != (generation == 1) {
		return nil
	}
	n.Parents = make([]object.ID, count)
	for i := range n.Parents {
		copy(n.Parents[i][:], b[w+i*object.Size:])
	}
	return n
}

// nodes reads each commit once: from cache.db where it has a record.
type nodes struct {
	repo   *Repo
	direct bool // all will be yielded, so that records save nothing
	seen   map[object.ID]*Node
	fresh  []*Node // read as objects
}

func (r *Repo) nodes(direct bool) *nodes {
	return &nodes{repo: r, direct: direct, seen: map[object.ID]*Node{}}
}

func (ns *nodes) get(ctx context.Context, id object.ID) (*Node, error) {
	if n := ns.seen[id]; n != nil {
		return n, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var n *Node
	if !ns.direct {
		n = decodeNode(id, ns.repo.Cache().Value(graphRecords, id[:]))
	}
	if n == nil {
		c, err := ns.repo.Commit(ctx, id)
		if err != nil {
			return nil, err
		}
		n = nodeOf(id, c)
		ns.fresh = append(ns.fresh, n)
	}
	ns.seen[id] = n
	return n, nil
}

// parent returns the parent id of child. Its generation must be smaller, as
// walks stop by generation.
func (ns *nodes) parent(ctx context.Context, child *Node, id object.ID) (*Node, error) {
	n, err := ns.get(ctx, id)
	if err == nil && n.Generation >= child.Generation {
		err = &object.CorruptError{ID: child.ID, Detail: "its generation is not above that of its parent " + id.String()}
	}
	return n, err
}

// info returns the commit of n itself.
func (ns *nodes) info(ctx context.Context, n *Node) (*CommitInfo, error) {
	if n.commit == nil {
		c, err := ns.repo.Commit(ctx, n.ID)
		if err != nil {
			return nil, err
		}
		n.commit = c
	}
	return &CommitInfo{ID: n.ID, Commit: n.commit}, nil
}

// remember writes records of the commits that had none, if they are many.
func (ns *nodes) remember() {
	if len(ns.fresh) < enoughNew || ns.direct {
		return
	}
	entries := make([]cache.Entry, len(ns.fresh))
	for i, n := range ns.fresh {
		entries[i] = cache.Entry{Key: n.ID[:], Value: n.encode()}
	}
	ns.repo.Remember(graphRecords, entries)
}

// Node returns the commit id as walks see it. Errors are those of Commit.
func (r *Repo) Node(ctx context.Context, id object.ID) (*Node, error) {
	return r.nodes(false).get(ctx, id)
}

// Cache returns the memo of the repository, cache.db. It is closed with the
// repository.
func (r *Repo) Cache() *cache.DB {
	r.cacheOnce.Do(func() {
		o := cache.Options{}
		size, err := int64(cache.DefaultSize), error(nil)
		if c, cerr := r.Config(); cerr == nil {
			size, err = c.Size("core.cache-size", cache.DefaultSize)
		}
		if err != nil {
			r.opt.Log.Warn("the cache has its usual size", "error", err)
		}
		if o.MaxBytes = size; size == 0 {
			o.MaxBytes = -1
		}
		r.cache = cache.Open(r.layout.cachePath(), o)
	})
	return r.cache
}

// Remember keeps entries in the memo if that is possible at once.
func (r *Repo) Remember(bucket string, entries []cache.Entry) {
	if err := r.Cache().Put(bucket, entries); err != nil && !errors.Is(err, cache.ErrBusy) {
		r.opt.Log.Debug("remember", "bucket", bucket, "error", fmt.Sprint(err))
	}
}
