package repo

import (
	"path/filepath"

	"github.com/strata-data/strata/internal/repo/config"
)

// systemConfigPath holds the settings of the machine.
const systemConfigPath = "/etc/strata/config.toml"

// UserConfigPath returns the file of the person's settings by the environment:
// $XDG_CONFIG_HOME/strata/config.toml, else under $HOME/.config; "" where
// neither is set.
func UserConfigPath(getenv func(string) string) string {
	if dir := getenv("XDG_CONFIG_HOME"); dir != "" {
		return filepath.Join(dir, "strata", "config.toml")
	}
	if home := getenv("HOME"); home != "" {
		return filepath.Join(home, ".config", "strata", "config.toml")
	}
	return ""
}

// ConfigSources returns the files of settings by the environment, and those of
// the repository at l, which is zero outside of one. A scope without a file has
// an empty path.
func ConfigSources(l Layout, getenv func(string) string) []config.Source {
	s := []config.Source{
		{Scope: config.System, Path: systemConfigPath},
		{Scope: config.User, Path: UserConfigPath(getenv)},
	}
	if l.Dir != "" {
		s = append(s,
			config.Source{Scope: config.Project, Path: l.ProjectConfigPath()},
			config.Source{Scope: config.Local, Path: l.ConfigPath()})
	}
	return s
}

// Config reads the settings that hold in the repository.
func (r *Repo) Config() (*config.Config, error) {
	return config.Load(ConfigSources(r.layout, r.opt.Getenv))
}
