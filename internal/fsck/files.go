package fsck

import (
	"fmt"

	"github.com/strata-data/strata/internal/blob"
	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/table"
)

// contentColumns are those of a table of files that say what a file is.
func contentColumns() *column.Schema {
	f := func(name string, k column.Kind) column.Field { return column.NewField(name, column.Of(k)) }
	return &column.Schema{Key: []string{"path"}, Fields: []column.Field{
		f("path", column.String), f("content", column.Binary), f("size", column.Int64)}}
}

// walkContents walks the files that the leaf b of a table of files names.
func (c *checker) walkContents(b []byte) (below []place) {
	rows, err := table.LeafValues(c.ctx, c.store, b, contentColumns())
	if err != nil {
		c.partial = true
		return nil // a page of it is damaged or missing, which is reported
	}
	for i := range rows.Len {
		path, content, size := rows.Cols[0], rows.Cols[1], rows.Cols[2]
		if path.IsNull(i) || content.IsNull(i) || len(content.At(i)) != object.Size || size.IsNull(i) {
			p := c.problem("chunkBadLayout", object.Sum(b), "a row of @files has no path, content or size")
			below = append(below, place{p: p})
			continue
		}
		key := column.RowKey(nil, rows, []int{0}, i)
		for _, p := range c.walkBlob(blob.Ref{ID: object.ID(content.At(i)), Size: size.Ints[i]}) {
			below = joinPlaces(below, []place{{p: p, column: "content", file: string(path.At(i)), first: key, last: key}})
		}
	}
	return below
}

// fileTree is what is known of a file's content: its size, or that of a part.
type fileTree struct {
	size  int64 // -1 where it is not known
	level int   // of a list; -1 for a chunk
	found []*problem
}

// walkBlob checks that the content of a file is there and has its size.
func (c *checker) walkBlob(ref blob.Ref) []*problem {
	f := c.walkPart(ref.ID, -2)
	if f.size >= 0 && f.size != ref.Size {
		return append(f.found[:len(f.found):len(f.found)], c.problem("chunkStatsWrong", ref.ID, fmt.Sprintf("the content has %d bytes, the file %d", f.size, ref.Size)))
	}
	return f.found
}

// walkPart checks a chunk or a list of chunks. above is the level of the list
// that names it, -2 for none: levels fall, so this ends.
func (c *checker) walkPart(id object.ID, above int) *fileTree {
	if f, ok := c.blobs[id]; ok {
		return f
	}
	f := &fileTree{size: -1, level: -1}
	c.blobs[id] = f
	st := c.status(id)
	switch {
	case c.stop():
	case st.flags&whole == 0:
		f.found = append(f.found, c.missing("objectMissing", id, "a part of a file"))
	case st.kind == object.KindChunk:
		if c.o.Deep {
			if b, ok := c.load(id); ok {
				f.size = int64(len(b) - object.HeaderSize)
			}
		}
	case st.kind != object.KindChunks:
		f.found = append(f.found, c.problem("objectWrongKind", id, "a "+st.kind.String()+" where a part of a file should be"))
	default:
		c.walkList(id, above, f)
	}
	return f
}

func (c *checker) walkList(id object.ID, above int, f *fileTree) {
	b, ok := c.load(id)
	if !ok {
		return
	}
	entries, level, err := blob.Children(b)
	if err != nil {
		f.found = append(f.found, c.undecodable(id, object.KindChunks, err))
		return
	}
	f.level, f.size = level, 0
	if above >= 0 && level != above-1 {
		f.found = append(f.found, c.problem("treeWrongLevel", id, fmt.Sprintf("a list of level %d in one of level %d", level, above)))
		return
	}
	for i, e := range entries {
		part := c.walkPart(e.ID, level)
		f.size += e.Size
		f.found = append(f.found, part.found...)
		if part.size >= 0 && part.size != e.Size {
			f.found = append(f.found, c.problem("chunkStatsWrong", id, fmt.Sprintf("part %d has %d bytes, the list says %d", i, part.size, e.Size)))
		}
	}
}
