package csv

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/format/lines"
)

// w1 is a file like that of the ingest benchmark: id, categories with a few
// frequent values, floats, a timestamp, 40 to 400 bytes of text, a column with
// nulls.
func w1(size int) []byte {
	rng := rand.New(rand.NewPCG(1, 1))
	word := []string{"rain", "night", "truck", "bicycle", "junction", "stopped", "left", "pedestrian", "ahead, slowly", "blurred"}
	zipf := func(n int) int { return int(float64(n) * rng.Float64() * rng.Float64() * rng.Float64()) }
	b := []byte("id,weather,camera,label,score,lat,taken,split,caption,speed\n")
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for id := 0; len(b) < size; id++ {
		at = at.Add(time.Duration(rng.IntN(5e9)))
		b = fmt.Appendf(b, "%d,w%d,cam%02d,%s,%g,%.6f,%s,%s,", id, zipf(20), zipf(30), word[zipf(8)], float64(rng.IntN(1e6))/1e6,
			-90+180*rng.Float64(), at.Format("2006-01-02T15:04:05Z"), []string{"train", "train", "train", "val"}[rng.IntN(4)])
		n, quoted := 40+rng.IntN(360), rng.IntN(5) == 0
		if quoted {
			b = append(b, '"')
		}
		for end := len(b) + n; len(b) < end; b = append(b, ' ') {
			w := word[rng.IntN(len(word))]
			if !quoted && w[len(w)-1] == 'y' {
				w = "slowly"
			}
			b = append(b, w...)
		}
		if quoted {
			b = append(b, `, end"`...)
		}
		b = append(b, ',')
		if rng.IntN(10) > 0 {
			b = fmt.Appendf(b, "%d", rng.IntN(130))
		}
		b = append(b, '\n')
	}
	return b
}

func narrow(size int) []byte {
	rng := rand.New(rand.NewPCG(2, 1))
	b := []byte("id,a,b,c,d\n")
	for id := 0; len(b) < size; id++ {
		b = fmt.Appendf(b, "%d,%d,%.3f,%v,w%d\n", id, rng.IntN(1000), rng.Float64(), rng.Float64(), rng.IntN(100))
	}
	return b
}

func BenchmarkInfer(b *testing.B) { overChunks(b, false) }

func BenchmarkParse(b *testing.B) { overChunks(b, true) }

func overChunks(b *testing.B, parse bool) {
	for name, file := range map[string][]byte{"w1": w1(20 << 20), "narrow": narrow(20 << 20)} {
		b.Run(name, func(b *testing.B) {
			inf, head, err := text{}.Sniff(file[:lines.SniffSize], false, format.TextOptions{})
			if err != nil {
				b.Fatal(err)
			}
			var chunks []lines.Chunk
			ctx := context.Background()
			for c, err := range lines.Chunks(ctx, bytes.NewReader(file[head:]), lines.RecordEnd(text{}, inf), lines.Options{}) {
				if err != nil {
					b.Fatal(err)
				}
				chunks = append(chunks, c)
			}
			all := inf.Clone()
			for _, c := range chunks {
				if err := all.Chunk(c.Data, c.Line); err != nil {
					b.Fatal(err)
				}
			}
			codec, _ := all.Codec()
			batch := column.NewBatch(&column.Schema{Fields: codec.Columns()}, 0)
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				one := inf.Clone()
				for _, c := range chunks {
					if !parse {
						err = one.Chunk(c.Data, c.Line)
					} else {
						batch.Reset()
						_, _, err = codec.Parse(c.Data, c.Line, batch)
					}
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

func BenchmarkRender(b *testing.B) {
	file := w1(20 << 20)
	tab, err := read(text{}, file, format.TextOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(file)))
	b.ResetTimer()
	var buf []byte
	for b.Loop() {
		buf = buf[:0]
		for i := range tab.batch.Len {
			buf = tab.codec.Render(buf, tab.batch, i)
		}
	}
}

func BenchmarkRecordEnd(b *testing.B) {
	file := w1(4 << 20)
	quoted := bytes.Repeat([]byte(`"alpha","beta","1,234","delta epsilon"`+"\n"), 100000)
	for name, data := range map[string][]byte{"w1": file, "quoted": quoted} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(64 << 10)
			for b.Loop() {
				if recordEnd(data, 64<<10, ',', false) < 0 {
					b.Fatal("none")
				}
			}
		})
	}
}
