package repo

import "container/heap"

// commitQueue is a priority queue of commits; equal ones leave in the order in
// which they came, so that a walk is a function of the history alone.
type commitQueue struct{ h commitHeap }

// before says whether a leaves before b.
type before func(a, b queued) bool

func byGeneration(a, b queued) bool {
	if a.n.Generation != b.n.Generation {
		return a.n.Generation > b.n.Generation
	}
	return a.came < b.came
}

func byCommitDate(a, b queued) bool {
	if a.n.When != b.n.When {
		return a.n.When > b.n.When
	}
	return a.came < b.came
}

func lastIn(a, b queued) bool { return a.came > b.came }

func newQueue(f before) *commitQueue { return &commitQueue{h: commitHeap{before: f}} }

func (q *commitQueue) len() int { return len(q.h.items) }

func (q *commitQueue) top() *Node { return q.h.items[0].n }

func (q *commitQueue) push(n *Node) {
	q.h.count++
	heap.Push(&q.h, queued{n: n, came: q.h.count})
}

func (q *commitQueue) pop() *Node { return heap.Pop(&q.h).(queued).n }

type queued struct {
	n    *Node
	came int
}

type commitHeap struct {
	items  []queued
	before before
	count  int
}

func (h *commitHeap) Len() int           { return len(h.items) }
func (h *commitHeap) Less(i, j int) bool { return h.before(h.items[i], h.items[j]) }
func (h *commitHeap) Swap(i, j int)      { h.items[i], h.items[j] = h.items[j], h.items[i] }
func (h *commitHeap) Push(x any)         { h.items = append(h.items, x.(queued)) }
func (h *commitHeap) Pop() any {
	last := h.items[len(h.items)-1]
	h.items = h.items[:len(h.items)-1]
	return last
}
