package stat

// ksExact returns P(D >= gap/(nm)) for samples of n and m rows without ties, where gap is largestGap.
//
// Let C(i,j) be the share of lattice paths from (0,0) to (i,j) that touch |i*m - j*n| >= gap somewhere. It is 1 on and beyond the
// boundary, and inside it
//
//	C(i,j) = i/(i+j) C(i-1,j) + j/(i+j) C(i,j-1).
//
// Every term is non-negative, so small probabilities keep their digits. Only cells inside the band are visited. Sides of equal size
// have a closed form. Source: Schröer and Trenkler, Exact and randomization distributions of Kolmogorov–Smirnov tests (1995);
// Hodges (1958) for equal sizes. Values agree with scipy.stats.ks_2samp(method="exact").
func ksExact(n, m, gap int64) float64 {
	if gap <= 0 {
		return 1
	}
	if n == m {
		return ksExactEqual(n, (gap+n-1)/n)
	}
	if n < m {
		n, m = m, n
	}
	row := make([]float64, m+1) // C(i, ·); cells outside the band hold 1
	for j := range row {
		if int64(j)*n >= gap {
			row[j] = 1
		}
	}
	for i := int64(1); i <= n; i++ {
		// Inside the band: i*m - gap < j*n < i*m + gap.
		lo := max(0, floorDiv(i*m-gap, n)+1)
		hi := min(m, floorDiv(i*m+gap-1, n))
		if lo > 0 && lo <= m+1 {
			row[lo-1] = 1
		}
		for j := lo; j <= hi; j++ {
			left := 0.0
			if j > 0 {
				left = row[j-1]
			}
			row[j] = (float64(i)*row[j] + float64(j)*left) / float64(i+j)
		}
		if hi < m {
			row[hi+1] = 1
		}
	}
	return min(row[m], 1)
}

// ksExactEqual returns P(D >= h/n) for two samples of n rows,
//
//	2 (A_0 - A_0 A_1 + A_0 A_1 A_2 - ...),  A_k = prod_{j<h} (n - kh - j)/(n + kh + j + 1),
//
// evaluated from the innermost bracket outwards.
func ksExactEqual(n, h int64) float64 {
	p := 0.0
	for k := n / h; k >= 0; k-- {
		ratio := 1.0
		for j := int64(0); j < h; j++ {
			ratio *= float64(n-k*h-j) / float64(n+k*h+j+1)
		}
		p = ratio * (1 - p)
	}
	return min(max(2*p, 0), 1)
}

// floorDiv returns a/b rounded down, for b > 0.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
