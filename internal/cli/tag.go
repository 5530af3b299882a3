package cli

import (
	"context"
	"io"
	"os"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/pkg/strata"
)

type tagOptions struct {
	strata.TagOptions
	messages     []string
	file         string
	delete, list bool
}

func newTagCmd(env *Env) *cobra.Command {
	o := &tagOptions{}
	cmd := &cobra.Command{
		Use:   "tag [NAME [REV]]",
		Short: "List, make or delete tags",
		Long: "Without arguments the tags, with -v what they tag too; with --list and a pattern\n" +
			"those that fit. -m makes an annotated tag, which says who, when and why.",
		Example:           "  strata tag\n  strata tag v1 -m \"First release\"\n  strata tag -l 'v1.*'\n  strata tag -d v1",
		ValidArgsFunction: completeRevisions(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runTag(cmd.Context(), env, o, args)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVarP(&o.list, "list", "l", false, "list tags, those that fit a pattern if one is given")
	f.BoolVarP(&o.Annotate, "annotate", "a", false, "make an annotated tag")
	f.StringArrayVarP(&o.messages, "message", "m", nil, "its message is `TEXT`; several are its paragraphs; implies --annotate")
	f.StringVarP(&o.file, "file", "F", "", "take the message from `FILE`; - is standard input; implies --annotate")
	f.BoolVarP(&o.Sign, "sign", "s", false, "sign it with your SSH key; implies --annotate")
	f.StringVarP(&o.Key, "local-user", "u", "", "sign it with `KEY`; implies --annotate")
	f.BoolVar(&o.NoSign, "no-sign", false, "do not sign, whatever the setting tag.sign says")
	f.BoolVarP(&o.delete, "delete", "d", false, "delete tags")
	f.BoolVarP(&o.Force, "force", "f", false, "move a tag that exists")
	cmd.MarkFlagsMutuallyExclusive("list", "delete", "annotate")
	cmd.MarkFlagsMutuallyExclusive("message", "file")
	cmd.MarkFlagsMutuallyExclusive("sign", "no-sign")
	cmd.MarkFlagsMutuallyExclusive("local-user", "no-sign")
	return cmd
}

func runTag(ctx context.Context, env *Env, o *tagOptions, args []string) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	switch {
	case o.delete:
		return deleteTags(ctx, env, r, args)
	case o.list || len(args) == 0:
		return listTags(ctx, env, r, args)
	case len(args) > 2:
		return usagef("strata help tag", "a name and at most one revision are wanted")
	}
	o.Name = args[0]
	if env.Flags.Verbose > 0 && len(args) == 1 { // git's -v verifies, and whoever types it does not want a new tag
		return usagef("strata verify-tag "+shellWord(o.Name), "tag -v says more; it does not verify a tag, and made none")
	}
	if len(args) == 2 {
		o.Revision = previous(args[1])
	}
	if o.Key != "" {
		o.Sign = true
	}
	o.Annotate = o.Annotate || o.Sign
	if err := o.readMessage(ctx, env); err != nil {
		return err
	}
	id, err := r.CreateTag(ctx, o.TagOptions)
	if err != nil {
		return err
	}
	if env.Flags.JSON {
		return listTags(ctx, env, r, []string{o.Name})
	}
	if o.Force {
		env.Notef("tag %s is now %s", o.Name, id.Short())
		env.howBack()
	}
	return nil
}

// readMessage takes the message from flags, a file or an editor.
func (o *tagOptions) readMessage(ctx context.Context, env *Env) (err error) {
	var b []byte
	switch {
	case len(o.messages) > 0:
		o.Annotate, o.Message = true, strings.Join(o.messages, "\n\n")
		return nil
	case o.file == "-":
		o.Annotate = true
		b, err = io.ReadAll(env.In)
	case o.file != "":
		o.Annotate = true
		b, err = os.ReadFile(env.Path(o.file))
	case o.Annotate:
		if env.editor() == "" || !env.MayAsk() {
			return &Failure{Slug: "needs-input", Message: "an annotated tag needs a message and there is nobody to write it", Hints: []string{`strata tag -m "MESSAGE" ` + o.Name}}
		}
		o.Edited = true
		o.Message, err = env.Edit(ctx, "TAG_EDITMSG", "\n# Write the message of tag "+o.Name+". Lines that begin with # are left out.\n")
		return err
	}
	o.Message = string(b)
	return err
}

func deleteTags(ctx context.Context, env *Env, r *strata.Repo, names []string) error {
	if len(names) == 0 {
		return usagef("strata tag", "no tag was named")
	}
	for _, name := range names {
		id, err := r.DeleteTag(ctx, name)
		if err != nil {
			return err
		}
		env.Notef("Deleted tag %s (was %s)", name, id.Short())
	}
	env.howBack()
	if env.Flags.JSON {
		return listTags(ctx, env, r, nil)
	}
	return nil
}

func listTags(ctx context.Context, env *Env, r *strata.Repo, patterns []string) error {
	list, err := r.Tags(ctx)
	if err != nil {
		return err
	}
	kept := list.Tags[:0]
	for _, t := range list.Tags {
		if len(patterns) == 0 || fitsAny(patterns, t.Name) {
			kept = append(kept, t)
		}
	}
	list.Tags = kept
	if env.Flags.JSON {
		return env.PrintJSON(list)
	}
	var rows [][]string
	for _, t := range list.Tags {
		row := []string{t.Name}
		if env.Flags.Verbose > 0 {
			row = append(row, env.Style().ID(t.Target.Short()), t.Subject)
		}
		rows = append(rows, row)
	}
	env.printTable(rows, "lll")
	return nil
}

func fitsAny(patterns []string, name string) bool {
	for _, p := range patterns {
		if ok, err := path.Match(p, name); ok && err == nil {
			return true
		}
	}
	return false
}
