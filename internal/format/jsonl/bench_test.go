package jsonl

import (
	"fmt"
	"strings"
	"testing"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
)

// flatFile makes rows of ten flat columns, about 190 bytes each.
func flatFile(rows int) []byte {
	var b strings.Builder
	words := []string{"clear", "rain", "fog", "snow"}
	x := uint64(1)
	for i := range rows {
		x = x*6364136223846793005 + 1442695040888963407
		fmt.Fprintf(&b, `{"id": %d, "weather": %q, "hour": %d, "camera": "cam-%d", "label": "car", "score": %.4f, "caption": "a scene with number %d in it", "reviewed": %v, "split": null, "lat": %.6f}`+"\n",
			i, words[x>>62], x>>59, x>>61, float64(x>>11)/(1<<53), x>>40, x>>63 == 0, float64(x>>20)/(1<<38))
	}
	return []byte(b.String())
}

// nestedFile makes rows with lists, structs and escapes.
func nestedFile(rows int) []byte {
	var b strings.Builder
	for i := range rows {
		fmt.Fprintf(&b, `{"text":"Uber\u2019s lesson %d","meta":{"source":"The New York Times","n":%d},"tokens":[{"text":"Uber","start":0,"end":4},{"text":"\u2019s","start":4,"end":6}],"v":[%v,%v]}`+"\n",
			i, i, 1/float64(i+3), 2/float64(i+7))
	}
	return []byte(b.String())
}

func benchFiles() map[string][]byte {
	return map[string][]byte{"flat": flatFile(5000), "nested": nestedFile(5000)}
}

func BenchmarkInfer(b *testing.B) {
	for name, file := range benchFiles() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				if _, _, err := infer(file, 1<<16, format.TextOptions{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for name, file := range benchFiles() {
		b.Run(name, func(b *testing.B) {
			codec, head, err := infer(file, 1<<16, format.TextOptions{})
			if err != nil {
				b.Fatal(err)
			}
			batch := column.NewBatch(&column.Schema{Fields: codec.Columns()}, 1000)
			chunks := cut(file[head:], 1<<16)
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				for _, c := range chunks {
					batch.Reset()
					if _, odd, err := codec.Parse(c, 1, batch); err != nil || len(odd) > 0 {
						b.Fatal(len(odd), err)
					}
				}
			}
		})
	}
}

func BenchmarkRender(b *testing.B) {
	file := flatFile(5000)
	codec, head, err := infer(file, 1<<16, format.TextOptions{})
	if err != nil {
		b.Fatal(err)
	}
	tab, err := parse(file, 1<<30, head, codec)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(file)))
	var dst []byte
	for b.Loop() {
		dst = dst[:0]
		for i := range tab.batch.Len {
			dst = codec.Render(dst, tab.batch, i)
		}
	}
}
