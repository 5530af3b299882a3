// Package sealed writes and reads bbolt files that never change again: a
// sorted map of byte keys to byte values in each of a few named buckets
// (docs/format/segment.md, "The container").
//
// Writer makes the file in one sequential pass, without the copy-on-write,
// free lists and second copies that a database needs, so the same entries give
// the same bytes. File reads one from a mapping. Its invariant: it checks every
// number before it uses it, so whatever bytes it is given, it returns an answer
// or an error that wraps object.ErrCorrupt; it never panics, loops or reads
// outside the mapping. (bbolt itself trusts its pages: a damaged one may make it
// recurse without end.) Start reading at Writer.Append, then File.Bucket.
package sealed

// The layout, which is bbolt's format version 2.
const (
	headerSize = 16 // of a page
	elemSize   = 16 // of a branch or leaf element
	bucketSize = 16 // value of a bucket in the root leaf
	metaSize   = 64 // of the meta record behind the page header

	flagBranch = 0x01
	flagLeaf   = 0x02
	flagMeta   = 0x04
	elemBucket = 0x01

	flagFreelist = 0x10

	magic      = 0xED0CDAED
	version    = 2
	noFreelist = ^uint64(0)

	minPageSize = 1 << 10
	maxPageSize = 1 << 16
	maxDepth    = 32 // of a tree
)
