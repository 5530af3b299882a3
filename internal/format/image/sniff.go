package image

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// magics are first bytes that settle what a file is.
var magics = [...]struct{ magic, mime string }{
	{"\x89PNG\r\n\x1a\n", "image/png"},
	{"\xff\xd8\xff", "image/jpeg"},
	{"GIF87a", "image/gif"},
	{"GIF89a", "image/gif"},
	{"II*\x00", "image/tiff"},
	{"MM\x00*", "image/tiff"},
	{"8BPS", "image/vnd.adobe.photoshop"},
	{"\x00\x00\x01\x00", "image/x-icon"},
	{"\xff\x0a", "image/jxl"},
	{"\x00\x00\x00\x0cJXL \r\n\x87\n", "image/jxl"},
	{"%PDF-", "application/pdf"},
	{"PK\x03\x04", "application/zip"},
	{"PK\x05\x06", "application/zip"},
	{"\x1f\x8b", "application/gzip"},
	{"\x28\xb5\x2f\xfd", "application/zstd"},
	{"BZh", "application/x-bzip2"},
	{"\xfd7zXZ\x00", "application/x-xz"},
	{"PAR1", "application/vnd.apache.parquet"},
	{"ARROW1\x00\x00", "application/vnd.apache.arrow.file"},
	{"\x93NUMPY", "application/x-npy"},
	{"\x89HDF\r\n\x1a\n", "application/x-hdf5"},
	{"SQLite format 3\x00", "application/vnd.sqlite3"},
	{"fLaC", "audio/flac"},
	{"OggS", "audio/ogg"},
	{"ID3", "audio/mpeg"},
	{"\x1aE\xdf\xa3", "video/webm"},
	{"\x7fELF", "application/x-elf"},
}

// sniff returns the MIME type of the file path that begins with head.
func sniff(path string, head []byte) string {
	for i := range magics {
		if m := magics[i].magic; len(head) >= len(m) && head[0] == m[0] && string(head[:len(m)]) == m {
			return byExtension(magics[i].mime, path)
		}
	}
	if len(head) >= 12 {
		if mime := container(head); mime != "" {
			return mime
		}
	}
	if len(head) >= 26 && head[0] == 'B' && head[1] == 'M' && head[14] >= 12 && bytes.Equal(head[15:18], []byte{0, 0, 0}) {
		return "image/bmp"
	}
	if !isText(head) {
		return byExtension("application/octet-stream", path)
	}
	return byExtension("text/plain", path)
}

// container recognises RIFF and ISO media files by their inner name.
func container(head []byte) string {
	switch string(head[:4]) {
	case "RIFF":
		switch string(head[8:12]) {
		case "WEBP":
			return "image/webp"
		case "WAVE":
			return "audio/wav"
		case "AVI ":
			return "video/avi"
		}
	}
	if string(head[4:8]) == "ftyp" {
		switch string(head[8:12]) {
		case "avif", "avis":
			return "image/avif"
		case "heic", "heix", "hevc", "mif1", "msf1":
			return "image/heic"
		case "M4A ":
			return "audio/mp4"
		case "qt  ":
			return "video/quicktime"
		}
		return "video/mp4"
	}
	return ""
}

// isText reports whether the first bytes are UTF-8 without control characters.
// A character that the end of head cuts is no offence.
func isText(head []byte) bool {
	head = head[:min(len(head), 512)]
	for _, c := range head {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b || c == 0x7f {
			return false
		}
	}
	for len(head) > 0 {
		r, n := utf8.DecodeRune(head)
		if r == utf8.RuneError && n == 1 {
			return len(head) < utf8.UTFMax && !utf8.FullRune(head)
		}
		head = head[n:]
	}
	return true
}

// byExtension returns the type that the extension of path names among files of
// the family mime, or mime.
func byExtension(mime, path string) string {
	dot := strings.LastIndexByte(path, '.')
	if dot < 0 || len(path)-dot > 12 || strings.IndexByte(path[dot:], '/') >= 0 {
		return mime
	}
	ext := strings.ToLower(path[dot:])
	switch mime {
	case "text/plain":
		switch ext {
		case ".csv":
			return "text/csv"
		case ".tsv":
			return "text/tab-separated-values"
		case ".json":
			return "application/json"
		case ".jsonl", ".ndjson":
			return "application/x-ndjson"
		case ".xml":
			return "application/xml"
		case ".svg":
			return "image/svg+xml"
		case ".html", ".htm":
			return "text/html"
		case ".md":
			return "text/markdown"
		case ".yaml", ".yml":
			return "application/yaml"
		case ".toml":
			return "application/toml"
		case ".py":
			return "text/x-python"
		case ".ipynb":
			return "application/x-ipynb+json"
		case ".css":
			return "text/css"
		case ".js":
			return "text/javascript"
		}
	case "application/zip":
		switch ext {
		case ".npz":
			return "application/x-npz"
		case ".pt", ".pth":
			return "application/x-pytorch"
		case ".docx":
			return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
		case ".xlsx":
			return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
		}
	case "application/octet-stream":
		switch ext {
		case ".mp3":
			return "audio/mpeg"
		case ".safetensors":
			return "application/x-safetensors"
		case ".pkl", ".pickle":
			return "application/x-pickle"
		case ".onnx":
			return "application/x-onnx"
		}
	case "video/webm":
		if ext == ".mkv" {
			return "video/x-matroska"
		}
	}
	return mime
}
