package repo

import (
	"context"
	"fmt"
	"slices"

	"github.com/strata-data/strata/internal/object"
)

// SignatureField is the extra field of a commit or tag that holds its signature
// (docs/format/commit.md).
const SignatureField = "sshsig"

// Signer returns the signature of an object's bytes.
type Signer func(ctx context.Context, payload []byte) (signature string, err error)

// Signed is an object that can bear a signature.
type Signed interface {
	// Signature returns the signature, "" where there is none.
	Signature() string
	// Payload returns what is signed: the object without its signature.
	Payload() ([]byte, error)
}

var _, _ Signed = (*Commit)(nil), (*Tag)(nil)

// Signature implements Signed.
func (c *Commit) Signature() string { return fieldOf(c.Extra, SignatureField) }

// Payload implements Signed.
func (c *Commit) Payload() ([]byte, error) {
	bare := *c
	bare.Extra = withoutField(c.Extra, SignatureField)
	return bare.Encode()
}

// Signature implements Signed.
func (t *Tag) Signature() string { return fieldOf(t.Extra, SignatureField) }

// Payload implements Signed.
func (t *Tag) Payload() ([]byte, error) {
	bare := *t
	bare.Extra = withoutField(t.Extra, SignatureField)
	return bare.Encode()
}

// sign puts the signature by s into c; nil signs nothing and takes away what
// was there.
func (c *Commit) sign(ctx context.Context, s Signer) error {
	c.Extra = withoutField(c.Extra, SignatureField)
	if s == nil {
		return nil
	}
	b, err := c.Payload()
	if err != nil {
		return err
	}
	c.Extra, err = signFields(ctx, c.Extra, s, b)
	return err
}

// sign puts the signature by s into t.
func (t *Tag) sign(ctx context.Context, s Signer) error {
	if s == nil {
		return nil
	}
	b, err := t.Payload()
	if err != nil {
		return err
	}
	t.Extra, err = signFields(ctx, t.Extra, s, b)
	return err
}

func signFields(ctx context.Context, fields []Field, s Signer, payload []byte) ([]Field, error) {
	signature, err := s(ctx, payload)
	if err != nil {
		return fields, fmt.Errorf("sign: %w", err)
	}
	return sortFields(append(slices.Clone(fields), Field{Name: SignatureField, Value: signature})), nil
}

func fieldOf(fields []Field, name string) string {
	for _, f := range fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// withoutField returns fields without that of the name, nil for none.
func withoutField(fields []Field, name string) []Field {
	var out []Field
	for _, f := range fields {
		if f.Name != name {
			out = append(out, f)
		}
	}
	return out
}

// SignedObject returns the commit or tag id and when it says that it was made.
func (r *Repo) SignedObject(ctx context.Context, id object.ID) (Signed, Signature, error) {
	k, err := r.Kind(ctx, id)
	if err != nil {
		return nil, Signature{}, err
	}
	switch k {
	case object.KindCommit:
		c, err := r.Commit(ctx, id)
		if err != nil {
			return nil, Signature{}, err
		}
		return c, c.Committer, nil
	case object.KindTag:
		t, err := r.Tag(ctx, id)
		if err != nil {
			return nil, Signature{}, err
		}
		return t, t.Tagger, nil
	}
	return nil, Signature{}, &WrongKindError{ID: id, Have: k, Want: object.KindCommit}
}
