package cli

// nearest returns the word that is closest to typed by edit distance, or ""
// when none is close enough to be what was meant: at most a third of the longer
// word (rounded up) wrong, or one a beginning of the other. Ties go to the earlier word.
func nearest(typed string, words []string) string {
	best, bestDist := "", 1<<30
	for _, w := range words {
		d := distance(typed, w)
		limit := (max(len(typed), len(w)) + 2) / 3
		if len(typed) >= 3 && len(w) > len(typed) && w[:len(typed)] == typed {
			d, limit = min(d, 1), 1
		}
		if d <= limit && d < bestDist && d < max(len(typed), len(w)) {
			best, bestDist = w, d
		}
	}
	return best
}

// distance is the number of insertions, deletions, replacements and swaps of
// neighbours that turn a into b (optimal string alignment).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			wrong := 1
			if a[i-1] == b[j-1] {
				wrong = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+wrong)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}
