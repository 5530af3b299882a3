package sshsig

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
)

// TestVectors checks signed objects that are kept for other implementers.
// STRATA_UPDATE=1 writes them anew, with a new key.
func TestVectors(t *testing.T) {
	b := newBench(t)
	dir, err := filepath.Abs(filepath.Join("..", "..", "testdata", "vectors", "sshsig"))
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("STRATA_UPDATE") == "1" {
		b.writeVectors(dir)
	}
	b.Signers = filepath.Join(dir, "signers")
	read := func(name string) []byte {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := hex.DecodeString(strings.TrimSpace(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	commit, err := repo.DecodeCommit(read("commit.hex"))
	if err != nil {
		t.Fatal(err)
	}
	tag, err := repo.DecodeTag(read("tag.hex"))
	if err != nil {
		t.Fatal(err)
	}
	for name, signed := range map[string]repo.Signed{"commit": commit, "tag": tag} {
		payload, err := signed.Payload()
		if err != nil {
			t.Fatal(err)
		}
		if want := read("payload." + name + ".hex"); string(payload) != string(want) {
			t.Errorf("%s: the payload is %x, want %x", name, payload, want)
		}
		if v := b.verify(string(payload), signed.Signature()); v.Status != Good || v.Signer != "ana@example.com" {
			t.Errorf("%s: %+v", name, v)
		}
		payload[len(payload)-1] ^= 1
		if v := b.verify(string(payload), signed.Signature()); v.Status != Bad {
			t.Errorf("%s with another byte: %+v", name, v)
		}
	}
	// A signature of the one is none of the other.
	if payload, _ := tag.Payload(); b.verify(string(payload), commit.Signature()).Status != Bad {
		t.Error("the signature of the commit is good for the tag")
	}
}

func (b *bench) writeVectors(dir string) {
	b.t.Helper()
	save := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text+"\n"), 0o644); err != nil {
			b.t.Fatal(err)
		}
	}
	save("signers", "ana@example.com "+b.key("ana", "ed25519"))
	ana := repo.Signature{Name: "Ana Ito", Email: "ana@example.com", When: 1_700_000_000}
	commit := &repo.Commit{Tree: object.Sum([]byte("tree")), Author: ana, Committer: ana, Message: "One\n", Generation: 1,
		Extra: []repo.Field{{Name: "another", Value: "field"}}}
	tag := &repo.Tag{Target: object.Sum([]byte("commit")), Name: "v1", Tagger: ana, Message: "First\n"}
	payload, err := commit.Payload()
	if err != nil {
		b.t.Fatal(err)
	}
	save("payload.commit.hex", hex.EncodeToString(payload))
	commit.Extra = append(commit.Extra, repo.Field{Name: repo.SignatureField, Value: b.sign("ana", string(payload))})
	if payload, err = commit.Encode(); err != nil {
		b.t.Fatal(err)
	}
	save("commit.hex", hex.EncodeToString(payload))
	if payload, err = tag.Payload(); err != nil {
		b.t.Fatal(err)
	}
	save("payload.tag.hex", hex.EncodeToString(payload))
	tag.Extra = []repo.Field{{Name: repo.SignatureField, Value: b.sign("ana", string(payload))}}
	if payload, err = tag.Encode(); err != nil {
		b.t.Fatal(err)
	}
	save("tag.hex", hex.EncodeToString(payload))
}
