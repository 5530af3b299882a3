package image

import (
	"bytes"
	"encoding/binary"
	stdimage "image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func encoded(t testing.TB, encode func(*bytes.Buffer, stdimage.Image) error, w, h int) []byte {
	var b bytes.Buffer
	if err := encode(&b, stdimage.NewPaletted(stdimage.Rect(0, 0, w, h), color.Palette{color.Black, color.White})); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t testing.TB, w, h int) []byte {
	return encoded(t, func(b *bytes.Buffer, m stdimage.Image) error { return png.Encode(b, m) }, w, h)
}

func gifOf(t testing.TB, w, h int) []byte {
	return encoded(t, func(b *bytes.Buffer, m stdimage.Image) error { return gif.Encode(b, m, nil) }, w, h)
}

func jpegOf(t testing.TB, w, h int) []byte {
	return encoded(t, func(b *bytes.Buffer, m stdimage.Image) error { return jpeg.Encode(b, m, nil) }, w, h)
}

// tiff returns a directory with the given tags; a comment moves it away from
// the beginning.
func tiff(order binary.AppendByteOrder, gap int, tags ...[3]int) []byte {
	mark := "II"
	if order == binary.AppendByteOrder(binary.BigEndian) {
		mark = "MM"
	}
	b := order.AppendUint16([]byte(mark), 42)
	b = order.AppendUint32(b, uint32(8+gap))
	b = append(b, make([]byte, gap)...)
	b = order.AppendUint16(b, uint16(len(tags)))
	for _, t := range tags {
		b = order.AppendUint16(order.AppendUint16(b, uint16(t[0])), uint16(t[1]))
		b = order.AppendUint32(b, 1)
		if t[1] == 3 {
			b = order.AppendUint16(order.AppendUint16(b, uint16(t[2])), 0)
		} else {
			b = order.AppendUint32(b, uint32(t[2]))
		}
	}
	return order.AppendUint32(b, 0)
}

// withSegment puts a segment behind the first two bytes of a JPEG.
func withSegment(jpg []byte, marker byte, data []byte) []byte {
	out := append([]byte{}, jpg[:2]...)
	out = append(out, 0xff, marker)
	out = binary.BigEndian.AppendUint16(out, uint16(len(data)+2))
	return append(append(out, data...), jpg[2:]...)
}

func exif(t []byte) []byte { return append([]byte("Exif\x00\x00"), t...) }

func TestProbe(t *testing.T) {
	jpg := jpegOf(t, 40, 30)
	webp := func(s string) []byte { return append([]byte("RIFF\x00\x00\x00\x00WEBP"), s...) }
	for _, c := range []struct {
		name, path string
		data       []byte
		want       Info
	}{
		{"png", "a.png", pngOf(t, 7, 5), Info{"image/png", 7, 5, 0}},
		{"png by another name", "a.jpg", pngOf(t, 7, 5), Info{"image/png", 7, 5, 0}},
		{"gif", "a.gif", gifOf(t, 300, 2), Info{"image/gif", 300, 2, 0}},
		{"jpeg", "a.jpg", jpg, Info{"image/jpeg", 40, 30, 0}},
		{"jpeg, EXIF little-endian", "a.jpg", withSegment(jpg, 0xe1, exif(tiff(binary.LittleEndian, 0, [3]int{274, 3, 6}))), Info{"image/jpeg", 40, 30, 6}},
		{"jpeg, EXIF big-endian", "a.jpg", withSegment(jpg, 0xe1, exif(tiff(binary.BigEndian, 20, [3]int{271, 2, 0}, [3]int{274, 3, 8}))), Info{"image/jpeg", 40, 30, 8}},
		{"jpeg, orientation out of range", "a.jpg", withSegment(jpg, 0xe1, exif(tiff(binary.BigEndian, 0, [3]int{274, 3, 9}))), Info{"image/jpeg", 40, 30, 0}},
		{"jpeg, frame far behind the head", "a.jpg", withSegment(withSegment(jpg, 0xe2, make([]byte, 60000)), 0xe1, exif(tiff(binary.LittleEndian, 30000, [3]int{274, 3, 3}))), Info{"image/jpeg", 40, 30, 3}},
		{"jpeg cut short", "a.jpg", jpg[:20], Info{"image/jpeg", 0, 0, 0}},
		{"tiff", "a.tif", tiff(binary.LittleEndian, 10000, [3]int{256, 4, 70000}, [3]int{257, 3, 9}, [3]int{274, 3, 1}), Info{"image/tiff", 70000, 9, 1}},
		{"bmp", "a.bmp", append([]byte("BM\x00\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00\x10\x00\x00\x00\xf0\xff\xff\xff"), 0, 0), Info{"image/bmp", 16, 16, 0}},
		// The first 30 bytes of files of cwebp's three forms.
		{"webp lossy", "a.webp", webp("VP8 \x00\x00\x00\x00\x30\x01\x00\x9d\x01\x2a\x80\x02\xe0\x01"), Info{"image/webp", 640, 480, 0}},
		{"webp lossless", "a.webp", webp("VP8L\x00\x00\x00\x00\x2f\x7f\xc2\x77\x00\x00\x00\x00\x00\x00"), Info{"image/webp", 640, 480, 0}},
		{"webp extended", "a.webp", webp("VP8X\x0a\x00\x00\x00\x10\x00\x00\x00\x7f\x02\x00\xdf\x01\x00"), Info{"image/webp", 640, 480, 0}},
		{"empty", "a.png", nil, Info{"text/plain", 0, 0, 0}},
		{"csv", "dir.x/a.CSV", []byte("a,b\n1,2\n"), Info{"text/csv", 0, 0, 0}},
		{"text, cut rune at the end", "a", append(bytes.Repeat([]byte("x"), 510), "日"...), Info{"text/plain", 0, 0, 0}},
		{"latin-1", "a.txt", []byte("caf\xe9 x"), Info{"application/octet-stream", 0, 0, 0}},
		{"npz", "a.npz", []byte("PK\x03\x04...."), Info{"application/x-npz", 0, 0, 0}},
		{"npy", "a.npy", []byte("\x93NUMPY\x01\x00"), Info{"application/x-npy", 0, 0, 0}},
		{"mp4", "a.mp4", []byte("\x00\x00\x00\x18ftypisom\x00\x00"), Info{"video/mp4", 0, 0, 0}},
		{"svg", "a.svg", []byte("<svg/>"), Info{"image/svg+xml", 0, 0, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			head := c.data[:min(len(c.data), HeadSize)]
			got, ok := Probe(c.path, head, int64(len(c.data)), bytes.NewReader(c.data))
			if d := cmp.Diff(c.want, got); d != "" || ok != (c.want.Width > 0) {
				t.Errorf("ok %v (-want +got)\n%s", ok, d)
			}
			all, _ := Probe(c.path, c.data, int64(len(c.data)), nil)
			if all != got {
				t.Errorf("with all bytes in the head: %v, want %v", all, got)
			}
		})
	}
}

func FuzzProbe(f *testing.F) {
	jpg := jpegOf(f, 4, 3)
	f.Add("a.jpg", withSegment(jpg, 0xe1, exif(tiff(binary.BigEndian, 0, [3]int{274, 3, 6}))))
	f.Add("a.png", pngOf(f, 3, 4))
	f.Add("a.gif", gifOf(f, 3, 4))
	f.Add("a.tif", tiff(binary.LittleEndian, 4, [3]int{256, 4, 7}, [3]int{257, 3, 9}))
	f.Add("a.webp", []byte("RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x10\x00\x00\x00\x7f\x02\x00\xdf\x01\x00"))
	f.Add("x", []byte("hello"))
	f.Fuzz(func(t *testing.T, path string, data []byte) {
		info, ok := Probe(path, data[:min(len(data), 32)], int64(len(data)), bytes.NewReader(data))
		if ok != (info.Width > 0 && info.Height > 0) || info.Orientation < 0 || info.Orientation > 8 || info.MIME == "" {
			t.Fatal(info, ok)
		}
	})
}

func BenchmarkProbeJPEG(b *testing.B) {
	data := withSegment(jpegOf(b, 400, 300), 0xe1, exif(tiff(binary.BigEndian, 0, [3]int{274, 3, 6})))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := Probe("dir/a.jpg", data, int64(len(data)), nil); !ok {
			b.Fatal("no size")
		}
	}
}

func BenchmarkProbeText(b *testing.B) {
	data := bytes.Repeat([]byte("some text, "), 100)
	b.ReportAllocs()
	for b.Loop() {
		Probe("dir/a.txt", data, int64(len(data)), nil)
	}
}
