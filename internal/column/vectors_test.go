package column

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const vectorDir = "../../testdata/vectors/page"

// pageVector is a file of testdata/vectors/page.
type pageVector struct {
	name, head string // head is all before the hex
	values     *Vector
	sameAs     string
	page       []byte
}

func readVectors(t testing.TB) []pageVector {
	t.Helper()
	files, err := filepath.Glob(vectorDir + "/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors in %s: %v", vectorDir, err)
	}
	var all []pageVector
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		p, err := parseVector(string(b))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		p.name = strings.TrimSuffix(filepath.Base(file), ".txt")
		all = append(all, p)
	}
	return all
}

func parseVector(text string) (pageVector, error) {
	head, page, ok := strings.Cut(text, "page:\n")
	p := pageVector{head: head + "page:\n"}
	if !ok {
		return p, fmt.Errorf("no page")
	}
	var err error
	if p.page, err = hex.DecodeString(strings.Join(strings.Fields(page), "")); err != nil {
		return p, err
	}
	about, values, _ := strings.Cut(head, "values:\n")
	for line := range strings.Lines(about) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "type":
			ty, err := ParseType(value)
			if err != nil {
				return p, err
			}
			p.values = NewVector(ty, 0)
		case "same as":
			p.sameAs = value
		}
	}
	for line := range strings.Lines(values) {
		line = strings.TrimSpace(line)
		if line == "null" {
			p.values.AppendNull()
		} else if err := parseJSON(p.values.Type, []byte(line), p.values); err != nil {
			return p, err
		}
	}
	return p, nil
}

func TestVectors(t *testing.T) {
	pages := map[string][]byte{}
	for _, p := range readVectors(t) {
		got := EncodePage(nil, p.values, 0, p.values.Len)
		pages[p.name] = got
		if *update {
			var b bytes.Buffer
			b.WriteString(p.head)
			for i := 0; i < len(got); i += 32 {
				fmt.Fprintf(&b, "%x\n", got[i:min(i+32, len(got))])
			}
			if err := os.WriteFile(filepath.Join(vectorDir, p.name+".txt"), b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			p.page = got
		}
		if !bytes.Equal(got, p.page) {
			t.Errorf("%s: page = %x, want %x", p.name, got, p.page)
		}
		v := NewVector(p.values.Type, 0)
		if err := DecodePage(p.page, v); err != nil {
			t.Errorf("%s: %v", p.name, err)
			continue
		}
		wantSame(t, p.name, logicals(v, 0, v.Len), logicals(p.values, 0, p.values.Len))
		if err := CheckPage(p.page, p.values.Type); err != nil {
			t.Errorf("%s: CheckPage: %v", p.name, err)
		}
	}
	for _, p := range readVectors(t) {
		if p.sameAs != "" && !bytes.Equal(pages[p.name], pages[p.sameAs]) {
			t.Errorf("%s: page = %x, %s = %x", p.name, pages[p.name], p.sameAs, pages[p.sameAs])
		}
	}
}
