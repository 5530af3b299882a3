package proof

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
)

// The first line of a proof file. The number is the version.
const (
	magic   = "strata proof "
	version = "1\n"
)

// Bounds of what a reader takes.
const (
	maxPayload = 256 << 20
	maxObjects = 1 << 16
	maxColumns = 1 << 16
)

// Encode returns the bytes of a proof file. They are the same for equal proofs
// and one version of the compressor.
func (p *Proof) Encode() ([]byte, error) {
	payload := p.payload()
	if len(payload) > maxPayload || len(p.Objects) > maxObjects || len(p.Columns) > maxColumns {
		return nil, fmt.Errorf("%w: %d objects of %d bytes", ErrTooLarge, len(p.Objects), len(payload))
	}
	var b bytes.Buffer
	b.WriteString(magic + version)
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(payload); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Size returns the bytes of the payload, before compression.
func (p *Proof) Size() int { return len(p.payload()) }

func (p *Proof) payload() []byte {
	b := bytes.Clone(p.Commit[:])
	b = appendBytes(b, p.Dataset)
	b = appendBytes(b, p.Key)
	b = binary.AppendUvarint(b, uint64(len(p.Columns)))
	for _, c := range p.Columns {
		b = appendBytes(b, c)
	}
	b = binary.AppendUvarint(b, uint64(len(p.Objects)))
	for _, o := range p.Objects {
		b = appendBytes(b, o)
	}
	return b
}

func appendBytes[T string | []byte](dst []byte, b T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

// Decode reads a proof file. It checks the form alone; Verify checks the rest.
// Bytes of another form are ErrMalformed, another version is
// object.ErrUnsupported. It takes at most 256 MiB of memory for the payload.
func Decode(b []byte) (*Proof, error) {
	rest, ok := bytes.CutPrefix(b, []byte(magic))
	if !ok {
		return nil, fmt.Errorf("%w: it does not begin with %q", ErrMalformed, magic)
	}
	packed, ok := bytes.CutPrefix(rest, []byte(version))
	if !ok {
		line, _, _ := bytes.Cut(rest[:min(len(rest), 20)], []byte("\n"))
		return nil, fmt.Errorf("%w: proof version %q, this program reads version 1", object.ErrUnsupported, line)
	}
	payload, err := inflate(packed, maxPayload)
	if err != nil {
		return nil, err
	}
	p, err := decodePayload(payload)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return p, nil
}

// inflate returns the payload, of at most limit bytes, which ends with the file.
func inflate(packed []byte, limit int) ([]byte, error) {
	src := bytes.NewReader(packed) // an io.ByteReader, of which flate reads no more than it needs
	payload, err := io.ReadAll(io.LimitReader(flate.NewReader(src), int64(limit)+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	case len(payload) > limit:
		return nil, fmt.Errorf("%w: it holds more than %d bytes", ErrMalformed, limit)
	case src.Len() > 0:
		return nil, fmt.Errorf("%w: %d bytes behind its end", ErrMalformed, src.Len())
	}
	return payload, nil
}

func decodePayload(b []byte) (*Proof, error) {
	d := merkle.Decoder{B: b}
	p := &Proof{}
	p.Commit = d.ID()
	p.Dataset, p.Key = string(d.Bytes()), string(d.Bytes())
	for n := d.Uvarint(maxColumns); n > 0 && d.Err == nil; n-- {
		p.Columns = append(p.Columns, string(d.Bytes()))
	}
	for n := d.Uvarint(maxObjects); n > 0 && d.Err == nil; n-- {
		p.Objects = append(p.Objects, d.Bytes())
	}
	return p, d.Done()
}
