// Package reliability has no code, only tests that attack Strata as a whole:
// random verbs against a model of what they mean, every file operation failing
// once, the process killed at any moment, every byte of a repository flipped,
// many processes at once, and the same steps under other settings.
//
// The one invariant that all of them check: what a command has reported as done
// is there, byte for byte, until another command takes it away; what it has not
// reported is as before or as after, and a check of the repository finds
// nothing. What is promised after which fault is in docs/reliability.md.
//
// The tests share a machine (machine_test.go): a repository, a model of it
// (model_test.go, tree_test.go), and verbs that are drawn at random with what
// they must lead to (verbs_*_test.go). Everything follows from a seed, which a
// failure prints with the commands that led there; STRATA_SEED runs one seed
// again, STRATA_NIGHTLY many more. Start reading at machine, then plan.
package reliability
