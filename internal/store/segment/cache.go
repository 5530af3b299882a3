package segment

import "sync"

// blockKey names one block of an open segment.
type blockKey struct {
	f         *file
	pack, off uint32
}

// cache keeps decoded blocks, the least recently used going first when their
// bytes exceed max. Blocks are never changed, so a caller may keep one that the
// cache has dropped.
type cache struct {
	mu    sync.Mutex
	max   int64
	size  int64
	items map[blockKey]*cacheItem
	root  cacheItem // ring: root.next is the newest, root.prev the oldest
}

type cacheItem struct {
	key        blockKey
	b          []byte
	prev, next *cacheItem
}

func newCache(max int64) *cache {
	c := &cache{max: max, items: map[blockKey]*cacheItem{}}
	c.root.prev, c.root.next = &c.root, &c.root
	return c
}

func (c *cache) get(k blockKey) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	it := c.items[k]
	if it == nil {
		return nil
	}
	it.unlink()
	c.root.push(it)
	return it.b
}

func (c *cache) put(k blockKey, b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.items[k] != nil || int64(len(b)) > c.max/2 {
		return
	}
	it := &cacheItem{key: k, b: b}
	c.items[k] = it
	c.root.push(it)
	c.size += int64(len(b))
	for c.size > c.max {
		c.drop(c.root.prev)
	}
}

// forget drops the blocks of f.
func (c *cache) forget(f *file) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for it := c.root.next; it != &c.root; {
		next := it.next
		if it.key.f == f {
			c.drop(it)
		}
		it = next
	}
}

func (c *cache) drop(it *cacheItem) {
	it.unlink()
	delete(c.items, it.key)
	c.size -= int64(len(it.b))
}

func (it *cacheItem) unlink() { it.prev.next, it.next.prev = it.next, it.prev }

func (it *cacheItem) push(n *cacheItem) {
	n.prev, n.next = it, it.next
	n.prev.next, n.next.prev = n, n
}
