package repo

// stashRef names the last stash; its log is the list of all.
const stashRef = "refs/stash"
