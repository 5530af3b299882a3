package parquet

import (
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	pf "github.com/parquet-go/parquet-go/format"
)

// The library allocates what page headers say before it reads the pages, so
// the headers of a column chunk are checked first.

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
	left := m.NumValues
	if flat && left > rows {
		return malformed("parquet: %d values in %d rows", left, rows)
	}
	for pos := from; pos < to; {
		h, n, err := pageHeader(r, &buf, pos, to)
		if err != nil {
			return err
		}
		pos += int64(n)
		if err := checkPage(h, to-pos); err != nil {
			return err
		}
		if h.DataPageHeader.Valid || h.DataPageHeaderV2.Valid {
			values := h.DataPageHeader.V.NumValues + h.DataPageHeaderV2.V.NumValues
			if left -= int64(values); values < 0 || left < 0 {
				return malformed("parquet: pages have more values than the column says (%d)", m.NumValues)
			}
		} else if h.DictionaryPageHeader.V.NumValues > h.UncompressedPageSize && h.UncompressedPageSize > 0 {
			return malformed("parquet: a dictionary of %d values in %d bytes", h.DictionaryPageHeader.V.NumValues, h.UncompressedPageSize)
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

// checkPage checks the header of a page of which room bytes can follow.
func checkPage(h *pf.PageHeader, room int64) error {
	if h.CompressedPageSize < 0 || h.UncompressedPageSize < 0 || int64(h.CompressedPageSize) > room {
		return malformed("parquet: a page of %d bytes, %d uncompressed, %d before the end", h.CompressedPageSize, h.UncompressedPageSize, room)
	}
	return nil
}
