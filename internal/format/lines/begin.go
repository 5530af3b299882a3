package lines

import (
	"bytes"
	"io"

	"github.com/strata-data/strata/internal/format"
)

// maxBegin is how much of a file Begin reads before it gives up.
const maxBegin = 64 << 20

// Begin shows the beginning of the text file r to t.Sniff, more of it where
// the first SniffSize bytes do not do, and returns the inferrer, the head, and
// the stream behind the head, which begins at a record and with line
// 1 + CountLines(head).
func Begin(t format.Text, r io.Reader, o format.TextOptions) (inf format.Inferrer, head []byte, body io.Reader, err error) {
	var begin []byte
	for size := SniffSize; ; size *= 8 {
		begin = append(make([]byte, 0, size), begin...)
		n, err := io.ReadFull(r, begin[len(begin):size])
		begin = begin[:len(begin)+n]
		eof := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !eof {
			return nil, nil, nil, err
		}
		inf, n, err = t.Sniff(begin, eof, o)
		if err == nil {
			return inf, begin[:n:n], io.MultiReader(bytes.NewReader(begin[n:]), r), nil
		}
		if eof || size >= maxBegin {
			return nil, nil, nil, err
		}
	}
}
