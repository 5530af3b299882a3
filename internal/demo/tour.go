package demo

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Step is one thing that happens on the tour: something outside of Strata, then
// commands. Both may be missing.
type Step struct {
	Say      string                           // a heading for people; "" goes on
	Do       func(dir string) (string, error) // returns what there is to say about it
	Commands [][]string                       // arguments of strata, run in dir
	At       time.Time                        // what the clock shows
}

// Start is when the tour begins.
func Start() time.Time { return time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC) }

// Tour returns the steps, in order. They write s into the directory and change
// it, so each has to be taken once.
func Tour(s *Scenes) []Step {
	day := func(n int) time.Time { return Start().AddDate(0, 0, n) }
	var first [sha256.Size]byte
	return []Step{
		{Say: "Data as it comes: JSON lines, CSV and images", At: day(0),
			Do: func(dir string) (string, error) {
				if err := s.Write(dir); err != nil {
					return "", err
				}
				var err error
				first, err = fileHash(dir, "train.jsonl")
				return s.String(), err
			},
			Commands: [][]string{{"init"}, {"add", ".", "--key", "id"}, {"commit", "-m", "Drives of spring and summer"}}},
		{Say: "An annotator looks at the night again", At: day(1),
			Do: func(dir string) (string, error) {
				return fmt.Sprintf("train.jsonl: %d labels corrected in an editor", s.Correct()), s.Write(dir)
			},
			Commands: [][]string{{"status"}, {"add", "train.jsonl"}, {"diff", "--staged"},
				{"commit", "-m", "At night bicycles are not people on foot"}}},
		{Say: "It snows: new captures", At: day(8),
			Do: func(dir string) (string, error) {
				n := s.Capture()
				return fmt.Sprintf("train.jsonl: %d samples appended; images: %d new ones", n, n/perFrame), s.Write(dir)
			},
			Commands: [][]string{{"add", "."}, {"commit", "-m", "Drives in snow"}}},
		{Say: "A new column: how much of the object is hidden", At: day(9),
			Do: func(dir string) (string, error) {
				s.Review()
				return "train.jsonl: every line has a new field", s.Write(dir)
			},
			Commands: [][]string{{"add", "-u"}, {"diff", "--staged"}, {"commit", "-m", "Occlusion, 0 to 3"}}},
		{Say: "Who changed what, and when", At: day(10),
			Commands: [][]string{{"log", "--oneline"}, {"diff", "HEAD~3", "HEAD", "--shortstat"}, {"log", "--", "train/s000697"}}},
		{Say: "Look at the data, name parts of it, choose from it", At: day(10),
			Commands: [][]string{{"head", "train", "-n", "3", "--columns", "id,weather,hour,label,caption"}, {"describe", "train"},
				{"slice", "create", "dark", "hour >= 21 or hour < 6", "-d", "train", "-m", "labels were wrong here"}, {"slice", "list"},
				{"commit", "-m", "Slice: dark"},
				{"sample", "train", "-n", "5", "--slice", "dark", "--by", "stratified:label", "--seed", "7"}}},
		{Say: "Has the data moved since the first version?", At: day(11),
			Commands: [][]string{{"drift", "HEAD~4", "HEAD", "--columns", "weather,hour,camera,label,score", "--", "train"}}},
		{Say: "Any version comes back, byte for byte", At: day(12),
			Commands: [][]string{{"restore", "--source", "HEAD~4", "train.jsonl"}}},
		{At: day(12),
			Do: func(dir string) (string, error) {
				now, err := fileHash(dir, "train.jsonl")
				if err != nil || now == first {
					return fmt.Sprintf("train.jsonl: SHA-256 %x..., the same as on the first day", now[:8]), err
				}
				return "", fmt.Errorf("train.jsonl has SHA-256 %x, had %x on the first day", now, first)
			},
			Commands: [][]string{{"status"}, {"restore", "train.jsonl"}, {"status"}}},
		{Say: "Take it elsewhere", At: day(13),
			Commands: [][]string{{"export", "train", "--slice", "dark", "--columns", "id,label,score", "-o", "dark.parquet"}}},
	}
}

// Next returns commands to go on with, to be typed in the directory.
func Next() []string {
	return []string{
		`strata diff HEAD~4 HEAD~3 -p --limit 5`,
		`strata describe train --where "weather = 'snow'"`,
		`strata export train --where "label = 'bus' and score < 0.7" --columns id,score,image`,
		`strata switch -c mine && strata log --graph --all --oneline`,
		`strata help`,
	}
}

// String counts the dataset.
func (s *Scenes) String() string {
	return fmt.Sprintf("train.jsonl: %d,%03d samples; val.csv: %d samples; images: %d files",
		len(s.train)/1000, len(s.train)%1000, len(s.val), (len(s.train)+len(s.val))/perFrame)
}

func fileHash(dir, name string) ([sha256.Size]byte, error) {
	b, err := os.ReadFile(filepath.Join(dir, name))
	return sha256.Sum256(b), err
}
