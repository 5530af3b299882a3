package cli

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
)

type catObjectOptions struct {
	kind, size, pretty bool
	pageType           string
}

func newCatObjectCmd(env *Env) *cobra.Command {
	o := &catObjectOptions{}
	cmd := &cobra.Command{
		Use:   "cat-object ID|REV|REV:DATASET",
		Short: "Print an object of the store",
		Long: "Without -t, -s, -p or --json the object's bytes as they are hashed. A page does not\n" +
			"know the type of its values, so -p prints them only with --type.",
		Example:           "  strata cat-object -p HEAD\n  strata cat-object -p HEAD:train\n  strata cat-object -t v1\n  strata cat-object -p --type int64 ID",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeRevisions(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runCatObject(cmd.Context(), env, o, args[0])
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVarP(&o.kind, "kind", "t", false, "print its kind")
	f.BoolVarP(&o.size, "size", "s", false, "print its size in bytes")
	f.BoolVarP(&o.pretty, "pretty", "p", false, "print it readable, as JSON")
	f.StringVar(&o.pageType, "type", "", "the values of a page are of `TYPE`")
	cmd.MarkFlagsMutuallyExclusive("kind", "size", "pretty")
	return cmd
}

func runCatObject(ctx context.Context, env *Env, o *catObjectOptions, name string) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	obj, err := r.Object(ctx, name)
	if err != nil {
		return err
	}
	switch {
	case o.kind && !env.Flags.JSON:
		env.Printf("%s\n", obj.Kind)
		return nil
	case o.size && !env.Flags.JSON:
		env.Printf("%d\n", len(obj.Bytes))
		return nil
	case !o.pretty && !o.kind && !o.size && !env.Flags.JSON:
		if env.Terminal.Out {
			return usagef("strata cat-object -p "+name, "the bytes of an object are not for a terminal")
		}
		_, err := env.Out.Write(obj.Bytes)
		return err
	}
	doc, err := obj.Explain(o.pageType)
	if err != nil {
		return err
	}
	if env.Flags.JSON {
		return env.PrintJSON(doc)
	}
	b, err := json.MarshalIndent(doc.Content, "", "  ")
	if err != nil {
		return fmt.Errorf("print object %s: %w", obj.ID, err)
	}
	env.Printf("%s %s\n%s\n", obj.Kind, obj.ID, b)
	return nil
}
