package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/strata-data/strata/pkg/strata"
)

// topic is a page of help that belongs to no verb.
type topic struct {
	name, short string
	text        func() string
}

func topics() []topic {
	return []topic{
		{"exit-codes", "what a command's exit code means", exitCodesPage},
		{"environment", "variables that are looked at, and what wins", fixed(environmentText)},
		{"fsck-findings", "what strata fsck can find", fsckPage},
		{"formats", "file formats, and what scripts may rely on", fixed(formatsText)},
		{"hooks", "programs that run at events, and what they are told", fixed(hooksText)},
		{"revisions", "how to name a commit, a dataset, a sample", fixed(revisionsText)},
	}
}

func lookUpTopic(name string) (topic, bool) {
	all := topics()
	i := slices.IndexFunc(all, func(t topic) bool { return t.name == name })
	if i < 0 {
		return topic{}, false
	}
	return all[i], true
}

func fixed(text string) func() string { return func() string { return text } }

// exitCodesPage lists the codes and, under each, the errors that lead to it.
func exitCodesPage() string {
	var b strings.Builder
	b.WriteString("Exit codes. Codes may be added; treat an unknown one as a failure.\n")
	for _, c := range exitCodes() {
		fmt.Fprintf(&b, "\n  %-3d  %s\n", c.code, c.meaning)
		var names []string
		for _, s := range slugs() {
			if s.exit == c.code {
				names = append(names, s.name)
			}
		}
		if len(names) > 0 {
			fmt.Fprintf(&b, "       %s\n", strings.ReplaceAll(wrap(strings.Join(names, " "), 70), "\n", "\n       "))
		}
	}
	b.WriteString("\nEvery word in the lists is an error; strata help WORD explains it.\n")
	return b.String()
}

// fsckPage lists the kinds of findings.
func fsckPage() string {
	var b strings.Builder
	b.WriteString("What strata fsck can find. The ids are stable. An error means that data is lost or\nwrong; a finding may be less severe than its kind usually is.\n")
	for _, k := range strata.FsckKinds() {
		fmt.Fprintf(&b, "\n  %s (%s)\n      %s\n", k.ID, k.Severity, strings.ReplaceAll(wrap(k.Text, 72), "\n", "\n      "))
	}
	return b.String()
}

type exitCode struct {
	code    int
	meaning string
}

func exitCodes() []exitCode {
	return []exitCode{
		{exitOK, "done, or the answer is yes"},
		{exitNo, "the answer is no: differences with --exit-code, a gate failed, conflicts remain"},
		{exitUsage, "wrong use: nothing was done"},
		{exitNotFound, "not found: repository, revision, dataset, column, sample, file"},
		{exitForbidden, "not allowed"},
		{exitRemote, "remote or network trouble; the same command may work later"},
		{exitLost, "someone else won: repository locked, branch moved"},
		{exitBadData, "data is bad"},
		{exitKeepsWork, "refused to lose work"},
		{exitSystem, "the machine failed: disk full, input or output error"},
		{exitBug, "a bug in strata"},
		{exitInterrupt, "interrupted (SIGINT)"},
		{exitPipe, "nobody read the output any more (SIGPIPE)"},
		{exitTerminate, "terminated (SIGTERM)"},
	}
}

const environmentText = `What wins: a flag, then its variable, then the configuration (repository,
strata.toml, user, system), then the default.

Every flag has a variable. For the flags of every command it is STRATA_ and the
flag's name, for a command's own flags the command's name stands between:

  --color never          STRATA_COLOR=never
  --no-pager             STRATA_NO_PAGER=1
  --mem 512MiB           STRATA_MEM=512MiB
  diff --limit 100       STRATA_DIFF_LIMIT=100

An empty variable counts as not set. Others that are looked at:

  STRATA_AUTHOR_NAME, STRATA_AUTHOR_EMAIL   who makes a commit
  STRATA_AUTHOR_DATE                        when, as in commit --date
  STRATA_COMMITTER_NAME, _EMAIL, _DATE      who writes it down, if that is another
  STRATA_EDITOR, VISUAL, EDITOR             the editor of messages; core.editor too
  STRATA_PAGER, PAGER    the pager; empty or cat for none. Without them: less
  STRATA_PROGRESS_INTERVAL   seconds between progress lines off a terminal (30)
  STRATA_LOG             info or debug: what -v and -vv show
  NO_COLOR               not empty: no colour
  CLICOLOR=0             no colour
  CLICOLOR_FORCE=1       colour off a terminal too
  TERM=dumb              no colour
  COLUMNS                width of output off a terminal (80)
  XDG_CONFIG_HOME, HOME  where the user's configuration is

Configuration keys with a flag: ui.color, ui.progress, core.mem; core.pager has
its variable, core.quotePath=false prints paths that are not ASCII as they are.
merge.ff is true, only (as --ff-only) or false (as --no-ff).
core.cache-size (1GiB) bounds .strata/cache.db, which may be deleted; 0 is none.
`

const formatsText = `Files that strata add reads rows from, by extension; text also with .gz or .zst:

  .csv .tsv       delimiter, quoting, line ends and header are found out
  .jsonl .ndjson  one JSON object a line; objects are structs, arrays lists
  .parquet        all compressions and nested types
  .arrow .ipc     Arrow IPC, file or stream; .feather (version 2)

Everything else is kept as a plain file. Whatever the format, the same bytes
come back, and equal rows have equal ids.

Output for programs:

  --json        one document with "schema": "strata.VERB/1"
  --jsonl       a stream: a header object, one object a line, a footer
  --format F    rows as csv, jsonl, parquet or arrow
  --porcelain   lines for shell scripts, as git's; -z separates by NUL bytes
  --numstat     ADDED, REMOVED, MODIFIED and DATASET separated by tabs

These never break: fields may be added, none is removed or changes its meaning.
Text without such a flag is for people and may change at any time. Whole numbers
beyond 2^53 are strings in JSON, times are ISO 8601 in UTC, a number that does
not exist is null with a reason, never NaN. Data goes to standard output,
everything else to standard error. With --json the last line on standard error
after a failure is a strata.error/1 document.
`

const revisionsText = `A commit is named by

  main, v1.2, origin/main   a branch, tag or remote branch
  HEAD, @                   the commit that is checked out
  3f2a91c0                  the beginning of its id, at least 4 digits
  REV~2                     two commits before it, along first parents
  REV^, REV^2               its first, second parent
  REV@{1}                   where the branch was one move ago (reflog)
  ORIG_HEAD                 where the branch was before a merge or reset
  MERGE_HEAD                what a merge brings in that has stopped; after others
                            CHERRY_PICK_HEAD, REVERT_HEAD

Two commits are named by

  A..B                      from A to B
  A...B                     from the commit that both come from to B

Where one side is left out it is HEAD. What is inside a commit is named by

  train                     a dataset
  train/000017              one sample, by its key
  train/cam3/*              the samples whose key fits the pattern
  HEAD~1:train              a dataset in another commit

After -- all arguments are datasets and samples, never revisions.
`
