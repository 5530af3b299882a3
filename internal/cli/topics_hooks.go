package cli

const hooksText = `A hook is an executable file in .strata/hooks (or the directory of the setting
core.hooks-path) that is named after an event, as in git:

  pre-commit        before a commit's message is asked for; a failure stops it
  commit-msg        gets a file with the message, which it may change; stops it
  post-commit       after a commit
  pre-merge-commit  when a merge commit is ready; a failure leaves all as it was
  post-merge        after a merge; argument 1 with --squash, else 0
  post-checkout     after switch and checkout: commit before, after, 1 (0 for files)
  pre-push          before a push; arguments are the remote's name and address

On standard input it gets one JSON document, strata.hook/1: event, repository, root,
branch, old and new commit, message, and for each dataset that differs its name,
change (A, M, D), tables, and how many samples were added, removed and modified.
STRATA_DIR and STRATA_HOOK say where the repository is and what happens.

--no-verify leaves out the hooks that can stop something; a dry run runs none.
Hooks are never cloned, and strata.toml cannot name them. What is staged can be
read in pre-commit and commit-msg (strata diff --staged, strata describe :train)
and changed too (strata add); pre-merge-commit can look at the commit new.

  #!/bin/sh
  # .strata/hooks/pre-commit: the labels may not drift unnoticed
  exec strata drift HEAD:train :train --columns label --fail-if 'drifted > 0'
`
