package stat

import "math"

// Contingency is the outcome of a chi-square test of independence on a table of counts.
type Contingency struct {
	ChiSquare float64 // sum (O-E)^2/E, with Yates' correction when asked for and DF is 1
	DF        float64 // (rows-1)(columns-1) after empty rows and columns are dropped
	P         float64 // P(chi-square with DF > ChiSquare), in [0, 1]
	V         float64 // Cramér's V = sqrt(chi2/(N min(rows-1, columns-1))) from the uncorrected chi-square, in [0, 1]
	VUnbiased float64 // V after subtraction of its bias, in [0, 1]
	N         float64 // sum of the table
	Rows      int     // non-empty rows
	Columns   int     // non-empty columns
}

// ChiSquareTable tests whether rows and columns of a table are independent. Each row has the same number of finite,
// non-negative counts. Empty rows and columns are dropped; with fewer than two of either left there is nothing to
// compare, and the Reason says so. yates shrinks each |O-E| by min(1/2, |O-E|) when DF is 1, as
// scipy.stats.chi2_contingency does by default.
//
// V is that of scipy.stats.contingency.association(method="cramer"). VUnbiased follows Bergsma (A bias-correction for Cramér's
// V, 2013): phi2 = chi2/N less (c-1)(r-1)/(N-1), over min of the shrunk k = c-(c-1)^2/(N-1) and r-(r-1)^2/(N-1), less 1.
func ChiSquareTable(table [][]float64, yates bool) (Contingency, Reason) {
	t, why := compact(table)
	if why != ReasonNone {
		return Contingency{}, why
	}
	rows, cols, total := margins(t)
	res := Contingency{N: total, Rows: len(rows), Columns: len(cols), DF: float64((len(rows) - 1) * (len(cols) - 1))}
	plain := 0.0
	for i := range t {
		for j := range t[i] {
			expected := rows[i] / total * cols[j]
			gap := math.Abs(t[i][j] - expected)
			plain += gap * gap / expected
			if yates && res.DF == 1 {
				gap -= min(0.5, gap)
			}
			res.ChiSquare += gap * gap / expected
		}
	}
	res.P = ChiSquareSurvival(res.ChiSquare, res.DF)
	res.V, res.VUnbiased = cramer(plain, total, float64(len(rows)), float64(len(cols)))
	return res, ReasonNone
}

// ChiSquarePair tests two count vectors over the same categories: ChiSquareTable of the two rows.
func ChiSquarePair(ref, cur []float64, yates bool) (Contingency, Reason) {
	if len(ref) != len(cur) {
		return Contingency{}, ReasonLengths
	}
	n, m := sum(ref), sum(cur)
	if why := emptySides(n, m); why != ReasonNone {
		return Contingency{}, why
	}
	return ChiSquareTable([][]float64{ref, cur}, yates)
}

// PoolSmall adds up the categories whose expected count is below least on either side of a pair (5 is the usual rule), so
// that the chi-square law holds. It returns the counts with the pooled category last, and for each category of the input its
// position in them. While the pool itself stays below least, it takes in the smallest category that is left; ties go to the lower
// position. It never takes in the last one, so the largest category stays apart and the pool may be small. With nothing to pool the counts come back as they are.
func PoolSmall(ref, cur []float64, least float64) (r, c []float64, at []int) {
	n, m := sum(ref), sum(cur)
	total := n + m
	at = make([]int, len(ref))
	if total == 0 {
		return ref, cur, at
	}
	smaller := min(n, m) / total
	pooled := make([]bool, len(ref))
	count, weight := 0, 0.0
	for i := range ref {
		if (ref[i]+cur[i])*smaller < least {
			pooled[i] = true
			count++
			weight += ref[i] + cur[i]
		}
	}
	for count > 0 && count < len(ref)-1 && weight*smaller < least {
		next := -1
		for i := range ref {
			if !pooled[i] && (next < 0 || ref[i]+cur[i] < ref[next]+cur[next]) {
				next = i
			}
		}
		pooled[next] = true
		count++
		weight += ref[next] + cur[next]
	}
	for i := range ref {
		if !pooled[i] {
			at[i] = len(r)
			r, c = append(r, ref[i]), append(c, cur[i])
		}
	}
	if count == 0 {
		return r, c, at
	}
	pr, pc := 0.0, 0.0
	for i := range ref {
		if pooled[i] {
			at[i] = len(r)
			pr, pc = pr+ref[i], pc+cur[i]
		}
	}
	return append(r, pr), append(c, pc), at
}

// cramer returns V and its bias-corrected form for a table of r by c.
func cramer(chi2, n, r, c float64) (v, unbiased float64) {
	phi2 := chi2 / n
	v = min(1, math.Sqrt(phi2/min(r-1, c-1)))
	if n <= 1 {
		return v, 0
	}
	shrunk := max(0, phi2-(c-1)*(r-1)/(n-1))
	kc := c - (c-1)*(c-1)/(n-1)
	kr := r - (r-1)*(r-1)/(n-1)
	if least := min(kc, kr) - 1; least > 0 {
		unbiased = min(1, math.Sqrt(shrunk/least))
	}
	return v, unbiased
}

// compact drops empty rows and columns.
func compact(table [][]float64) ([][]float64, Reason) {
	var rows [][]float64
	for _, row := range table {
		if len(row) != len(table[0]) {
			return nil, ReasonLengths
		}
		if sum(row) > 0 {
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return nil, ReasonBothEmpty
	}
	var keep []int
	for j := range rows[0] {
		for i := range rows {
			if rows[i][j] > 0 {
				keep = append(keep, j)
				break
			}
		}
	}
	switch {
	case len(keep) < 2:
		return nil, ReasonOneCategory
	case len(rows) < 2:
		return nil, ReasonOneRow
	}
	out := make([][]float64, len(rows))
	for i, row := range rows {
		for _, j := range keep {
			out[i] = append(out[i], row[j])
		}
	}
	return out, ReasonNone
}

// margins returns the sums of the rows, the columns and all of a table.
func margins(t [][]float64) (rows, cols []float64, total float64) {
	rows, cols = make([]float64, len(t)), make([]float64, len(t[0]))
	for i := range t {
		for j, x := range t[i] {
			rows[i] += x
			cols[j] += x
			total += x
		}
	}
	return rows, cols, total
}

// sum adds a slice from left to right.
func sum(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v
	}
	return s
}
