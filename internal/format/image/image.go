// Package image finds out what a plain file is from its first bytes and its
// name: its MIME type and, for images, width, height and EXIF orientation. It
// decodes no pixels and allocates next to nothing, since it looks at
// every file that is added. Sizes are those of the stored pixels, before the
// orientation is applied.
//
// Known sizes: PNG, JPEG, GIF, WebP, BMP, TIFF. Orientation: JPEG and TIFF.
// Start reading at Probe. Nothing here fails: bytes that make no sense are a
// file without a size.
package image

import (
	"bytes"
	"encoding/binary"
	"io"
)

// Info is what is known about a file. Width and Height are 0 where they are
// not known. Orientation is EXIF's 1 to 8, or 0 where the file does not say.
type Info struct {
	MIME        string
	Width       int
	Height      int
	Orientation int
}

// HeadSize is how many first bytes of a file are enough for nearly all files.
const HeadSize = 4096

// Probe looks at the file path of size bytes, of which head is the beginning:
// all of it, or HeadSize bytes or more. The rest is read from r where that is
// needed and r is not nil. It reports whether the file is an image of known
// size.
func Probe(path string, head []byte, size int64, r io.ReaderAt) (Info, bool) {
	s := source{head: head, size: size, r: r}
	info := Info{MIME: sniff(path, head)}
	switch info.MIME {
	case "image/png":
		probePNG(&s, &info)
	case "image/jpeg":
		probeJPEG(&s, &info)
	case "image/gif":
		if b := s.at(6, 4); b != nil {
			info.Width, info.Height = int(binary.LittleEndian.Uint16(b)), int(binary.LittleEndian.Uint16(b[2:]))
		}
	case "image/webp":
		probeWebP(&s, &info)
	case "image/bmp":
		probeBMP(&s, &info)
	case "image/tiff":
		probeTIFF(&s, 0, size, &info)
	}
	if info.Width <= 0 || info.Height <= 0 || info.Width > 1<<31-1 || info.Height > 1<<31-1 {
		info.Width, info.Height = 0, 0
		return info, false
	}
	return info, true
}

// source gives bytes of a file from its head or, behind it, from r.
type source struct {
	head []byte
	size int64
	r    io.ReaderAt
	buf  [64]byte
}

// at returns n bytes (at most 64) at off, valid until the next call, or nil
// where the file has not as many.
func (s *source) at(off int64, n int) []byte {
	if off < 0 || off > s.size-int64(n) {
		return nil
	}
	if off+int64(n) <= int64(len(s.head)) {
		return s.head[off : off+int64(n)]
	}
	if s.r == nil {
		return nil
	}
	if m, _ := s.r.ReadAt(s.buf[:n], off); m < n {
		return nil
	}
	return s.buf[:n]
}

func probePNG(s *source, info *Info) {
	if b := s.at(12, 12); b != nil && string(b[:4]) == "IHDR" {
		info.Width, info.Height = int(binary.BigEndian.Uint32(b[4:])), int(binary.BigEndian.Uint32(b[8:]))
	}
}

func probeBMP(s *source, info *Info) {
	b := s.at(14, 12)
	if b == nil {
		return
	}
	if binary.LittleEndian.Uint32(b) == 12 {
		info.Width, info.Height = int(binary.LittleEndian.Uint16(b[4:])), int(binary.LittleEndian.Uint16(b[6:]))
		return
	}
	info.Width, info.Height = int(int32(binary.LittleEndian.Uint32(b[4:]))), int(int32(binary.LittleEndian.Uint32(b[8:])))
	if info.Height < 0 { // rows from top to bottom
		info.Height = -info.Height
	}
}

func probeWebP(s *source, info *Info) {
	b := s.at(12, 18)
	if b == nil {
		return
	}
	switch string(b[:4]) {
	case "VP8 ":
		if b[11] == 0x9d && b[12] == 0x01 && b[13] == 0x2a {
			info.Width, info.Height = int(binary.LittleEndian.Uint16(b[14:]))&0x3fff, int(binary.LittleEndian.Uint16(b[16:]))&0x3fff
		}
	case "VP8L":
		if b[8] == 0x2f {
			x := binary.LittleEndian.Uint32(b[9:])
			info.Width, info.Height = int(x&0x3fff)+1, int(x>>14&0x3fff)+1
		}
	case "VP8X":
		info.Width = 1 + int(b[12]) + int(b[13])<<8 + int(b[14])<<16
		info.Height = 1 + int(b[15]) + int(b[16])<<8 + int(b[17])<<16
	}
}

// maxSegments bounds how far a JPEG is followed to its frame header.
const maxSegments = 1024

func probeJPEG(s *source, info *Info) {
	pos := int64(2)
	for range maxSegments {
		b := s.at(pos, 4)
		if b == nil || b[0] != 0xff {
			return
		}
		marker := b[1]
		if marker == 0xff { // padding
			pos++
			continue
		}
		if marker == 0x01 || marker >= 0xd0 && marker <= 0xd8 { // no length
			pos += 2
			continue
		}
		if marker == 0xd9 || marker == 0xda { // end, or pixels
			return
		}
		n := int64(binary.BigEndian.Uint16(b[2:]))
		if n < 2 {
			return
		}
		switch {
		case marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc:
			if b := s.at(pos+5, 4); b != nil && n >= 7 {
				info.Height, info.Width = int(binary.BigEndian.Uint16(b)), int(binary.BigEndian.Uint16(b[2:]))
			}
			return
		case marker == 0xe1 && info.Orientation == 0:
			if b := s.at(pos+4, 6); b != nil && n >= 16 && bytes.Equal(b, []byte("Exif\x00\x00")) {
				exif := Info{}
				probeTIFF(s, pos+10, pos+2+n, &exif)
				info.Orientation = exif.Orientation
			}
		}
		pos += 2 + n
	}
}

// Tags of TIFF 6.0 and EXIF.
const (
	tagWidth       = 256
	tagHeight      = 257
	tagOrientation = 274
)

// probeTIFF reads the first directory of the TIFF between from and to.
func probeTIFF(s *source, from, to int64, info *Info) {
	b := s.at(from, 8)
	if b == nil {
		return
	}
	var order binary.ByteOrder = binary.LittleEndian
	if b[0] == 'M' {
		order = binary.BigEndian
	}
	if order.Uint16(b[2:]) != 42 {
		return
	}
	dir := from + int64(order.Uint32(b[4:]))
	if dir < from+8 || dir > to-2 {
		return
	}
	if b = s.at(dir, 2); b == nil {
		return
	}
	for i := range min(int64(order.Uint16(b)), 512) {
		at := dir + 2 + 12*i
		if at > to-12 {
			return
		}
		e := s.at(at, 12)
		if e == nil {
			return
		}
		val := 0
		switch order.Uint16(e[2:]) {
		case 3: // SHORT
			val = int(order.Uint16(e[8:]))
		case 4: // LONG
			val = int(order.Uint32(e[8:]))
		default:
			continue
		}
		switch order.Uint16(e) {
		case tagWidth:
			info.Width = val
		case tagHeight:
			info.Height = val
		case tagOrientation:
			if val >= 1 && val <= 8 {
				info.Orientation = val
			}
		}
	}
}
