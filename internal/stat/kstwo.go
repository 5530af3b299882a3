package stat

import "math"

// KolmogorovSurvival returns P(D_n >= d), the chance that the empirical distribution function of n rows lies at least d from the
// true one somewhere. n is a whole number >= 1. It follows the division of the plane of Simard and L'Ecuyer (Computing the
// two-sided Kolmogorov–Smirnov distribution, J. Stat. Software 39(11), 2011):
//
//   - elementary formulas for d <= 1/n and d >= 1-1/n (Ruben and Gambino),
//   - twice the one-sided law for large n d^2, exact for d >= 1/2 (Miller),
//   - Durbin's matrix, as Marsaglia, Tsang and Wang evaluate it, for small n or small d,
//   - the expansion of Pelz and Good otherwise.
//
// Agrees with scipy.stats.kstwo.sf to 1e-6 relative.
func KolmogorovSurvival(n, d float64) float64 {
	t := n * d
	switch {
	case d >= 1:
		return 0
	case t <= 0.5:
		return 1
	case t <= 1:
		// n! ((2t-1)/n)^n
		lg := stirlingError(n) - n + math.Log(2*math.Pi*n)/2
		return clip(1 - math.Exp(lg+n*math.Log(2*t-1)))
	case t >= n-1:
		return clip(2 * math.Pow(1-d, n))
	case d >= 0.5:
		return clip(2 * smirnov(n, d))
	}
	x := t * d // n d^2
	if n <= 140 {
		if x <= 4 {
			return clip(1 - durbin(n, d))
		}
		return clip(2 * smirnov(n, d))
	}
	switch {
	case x >= 370:
		return 0
	case x >= 2.2:
		return clip(2 * smirnov(n, d))
	case n <= 100_000 && n*math.Pow(d, 1.5) <= 1.4:
		return clip(1 - durbin(n, d))
	}
	return clip(1 - pelzGood(n, d))
}

// clip cuts a probability to [0, 1].
func clip(p float64) float64 { return min(max(p, 0), 1) }

// smirnov returns P(D_n+ >= d), the one-sided law, by the sum of Birnbaum and Tingey (1951)
//
//	d sum_{j=0}^{floor(n(1-d))} C(n,j) (d + j/n)^(j-1) (1 - d - j/n)^(n-j),
//
// each term a binomial probability. From a million rows on it is exp(-(6nd+1)^2/(18n)) (Maag and Dicaire), whose relative error is
// O(1/n) there, as scipy.special.smirnov does.
func smirnov(n, d float64) float64 {
	if n >= 1_000_000 {
		y := 6*n*d + 1
		return math.Exp(-y * y / (18 * n))
	}
	last := math.Floor(n * (1 - d))
	sum := 0.0
	for j := 0.0; j <= last; j++ {
		p, q := d+j/n, (n-j)/n-d
		if q < 0 {
			break
		}
		sum += d / p * binomialTerm(n, j, p, q)
	}
	return clip(sum)
}

// durbin returns P(D_n < d) as n!/n^n times the middle element of the n-th power of a (2k-1) by (2k-1) matrix, where d =
// (k-h)/n with 0 <= h < 1. Powers are rescaled to stay in range.
func durbin(n, d float64) float64 {
	k := int(math.Ceil(n * d))
	h := float64(k) - n*d
	m := 2*k - 1
	a := durbinMatrix(m, h)

	power, powerExp := identity(m), 0
	base, baseExp := a, 0
	for e := int64(n); e > 0; e /= 2 {
		if e%2 == 1 {
			power = multiply(power, base, m)
			powerExp += baseExp
			power, powerExp = rescale(power, powerExp, (k-1)*m+k-1)
		}
		base = multiply(base, base, m)
		baseExp *= 2
		base, baseExp = rescale(base, baseExp, (k-1)*m+k-1)
	}
	p := power[(k-1)*m+k-1]
	for i := 1.0; i <= n; i++ {
		p *= i / n
		if p < 0x1p-512 {
			p *= 0x1p512
			powerExp -= 512
		}
	}
	return math.Ldexp(p, powerExp)
}

// durbinMatrix builds the matrix H of Marsaglia, Tsang and Wang, row by row.
func durbinMatrix(m int, h float64) []float64 {
	inverse := make([]float64, m+1) // 1/j!
	inverse[0] = 1
	for j := 1; j <= m; j++ {
		inverse[j] = inverse[j-1] / float64(j)
	}
	a := make([]float64, m*m)
	for i := range m {
		for j := range m {
			if i-j+1 >= 0 {
				a[i*m+j] = inverse[i-j+1]
			}
		}
	}
	for i := range m {
		edge := math.Pow(h, float64(i+1)) * inverse[i+1]
		a[i*m] -= edge
		a[(m-1)*m+m-1-i] -= edge
	}
	if 2*h > 1 {
		a[(m-1)*m] += math.Pow(2*h-1, float64(m)) * inverse[m]
	}
	return a
}

// multiply returns the product of two m by m matrices.
func multiply(a, b []float64, m int) []float64 {
	c := make([]float64, m*m)
	for i := range m {
		out := c[i*m : i*m+m]
		for k, x := range a[i*m : i*m+m] {
			if x == 0 {
				continue
			}
			for j, y := range b[k*m : k*m+m] {
				out[j] += x * y
			}
		}
	}
	return c
}

// rescale divides a by 2^512 when its element at passes 2^256, and returns the new binary exponent.
func rescale(a []float64, exp, at int) ([]float64, int) {
	if a[at] <= 0x1p256 {
		return a, exp
	}
	for i := range a {
		a[i] *= 0x1p-512
	}
	return a, exp + 512
}

// identity returns the m by m identity matrix.
func identity(m int) []float64 {
	a := make([]float64, m*m)
	for i := range m {
		a[i*m+i] = 1
	}
	return a
}

// pelzGood returns P(D_n < d) by K0(z) + K1(z)/sqrt n + K2(z)/n + K3(z)/n^1.5 with z = d sqrt n, in the form for small z
// (Pelz and Good, Approximating the lower tail-areas of the Kolmogorov–Smirnov one-sample statistic, 1976).
func pelzGood(n, d float64) float64 {
	z := d * math.Sqrt(n)
	z2 := z * z
	z4, z6 := z2*z2, z2*z2*z2
	pi2 := math.Pi * math.Pi
	pi4, pi6 := pi2*pi2, pi2*pi2*pi2
	var k0, k1, k2, k3, k2b, k3b float64
	terms := int(math.Ceil(16*z/math.Pi)) + 1
	for i := terms; i >= 0; i-- {
		u := float64(i) + 0.5
		u2 := u * u
		u4, u6 := u2*u2, u2*u2*u2
		e := math.Exp(-pi2 * u2 / (2 * z2))
		k0 += e
		k1 += (pi2*u2 - z2) * e
		k2 += (6*z6 + 2*z4 + pi2*(2*z4-5*z2)*u2 + pi4*(1-2*z2)*u4) * e
		k3 += (-30*z6 - 90*z6*z2 + pi2*(135*z4-96*z6)*u2 + pi4*(212*z4-60*z2)*u4 + pi6*(5-30*z2)*u6) * e
	}
	for i := terms; i >= 1; i-- {
		u2 := float64(i) * float64(i)
		e := math.Exp(-pi2 * u2 / (2 * z2))
		k2b += pi2 * u2 * e
		k3b += (3*pi2*u2*z2 - pi4*u2*u2) * e
	}
	k1 /= 6 * z2 * z
	k2 = k2/(72*z6) - k2b/(36*z2)
	k3 = k3/(6480*z6*z2*z) + k3b/(216*z4*z)
	sn := math.Sqrt(n)
	return math.Sqrt(2*math.Pi) / z * (k0 + k1/sn + k2/n + k3/(n*sn))
}
