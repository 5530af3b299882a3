package demo

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Write writes train.jsonl, val.csv and those images that are not there yet
// into dir.
func (s *Scenes) Write(dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, "images"), 0o777); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "train.jsonl"), s.trainFile(), 0o666); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "val.csv"), s.valFile(), 0o666); err != nil {
		return err
	}
	for _, samples := range [][]sample{s.train, s.val} {
		for i := 0; i < len(samples); i += perFrame {
			x := &samples[i]
			path := filepath.Join(dir, filepath.FromSlash(x.image))
			if _, err := os.Stat(path); err == nil {
				continue
			}
			pixels, err := frameImage(x)
			if err != nil {
				return fmt.Errorf("draw %s: %w", x.image, err)
			}
			if err := os.WriteFile(path, pixels, 0o666); err != nil {
				return err
			}
		}
	}
	return nil
}

// trainFile returns the training samples as Python's json.dumps writes them.
func (s *Scenes) trainFile() []byte {
	var b bytes.Buffer
	for i := range s.train {
		x := &s.train[i]
		fmt.Fprintf(&b, `{"id": "%s", "weather": "%s", "hour": %d, "camera": "%s", "label": "%s", "score": %s, "caption": %s, "embedding": [`,
			x.id, x.weather, x.hour, x.camera, x.label, number(x.score), quoted(x.caption))
		for k, v := range x.vector {
			if k > 0 {
				b.WriteString(", ")
			}
			b.WriteString(number(v))
		}
		fmt.Fprintf(&b, `], "image": "%s"`, x.image)
		if s.reviewed {
			fmt.Fprintf(&b, `, "occlusion": %d`, x.hidden)
		}
		b.WriteString("}\n")
	}
	return b.Bytes()
}

// valFile returns the validation samples as CSV, without embeddings.
func (s *Scenes) valFile() []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b) // cannot fail on a buffer
	w.Write([]string{"id", "weather", "hour", "camera", "label", "score", "caption", "image"})
	for i := range s.val {
		x := &s.val[i]
		w.Write([]string{x.id, x.weather, strconv.Itoa(x.hour), x.camera, x.label, number(x.score), x.caption, x.image})
	}
	w.Flush()
	return b.Bytes()
}

// number writes the shortest text of v, with a point, as Python does.
func number(v float64) string {
	text := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// quoted writes a JSON string with characters as they are.
func quoted(text string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.Encode(text) // a string always encodes
	return strings.TrimSuffix(b.String(), "\n")
}
