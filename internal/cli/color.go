package cli

// style paints text for one stream. Its zero value paints nothing. Colour is
// never the only sign: + - ~ and words are printed with it and without.
type style struct{ on bool }

// Style returns how to paint standard output, errStyle standard error.
func (e *Env) Style() style    { return style{e.colored(e.Terminal.Out)} }
func (e *Env) errStyle() style { return style{e.colored(e.Terminal.Err)} }

// colored decides about one stream: --color, STRATA_COLOR and ui.color first
// (they have been folded into Flags.Color), then NO_COLOR and CLICOLOR_FORCE,
// then whether a terminal that can do it is there.
func (e *Env) colored(terminal bool) bool {
	switch e.Flags.Color {
	case alwaysValue:
		return true
	case neverValue:
		return false
	}
	switch force := e.Getenv("CLICOLOR_FORCE"); {
	case e.Getenv("NO_COLOR") != "":
		return false
	case force != "" && force != "0":
		return true
	case e.Getenv("CLICOLOR") == "0", e.Getenv("TERM") == "dumb":
		return false
	}
	return terminal
}

func (s style) paint(code, text string) string {
	if !s.on || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s style) Added(t string) string    { return s.paint("32", t) }
func (s style) Removed(t string) string  { return s.paint("31", t) }
func (s style) Modified(t string) string { return s.paint("36", t) }
func (s style) Header(t string) string   { return s.paint("1", t) }
func (s style) ID(t string) string       { return s.paint("33", t) }
func (s style) Ref(t string) string      { return s.paint("1;32", t) }
func (s style) Faint(t string) string    { return s.paint("2", t) }
func (s style) Error(t string) string    { return s.paint("1;31", t) }
func (s style) Warning(t string) string  { return s.paint("1;33", t) }
func (s style) Hint(t string) string     { return s.paint("36", t) }
