package lines

import (
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow bounds the memory that a .zst file can ask for.
const maxWindow = 128 << 20

// Plain returns name without the extension of a compressed text file, and
// whether it had one.
func Plain(name string) (string, bool) {
	switch ext := path.Ext(name); strings.ToLower(ext) {
	case ".gz", ".zst":
		return strings.TrimSuffix(name, ext), true
	}
	return name, false
}

// Open returns the plain text of the file called name whose bytes are r, and
// whether it was compressed; the extension (.gz, .zst) decides. Closing the
// result frees what decompressing needs and leaves r open. Damage is an error
// of Read, at the latest at the end.
func Open(name string, r io.Reader) (io.ReadCloser, bool, error) {
	switch strings.ToLower(path.Ext(name)) {
	case ".gz":
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, true, fmt.Errorf("read %s as gzip: %w", name, err)
		}
		return &named{z, "gzip", name, z.Close}, true, nil
	case ".zst":
		z, err := zstd.NewReader(r, zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, true, fmt.Errorf("read %s as zstd: %w", name, err)
		}
		return &named{z, "zstd", name, func() error { z.Close(); return nil }}, true, nil
	}
	return io.NopCloser(r), false, nil
}

// named says in errors what was being read.
type named struct {
	io.Reader
	codec, name string
	close       func() error
}

func (n *named) Read(p []byte) (int, error) {
	k, err := n.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("read %s as %s: %w", n.name, n.codec, err)
	}
	return k, err
}

func (n *named) Close() error { return n.close() }

// Create returns a writer of the plain text of the file called name, whose
// bytes go to w; the extension (.gz, .zst) decides how they are compressed.
// Closing it completes the file and leaves w open. Equal text makes equal bytes.
func Create(name string, w io.Writer) (io.WriteCloser, error) {
	switch strings.ToLower(path.Ext(name)) {
	case ".gz":
		return gzip.NewWriter(w), nil
	case ".zst":
		z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
		if err != nil {
			return nil, fmt.Errorf("write %s as zstd: %w", name, err)
		}
		return z, nil
	}
	return nopCloser{w}, nil
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
