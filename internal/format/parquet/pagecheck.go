package parquet

import (
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	pf "github.com/parquet-go/parquet-go/format"
)

// The library allocates what page headers say before it reads the pages, and
// its LZ4 decoder doubles its buffer for ever on bytes that are not LZ4. So
// the headers of a column chunk are checked first, and LZ4 pages are followed
// without being written.

// headerBytes is what is read to decode a page header; one with long
// statistics is read again with more.
const (
	headerBytes    = 256
	maxHeaderBytes = 16 << 20
)

// chunkOf returns where the pages of a column chunk lie.
func chunkOf(m *pf.ColumnMetaData) (from, to int64) {
	from = m.DataPageOffset
	if m.DictionaryPageOffset != 0 {
		from = m.DictionaryPageOffset
	}
	return from, from + m.TotalCompressedSize
}

// checkPages reads the page headers of the column chunk m of a row group of
// rows rows; flat says that every row has one value.
func checkPages(r io.ReaderAt, size int64, m *pf.ColumnMetaData, rows int64, flat bool) error {
	from, to := chunkOf(m)
	if from < 4 || to < from || to > size {
		return malformed("parquet: pages from byte %d to %d in a file of %d", from, to, size)
	}
	buf := make([]byte, headerBytes)
	var left = m.NumValues
	if flat && left > rows {
		return malformed("parquet: %d values in %d rows", left, rows)
	}
	for pos := from; pos < to; {
		h, n, err := pageHeader(r, &buf, pos, to)
		if err != nil {
			return err
		}
		pos += int64(n)
		if h.CompressedPageSize < 0 || h.UncompressedPageSize < 0 || int64(h.CompressedPageSize) > to-pos {
			return malformed("parquet: a page of %d bytes, %d uncompressed, %d before the end", h.CompressedPageSize, h.UncompressedPageSize, to-pos)
		}
		if h.DataPageHeader.Valid || h.DataPageHeaderV2.Valid {
			values := h.DataPageHeader.V.NumValues + h.DataPageHeaderV2.V.NumValues
			if left -= int64(values); values < 0 || left < 0 {
				return malformed("parquet: pages have more values than the column says (%d)", m.NumValues)
			}
		} else if h.DictionaryPageHeader.V.NumValues > h.UncompressedPageSize && h.UncompressedPageSize > 0 {
			return malformed("parquet: a dictionary of %d values in %d bytes", h.DictionaryPageHeader.V.NumValues, h.UncompressedPageSize)
		}
		if m.Codec == pf.Lz4Raw {
			if err := checkLZ4Page(r, pos, h); err != nil {
				return err
			}
		}
		pos += int64(h.CompressedPageSize)
	}
	return nil
}

// pageHeader reads the header at pos and returns it with its length.
func pageHeader(r io.ReaderAt, buf *[]byte, pos, to int64) (*pf.PageHeader, int, error) {
	for n := int64(headerBytes); ; n *= 16 {
		n = min(n, to-pos)
		if int64(len(*buf)) < n {
			*buf = make([]byte, n)
		}
		b := (*buf)[:n]
		if _, err := r.ReadAt(b, pos); err != nil && err != io.EOF {
			return nil, 0, err
		}
		h := new(pf.PageHeader)
		br := new(thrift.CompactProtocol).NewReaderFromBytes(b)
		err := thrift.NewDecoder(br).Decode(h)
		if err == nil {
			return h, br.BytesRead(), nil
		}
		if n == to-pos || n > maxHeaderBytes {
			return nil, 0, malformed("parquet: page header at byte %d: %v", pos, err)
		}
	}
}

// checkLZ4Page checks the page at pos with header h.
func checkLZ4Page(r io.ReaderAt, pos int64, h *pf.PageHeader) error {
	levels := 0
	if v2 := &h.DataPageHeaderV2; v2.Valid {
		if v2.V.IsCompressed.Valid && !v2.V.IsCompressed.V {
			return nil
		}
		levels = int(v2.V.RepetitionLevelsByteLength) + int(v2.V.DefinitionLevelsByteLength)
	}
	n, raw := int(h.CompressedPageSize)-levels, int(h.UncompressedPageSize)-levels
	if levels < 0 || n < 0 || raw < 0 {
		return malformed("parquet: a page of %d bytes with levels of %d", h.CompressedPageSize, levels)
	}
	b := make([]byte, n)
	if _, err := r.ReadAt(b, pos+int64(levels)); err != nil && err != io.EOF {
		return err
	}
	if out, ok := lz4Size(b); !ok || out > raw {
		return malformed("parquet: LZ4 page at byte %d is corrupt", pos)
	}
	return nil
}

// lz4Size returns how many bytes the LZ4 block b stands for, and whether it is
// one.
func lz4Size(b []byte) (out int, ok bool) {
	if len(b) == 0 {
		return 0, true
	}
	i := 0
	length := func(n int) int {
		if n == 15 {
			for i < len(b) {
				c := b[i]
				i++
				n += int(c)
				if c != 255 {
					break
				}
			}
		}
		return n
	}
	for i < len(b) {
		token := b[i]
		i++
		lits := length(int(token >> 4))
		if lits > len(b)-i {
			return 0, false
		}
		i, out = i+lits, out+lits
		if i == len(b) {
			return out, token&15 == 0 // the last token has no match
		}
		if len(b)-i < 2 {
			return 0, false
		}
		back := int(b[i]) | int(b[i+1])<<8
		i += 2
		if back == 0 || back > out {
			return 0, false
		}
		out += length(int(token&15)) + 4
	}
	return 0, false
}
