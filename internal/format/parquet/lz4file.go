package parquet

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"sort"
	"sync"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	pf "github.com/parquet-go/parquet-go/format"
)

// The library (v0.32.0) returns zeros for LZ4 pages that compress to more than
// a third: it decodes into a buffer of its own and then returns the other. On
// bytes that are not LZ4 it doubles that buffer for ever. So a file with LZ4
// columns is shown to it as a file with plain columns: behind the real bytes
// lie the same pages, decompressed when they are read, and a footer that names
// them.

// hasLZ4 reports whether any column of the file is compressed with LZ4_RAW.
func hasLZ4(m *pf.FileMetaData) bool {
	for i := range m.RowGroups {
		for k := range m.RowGroups[i].Columns {
			if m.RowGroups[i].Columns[k].MetaData.Codec == pf.Lz4Raw {
				return true
			}
		}
	}
	return false
}

// lz4File is a Parquet file without LZ4, over one with it.
type lz4File struct {
	r     io.ReaderAt
	size  int64 // of r; what lies behind is made here
	pages []lz4Page
	tail  []byte // footer, its length, magic
	tailA int64  // where tail begins
}

// lz4Page is a page of a column chunk.
type lz4Page struct {
	at     int64  // where its header begins in the lz4File
	head   []byte // the header of the plain page
	src    int64  // where its body lies in r
	stored int
	plain  int
	levels int // bytes at its beginning that are not compressed
	crc    uint32
	column *lz4Column
}

// lz4Column keeps the page that a column was last read from.
type lz4Column struct {
	mu   sync.Mutex
	page *lz4Page
	body []byte
}

// newLZ4File reads all page headers of the LZ4 columns of f.
func newLZ4File(f *pq.File, r io.ReaderAt, size int64) (*lz4File, error) {
	meta := *f.Metadata()
	z := &lz4File{r: r, size: size}
	end := size
	groups := append(meta.RowGroups[:0:0], meta.RowGroups...)
	for i := range groups {
		groups[i].Columns = append(groups[i].Columns[:0:0], groups[i].Columns...)
		for k := range groups[i].Columns {
			c := &groups[i].Columns[k]
			c.ColumnIndexOffset, c.ColumnIndexLength, c.OffsetIndexOffset, c.OffsetIndexLength = 0, 0, 0, 0
			if c.MetaData.Codec != pf.Lz4Raw {
				continue
			}
			var err error
			if end, err = z.addColumn(&c.MetaData, end); err != nil {
				return nil, err
			}
		}
	}
	meta.RowGroups = groups
	tail, err := thrift.Marshal(new(thrift.CompactProtocol), &meta)
	if err != nil {
		return nil, malformed("parquet: %v", err)
	}
	z.tailA = end
	z.tail = append(binary.LittleEndian.AppendUint32(tail, uint32(len(tail))), "PAR1"...)
	return z, nil
}

func (z *lz4File) length() int64 { return z.tailA + int64(len(z.tail)) }

// addColumn lays the pages of the column chunk m out from byte end on, changes
// m so that it names them, and returns where they end.
func (z *lz4File) addColumn(m *pf.ColumnMetaData, end int64) (int64, error) {
	from, to := chunkOf(m)
	if from < 4 || to < from || to > z.size {
		return 0, malformed("parquet: pages from byte %d to %d in a file of %d", from, to, z.size)
	}
	begin, data := end, int64(-1)
	col := new(lz4Column)
	buf := make([]byte, headerBytes)
	for pos := from; pos < to; {
		h, n, err := pageHeader(z.r, &buf, pos, to)
		if err != nil {
			return 0, err
		}
		pos += int64(n)
		if err := checkPage(h, to-pos); err != nil {
			return 0, err
		}
		p := lz4Page{at: end, src: pos, stored: int(h.CompressedPageSize), plain: int(h.UncompressedPageSize), crc: uint32(h.CRC), column: col}
		if err := p.setLevels(h); err != nil {
			return 0, err
		}
		h.CompressedPageSize, h.CRC = h.UncompressedPageSize, 0
		if p.head, err = thrift.Marshal(new(thrift.CompactProtocol), h); err != nil {
			return 0, malformed("parquet: %v", err)
		}
		if data < 0 && !h.DictionaryPageHeader.Valid {
			data = end
		}
		pos += int64(p.stored)
		end += int64(len(p.head)) + int64(p.plain)
		z.pages = append(z.pages, p)
	}
	m.Codec, m.DataPageOffset, m.TotalCompressedSize = pf.Uncompressed, max(data, begin), end-begin
	if m.DictionaryPageOffset != 0 {
		m.DictionaryPageOffset = begin
	}
	return end, nil
}

// setLevels finds which bytes of a page of the second version are not
// compressed.
func (p *lz4Page) setLevels(h *pf.PageHeader) error {
	v2 := &h.DataPageHeaderV2
	if !v2.Valid {
		return nil
	}
	p.levels = int(v2.V.RepetitionLevelsByteLength) + int(v2.V.DefinitionLevelsByteLength)
	if v2.V.IsCompressed.Valid && !v2.V.IsCompressed.V {
		p.levels = p.stored
	}
	if p.levels < 0 || p.levels > p.stored || p.levels > p.plain {
		return malformed("parquet: a page of %d bytes with levels of %d", p.stored, p.levels)
	}
	return nil
}

// ReadAt implements io.ReaderAt.
func (z *lz4File) ReadAt(b []byte, off int64) (int, error) {
	if off < z.size {
		n := int(min(int64(len(b)), z.size-off))
		n, err := z.r.ReadAt(b[:n], off)
		if err != nil || n == len(b) {
			return n, err
		}
		m, err := z.ReadAt(b[n:], off+int64(n))
		return n + m, err
	}
	n := 0
	i := sort.Search(len(z.pages), func(i int) bool { return z.pages[i].end() > off })
	for ; n < len(b) && i < len(z.pages); i++ {
		m, err := z.pages[i].read(z.r, b[n:], off+int64(n)-z.pages[i].at)
		if n += m; err != nil {
			return n, err
		}
	}
	if at := off + int64(n) - z.tailA; n < len(b) && at >= 0 && at < int64(len(z.tail)) {
		n += copy(b[n:], z.tail[at:])
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (p *lz4Page) end() int64 { return p.at + int64(len(p.head)) + int64(p.plain) }

// read copies the bytes from off of the page, header first, to b.
func (p *lz4Page) read(r io.ReaderAt, b []byte, off int64) (int, error) {
	n := 0
	if off < int64(len(p.head)) {
		n = copy(b, p.head[off:])
		off += int64(n)
	}
	if n == len(b) {
		return n, nil
	}
	c := p.column
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.page != p {
		body, err := p.decode(r)
		if err != nil {
			return n, err
		}
		c.page, c.body = p, body
	}
	return n + copy(b[n:], c.body[off-int64(len(p.head)):]), nil
}

// decode returns the plain body of the page.
func (p *lz4Page) decode(r io.ReaderAt) ([]byte, error) {
	src := make([]byte, p.stored)
	if n, err := r.ReadAt(src, p.src); n < len(src) {
		return nil, err
	}
	if p.crc != 0 && crc32.ChecksumIEEE(src) != p.crc {
		return nil, malformed("parquet: checksum of the page at byte %d", p.src)
	}
	body := make([]byte, p.plain)
	copy(body, src[:p.levels])
	if _, ok := lz4Decode(body[p.levels:p.levels], src[p.levels:]); !ok && p.levels < p.plain {
		return nil, malformed("parquet: the LZ4 page at byte %d is corrupt", p.src)
	}
	return body, nil
}
