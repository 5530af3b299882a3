package arrow

import (
	"encoding/binary"
	"io"
)

// Values of Message.fbs and Schema.fbs.
const (
	continuation = 0xffffffff
	headSchema   = 1
	headDict     = 2
	headBatch    = 3
	blockSize    = 24 // struct Block of File.fbs
	fieldNode    = 16
	bufferSize   = 16
)

// walk reads the headers of all messages. It adds up the rows, so that their
// number is known before any is read, and checks every count that the library
// would allocate for without looking.
func (o *reader) walk() (err error) {
	defer recovered(&err, "follow messages") // a header that points out of itself
	if o.file {
		return o.walkFile()
	}
	for pos := int64(0); pos+8 <= o.size; {
		n, err := o.visit(pos, 0)
		if err != nil || n == 0 {
			return err
		}
		pos += n
	}
	return nil
}

// walkFile visits the messages that the footer names.
func (o *reader) walkFile() error {
	b, err := o.footer()
	if err != nil {
		return err
	}
	f := table{b, int(binary.LittleEndian.Uint32(b))}
	checkSchema(f.table(1))
	f.checkVector(4, 4)
	for _, k := range []struct {
		id   int
		kind byte
	}{{2, headDict}, {3, headBatch}} {
		f.checkVector(k.id, blockSize)
		p, n := f.vector(k.id)
		for i := range n {
			if _, err := o.visit(int64(binary.LittleEndian.Uint64(b[p+i*blockSize:])), k.kind); err != nil {
				return err
			}
		}
	}
	return nil
}

// visit checks the message at pos, which is of the given kind unless that is
// 0, and returns its length with its body; 0 at the end of a stream.
func (o *reader) visit(pos int64, want byte) (int64, error) {
	if pos < 0 || pos > o.size-8 {
		return 0, malformed("a message at byte %d of %d", pos, o.size)
	}
	meta, n, err := o.message(pos)
	if err != nil || meta == nil && want == 0 {
		return 0, err
	}
	kind, rows, body := checkMessage(meta)
	if body < 0 || body > o.size-pos-n || rows < 0 || want != 0 && kind != want {
		return 0, malformed("message at byte %d is of kind %d with %d bytes and %d rows", pos, kind, body, rows)
	}
	o.rows += rows
	return n + body, nil
}

// footer returns the footer of a file.
func (o *reader) footer() ([]byte, error) {
	var tail [10]byte
	if o.size < 18 {
		return nil, malformed("%d bytes are too few", o.size)
	}
	if _, err := o.r.ReadAt(tail[:], o.size-10); err != nil && err != io.EOF {
		return nil, err
	}
	n := int64(binary.LittleEndian.Uint32(tail[:]))
	if string(tail[4:]) != fileMagic || n > o.size-18 || n < 4 {
		return nil, malformed("the file ends with %q, it was cut short", tail[4:])
	}
	b := make([]byte, n)
	if _, err := o.r.ReadAt(b, o.size-10-n); err != nil && err != io.EOF {
		return nil, err
	}
	return b, nil
}

// message reads the metadata of the message at pos, and returns how many bytes
// come before its body; nil at the end of the stream.
func (o *reader) message(pos int64) ([]byte, int64, error) {
	var b [8]byte
	if _, err := o.r.ReadAt(b[:], pos); err != nil && err != io.EOF {
		return nil, 0, err
	}
	n, head := int64(binary.LittleEndian.Uint32(b[:])), int64(4)
	if n == continuation {
		n, head = int64(binary.LittleEndian.Uint32(b[4:])), 8
	}
	if n == 0 {
		return nil, 0, nil
	}
	if n > o.size-pos-head || n < 8 {
		return nil, 0, malformed("message of %d bytes at byte %d", n, pos)
	}
	meta := make([]byte, n)
	if _, err := o.r.ReadAt(meta, pos+head); err != nil && err != io.EOF {
		return nil, 0, err
	}
	return meta, head + n, nil
}

// checkMessage returns the kind of the message, its rows and the length of its
// body.
func checkMessage(meta []byte) (kind byte, rows, body int64) {
	m := table{meta, int(binary.LittleEndian.Uint32(meta))}
	m.checkVector(4, 4)
	switch kind = m.u8(1); kind {
	case headSchema:
		checkSchema(m.table(2))
	case headDict:
		checkBatch(m.table(2).table(1))
	case headBatch:
		checkBatch(m.table(2))
		rows = m.table(2).i64(0)
	}
	return kind, rows, m.i64(3)
}

func checkBatch(t table) {
	t.checkVector(1, fieldNode)
	t.checkVector(2, bufferSize)
	t.checkVector(4, 8)
}

func checkSchema(t table) {
	left := len(t.b) / 8 // no more fields than that fit
	t.checkVector(2, 4)
	t.checkVector(3, 8)
	var check func(t table, id, depth int)
	check = func(t table, id, depth int) {
		for _, f := range t.tables(id) {
			if left--; left < 0 || depth > maxDepth {
				panic("too many fields")
			}
			f.checkVector(6, 4)
			check(f, 5, depth+1)
		}
	}
	check(t, 1, 0)
}

// table is a flatbuffers table at a position of a buffer. Methods panic when
// the buffer is too short.
type table struct {
	b   []byte
	pos int
}

// at returns the position of field i, or 0 if it has its default value.
func (t table) at(i int) int {
	vt := t.pos - int(int32(binary.LittleEndian.Uint32(t.b[t.pos:])))
	if 4+2*i >= int(binary.LittleEndian.Uint16(t.b[vt:])) {
		return 0
	}
	if o := int(binary.LittleEndian.Uint16(t.b[vt+4+2*i:])); o > 0 {
		return t.pos + o
	}
	return 0
}

func (t table) u8(i int) byte {
	if p := t.at(i); p > 0 {
		return t.b[p]
	}
	return 0
}

func (t table) i64(i int) int64 {
	if p := t.at(i); p > 0 {
		return int64(binary.LittleEndian.Uint64(t.b[p:]))
	}
	return 0
}

// table follows the offset in field i, which must be there.
func (t table) table(i int) table {
	p := t.at(i)
	if p == 0 {
		panic("a table is missing")
	}
	return table{t.b, p + int(binary.LittleEndian.Uint32(t.b[p:]))}
}

// vector returns where the elements of the vector in field i begin, and their
// number.
func (t table) vector(i int) (pos, n int) {
	p := t.at(i)
	if p == 0 {
		return 0, 0
	}
	p += int(binary.LittleEndian.Uint32(t.b[p:]))
	return p + 4, int(binary.LittleEndian.Uint32(t.b[p:]))
}

// checkVector panics if the vector in field i, of elements of size bytes, is
// longer than the buffer.
func (t table) checkVector(i, size int) {
	if p, n := t.vector(i); n > (len(t.b)-p)/size {
		panic("a vector is longer than the message")
	}
}

// tables returns the elements of a vector of tables.
func (t table) tables(i int) []table {
	t.checkVector(i, 4)
	p, n := t.vector(i)
	all := make([]table, n)
	for k := range all {
		q := p + 4*k
		all[k] = table{t.b, q + int(binary.LittleEndian.Uint32(t.b[q:]))}
	}
	return all
}
