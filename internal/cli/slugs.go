package cli

import (
	"fmt"
	"slices"
	"strings"
)

// slug is one kind of failure: its exit code, the command that usually helps,
// and what strata help <name> says about it.
type slug struct {
	name string
	exit int
	hint string // a command or the beginning of one; "" where only the verb knows
	text string // two to five sentences
}

// slugs lists every kind of failure by exit code. A verb that reports a new kind
// adds it here; a test checks that no Failure names one that is missing.
func slugs() []slug {
	return []slug{
		{"conflict", exitNo, "strata status",
			"Two sides changed the same cells in different ways, so the merge stopped. Nothing was lost: both values and the common one before them are kept until you choose."},
		{"nothing-to-commit", exitNo, "strata add PATH, or strata commit --allow-empty",
			"The index is equal to the last commit. Changes in the working directory have to be added first."},
		{"nothing-to-undo", exitNo, "strata undo --list",
			"The operation log has no further command that could be taken back, or none that was undone and could be done again. It begins where the repository was made, or at what strata reflog expire left of it."},

		{"diverged", exitNo, "strata merge BRANCH, without --ff-only",
			"Both sides have commits of their own, so the branch cannot just move forward, and nothing else was allowed. Nothing was done."},

		{"hook-refused", exitNo, "see what the hook says, or leave it out with --no-verify",
			"A program that the repository's owner has put at this event, in .strata/hooks, does not allow what was asked. Nothing was changed. See strata help hooks."},
		{"cannot-bisect", exitNo, "strata bisect log",
			"The search for the first bad commit cannot go on: only skipped commits are left, no commit between the two counts, a commit was marked as both, or a common ancestor of good and bad is bad, so that the change went from bad to good. Swap the two then, or begin again with --term-old and --term-new."},

		{"bad-signature", exitNo, "strata log --show-signature",
			"A commit does not bear a signature by one of the allowed signers (signing.allowed-signers), and merge --verify-signatures asks for one. Nothing was changed."},

		{"usage", exitUsage, "", "The command line does not have the form that the command expects. Nothing was done."},
		{"unknown-command", exitUsage, "strata help", "There is no command of this name. The nearest one is named, never run."},
		{"unknown-flag", exitUsage, "", "The command does not have this flag. Nothing was done. Flags that begin with a letter of the command's arguments can be kept apart with --."},
		{"bad-value", exitUsage, "", "A flag or a STRATA_ variable has a value that it cannot take. Nothing was done."},
		{"bad-expression", exitUsage, "", "A predicate (--where, slice create) could not be read or does not fit the dataset's columns. The place is marked, and column names that are close are named."},
		{"bad-config", exitUsage, "strata config list --show-origin", "A configuration file has a line or a value that cannot be understood. The message names the file."},
		{"bad-name", exitUsage, "", "A name of a branch, tag, dataset or slice has a form that is not allowed: see strata help revisions."},
		{"bad-revision", exitUsage, "strata help revisions", "The text is not a way to name a commit, or names something that is none."},
		{"current-branch", exitUsage, "strata switch BRANCH", "What was asked cannot be done to the branch that is checked out."},
		{"empty-message", exitUsage, `strata commit -m "MESSAGE"`, "A commit needs a message."},
		{"nothing-to-amend", exitUsage, `strata commit -m "MESSAGE"`, "There is no commit yet that could be amended."},
		{"no-identity", exitUsage, `strata config set --user user.name "NAME"; strata config set --user user.email EMAIL`,
			"A commit records who made it. Strata looks at STRATA_AUTHOR_NAME and STRATA_AUTHOR_EMAIL, at its own configuration (user.name, user.email), then at git's."},
		{"no-signing-key", exitUsage, "strata config set --user user.signingkey ~/.ssh/id_ed25519.pub",
			"Signing needs an SSH key: user.signingkey or signing.key names its file, or -SKEY does. The user.signingkey of git counts where git has gpg.format = ssh."},
		{"unrelated-histories", exitUsage, "add --allow-unrelated-histories",
			"The two commits have no commit in common, so they were made in different repositories or one began without history. Merged all the same, every sample that both have in different forms is a conflict."},
		{"is-a-directory", exitUsage, "", "A directory was named where a file is wanted. Nothing was done."},
		{"cannot-add", exitUsage, "strata help formats", "The file cannot be added in the way that was asked for: its format has no rows, or flags do not fit it."},
		{"needs-input", exitUsage, "", "A question would have to be asked, but nobody is there to answer it or --no-input was given."},
		{"bare-repository", exitUsage, "", "The command needs working files and this repository has none (init --bare)."},

		{"not-a-repo", exitNotFound, "strata init   (or pass -C DIR)", "Neither the directory nor any above it has a .strata directory."},
		{"unknown-revision", exitNotFound, "strata log --oneline", "No branch, tag or commit has this name. See strata help revisions for what can stand for a commit."},
		{"ambiguous-revision", exitNotFound, "", "The beginning of an object id fits several objects. Give more digits."},
		{"unknown-dataset", exitNotFound, "strata ls-tree", "There is no dataset of this name in the commit, index or working directory that was asked."},
		{"unknown-column", exitNotFound, "", "The dataset has no column of this name. The columns that it has are listed."},
		{"no-key-column", exitNotFound, "strata add PATH --key COL", "The file lacks a column that was named as key, or that is part of the dataset's key."},
		{"unknown-sample", exitNotFound, "", "No sample of the dataset has this key."},
		{"unknown-slice", exitNotFound, "strata slice list", "No slice of this name is saved in the commit."},
		{"unknown-key", exitNotFound, "strata config list", "The configuration has no such key."},
		{"nothing-in-progress", exitNotFound, "strata status", "No merge, cherry-pick or revert has stopped that could be continued or taken back."},
		{"path-not-found", exitNotFound, "", "A file or directory that was named does not exist."},
		{"missing-object", exitNotFound, "strata fsck", "The store does not have an object that something else refers to. Either it was never fetched or the store was damaged."},

		{"not-allowed", exitForbidden, "", "The operating system does not let this user read or write the file."},
		{"not-signed", exitForbidden, "", "ssh-keygen did not sign: the passphrase was wrong, the file is no private key, or no agent holds the key. What it said follows. Nothing was committed."},
		{"no-credentials", exitForbidden, "", "The remote asks for credentials and none were found or they were refused."},

		{"network", exitRemote, "run the same command again later", "A remote did not answer, or not in time. Objects that were already moved are not moved again."},

		{"locked", exitLost, "", "Another process writes to this repository. The message names its id, host and command. A lock whose holder is dead is taken over without asking."},
		{"ref-moved", exitLost, "strata log --oneline, then repeat the command", "A branch points to another commit than the one that this command started from, since someone else moved it meanwhile. Nothing was overwritten."},

		{"corrupt-object", exitBadData, "strata fsck", "Bytes in the store do not match the id that names them, so they were changed by the disk or by another program. Strata never hands out such bytes. A copy of the same object from another repository repairs it."},
		{"damaged-repository", exitBadData, "strata fsck --repair", "strata fsck found errors, which it has listed; strata help fsck-findings says what each kind means. Nothing was changed. What is whole can still be read."},
		{"unsupported-format", exitBadData, "strata version", "A newer version of strata wrote this repository or object. The message names what is unknown to this version."},
		{"duplicate-key", exitBadData, "strata add PATH --key COL,COL   or   --on-duplicate last", "Several rows of one file have the same key, so they cannot be told apart in later versions. Name more columns as key, or say which of the rows counts."},
		{"null-key", exitBadData, "", "A row has no value in a key column."},
		{"schema-change", exitBadData, "", "Values do not fit the type that the column has. The first such line is named. Fix the rows, or accept the wider type with --allow-type COLUMN=TYPE."},
		{"bad-input", exitBadData, "", "A file is not what its format says. The line is named; nothing of the file was added."},
		{"unsupported-file", exitBadData, "", "Strata does not know how to read rows from this kind of file."},
		{"bad-proof", exitBadData, "", "The file is no proof, is damaged, or lacks objects that the look-up reads, so it proves nothing. Whoever made it has to make it again with strata prove."},
		{"changed-while-read", exitBadData, "run the same command again", "A file changed while it was being read, so nothing of it was added."},

		{"unfinished", exitKeepsWork, "strata status",
			"A merge, cherry-pick, revert or stash pop has stopped, and what was asked would mix with it. Settle its conflicts and continue it, or take it back with --abort."},
		{"would-overwrite", exitKeepsWork, "strata commit, or strata stash", "The command would discard changes that are not committed."},
		{"not-merged", exitKeepsWork, "", "Deleting the branch would leave commits that nothing else reaches."},
		{"already-exists", exitKeepsWork, "", "Something of this name exists already and would be replaced."},

		{"command-failed", exitSystem, "", "A command that strata bisect run was told to start could not be run, or ended in a way that is no answer: with an exit code from 128 on, or by a signal. The search is where it was."},
		{"disk-full", exitSystem, "free some space, then run the same command again", "The disk is full, or a quota is reached. The repository is as it was before the command."},
		{"no-program", exitSystem, "install OpenSSH 8.2 or newer, or name ssh-keygen with strata config set --user signing.program PATH",
			"A program that strata relies on could not be started: ssh-keygen makes and checks signatures. Nothing was changed."},
		{"failed", exitSystem, "strata doctor", "The operating system reported an error that has no page of its own."},

		{"bug", exitBug, "", "Strata stopped on a mistake of its own. The repository is as it was before the command or as it was after it, never in between. The stack is in the file that the message names. Send it with the output of strata doctor."},
	}
}

func lookUpSlug(name string) (slug, bool) {
	all := slugs()
	i := slices.IndexFunc(all, func(s slug) bool { return s.name == name })
	if i < 0 {
		return slug{}, false
	}
	return all[i], true
}

// page is what strata help <slug> prints.
func (s slug) page() string {
	var b strings.Builder
	fmt.Fprintf(&b, "error[%s], exit code %d\n\n%s\n", s.name, s.exit, wrap(s.text, 78))
	if s.hint != "" {
		fmt.Fprintf(&b, "\nhint: %s\n", s.hint)
	}
	return b.String()
}

// wrap breaks text at spaces so that no line is longer than width columns.
func wrap(text string, width int) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
		case column+1+len(word) > width:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}
