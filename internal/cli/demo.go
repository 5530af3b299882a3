package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/internal/demo"
)

type demoOptions struct {
	dir    string
	noTour bool
}

// demoDocument is strata.demo/1.
type demoDocument struct {
	Schema   string   `json:"schema"`
	Path     string   `json:"path"`
	Commands []string `json:"commands"` // of the tour, as one would type them
	Next     []string `json:"next"`
}

func newDemoCmd(env *Env) *cobra.Command {
	o := &demoOptions{}
	cmd := &cobra.Command{
		Use:   "demo DIR",
		Short: "Write a small dataset and lead a tour through it",
		Long: "Writes 2,000 samples of driving scenes with their images into a directory, which\n" +
			"must be empty or not be there yet, and then works with them as one would in a\n" +
			"week: every command is printed before its output. The dataset, the author and the\n" +
			"clock are the same everywhere, so everybody gets the same ids. What is left is an\n" +
			"ordinary repository to play with.",
		Example: "  strata demo scenes\n  strata demo --no-tour scenes",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("strata demo scenes", "demo wants one directory to write to")
			}
			o.dir = args[0]
			return runDemo(cmd.Context(), env, o)
		},
	}
	cmd.Flags().BoolVar(&o.noTour, "no-tour", false, "only write the files of the first version")
	return cmd
}

func runDemo(ctx context.Context, env *Env, o *demoOptions) error {
	dir := env.Path(o.dir)
	if err := emptyDir(dir, o.dir); err != nil {
		return err
	}
	scenes, doc := demo.New(), demoDocument{"strata.demo/1", dir, []string{}, demo.Next()}
	if o.noTour {
		if err := scenes.Write(dir); err != nil {
			return err
		}
		if env.Flags.JSON {
			return env.PrintJSON(doc)
		}
		env.Printf("%s\n", scenes)
		env.Next("cd " + shellWord(o.dir) + " && strata init")
		return nil
	}
	show := env.Out
	if env.Flags.JSON {
		show = io.Discard
	}
	fmt.Fprintf(show, "# A repository in %s\n", dir)
	for _, step := range demo.Tour(scenes) {
		commands, err := env.takeStep(ctx, show, dir, step)
		if err != nil {
			return err
		}
		doc.Commands = append(doc.Commands, commands...)
	}
	if env.Flags.JSON {
		return env.PrintJSON(doc)
	}
	env.Printf("\n%s\n", env.Style().Header("# The repository is in "+dir+". Go on with"))
	for _, next := range append([]string{"cd " + shellWord(dir)}, doc.Next...) {
		env.Printf("    %s\n", next)
	}
	return nil
}

// emptyDir makes sure that there is nothing in dir, which is called name.
func emptyDir(dir, name string) error {
	entries, err := os.ReadDir(dir)
	if fi, serr := os.Stat(dir); serr == nil && !fi.IsDir() {
		return &Failure{Slug: "already-exists", Message: name + " is a file", Hints: []string{"strata demo DIR   with a DIR that is not there yet"}}
	}
	switch {
	case err == nil && len(entries) > 0:
		return &Failure{Slug: "already-exists", Message: name + " is not empty", Hints: []string{"strata demo DIR   with a DIR that is not there yet"}}
	case err == nil || os.IsNotExist(err):
		return os.MkdirAll(dir, 0o777)
	}
	return err
}

// takeStep shows one step of the tour and returns its commands.
func (e *Env) takeStep(ctx context.Context, show io.Writer, dir string, step demo.Step) (commands []string, err error) {
	if step.Say != "" {
		fmt.Fprintf(show, "\n%s\n", e.Style().Header("# "+step.Say))
	}
	if step.Do != nil {
		words, err := step.Do(dir)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(show, "%s\n", words)
	}
	for _, args := range step.Commands {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		line := "strata"
		for _, a := range args {
			line += " " + shellWord(a)
		}
		commands = append(commands, line)
		fmt.Fprintf(show, "%s\n", e.Style().Header("$ "+line))
		if err := e.runInside(show, dir, step.At, args); err != nil {
			return nil, fmt.Errorf("%s: %w", line, err)
		}
		if err := e.out.Flush(); err != nil {
			return nil, err
		}
	}
	return commands, nil
}

// runInside runs a command as another process would, with the tour's clock and
// author and without the settings of the user, so that it does the same
// everywhere. Its words go where its output goes, in the order of time.
func (e *Env) runInside(show io.Writer, dir string, now time.Time, args []string) error {
	color := neverValue
	if e.Style().on {
		color = alwaysValue
	}
	settings := map[string]string{"STRATA_AUTHOR_NAME": "Ana Ito", "STRATA_AUTHOR_EMAIL": "ana@example.com",
		"STRATA_COLOR": color, "STRATA_PROGRESS": neverValue, "STRATA_NO_PAGER": "1", "STRATA_MEM": exactSize(e.Flags.Mem)}
	var words bytes.Buffer
	inside := &Env{
		Out: show, Err: io.MultiWriter(show, &words), Width: e.Width, Terminal: Terminal{Out: e.Terminal.Out},
		Dir: dir, Getenv: func(name string) string { return settings[name] },
		Now: func() time.Time { return now }, Build: e.Build, LimitMemory: e.LimitMemory,
	}
	if code := Run(inside, args); code != exitOK {
		return fmt.Errorf("exit code %d: %s", code, strings.TrimSpace(words.String()))
	}
	return nil
}
