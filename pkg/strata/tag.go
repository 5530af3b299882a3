package strata

import (
	"context"
	"strconv"
	"strings"

	"github.com/strata-data/strata/internal/repo"
)

// TagList is strata.tag/1.
type TagList struct {
	Schema string    `json:"schema"`
	Tags   []TagInfo `json:"tags"` // by name
}

// TagInfo is one tag.
type TagInfo struct {
	Name    string  `json:"name"`
	ID      ID      `json:"id"`     // what the ref names: a tag object, or the commit itself
	Target  ID      `json:"target"` // what is tagged
	Tagger  *Person `json:"tagger"` // nil for a lightweight tag
	Message string  `json:"message"`
	Subject string  `json:"subject"` // of the message, or of the commit
	// Signature is set where it was asked for.
	Signature *Signature `json:"signature,omitempty"`
}

// Tags returns all tags.
func (r *Repo) Tags(ctx context.Context) (*TagList, error) {
	found, err := r.r.Tags(ctx)
	if err != nil {
		return nil, err
	}
	list := &TagList{Schema: "strata.tag/1", Tags: []TagInfo{}}
	for _, t := range found {
		info := TagInfo{Name: t.Name, ID: t.Target, Target: t.Target}
		if t.Tag != nil {
			info = annotated(t.Target, t.Tag)
			info.Name = t.Name
		} else if c, err := r.r.Commit(ctx, t.Target); err == nil {
			info.Subject = c.Subject()
		}
		list.Tags = append(list.Tags, info)
	}
	return list, nil
}

func annotated(id ID, t *repo.Tag) TagInfo {
	by := person(t.Tagger)
	subject, _, _ := strings.Cut(strings.TrimSpace(t.Message), "\n")
	return TagInfo{Name: t.Name, ID: id, Target: t.Target, Tagger: &by, Message: t.Message, Subject: subject}
}

func (r *Repo) tagInfo(ctx context.Context, id ID) (*TagInfo, error) {
	t, err := r.r.Tag(ctx, id)
	if err != nil {
		return nil, err
	}
	info := annotated(id, t)
	return &info, nil
}

// TagOptions of Repo.CreateTag.
type TagOptions struct {
	Name        string
	Revision    string // "" is HEAD
	Annotate    bool   // with Message, who and when
	Message     string
	Edited      bool // Message comes from an editor: lines with # are comments
	Force       bool // move a tag that exists
	SignOptions      // of an annotated tag
}

// CreateTag makes a tag and returns what its ref names.
func (r *Repo) CreateTag(ctx context.Context, o TagOptions) (ID, error) {
	if err := repo.CheckTagName(o.Name); err != nil {
		return ID{}, err
	}
	if o.Revision == "" {
		o.Revision = "HEAD"
	}
	id, err := r.r.ResolveObject(ctx, o.Revision)
	if err != nil {
		return ID{}, err
	}
	to := repo.TagOptions{Name: o.Name, Target: id, Annotate: o.Annotate, Force: o.Force}
	if o.Annotate {
		how := repo.CleanupWhitespace
		if o.Edited {
			how = repo.CleanupStrip
		}
		if to.Message = repo.CleanMessage(o.Message, how); to.Message == "" {
			return ID{}, repo.ErrEmptyMessage
		}
		if to.By, err = r.committer(); err != nil {
			return ID{}, err
		}
		if to.Sign, err = r.signer(o.SignOptions, "tag.sign"); err != nil {
			return ID{}, err
		}
		if to.By, err = r.dated(to.By, "STRATA_COMMITTER_DATE", ""); err != nil {
			return ID{}, err
		}
		unlock, err := r.r.Lock(ctx) // an object is made
		if err != nil {
			return ID{}, err
		}
		defer func() { _ = unlock() }()
	} else if to.By, err = r.actor(); err != nil {
		return ID{}, err
	}
	return r.r.CreateTag(ctx, to)
}

// DeleteTag removes a tag and returns what it named.
func (r *Repo) DeleteTag(ctx context.Context, name string) (ID, error) {
	by, err := r.actor()
	if err != nil {
		return ID{}, err
	}
	return r.r.DeleteTag(ctx, name, by)
}

func selector(ref string, n int) string { return ref + "@{" + strconv.Itoa(n) + "}" }
