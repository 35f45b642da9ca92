package onset

// blocks are the numbers of points whose sums are looked at: what wanders shows in long sums and not in single points.
var blocks = [...]int{1, 10, 30}

// clip keeps single wild points from telling how all of them scatter.
const clip = 4.

// dispersion is how much more residuals scatter than independent ones of variance 1 would, at least 1.
func dispersion(residuals []float64) float64 {
	phi := 1.
	for _, block := range blocks {
		var square float64
		n := len(residuals) / block
		if block > 1 && n < 3 {
			break
		}
		for i := range n {
			sum := 0.
			for _, e := range residuals[i*block : (i+1)*block] {
				sum += min(clip, max(-clip, e))
			}
			square += sum * sum / float64(block)
		}
		phi = max(phi, square/float64(n))
	}
	return phi
}
