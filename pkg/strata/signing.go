package strata

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/repo/config"
	"github.com/strata-data/strata/internal/sshsig"
)

// SignOptions say whether a commit or tag is signed. The zero value leaves it to
// the settings commit.sign and tag.sign.
type SignOptions struct {
	Sign   bool   // sign, whatever the settings say
	NoSign bool   // do not, whatever they say
	Key    string // path of a key, or a public key as text; "" is the setting user.signingkey
}

// Signature is what the signature of a commit or tag is worth. Status is good,
// untrusted (valid, by an unknown key), bad or unsigned.
type Signature = sshsig.Verdict

// What a signature can be.
const (
	SignatureGood      = sshsig.Good
	SignatureUntrusted = sshsig.Untrusted
	SignatureBad       = sshsig.Bad
	SignatureNone      = sshsig.None
)

// Conditions of signing.
var (
	// ErrNoSSHKeygen is returned where ssh-keygen cannot be run.
	ErrNoSSHKeygen = sshsig.ErrNoProgram
	// ErrNoSigningKey is returned where there is no key to sign with.
	ErrNoSigningKey = sshsig.ErrNoKey
	// ErrNotSigned is returned where ssh-keygen did not sign.
	ErrNotSigned = sshsig.ErrNotSigned
)

// signer returns who signs what a verb makes, nil for nobody. setting is the
// key of the setting that decides where the options do not.
func (r *Repo) signer(o SignOptions, setting string) (repo.Signer, error) {
	c, err := r.r.Config()
	if err != nil {
		return nil, err
	}
	on := o.Sign
	if !on && !o.NoSign {
		if on, err = c.Bool(setting, false); err != nil {
			return nil, err
		}
	}
	if !on || o.NoSign {
		return nil, nil
	}
	t, err := r.signingTool(c)
	if err != nil {
		return nil, err
	}
	key := o.Key
	if key == "" {
		key = r.signingSetting(c, "key")
	}
	return func(ctx context.Context, payload []byte) (string, error) { return t.Sign(ctx, key, payload) }, nil
}

// signingTool returns ssh-keygen as the settings have it.
func (r *Repo) signingTool(c *config.Config) (*sshsig.Tool, error) {
	if r.programs == nil {
		return nil, ErrNoPrograms
	}
	t := &sshsig.Tool{Program: r.signingSetting(c, "program"), Environ: r.programs.Environ, Dir: r.programs.Dir,
		Signers: r.signingSetting(c, "allowed-signers"), Revoked: r.signingSetting(c, "revoked")}
	for _, path := range []*string{&t.Signers, &t.Revoked} {
		if *path != "" && !filepath.IsAbs(*path) && (*path)[0] != '~' && r.Root() != "" {
			*path = filepath.Join(r.Root(), *path) // as in git
		}
	}
	return t, nil
}

// signingSetting returns the setting signing.NAME, user.signingkey for the key,
// or what git has for it where git signs with SSH keys. The settings that come
// with the data (strata.toml) do not count: whoever wrote the data must not say
// whose signatures are good.
func (r *Repo) signingSetting(c *config.Config, name string) string {
	keys := map[string][]string{"key": {"signing.key", "user.signingkey"}}[name]
	if keys == nil {
		keys = []string{"signing." + name}
	}
	for _, s := range slices.Backward(c.All()) {
		if s.Scope != config.Project && slices.Contains(keys, s.Key) {
			return config.Text(s.Value)
		}
	}
	git := repo.GitSettings(r.getenv)
	if name == "key" && git["gpg.format"] != "ssh" {
		return ""
	}
	return git[map[string]string{"key": "user.signingkey", "program": "gpg.ssh.program",
		"allowed-signers": "gpg.ssh.allowedsignersfile", "revoked": "gpg.ssh.revocationfile"}[name]]
}

// SignatureOf says what the signature of the commit or tag id is worth.
func (r *Repo) SignatureOf(ctx context.Context, id ID) (*Signature, error) {
	signed, by, err := r.r.SignedObject(ctx, id)
	if err != nil {
		return nil, err
	}
	if signed.Signature() == "" {
		return &Signature{Status: SignatureNone}, nil
	}
	c, err := r.r.Config()
	if err != nil {
		return nil, err
	}
	t, err := r.signingTool(c)
	if err != nil {
		return nil, err
	}
	return verifySigned(ctx, t, signed, by.Time())
}

func verifySigned(ctx context.Context, t *sshsig.Tool, signed repo.Signed, when time.Time) (*Signature, error) {
	payload, err := signed.Payload()
	if err != nil {
		return nil, err
	}
	v, err := t.Verify(ctx, payload, signed.Signature(), when)
	return &v, err
}

// VerifySignaturesResult is strata.verify-commit/1 and strata.verify-tag/1.
type VerifySignaturesResult struct {
	Schema  string         `json:"schema"`
	Good    bool           `json:"good"` // all of them
	Objects []SignedObject `json:"objects"`
}

// SignedObject is a commit or tag with what its signature is worth.
type SignedObject struct {
	Name      string    `json:"name"` // as it was asked for
	ID        ID        `json:"id"`
	Kind      string    `json:"kind"` // commit, tag
	By        Person    `json:"by"`   // committer, tagger: as it says of itself
	Subject   string    `json:"subject"`
	Signature Signature `json:"signature"`
}

// VerifyCommits says what the signatures of commits are worth.
func (r *Repo) VerifyCommits(ctx context.Context, revisions []string) (*VerifySignaturesResult, error) {
	return r.verifySignatures(ctx, "strata.verify-commit/1", revisions, func(name string) (ID, error) { return r.r.Resolve(ctx, name) })
}

// VerifyTags says what the signatures of annotated tags are worth. A tag
// without an object is a *repo.WrongKindError.
func (r *Repo) VerifyTags(ctx context.Context, names []string) (*VerifySignaturesResult, error) {
	return r.verifySignatures(ctx, "strata.verify-tag/1", names, func(name string) (ID, error) {
		id, err := r.r.ResolveObject(ctx, name)
		if err != nil {
			return id, err
		}
		k, err := r.r.Kind(ctx, id)
		if err == nil && k != object.KindTag {
			err = &repo.WrongKindError{ID: id, Have: k, Want: object.KindTag}
		}
		return id, err
	})
}

func (r *Repo) verifySignatures(ctx context.Context, schema string, names []string, find func(string) (ID, error)) (*VerifySignaturesResult, error) {
	res := &VerifySignaturesResult{Schema: schema, Good: true, Objects: []SignedObject{}}
	for _, name := range names {
		id, err := find(name)
		if err != nil {
			return nil, err
		}
		one := SignedObject{Name: name, ID: id}
		signed, by, err := r.r.SignedObject(ctx, id)
		if err != nil {
			return nil, err
		}
		switch s := signed.(type) {
		case *repo.Commit:
			one.Kind, one.Subject = "commit", s.Subject()
		case *repo.Tag:
			one.Kind, one.Subject = "tag", annotated(id, s).Subject
		}
		one.By = person(by)
		v, err := r.SignatureOf(ctx, id)
		if err != nil {
			return nil, err
		}
		one.Signature = *v
		res.Good = res.Good && v.Status == SignatureGood
		res.Objects = append(res.Objects, one)
	}
	return res, nil
}

// SignatureError is returned for a commit without the good signature that was
// asked for.
type SignatureError struct {
	Name      string // as it was named
	Commit    ID
	Signature Signature
}

func (e *SignatureError) Error() string {
	return "commit " + e.Commit.Short() + " of " + e.Name + " has no good signature: " + e.Signature.String()
}

// verify checks the signature of a commit to merge, where that is wanted.
func (m *merging) verify(ctx context.Context, name string, id ID) error {
	if !m.o.VerifySignatures {
		return nil
	}
	v, err := m.r.SignatureOf(ctx, id)
	if err == nil && v.Status != SignatureGood {
		err = &SignatureError{Name: name, Commit: id, Signature: *v}
	}
	return err
}
