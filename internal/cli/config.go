package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/internal/repo/config"
	"github.com/strata-data/strata/internal/vfs"
)

type configOptions struct {
	local, project, user, system bool
	showOrigin, showScope        bool
}

// configDocument is strata.config/1.
type configDocument struct {
	Schema   string          `json:"schema"`
	Settings []configSetting `json:"settings"`
}

type configSetting struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Scope  string `json:"scope"`
	Origin string `json:"origin"`
}

func newConfigCmd(env *Env) *cobra.Command {
	o := &configOptions{}
	cmd := &cobra.Command{
		Use:   "config [get|set|unset|list] [KEY [VALUE]]",
		Short: "Read and change settings",
		Long: "What wins: --local (.strata/config.toml), --project (strata.toml, tracked with the\n" +
			"data), --user, --system. Settings that name a program are not read from strata.toml.\n" +
			"As in git, config KEY reads and config KEY VALUE sets.",
		Example: "  strata config list --show-origin\n  strata config get user.name\n" +
			"  strata config set --user user.email ana@example.com\n  strata config unset core.pager",
	}
	f := cmd.PersistentFlags()
	f.SortFlags = false
	f.BoolVar(&o.local, "local", false, "of this repository (default of set and unset)")
	f.BoolVar(&o.project, "project", false, "of everyone who works on the data: strata.toml")
	f.BoolVar(&o.user, "user", false, "of you, in all repositories")
	f.BoolVar(&o.user, "global", false, "git's word for --user")
	f.BoolVar(&o.system, "system", false, "of everyone on this machine")
	f.BoolVar(&o.showOrigin, "show-origin", false, "name the file of each setting")
	f.BoolVar(&o.showScope, "show-scope", false, "name the scope of each setting")
	_ = f.MarkHidden("global")
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if len(args) > 2 {
			return usagef("strata help config", "a key and at most one value are wanted")
		}
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch len(args) {
		case 0:
			return cmd.Help()
		case 1:
			return runConfigGet(env, o, args[0])
		}
		return runConfigSet(env, o, args[0], args[1])
	}
	sub := func(use, short, example string, args cobra.PositionalArgs, run func(args []string) error) {
		cmd.AddCommand(&cobra.Command{Use: use, Short: short, Example: "  strata config " + example, Args: args, RunE: func(_ *cobra.Command, args []string) error { return run(args) }})
	}
	sub("get KEY", "Print one setting", "get user.name", cobra.ExactArgs(1), func(args []string) error { return runConfigGet(env, o, args[0]) })
	sub("set KEY VALUE", "Change or add a setting", "set --user user.name \"Ana Ito\"", cobra.ExactArgs(2), func(args []string) error { return runConfigSet(env, o, args[0], args[1]) })
	sub("unset KEY", "Remove a setting", "unset core.pager", cobra.ExactArgs(1), func(args []string) error { return runConfigUnset(env, o, args[0]) })
	sub("list", "Print all settings", "list --show-origin --show-scope", cobra.NoArgs, func([]string) error { return runConfigList(env, o) })
	return cmd
}

// scope returns the scope that the flags name, 0 for none.
func (o *configOptions) scope() (config.Scope, error) {
	var scope config.Scope
	n := 0
	for _, s := range []struct {
		on    bool
		scope config.Scope
	}{{o.local, config.Local}, {o.project, config.Project}, {o.user, config.User}, {o.system, config.System}} {
		if s.on {
			scope = s.scope
			n++
		}
	}
	if n > 1 {
		return 0, usagef("strata help config", "--local, --project, --user and --system exclude each other")
	}
	return scope, nil
}

// chosenSettings returns the settings of the scope that was asked for, or all.
func (o *configOptions) chosenSettings(env *Env) (*config.Config, error) {
	scope, err := o.scope()
	if err != nil {
		return nil, err
	}
	sources := env.configSources()
	if scope != 0 {
		kept := sources[:0:0]
		for _, s := range sources {
			if s.Scope == scope {
				kept = append(kept, s)
			}
		}
		if len(kept) == 0 {
			_, err := env.findRepo()
			return nil, err
		}
		sources = kept
	}
	return config.Load(sources)
}

func runConfigGet(env *Env, o *configOptions, key string) error {
	if _, err := config.SplitKey(key); err != nil {
		return err
	}
	c, err := o.chosenSettings(env)
	if err != nil {
		return err
	}
	s, ok := c.Get(key)
	if !ok {
		f := &Failure{Slug: "unknown-key", Message: "no setting called " + key}
		var keys []string
		for _, other := range c.All() {
			keys = append(keys, other.Key)
		}
		if near := nearest(key, keys); near != "" {
			f.Hints = []string{"did you mean " + near + "?"}
		}
		return f
	}
	if env.Flags.JSON {
		return env.PrintJSON(configDocument{"strata.config/1", []configSetting{settingOf(s)}})
	}
	env.Printf("%s%s\n", o.before(s), config.Text(s.Value))
	return nil
}

func runConfigList(env *Env, o *configOptions) error {
	c, err := o.chosenSettings(env)
	if err != nil {
		return err
	}
	doc := configDocument{"strata.config/1", []configSetting{}}
	for _, s := range c.All() {
		doc.Settings = append(doc.Settings, settingOf(s))
		if !env.Flags.JSON {
			env.Printf("%s%s=%s\n", o.before(s), s.Key, config.Text(s.Value))
		}
	}
	if env.Flags.JSON {
		return env.PrintJSON(doc)
	}
	return nil
}

func settingOf(s config.Setting) configSetting {
	return configSetting{s.Key, config.Text(s.Value), s.Scope.String(), s.Path}
}

// before is what --show-scope and --show-origin put in front of a setting.
func (o *configOptions) before(s config.Setting) string {
	text := ""
	if o.showScope {
		text += s.Scope.String() + "\t"
	}
	if o.showOrigin {
		text += "file:" + s.Path + "\t"
	}
	return text
}

func runConfigSet(env *Env, o *configOptions, key, text string) error {
	value := config.ParseValue(text)
	return env.editConfig(o, func(scope config.Scope, old []byte) ([]byte, error) {
		if err := config.CheckScope(scope, key, value); err != nil {
			return nil, err
		}
		return config.Set(old, key, value)
	})
}

func runConfigUnset(env *Env, o *configOptions, key string) error {
	return env.editConfig(o, func(_ config.Scope, old []byte) ([]byte, error) {
		text, was, err := config.Unset(old, key)
		if err == nil && !was {
			err = &Failure{Slug: "unknown-key", Message: "no setting called " + key + " there", Hints: []string{"strata config list --show-origin"}}
		}
		return text, err
	})
}

// editConfig changes the file of the scope that was asked for (default: of the
// repository) in one step.
func (e *Env) editConfig(o *configOptions, edit func(config.Scope, []byte) ([]byte, error)) error {
	scope, err := o.scope()
	if err != nil {
		return err
	}
	if scope == 0 {
		scope = config.Local
	}
	path := ""
	for _, s := range e.configSources() {
		if s.Scope == scope {
			path = s.Path
		}
	}
	if path == "" {
		if scope == config.Local || scope == config.Project {
			if _, err := e.findRepo(); err != nil {
				return err
			}
		}
		return &Failure{Slug: "bad-config", Message: "there is no place for settings of scope " + scope.String() + " here"}
	}
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text, err := edit(scope, old)
	if err != nil {
		var syntax *config.SyntaxError
		if errors.As(err, &syntax) && syntax.Path == "" {
			syntax.Path = path
		}
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return vfs.WriteFileAtomic(vfs.OS{}, path, text, 0o666)
}
