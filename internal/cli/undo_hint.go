package cli

// howBack says how to take back what the command has just done. Every verb that
// moves a ref ends with it, so that nobody has to know that undo exists. A verb
// that has a nearer way than strata undo names it. It is said to people only:
// not with --quiet, and not beside a JSON document.
func (e *Env) howBack(command ...string) {
	if e.Flags.JSON {
		return
	}
	back := "strata undo"
	if len(command) > 0 {
		back = command[0]
	}
	e.Notef("undo: %s", back)
}
