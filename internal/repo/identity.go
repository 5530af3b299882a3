package repo

import (
	"errors"
	"path/filepath"
	"strings"
	"time"

	"github.com/strata-data/strata/internal/repo/config"
)

// Role says as whom an identity is asked for.
type Role string

// The roles; they are the middle of the names of environment variables.
const (
	RoleAuthor    Role = "AUTHOR"
	RoleCommitter Role = "COMMITTER"
)

// ErrNoIdentity is returned when no name and email can be found for a commit.
var ErrNoIdentity = errors.New("no name and email are set")

// Identity returns who the user is, at the time when. Name and email are each
// the first of: STRATA_AUTHOR_NAME and _EMAIL (or STRATA_COMMITTER_...), the
// settings user.name and user.email, and git's own settings. Without a name or
// an email it is ErrNoIdentity; c may be nil.
func Identity(c *config.Config, role Role, getenv func(string) string, when time.Time) (Signature, error) {
	git := GitSettings(getenv)
	gitName, gitEmail := git["user.name"], git["user.email"]
	var ownName, ownEmail string
	if c != nil {
		ownName, ownEmail = c.String("user.name", ""), c.String("user.email", "")
	}
	s := NewSignature(
		firstText(getenv("STRATA_"+string(role)+"_NAME"), ownName, gitName),
		firstText(getenv("STRATA_"+string(role)+"_EMAIL"), ownEmail, gitEmail),
		when)
	if s.Name == "" || s.Email == "" {
		return s, ErrNoIdentity
	}
	return s, nil
}

// GitSettings returns the user's settings of git, by key in lower case such as
// user.signingkey, for what Strata has no setting of its own for.
func GitSettings(getenv func(string) string) map[string]string {
	home := getenv("HOME")
	xdg := getenv("XDG_CONFIG_HOME")
	if xdg == "" && home != "" {
		xdg = filepath.Join(home, ".config")
	}
	if home == "" && xdg == "" {
		return nil
	}
	return config.Git(home, filepath.Join(xdg, "git", "config"), filepath.Join(home, ".gitconfig"))
}

// Identity returns who the user is now; see the function Identity.
func (r *Repo) Identity(role Role) (Signature, error) {
	c, err := r.Config()
	if err != nil {
		return Signature{}, err
	}
	return Identity(c, role, r.opt.Getenv, r.Now())
}

func firstText(texts ...string) string {
	for _, s := range texts {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	return ""
}
